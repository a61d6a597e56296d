// Links: what is written is read back; what is foreign, broken or hostile is left out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { homeView, viewAround } from '../../../attackviz/player/src/geo.js';
import { isHome, readLink, writeLink } from '../../../attackviz/player/src/permalink.js';

const from = Date.UTC(2025, 1, 18);
const shown = {
  t: from + 5_000_123, window: [from, from + 3 * 86_400_000], speed: 600, scope: 'window', trail: 3600, bins: 900, loop: true, skipQuiet: false,
  filters: { country: { not: ['US'] }, text: 'a&b=#c' }, theme: 'light', view: viewAround(1234567.891, -765432.1, 1543.25, 1000, 500), source: 'tpot 2025',
};

test('what is written is read back', () => {
  const read = readLink(`#${writeLink(shown)}`);
  const { view, skipQuiet, ...rest } = shown;
  assert.deepEqual(read, { ...rest, map: [1234567.891, -765432.1, 1543.25] });
});

test('a link says no more than it needs to, and can be read', () => {
  const { t, window, speed } = shown;
  assert.equal(writeLink({ t: from, window, speed, scope: 'trail', filters: {}, trail: 0, bins: 0, view: null }), 't=2025-02-18T00:00:00Z&window=2025-02-18T00:00:00Z/2025-02-21T00:00:00Z&speed=600');
  assert.deepEqual(readLink('t=2025-02-18T05:00'), { t: from + 5 * 3_600_000 }); // without a zone it is UTC
  assert.deepEqual(readLink('#window=2025-02-18/2025-02-19').window, [from, from + 86_400_000]);
  assert.ok(t && speed);
});

test('what is not understood is left out', () => {
  for (const text of [
    '', null, '#', '#t=yesterday', '#speed=-1&speed=x', '#speed=Infinity', '#window=2025-02-19/2025-02-18', '#window=2025-02-19', '#map=1,2', '#map=1,2,0', '#map=1,2,NaN',
    '#map=1e300,1,1', '#filters=[1]', '#filters={', '#filters=null', '#scope=__proto__', '#theme=<script>', '#%E0%A4%A', '#__proto__=1&constructor=2', `#t=${'9'.repeat(9999)}`,
  ]) assert.deepEqual(readLink(text), {}, text);
});

test('the whole world goes without saying, whatever the rounding', () => {
  const home = homeView(1234, 567);
  assert.ok(isHome({ ...home, x0: home.x0 + 1e-3 }, home));
  assert.ok(!isHome(viewAround(0, 0, 5000, 1234, 567), home));
});
