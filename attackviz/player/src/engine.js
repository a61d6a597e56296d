// The engine: state of the player and every number asked of it. No DOM, no wall clock.

import { buildIndex, lowerBound, upperBound, SLOTS } from './index.js';
import { checkFilters, compileMask, shownSlots } from './filters.js';
import { BlockSums, Firsts, Slide, binBySlot } from './counts.js';
import { Trail } from './trail.js';
import { advance, binFor, speedFor, trailFor } from './clock.js';
import { arcLife, buildFrame, ringAt } from './frame.js';
import { Cells, ringScale } from './cells.js';
import { baseOf, placeInfo, rank, search, sourceInfo, sourcesAt } from './lists.js';

const HISTOGRAMS = 8; // kept until the filters change
const SCOPES = ['trail', 'playhead', 'window'];
const OPTIONS = [
  't',
  'window',
  'scope',
  'speed',
  'trail',
  'loop',
  'skipQuiet',
  'bins',
  'stepSize',
  'filters',
  'theme',
  'reducedMotion',
  'selected',
  'hover',
];

/** State and queries over one recording. Times are ticks since the recording's start; `timeUs` and `ticksOf` convert. */
export class Engine extends EventTarget {
  /**
   * @param {object} recording from decodeRecording
   * @param {object} options any of the state's keys; autoplay (never with reducedMotion); asks: whether somebody answers what cells cannot;
   *   scaled: whether there may be so many events that rings need a scale of their own, as those of cells do
   */
  constructor(recording, options = {}) {
    super();
    this.rec = recording;
    this.index = buildIndex(recording);
    this.perSecond = 1e6 / recording.meta.tick_us;
    this.coarse = recording.meta.grain ? new Cells(recording, this.perSecond) : null;
    this.scale = this.coarse || options.scaled ? ringScale(recording) : null;
    this.asks = Boolean(options.asks);
    this.unanswered = [];
    this.mask = new Uint8Array(recording.n);
    this.version = 0;
    this.trail = new Trail(recording, this.index);
    this.slides = new Map();
    this.histograms = new Map();
    const { end, window = [0, end] } = recording.meta;
    this.state = {
      t: 0,
      playing: false,
      window: this.clipWindow(options.window ?? window),
      speed: 1,
      scope: 'trail',
      trail: 0,
      loop: false,
      skipQuiet: false,
      bins: 0,
      stepSize: 0,
      filters: {},
      hover: null,
      selected: null,
      theme: 'dark',
      reducedMotion: false,
    };
    const [a, b] = this.state.window;
    this.state.speed = speedFor((b - a) / this.perSecond);
    this.applyFilters({});
    const known = Object.fromEntries(OPTIONS.filter(k => options[k] !== undefined).map(k => [k, options[k]]));
    this.set({ t: Math.min(a + this.trailTicks(known.speed), (a + b) / 2), ...known });
    if (options.autoplay && !this.state.reducedMotion) this.play();
  }

  /**
   * Change the state; what depends on it is recomputed, and "change" says which keys changed.
   * @param {object} patch keys of the state
   * @throws {RangeError} on an unknown key or an impossible value
   */
  set(patch) {
    const s = this.state,
      keys = new Set();
    const change = (key, value) => {
      if (!same(s[key], value)) {
        s[key] = value;
        keys.add(key);
      }
    };
    for (const [key, value] of Object.entries(patch)) {
      if (!(key in s)) throw new RangeError(`The player has no "${key}".`);
      if (key === 'window') change('window', this.clipWindow(value));
      else if (key === 'filters') {
        const checked = checkFilters(value);
        if (!same(s.filters, checked)) {
          this.applyFilters(checked);
          change('filters', checked);
        }
      } else if (key === 'speed' && !(value > 0 && Number.isFinite(value)))
        throw new RangeError(`A speed of ${value} is impossible; it must be above 0.`);
      else if (key === 'scope' && !SCOPES.includes(value))
        throw new RangeError(`There is no scope "${value}"; there are ${SCOPES.join(', ')}.`);
      else if (key === 't' && !Number.isFinite(value))
        throw new RangeError(`The moment ${value} is not a number of ticks.`);
      else if (key !== 't') change(key, value);
    }
    const [a, b] = s.window;
    if ('t' in patch || keys.has('window')) change('t', Math.max(a, Math.min(b, 't' in patch ? patch.t : s.t)));
    if (keys.size) this.dispatchEvent(new CustomEvent('change', { detail: { keys } }));
  }

  clipWindow([a, b]) {
    const end = this.rec.meta.end;
    const lo = Math.max(0, Math.min(end, Math.min(a, b))),
      hi = Math.max(0, Math.min(end, Math.max(a, b)));
    if (this.coarse && hi > lo) return this.coarse.outward([lo, hi]);
    return hi > lo ? [lo, hi] : [Math.min(lo, Math.max(0, end - 1)), Math.min(lo, Math.max(0, end - 1)) + 1];
  }

  applyFilters(filters) {
    const { own, others } = this.coarse?.split(filters) ?? { own: filters, others: [] };
    this.unanswered = others; // what these cells cannot be asked for: never applied in part, and said
    compileMask(this.rec, this.index, own, this.mask);
    this.shown = shownSlots(this.rec, filters);
    this.version++;
    this.sums = new BlockSums(this.rec, this.index, this.mask);
    this.histograms.clear();
    this.windowFirsts = null;
  }

  // ---- clock

  /** Advance by wall time in milliseconds while playing. */
  tickClock(dtMs) {
    const s = this.state;
    if (!s.playing || !(dtMs > 0)) return;
    const { t } = this.rec,
      life = arcLife(s.speed, this.perSecond);
    const next = at => {
      const i = this.sums.next(upperBound(t, at));
      return i < this.rec.n && t[i] < s.window[1] ? t[i] : null;
    };
    const last = at => {
      const i = this.sums.previous(upperBound(t, at));
      return i >= 0 && t[i] >= s.window[0] ? t[i] : null;
    };
    this.set(advance(s, dtMs, this.perSecond, { life, next, last }));
  }

  /** Play; from the start of the window when the clock stands at its end. */
  play() {
    const [a, b] = this.state.window;
    this.set(this.state.t >= b ? { t: a, playing: true } : { playing: true });
  }

  pause() {
    this.set({ playing: false });
  }

  /** Move to a moment in ticks, kept inside the window. */
  seek(t) {
    this.set({ t });
  }

  /** Step by so many bins (or step sizes), to the bin's edge. */
  step(n) {
    const size = this.state.stepSize || this.binTicks(),
      o = this.alignment(size);
    const k = (this.state.t - o) / size;
    const edge = n > 0 ? Math.floor(k + 1e-9) + n : Math.ceil(k - 1e-9) + n;
    this.set({ t: o + edge * size, playing: false });
  }

  /** Length of the trail in ticks. */
  trailTicks(speed = this.state.speed) {
    const trail = this.state.trail || trailFor(speed) * this.perSecond;
    return this.coarse ? this.coarse.whole(trail) : trail;
  }

  /** How many events a ring of the smallest scale stands for. */
  ringUnit() {
    return this.scale?.(this.trailTicks()) ?? 1;
  }

  /** Width of the timeline's bins in ticks, for a window. */
  binTicks(window = this.state.window) {
    const bin = this.state.bins || Math.max(1, binFor((window[1] - window[0]) / this.perSecond) * this.perSecond);
    return this.wholeBins(bin);
  }

  /** A width in ticks that holds whole cells. */
  wholeBins(bin) {
    return this.coarse ? this.coarse.whole(bin) : bin;
  }

  /** The first edge of bins at or before tick 0: bins lie on whole UTC times, not on the recording's start. */
  alignment(bin) {
    return -((this.rec.meta.start_us / this.rec.meta.tick_us) % bin);
  }

  /** Epoch microseconds of a tick. */
  timeUs(t) {
    return this.rec.meta.start_us + t * this.rec.meta.tick_us;
  }

  /** Tick of epoch milliseconds (may be fractional). */
  ticksOf(epochMs) {
    return (epochMs * 1000 - this.rec.meta.start_us) / this.rec.meta.tick_us;
  }

  // ---- scopes

  /** Range [a, b) in ticks of a scope, inside the window; the trail is (t - trail, t], so its edges may be fractions. Cells count whole. */
  scopeRange(scope = this.state.scope) {
    const {
      t,
      window: [a, b],
    } = this.state;
    if (scope === 'window') return [a, b];
    if (this.coarse) return this.coarse.range(t, scope === 'playhead' ? Infinity : this.trailTicks(), [a, b]);
    return [scope === 'playhead' ? a : Math.min(t, Math.max(a, t - this.trailTicks())), t];
  }

  /** Event indices [a, b) of a scope. */
  indices(scope = this.state.scope) {
    const { t: times } = this.rec,
      {
        t,
        window: [wa, wb],
      } = this.state;
    const a = lowerBound(times, wa),
      b = Math.max(a, lowerBound(times, wb));
    if (scope === 'window') return [a, b];
    if (this.coarse) return this.scopeRange(scope).map(edge => Math.max(a, Math.min(b, lowerBound(times, edge))));
    const hi = Math.max(a, Math.min(b, upperBound(times, t)));
    return [scope === 'playhead' ? a : Math.min(hi, Math.max(a, upperBound(times, t - this.trailTicks()))), hi];
  }

  moveTrail() {
    const [a, b] = this.indices('trail');
    this.trail.moveTo(a, b, this.mask, this.version);
    return this.trail;
  }

  firsts() {
    const [a, b] = this.indices('window'),
      key = `${a},${b}`;
    if (this.windowFirsts?.key !== key)
      this.windowFirsts = { key, value: new Firsts(this.rec, this.index, this.mask, a, b) };
    return this.windowFirsts.value;
  }

  // ---- numbers

  /**
   * Exact counts of a scope.
   * @returns {object} events, sources, countries, rate (/s over the scope), unlocated, filteredOut, bySlot and byVerdict, severe,
   *   bySlotAll (slots the filters hide are counted too, for the legend), total: the window's {events, sources, countries}
   */
  counts(scope = this.state.scope) {
    const [a, b] = this.indices(scope),
      [ta, tb] = this.scopeRange(scope);
    const { all, bySlot, ...sums } = this.sums.range(a, b);
    const window = this.indices('window'),
      whole = { events: this.sums.range(...window).events, ...this.firsts().until(window[1]) };
    const distinct = scope === 'trail' ? this.moveTrail() : this.firsts().until(b);
    let { sources, countries } = distinct;
    if (this.coarse) {
      // Cells hold no addresses and no severities, and may hold no places.
      const known = this.coarse.current(this.state.window, this.state.filters);
      whole.sources = known ? (this.coarse.lists.distinct?.addresses ?? null) : null;
      sources = scope === 'window' ? whole.sources : null;
      sums.severe = null;
      if (this.coarse.grain.place === 'none') countries = whole.countries = null;
    }
    return {
      ...sums,
      sources,
      countries,
      rate: tb > ta ? sums.events / ((tb - ta) / this.perSecond) : 0,
      filteredOut: all - sums.events,
      bySlot: bySlot.map((n, k) => (this.shown[k] ? n : 0)),
      bySlotAll: bySlot,
      total: whole,
    };
  }

  cells(column, n, scope) {
    const key = `${column}:${scope}`;
    if (!this.slides.has(key)) this.slides.set(key, new Slide(this.rec, this.rec[column], n));
    return this.slides.get(key).moveTo(...this.indices(scope), this.mask, this.version);
  }

  /** Rank a field of a scope: {rows: [{key, code, label, count, bySlot, unknown, filter}], distinct, total}. */
  top(field, n = 5, scope = this.state.scope) {
    if (this.coarse?.listed(field)) return this.coarse.top(field, n);
    return rank(this.rec, this.index, field, this.cells(...baseOf(this.rec, field), scope), n);
  }

  /** Whether a filter on a field can be answered: by what is here, or by who is asked. */
  can(field) {
    return !this.coarse || this.asks || this.coarse.can(field);
  }

  /** The newest events up to the playhead, newest first: {rec, events}; of cells those of the sample. */
  feed(n) {
    if (this.coarse) return this.coarse.feed(this.state.window[0], this.state.t, n, this.state.filters);
    return { rec: this.rec, events: this.latest(n, 'playhead') };
  }

  /** Indices of the newest events of a scope, newest first. */
  latest(n, scope = this.state.scope) {
    const [a, b] = this.indices(scope === 'window' ? 'playhead' : scope),
      out = [];
    for (let i = this.sums.previous(b); i >= a && out.length < n; i = this.sums.previous(i)) out.push(i);
    return out;
  }

  /**
   * Events by bin and slot under the filters.
   * @param {[number, number]} window in ticks
   * @param {number} bin in ticks
   * @returns {{start: number, binTicks: number, n: number, bySlot: Float64Array, total: Float64Array}} bins on whole UTC times; start may lie before the window
   */
  histogram(window = this.state.window, bin = this.binTicks(window)) {
    const key = `${window},${bin}`,
      kept = this.histograms.get(key);
    if (kept) return kept;
    if (this.histograms.size >= HISTOGRAMS) this.histograms.delete(this.histograms.keys().next().value);
    const o = this.alignment(bin),
      start = o + Math.floor((window[0] - o) / bin) * bin;
    const n = Math.max(1, Math.ceil((window[1] - start) / bin));
    const a = lowerBound(this.rec.t, window[0]),
      b = lowerBound(this.rec.t, window[1]);
    const made = { start, binTicks: bin, n, ...binBySlot(this.rec, this.mask, a, b, start, bin, n) };
    this.histograms.set(key, made);
    return made;
  }

  /** The most bins a strip may have. */
  stripBins(most) {
    return this.coarse ? Math.max(1, Math.min(most, Math.floor(this.rec.meta.end / this.coarse.ticks))) : most;
  }

  /** The whole recording in n bins, without filters: Float64Array(n). */
  strip(n) {
    this.strips ??= new Map();
    if (!this.strips.has(n)) {
      const bin = this.rec.meta.end / n,
        out = new Float64Array(n),
        { t, weight } = this.rec;
      for (let i = 0; i < t.length; i++) out[Math.min(n - 1, Math.floor(t[i] / bin))] += weight ? weight[i] : 1;
      this.strips.set(n, out);
    }
    return this.strips.get(n);
  }

  ranges() {
    return { trail: this.indices('trail'), window: this.indices('window') };
  }

  /** One source in detail (see lists.js). */
  sourceInfo(id) {
    return sourceInfo(this.rec, this.index, this.mask, id, this.ranges(), this.state.window);
  }

  /** One place in detail (see lists.js). */
  placeInfo(id) {
    const info = placeInfo(this.rec, this.index, this.mask, id, this.ranges(), this.state.window);
    if (this.coarse && info.last !== null) info.last = this.coarse.outward([info.last, info.last + 1])[1]; // of a cell only its bin is known
    return info;
  }

  /** Find addresses, networks, countries, places and rules; counts are those of the window. */
  search(text, n = 12) {
    const cells = {
      source: this.cells('source', this.rec.sources.n, 'window'),
      rule: this.cells('rule', this.rec.rules.rule.length, 'window'),
    };
    return search(this.rec, this.index, text, n, cells, this.coarse);
  }

  // ---- picture

  /** What the layer draws at this moment in this view (see frame.js), with the numbers of the honesty line. */
  frame(view) {
    const { t, window, speed, reducedMotion, selected, hover } = this.state;
    const trail = this.moveTrail(),
      { events, unlocated, all } = this.sums.range(trail.a, trail.b);
    const now = {
      rec: this.rec,
      index: this.index,
      mask: this.mask,
      trail,
      t,
      window,
      speed,
      perSecond: this.perSecond,
      trailTicks: this.trailTicks(),
      ringUnit: this.ringUnit(),
      coarse: this.coarse,
      reducedMotion,
      selected: this.placeOf(selected),
      hover: this.placeOf(hover),
    };
    return { ...buildFrame(now, view), total: events, unlocated, filteredOut: all - events };
  }

  placeOf(mark) {
    return !mark ? -1 : mark.kind === 'place' ? mark.id : (this.rec.sources.place[mark.id] ?? -1);
  }

  /** The mark under a point of a frame: {kind: 'place', id, x, y, r, sources: [{id, count}]} or null. */
  hit(frame, x, y) {
    const ring = ringAt(frame, x, y);
    return (
      ring && {
        kind: 'place',
        id: ring.place,
        x: ring.x,
        y: ring.y,
        r: ring.r,
        sources: sourcesAt(this.rec, this.mask, ring.place, this.indices('trail')),
      }
    );
  }
}

const same = (a, b) =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));

export { SLOTS };
