// Edits of filters: every one gives new filters and leaves the old alone.
import test from 'node:test';
import assert from 'node:assert/strict';
import { addFound, chips, exclude, isExcluded, only, onlySlot, toggle } from '../../../attackviz/player/src/filteredit.js';
import { checkFilters } from '../../../attackviz/player/src/filters.js';

test('toggle shuts out and lets in again, and leaves nothing behind', () => {
  const shut = toggle({}, 'slot', 4);
  assert.deepEqual(shut, { slot: { not: [4] } });
  assert.ok(isExcluded(shut, 'slot', 4) && !isExcluded(shut, 'slot', 3));
  assert.deepEqual(toggle(shut, 'slot', 4), {});
});

test('toggle works on values let in by name', () => {
  const some = { country: { in: ['CN', 'FR'] } };
  assert.ok(isExcluded(some, 'country', 'US'));
  assert.deepEqual(toggle(some, 'country', 'US'), { country: { in: ['CN', 'FR', 'US'] } });
  assert.deepEqual(toggle(toggle(some, 'country', 'CN'), 'country', 'FR'), {});
  assert.deepEqual(some, { country: { in: ['CN', 'FR'] } });
});

test('only keeps one value, and lifts the condition when asked again', () => {
  const one = only({ text: 'x' }, 'network', 4134);
  assert.deepEqual(one, { text: 'x', network: { in: [4134] } });
  assert.deepEqual(only(one, 'network', 4134), { text: 'x' });
});

test('only one category: the others are shut out, and all return when asked again', () => {
  const alone = onlySlot({}, 2, [0, 1, 2, 7]);
  assert.deepEqual(alone, { slot: { not: [0, 1, 7] } });
  assert.deepEqual(onlySlot(alone, 2, [0, 1, 2, 7]), {});
});

test('exclude is the same when repeated', () => {
  const once = exclude({}, 'address', '192.0.2.1');
  assert.deepEqual(exclude(once, 'address', '192.0.2.1'), once);
});

test('search results add to what is let in', () => {
  const a = addFound({}, { field: 'country', value: 'CN' });
  assert.deepEqual(addFound(a, { field: 'country', value: 'FR' }), { country: { in: ['CN', 'FR'] } });
  assert.deepEqual(addFound(a, { field: 'country', value: 'CN' }), a);
  assert.deepEqual(addFound(addFound({}, { field: 'cidr', value: '10.0.0.0/8' }), { field: 'cidr', value: '10.0.0.0/8' }), { cidr: ['10.0.0.0/8'] });
  assert.deepEqual(addFound({}, { field: 'text', value: 'login' }), { text: 'login' });
});

test('chips say each value, and each lifts just itself', () => {
  const filters = { slot: { not: [4] }, country: { not: ['US', 'FR'] }, cidr: ['10.0.0.0/8'], text: 'x' };
  const all = chips(filters, (field, value) => ({ slot: 'SMB' })[field] ?? String(value));
  assert.deepEqual(all.map(c => c.text), ['not SMB', 'country: not US', 'country: not FR', '10.0.0.0/8', 'text: x']);
  assert.deepEqual(all[1].without, { ...filters, country: { not: ['FR'] } });
  let left = filters;
  while (chips(left, String).length) left = chips(left, String)[0].without;
  assert.deepEqual(left, {});
});

test('whatever is edited stays a filter the engine takes', () => {
  let filters = {};
  for (const edit of [f => toggle(f, 'slot', 1), f => only(f, 'verdict', 'suspicious'), f => exclude(f, 'country', ''), f => addFound(f, { field: 'cidr', value: '2001:db8::/32' }), f => toggle(f, 'port', 22)]) {
    filters = edit(filters);
    assert.deepEqual(checkFilters(filters), filters);
  }
});
