// Reads a recording: a small JSON header and Arrow IPC streams. Numbers are views of the buffer, never copies.

import { tableFromIPC } from '@uwdata/flechette';
import { mercX, mercY } from './geo.js';

const MAGIC = [0x41, 0x56, 0x52, 0x45, 0x43, 0x01, 0x0d, 0x0a]; // "AVREC", 1, CR LF
const HEAD = 16;
const VERSION = 1;

/** What is wrong with the bytes, and what to do: shown as it is in the player's error state. */
export class RecordingError extends Error {
  constructor(
    detail,
    hint = 'Export the page or the recording again; if it was sent by mail or chat, compare its size.',
  ) {
    super(detail);
    this.name = 'RecordingError';
    this.title = 'This recording cannot be read';
    this.detail = detail;
    this.hints = [hint];
  }
}

/**
 * Read a recording.
 * @param {ArrayBuffer|Uint8Array} data
 * @returns {object} meta (the header), n and one typed array a column of events, places, sources, targets, rules
 * @throws {RecordingError} when the bytes are not a whole recording of a known version
 */
export function decodeRecording(data) {
  const bytes = aligned(data instanceof Uint8Array ? data : new Uint8Array(data));
  const { meta, body } = readHeader(bytes);
  const part = name => readPart(bytes, meta, body, name);
  const rec = {
    meta,
    ...readEvents(part('events')),
    places: readPlaces(part('places')),
    sources: readSources(part('sources')),
    targets: readTargets(part('targets')),
    rules: readRules(part('rules')),
    sample: meta.parts.some(p => p.name === 'sample') ? readSample(part('sample')) : null,
  };
  checkKeys(rec);
  const slotOf = (rec.slotOf = Uint8Array.from(meta.categories, c => Math.max(0, Math.min(7, c.slot ?? 7))));
  rec.slot = new Uint8Array(rec.n);
  for (let i = 0; i < rec.n; i++) rec.slot[i] = slotOf[rec.category[i]];
  return rec;
}

// Typed arrays need aligned offsets; a view that starts anywhere else is copied once, whole.
const aligned = bytes => (bytes.byteOffset % 8 ? bytes.slice() : bytes);

function readHeader(bytes) {
  if (bytes.length < HEAD || MAGIC.some((b, k) => bytes[k] !== b))
    throw new RecordingError('The data does not start like an attackviz recording.');
  const size = new DataView(bytes.buffer, bytes.byteOffset, HEAD).getUint32(8, true);
  if (HEAD + size > bytes.length)
    throw new RecordingError(`The header ends at byte ${HEAD + size}, but there are only ${bytes.length} bytes.`);
  let meta;
  try {
    meta = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(HEAD, HEAD + size)));
  } catch (error) {
    throw new RecordingError(`The header is not valid JSON: ${error.message}`);
  }
  if (meta.version !== VERSION) {
    throw new RecordingError(
      `The recording has version ${meta.version}; this player reads version ${VERSION}.`,
      'Open it with the attackviz that wrote it, or build it again.',
    );
  }
  return { meta, body: HEAD + size };
}

function readPart(bytes, meta, body, name) {
  const where = meta.parts.find(p => p.name === name);
  if (!where) throw new RecordingError(`The part "${name}" is missing.`);
  const start = body + where.offset,
    end = start + where.length;
  if (!(where.offset >= 0 && where.length >= 0 && end <= bytes.length)) {
    throw new RecordingError(`The part "${name}" ends at byte ${end}, but there are only ${bytes.length} bytes.`);
  }
  try {
    const table = tableFromIPC(bytes.subarray(start, end));
    return { name, n: table.numRows, table };
  } catch (error) {
    throw new RecordingError(`The part "${name}" is not readable Arrow: ${error.message}`);
  }
}

function column(part, name, Type, optional = false) {
  const child = part.table.getChild(name);
  if (!child) {
    if (optional) return null;
    throw new RecordingError(`The part "${part.name}" has no column "${name}".`);
  }
  if (part.n === 0) return new Type(0);
  const values = child.toArray();
  if (values instanceof Type) return values;
  if (Type === Float32Array) return Float32Array.from(values, v => (v === null ? NaN : v));
  throw new RecordingError(
    `The column "${name}" of "${part.name}" has type ${values.constructor.name}, not ${Type.name}.`,
  );
}

function strings(part, name) {
  const child = part.table.getChild(name);
  if (!child) throw new RecordingError(`The part "${part.name}" has no column "${name}".`);
  return part.n === 0 ? [] : Array.from(child.toArray());
}

const readEvents = part => ({
  n: part.n,
  t: column(part, 't', Uint32Array),
  source: column(part, 'source', Uint32Array),
  target: column(part, 'target', Uint16Array),
  category: column(part, 'category', Uint8Array),
  verdict: column(part, 'verdict', Uint8Array),
  rule: column(part, 'rule', Uint32Array),
  severity: column(part, 'severity', Uint8Array),
  dstPort: column(part, 'dst_port', Uint16Array),
  weight: column(part, 'weight', Uint32Array, true),
});

const readPlaces = part => ({
  n: part.n,
  country: strings(part, 'country'),
  region: strings(part, 'region'),
  city: strings(part, 'city'),
  ...coordinates(part),
});

const readSources = part => ({
  n: part.n,
  ip: strings(part, 'ip'),
  place: column(part, 'place', Int32Array),
  asn: column(part, 'asn', Uint32Array),
  org: strings(part, 'org'),
});

const readTargets = part => ({
  n: part.n,
  name: strings(part, 'name'),
  country: strings(part, 'country'),
  ...coordinates(part),
});

const readRules = part => ({ rule: strings(part, 'rule'), ruleId: strings(part, 'rule_id') });

const readSample = part => ({
  n: part.n,
  t: column(part, 't', Uint32Array),
  ip: strings(part, 'ip'),
  asn: column(part, 'asn', Uint32Array),
  org: strings(part, 'org'),
  country: strings(part, 'country'),
  region: strings(part, 'region'),
  city: strings(part, 'city'),
  target: strings(part, 'target'),
  ruleName: strings(part, 'rule'),
  ruleId: strings(part, 'rule_id'),
  category: column(part, 'category', Uint8Array),
  verdict: column(part, 'verdict', Uint8Array),
  severity: column(part, 'severity', Uint8Array),
  dstPort: column(part, 'dst_port', Uint16Array),
  weight: column(part, 'weight', Uint32Array),
});

function coordinates(part) {
  const lat = column(part, 'lat', Float32Array),
    lon = column(part, 'lon', Float32Array);
  return { lat, lon, mx: Float64Array.from(lon, mercX), my: Float64Array.from(lat, mercY) };
}

// Every key is checked once here, so that nothing further in has to ask whether a row exists.
function checkKeys(rec) {
  const below = (name, keys, limit, from = 0) => {
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] >= limit || keys[i] < from)
        throw new RecordingError(`Row ${i} has ${name} ${keys[i]}, but there are only ${limit}.`);
    }
  };
  below('source', rec.source, rec.sources.n);
  below('target', rec.target, rec.targets.n);
  below('category', rec.category, rec.meta.categories.length);
  below('verdict', rec.verdict, rec.meta.verdicts.length);
  below('rule', rec.rule, rec.rules.rule.length);
  below('place', rec.sources.place, rec.places.n, -1);
  below('category', rec.sample?.category ?? [], rec.meta.categories.length);
  below('verdict', rec.sample?.verdict ?? [], rec.meta.verdicts.length);
  for (let i = 1; i < rec.n; i++)
    if (rec.t[i] < rec.t[i - 1]) throw new RecordingError(`Row ${i} is earlier than the row before it.`);
}
