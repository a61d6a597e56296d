// The events still showing at a moment, by route, source and country; moves with the clock.

import { PASS } from './filters.js';

/** Sums over the trail. The same range gives the same sums, whichever way the clock came there. */
export class Trail {
  /**
   * @param {object} rec recording
   * @param {object} index of the recording
   */
  constructor(rec, index) {
    this.rec = rec;
    this.index = index;
    this.byRoute = new Float64Array(index.routes);
    this.bySource = new Uint32Array(rec.sources.n);
    this.byAddress = new Uint32Array(index.address.n); // rows of sources, not events, as of countries
    this.byCountry = new Uint32Array(index.country.n);
    this.byPlace = new Uint32Array(rec.places.n);
    this.latest = new Int32Array(rec.places.n); // last event of a place; means something only where byPlace > 0
    this.before = new Int32Array(rec.n); // the passing event before this one at the same place
    this.version = -1;
    this.a = this.b = 0;
    this.sources = 0;
    this.countries = 0;
  }

  /**
   * Move to the events [a, b).
   * @param {number} a first event
   * @param {number} b end of events
   * @param {Uint8Array} mask
   * @param {number} version of the mask
   */
  moveTo(a, b, mask, version) {
    this.mask = mask;
    if (version !== this.version) {
      this.chain(mask);
      this.version = version;
      this.clear(a);
    } else if (a >= this.b || b <= this.a || Math.abs(a - this.a) + Math.abs(b - this.b) > b - a) this.clear(a);
    if (a < this.a) this.enter(a, this.a, false);
    if (b > this.b) this.enter(this.b, b, true);
    if (b < this.b) this.leave(b, this.b, true);
    if (a > this.a) this.leave(this.a, a, false);
    this.a = a;
    this.b = b;
  }

  chain(mask) {
    const { rec, index, before } = this;
    const last = new Int32Array(rec.places.n).fill(-1);
    for (let i = 0; i < rec.n; i++) {
      if (index.route[i] < 0 || !(mask[i] & PASS)) continue;
      const p = index.routePlace[index.route[i]];
      before[i] = last[p];
      last[p] = i;
    }
  }

  clear(at) {
    for (const sums of [this.byRoute, this.bySource, this.byAddress, this.byCountry, this.byPlace]) sums.fill(0);
    this.a = this.b = at;
    this.sources = this.countries = 0;
  }

  enter(a, b, newer) {
    const { rec, index, mask, byRoute, bySource, byAddress, byCountry, byPlace, latest } = this,
      { source, weight } = rec,
      { route, routePlace, address, country } = index;
    for (let i = a; i < b; i++) {
      if (!(mask[i] & PASS)) continue;
      const s = source[i],
        r = route[i];
      if (bySource[s]++ === 0) {
        const ip = address.of[s],
          c = country.of[s];
        if (ip && byAddress[ip]++ === 0) this.sources++;
        if (c && byCountry[c]++ === 0) this.countries++;
      }
      if (r < 0) continue;
      byRoute[r] += weight ? weight[i] : 1;
      const p = routePlace[r];
      // Older events (newer is false) matter only where nothing newer is; among them the last one counts.
      if (newer || byPlace[p] === 0 || latest[p] < i) latest[p] = i;
      byPlace[p]++;
    }
  }

  leave(a, b, newest) {
    const { rec, index, mask, before, byRoute, bySource, byAddress, byCountry, byPlace, latest } = this,
      { source, weight } = rec,
      { route, routePlace, address, country } = index;
    for (let i = b - 1; i >= a; i--) {
      if (!(mask[i] & PASS)) continue;
      const s = source[i],
        r = route[i];
      if (--bySource[s] === 0) {
        const ip = address.of[s],
          c = country.of[s];
        if (ip && --byAddress[ip] === 0) this.sources--;
        if (c && --byCountry[c] === 0) this.countries--;
      }
      if (r < 0) continue;
      byRoute[r] -= weight ? weight[i] : 1;
      const p = routePlace[r];
      byPlace[p]--;
      if (newest) latest[p] = before[i];
    }
  }
}
