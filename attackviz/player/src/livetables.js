// Tables of a recording that grows: each row is made when it is first seen, and what is derived from it at once.

import { hash01, hash32, mercX, mercY } from './geo.js';
import { SLOTS, drawTargets, placeKey, coordinateHash } from './index.js';

const OTHER = 7;
const UNKNOWN = 'unknown';
const TARGETS = 65536;
const CATEGORIES = 256;

/** A typed array that grows; `view` is the part in use. */
export class Grown {
  constructor(Type, room = 256) {
    this.all = new Type(room);
    this.n = 0;
  }

  /** Make room for n values. */
  reserve(n) {
    if (n > this.all.length) this.all = wider(this.all, n);
  }

  push(value) {
    this.reserve(this.n + 1);
    this.all[this.n++] = value;
  }

  get view() {
    return this.all.subarray(0, this.n);
  }
}

/** A copy of a typed array with room for at least n values, half as much again. */
export function wider(values, n) {
  const out = new values.constructor(Math.ceil(n * 1.5));
  out.set(values);
  return out;
}

// Rows to groups by value; group 0 is the unknown one (as in index.js).
class Group {
  constructor(unknown) {
    this.ids = new Map([[unknown, 0]]);
    this.values = [unknown];
    this.of = new Grown(Uint32Array);
  }

  add(value) {
    let id = this.ids.get(value);
    const fresh = id === undefined;
    if (fresh) {
      this.ids.set(value, (id = this.values.length));
      this.values.push(value);
    }
    this.of.push(id);
    return { id, fresh };
  }

  get plain() {
    return { of: this.of.view, n: this.values.length, values: this.values };
  }
}

const columns = (types) => Object.fromEntries(Object.entries(types).map(([name, Type]) => [name, Type ? new Grown(Type) : []]));
const seen = (values) => (values instanceof Grown ? values.view : values);
const COORDINATES = { lat: Float32Array, lon: Float32Array, mx: Float64Array, my: Float64Array };

function putPoint(part, lat, lon) {
  part.lat.push(lat);
  part.lon.push(lon);
  part.mx.push(mercX(lon));
  part.my.push(mercY(lat));
}

/** Slots of categories in the order they were met: shipped names keep theirs, the others take what is free, the rest is "Other". Pure. */
export function slotsFor(names, shipped) {
  const own = new Map(shipped.map((name, slot) => [name, slot]));
  const taken = new Set(names.map((name) => own.get(name)));
  const free = [0, 1, 2, 3, 4, 5, 6].filter((slot) => !taken.has(slot));
  return names.map((name) => own.get(name) ?? (name === UNKNOWN ? OTHER : free.shift() ?? OTHER));
}

/** Places, sources, targets, rules, categories and routes that were met so far. */
export class Tables {
  /** @param {object} labels names of the categories that ship with a slot, in its order, to their words */
  constructor(labels) {
    this.labels = labels;
    this.ids = { place: new Map(), source: new Map(), target: new Map(), rule: new Map() }; // rows by one of their cells
    this.categoryIds = new Map();
    this.routeIds = new Map();
    this.places = columns({ country: null, region: null, city: null, ...COORDINATES });
    this.sources = columns({ ip: null, place: Int32Array, asn: Uint32Array, org: null });
    this.targets = columns({ name: null, country: null, ...COORDINATES });
    this.rules = { rule: [], ruleId: [] };
    this.categories = [];
    this.routes = columns({ place: Int32Array, slot: Uint8Array, target: Int32Array, hash: Uint32Array });
    this.jitter = new Grown(Float64Array);
    this.groups = { country: new Group(''), network: new Group(0), place: new Group(''), address: new Group(''), ruleName: new Group(''), targetName: new Group('') };
    this.placeRow = [-1];
    this.addressRow = [-1];
    this.org = [''];
    this.spots = null;
  }

  // The row of these cells: looked for among those that share one cell, for that is faster than to make a key of all.
  row(kind, cell, is, make) {
    const rows = this.ids[kind].get(cell);
    if (rows) for (const id of rows) if (is(id)) return id;
    const id = make();
    if (rows) rows.push(id);
    else this.ids[kind].set(cell, [id]);
    return id;
  }

  /** The row of a place; -1 where neither coordinates nor a country are known. */
  place(country, region, city, lat, lon) {
    const located = Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
    if (!located && !country) return -1;
    const [y, x] = located ? [lat, lon] : [NaN, NaN];
    const { places } = this;
    const is = (k) => places.city[k] === city && places.region[k] === region && places.country[k] === country && Object.is(places.lon.all[k], x);
    return this.row('place', y, is, () => {
      places.country.push(country);
      places.region.push(region);
      places.city.push(city);
      putPoint(places, y, x);
      this.jitter.push(hash01(coordinateHash(places.lat.all[places.lat.n - 1], places.lon.all[places.lon.n - 1])) * 2 - 1);
      return places.lat.n - 1;
    });
  }

  source(ip, place, asn, org) {
    const { sources, places, groups } = this;
    const is = (k) => sources.place.all[k] === place && sources.asn.all[k] === asn && sources.org[k] === org;
    return this.row('source', ip || place, is, () => {
      const id = sources.ip.length;
      sources.ip.push(ip || null);
      sources.place.push(place);
      sources.asn.push(asn);
      sources.org.push(org);
      groups.country.add(place < 0 ? '' : places.country[place]);
      const network = groups.network.add(asn);
      if (network.fresh) this.org.push('');
      if (network.id && !this.org[network.id]) this.org[network.id] = org;
      const named = groups.place.add(place < 0 ? '' : placeKey(places, place));
      if (named.fresh) this.placeRow.push(-1);
      if (place >= 0) this.placeRow[named.id] = place;
      const address = groups.address.add(ip || '');
      if (address.fresh) this.addressRow.push(id);
      else if (this.addressRow[address.id] < 0) this.addressRow[address.id] = id;
      return id;
    });
  }

  target(name, country, lat, lon) {
    const { targets } = this;
    if (targets.name.length >= TARGETS - 1) [name, country, lat, lon] = ['Other targets', '', NaN, NaN];
    const is = (k) => targets.country[k] === country && Object.is(targets.lat.all[k], lat) && Object.is(targets.lon.all[k], lon);
    return this.row('target', name, is, () => {
      targets.name.push(name);
      targets.country.push(country);
      putPoint(targets, lat, lon);
      this.groups.targetName.add(name);
      this.spots = null;
      return targets.name.length - 1;
    });
  }

  rule(rule, ruleId) {
    const { rules } = this;
    return this.row('rule', rule, (k) => rules.ruleId[k] === ruleId, () => {
      rules.rule.push(rule);
      rules.ruleId.push(ruleId);
      this.groups.ruleName.add(rule || ruleId);
      return rules.rule.length - 1;
    });
  }

  /** The row of a category; `categories` may then hold other slots than before. */
  category(name) {
    const { categoryIds: ids, labels } = this;
    const own = ids.size >= CATEGORIES - 1 && !ids.has(name || UNKNOWN) ? 'other' : name || UNKNOWN;
    let id = ids.get(own);
    if (id !== undefined) return id;
    ids.set(own, (id = ids.size));
    const slots = slotsFor([...ids.keys()], Object.keys(labels));
    this.categories = [...ids.keys()].map((known, k) => ({ name: known, label: labels[known] ?? (known === UNKNOWN ? 'Unknown' : known), slot: slots[k] }));
    return id;
  }

  /** The route of an event, or -1 where it cannot be placed. */
  route(source, slot, target) {
    const place = this.sources.place.all[source];
    const { places, targets, routes, routeIds } = this;
    if (place < 0 || !Number.isFinite(places.mx.all[place])) return -1;
    const key = (place * SLOTS + slot) * TARGETS + target;
    let id = routeIds.get(key);
    if (id !== undefined) return id;
    routeIds.set(key, (id = routeIds.size));
    const aim = Number.isFinite(targets.mx.all[target]) && Number.isFinite(targets.my.all[target]) ? target : -1;
    const at = (part, k) => (k < 0 ? 0 : coordinateHash(part.lat.all[k], part.lon.all[k]));
    routes.place.push(place);
    routes.slot.push(slot);
    routes.target.push(aim);
    routes.hash.push(hash32(at(places, place) ^ at(targets, aim) ^ (slot + 1)));
    return id;
  }

  /** Write the tables as they are now into a recording and its index. */
  show(rec, index) {
    const part = (cells, n) => ({ n, ...Object.fromEntries(Object.entries(cells).map(([name, values]) => [name, seen(values)])) });
    rec.places = part(this.places, this.places.lat.n);
    rec.sources = part(this.sources, this.sources.place.n);
    rec.targets = part(this.targets, this.targets.lat.n);
    rec.rules = this.rules;
    rec.meta.categories = this.categories;
    rec.slotOf = Uint8Array.from(this.categories, (c) => c.slot);
    for (const [name, group] of Object.entries(this.groups)) index[name] = group.plain;
    index.place.row = this.placeRow;
    index.address.row = this.addressRow;
    Object.assign(index, {
      org: this.org, jitter: this.jitter.view, routes: this.routeIds.size, routePlace: this.routes.place.view, routeSlot: this.routes.slot.view,
      routeTarget: this.routes.target.view, routeHash: this.routes.hash.view, drawnTargets: (this.spots ??= drawTargets(rec.targets)),
    });
  }
}
