// Sums over a range of events that follow a recording that grows: before events come in between, they step back.

import { PASS } from './filters.js';
import { Slide } from './counts.js';
import { SLOTS } from './index.js';
import { Trail } from './trail.js';
import { wider } from './livetables.js';

/** A trail over a recording that grows. */
export class LiveTrail extends Trail {
  constructor(rec, index) {
    super(rec, index);
    this.last = new Int32Array(rec.places.n); // the last passing event at each place
    this.grow();
  }

  grow() {
    const { rec, index } = this;
    const room = { byRoute: index.routes, bySource: rec.sources.n, byAddress: index.address.n, byCountry: index.country.n, byPlace: rec.places.n, latest: rec.places.n, before: rec.n };
    for (const [name, n] of Object.entries(room)) if (this[name].length < n) this[name] = wider(this[name], n);
    if (this.last.length < rec.places.n) {
      const known = this.last.length;
      this.last = wider(this.last, rec.places.n).fill(-1, known);
    }
  }

  chain(mask) {
    this.last.fill(-1);
    this.link(0, mask);
  }

  /** Chain the events from p on. */
  link(p, mask) {
    const { rec, index, before, last } = this;
    for (let i = p; i < rec.n; i++) {
      if (index.route[i] < 0 || !(mask[i] & PASS)) continue;
      const place = index.routePlace[index.route[i]];
      before[i] = last[place];
      last[place] = i;
    }
  }

  /** Forget the events from p on, so that others may come in between. */
  retreat(p, mask, version) {
    if (version !== this.version) return;
    if (this.b > p) this.moveTo(Math.min(this.a, p), p, mask, version);
    const { rec, index, before, last } = this;
    for (let i = rec.n - 1; i >= p; i--) if (index.route[i] >= 0 && mask[i] & PASS) last[index.routePlace[index.route[i]]] = before[i];
  }

  /** Take the events from p on. */
  advance(p, mask, version) {
    this.grow();
    if (version === this.version) this.link(p, mask);
  }
}

/** Sums by key and slot over a recording that grows. */
export class LiveSlide extends Slide {
  retreat(p, mask, version) {
    if (version === this.version && this.b > p) this.moveTo(Math.min(this.a, p), p, mask, version);
  }

  /** Take keys that may be more, of more kinds. */
  grow(keys, n) {
    this.keys = keys;
    this.n = n;
    if (this.cells.length < n * SLOTS) this.cells = wider(this.cells, n * SLOTS);
  }
}

/** How many sources and countries there are in a range that follows the clock. */
export class Distinct {
  constructor(rec, index) {
    this.rec = rec;
    this.index = index;
    this.bySource = new Uint32Array(0);
    this.byAddress = new Uint32Array(0);
    this.byCountry = new Uint32Array(0);
    this.version = -1;
    this.a = this.b = this.sources = this.countries = 0;
  }

  retreat(p, mask, version) {
    if (version === this.version && this.b > p) this.moveTo(Math.min(this.a, p), p, mask, version);
  }

  grow() {
    const { rec, index } = this;
    const room = { bySource: rec.sources.n, byAddress: index.address.n, byCountry: index.country.n };
    for (const [name, n] of Object.entries(room)) if (this[name].length < n) this[name] = wider(this[name], n);
  }

  moveTo(a, b, mask, version) {
    this.mask = mask;
    if (version !== this.version || a >= this.b || b <= this.a) {
      this.grow();
      for (const sums of [this.bySource, this.byAddress, this.byCountry]) sums.fill(0);
      this.sources = this.countries = 0;
      this.version = version;
      this.a = this.b = a;
    }
    if (a < this.a) this.count(a, this.a, 1);
    if (b > this.b) this.count(this.b, b, 1);
    if (b < this.b) this.count(b, this.b, -1);
    if (a > this.a) this.count(this.a, a, -1);
    this.a = a;
    this.b = b;
    return this;
  }

  count(a, b, by) {
    const { rec, index, mask, bySource, byAddress, byCountry } = this;
    const edge = by > 0 ? 1 : 0; // a key appears with its first event, and is gone after its last
    for (let i = a; i < b; i++) {
      if (!(mask[i] & PASS)) continue;
      const s = rec.source[i];
      if ((bySource[s] += by) !== edge) continue;
      const ip = index.address.of[s];
      const c = index.country.of[s];
      if (ip && (byAddress[ip] += by) === edge) this.sources += by;
      if (c && (byCountry[c] += by) === edge) this.countries += by;
    }
  }
}
