// Recordings of cells: counts by time bin, place, target, category and verdict, where there are too many events to show one by one.

import { buildIndex } from './index.js';
import { PASS, compileMask } from './filters.js';
import { asnText, duration, organisation } from './format.js';
import { MAP } from './mapstyle.js';

const EXACT = ['slot', 'category', 'verdict', 'country', 'place', 'target']; // what a cell can be asked for
const LISTED = { network: 'networks', address: 'addresses', rule: 'rules', port: 'ports' };
const FULL = (MAP.ringMax / MAP.ringK) ** 2; // events of the largest ring
const LEVELS = { region: 2, country: 1 }; // parts of a place's key that a cell knows

/** How coarse cells are, in words: "15 min by city". */
export function grainText({ seconds, place, targets }) {
  const where = { point: 'by place', none: 'without places' }[place] ?? `by ${place}`;
  const arrivals = targets === null || targets === undefined ? '' : `, ${targets} targets named`;
  return `${duration(seconds)} ${where}${arrivals}`;
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** What an engine needs to know of its recording's cells. Times are ticks. */
export class Cells {
  /**
   * @param {object} rec recording whose meta has a grain
   * @param {number} perSecond ticks a second
   */
  constructor(rec, perSecond) {
    this.rec = rec;
    this.grain = rec.meta.grain;
    this.ticks = Math.max(1, this.grain.seconds * perSecond);
    this.origin = -((rec.meta.start_us / rec.meta.tick_us) % this.ticks);
    this.setLists(rec.meta.lists ?? null, rec.meta.window, rec.meta.filters ?? {});
    this.sample = rec.sample ? new Sample(rec) : null;
  }

  /** Take ranked lists of a window (ticks) under filters, in the form of the header's `lists`. */
  setLists(lists, window, filters) {
    this.lists = lists && { ...lists, window: this.outward(window), filters };
  }

  /** The bin's start at or before a tick, and the bin's end after it. */
  floor(t) {
    return this.origin + Math.floor((t - this.origin) / this.ticks) * this.ticks;
  }

  ceil(t) {
    return this.origin + Math.ceil((t - this.origin) / this.ticks) * this.ticks;
  }

  /** A length in ticks made a whole number of bins, at least one. */
  whole(length) {
    return Math.max(1, Math.ceil(length / this.ticks - 1e-9)) * this.ticks;
  }

  /** A window of whole bins around one; the recording may itself begin or end within a bin. */
  outward([a, b]) {
    const end = this.rec.meta.end;
    return [Math.max(0, this.floor(a)), Math.min(end, this.ceil(b))];
  }

  /** Whole bins that a trail of this length ends with at t: [from, to), inside the window. */
  range(t, length, [a, b]) {
    const to = Math.min(b, this.floor(t) + this.ticks);
    return [Math.max(a, length === Infinity ? a : this.ceil(to - length)), to];
  }

  /** Filters that cells can be asked, those that were applied when they were made, and the names of the others. */
  split(filters) {
    const own = {},
      others = [];
    const applied = this.rec.meta.filters ?? {};
    for (const [field, condition] of Object.entries(filters)) {
      if (this.can(field)) own[field] = condition;
      else if (!same(applied[field], condition)) others.push(field);
    }
    return { own, others };
  }

  /** Whether cells can be asked for a field. */
  can(field) {
    return EXACT.includes(field) && !(this.grain.place === 'none' && (field === 'country' || field === 'place'));
  }

  /** Whether a field's list is not made of cells. */
  listed(field) {
    return field in LISTED;
  }

  /** A list of what cells do not hold, as `rank` in lists.js gives it; it is of the window its lists are of. */
  top(field, n) {
    const name = LISTED[field],
      rows = this.lists?.[name] ?? [];
    const slotOf = new Map(this.rec.meta.categories.map(c => [c.name, c.slot ?? 7]));
    return {
      rows: rows.slice(0, n).map(row => ({ ...describe(field, row), count: row.events, bySlot: slots(row.by, slotOf) })),
      distinct: this.lists?.distinct?.[name] ?? rows.filter(row => row.key !== null).length,
      total: rows.length,
    };
  }

  /** Whether the lists are of this window and these filters. */
  current(window, filters) {
    return this.lists !== null && same(this.lists.window, window) && same(this.lists.filters, filters);
  }

  /** The newest events of the sample in [from, to], newest first: {rec, events}. */
  feed(from, to, n, filters) {
    return this.sample?.latest(from, to, n, filters, LEVELS[this.grain.place] ?? 3) ?? { rec: this.rec, events: [] };
  }
}

/**
 * The scale of the rings of very many events: how many a unit of it stands for, by the length of the trail. It is such, in
 * round numbers, that the place with most events has about the largest ring at its mean.
 */
export function ringScale(rec) {
  const most = busiest(rec);
  return trail => roundUp((most * Math.min(1, trail / Math.max(1, rec.meta.end))) / FULL);
}

function busiest({ n, source, weight, sources, places }) {
  const sums = new Float64Array(places.n);
  for (let i = 0; i < n; i++) {
    const p = sources.place[source[i]];
    if (p >= 0) sums[p] += weight ? weight[i] : 1;
  }
  return sums.reduce((most, sum) => Math.max(most, sum), 0);
}

// The next of 1, 2, 5, 10, 20, 50 and so on.
function roundUp(value) {
  if (!(value > 1)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return Math.round(power * ([1, 2, 5].find(m => m * power >= value) ?? 10));
}

function describe(field, { key, country, org }) {
  const unknown = key === null;
  const row = (code, label, none) => ({ key, code, label: unknown ? none : label, unknown, filter: { field, value: unknown ? (field === 'network' || field === 'port' ? 0 : '') : key } });
  if (field === 'network') return row(asnText(key), organisation(org) || asnText(key), 'not in the database');
  if (field === 'address') return row(country || '-', key, 'no address');
  return field === 'rule' ? row('', key, 'no rule') : row('', String(key), 'no port');
}

function slots(by, slotOf) {
  const out = new Float64Array(8);
  for (const [name, n] of Object.entries(by ?? {})) out[slotOf.get(name) ?? 7] += n;
  return out;
}

/** Single events that stand for the rest, as a small recording of their own. */
class Sample {
  constructor({ meta, slotOf, sample }) {
    const n = sample.n,
      rows = Uint32Array.from({ length: n }, (_, i) => i);
    const nowhere = new Float32Array(n).fill(NaN);
    this.rec = {
      ...sample, meta, n, source: rows, rule: rows, target: Uint16Array.from(rows),
      slot: Uint8Array.from(sample.category, c => slotOf[c]),
      places: { n, country: sample.country, region: sample.region, city: sample.city, lat: nowhere, lon: nowhere, mx: nowhere, my: nowhere },
      sources: { n, ip: sample.ip, place: Int32Array.from(rows, i => (sample.country[i] ? i : -1)), asn: sample.asn, org: sample.org },
      targets: { n, name: sample.target, country: [], lat: nowhere, lon: nowhere, mx: nowhere, my: nowhere },
      rules: { rule: sample.ruleName, ruleId: sample.ruleId },
    };
    this.mask = new Uint8Array(n);
    this.key = '';
  }

  latest(from, to, most, filters, level) {
    const key = JSON.stringify([filters, level]);
    if (key !== this.key) {
      this.key = key;
      const { places } = this.rec;
      const blank = places.city.map(() => '');
      const seen = { ...this.rec, places: { ...places, region: level < 2 ? blank : places.region, city: level < 3 ? blank : places.city } };
      compileMask(seen, buildIndex(seen), filters, this.mask);
    }
    const events = [];
    for (let i = this.rec.n - 1; i >= 0 && events.length < most; i--)
      if (this.rec.t[i] <= to && this.rec.t[i] >= from && this.mask[i] & PASS) events.push(i);
    return { rec: this.rec, events };
  }
}
