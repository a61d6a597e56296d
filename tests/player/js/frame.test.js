import test from 'node:test';
import assert from 'node:assert/strict';
import { Engine } from '../../../attackviz/player/src/engine.js';
import { homeView, screenX, screenY, viewAround, mercX, WORLD } from '../../../attackviz/player/src/geo.js';
import { recording, random } from './fixture.js';

const view = homeView(1080, 570);

test('a frame is the same whichever way the clock came', () => {
  const rec = recording({ n: 20000, targets: 3, weights: true }),
    t = 100000e3 + 123.25;
  const fresh = () => new Engine(rec, { speed: 600, filters: { slot: { not: [1] } } });
  const sought = fresh();
  sought.seek(t);
  const expected = sought.frame(view);
  assert.ok(expected.rings.length > 5 && expected.bundles.length > 5);

  const played = fresh();
  played.set({ t: t - 5 * 600e3, playing: true });
  for (let k = 0; k < 500; k++) {
    played.tickClock(10);
    if (k % 50 === 0) played.frame(view);
  }
  assert.equal(played.state.t, t);
  assert.deepEqual(played.frame(view), expected);

  const wandering = fresh(),
    rnd = random(4);
  for (let k = 0; k < 60; k++) {
    wandering.seek(t + (rnd() - 0.5) * (k % 3 ? 2e6 : 2e8));
    if (k % 7 === 0) wandering.set({ filters: k % 2 ? {} : { slot: { not: [1] } } });
    wandering.frame(view);
  }
  wandering.set({ filters: { slot: { not: [1] } }, t });
  assert.deepEqual(wandering.frame(view), expected);
});

test('there is one ring a place, its radius and shares are those of the trail', () => {
  const rec = recording({ n: 20000 }),
    engine = new Engine(rec, { t: 150000e3 }),
    frame = engine.frame(view);
  const [a, b] = engine.indices('trail'),
    sums = new Map(),
    latest = new Map();
  for (let i = a; i < b; i++) {
    const p = rec.sources.place[rec.source[i]];
    if (p < 0) continue;
    if (!sums.has(p)) sums.set(p, new Array(8).fill(0));
    sums.get(p)[rec.slot[i]]++;
    latest.set(p, rec.t[i]);
  }
  assert.deepEqual(new Set(frame.rings.map(r => r.place)), new Set(sums.keys()));
  for (const ring of frame.rings) {
    const bySlot = sums.get(ring.place),
      n = bySlot.reduce((x, y) => x + y, 0);
    assert.equal(ring.n, n);
    assert.equal(ring.r, Math.max(2.5, Math.min(24, 1.1 * Math.sqrt(n))));
    assert.equal(bySlot[ring.slot], Math.max(...bySlot));
    if (ring.bySlot) assert.deepEqual(ring.bySlot, bySlot);
    assert.ok(
      Math.abs(ring.fade - Math.min(1, (1.5 * (engine.state.t - latest.get(ring.place))) / engine.trailTicks())) <
        1e-12,
    );
  }
  assert.equal(frame.total, b - a);
  assert.equal(frame.rings.reduce((s, r) => s + r.n, 0) + frame.unlocated, frame.total);
});

test('arcs: every located event of the last 1.4 s once, in bundles of a place, a service and 120 ms', () => {
  const rec = recording({ n: 3000 }),
    engine = new Engine(rec, { t: 120000e3, speed: 600 }),
    frame = engine.frame({ ...view, cap: 100000 });
  const life = 1.4 * 600e3,
    step = 0.12 * 600e3,
    t = engine.state.t,
    bundles = new Map();
  for (let i = 0; i < rec.n; i++) {
    const p = rec.sources.place[rec.source[i]];
    if (p < 0 || rec.t[i] > t) continue;
    const key = `${p},${rec.slot[i]},${Math.floor(rec.t[i] / step)}`;
    if (!bundles.has(key)) bundles.set(key, { first: rec.t[i], n: 0 });
    bundles.get(key).n++;
  }
  const expected = [...bundles.values()].filter(b => t - b.first < life);
  assert.equal(
    frame.drawn,
    expected.reduce((s, b) => s + b.n, 0),
  );
  assert.ok(frame.drawn > 0 && frame.bundles.length >= expected.length);
});

test('at most the cap is drawn, each place and service first, always the same ones', () => {
  const rec = recording({ n: 60000, places: 300, sources: 3000 }),
    engine = new Engine(rec, { t: 130000e3, speed: 3600 });
  const all = engine.frame({ ...view, cap: 1e6 }),
    few = engine.frame({ ...view, cap: 170 });
  const id = b => `${b.place},${b.slot},${b.at},${b.fade},${b.n}`,
    routes = frame => new Set(frame.bundles.map(b => `${b.place},${b.slot}`));
  const chosen = new Set(few.bundles.map(id));
  assert.ok(all.drawn > few.drawn);
  assert.equal(chosen.size, 170);
  assert.equal(routes(few).size, 170, 'no place and service twice while another waits');
  assert.deepEqual(engine.frame({ ...view, cap: 170 }), few);
  const small = engine.frame({ ...view, cap: 40 });
  for (const b of small.bundles) assert.ok(chosen.has(id(b)), 'a smaller cap draws a part of the same');
});

test('an arc over the antimeridian is drawn in every world copy in view', () => {
  const rec = recording({ n: 20000 }),
    engine = new Engine(rec, { t: 150000e3, speed: 3600 }),
    frame = engine.frame(view);
  const suva = rec.places.city.indexOf('Suva'),
    arcs = frame.bundles.filter(b => b.place === suva);
  assert.ok(arcs.length > 0);
  const world = (WORLD / (view.x1 - view.x0)) * view.width;
  for (const b of arcs) assert.ok(Math.abs(b.ex - b.sx) <= world / 2, 'the short way');
  const lefts = new Set(arcs.map(b => Math.round(b.sx)));
  assert.equal(lefts.size, 2, 'it leaves on the right and comes in on the left');
  const [x1, x2] = [...lefts].sort((a, b) => a - b);
  assert.ok(Math.abs(x2 - x1 - world) <= 1);
});

test('a source at the target itself has an impact and no length', () => {
  const rec = recording({ n: 20000 }),
    city = rec.places.city.indexOf('Council Bluffs');
  rec.targets.mx[0] = rec.places.mx[city];
  rec.targets.my[0] = rec.places.my[city];
  const engine = new Engine(rec, { t: 150000e3, speed: 3600 }),
    frame = engine.frame(view);
  const own = frame.bundles.filter(b => b.place === city);
  assert.ok(own.length > 0 && own.every(b => b.chord === 0 && Number.isFinite(b.cx)));
  assert.ok(frame.impacts.length > 0 && frame.impacts.every(i => i.k >= 0 && i.k <= 1));
});

test('impacts: at most one a sixth of their life at a target', () => {
  const rec = recording({ n: 60000, places: 300 }),
    frame = new Engine(rec, { t: 150000e3, speed: 3600 }).frame(view);
  assert.equal(new Set(frame.impacts.map(i => Math.floor(i.k * 6))).size, frame.impacts.length);
});

test('a target without coordinates has no arc and no mark, its events still have a ring', () => {
  const rec = recording({ n: 5000, targets: 3 }),
    engine = new Engine(rec, { t: 150000e3, speed: 3600, filters: { target: { in: ['nowhere'] } } }),
    frame = engine.frame(view);
  assert.equal(frame.bundles.length, 0);
  assert.equal(frame.drawn, 0);
  assert.ok(frame.rings.length > 0);
  assert.deepEqual(
    frame.targets.map(x => x.text),
    ['Council Bluffs', 'Frankfurt'],
  );
});

test('a view drawn nearer shows what lies in it and counts what is drawn there', () => {
  const rec = recording({ n: 20000 }),
    engine = new Engine(rec, { t: 150000e3, speed: 600 }),
    whole = engine.frame(view);
  const europe = viewAround(mercX(10), 6.2e6, 3000, 1080, 570),
    near = engine.frame(europe);
  assert.ok(near.rings.length < whole.rings.length && near.drawn < whole.drawn);
  assert.equal(near.total, whole.total);
  for (const r of near.rings) assert.ok(r.x > -30 && r.x < 1110 && r.y > -30 && r.y < 600);
});

test('reduced motion: whole paths, no impact', () => {
  const engine = new Engine(recording({ n: 20000 }), { t: 150000e3, reducedMotion: true }),
    frame = engine.frame(view);
  assert.ok(
    frame.bundles.length > 0 && frame.bundles.every(b => b.at === 1 && b.arrived && b.fade >= 0 && b.fade <= 1),
  );
  assert.deepEqual(frame.impacts, []);
});

test('at real speed a path stays for 30 s', () => {
  const rec = recording({ n: 4000, hours: 1 }),
    engine = new Engine(rec, { t: 1800e3, speed: 1 }),
    frame = engine.frame({ ...view, cap: 1e6 });
  const located = [...rec.t.keys()].filter(
    i => rec.t[i] <= 1800e3 && rec.t[i] > 1770e3 && rec.sources.place[rec.source[i]] >= 0,
  );
  assert.equal(frame.linger, true);
  assert.ok(Math.abs(frame.drawn - located.length) <= 2, 'but for events in a bundle older than itself');
});

test('a point finds the ring under it, with its sources', () => {
  const rec = recording({ n: 20000 }),
    engine = new Engine(rec, { t: 150000e3 }),
    frame = engine.frame(view),
    p = rec.places.city.indexOf('Santo Amaro');
  const hit = engine.hit(frame, screenX(view, rec.places.mx[p]), screenY(view, rec.places.my[p]));
  assert.equal(hit.id, p);
  assert.equal(
    hit.sources.reduce((s, x) => s + x.count, 0),
    frame.rings.find(r => r.place === p).n,
  );
  assert.equal(engine.hit(frame, 3, 560), null);
});

test('the largest ring is the first label, small ones have none, and text is cut, not changed', () => {
  const rec = recording({ n: 20000 }),
    frame = new Engine(rec, { t: 150000e3 }).frame(view),
    [first] = frame.labels.rings;
  assert.equal(first.first, true);
  assert.equal(first.r, Math.max(...frame.rings.map(r => r.r)));
  for (const label of frame.labels.rings.slice(1)) assert.ok(label.r >= 5);
  rec.places.city[0] = '<script>'.repeat(40);
  const label = new Engine(rec, { t: 150000e3, selected: { kind: 'place', id: 0 } })
    .frame(view)
    .labels.rings.find(l => l.named);
  assert.equal(label.text, `${'<script>'.repeat(40).slice(0, 39)}…`);
});

test('the selected source marks the ring of its place', () => {
  const rec = recording({ n: 2000 }),
    engine = new Engine(rec),
    s = rec.sources.place.findIndex(p => p >= 0);
  engine.set({ selected: { kind: 'source', id: s } });
  assert.equal(engine.frame(view).selected, rec.sources.place[s]);
});
