import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { decodeRecording, RecordingError } from '../../../attackviz/player/src/recording.js';
import { recordingBytes, recording } from './fixture.js';

const here = name => new URL(`./data/${name}`, import.meta.url);
const tiny = () => {
  const b = readFileSync(here('tiny.avrec'));
  return b.buffer.slice(b.byteOffset, b.byteOffset + b.length);
};
const expected = JSON.parse(readFileSync(here('tiny.json'), 'utf8'));
const floats = values => values.map(v => (v === null ? NaN : v));

test('every value that pyarrow wrote is read back', () => {
  const rec = decodeRecording(tiny()),
    { places, sources, targets, rules, events } = expected;
  assert.equal(rec.n, events.t.length);
  for (const [name, key] of [
    ['t', 't'],
    ['source', 'source'],
    ['target', 'target'],
    ['category', 'category'],
    ['verdict', 'verdict'],
    ['rule', 'rule'],
    ['severity', 'severity'],
    ['dstPort', 'dst_port'],
    ['weight', 'weight'],
  ]) {
    assert.deepEqual(Array.from(rec[name]), events[key], name);
  }
  assert.deepEqual(
    [rec.places.country, rec.places.region, rec.places.city],
    [places.country, places.region, places.city],
  );
  assert.deepEqual([Array.from(rec.places.lat), Array.from(rec.places.lon)], [places.lat, places.lon]);
  assert.deepEqual(
    [rec.sources.ip, Array.from(rec.sources.place), Array.from(rec.sources.asn), rec.sources.org],
    [sources.ip, sources.place, sources.asn, sources.org],
  );
  assert.deepEqual(
    [rec.targets.name, Array.from(rec.targets.lat), Array.from(rec.targets.lon)],
    [targets.name, floats(targets.lat), floats(targets.lon)],
  );
  assert.deepEqual(rec.rules, { rule: rules.rule, ruleId: rules.rule_id });
});

test('slots follow the categories of the header', () => {
  assert.deepEqual(Array.from(decodeRecording(tiny()).slot), [0, 2, 0, 7, 2]);
});

test('columns of numbers are views of the buffer, whatever offset it starts at', () => {
  const bytes = recordingBytes({ n: 100 });
  assert.equal(decodeRecording(bytes).t.buffer, bytes.buffer);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  assert.deepEqual(decodeRecording(shifted.subarray(3)).t, decodeRecording(bytes).t);
});

test('a recording without events is read', () => {
  const rec = recording({ n: 0 });
  assert.equal(rec.n, 0);
  assert.equal(rec.t.length, 0);
});

test('what is not a whole recording is refused with words, never half read', () => {
  const bytes = new Uint8Array(tiny());
  const refused = (data, pattern) =>
    assert.throws(
      () => decodeRecording(data),
      error => error instanceof RecordingError && pattern.test(error.detail) && error.hints.length > 0,
    );
  refused(new Uint8Array(0), /does not start/);
  refused(new TextEncoder().encode('<!doctype html><title>404</title>'), /does not start/);
  refused(bytes.slice(0, 40), /only 40 bytes/);
  refused(bytes.slice(0, bytes.length - 64), /ends at byte/);
  const later = bytes.slice(),
    at = Buffer.from(later).indexOf('"version": 1');
  later[at + 11] = 0x39;
  refused(later, /version 9/);
});

test('a key without a row is refused', () => {
  const bytes = recordingBytes({ n: 50, sources: 3 }),
    rec = decodeRecording(bytes);
  rec.source[7] = 99; // a view: this changes the bytes
  assert.throws(() => decodeRecording(bytes), /Row 7 has source 99/);
});

test('times that go back are refused', () => {
  const bytes = recordingBytes({ n: 50 }),
    rec = decodeRecording(bytes);
  rec.t[20] = rec.t[19] - 1;
  assert.throws(() => decodeRecording(bytes), /Row 20 is earlier/);
});
