// Exact counts over ranges of events. A range is [a, b) of event indices; every count is a sum of weights.

import { SLOTS } from './index.js';
import { PASS, PASS_BUT_SLOT } from './filters.js';

const BLOCK = 1024;
const VERDICT = 8,
  SEVERE = 13,
  UNLOCATED = 14,
  PASSED = 15,
  ALL = 16,
  COLS = 17;
const HIGH = 3; // severities from here on need a person: high, critical
const NONE = 255;

/** Sums by block of 1024 events, so that a range of any length costs two partial blocks. */
export class BlockSums {
  /**
   * @param {object} rec recording
   * @param {object} index of the recording
   * @param {Uint8Array} mask from compileMask
   */
  constructor(rec, index, mask) {
    this.rec = rec;
    this.index = index;
    this.sums = new Float64Array((Math.ceil(rec.n / BLOCK) + 1) * COLS);
    this.refresh(0, mask);
  }

  /**
   * Sum anew what changed: the events from an index on are others, or there are more.
   * @param {number} from first event that changed
   * @param {Uint8Array} mask of all events
   */
  refresh(from, mask) {
    this.mask = mask;
    const { n } = this.rec,
      blocks = Math.ceil(n / BLOCK);
    if (this.sums.length < (blocks + 1) * COLS) {
      const sums = new Float64Array((blocks + 1) * COLS * 2);
      sums.set(this.sums);
      this.sums = sums;
    }
    for (let k = Math.floor(from / BLOCK); k < blocks; k++) {
      this.sums.copyWithin((k + 1) * COLS, k * COLS, (k + 1) * COLS);
      this.add(this.sums, (k + 1) * COLS, k * BLOCK, Math.min(n, (k + 1) * BLOCK), 1);
    }
  }

  add(out, o, a, b, sign) {
    const { slot, verdict, severity, weight } = this.rec,
      { route } = this.index,
      mask = this.mask;
    for (let i = a; i < b; i++) {
      const w = sign * (weight ? weight[i] : 1),
        m = mask[i];
      out[o + ALL] += w;
      if (m & PASS_BUT_SLOT) out[o + slot[i]] += w;
      if (!(m & PASS)) continue;
      out[o + PASSED] += w;
      out[o + VERDICT + verdict[i]] += w;
      if (severity[i] >= HIGH && severity[i] !== NONE) out[o + SEVERE] += w;
      if (route[i] < 0) out[o + UNLOCATED] += w;
    }
  }

  upTo(i, out, sign) {
    const k = Math.floor(i / BLOCK),
      o = k * COLS;
    for (let c = 0; c < COLS; c++) out[c] += sign * this.sums[o + c];
    this.add(out, 0, k * BLOCK, i, sign);
  }

  /**
   * Sums of the events in [a, b).
   * @returns {object} events, all (without filters), bySlot (of slots hidden too), byVerdict, severe, unlocated
   */
  range(a, b) {
    const out = new Float64Array(COLS);
    if (b > a) {
      this.upTo(b, out, 1);
      this.upTo(a, out, -1);
    }
    return {
      events: out[PASSED],
      all: out[ALL],
      bySlot: out.slice(0, SLOTS),
      byVerdict: out.slice(VERDICT, VERDICT + 5),
      severe: out[SEVERE],
      unlocated: out[UNLOCATED],
    };
  }

  /** The first event at or after i that passes, or n. */
  next(i) {
    const { sums, mask, rec } = this;
    for (let k = i; k < rec.n; k++) {
      if (k % BLOCK === 0 && sums[(k / BLOCK) * COLS + PASSED] === sums[(k / BLOCK + 1) * COLS + PASSED]) {
        k += BLOCK - 1;
        continue;
      }
      if (mask[k] & PASS) return k;
    }
    return rec.n;
  }

  /** The last event before i that passes, or -1. */
  previous(i) {
    const { sums, mask } = this;
    for (let k = i - 1; k >= 0; k--) {
      if (
        k % BLOCK === BLOCK - 1 &&
        sums[((k + 1) / BLOCK - 1) * COLS + PASSED] === sums[((k + 1) / BLOCK) * COLS + PASSED]
      ) {
        k -= BLOCK - 1;
        continue;
      }
      if (mask[k] & PASS) return k;
    }
    return -1;
  }
}

/** Distinct sources and countries in [a, i) for every i of a window: one pass a window, then any playhead is a look-up. */
export class Firsts {
  constructor(rec, index, mask, a, b) {
    this.a = a;
    const sources = (this.sources = new Uint32Array(b - a + 1)),
      countries = (this.countries = new Uint32Array(b - a + 1));
    const { address, country } = index,
      seen = new Uint8Array(rec.sources.n),
      seenAddress = new Uint8Array(address.n),
      seenCountry = new Uint8Array(country.n);
    let ns = 0,
      nc = 0;
    for (let i = a; i < b; i++) {
      const s = rec.source[i];
      if (mask[i] & PASS && !seen[s]) {
        seen[s] = 1;
        const ip = address.of[s],
          c = country.of[s];
        if (ip && !seenAddress[ip]) {
          seenAddress[ip] = 1;
          ns++;
        }
        if (c && !seenCountry[c]) {
          seenCountry[c] = 1;
          nc++;
        }
      }
      sources[i - a + 1] = ns;
      countries[i - a + 1] = nc;
    }
  }

  /** Distinct sources and countries in [a, i). */
  until(i) {
    const k = Math.max(0, Math.min(this.sources.length - 1, i - this.a));
    return { sources: this.sources[k], countries: this.countries[k] };
  }
}

/** Sums by key and slot over a range that follows the clock: moving costs the events that enter or leave. */
export class Slide {
  /**
   * @param {object} rec recording
   * @param {ArrayLike<number>} keys of every event, each in [0, n)
   * @param {number} n of keys
   */
  constructor(rec, keys, n) {
    this.rec = rec;
    this.keys = keys;
    this.n = n;
    this.cells = new Float64Array(n * SLOTS);
    this.a = this.b = 0;
    this.mask = null;
    this.version = -1;
  }

  moveTo(a, b, mask, version) {
    const apart = a >= this.b || b <= this.a;
    this.mask = mask;
    if (version !== this.version || apart || Math.abs(a - this.a) + Math.abs(b - this.b) > b - a) {
      this.cells.fill(0);
      this.version = version;
      this.add(a, b, 1);
    } else {
      if (a < this.a) this.add(a, this.a, 1);
      else this.add(this.a, a, -1);
      if (b > this.b) this.add(this.b, b, 1);
      else this.add(b, this.b, -1);
    }
    this.a = a;
    this.b = b;
    return this.cells;
  }

  add(a, b, sign) {
    const { slot, weight } = this.rec,
      { keys, cells, mask } = this;
    for (let i = a; i < b; i++) if (mask[i] & PASS) cells[keys[i] * SLOTS + slot[i]] += sign * (weight ? weight[i] : 1);
  }
}

/**
 * Events by bin and slot.
 * @param {object} rec recording
 * @param {Uint8Array} mask
 * @param {number} a first event
 * @param {number} b end of events
 * @param {number} start of the first bin in ticks; may lie before the first event
 * @param {number} bin width in ticks
 * @param {number} n bins
 * @returns {{bySlot: Float64Array, total: Float64Array}} bySlot has 8 values a bin
 */
export function binBySlot(rec, mask, a, b, start, bin, n) {
  const { t, slot, weight } = rec;
  const bySlot = new Float64Array(n * SLOTS),
    total = new Float64Array(n);
  let k = 0,
    edge = start + bin;
  for (let i = a; i < b; i++) {
    if (!(mask[i] & PASS)) continue;
    if (t[i] >= edge) {
      k = Math.min(n - 1, Math.floor((t[i] - start) / bin));
      edge = start + (k + 1) * bin;
    }
    const w = weight ? weight[i] : 1;
    bySlot[k * SLOTS + slot[i]] += w;
    total[k] += w;
  }
  return { bySlot, total };
}
