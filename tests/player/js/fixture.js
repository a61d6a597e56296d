// A seeded recording, in memory and as the bytes a page would carry.

import {
  tableFromColumns,
  columnFromArray,
  tableToIPC,
  utf8,
  float32,
  int32,
  uint8,
  uint16,
  uint32,
} from '@uwdata/flechette';
import { decodeRecording } from '../../../attackviz/player/src/recording.js';

const PLACES = [
  ['CN', 'Zhejiang', 'Hangzhou', 30.29, 120.16],
  ['CN', 'Shanghai', 'Shanghai', 31.23, 121.47],
  ['FR', 'Île-de-France', 'Paris', 48.86, 2.35],
  ['CA', 'Quebec', 'Montréal', 45.5, -73.57],
  ['RS', '', 'Belgrade', 44.8, 20.47],
  ['US', 'Iowa', 'Council Bluffs', 41.26, -95.86],
  ['BR', 'São Paulo', 'Santo Amaro', -23.65, -46.7],
  ['FJ', 'Central', 'Suva', -18.14, 178.44],
  ['NZ', 'Auckland', 'Auckland', -36.85, 174.76],
  ['AE', 'Abu Dhabi', 'Zayed City', 24.42, 54.57],
  ['DE', 'Berlin', '', 52.52, 13.4],
  ['XX', '', '<img src=x onerror=alert(1)>', 10, 10],
];
const CATEGORIES = [
  ['vpn', 'VPN portal'],
  ['vnc', 'Remote desktop'],
  ['ssh', 'SSH'],
  ['telnet', 'Telnet'],
  ['smb', 'SMB'],
  ['web', 'Web'],
  ['database', 'Database'],
  ['other', 'Other'],
];
const RULES = [
  ['failed login', 'r1'],
  ['connect, no login', 'r2'],
  ['login accepted', 'r3'],
  ['</script><script>alert(1)</script>', 'r4'],
  ['', ''],
];
const ORGS = [
  [0, ''],
  [209847, 'WorkTitans B.V.'],
  [37963, 'Hangzhou Alibaba Advertising Co.,Ltd.'],
  [4134, 'Chinanet'],
  [53363, 'Tangram Canada Inc.'],
];
const TARGETS = [
  ['Council Bluffs', 'US', 41.2619, -95.8608],
  ['Frankfurt', 'DE', 50.11, 8.68],
  ['nowhere', '', null, null],
];

/** A small seeded generator of numbers in [0, 1). */
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let x = Math.imul(a ^ (a >>> 15), a | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * The bytes of a seeded recording.
 * @param {object} options seed, n (events), hours, sources, places (0: a dozen named ones), targets (1..3), weights, startUs
 * @returns {Uint8Array}
 */
export function recordingBytes({
  seed = 7,
  n = 5000,
  hours = 72,
  sources = 200,
  places = 0,
  targets = 1,
  weights = false,
  startUs = 1739836800e6,
  quiet = false,
} = {}) {
  const rnd = random(seed),
    pick = k => Math.floor(rnd() * k),
    skewed = k => Math.floor(k * rnd() ** 3);
  const spots = places
    ? Array.from({ length: places }, (_, k) => [
        'CN,FR,CA,RS,US,BR,DE,NL,RU,IN'.split(',')[k % 10],
        `Region ${k % 97}`,
        `City ${k}`,
        rnd() * 130 - 55,
        rnd() * 360 - 180,
      ])
    : PLACES;
  const span = hours * 3600e3;
  const t = new Uint32Array(n);
  for (let i = 0; i < n; i++)
    t[i] = quiet ? (rnd() < 0.5 ? rnd() * 0.1 * span : span * (0.9 + 0.1 * rnd())) : rnd() * span;
  t.sort();
  const columns = {
    source: new Uint32Array(n),
    target: new Uint16Array(n),
    category: new Uint8Array(n),
    verdict: new Uint8Array(n),
    rule: new Uint32Array(n),
    severity: new Uint8Array(n),
    dst_port: new Uint16Array(n),
  };
  for (let i = 0; i < n; i++) {
    columns.source[i] = skewed(sources);
    columns.target[i] = pick(targets);
    columns.category[i] = skewed(8);
    columns.verdict[i] = pick(100) < 90 ? 1 : pick(5);
    columns.rule[i] = pick(RULES.length);
    columns.severity[i] = pick(4) ? pick(5) : 255;
    columns.dst_port[i] = [0, 22, 23, 443, 445, 5900][pick(6)];
  }
  const weight = weights ? Uint32Array.from({ length: n }, () => 1 + pick(9)) : null;
  const orgs = Array.from({ length: sources }, () => ORGS[pick(ORGS.length)]);
  const placeOf = Int32Array.from({ length: sources }, () => (rnd() < 0.05 ? -1 : pick(spots.length)));
  const ips = Array.from({ length: sources }, (_, s) =>
    s === sources - 1
      ? null
      : s % 9 === 8
        ? `2001:db8:${(s >> 4).toString(16)}::${s.toString(16)}`
        : `${20 + (s >> 16)}.${(s >> 8) & 255}.${s & 255}.${pick(254) + 1}`,
  );
  const parts = {
    places: table({
      country: [spots.map(p => p[0]), utf8()],
      region: [spots.map(p => p[1]), utf8()],
      city: [spots.map(p => p[2]), utf8()],
      lat: [spots.map(p => p[3]), float32()],
      lon: [spots.map(p => p[4]), float32()],
    }),
    sources: table({
      ip: [ips, utf8()],
      place: [placeOf, int32()],
      asn: [Uint32Array.from(orgs, o => o[0]), uint32()],
      org: [orgs.map(o => o[1]), utf8()],
    }),
    targets: table({
      name: [TARGETS.slice(0, targets).map(x => x[0]), utf8()],
      country: [TARGETS.slice(0, targets).map(x => x[1]), utf8()],
      lat: [TARGETS.slice(0, targets).map(x => x[2]), float32()],
      lon: [TARGETS.slice(0, targets).map(x => x[3]), float32()],
    }),
    rules: table({ rule: [RULES.map(r => r[0]), utf8()], rule_id: [RULES.map(r => r[1]), utf8()] }),
    events: table({
      t: [t, uint32()],
      source: [columns.source, uint32()],
      target: [columns.target, uint16()],
      category: [columns.category, uint8()],
      verdict: [columns.verdict, uint8()],
      rule: [columns.rule, uint32()],
      severity: [columns.severity, uint8()],
      dst_port: [columns.dst_port, uint16()],
      ...(weight ? { weight: [weight, uint32()] } : {}),
    }),
  };
  const total = weight ? weight.reduce((a, b) => a + b, 0) : n;
  let unlocated = 0;
  for (let i = 0; i < n; i++) if (placeOf[columns.source[i]] < 0) unlocated += weight ? weight[i] : 1;
  return container(
    {
      version: 1,
      title: 'Seeded recording',
      source: 'fixture',
      formats: ['fixture'],
      start_us: startUs,
      tick_us: 1000,
      end: n ? t[n - 1] + 1 : 0,
      window: [0, n ? t[n - 1] + 1 : 0],
      totals: { events: total, in_recording: total, untimed: 0, untimed_by_reason: {}, unlocated },
      account: null,
      categories: CATEGORIES.map(([name, label], slot) => ({ name, label, slot })),
      category_title: 'Service',
      verdicts: ['mitigated', 'detected', 'suspicious', 'benign', 'unknown'],
      severities: ['info', 'low', 'medium', 'high', 'critical'],
      budget: 2000000,
      grain: null,
      attribution: [{ text: 'IP Geolocation by DB-IP', url: 'https://db-ip.com' }],
      notice: null,
    },
    parts,
  );
}

/** A seeded recording, decoded; see recordingBytes. */
export const recording = options => decodeRecording(recordingBytes(options));

/** The container around a header and Arrow streams by name. */
export function container(header, parts) {
  const pad = k => Math.ceil(k / 8) * 8;
  let offset = 0;
  const list = Object.entries(parts).map(([name, bytes]) => {
    const part = { name, offset, length: bytes.length };
    offset += pad(bytes.length);
    return part;
  });
  const text = new TextEncoder().encode(JSON.stringify({ ...header, parts: list }));
  const size = pad(16 + text.length) - 16,
    out = new Uint8Array(16 + size + offset);
  out.fill(0x20, 16, 16 + size);
  out.set([0x41, 0x56, 0x52, 0x45, 0x43, 1, 13, 10]);
  new DataView(out.buffer).setUint32(8, size, true);
  out.set(text, 16);
  list.forEach(part => out.set(parts[part.name], 16 + size + part.offset));
  return out;
}

const table = columns =>
  tableToIPC(
    tableFromColumns(Object.entries(columns).map(([name, [values, type]]) => [name, columnFromArray(values, type)])),
    { format: 'stream' },
  );
