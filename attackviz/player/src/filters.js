// Filters: conditions ANDed over columns, compiled to look-up tables and then to one byte an event.

import { placeKey } from './index.js';
import { countryName } from './format.js';

/** Mask bit: the event passes every filter. */
export const PASS = 1;
/** Mask bit: the event passes every filter but the one on slots (the legend counts what it hides). */
export const PASS_BUT_SLOT = 2;

/** What a filter may name. All but cidr (a list) and text (a string) are {in: [...]} or {not: [...]}. */
export const FIELDS = [
  'slot',
  'category',
  'verdict',
  'severity',
  'country',
  'network',
  'address',
  'place',
  'cidr',
  'rule',
  'port',
  'target',
  'text',
];

/**
 * Say what is wrong with a filter object.
 * @param {object} filters
 * @returns {object} the same filters without conditions that say nothing
 * @throws {RangeError} on an unknown field or a condition of the wrong form
 */
export function checkFilters(filters) {
  const out = {};
  for (const [field, condition] of Object.entries(filters ?? {})) {
    if (!FIELDS.includes(field))
      throw new RangeError(`There is no filter on "${field}"; there are ${FIELDS.join(', ')}.`);
    if (condition === null || condition === undefined || condition === '') continue;
    if (field === 'text') out.text = String(condition);
    else if (field === 'cidr') {
      const list = [].concat(condition);
      list.forEach(parseCidr);
      if (list.length) out.cidr = list;
    } else {
      const clean = {};
      for (const op of Object.keys(condition)) {
        if (op !== 'in' && op !== 'not')
          throw new RangeError(`The filter on "${field}" has "${op}"; it may have "in" or "not".`);
        if (!Array.isArray(condition[op])) throw new RangeError(`The filter on "${field}" needs a list in "${op}".`);
        if (condition[op].length) clean[op] = [...condition[op]];
      }
      if (clean.in || clean.not) out[field] = clean;
    }
  }
  return out;
}

/**
 * Compile filters to a mask.
 * @param {object} rec recording
 * @param {object} index of the recording
 * @param {object} filters checked by checkFilters
 * @param {Uint8Array} mask of n bytes, overwritten with PASS and PASS_BUT_SLOT bits
 * @returns {Uint8Array} mask
 */
export function compileMask(rec, index, filters, mask) {
  const { meta, targets, rules } = rec;
  const slotOk = table(8, filters.slot, k => [k, ...meta.categories.filter(c => (c.slot ?? 7) === k).map(c => c.name)]);
  const tables = [
    [rec.category, table(meta.categories.length, filters.category, k => [meta.categories[k].name])],
    [rec.verdict, table(meta.verdicts.length, filters.verdict, k => [k, meta.verdicts[k]])],
    [rec.severity, table(256, filters.severity, k => [k === 255 ? null : k, meta.severities[k] ?? ''])],
    [rec.source, sourceTable(rec, index, filters)],
    [rec.rule, table(rules.rule.length, filters.rule, k => ruleNames(rules, k))],
    [rec.dstPort, table(65536, filters.port, k => [k])],
    [rec.target, table(targets.n, filters.target, k => [targets.name[k] || ''])],
  ].filter(([, ok]) => ok);
  mask.fill(PASS | PASS_BUT_SLOT);
  for (const [values, ok] of tables) for (let i = 0; i < rec.n; i++) if (!ok[values[i]]) mask[i] = 0;
  if (filters.text) maskText(rec, index, filters.text, mask);
  if (slotOk) for (let i = 0; i < rec.n; i++) if (!slotOk[rec.slot[i]]) mask[i] &= ~PASS;
  return mask;
}

/** Which of the 8 slots the filters show: Uint8Array(8). */
export function shownSlots(rec, filters) {
  return (
    table(8, filters.slot, k => [k, ...rec.meta.categories.filter(c => (c.slot ?? 7) === k).map(c => c.name)]) ??
    new Uint8Array(8).fill(1)
  );
}

// By its name or by its id; without either it is the unknown one.
const ruleNames = ({ rule, ruleId }, k) => (ruleId[k] ? [rule[k] || ruleId[k], ruleId[k]] : [rule[k] || '']);

// One byte a row: does it meet the condition under any of its names? null when there is no condition.
function table(n, condition, namesOf) {
  if (!condition) return null;
  const only = condition.in && new Set(condition.in),
    never = condition.not && new Set(condition.not);
  return Uint8Array.from({ length: n }, (_, k) => {
    const names = namesOf(k);
    return (!only || names.some(v => only.has(v))) && !(never && names.some(v => never.has(v))) ? 1 : 0;
  });
}

function sourceTable(rec, index, filters) {
  const { sources, places } = rec;
  const parts = [
    table(sources.n, filters.country, s => [index.country.values[index.country.of[s]]]),
    table(sources.n, filters.network, s => [sources.asn[s]]),
    table(sources.n, filters.address, s => [sources.ip[s] ?? '']),
    table(sources.n, filters.place, s => [sources.place[s] < 0 ? '' : placeKey(places, sources.place[s])]),
  ].filter(Boolean);
  if (filters.cidr) {
    const blocks = filters.cidr.map(parseCidr);
    parts.push(
      Uint8Array.from(sources.ip, ip => {
        const bytes = parseAddress(ip);
        if (!bytes) return 0;
        const a = undressed({ bytes, bits: bytes.length * 8 }).bytes;
        return blocks.some(b => inBlock(a, b)) ? 1 : 0;
      }),
    );
  }
  if (!parts.length) return null;
  return parts.reduce((all, one) => {
    for (let s = 0; s < all.length; s++) all[s] &= one[s];
    return all;
  });
}

function maskText(rec, index, text, mask) {
  const { sources, places, rules, targets, meta } = rec;
  const has = lowered(text);
  const bySource = Uint8Array.from({ length: sources.n }, (_, s) => {
    const p = sources.place[s];
    return has(sources.ip[s]) ||
      has(sources.org[s]) ||
      has(sources.asn[s] ? `AS${sources.asn[s]}` : '') ||
      (p >= 0 &&
        (has(places.city[p]) || has(places.region[p]) || has(countryName(places.country[p])) || has(places.country[p])))
      ? 1
      : 0;
  });
  const byRule = Uint8Array.from(rules.rule, (name, r) => (has(name) || has(rules.ruleId[r]) ? 1 : 0));
  const byTarget = Uint8Array.from(targets.name, name => (has(name) ? 1 : 0));
  const byCategory = Uint8Array.from(meta.categories, c => (has(c.name) || has(c.label) ? 1 : 0));
  for (let i = 0; i < rec.n; i++) {
    if (!(bySource[rec.source[i]] | byRule[rec.rule[i]] | byTarget[rec.target[i]] | byCategory[rec.category[i]]))
      mask[i] = 0;
  }
}

/** A test for "contains this text", blind to case. */
export function lowered(text) {
  const needle = text.toLowerCase();
  return value => !!value && value.toLowerCase().includes(needle);
}

/**
 * The bytes of an IPv4 or IPv6 address; a zone (%eth0) is dropped.
 * @param {string|null} text
 * @returns {Uint8Array|null} 4 or 16 bytes; null when it is not an address
 */
export function parseAddress(text) {
  if (!text) return null;
  if (!text.includes(':')) {
    const parts = text.split('.');
    if (parts.length !== 4 || !parts.every(p => /^(0|[1-9]\d{0,2})$/.test(p) && +p < 256)) return null;
    return Uint8Array.from(parts, Number);
  }
  text = text.replace(/%[^%/]+$/, '');
  const v4 = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = v4 && parseAddress(v4[2]);
  if (v4 && !tail) return null;
  const body = v4
    ? `${v4[1]}${((tail[0] << 8) | tail[1]).toString(16)}:${((tail[2] << 8) | tail[3]).toString(16)}`
    : text;
  const halves = body.split('::');
  if (halves.length > 2) return null;
  const groups = half => (half === '' ? [] : half.split(':'));
  const left = groups(halves[0]),
    right = halves.length === 2 ? groups(halves[1]) : [];
  const gap = 8 - left.length - right.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return null;
  const all = [...left, ...new Array(halves.length === 2 ? gap : 0).fill('0'), ...right];
  if (!all.every(g => /^[0-9a-f]{1,4}$/i.test(g))) return null;
  return Uint8Array.from(
    all.flatMap(g => {
      const v = parseInt(g, 16);
      return [v >> 8, v & 255];
    }),
  );
}

// An IPv4 address in IPv6 clothes (::ffff:192.0.2.1) lies in the networks of that address.
function undressed({ bytes, bits }) {
  const dressed = bytes.length === 16 && bits >= 96 && bytes.every((b, k) => k > 11 || b === (k < 10 ? 0 : 255));
  return dressed ? { bytes: bytes.subarray(12), bits: bits - 96 } : { bytes, bits };
}

/**
 * A CIDR block, or an address as a block of its own.
 * @param {string} text
 * @returns {{bytes: Uint8Array, bits: number}}
 * @throws {RangeError} when it is neither
 */
export function parseCidr(text) {
  const [address, length, more] = String(text).trim().split('/');
  const bytes = parseAddress(address);
  const bits = length === undefined ? (bytes?.length ?? 0) * 8 : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (!bytes || more !== undefined || bits < 0 || bits > bytes.length * 8)
    throw new RangeError(`"${text}" is not a network like 192.0.2.0/24 or 2001:db8::/32.`);
  return undressed({ bytes, bits });
}

function inBlock(address, block) {
  if (address.length !== block.bytes.length) return false;
  const whole = block.bits >> 3,
    rest = block.bits & 7;
  for (let k = 0; k < whole; k++) if (address[k] !== block.bytes[k]) return false;
  return rest === 0 || (address[whole] ^ block.bytes[whole]) >> (8 - rest) === 0;
}
