// The engine over a recording that grows: events come in wherever their time is, the oldest make room, the end is now. No wall clock.

import { Engine } from './engine.js';
import { PASS, PASS_BUT_SLOT, compileMask, shownSlots } from './filters.js';
import { upperBound } from './index.js';
import { Grown, Tables } from './livetables.js';
import { Distinct, LiveSlide, LiveTrail } from './livetrail.js';

const TICK_US = 1000;
const HOUR_US = 3600e6;
const KEEP_US = 24 * HOUR_US;
const AHEAD_US = 60e6; // clocks differ; an event further in the future is not of now
const CAP = 300_000;
const SLACK = 1.25; // the ring is cut only when it is fuller than this, for to cut costs a walk over all of it
const IDS = 4096;
const COLUMNS = { t: Uint32Array, source: Uint32Array, target: Uint16Array, category: Uint8Array, verdict: Uint8Array, rule: Uint32Array, severity: Uint8Array, dstPort: Uint16Array, weight: Uint32Array, slot: Uint8Array, sequence: Float64Array, route: Int32Array };

const hourOf = (us) => Math.floor(us / HOUR_US) * HOUR_US;

function emptyMeta({ nowUs, verdicts, severities, title, attribution = [], source = '' }) {
  const start = hourOf(nowUs - HOUR_US);
  const end = Math.ceil((nowUs - start) / TICK_US);
  return {
    version: 1, title, source, formats: [], start_us: start, tick_us: TICK_US, end, window: [0, end], totals: { events: 0, untimed: 0, in_recording: 0, unlocated: 0 },
    account: null, categories: [], category_title: 'Service', verdicts, severities, budget: CAP, grain: null, filters: {}, attribution, notice: null,
  };
}

/** Engine over live events. `take` adds a batch, `extend` lets time go on. */
export class LiveEngine extends Engine {
  /**
   * @param {object} about nowUs (epoch microseconds), verdicts, severities, labels (of the categories that ship), title, attribution,
   *   wholeUs (from when on the first batches hold all there is, if that is known)
   * @param {object} options as the engine's, and cap (rows), keepUs
   */
  constructor(about, { cap = CAP, keepUs = KEEP_US, ...options } = {}) {
    const rec = { meta: emptyMeta(about), n: 0, sample: null };
    const tables = new Tables(about.labels);
    const index = {};
    tables.show(rec, index);
    for (const [name, Type] of Object.entries(COLUMNS)) (name === 'route' ? index : rec)[name] = new Type(0);
    super(rec, options);
    Object.assign(this, { tables, cap, keepUs, last: -1, older: 0, ahead: 0, ids: new Map(), wholeUs: about.wholeUs ?? null });
    this.columns = Object.fromEntries(Object.entries(COLUMNS).map(([name, Type]) => [name, new Grown(Type, 4096)]));
    this.masks = new Grown(Uint8Array, 4096);
    rec.idOf = (event) => this.ids.get(rec.sequence[event]) ?? '';
    this.begin(index);
  }

  // Everything that looks at the recording, anew.
  begin(index = {}) {
    this.index = index;
    this.show();
    this.masks.n = this.rec.n;
    this.masks.reserve(this.rec.n);
    this.mask = this.masks.view;
    this.slides.clear();
    this.trail = new LiveTrail(this.rec, index);
    this.wholes = new Distinct(this.rec, index);
    this.parts = new Distinct(this.rec, index);
    this.applyFilters(this.state.filters);
  }

  show() {
    const { rec, index, columns } = this;
    this.tables.show(rec, index);
    for (const name of Object.keys(COLUMNS)) (name === 'route' ? index : rec)[name] = columns[name].view;
    rec.n = columns.t.n;
    this.histograms.clear();
    this.strips = undefined;
  }

  /** Epoch microseconds from which on all is here: as was said (`wholeUs`), or the time of the oldest event. */
  get sinceUs() {
    return this.wholeUs ?? this.timeUs(this.rec.n ? this.rec.t[0] : this.rec.meta.end);
  }

  /**
   * Take a batch; what came before (by its sequence) is left out.
   * @param {object} batch from decodeBatch
   * @param {number} nowUs epoch microseconds
   * @returns {number} rows taken
   */
  take(batch, nowUs) {
    const order = this.choose(batch, nowUs);
    if (!order.length) return 0;
    const earliest = batch.time[order[0]];
    this.meet(batch, order);
    if (earliest < this.rec.meta.start_us) this.rebuild(0, hourOf(earliest));
    const rows = this.read(batch, order);
    const p = upperBound(this.rec.t, rows.t[0]);
    const followers = [this.trail, this.wholes, this.parts, ...this.slides.values()];
    for (const each of followers) each.retreat(p, this.mask, this.version);
    const before = this.rec.t;
    for (const [name, column] of Object.entries(this.columns)) if (name !== 't') merge(column, rows[name], before, rows.t);
    merge(this.masks, new Uint8Array(order.length), before, rows.t);
    merge(this.columns.t, rows.t, before.slice(p), rows.t, p);
    this.show();
    this.mask = this.masks.view;
    this.pass(p);
    this.sums.refresh(p, this.mask);
    this.trail.advance(p, this.mask, this.version);
    this.wholes.grow();
    this.parts.grow();
    this.dispatchEvent(new CustomEvent('change', { detail: { keys: new Set(['events']) } }));
    const old = upperBound(this.rec.t, this.ticksOf((nowUs - this.keepUs * SLACK) / 1000));
    if (this.rec.n > this.cap * SLACK || old > 0) {
      const keep = upperBound(this.rec.t, this.ticksOf((nowUs - this.keepUs) / 1000));
      this.rebuild(Math.max(keep, this.rec.n - this.cap));
    }
    return order.length;
  }

  // Rows that are new and of now, by their time.
  choose({ n, sequence, time, event_id: ids, count }, nowUs) {
    const order = [];
    const { totals } = this.rec.meta;
    for (let i = 0; i < n; i++) {
      if (sequence[i] <= this.last) continue;
      this.last = sequence[i];
      this.ids.set(sequence[i], ids[i]);
      totals.events += count[i];
      if (!Number.isFinite(time[i])) totals.untimed += count[i];
      else if (time[i] > nowUs + AHEAD_US) this.ahead += count[i];
      else if (time[i] < nowUs - this.keepUs) this.older += count[i];
      else order.push(i);
    }
    for (const key of this.ids.keys()) {
      if (this.ids.size <= IDS) break;
      this.ids.delete(key);
    }
    return Uint32Array.from(order.sort((a, b) => time[a] - time[b] || a - b));
  }

  // A category that is met for the first time may take the slot of another.
  meet({ category }, order) {
    const had = this.tables.categories;
    for (const i of order) this.tables.category(category[i]);
    if (had.some((c, k) => c.slot !== this.tables.categories[k].slot)) this.rebuild(0, this.rec.meta.start_us);
  }

  read(batch, order) {
    const { tables } = this;
    const { start_us: start, totals } = this.rec.meta;
    const rows = Object.fromEntries(Object.entries(COLUMNS).map(([name, Type]) => [name, new Type(order.length)]));
    const {
      time, src_ip: ip, src_country: country, src_region: region, src_city: city, src_lat: lat, src_lon: lon, src_asn: asn, src_org: org, dst_name: name, dst_host: host, sensor, dst_ip: to,
      dst_country: toCountry, dst_lat: toLat, dst_lon: toLon, category, verdict, rule, rule_id: ruleId, severity, dst_port: port, count, sequence,
    } = batch;
    for (let k = 0; k < order.length; k++) {
      const i = order[k];
      const place = tables.place(country[i], region[i], city[i], lat[i], lon[i]);
      rows.t[k] = Math.floor((time[i] - start) / TICK_US);
      rows.source[k] = tables.source(ip[i], place, asn[i], org[i]);
      rows.target[k] = tables.target(name[i] || host[i] || sensor[i] || to[i], toCountry[i], toLat[i], toLon[i]);
      rows.category[k] = tables.category(category[i]);
      rows.slot[k] = tables.categories[rows.category[k]].slot;
      rows.verdict[k] = verdict[i];
      rows.rule[k] = tables.rule(rule[i], ruleId[i]);
      rows.severity[k] = severity[i];
      rows.dstPort[k] = port[i];
      rows.weight[k] = count[i];
      rows.sequence[k] = sequence[i];
      rows.route[k] = tables.route(rows.source[k], rows.slot[k], rows.target[k]);
      totals.in_recording += count[i];
      if (rows.route[k] < 0) totals.unlocated += count[i];
    }
    return rows;
  }

  // Masks of the rows from p on.
  pass(p) {
    const { rec, index } = this;
    const { filters } = this.state;
    this.shown = shownSlots(rec, filters);
    if (!Object.keys(filters).length) {
      this.mask.fill(PASS | PASS_BUT_SLOT, p);
      return;
    }
    const rows = (name) => rec[name].subarray(p);
    const ids = [...new Set(rows('source'))];
    const at = new Map(ids.map((s, k) => [s, k]));
    const of = (values) => ids.map((s) => values[s]);
    const { sources } = rec;
    const part = {
      ...rec, n: rec.n - p, source: Uint32Array.from(rows('source'), (s) => at.get(s)), sources: { n: ids.length, ip: of(sources.ip), place: of(sources.place), asn: of(sources.asn), org: of(sources.org) },
    };
    for (const name of ['target', 'category', 'verdict', 'rule', 'severity', 'dstPort', 'slot']) part[name] = rows(name);
    compileMask(part, { ...index, country: { ...index.country, of: of(index.country.of) } }, filters, this.mask.subarray(p));
  }

  // Keep the rows from an index on, with tables of what they hold only; maybe with another start.
  rebuild(from, startUs = null) {
    const { rec, columns, state, index } = this;
    const { meta, places, sources, targets, rules } = rec;
    const fresh = new Tables(this.tables.labels);
    for (const { name } of this.tables.categories) fresh.category(name);
    const once = (n, make) => {
      const known = new Int32Array(n).fill(-2);
      return (k) => (known[k] === -2 ? (known[k] = make(k)) : known[k]);
    };
    const place = once(places.n, (k) => fresh.place(places.country[k], places.region[k], places.city[k], places.lat[k], places.lon[k]));
    const source = once(sources.n, (k) => fresh.source(sources.ip[k], sources.place[k] < 0 ? -1 : place(sources.place[k]), sources.asn[k], sources.org[k]));
    const target = once(targets.n, (k) => fresh.target(targets.name[k], targets.country[k], targets.lat[k], targets.lon[k]));
    const rule = once(rules.rule.length, (k) => fresh.rule(rules.rule[k], rules.ruleId[k]));
    const start = startUs ?? hourOf(Math.min(this.timeUs(rec.n > from ? rec.t[from] : meta.end), this.timeUs(state.window[0])));
    const shift = (start - meta.start_us) / TICK_US;
    for (let i = 0; i < from; i++) {
      meta.totals.in_recording -= rec.weight[i];
      if (index.route[i] < 0) meta.totals.unlocated -= rec.weight[i];
    }
    for (const column of Object.values(columns)) {
      column.all.copyWithin(0, from, column.n);
      column.n -= from;
    }
    for (let i = 0; i < columns.t.n; i++) {
      columns.t.all[i] -= shift;
      columns.source.all[i] = source(columns.source.all[i]);
      columns.target.all[i] = target(columns.target.all[i]);
      columns.rule.all[i] = rule(columns.rule.all[i]);
      columns.slot.all[i] = fresh.categories[columns.category.all[i]].slot;
      columns.route.all[i] = fresh.route(columns.source.all[i], columns.slot.all[i], columns.target.all[i]);
    }
    const again = { source, place };
    const [selected, hover] = [state.selected, state.hover].map((mark) => mark && { ...mark, id: again[mark.kind](mark.id) });
    this.tables = fresh;
    meta.start_us = start;
    meta.end -= shift;
    this.begin();
    Object.assign(state, { t: Math.max(0, state.t - shift), window: this.clipWindow(state.window.map((t) => t - shift)), selected, hover });
    if (from) this.wholeUs = null;
    this.dispatchEvent(new CustomEvent('change', { detail: { keys: new Set(['window', 'recording', 'events']) } }));
  }

  /** How many events that pass lie in (from, to], in ticks. */
  countAfter(from, to) {
    const { t } = this.rec;
    return this.sums.range(upperBound(t, from), upperBound(t, to)).events;
  }

  /** Have the recording begin at or before epoch microseconds, so that a window may. */
  reach(us) {
    if (us < this.rec.meta.start_us) this.rebuild(0, hourOf(us));
  }

  /** Let the recording reach to a moment (ticks); a window that ended at its end grows with it. */
  extend(t) {
    const { meta } = this.rec;
    const end = Math.ceil((t * TICK_US) / 1e6) * (1e6 / TICK_US);
    if (end <= meta.end) return;
    const follows = this.state.window[1] >= meta.end;
    meta.end = end;
    if (follows) this.set({ window: [this.state.window[0], end] });
  }

  // ---- what the engine makes of all events at once is here kept as they come

  firsts() {
    const [a, end] = this.indices('window');
    return {
      until: (i) => {
        const { sources, countries } = (i === end ? this.wholes : this.parts).moveTo(a, Math.max(a, i), this.mask, this.version);
        return { sources, countries };
      },
    };
  }

  cells(column, n, scope) {
    const key = `${column}:${scope}`;
    if (!this.slides.has(key)) this.slides.set(key, new LiveSlide(this.rec, this.rec[column], n));
    const slide = this.slides.get(key);
    slide.grow(this.rec[column], n);
    return slide.moveTo(...this.indices(scope), this.mask, this.version);
  }
}

// Put rows (by time `added`) among those of a column (by time `times`, whose first stands at `base`); equal times keep their order of arrival.
function merge(column, rows, times, added, base = 0) {
  let i = column.n - 1;
  let j = rows.length - 1;
  column.reserve(column.n + rows.length);
  column.n += rows.length;
  const { all } = column;
  for (let k = column.n - 1; j >= 0; k--) {
    if (i >= base && times[i - base] > added[j]) all[k] = all[i--];
    else all[k] = rows[j--];
  }
}
