/** What the export menu asks for, and how it tells how far a file is. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { asking, KINDS, lengths, progressText } from '../../../attackviz/player/src/exportmenu.js';

const shown = { window: [10e6, 70e6], t: 20e6, theme: 'light', speed: 600, filters: { country: { in: ['CN'] } } };
const chosen = { redact: true, title: 'A flood', captions: ' 14:02 rule deployed \n\n', length: '60', size: '720p', scale: '2', moment: 'at', lists: false, loop: true };
const ask = (kind, more = {}) => asking(kind, shown, { ...chosen, ...more });

test('every kind takes window, filters, theme and redaction with it', () => {
  for (const { kind } of KINDS) {
    const { start, end, theme, filters, redact } = ask(kind);
    assert.deepEqual({ start, end, theme, filters, redact }, { start: 10, end: 70, theme: 'light', filters: shown.filters, redact: 'public' });
    assert.equal(ask(kind, { redact: false }).redact, null);
  }
});

test('and only the options that it has', () => {
  const more = (kind, own) => {
    const { kind: k, start, end, theme, filters, redact, ...rest } = ask(kind, own);
    return rest;
  };
  const captions = ['14:02 rule deployed'];
  assert.deepEqual(more('.html'), { title: 'A flood', captions, lists: false, loop: true, speed: 600 });
  assert.deepEqual(more('.mp4'), { title: 'A flood', captions, lists: false, size: '720p', length: '60 seconds' });
  assert.deepEqual(more('.gif', { length: 'speed' }), { title: 'A flood', captions, lists: false, loop: true, speed: 600 });
  assert.deepEqual(more('.png'), { title: 'A flood', captions, lists: false, size: '720p', scale: 2, at: 20, speed: 600 });
  assert.equal(more('.png', { moment: 'whole' }).at, undefined);
  assert.deepEqual(more('report.pdf'), { title: 'A flood' });
  assert.deepEqual(more('.csv'), {});
});

test('a film may be as fast as the player where that is neither a moment nor hours', () => {
  assert.deepEqual(lengths('.mp4', 60_000, 600).at(-1), ['speed', '1 min 40 s, as fast as here']);
  assert.deepEqual(lengths('.gif', 86_400 * 14, 600).map(([value]) => value), ['10', '5', '20']);
  assert.deepEqual(lengths('.mp4', 1, 600).map(([value]) => value), ['60', '30', '120']);
});

test('progress is told in words', () => {
  assert.equal(progressText({ done: 450, of: 1800, left: 61.2 }), '25 %, 1 min 1 s left');
  assert.equal(progressText({ done: 1, of: 1800, left: null }), '0 %');
  assert.equal(progressText({ stage: 'waiting' }), 'Waits for another file');
  assert.equal(progressText(), 'Begins');
});
