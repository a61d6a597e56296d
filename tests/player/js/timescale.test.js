// Bins, ticks and axis tops of the timeline.
import test from 'node:test';
import assert from 'node:assert/strict';
import { BINS, axisTicks, axisTop, binChoices, chooseBin, countMarks, finestBin, keepApart, niceTop } from '../../../attackviz/player/src/timescale.js';

const HOUR = 3600e3, DAY = 24 * HOUR;

test('three days on a wide screen are bins of a quarter of an hour, on a phone of an hour', () => {
  assert.equal(chooseBin(3 * DAY, 1120), 15 * 60e3);
  assert.equal(chooseBin(3 * DAY, 334), HOUR);
});

test('the chosen bin is never narrower than asked, and the next smaller one would be', () => {
  for (const span of [20e3, 7 * 60e3, HOUR, 5 * HOUR, DAY, 13 * DAY]) {
    for (const width of [200, 640, 1120, 3000]) {
      const bin = chooseBin(span, width), k = BINS.indexOf(bin);
      assert.ok((bin / span) * width >= 3.5 - 1e-9, `${span} ms on ${width} px`);
      if (k > 0) assert.ok((BINS[k - 1] / span) * width < 3.5);
    }
  }
});

test('years fall back to whole days', () => {
  const bin = chooseBin(3650 * DAY, 1000);
  assert.equal(bin % DAY, 0);
  assert.ok((bin / (3650 * DAY)) * 1000 >= 3.5);
});

test('bins divide a day, and only sensible ones are offered', () => {
  for (const bin of BINS) assert.equal(DAY % bin, 0);
  for (const bin of binChoices(3 * DAY, 1000)) assert.ok((3 * DAY) / bin >= 8 && (3 * DAY) / bin <= 1000);
});

test('axis ticks are round UTC times, midnights bold dates, and keep their distance', () => {
  const start = Date.UTC(2025, 1, 18), ticks = axisTicks(start, start + 3 * DAY, 1120);
  assert.deepEqual(ticks.filter(t => t.bold).map(t => t.label), ['18 Feb', '19 Feb', '20 Feb', '21 Feb']);
  assert.deepEqual(ticks.slice(0, 4).map(t => t.label), ['18 Feb', '06:00', '12:00', '18:00']);
  for (let k = 1; k < ticks.length; k++) assert.ok(((ticks[k].ms - ticks[k - 1].ms) / (3 * DAY)) * 1120 >= 80);
});

test('seconds are written only where the step is under a minute', () => {
  const start = Date.UTC(2025, 1, 18, 6, 30);
  assert.equal(axisTicks(start, start + 20e3, 1000)[1].label, '06:30:02');
  assert.equal(axisTicks(start, start + HOUR, 1000)[1].label, '06:35');
});

test('no span or no width has no ticks', () => {
  assert.deepEqual(axisTicks(5, 5, 100), []);
  assert.deepEqual(axisTicks(0, 5, 0), []);
});

test('axis tops are round and not below the value', () => {
  for (const [value, top] of [[0, 1], [1, 1], [1.2, 2], [3, 4], [9, 10], [99, 100], [101, 120], [650, 800], [937, 1000], [1018, 1200], [8001, 10000]]) assert.equal(niceTop(value), top);
  for (let value = 2; value < 5000; value += 7) assert.ok(niceTop(value) >= value && niceTop(value) % 2 === 0);
});

test('one burst does not flatten the rest: it is notched', () => {
  const totals = new Array(288).fill(0).map((_, k) => (k === 100 ? 40000 : 600 + (k % 7) * 20));
  assert.equal(axisTop(totals), 1000);
  assert.equal(axisTop([0, 0, 0]), 1);
  assert.equal(axisTop([0, 7]), 8);
});

test('count marks halve the axis', () => {
  assert.deepEqual(countMarks(1000), [0, 500, 1000]);
  assert.deepEqual(countMarks(1), [0, 1]);
});

test('of overlapping intervals the one placed first stays', () => {
  assert.deepEqual(keepApart([[0, 10], [5, 20], [30, 40], [41, 50]], 4), [true, false, true, false]);
});

test('a length snaps to the widest bin within it', () => {
  assert.deepEqual([finestBin(146 * 60e3), finestBin(60e3), finestBin(10)], [2 * HOUR, 60e3, 1000]);
});
