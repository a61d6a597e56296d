import test from 'node:test';
import assert from 'node:assert/strict';
import { noticeOf, serverClock } from '../../../attackviz/player/src/live.js';
import { pauseMs } from '../../../attackviz/player/src/livesocket.js';
import { pastFault } from '../../../attackviz/player/src/livewindow.js';
import { connectionTexts, sourceLine, sourceTexts, standingText } from '../../../attackviz/player/src/liveview.js';
import { busiest, viewAt } from '../../../attackviz/player/src/wall.js';

test("the server's clock is that of its fastest message, until it is set anew", () => {
  const clock = serverClock();
  clock.hear(1_000_000, 100);
  clock.hear(1_001_000, 1400); // 300 ms on its way: says less
  assert.equal(clock.at(2000), 1_001_900);
  clock.hear(1_002_000, 2050);
  assert.equal(clock.at(2050), 1_002_000);
  clock.hear(2_000_000, 3000);
  assert.equal(clock.at(3000), 2_000_000);
  clock.hear(1_500_000, 4000);
  assert.equal(clock.at(4000), 1_500_000);
  clock.hear(undefined, 5000);
  assert.equal(clock.at(5000), 1_501_000);
});

test('each try waits longer than the one before, up to a bound, and not all wait alike', () => {
  const waits = [1, 2, 3, 4, 5, 50].map((tries) => pauseMs(tries, 0.5));
  assert.deepEqual(waits, [500, 1000, 2000, 3000, 5000, 5000]);
  assert.ok(pauseMs(3, 0) < pauseMs(3, 0.99));
});

test('the connection in words', () => {
  assert.deepEqual(connectionTexts({ kind: 'open' }, 0), ['Connected', 'ok']);
  assert.deepEqual(connectionTexts({ kind: 'waiting', tries: 3, retryAt: 8000 }, 4200), ['Reconnecting, try 3 in 4 s', 'warn']);
  assert.deepEqual(connectionTexts({ kind: 'waiting', tries: 3, retryAt: 8000 }, 9000), ['Reconnecting, try 3', 'warn']);
});

test('where the clock stands in words', () => {
  const open = { kind: 'open' };
  assert.equal(standingText({ following: true, behind: 1, connection: open }), 'At the live edge');
  assert.equal(standingText({ following: true, behind: 1, connection: { kind: 'waiting' } }), 'Waiting for the server');
  assert.equal(standingText({ following: false, behind: 12.2, connection: open }), '12 s behind live');
  assert.equal(standingText({ following: false, behind: 0.4, connection: open }), 'Paused at live');
});

test('a source in words: what is wrong comes first, text is never more than text', () => {
  const well = { name: 'eve.json', state: 'running', lag: 0.41, events: 71, error: null };
  assert.deepEqual(sourceLine(well), { name: 'eve.json', lag: '0.4 s', text: '71 events', state: 'ok' });
  const ill = { name: '<b>x</b>', state: 'waiting', lag: 31, events: 1, bad: 2, error: 'connection refused', retry_s: 7.6 };
  assert.deepEqual(sourceLine(ill), { name: '<b>x</b>', lag: '31 s', text: 'connection refused · trying again in 8 s · 1 event · 2 unreadable', state: 'warn' });
  assert.deepEqual(sourceLine({ name: 'a', state: 'ended', lag: null }), { name: 'a', lag: '-', text: '0 events · ended', state: 'off' });
  assert.deepEqual(sourceTexts({ sources: [well, ill] }), ['2 live sources', '1 not well']);
  assert.deepEqual(sourceTexts({ sources: [well] }), ['eve.json', '']);
  assert.deepEqual(sourceTexts({ sources: [] }), ['Live events', '']);
});

test('what came and is not here is said', () => {
  assert.equal(noticeOf({ older: 0, ahead: 0 }, 0), null);
  assert.equal(noticeOf({ older: 3, ahead: 2 }, 41212), '41,212 skipped by this viewer, 3 older than a day, 2 from the future: on the tape, not here');
});

test('a stretch of the past must be one', () => {
  assert.equal(pastFault(1, 2, 3), '');
  assert.match(pastFault(null, 2, 3), /UTC/);
  assert.match(pastFault(2, 2, 3), /after the start/);
  assert.match(pastFault(4, 5, 3), /future/);
});

test('views of the wall take turns, and the busiest place is in the middle of one', () => {
  assert.deepEqual([0, 19_999, 20_000, 40_000, 60_000].map(viewAt), ['world', 'world', 'region', 'lists', 'world']);
  const rec = { places: { n: 3, mx: [1, 2, NaN], my: [4, 5, NaN] } };
  assert.deepEqual(busiest({ rec, trail: { byPlace: [3, 7, 0] } }), [2, 5]);
  assert.equal(busiest({ rec, trail: { byPlace: [0, 0, 9] } }), null);
  assert.equal(busiest({ rec, trail: { byPlace: [0, 0, 0] } }), null);
});
