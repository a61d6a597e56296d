// A frame: what the layer draws, as plain data in CSS px. Pure in (recording, filters, moment, speed, trail, view).

import { SLOTS, lowerBound, upperBound, placeName } from './index.js';
import { WORLD, arcCurve, hash32, pxPerMetre, screenX, screenY, shortWay, worldCopies } from './geo.js';
import { PASS } from './filters.js';
import { MAP } from './mapstyle.js';
import { count } from './format.js';

const STEPS = 6; // at most one impact ring a sixth of its life
const LABELS = 7;
const TRIES = 6; // candidates a label: most collide
const LABEL_LENGTH = 40;

/**
 * Build the frame of one moment.
 * @param {object} now rec, index, mask, trail (moved to the range), t, window, speed, perSecond (ticks), trailTicks, ringUnit, selected, hover, reducedMotion
 * @param {object} view extent, size, scale; may have cap (arcs), labels (number), avoid (boxes [x0, y0, x1, y1] in px that labels stay out of)
 * @returns {object} rings, bundles, impacts, targets, labels, drawn, and the view's size and scale.
 *   drawn counts the events whose arc is on screen now: the sum over bundles, not over rings.
 */
export function buildFrame(now, view) {
  const scale = view.scale || 1;
  const rings = ringsOf(now, view, scale);
  const { bundles, drawn } = bundlesOf(now, view, scale);
  const linger = now.speed <= 1;
  return {
    t: now.t,
    width: view.width,
    height: view.height,
    scale,
    linger,
    reducedMotion: !!now.reducedMotion,
    rings,
    bundles,
    drawn,
    impacts: now.reducedMotion ? [] : impactsOf(bundles, view, scale),
    targets: targetsOf(now, view),
    labels: labelsOf(now, rings, view, scale),
    selected: now.selected ?? -1,
    hover: now.hover ?? -1,
  };
}

/** How long an arc shows, in ticks: 1.4 s of screen time, or 30 s at real speed. */
export const arcLife = (speed, perSecond) => ((speed <= 1 ? MAP.linger : MAP.life) / 1000) * speed * perSecond;

/** Radius in px of a ring that stands for n events. */
export const ringRadius = (n, scale = 1) =>
  scale * Math.max(MAP.ringMin, Math.min(MAP.ringMax, MAP.ringK * Math.sqrt(n)));

// Rings large enough to be told apart come first and in order of size; small ones follow.
function ringsOf(now, view, scale) {
  const { rec, index, trail, t, trailTicks, ringUnit = 1 } = now,
    sums = scratch(now).bySlot;
  const world = WORLD * pxPerMetre(view),
    large = [],
    small = [];
  for (let r = 0; r < index.routes; r++) {
    const n = trail.byRoute[r];
    if (n !== 0) sums[index.routePlace[r] * SLOTS + index.routeSlot[r]] += n;
  }
  for (let place = 0; place < rec.places.n; place++) {
    if (trail.byPlace[place] === 0) continue;
    const o = place * SLOTS;
    let n = 0,
      slot = 0;
    for (let c = 0; c < SLOTS; c++) {
      n += sums[o + c];
      if (sums[o + c] > sums[o + slot]) slot = c;
    }
    const r = ringRadius(n / ringUnit, scale),
      x = screenX(view, rec.places.mx[place]),
      y = screenY(view, rec.places.my[place]);
    if (y + r >= 0 && y - r <= view.height) {
      const age = trailTicks > 0 ? (t - rec.t[trail.latest[place]]) / trailTicks : 0;
      const fade = Math.min(1, Math.max(0, age * 1.5)),
        split = r >= MAP.ringSplit * scale;
      const bySlot = split && sums[o + slot] < n ? Array.from(sums.subarray(o, o + SLOTS)) : null;
      const to = Math.floor((view.width + r - x) / world),
        list = split ? large : small;
      for (let copy = Math.ceil((-r - x) / world); copy <= to; copy++)
        list.push({ place, x: x + copy * world, y, r, n, slot, bySlot, fade });
    }
    sums.fill(0, o, o + SLOTS);
  }
  // Equal ones in an order that the places give, not their rows: the same in every recording.
  const { jitter } = index,
    apart = (a, b) => jitter[a.place] - jitter[b.place] || a.place - b.place || a.x - b.x;
  return large.sort((a, b) => b.n - a.n || apart(a, b)).concat(small.sort(apart));
}

function bundlesOf(now, view, scale) {
  const kept = choose(gather(now, view), view.cap ?? MAP.cap, scratch(now));
  const travel = now.reducedMotion ? 0 : MAP.travel / 1000,
    life = arcLife(now.speed, now.perSecond) / now.perSecond / now.speed;
  let drawn = 0;
  const bundles = [];
  for (const c of kept) {
    drawn += c.n;
    const age = (now.t - c.t) / now.perSecond / now.speed; // seconds of screen time
    const u = travel ? Math.min(1, age / travel) : 1;
    const at = u < 0.5 ? 2 * u * u : 1 - (2 - 2 * u) ** 2 / 2;
    const fade = age > travel ? Math.max(0, 1 - (age - travel) / (life - travel)) : 1;
    const width = Math.min(MAP.arcMax, MAP.arcMin + 0.35 * Math.log2(Math.max(1, c.n))) * scale;
    const impact = travel && age >= travel ? (age - travel) / (MAP.impact / 1000) : -1;
    const place = now.index.routePlace[c.route],
      target = now.index.routeTarget[c.route],
      slot = now.index.routeSlot[c.route];
    for (const { sx, sy, cx, cy, ex, ey, chord } of curvesInView(now, view, c.route)) {
      bundles.push({
        place,
        target,
        slot,
        n: c.n,
        hash: c.hash,
        at,
        fade,
        width,
        arrived: age >= travel,
        impact: impact <= 1 ? impact : -1,
        sx,
        sy,
        cx,
        cy,
        ex,
        ey,
        chord,
      });
    }
  }
  return { bundles, drawn };
}

// Events of one route within 120 ms of screen time are one bundle. Steps lie on a grid from 1970, so that a bundle is the same
// whichever way the clock came, in every recording that holds the events; its age is that of its first event. Bundles go to typed arrays: there may be very many.
function gather(now, view) {
  if (now.coarse) return gatherCells(now, view);
  const { rec, index, mask, t, window, speed, perSecond } = now,
    { route, routeHash } = index,
    times = rec.t,
    weight = rec.weight;
  const step = (MAP.bundle / 1000) * speed * perSecond,
    origin = rec.meta.start_us / rec.meta.tick_us,
    life = arcLife(speed, perSecond),
    oldest = t - life;
  const lo = lowerBound(times, window[0]),
    hi = Math.max(lo, Math.min(upperBound(times, t), lowerBound(times, window[1])));
  const s = scratch(now),
    { counts, starts, touched, seen } = s;
  let out = s.found,
    size = 0,
    i = lowerBound(times, Math.floor((oldest + origin) / step) * step - origin, lo, hi);
  seen.fill(0);
  while (i < hi) {
    const bin = Math.floor((times[i] + origin) / step),
      end = (bin + 1) * step - origin,
      salt = Math.imul(bin, 0x9e3779b1);
    let m = 0;
    for (; i < hi && times[i] < end; i++) {
      const r = route[i];
      if (r < 0 || !(mask[i] & PASS)) continue;
      if (counts[r] === 0) {
        touched[m++] = r;
        starts[r] = i;
      }
      counts[r] += weight ? weight[i] : 1;
    }
    if (size + m > out.room) out = s.found = grown(out, size + m);
    for (let k = 0; k < m; k++) {
      const r = touched[k],
        at = times[starts[r]];
      if (seen[r] === 0) seen[r] = curvesInView(now, view, r, true) ? 1 : 2;
      if (at > oldest && seen[r] === 1) {
        out.route[size] = r;
        out.n[size] = counts[r];
        out.t[size] = at;
        out.hash[size] = hash32(routeHash[r] ^ salt);
        size++;
      }
      counts[r] = 0;
    }
  }
  return { ...out, size };
}

// Of a cell only the bin is known, not the moment: so that arcs do not all leave at its start, each route's leaves at a moment
// of the bin that a hash of both chooses, the same each time. The last bin may be cut short by the window.
function gatherCells(now, view) {
  const { rec, index, mask, t, window, speed, perSecond, coarse } = now,
    { route, routeHash } = index,
    times = rec.t,
    weight = rec.weight;
  const oldest = t - arcLife(speed, perSecond);
  const lo = lowerBound(times, Math.max(window[0], oldest - coarse.ticks)),
    hi = Math.max(lo, Math.min(upperBound(times, t), lowerBound(times, window[1])));
  const s = scratch(now),
    { counts, touched, seen } = s;
  let out = s.found,
    size = 0,
    i = lo;
  seen.fill(0);
  while (i < hi) {
    const start = times[i],
      bin = Math.floor((start - coarse.origin) / coarse.ticks),
      wide = Math.min(window[1], coarse.origin + (bin + 1) * coarse.ticks) - start;
    let m = 0;
    for (; i < hi && times[i] === start; i++) {
      const r = route[i];
      if (r < 0 || !(mask[i] & PASS)) continue;
      if (counts[r] === 0) touched[m++] = r;
      counts[r] += weight ? weight[i] : 1;
    }
    if (size + m > out.room) out = s.found = grown(out, size + m);
    for (let k = 0; k < m; k++) {
      const r = touched[k],
        hash = hash32(routeHash[r] ^ Math.imul(bin, 0x9e3779b1)),
        at = start + (hash / 4294967296) * wide;
      if (at > oldest && at <= t) {
        if (seen[r] === 0) seen[r] = curvesInView(now, view, r, true) ? 1 : 2;
        if (seen[r] === 1) {
          out.route[size] = r;
          out.n[size] = counts[r];
          out.t[size] = at;
          out.hash[size++] = hash;
        }
      }
      counts[r] = 0;
    }
  }
  return { ...out, size };
}

const table = room => ({
  room,
  route: new Int32Array(room),
  n: new Float64Array(room),
  t: new Float64Array(room),
  hash: new Uint32Array(room),
});

function grown(old, room) {
  const out = table(room * 2);
  for (const key of ['route', 'n', 't', 'hash']) out[key].set(old[key]);
  return out;
}

// Working memory of one recording; holds nothing between frames.
const scratches = new WeakMap();

function scratch({ rec, index }) {
  let s = scratches.get(index);
  if (!s || s.routes < index.routes || s.places < rec.places.n) {
    // A live recording grows: there is room for half as many again.
    const routes = Math.ceil(index.routes * (s ? 1.5 : 1)),
      places = Math.ceil(rec.places.n * (s ? 1.5 : 1));
    s = {
      routes,
      places,
      counts: new Float64Array(routes),
      starts: new Int32Array(routes),
      touched: new Int32Array(routes),
      seen: new Uint8Array(routes),
      best: new Int32Array(routes),
      found: s?.found ?? table(1024),
      bySlot: new Float64Array(places * SLOTS),
    };
    scratches.set(index, s);
  }
  return s;
}

// At most `cap` bundles: one of each route first (the one with the smallest hash), the rest by hash.
function choose(found, cap, { best }) {
  const { size, route, hash, t, n } = found,
    firsts = [],
    rest = [];
  const before = (a, b) => hash[a] - hash[b] || t[a] - t[b] || route[a] - route[b];
  let ids;
  if (size <= cap) ids = Array.from({ length: size }, (_, k) => k);
  else {
    best.fill(-1);
    for (let k = 0; k < size; k++) if (best[route[k]] < 0 || before(k, best[route[k]]) < 0) best[route[k]] = k;
    for (let k = 0; k < size; k++) (best[route[k]] === k ? firsts : rest).push(k);
    ids = smallest(firsts, cap, hash, before);
    if (ids.length < cap) ids = ids.concat(smallest(rest, cap - ids.length, hash, before));
  }
  return ids
    .map(k => ({ route: route[k], n: n[k], t: t[k], hash: hash[k] }))
    .sort((a, b) => a.t - b.t || a.hash - b.hash || a.route - b.route);
}

// The k first by hash. Hashes are even over 32 bits, so a cut keeps a few times k to sort; if it kept too few, all are sorted.
function smallest(ids, k, hash, before) {
  let few = ids;
  if (ids.length > 8 * k) {
    const cut = ((4 * k) / ids.length) * 4294967296;
    few = ids.filter(id => hash[id] < cut);
    if (few.length < k) few = ids;
  }
  return few.sort(before).slice(0, k);
}

// The route's curves, one in every world copy where a part can be seen; or only whether there is one.
function curvesInView({ rec, index }, view, route, only = false) {
  const p = index.routePlace[route],
    k = index.routeTarget[route];
  if (k < 0) return only ? false : [];
  const per = pxPerMetre(view),
    world = WORLD * per;
  const sx = screenX(view, rec.places.mx[p]),
    sy = screenY(view, rec.places.my[p]);
  const ex = sx + shortWay(rec.places.mx[p], rec.targets.mx[k]) * per,
    ey = screenY(view, rec.targets.my[k]);
  const { chord, cx, cy } = arcCurve(sx, sy, ex, ey, index.jitter[p], view.height, MAP);
  const margin = MAP.impactR1 * (view.scale || 1);
  const high = Math.max(sy, ey, cy) >= -margin && Math.min(sy, ey, cy) <= view.height + margin;
  const [from, to] = worldCopies(view, Math.min(sx, ex, cx), Math.max(sx, ex, cx), margin);
  if (only) return high && to >= from;
  const out = [];
  for (let copy = from; high && copy <= to; copy++)
    out.push({ sx: sx + copy * world, sy, cx: cx + copy * world, cy, ex: ex + copy * world, ey, chord });
  return out;
}

function impactsOf(bundles, view, scale) {
  const chosen = new Map(),
    reach = MAP.impactR1 * scale;
  for (const b of bundles) {
    if (b.impact < 0 || b.ex < -reach || b.ex > view.width + reach) continue;
    const key = `${b.ex.toFixed(1)},${b.ey.toFixed(1)},${Math.floor(b.impact * STEPS)}`;
    const best = chosen.get(key);
    if (!best || b.impact < best.k || (b.impact === best.k && b.hash < best.hash))
      chosen.set(key, { x: b.ex, y: b.ey, k: b.impact, slot: b.slot, hash: b.hash });
  }
  return [...chosen.values()]
    .sort((a, b) => b.k - a.k || a.hash - b.hash)
    .map(({ x, y, k, slot }) => ({ x, y, k, slot }));
}

function targetsOf({ index }, view) {
  const world = WORLD * pxPerMetre(view),
    out = [];
  for (const spot of index.drawnTargets) {
    const x = screenX(view, spot.mx),
      y = screenY(view, spot.my),
      name = clip(spot.name);
    const [from, to] = worldCopies(view, x, x, 8);
    if (y < -8 || y > view.height + 8) continue;
    for (let copy = from; copy <= to; copy++)
      out.push({ x: x + copy * world, y, text: spot.more > 0 ? `${name} +${spot.more}` : name });
  }
  return out;
}

// Candidates in the order they are tried; the layer measures text and leaves out what collides.
function labelsOf({ rec, hover, selected }, rings, view, scale) {
  const most = view.labels ?? LABELS,
    out = [];
  if (most === 0) return { most, rings: out, avoid: view.avoid ?? [] };
  const largest =
    rings.length && rings[0].r < MAP.ringSplit * scale
      ? rings.reduce((best, ring) => (ring.n > best.n ? ring : best))
      : rings[0];
  const add = (ring, named) =>
    out.push({
      x: ring.x,
      y: ring.y,
      r: ring.r,
      text: clip(placeName(rec.places, ring.place)),
      detail: count(ring.n),
      first: ring === largest,
      named,
    });
  if (largest) add(largest, largest.place === hover || largest.place === selected);
  for (let k = 0; k < rings.length; k++) {
    const ring = rings[k],
      named = ring.place === hover || ring.place === selected;
    if (ring === largest || !(named || (ring.r >= MAP.ringSplit * scale && out.length < most * TRIES))) continue;
    if (named || !insideLarger(rings, k)) add(ring, named);
  }
  return { most, rings: out, avoid: view.avoid ?? [] };
}

function insideLarger(rings, k) {
  const { x, y } = rings[k];
  for (let j = 0; j < k; j++) if (Math.hypot(rings[j].x - x, rings[j].y - y) < rings[j].r) return true;
  return false;
}

const clip = text => (text.length > LABEL_LENGTH ? `${text.slice(0, LABEL_LENGTH - 1)}…` : text);

/**
 * The ring under a point: the smallest of those that hold it, with a little reach for small ones.
 * @param {object} frame
 * @param {number} x CSS px
 * @param {number} y CSS px
 * @returns {object|null} ring
 */
export function ringAt(frame, x, y) {
  let best = null,
    bestR = Infinity;
  for (const ring of frame.rings) {
    const d = Math.hypot(ring.x - x, ring.y - y);
    if (
      d <= Math.max(ring.r + 2, 7 * frame.scale) &&
      (ring.r < bestR || (ring.r === bestR && d < Math.hypot(best.x - x, best.y - y)))
    ) {
      best = ring;
      bestR = ring.r;
    }
  }
  return best;
}
