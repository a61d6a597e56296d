// What the parts say: pure functions from numbers to words.
import test from 'node:test';
import assert from 'node:assert/strict';
import { recording } from './fixture.js';
import { Engine } from '../../../attackviz/player/src/engine.js';
import { accountLines } from '../../../attackviz/player/src/about.js';
import { toMs } from '../../../attackviz/player/src/api.js';
import { cardPlace } from '../../../attackviz/player/src/card.js';
import { outwardRange, slotsOf } from '../../../attackviz/player/src/context.js';
import { alarmFilters, counterTexts, verdictTexts } from '../../../attackviz/player/src/counters.js';
import { feedTexts, mergeRepeats } from '../../../attackviz/player/src/feed.js';
import { optionsOf } from '../../../attackviz/player/src/filterpanel.js';
import { honestyParts } from '../../../attackviz/player/src/honesty.js';
import { leading } from '../../../attackviz/player/src/rows.js';
import { results } from '../../../attackviz/player/src/search.js';
import { edgeTexts, emptyTexts, loadingTexts, visibleFiles } from '../../../attackviz/player/src/states.js';
import { binTitle } from '../../../attackviz/player/src/bintitle.js';
import { binRows } from '../../../attackviz/player/src/timeline.js';
import { nextSpeed } from '../../../attackviz/player/src/transport.js';
import { presets, readTime, windowFault, writeTime } from '../../../attackviz/player/src/windowform.js';

const us = (...parts) => Date.UTC(...parts) * 1000;

test('a bin is named by its day and its two ends', () => {
  assert.equal(binTitle(us(2025, 1, 19, 1, 45), us(2025, 1, 19, 2)), '19 Feb 01:45 – 02:00');
  assert.equal(binTitle(us(2025, 1, 19, 23, 45), us(2025, 1, 20)), '19 Feb 23:45 – 00:00');
  assert.equal(binTitle(us(2025, 1, 19), us(2025, 1, 20)), '19 Feb');
  assert.equal(binTitle(us(2025, 1, 19, 1, 0, 5), us(2025, 1, 19, 1, 0, 10)), '19 Feb 01:00:05 – 01:00:10');
  assert.equal(binTitle(us(2025, 1, 19), us(2025, 1, 21, 12)), '19 Feb 00:00 – 21 Feb 12:00');
});

test('the tooltip lists what a bin holds, the top of the stack first', () => {
  const bySlot = new Float64Array(16);
  bySlot[8] = 5; bySlot[11] = 2; bySlot[15] = 1;
  assert.deepEqual(binRows({ bySlot }, 1), [{ slot: 7, count: 1 }, { slot: 3, count: 2 }, { slot: 0, count: 5 }]);
});

test('the honesty line says what is not drawn', () => {
  const meta = { totals: { untimed: 3 }, attribution: [{ text: 'IP Geolocation by DB-IP', url: 'https://db-ip.com' }], grain: null, notice: null };
  const text = honestyParts({ drawn: 412, total: 2854, unlocated: 7, filteredOut: 92, meta }).map(part => part.map(p => p.bold ?? p.text).join('')).join(' · ');
  assert.equal(text, '412 of 2,854 drawn · totals exact · 92 filtered out · 7 without a location · 3 without a usable time, not in this recording · IP Geolocation by DB-IP · source address, not attribution');
});

test('a map without any target says why it has no arcs', () => {
  const parts = honestyParts({ drawn: 0, total: 9, unlocated: 2, filteredOut: 0, aimless: true, meta: { totals: {}, attribution: [] } });
  assert.ok(parts.some(part => part[0].text === 'no target has a location, so no arcs'));
  assert.equal(parts[0].map(p => p.bold ?? p.text).join(''), '7 of 9 drawn as rings');
});

test('a live edge is quiet only when the server says so, too', () => {
  assert.deepEqual(edgeTexts({ span: 3600, coming: 0 }), { title: 'Quiet so far', detail: 'No events in the last 1 h. The next one appears here within about a second.' });
  assert.deepEqual(edgeTexts({ span: 3600, coming: 20645 }), { title: 'Events are on their way', detail: '20,645 of the last hour are being sent.' });
});

test('a coarsened recording says its grain', () => {
  const meta = { totals: {}, attribution: [], grain: { seconds: 300, place: 'city', targets: null } };
  assert.match(JSON.stringify(honestyParts({ drawn: 0, total: 0, unlocated: 0, filteredOut: 0, meta })), /counted in cells of 5 min by city, totals exact/);
});

test('counters show a dash while nothing is known, and 0 for none', () => {
  assert.deepEqual(counterTexts(null).map(c => c.value), ['-', '-', '-', '-']);
  const zero = counterTexts({ events: 0, sources: 0, countries: 0, rate: 0, total: { events: 9, sources: 3, countries: 1 } });
  assert.deepEqual(zero.map(c => [c.value, c.unit, c.scope]), [['0', '', 'of 9'], ['0', '', 'of 3'], ['0', '', 'of 1'], ['0.00', '/s', 'mean']]);
});

const VERDICTS = ['mitigated', 'detected', 'suspicious', 'benign', 'unknown'];

test('the verdict strip leads with the largest handled verdict and keeps the suspicious apart', () => {
  const said = verdictTexts(VERDICTS, [0, 2848, 6, 0, 0]);
  assert.deepEqual([said.handled, said.words, said.call, said.alarm, said.spoken], ['detected', 'Detected 99.8 %', 'Suspicious 6', true, 'Detected 2,848, Suspicious 6']);
  assert.deepEqual(verdictTexts(VERDICTS, [5, 0, 0, 0, 0]).words, 'Mitigated 100 %');
  assert.equal(verdictTexts(VERDICTS, [0, 0, 0, 0, 0]).words, 'No events');
});

test('high severity is called out beside, or instead of, the suspicious', () => {
  assert.equal(verdictTexts(VERDICTS, [0, 9, 0, 0, 0], 3).call, 'High severity 3');
  assert.equal(verdictTexts(VERDICTS, [0, 9, 2, 0, 0], 3).call, 'Suspicious 2 · high 3');
  assert.deepEqual(alarmFilters({ text: 'x' }, [0, 9, 2, 0, 0], VERDICTS), { text: 'x', verdict: { in: ['suspicious'] } });
  assert.deepEqual(alarmFilters({}, [0, 9, 0, 0, 0], VERDICTS), { severity: { in: ['high', 'critical'] } });
});

test('repeats in a row are one line; the same event later is another', () => {
  const rec = { source: [1, 1, 2, 1], rule: [5, 5, 5, 5], category: [0, 0, 0, 0], verdict: [1, 1, 1, 1], weight: null };
  assert.deepEqual(mergeRepeats(rec, [3, 2, 1, 0], 9), [{ event: 3, repeats: 1 }, { event: 2, repeats: 1 }, { event: 1, repeats: 2 }]);
  assert.deepEqual(mergeRepeats({ ...rec, weight: [4, 3, 1, 1] }, [1, 0], 9), [{ event: 1, repeats: 7 }]);
  assert.equal(mergeRepeats(rec, [3, 2, 1, 0], 2).length, 2);
});

test('a row of the feed names service, address, place and what was seen, as text', () => {
  const rec = recording({ n: 400 });
  for (let event = 0; event < rec.n; event++) {
    const row = feedTexts(rec, event);
    assert.equal(row.service, rec.meta.categories[rec.category[event]].label);
    assert.equal(row.address, rec.sources.ip[rec.source[event]] ?? 'no address');
    assert.ok(row.where.length > 0 && !row.where.startsWith(' · '));
  }
});

test('categories beyond the seventh share the last slot as Other', () => {
  const meta = { categories: [{ label: 'SSH', slot: 2 }, { label: 'VPN portal', slot: 0 }, { label: 'FTP', slot: 7 }, { label: 'DNS', slot: 7 }] };
  assert.deepEqual(slotsOf(meta), [{ slot: 0, label: 'VPN portal' }, { slot: 2, label: 'SSH' }, { slot: 7, label: 'Other' }]);
  const twins = { categories: [{ name: 'ssh', label: 'SSH', slot: 0 }, { name: 'SSH', label: 'SSH', slot: 1 }] };
  assert.deepEqual(slotsOf(twins).map((s) => s.label), ['SSH', 'SSH (SSH)']);
});

test('a long range is given in whole minutes that contain it, a short one exactly', () => {
  assert.equal(outwardRange(us(2025, 1, 18, 0, 0, 20), us(2025, 1, 20, 23, 59, 59)), '18 Feb 2025 00:00 – 21 Feb 00:00 UTC');
  assert.equal(outwardRange(us(2025, 1, 18, 0, 0, 20), us(2025, 1, 18, 0, 1)), '18 Feb 2025 00:00:20 – 00:01:00 UTC');
});

test('the leading slot is the largest, the earlier one where equal', () => {
  assert.equal(leading([0, 3, 3, 0, 0, 0, 0, 0]), 1);
});

test('a checklist names first what the filters shut out', () => {
  const rows = [{ filter: { value: 'CN' }, label: 'China', count: 4 }];
  assert.deepEqual(optionsOf(rows, { not: ['US'] }, v => `name of ${v}`), [{ value: 'US', label: 'name of US', count: null }, { value: 'CN', label: 'China', count: 4 }]);
  assert.equal(optionsOf(rows, { in: ['CN'] }, String).length, 1);
});

test('loading tells files, events, rate and time left, and only what is known', () => {
  assert.deepEqual(loadingTexts({ files: 5, files_done: 3, events: 212000, rate: 104321, eta_s: 2, bytes: 100, bytes_done: 72 }),
    { head: 'Reading 4 of 5 files · 212,000 events', note: 'About 2 s left, at 104,000 events/s', share: 0.72 });
  assert.deepEqual(loadingTexts({}), { head: 'Reading', note: '', share: null });
  assert.equal(loadingTexts({ files: 1, files_done: 1 }).head, 'Reading 1 of 1 file');
  assert.equal(loadingTexts({ files: 1, events: 10, rate: 5, eta_s: 1, bytes: 100, bytes_done: 100 }).note, 'at 5.00 events/s');
  assert.deepEqual(loadingTexts({ files: 1, documents: 400, documents_done: 100, events: 90, rate: 50, eta_s: 6, bytes: 0 }),
    { head: 'Reading 100 of 400 documents', note: 'About 6 s left, at 50.00 documents/s', share: 0.25 });
  assert.match(loadingTexts({ counting: 5, cluster: true }).note, /the cluster counts/);
  assert.deepEqual(loadingTexts({ counting: 10_000_000 }), { head: 'Counting 10,000,000 events', note: 'All was read; sorting by time and place', share: null });
});

test('of many files those around the one being read are shown', () => {
  const items = Array.from({ length: 1000 }, (_, k) => ({ name: `f${k}`, done: k < 500 }));
  const seen = visibleFiles(items);
  assert.equal(seen.length, 8);
  assert.ok(seen.includes(items[500]) && seen.includes(items[499]) && seen.includes(items[501]));
  assert.deepEqual(visibleFiles(items.slice(0, 3)), items.slice(0, 3));
  assert.equal(visibleFiles(items.map(f => ({ ...f, done: true }))).at(-1).name, 'f999');
});

test('an empty window tells quiet from filtered', () => {
  const windowUs = [us(2025, 1, 17, 3), us(2025, 1, 17, 3, 20)];
  assert.equal(emptyTexts({ windowUs, filtered: false, unfiltered: 0 }).title, 'No events in these 20 min');
  assert.match(emptyTexts({ windowUs, filtered: true, unfiltered: 1234 }).detail, /^1,234 events lie in /);
});

test('times are read as UTC and nonsense is refused', () => {
  assert.equal(readTime('2025-02-18'), us(2025, 1, 18));
  assert.equal(readTime(' 2025-02-18 06:30 '), us(2025, 1, 18, 6, 30));
  assert.equal(readTime('2025-02-18T06:30:15.5Z'), us(2025, 1, 18, 6, 30, 15) + 500000);
  for (const text of ['', 'soon', '2025-02-30', '2025-13-01', '2025-02-18 25:00', '18.2.2025']) assert.equal(readTime(text), null, text);
  for (const t of [us(2025, 1, 18), us(2025, 1, 18, 6, 30, 15)]) assert.equal(readTime(writeTime(t)), t);
});

test('the window chooser explains what is wrong', () => {
  const whole = [us(2025, 1, 11), us(2025, 1, 25)];
  assert.equal(windowFault(whole[0], whole[1], whole), '');
  assert.match(windowFault(null, whole[1], whole), /Write times as/);
  assert.match(windowFault(whole[1], whole[0], whole), /after the start/);
  assert.match(windowFault(us(2024, 0, 1), us(2024, 0, 2), whole), /holds 11 Feb 2025/);
});

test('presets lie in the recording and are shorter than the usual window', () => {
  const whole = [us(2025, 1, 11), us(2025, 1, 25)], usual = [us(2025, 1, 12), us(2025, 1, 24)];
  const all = presets(whole, usual);
  assert.deepEqual(all.map(p => p.label), ['Whole recording', 'Where the events are', 'Last 1 h of it', 'Last 6 h of it', 'Last 1 d of it', 'Last 3 d of it', 'Last 7 d of it']);
  for (const { window: [a, b] } of all) assert.ok(a >= whole[0] && b <= whole[1] && a < b);
});

test('the card stays inside its cell, on the side with room', () => {
  const card = { width: 296, height: 240 }, cell = { width: 1000, height: 600 };
  assert.deepEqual(cardPlace({ x: 100, y: 300, r: 10 }, card, cell), { left: 126, top: 276 });
  assert.deepEqual(cardPlace({ x: 900, y: 590, r: 10 }, card, cell), { left: 578, top: 352 });
});

test('[ and ] go to the next speed and stop at the ends', () => {
  assert.deepEqual([nextSpeed(600, 1), nextSpeed(600, -1), nextSpeed(3600, 1), nextSpeed(1, -1), nextSpeed(864, 1)], [1800, 300, 3600, 1, 1800]);
});

test('times of the scripting interface: ISO, epoch ms, Date; without a zone it is UTC', () => {
  const ms = Date.UTC(2025, 1, 18, 6, 30);
  for (const time of [ms, new Date(ms), '2025-02-18T06:30:00Z', '2025-02-18T06:30', '2025-02-18 06:30:00', '2025-02-18T07:30+01:00']) assert.equal(toMs(time), ms);
  assert.equal(toMs('2025-02-18'), Date.UTC(2025, 1, 18));
  assert.throws(() => toMs('soon'), /not a time/);
  assert.throws(() => toMs(NaN), RangeError);
});

test('search offers ranges and text beside what is found', () => {
  const engine = new Engine(recording({ n: 300 }));
  assert.equal(results(engine, '  ').length, 0);
  assert.deepEqual(results(engine, '10.0.0.0/8').map(r => r.kind).filter(k => k !== 'address'), ['cidr', 'text']);
  const kinds = results(engine, 'chin').map(r => r.kind);
  assert.ok(kinds.includes('country') && kinds.at(-1) === 'text');
  for (const { filter } of results(engine, 'a')) engine.set({ filters: filter.field === 'text' ? { text: filter.value } : { [filter.field]: { in: [filter.value] } } });
});

test('the account adds up in the lines that show it', () => {
  const account = { pieces: 14, events: 6, left_out: { flow: 1, 'excluded address': 3 }, bad: { 'not JSON': 2 }, bad_total: 2, blank: 1, structure: 1, flags: {}, truncated: [], skipped: {}, notes: [] };
  const lines = accountLines({ totals: { in_recording: 5, untimed: 1, untimed_by_reason: { 'before 1990': 1 }, unlocated: 2, excluded: 30 }, account });
  assert.deepEqual(lines.find(([l]) => l.includes('excluded addresses')), ['Events from excluded addresses, not read', 30]);
  const left = lines.filter(([l]) => l.startsWith('left out: ')).reduce((sum, [, n]) => sum + n, 0);
  const of = label => lines.find(([l]) => l === label)[1];
  assert.equal(of('Pieces of input'), of('events') + of('unreadable') + left + of('blank') + of('structure'));
  assert.equal(of('Events in this recording') + of('Events without a usable time, left out'), of('events'));
});
