import test from 'node:test';
import assert from 'node:assert/strict';
import { Engine } from '../../../attackviz/player/src/engine.js';
import { recording, random } from './fixture.js';
import { eventsOf, passes, countsOf } from './naive.js';

const VERDICTS = ['mitigated', 'detected', 'suspicious', 'benign', 'unknown'];

function randomFilters(rnd, events) {
  const any = list => list[Math.floor(rnd() * list.length)],
    filters = {};
  const maybe = (field, values) => {
    if (rnd() < 0.3)
      filters[field] = {
        [rnd() < 0.5 ? 'in' : 'not']: Array.from({ length: 1 + Math.floor(rnd() * 3) }, () => values(any(events))),
      };
  };
  maybe('slot', e => e.slot);
  maybe('verdict', () => any(VERDICTS));
  maybe('severity', e => e.severity);
  maybe('country', e => e.country);
  maybe('network', e => e.network);
  maybe('address', e => e.address ?? '');
  maybe('place', e => e.place);
  maybe('rule', e => e.rule);
  maybe('port', e => e.port);
  maybe('target', e => e.target);
  return filters;
}

const plain = counts =>
  Object.fromEntries(Object.entries(counts).map(([k, v]) => [k, ArrayBuffer.isView(v) ? Array.from(v) : v]));

for (const options of [
  { seed: 3, n: 4000, targets: 3 },
  { seed: 5, n: 3000, weights: true, sources: 900 },
]) {
  const rec = recording(options),
    events = eventsOf(rec),
    end = rec.meta.end;

  test(`counts of every scope equal a naive count under random filters (seed ${options.seed})`, () => {
    const rnd = random(options.seed),
      engine = new Engine(rec);
    for (let round = 0; round < 40; round++) {
      const a = Math.floor(rnd() * end * 0.7),
        b = Math.floor(a + 1 + rnd() * (end - a));
      engine.set({
        window: [a, b],
        filters: randomFilters(rnd, events),
        trail: rnd() < 0.5 ? 0 : Math.floor(rnd() * end),
        t: a + rnd() * (b - a),
      });
      const { t, filters, window } = engine.state,
        trail = engine.trailTicks();
      const inWindow = e => e.t >= window[0] && e.t < window[1];
      const scopes = {
        trail: e => inWindow(e) && e.t <= t && e.t > t - trail,
        playhead: e => inWindow(e) && e.t <= t,
        window: inWindow,
      };
      const whole = countsOf(events, filters, inWindow);
      for (const [scope, inScope] of Object.entries(scopes)) {
        const { rate, total, ...counts } = plain(engine.counts(scope)),
          [from, to] = engine.scopeRange(scope);
        assert.deepEqual(counts, countsOf(events, filters, inScope), `${scope} ${JSON.stringify(filters)}`);
        assert.deepEqual(total, { events: whole.events, sources: whole.sources, countries: whole.countries });
        assert.equal(rate, to > from ? counts.events / ((to - from) / 1000) : 0);
      }
    }
  });

  test(`bins sum to the window's counts (seed ${options.seed})`, () => {
    const rnd = random(options.seed + 1),
      engine = new Engine(rec);
    for (let round = 0; round < 20; round++) {
      const a = Math.floor(rnd() * end * 0.8),
        window = [a, a + 1 + Math.floor(rnd() * (end - a))],
        bin = Math.ceil(rnd() * 7200) * 1000;
      engine.set({ window, filters: randomFilters(rnd, events) });
      const h = engine.histogram(window, bin),
        counts = engine.counts('window');
      assert.equal(
        h.total.reduce((x, y) => x + y, 0),
        counts.events,
      );
      for (let c = 0; c < 8; c++) {
        let s = 0;
        for (let k = 0; k < h.n; k++) s += h.bySlot[k * 8 + c];
        assert.equal(s, counts.bySlot[c]);
      }
      assert.equal((engine.timeUs(h.start) / 1000) % bin, 0, 'bins lie on whole UTC times');
      for (const e of events
        .filter(e => e.t >= window[0] && e.t < window[1] && passes(e, engine.state.filters))
        .slice(0, 50))
        assert.ok(h.total[Math.floor((e.t - h.start) / bin)] > 0);
    }
  });

  test(`ranked lists equal a naive count and keep the unknown row (seed ${options.seed})`, () => {
    const rnd = random(options.seed + 2),
      engine = new Engine(rec);
    for (let round = 0; round < 12; round++) {
      engine.set({ filters: randomFilters(rnd, events), t: rnd() * end });
      const kept = events.filter(e => passes(e, engine.state.filters) && e.t <= engine.state.t);
      for (const field of ['country', 'network', 'address', 'rule', 'port', 'target']) {
        const sums = new Map();
        for (const e of kept) sums.set(e[field] ?? '', (sums.get(e[field] ?? '') ?? 0) + e.w);
        const { rows, total } = engine.top(field, 1000, 'playhead');
        assert.deepEqual(new Map(rows.map(r => [r.key, r.count])), sums, field);
        assert.equal(total, sums.size);
        assert.deepEqual(
          rows.map(r => r.count),
          rows.map(r => r.count).toSorted((x, y) => y - x),
        );
        for (const r of rows)
          assert.equal(
            r.bySlot.reduce((x, y) => x + y, 0),
            r.count,
          );
        assert.deepEqual(engine.top(field, 3, 'playhead').rows, rows.slice(0, 3));
      }
    }
  });

  test(`clicking a list's row shows its count (seed ${options.seed})`, () => {
    const engine = new Engine(rec);
    for (const field of ['country', 'network', 'address', 'rule', 'port', 'target']) {
      engine.set({ filters: {} });
      for (const row of engine.top(field, 4, 'window').rows) {
        engine.set({ filters: { [row.filter.field]: { in: [row.filter.value] } } });
        assert.equal(engine.counts('window').events, row.count, `${field} ${row.label}`);
      }
    }
  });
}

test('the trail is (t - trail, t]: 6 s of screen time, at least a minute', () => {
  const rec = recording({ n: 3000 }),
    engine = new Engine(rec);
  engine.set({ speed: 1 });
  assert.equal(engine.trailTicks(), 60e3);
  engine.set({ speed: 600 });
  assert.equal(engine.trailTicks(), 3600e3);
  const i = 2000;
  engine.set({ t: rec.t[i], trail: rec.t[i] - rec.t[i - 5] });
  assert.deepEqual(
    engine.latest(100),
    [i, i - 1, i - 2, i - 3, i - 4],
    'the event at t is in, the one a trail ago is out',
  );
});

test('latest gives passing events only, newest first, never of the future', () => {
  const rec = recording({ n: 3000 }),
    engine = new Engine(rec, { filters: { slot: { in: [6] } } });
  engine.set({ t: rec.meta.end / 2 });
  const list = engine.latest(20, 'window');
  assert.equal(list.length, 20);
  for (const i of list) assert.ok(rec.slot[i] === 6 && rec.t[i] <= engine.state.t);
  assert.deepEqual(
    list,
    list.toSorted((a, b) => b - a),
  );
});

test('CIDR and text filters', () => {
  const rec = recording({ n: 4000 }),
    events = eventsOf(rec),
    engine = new Engine(rec);
  const count = filters => {
    engine.set({ filters });
    return engine.counts('window').events;
  };
  assert.equal(count({ cidr: ['20.0.0.0/24'] }), events.filter(e => e.address?.startsWith('20.0.0.')).length);
  assert.equal(
    count({ cidr: ['2001:db8::/32', '20.0.1.0/24'] }),
    events.filter(e => e.address?.startsWith('2001:db8:') || e.address?.startsWith('20.0.1.')).length,
  );
  assert.equal(
    count({ text: 'HANGZHOU' }),
    events.filter(e => /hangzhou/i.test(e.place) || rec.sources.org[e.source].includes('Hangzhou')).length,
  );
  assert.equal(count({ text: 'serbia' }), events.filter(e => e.country === 'RS').length);
  assert.throws(() => engine.set({ filters: { cidr: ['20.0.0.0/33'] } }), /not a network/);
  assert.throws(() => engine.set({ filters: { colour: { in: [1] } } }), /no filter on "colour"/);
});

test('names and numbers of slots and verdicts mean the same', () => {
  const engine = new Engine(recording({ n: 2000 })),
    count = filters => {
      engine.set({ filters });
      return engine.counts('window').events;
    };
  assert.equal(count({ slot: { in: [2] } }), count({ slot: { in: ['ssh'] } }));
  assert.equal(count({ verdict: { not: [1] } }), count({ verdict: { not: ['detected'] } }));
});

test('a source and a place in detail agree with the lists', () => {
  const rec = recording({ n: 4000, weights: true }),
    engine = new Engine(rec, { t: 200000e3 }),
    { t } = engine.state;
  const [row] = engine.top('address', 1, 'window').rows,
    id = rec.sources.ip.indexOf(row.key),
    info = engine.sourceInfo(id);
  const own = eventsOf(rec).filter(e => e.source === id);
  assert.equal(info.countWindow, row.count);
  assert.equal(
    info.countTrail,
    own.filter(e => e.t <= t && e.t > t - engine.trailTicks()).reduce((s, e) => s + e.w, 0),
  );
  assert.deepEqual([info.first, info.last], [own[0].t, own.at(-1).t]);
  assert.equal(
    info.spark.reduce((x, y) => x + y, 0),
    row.count,
  );
  const place = engine.placeInfo(rec.sources.place.find(p => p >= 0));
  assert.equal(
    place.sources.reduce((s, x) => s + x.count, 0),
    place.countTrail,
  );
});

test('search finds addresses, networks, countries, places and rules, each with a filter that shows its count', () => {
  const rec = recording({ n: 4000 }),
    engine = new Engine(rec);
  for (const [text, kind] of [
    ['20.0.0.', 'address'],
    ['AS4134', 'network'],
    ['tangram', 'network'],
    ['Serbia', 'country'],
    ['hangzhou', 'place'],
    ['failed', 'rule'],
  ]) {
    engine.set({ filters: {} });
    const hit = engine.search(text).find(r => r.kind === kind);
    assert.ok(hit, text);
    engine.set({ filters: { [hit.filter.field]: { in: [hit.filter.value] } } });
    assert.equal(engine.counts('window').events, hit.count, text);
  }
  assert.deepEqual(engine.search('   '), []);
});

test('the strip shows the whole recording, whatever the filters', () => {
  const rec = recording({ n: 2500, weights: true }),
    engine = new Engine(rec, { filters: { slot: { in: [5] } }, window: [0, 1000] });
  assert.equal(
    engine.strip(97).reduce((a, b) => a + b, 0),
    rec.meta.totals.in_recording,
  );
});

test('a recording without events answers every question', () => {
  const engine = new Engine(recording({ n: 0 }));
  assert.equal(engine.counts('window').events, 0);
  assert.deepEqual(engine.top('country', 5).rows, []);
  assert.deepEqual(engine.latest(5), []);
  engine.play();
  engine.tickClock(16);
  assert.ok(engine.search('login').every(r => r.count === 0));
});

test('a place without coordinates is counted in its country, told as unlocated, and drawn nowhere', () => {
  const rec = recording({ seed: 8, n: 500 });
  const before = new Engine(rec, { scope: 'window' });
  const countries = before.top('country', 99).rows;
  const known = before.counts().unlocated;
  const bare = rec.sources.place[rec.source[rec.sources.place[rec.source[0]] < 0 ? 1 : 0]];
  for (const degrees of ['lat', 'lon', 'mx', 'my']) rec.places[degrees][bare] = NaN;
  const engine = new Engine(rec, { scope: 'window' });
  const events = eventsOf(rec).filter((e, i) => rec.sources.place[rec.source[i]] === bare).length;
  assert.ok(events > 0);
  assert.deepEqual(engine.top('country', 99).rows, countries);
  assert.equal(engine.counts().unlocated, known + events);
  engine.seek(rec.meta.end);
  const frame = engine.frame({ x0: -2e7, x1: 2e7, y0: -1e7, y1: 1e7, width: 800, height: 400, scale: 1 });
  assert.ok(frame.rings.every(ring => ring.place !== bare && Number.isFinite(ring.x)));
});
