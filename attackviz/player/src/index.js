// What is derived from a recording once: groups of sources and rules, and the routes on which events travel.

import { hash32, hash01 } from './geo.js';
import { countryName } from './format.js';

/** Number of colour slots: seven hues and one neutral. */
export const SLOTS = 8;

/** First index in a sorted array whose value is >= x, searched in [lo, hi). */
export function lowerBound(values, x, lo = 0, hi = values.length) {
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (values[mid] < x) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** First index in a sorted array whose value is > x, searched in [lo, hi). */
export function upperBound(values, x, lo = 0, hi = values.length) {
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (values[mid] <= x) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/**
 * Build everything the engine looks up but that no filter, window or clock changes.
 * @param {object} rec recording
 * @returns {object} groups (country, network, ruleName, targetName: {of, n, ...}), routes, placeKey, jitter
 */
export function buildIndex(rec) {
  const { places, sources, targets, rules } = rec;
  const country = group(sources.n, s => (sources.place[s] < 0 ? '' : places.country[sources.place[s]] || ''), '');
  const network = group(sources.n, s => sources.asn[s], 0);
  const org = new Array(network.n).fill('');
  for (let s = 0; s < sources.n; s++) if (!org[network.of[s]] && sources.org[s]) org[network.of[s]] = sources.org[s];
  org[0] = ''; // an organisation without a number is still "not in the database"
  const ruleName = group(rules.rule.length, r => rules.rule[r] || rules.ruleId[r] || '', '');
  const targetName = group(targets.n, k => targets.name[k] || '', '');
  const place = group(sources.n, s => (sources.place[s] < 0 ? '' : placeKey(places, sources.place[s])), '');
  place.row = new Int32Array(place.n).fill(-1); // one of the places of each name
  for (let s = 0; s < sources.n; s++) if (sources.place[s] >= 0) place.row[place.of[s]] = sources.place[s];
  // An address may stand in several rows, at several places; it is one source. Without an address there is none.
  const address = group(sources.n, s => sources.ip[s] ?? '', '');
  address.row = new Int32Array(address.n).fill(-1); // the first row of each
  for (let s = sources.n - 1; s >= 0; s--) address.row[address.of[s]] = s;
  return {
    address,
    country,
    network,
    org,
    ruleName,
    targetName,
    place,
    ...buildRoutes(rec),
    ...placeHashes(places),
    drawnTargets: drawTargets(targets),
  };
}

/** A place as the filters know it, the same in every recording: "CN/Zhejiang/Hangzhou". */
export const placeKey = (places, p) => `${places.country[p] || ''}/${places.region[p] || ''}/${places.city[p] || ''}`;

/** What a place is called on the map: city, else region, else country. */
export const placeName = (places, p) => places.city[p] || places.region[p] || countryName(places.country[p]);

// Rows to groups by value; group 0 is always the unknown one, so that "unknown" has its own row everywhere.
function group(n, valueOf, unknown) {
  const ids = new Map([[unknown, 0]]);
  const of = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const value = valueOf(i);
    let id = ids.get(value);
    if (id === undefined) ids.set(value, (id = ids.size));
    of[i] = id;
  }
  return { of, n: ids.size, values: [...ids.keys()] };
}

// A route is a distinct (place, slot, target) of the recording; an event that cannot be placed has route -1.
// Rings and arcs are sums over routes, so a frame touches one small array, however many events there are.
function buildRoutes(rec) {
  const { n, source, target, slot, sources, targets } = rec;
  const nt = Math.max(1, targets.n),
    cells = rec.places.n * SLOTS * nt;
  const dense = cells <= 1 << 22 ? new Int32Array(cells).fill(-1) : null;
  const sparse = dense ? null : new Map();
  const route = new Int32Array(n),
    keys = [];
  for (let i = 0; i < n; i++) {
    const p = sources.place[source[i]];
    if (p < 0 || !Number.isFinite(rec.places.mx[p])) {
      route[i] = -1;
      continue;
    }
    const key = (p * SLOTS + slot[i]) * nt + target[i];
    let id = dense ? dense[key] : (sparse.get(key) ?? -1);
    if (id < 0) {
      id = keys.length;
      keys.push(key);
      if (dense) dense[key] = id;
      else sparse.set(key, id);
    }
    route[i] = id;
  }
  const routePlace = Int32Array.from(keys, k => Math.floor(k / nt / SLOTS));
  const routeSlot = Uint8Array.from(keys, k => Math.floor(k / nt) % SLOTS);
  const routeTarget = Int32Array.from(keys, k =>
    Number.isFinite(targets.mx[k % nt]) && Number.isFinite(targets.my[k % nt]) ? k % nt : -1,
  );
  return {
    route,
    routes: keys.length,
    routePlace,
    routeSlot,
    routeTarget,
    routeHash: routeHashes(rec, routePlace, routeSlot, routeTarget),
  };
}

/** Hashes come from coordinates, not from row numbers: the same place has the same curve in every recording. */
export const coordinateHash = (lat, lon) => hash32(hash32(Math.round(lat * 1000)) ^ Math.round(lon * 1000));

function routeHashes(rec, place, slot, target) {
  const { places, targets } = rec;
  return Uint32Array.from(place, (p, r) => {
    const k = target[r];
    return hash32(
      coordinateHash(places.lat[p], places.lon[p]) ^
        (k < 0 ? 0 : coordinateHash(targets.lat[k], targets.lon[k])) ^
        (slot[r] + 1),
    );
  });
}

function placeHashes(places) {
  const jitter = new Float64Array(places.n);
  for (let p = 0; p < places.n; p++) jitter[p] = hash01(coordinateHash(places.lat[p], places.lon[p])) * 2 - 1;
  return { jitter };
}

/** Targets at one spot are one mark; its label names the first and says how many more there are. */
export function drawTargets(targets) {
  const spots = new Map();
  for (let k = 0; k < targets.n; k++) {
    if (!Number.isFinite(targets.mx[k]) || !Number.isFinite(targets.my[k])) continue;
    const key = `${targets.mx[k]},${targets.my[k]}`;
    const spot = spots.get(key);
    if (!spot) spots.set(key, { mx: targets.mx[k], my: targets.my[k], ids: [k], names: new Set([targets.name[k]]) });
    else {
      spot.ids.push(k);
      spot.names.add(targets.name[k]);
    }
  }
  return [...spots.values()].map(({ mx, my, ids, names }) => {
    const [first] = names;
    return { mx, my, ids, name: first || 'Target', more: names.size - 1 };
  });
}
