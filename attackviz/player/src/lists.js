// Ranked lists, one source or place in detail, and search: sums over groups of a scope.

import { SLOTS, placeKey, placeName } from './index.js';
import { PASS, lowered } from './filters.js';
import { asnText, countryName, organisation } from './format.js';

const SPARK = 48;

/** What can be ranked. */
export const TOP_FIELDS = ['country', 'network', 'address', 'rule', 'port', 'target'];

/**
 * Rank the groups of a field.
 * @param {object} rec recording
 * @param {object} index of the recording
 * @param {string} field of TOP_FIELDS
 * @param {Float64Array} cells sums by base row and slot: rows are sources, rules, ports or targets
 * @param {number} n rows wanted
 * @returns {{rows: object[], distinct: number, total: number}} distinct counts known values only; total counts the unknown row too
 */
export function rank(rec, index, field, cells, n) {
  const { of, size, describe, unknown = k => k === 0 } = grouping(rec, index, field);
  const sums = of ? regroup(cells, of, size) : cells;
  const found = [],
    best = (x, y) => y[1] - x[1] || x[0] - y[0];
  let distinct = 0,
    total = 0,
    least = 0;
  for (let k = 0; k < sums.length / SLOTS; k++) {
    let sum = 0;
    for (let c = 0; c < SLOTS; c++) sum += sums[k * SLOTS + c];
    if (sum === 0) continue;
    total++;
    if (!unknown(k)) distinct++;
    if (sum <= least) continue;
    found.push([k, sum]);
    // Of very many groups only the leading n are kept sorted.
    if (found.length >= 4 * n + 64) {
      found.sort(best).length = n;
      least = n ? found[n - 1][1] : Infinity;
    }
  }
  const rows = found
    .sort(best)
    .slice(0, n)
    .map(([k, count]) => ({
      ...describe(k),
      unknown: unknown(k),
      count,
      bySlot: sums.slice(k * SLOTS, (k + 1) * SLOTS),
    }));
  return { rows, distinct, total };
}

/** The column of events whose rows a field's cells are summed over: [name, number of rows]. */
export function baseOf(rec, field) {
  if (field === 'rule') return ['rule', rec.rules.rule.length];
  if (field === 'port') return ['dstPort', 65536];
  if (field === 'target') return ['target', rec.targets.n];
  if (TOP_FIELDS.includes(field)) return ['source', rec.sources.n];
  throw new RangeError(`There is no list of "${field}"; there are ${TOP_FIELDS.join(', ')}.`);
}

function regroup(cells, of, size) {
  const out = new Float64Array(size * SLOTS);
  for (let k = 0; k < of.length; k++) {
    const from = k * SLOTS,
      to = of[k] * SLOTS;
    for (let c = 0; c < SLOTS; c++) if (cells[from + c]) out[to + c] += cells[from + c];
  }
  return out;
}

// Group 0 is always the unknown one.
function grouping(rec, index, field) {
  const row = (key, code, label) => ({ key, code, label, filter: { field, value: key } });
  const { address, country, network, org, ruleName, targetName } = index;
  switch (field) {
    case 'country':
      return {
        of: country.of,
        size: country.n,
        describe: k => row(country.values[k], country.values[k] || '-', countryName(country.values[k])),
      };
    case 'network':
      return {
        of: network.of,
        size: network.n,
        describe: k =>
          row(
            network.values[k],
            asnText(network.values[k]),
            k === 0 ? 'not in the database' : organisation(org[k]) || asnText(network.values[k]),
          ),
      };
    case 'address':
      return {
        of: address.of,
        size: address.n,
        describe: k => row(address.values[k], k ? countryCode(rec, address.row[k]) : '-', address.values[k] || 'no address'),
      };
    case 'rule':
      return {
        of: ruleName.of,
        size: ruleName.n,
        describe: k => row(ruleName.values[k], '', ruleName.values[k] || 'no rule'),
      };
    case 'port':
      return { describe: k => row(k, '', k === 0 ? 'no port' : String(k)) };
    default:
      return {
        of: targetName.of,
        size: targetName.n,
        describe: k => row(targetName.values[k], '', targetName.values[k] || 'no target'),
      };
  }
}

const countryCode = (rec, s) => (rec.sources.place[s] < 0 ? '-' : rec.places.country[rec.sources.place[s]] || '-');

/**
 * One source in detail.
 * @param {object} rec recording
 * @param {object} index of the recording
 * @param {Uint8Array} mask
 * @param {number} source row
 * @param {{trail: [number, number], window: [number, number]}} ranges of event indices
 * @param {[number, number]} window in ticks
 * @returns {object} ip, place, country, network, countTrail, countWindow, first, last (ticks or null), mostly, spark (48 bins of the window)
 */
export function sourceInfo(rec, index, mask, source, ranges, window) {
  const own = rec.source,
    sums = summary(rec, mask, i => own[i] === source, ranges, window);
  const p = rec.sources.place[source],
    asn = rec.sources.asn[source];
  return {
    kind: 'source',
    id: source,
    ip: rec.sources.ip[source],
    place: p < 0 ? null : placeName(rec.places, p),
    placeId: p,
    region: p < 0 ? '' : rec.places.region[p],
    country: countryCode(rec, source),
    countryName: p < 0 ? 'Unknown' : countryName(rec.places.country[p]),
    asn,
    network: asn ? organisation(rec.sources.org[source]) : 'not in the database',
    networkCode: asnText(asn),
    ...sums,
  };
}

/**
 * One place in detail: like sourceInfo, with its sources of the trail, most events first.
 * @returns {object} id, place, country, countTrail, countWindow, first, last, mostly, spark, sources: [{id, count}]
 */
export function placeInfo(rec, index, mask, place, ranges, window) {
  const at = rec.sources.place,
    own = rec.source;
  return {
    kind: 'place',
    id: place,
    place: placeName(rec.places, place),
    region: rec.places.region[place],
    country: rec.places.country[place] || '-',
    countryName: countryName(rec.places.country[place]),
    key: placeKey(rec.places, place),
    ...summary(rec, mask, i => at[own[i]] === place, ranges, window),
    sources: sourcesAt(rec, mask, place, ranges.trail),
  };
}

/** Sources of a place among the events [a, b), most events first: [{id, count}]. */
export function sourcesAt(rec, mask, place, [a, b]) {
  const found = new Map();
  for (let i = a; i < b; i++) {
    const s = rec.source[i];
    if (rec.sources.place[s] === place && mask[i] & PASS)
      found.set(s, (found.get(s) ?? 0) + (rec.weight ? rec.weight[i] : 1));
  }
  return [...found].map(([id, count]) => ({ id, count })).sort((x, y) => y.count - x.count || x.id - y.id);
}

function summary(rec, mask, mine, ranges, window) {
  const { grain, tick_us: tick } = rec.meta;
  const bins = grain ? Math.max(1, Math.min(SPARK, Math.floor(((window[1] - window[0]) * tick) / 1e6 / grain.seconds))) : SPARK; // no bin without a cell
  const spark = new Float64Array(bins),
    categories = new Map();
  const [ta, tb] = ranges.trail,
    [a, b] = ranges.window,
    width = Math.max(1, window[1] - window[0]);
  let countTrail = 0,
    countWindow = 0,
    first = null,
    last = null;
  for (let i = a; i < b; i++) {
    if (!mine(i) || !(mask[i] & PASS)) continue;
    const w = rec.weight ? rec.weight[i] : 1;
    countWindow += w;
    if (i >= ta && i < tb) countTrail += w;
    first ??= rec.t[i];
    last = rec.t[i];
    spark[Math.min(bins - 1, Math.floor(((rec.t[i] - window[0]) / width) * bins))] += w;
    categories.set(rec.category[i], (categories.get(rec.category[i]) ?? 0) + w);
  }
  let mostly = null;
  for (const [c, n] of categories)
    if (!mostly || n > mostly.count)
      mostly = { category: c, label: rec.meta.categories[c].label, slot: rec.meta.categories[c].slot ?? 7, count: n };
  return { countTrail, countWindow, first, last, mostly, spark };
}

/**
 * Find addresses, networks, countries, places and rules by text.
 * @param {object} rec recording
 * @param {object} index of the recording
 * @param {string} text looked for anywhere, blind to case; a match at the start comes first
 * @param {number} n results
 * @param {{source: Float64Array, rule: Float64Array}} cells sums of the window by source and by rule
 * @param {object|null} coarse a recording's cells: what they do not hold is looked for in their lists
 * @returns {object[]} {kind, label, detail, count, filter: {field, value}, id?}
 */
export function search(rec, index, text, n, cells, coarse = null) {
  const query = text.trim();
  if (!query) return [];
  const has = lowered(query),
    start = query.toLowerCase(),
    found = [];
  const add = (kind, label, detail, field, value, count, id) =>
    found.push({
      kind,
      label,
      detail,
      count,
      filter: { field, value },
      id,
      starts: label.toLowerCase().startsWith(start),
    });
  const total = (sums, k) => {
    let s = 0;
    for (let c = 0; c < SLOTS; c++) s += sums[k * SLOTS + c];
    return s;
  };
  const groups = ['country', 'network', 'place'].map(name => regroup(cells.source, index[name].of, index[name].n));
  index.country.values.forEach((code, k) => {
    if (code && (has(countryName(code)) || code.toLowerCase() === start))
      add('country', countryName(code), code, 'country', code, total(groups[0], k));
  });
  index.network.values.forEach((asn, k) => {
    if (k && (has(index.org[k]) || has(asnText(asn))))
      add('network', organisation(index.org[k]) || asnText(asn), asnText(asn), 'network', asn, total(groups[1], k));
  });
  index.place.values.forEach((key, k) => {
    if (k === 0) return;
    const p = index.place.row[k],
      { city, region, country } = rec.places;
    if (has(city[p]) || (!city[p] && has(region[p])))
      add('place', placeName(rec.places, p), countryName(country[p]), 'place', key, total(groups[2], k));
  });
  rec.sources.ip.forEach((ip, s) => {
    if (has(ip)) add('address', ip, countryCode(rec, s), 'address', ip, total(cells.source, s), s);
  });
  const rules = regroup(cells.rule, index.ruleName.of, index.ruleName.n);
  index.ruleName.values.forEach((name, k) => {
    if (k && has(name)) add('rule', name, '', 'rule', name, total(rules, k));
  });
  for (const field of coarse ? ['network', 'address', 'rule'] : [])
    for (const { key, code, label, count, unknown } of coarse.top(field, Infinity).rows)
      if (!unknown && (has(label) || has(code))) add(field, label, field === 'rule' ? '' : code, field, key, count);
  return found
    .sort((a, b) => b.starts - a.starts || b.count - a.count || (a.label < b.label ? -1 : 1))
    .slice(0, n)
    .map(({ starts, ...rest }) => rest);
}
