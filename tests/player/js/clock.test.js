import test from 'node:test';
import assert from 'node:assert/strict';
import { Engine } from '../../../attackviz/player/src/engine.js';
import { SPEEDS, advance, binFor, speedFor } from '../../../attackviz/player/src/clock.js';
import { recording } from './fixture.js';

const changes = engine => {
  const seen = [];
  engine.addEventListener('change', e => seen.push([...e.detail.keys].sort()));
  return seen;
};

test('playing moves the clock by speed and wall time, in steps of any size', () => {
  const engine = new Engine(recording({ n: 500 }), { t: 0, speed: 600 });
  engine.play();
  engine.tickClock(1000);
  assert.equal(engine.state.t, 600e3);
  for (let k = 0; k < 10; k++) engine.tickClock(100);
  assert.ok(Math.abs(engine.state.t - 1200e3) < 1e-6);
  engine.pause();
  engine.tickClock(1000);
  assert.ok(Math.abs(engine.state.t - 1200e3) < 1e-6);
});

test('at the end the clock stops, or starts again when it loops', () => {
  const rec = recording({ n: 500 }),
    window = [1000e3, 2000e3];
  const engine = new Engine(rec, { window, t: 1999e3, speed: 10 });
  engine.play();
  engine.tickClock(1000);
  assert.deepEqual([engine.state.t, engine.state.playing], [2000e3, false]);
  engine.play();
  assert.deepEqual([engine.state.t, engine.state.playing], [1000e3, true]);
  engine.set({ t: 1995e3, loop: true });
  engine.tickClock(1000);
  assert.deepEqual([engine.state.t, engine.state.playing], [1005e3, true]);
  engine.set({ t: 1995e3 });
  engine.tickClock(301000); // a tab that slept through three rounds
  assert.deepEqual([engine.state.t, engine.state.playing], [1005e3, true]);
});

test('quiet is skipped to just before the next event, and only quiet', () => {
  const rec = recording({ n: 400, quiet: true }),
    engine = new Engine(rec, { speed: 600, skipQuiet: true });
  const gap = rec.t.findIndex((t, i) => i > 0 && t - rec.t[i - 1] > 40 * 3600e3),
    before = rec.t[gap - 1],
    after = rec.t[gap];
  engine.set({ t: before, playing: true });
  engine.tickClock(16);
  assert.ok(engine.state.t < before + 600e3, 'while the last arc shows, nothing is skipped');
  engine.set({ t: before + 1000e3 });
  engine.tickClock(16);
  assert.equal(engine.state.t, after - 0.3 * 600e3);
  engine.tickClock(16);
  assert.ok(engine.state.t < after, 'the lead is played');
});

test('quiet is what the filters leave quiet', () => {
  const rec = recording({ n: 4000 }),
    engine = new Engine(rec, { speed: 1, skipQuiet: true, filters: { slot: { in: [7] } } });
  const next = rec.t[rec.slot.findIndex((s, i) => s === 7 && i > 1000)],
    last = [...rec.slot.keys()].filter(i => rec.slot[i] === 7 && rec.t[i] < next).pop();
  engine.set({ t: rec.t[last] + 31e3, playing: true });
  engine.tickClock(16);
  assert.equal(engine.state.t, next - 300);
});

test('with no event ahead quiet is skipped to the end', () => {
  const events = { life: 10, next: () => null, last: () => null };
  assert.deepEqual(advance({ t: 5, window: [0, 1e9], speed: 1, loop: false, skipQuiet: true }, 1000, 1000, events), {
    t: 1e9 - 300,
    playing: true,
  });
});

test('a step lands on the edge of a bin, on whole UTC times', () => {
  const engine = new Engine(recording({ n: 500, startUs: 1739836800e6 + 7 * 60e6 }), { t: 3600e3 }),
    bin = engine.binTicks();
  assert.equal(bin, 900e3);
  engine.step(1);
  assert.equal((engine.timeUs(engine.state.t) / 1000) % bin, 0);
  const at = engine.state.t;
  engine.step(1);
  assert.equal(engine.state.t, at + bin);
  engine.step(-1);
  assert.equal(engine.state.t, at);
});

test('the moment stays inside the window, and the window inside the recording', () => {
  const rec = recording({ n: 500 }),
    engine = new Engine(rec);
  engine.seek(-5);
  assert.equal(engine.state.t, 0);
  engine.seek(1e12);
  assert.equal(engine.state.t, rec.meta.end);
  engine.set({ window: [5000, 1000] });
  assert.deepEqual(engine.state.window, [1000, 5000]);
  assert.equal(engine.state.t, 5000);
  engine.set({ window: [-10, 1e12] });
  assert.deepEqual(engine.state.window, [0, rec.meta.end]);
  engine.set({ window: [1e12, 1e12] });
  assert.ok(engine.state.window[1] > engine.state.window[0]);
});

test('change says what changed, once, and says nothing when nothing did', () => {
  const engine = new Engine(recording({ n: 500 })),
    seen = changes(engine);
  engine.set({ scope: 'window', trail: 5000 });
  engine.set({ scope: 'window', filters: {} });
  engine.set({ filters: { slot: { not: [] } } });
  engine.set({ filters: { slot: { not: [1] } } });
  engine.seek(engine.state.t);
  assert.deepEqual(seen, [['scope', 'trail'], ['filters']]);
  assert.throws(() => engine.set({ colour: 1 }), /no "colour"/);
  assert.throws(() => engine.set({ speed: 0 }), /speed of 0/);
  assert.throws(() => engine.set({ scope: 'all' }), /no scope "all"/);
  assert.throws(() => engine.set({ t: NaN }), /not a number/);
});

test('reduced motion never plays by itself', () => {
  const rec = recording({ n: 500 });
  assert.equal(new Engine(rec, { autoplay: true }).state.playing, true);
  assert.equal(new Engine(rec, { autoplay: true, reducedMotion: true }).state.playing, false);
});

test('defaults: three days play at 600 in bins of 15 minutes', () => {
  assert.equal(speedFor(3 * 86400), 600);
  assert.equal(binFor(3 * 86400), 900);
  assert.ok(SPEEDS.includes(speedFor(14 * 86400)));
  assert.equal(speedFor(20), 1);
});

test('ticks and epoch times convert both ways', () => {
  const engine = new Engine(recording({ n: 10 }));
  assert.equal(engine.timeUs(1500), 1739836800e6 + 1.5e6);
  assert.equal(engine.ticksOf(Date.parse('2025-02-18T00:01:00Z')), 60e3);
});
