import test from 'node:test';
import assert from 'node:assert/strict';
import { Engine } from '../../../attackviz/player/src/engine.js';
import { BatchError, decodeBatch } from '../../../attackviz/player/src/livebatch.js';
import { slotsFor } from '../../../attackviz/player/src/livetables.js';
import { homeView } from '../../../attackviz/player/src/geo.js';
import { recording, random } from './fixture.js';
import { LABELS, arrivals, batchBytes, liveEngine, rowsOf } from './livefixture.js';

const view = homeView(1080, 570);
const HOURS = 6;
const START = 1739836800e6;
const END = START + HOURS * 3600e6;

const feed = (engine, batches, nowUs = END) => batches.forEach((rows) => engine.take(decodeBatch(batchBytes(rows)), nowUs));

/** Both engines at the same moment of the same window. */
function together(live, replay, us, patch = {}) {
  const end = Math.min(...[live, replay].map((engine) => engine.timeUs(engine.rec.meta.end)));
  for (const engine of [live, replay]) engine.set({ ...patch, window: [START, end].map((t) => engine.ticksOf(t / 1000)), t: engine.ticksOf(us / 1000) });
}

// What a frame shows, without the numbers of rows and ticks, which differ from recording to recording.
function shown(frame) {
  const bare = (list) => list.map(({ place, target, ...rest }) => rest);
  return { ...frame, t: 0, rings: bare(frame.rings), bundles: bare(frame.bundles) };
}

const lists = (engine) => ['country', 'network', 'address', 'rule', 'target', 'port'].map((field) => {
  const { rows, distinct, total } = engine.top(field, 500);
  return { distinct, total, rows: new Set(rows.map((r) => JSON.stringify([r.key, r.code, r.label, r.unknown, r.count, [...r.bySlot]]))) };
});

function assertEqual(live, replay) {
  for (const scope of ['trail', 'playhead', 'window']) assert.deepEqual(live.counts(scope), replay.counts(scope), scope);
  assert.deepEqual(lists(live), lists(replay));
  assert.deepEqual(shown(live.frame(view)), shown(replay.frame(view)));
}

test('what came batch by batch, late and early, is counted and drawn as what was recorded', () => {
  const rec = recording({ n: 6000, hours: HOURS, targets: 3, weights: true, startUs: START });
  const replay = new Engine(rec);
  const live = liveEngine(START);
  live.extend(live.ticksOf(END / 1000));
  const rnd = random(5);
  const batches = arrivals(rowsOf(rec));
  const filters = [{}, { country: { in: ['CN', 'US'] } }, { text: 'an' }, { cidr: ['20.0.0.0/16'] }, { slot: { not: [0] }, verdict: { in: ['detected'] } }, {}];
  batches.forEach((rows, k) => {
    feed(live, [rows]);
    // Questions in between move what follows the clock, and must not leave a trace.
    live.set({ t: live.ticksOf((START + rnd() * HOURS * 3600e6) / 1000), filters: filters[k % filters.length], speed: k % 3 ? 60 : 1 });
    live.counts();
    live.top('rule', 5, k % 2 ? 'trail' : 'playhead');
    live.frame(view);
  });
  assert.equal(live.rec.n, rec.n);
  for (const patch of filters) {
    for (const speed of [1, 600]) together(live, replay, START + Math.floor(rnd() * HOURS * 3600e3) * 1000, { filters: patch, speed });
    assertEqual(live, replay);
    assert.deepEqual(live.histogram().total, replay.histogram().total);
  }
});

test('at any moment of its growth it agrees with a recording of what had arrived', () => {
  const rec = recording({ n: 3000, hours: HOURS, startUs: START });
  const batches = arrivals(rowsOf(rec), { size: 300, seed: 8 });
  const live = liveEngine(START);
  live.extend(live.ticksOf(END / 1000));
  batches.forEach((rows, k) => {
    feed(live, [rows]);
    if (k % 5) return;
    const fresh = liveEngine(START); // all at once: nothing to step back from
    fresh.extend(fresh.ticksOf(END / 1000));
    fresh.take(decodeBatch(batchBytes(batches.slice(0, k + 1).flat())), END);
    together(live, fresh, START + ((k * 37) % 60) * 360e6, { speed: 60 });
    assertEqual(live, fresh);
  });
});

test('rows that came before are left out, whichever way they come again', () => {
  const rows = rowsOf(recording({ n: 1000, hours: HOURS, startUs: START }));
  const batches = arrivals(rows);
  const live = liveEngine(START);
  feed(live, batches);
  feed(live, batches.slice(-3));
  feed(live, [batches.flat()]);
  assert.equal(live.rec.n, 1000);
  assert.equal(new Set(live.rec.sequence).size, 1000);
  assert.equal(live.rec.idOf(999), rows[999].event_id);
});

test('the ring is bounded: the oldest make room, and nothing of them stays in the tables', () => {
  const rec = recording({ n: 8000, hours: HOURS, sources: 3000, places: 900, startUs: START });
  const rows = rowsOf(rec);
  const live = liveEngine(START, { cap: 1000 });
  feed(live, arrivals(rows, { late: 0 }));
  assert.ok(live.rec.n >= 1000 && live.rec.n <= 1250);
  const kept = rows.slice(-live.rec.n);
  assert.deepEqual([...live.rec.sequence], kept.map((_, k) => 8000 - kept.length + k + 1));
  live.extend(live.ticksOf(END / 1000));
  live.set({ window: [0, live.rec.meta.end], scope: 'window' });
  assert.equal(live.counts().sources, new Set(kept.map((r) => r.src_ip).filter(Boolean)).size);
  assert.ok(live.rec.sources.n <= 1250 && live.rec.places.n <= 900);
  assert.equal(live.rec.meta.totals.events, 8000);
  assert.equal(live.rec.meta.totals.in_recording, live.rec.n);
  assert.equal(live.ids.size, 4096);
});

test('what is of another day is counted, not shown', () => {
  const [row] = rowsOf(recording({ n: 1, hours: HOURS, startUs: START }));
  const live = liveEngine(END);
  const at = (sequence, time) => ({ ...row, sequence, time, count: 2 });
  feed(live, [[at(1, END - 25 * 3600e6), at(2, END + 3600e6), at(3, END - 1e6), at(4, NaN), at(5, END - 5 * 3600e6)]]);
  assert.deepEqual([live.rec.n, live.older, live.ahead, live.rec.meta.totals.untimed, live.rec.meta.totals.events], [2, 2, 2, 2, 10]);
  assert.ok(live.sinceUs <= END - 5 * 3600e6 && live.timeUs(0) <= live.sinceUs);
});

test('a mark stays on its source when the ring is cut', () => {
  const rows = rowsOf(recording({ n: 4000, hours: HOURS, sources: 500, startUs: START }));
  const live = liveEngine(START, { cap: 1000 });
  feed(live, arrivals(rows.slice(0, 1200), { late: 0 }));
  const id = live.rec.source[live.rec.n - 1];
  const ip = live.rec.sources.ip[id];
  live.set({ selected: { kind: 'source', id } });
  feed(live, [rows.slice(1200).map((row, k) => ({ ...row, sequence: 1201 + k }))]);
  assert.equal(live.rec.sources.ip[live.state.selected.id], ip);
  assert.ok(live.sourceInfo(live.state.selected.id));
});

test('shipped categories have their slots, whoever came first', () => {
  const shipped = Object.keys(LABELS);
  assert.deepEqual(slotsFor(['sqli', 'ssh', 'unknown', 'xss'], shipped), [0, 2, 7, 1]);
  const rows = rowsOf(recording({ n: 40, hours: HOURS, startUs: START })).map((row, k) => ({ ...row, sequence: k + 1, category: k < 20 ? 'sqli' : 'vpn' }));
  const live = liveEngine(START);
  feed(live, [rows.slice(0, 20)]);
  assert.deepEqual([...new Set(live.rec.slot)], [0]);
  feed(live, [rows.slice(20)]);
  assert.deepEqual(live.rec.meta.categories, [{ name: 'sqli', label: 'sqli', slot: 1 }, { name: 'vpn', label: 'VPN portal', slot: 0 }]);
  live.extend(live.ticksOf(END / 1000));
  live.set({ window: [0, live.rec.meta.end] });
  assert.deepEqual([...live.counts('window').bySlot.slice(0, 2)], [20, 20]);
});

test('a window that ends at the end grows with it; another stays', () => {
  const live = liveEngine(END);
  const { end } = live.rec.meta;
  live.set({ window: [end - 600e3, end] });
  live.extend(end + 5200);
  assert.deepEqual(live.state.window, [end - 600e3, end + 6000]);
  live.set({ window: [end - 600e3, end - 300e3] });
  live.extend(end + 60e3);
  assert.deepEqual(live.state.window, [end - 600e3, end - 300e3]);
});

test('bytes that are no batch are refused in words', () => {
  assert.throws(() => decodeBatch(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])), BatchError);
  const [row] = rowsOf(recording({ n: 1, hours: HOURS, startUs: START }));
  assert.throws(() => decodeBatch(batchBytes([{ ...row, sequence: NaN }])), /no sequence/);
});
