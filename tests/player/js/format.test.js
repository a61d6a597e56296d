import test from 'node:test';
import assert from 'node:assert/strict';
import * as f from '../../../attackviz/player/src/format.js';

const us = iso => Date.parse(iso) * 1000;

test('counts are exact to 999,999, then 1.23 M', () => {
  assert.deepEqual([0, 7, 2854, 999999, 1e6, 1234567, 1e9].map(f.count), [
    '0',
    '7',
    '2,854',
    '999,999',
    '1.00 M',
    '1.23 M',
    '1.00 G',
  ]);
  assert.equal(f.exact(1234567), '1,234,567');
});

test('missing is "-", never 0', () => {
  for (const text of [f.count, f.exact, f.rate, f.rateText, f.bytes, f.duration])
    assert.deepEqual(
      [null, undefined, NaN].map(v => text(v)),
      ['-', '-', '-'],
    );
  assert.equal(f.share(1, 0), '-');
  assert.equal(f.asnText(0), '-');
});

test('rates have two decimals and a space before the unit', () => {
  assert.deepEqual([0, 0.0015, 0.7927, 12.346].map(f.rateText), ['0.00 /s', '<\u00a00.01 /s', '0.79 /s', '12.35 /s']);
});

test('shares have one decimal; little is not nothing and nearly all is not all', () => {
  assert.deepEqual(
    [
      [0, 5],
      [1, 5000],
      [1, 3],
      [9999, 10000],
      [5, 5],
    ].map(([a, b]) => f.share(a, b)),
    ['0 %', '< 0.1 %', '33.3 %', '> 99.9 %', '100.0 %'],
  );
});

test('sizes, lengths of time, speeds', () => {
  assert.deepEqual([0, 812, 4200000, 123456789, 999600].map(f.bytes), ['0 B', '812 B', '4.2 MB', '123 MB', '1.0 MB']);
  assert.deepEqual([0, 0.25, 40, 60, 3600, 5400, 259200, 90061].map(f.duration), [
    '0 s',
    '250 ms',
    '40 s',
    '1 min',
    '1 h',
    '1 h 30 min',
    '3 d',
    '1 d 1 h',
  ]);
  assert.deepEqual(f.speed(600), { text: '10 min/s', factor: '×600' });
});

test('moments, ranges and ticks are UTC, 24 h', () => {
  assert.equal(f.moment(us('2025-02-20T05:42:10.900Z')), 'Thu 20 Feb 2025 05:42:10 UTC');
  assert.equal(f.range(us('2025-02-18T00:00:00Z'), us('2025-02-21T00:00:00Z')), '18 Feb 2025 00:00 – 21 Feb 00:00 UTC');
  assert.equal(f.range(us('2025-02-17T03:00:00Z'), us('2025-02-17T03:20:00Z')), '17 Feb 2025 03:00 – 03:20 UTC');
  assert.equal(
    f.range(us('2024-12-31T23:00:00Z'), us('2025-01-01T01:00:05Z')),
    '31 Dec 2024 23:00:00 – 1 Jan 2025 01:00:05 UTC',
  );
  assert.deepEqual(f.axisTick(us('2025-02-19T00:00:00Z')), { text: '19 Feb', bold: true });
  assert.deepEqual(f.axisTick(us('2025-02-19T06:00:00Z')), { text: '06:00', bold: false });
  assert.deepEqual(f.axisTick(us('2025-02-19T06:00:05Z'), 5), { text: '06:00:05', bold: false });
});

test('organisations lose their legal form, countries have names', () => {
  assert.deepEqual(
    [
      'WorkTitans B.V.',
      'Hangzhou Alibaba Advertising Co.,Ltd.',
      'Example LLC',
      'Tangram Canada Inc.',
      'Chinanet',
      'Ltd',
      '',
      null,
    ].map(f.organisation),
    ['WorkTitans', 'Hangzhou Alibaba Advertising', 'Example', 'Tangram Canada', 'Chinanet', 'Ltd', '', ''],
  );
  assert.deepEqual(['CN', 'HK', '', null, 'ZZ', '<b>'].map(f.countryName), [
    'China',
    'Hong Kong',
    'Unknown',
    'Unknown',
    f.countryName('ZZ'),
    '<b>',
  ]);
});
