// Recordings of cells: the same numbers as a naive count over whole bins, and nothing claimed that cells do not hold.

import test from 'node:test';
import assert from 'node:assert/strict';
import { grainText } from '../../../attackviz/player/src/cells.js';
import { Engine } from '../../../attackviz/player/src/engine.js';
import { ringWords } from '../../../attackviz/player/src/legend.js';
import { grainWords } from '../../../attackviz/player/src/zoom.js';
import { recording, random } from './fixture.js';
import { eventsOf, passes } from './naive.js';

const GRAIN = 900_000; // ticks of a cell: 15 min
const VIEW = { x0: -2e7, x1: 2e7, y0: -1e7, y1: 1.4e7, width: 1000, height: 600 };

/** A seeded recording whose events stand at the start of their bins, without addresses, as a cube has them. */
function cells({ n = 4000, seed = 11, sample = 50 } = {}) {
  const rec = recording({ n, seed, weights: true, targets: 2, startUs: 1739836800e6 });
  for (let i = 0; i < rec.n; i++) rec.t[i] = Math.floor(rec.t[i] / GRAIN) * GRAIN;
  rec.sources.ip.fill(null);
  rec.sources.asn.fill(0);
  rec.rule.fill(4);
  rec.dstPort.fill(0);
  rec.severity.fill(255);
  const { meta } = rec;
  meta.end = Math.ceil(meta.end / GRAIN) * GRAIN;
  meta.window = [0, meta.end];
  meta.grain = { seconds: 900, place: 'city', targets: null, cells: n, events: meta.totals.in_recording };
  meta.filters = {};
  meta.lists = {
    networks: [{ key: null, events: 900, by: {} }, { key: 4134, org: 'Chinanet', events: 700, by: { ssh: 500, irc: 200 } }],
    addresses: [{ key: '192.0.2.1', country: 'CZ', events: 40, by: { vnc: 40 } }],
    rules: [{ key: '</script>', events: 9, by: {} }],
    ports: [{ key: 22, events: 5, by: {} }, { key: null, events: 1, by: {} }],
    distinct: { networks: 812, addresses: 12345, rules: 1, ports: 1 },
    rest: {},
  };
  const row = value => Array.from({ length: sample }, () => value);
  rec.sample = {
    n: sample, t: Uint32Array.from(row(0), (_, i) => i * GRAIN + 5), ip: row('192.0.2.1'), asn: new Uint32Array(sample), org: row(''),
    country: row('').map((_, i) => (i % 2 ? 'CZ' : 'FJ')), region: row(''), city: row('Suva'), target: row(''), ruleName: row('login'), ruleId: row(''),
    category: Uint8Array.from(row(2)), verdict: Uint8Array.from(row(1)), severity: new Uint8Array(sample), dstPort: Uint16Array.from(row(22)), weight: Uint32Array.from(row(1)),
  };
  return rec;
}

test('counts of cells are those of whole bins, in every scope', () => {
  const rec = cells(), engine = new Engine(rec), events = eventsOf(rec), rnd = random(5);
  for (let round = 0; round < 60; round++) {
    const a = Math.floor(rnd() * rec.meta.end * 0.8), b = a + 1 + Math.floor(rnd() * (rec.meta.end - a));
    engine.set({ window: [a, b], t: a + rnd() * (b - a), trail: Math.floor(rnd() * 5 * GRAIN), filters: rnd() < 0.5 ? {} : { verdict: { not: ['detected'] }, country: { in: ['CN', 'FR', ''] } } });
    const { window: [from, to], t, filters } = engine.state;
    assert.equal(from, Math.floor(a / GRAIN) * GRAIN);
    assert.equal(to, Math.min(rec.meta.end, Math.ceil(b / GRAIN) * GRAIN));
    const now = Math.min(to, (Math.floor(t / GRAIN) + 1) * GRAIN), trail = engine.trailTicks();
    assert.equal(trail % GRAIN, 0);
    const scopes = { window: [from, to], playhead: [from, now], trail: [Math.max(from, now - trail), now] };
    for (const [scope, [lo, hi]] of Object.entries(scopes)) {
      const all = events.filter(e => e.t >= lo && e.t < hi), kept = all.filter(e => passes(e, filters));
      const counts = engine.counts(scope), sum = list => list.reduce((n, e) => n + e.w, 0);
      assert.deepEqual([counts.events, counts.filteredOut], [sum(kept), sum(all) - sum(kept)], scope);
      assert.deepEqual(engine.scopeRange(scope), [lo, hi], scope);
    }
  }
});

test('what cells do not hold is missing, not zero', () => {
  const engine = new Engine(cells());
  const { sources, severe, countries } = engine.counts('playhead');
  assert.deepEqual([sources, severe], [null, null]);
  assert.ok(countries > 0);
  assert.equal(engine.counts('window').sources, 12345);
  engine.set({ window: [0, 4 * GRAIN] });
  assert.equal(engine.counts('window').sources, null);
});

test('a filter that cells cannot answer is named and not applied in part', () => {
  const engine = new Engine(cells()), all = engine.counts('window').events;
  engine.set({ filters: { port: { in: [22] }, severity: { in: ['high'] }, verdict: { not: ['benign'] } } });
  assert.deepEqual(engine.unanswered, ['port', 'severity']);
  const { events, filteredOut } = engine.counts('window');
  assert.ok(filteredOut > 0);
  assert.equal(events + filteredOut, all);
  assert.deepEqual(['port', 'text', 'cidr', 'country', 'slot'].map(field => engine.can(field)), [false, false, false, true, true]);
  assert.ok(new Engine(cells(), { asks: true }).can('port'));
});

test('filters that were applied when the cells were made are not asked for again', () => {
  const rec = cells();
  rec.meta.filters = { port: { in: [22] } };
  const engine = new Engine(rec, { asks: true });
  engine.set({ filters: { port: { in: [22] } } });
  assert.deepEqual(engine.unanswered, []);
  engine.set({ filters: { port: { in: [23] } } });
  assert.deepEqual(engine.unanswered, ['port']);
});

test('lists beside cells keep the unknown row, its rank and its slots', () => {
  const engine = new Engine(cells());
  const { rows, distinct } = engine.top('network', 5);
  assert.equal(distinct, 812);
  assert.deepEqual(rows.map(r => [r.code, r.label, r.unknown, r.count, r.filter.value]), [['-', 'not in the database', true, 900, 0], ['AS4134', 'Chinanet', false, 700, 4134]]);
  assert.deepEqual([rows[1].bySlot[2], rows[1].bySlot[7]], [500, 200]);
  assert.equal(engine.top('port').rows[1].label, 'no port');
  assert.equal(engine.top('country').rows.reduce((n, r) => n + r.count, 0) > 0, true);
  assert.deepEqual(engine.search('192.0').map(r => r.label), ['192.0.2.1']);
});

test('the feed of cells is its sample, up to the moment and under the filters', () => {
  const engine = new Engine(cells());
  engine.seek(3 * GRAIN + 5);
  const times = () => { const { rec, events } = engine.feed(10); return events.map(i => rec.t[i] / GRAIN | 0); };
  assert.deepEqual(times(), [3, 2, 1, 0]);
  engine.set({ filters: { country: { in: ['CZ'] } } });
  assert.deepEqual(times(), [3, 1]);
});

test('arcs of a cell leave at moments of its bin, the same whichever way the clock came', () => {
  const rec = cells(), one = new Engine(rec), two = new Engine(rec);
  const seen = new Set();
  for (let t = 20 * GRAIN; t < 24 * GRAIN; t += GRAIN / 7) {
    one.set({ speed: 600, t });
    two.set({ speed: 600, t: 60 * GRAIN });
    two.seek(t);
    const frame = one.frame(VIEW);
    assert.deepEqual(frame.bundles, two.frame(VIEW).bundles);
    assert.ok(frame.drawn <= frame.total);
    for (const b of frame.bundles) seen.add(b.at.toFixed(2));
  }
  assert.ok(seen.size > 20); // not all of them at once
});

test('bins of the timeline hold whole cells, and all events', () => {
  const rec = cells(), engine = new Engine(rec);
  for (const window of [[0, rec.meta.end], [0, 40 * GRAIN], [7 * GRAIN, 9 * GRAIN]]) {
    engine.set({ window });
    const bin = engine.binTicks();
    assert.equal(bin % GRAIN, 0);
    assert.equal(engine.histogram(engine.state.window, bin).total.reduce((a, b) => a + b, 0), engine.counts('window').events);
  }
  assert.ok(engine.stripBins(1e6) <= rec.meta.end / GRAIN);
});

test('rings of many events are drawn to a scale that tells places apart, and the key says which', () => {
  const rec = cells();
  assert.equal(new Engine(rec).ringUnit(), 1);
  rec.weight = rec.weight.map(w => w * 1000);
  const engine = new Engine(rec), { end } = rec.meta;
  engine.set({ t: end, trail: end });
  const unit = engine.ringUnit(), { rings } = engine.frame(VIEW);
  assert.ok(unit > 1 && [1, 2, 5].includes(unit / 10 ** Math.floor(Math.log10(unit))), unit);
  for (const { n, r } of rings) assert.equal(r, Math.max(2.5, Math.min(24, 1.1 * Math.sqrt(n / unit))));
  const largest = Math.max(...rings.map(ring => ring.r));
  assert.ok(largest > 12 && largest <= 24 && rings.filter(ring => ring.r === 24).length <= 1, largest);
  assert.equal(new Set(rings.map(ring => ring.n)).size > 1, true);
  engine.set({ trail: end / 4 });
  assert.ok(engine.ringUnit() < unit);
  const before = engine.ringUnit();
  engine.set({ filters: { verdict: { not: ['detected'] } } });
  assert.equal(engine.ringUnit(), before, 'a filter takes events away, and changes no scale');
  rec.meta.grain = null;
  assert.deepEqual([{}, { scaled: true }].map(options => new Engine(rec, { trail: end, ...options }).ringUnit()), [1, unit]);
  assert.deepEqual(ringWords(1), ['1 · 25 · 100 events', 'at one place']);
  assert.deepEqual(ringWords(50), ['50 · 1.25 k · 5 k', 'events at one place']);
  assert.deepEqual(ringWords(20_000), ['20 k · 500 k · 2 M', 'events at one place']);
});

test('a place of cells was last seen by the end of a bin, not at its start', () => {
  const rec = cells(), engine = new Engine(rec), place = rec.sources.place.find(p => p >= 0);
  const { first, last } = engine.placeInfo(place);
  const times = Array.from(rec.t).filter((_, i) => rec.sources.place[rec.source[i]] === place);
  assert.deepEqual([first, last], [times[0], Math.min(rec.meta.end, times.at(-1) + GRAIN)]);
});

test('the grain in words', () => {
  assert.equal(grainText({ seconds: 900, place: 'city', targets: null }), '15 min by city');
  assert.equal(grainText({ seconds: 86400, place: 'none', targets: 8 }), '1 d without places, 8 targets named');
  const meta = { grain: { seconds: 60, place: 'country', targets: null, cells: 12 }, totals: { in_recording: 34567 } };
  assert.deepEqual(grainWords({ meta, asking: '', fault: '' }), { what: 'Cells of 1 min by country', how: '34,567 events in 12 cells', note: '' });
  assert.equal(grainWords({ meta: { ...meta, grain: null }, asking: 'x', fault: 'gone' }).note, 'gone');
  assert.deepEqual(grainWords({ meta: { ...meta, grain: null }, events: 12, asking: '', fault: '' }), { what: 'Every event of this window', how: '12', note: '' });
});
