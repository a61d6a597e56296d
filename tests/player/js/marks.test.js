// Bursts and captions: read from any header without harm, in order, and walked from one to the next.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atBurst, factorText, markTip, marksOf, nextBurst, within } from '../../../attackviz/player/src/marks.js';

const HOUR = 3600e6;
const start = Date.UTC(2025, 1, 18) * 1000;
const burst = (hour, more = {}) => ({
  start_us: start + hour * HOUR, end_us: start + (hour + 1) * HOUR, peak_us: start + hour * HOUR, factor: 4.5, events: 1200, expected: 30.2, source: '192.0.2.1', rule: 'login',
  category: 'ssh', ...more,
});
const meta = (more) => ({ categories: [{ name: 'ssh', label: 'SSH' }], ...more });

test('bursts are named by the legend and their factor', () => {
  const { bursts } = marksOf(meta({ bursts: [burst(5), burst(2, { factor: 1166.2, category: 'irc' }), burst(3, { category: null })] }));
  assert.deepEqual(bursts.map((b) => b.text), ['irc ×1,166', '×4.5', 'SSH ×4.5']);
  assert.equal(factorText(9.96), '×10.0');
});

test('a header without marks, or with broken ones, has none', () => {
  assert.deepEqual(marksOf(meta({})), { bursts: [], byRank: [], notes: [] });
  assert.deepEqual(marksOf(meta({ bursts: [{}, burst(1, { factor: null })], notes: [{ t: 'x', text: 'y' }, {}] })), { bursts: [], byRank: [], notes: [] });
});

test('a caption is text, and no longer than there is room for', () => {
  const { notes } = marksOf(meta({ notes: [{ t: start + HOUR, text: `<b>${'x'.repeat(10_000)}` }, { t: start, text: 7 }] }));
  assert.deepEqual(notes.map((n) => n.text.length), [1, 200]);
  assert.equal(markTip(notes[0]).total, null);
});

test('from one burst to the next, and no further', () => {
  const { bursts } = marksOf(meta({ bursts: [burst(1), burst(4), burst(9)] }));
  const at = (hour) => start + hour * HOUR;
  assert.equal(nextBurst(bursts, at(0), 1).us, at(1));
  assert.equal(nextBurst(bursts, at(1), 1).us, at(4)); // standing on one, the next is the next
  assert.equal(nextBurst(bursts, at(1), -1), null);
  assert.equal(nextBurst(bursts, at(4.5), -1).us, at(4));
  assert.equal(nextBurst(bursts, at(9), 1), null);
  assert.deepEqual([0, 1, 5, 20].map((hour) => atBurst(bursts, at(hour))), [0, 1, 2, 3]);
  assert.deepEqual(within(bursts, [at(1.5), at(9)]).map((b) => b.us), [at(1), at(4)]); // one that lasts into the window is in it
});

test('a tooltip says when, how much was usual, and who', () => {
  const [one] = marksOf(meta({ bursts: [burst(5)] })).bursts;
  assert.equal(markTip(one).note, '18 Feb 05:00 – 06:00 · usually about 30 · most from 192.0.2.1 · most often login');
  const [none] = marksOf(meta({ bursts: [burst(5, { expected: 0.2, source: null, rule: null })] })).bursts;
  assert.equal(markTip(none).note, '18 Feb 05:00 – 06:00 · usually none');
});
