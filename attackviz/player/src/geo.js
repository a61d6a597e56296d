// Web Mercator and the map's own view of it. A view is plain data: {x0, x1, y0, y1} in metres, width and height in CSS px, scale.

const RADIUS = 6378137;
const RAD = Math.PI / 180;

/** Circumference of the Web Mercator world in metres: one world copy is this wide. */
export const WORLD = 2 * Math.PI * RADIUS;
/** Latitudes and longitude that frame the whole world: the seam falls in the Bering Strait. */
export const HOME = { north: 78, south: -58, lon: 11 };

/**
 * Project longitude to Web Mercator.
 * @param {number} lon degrees
 * @returns {number} metres
 */
export const mercX = lon => RADIUS * lon * RAD;

/**
 * Project latitude to Web Mercator; the poles are cut at 85 degrees, where the square world ends.
 * @param {number} lat degrees
 * @returns {number} metres
 */
export function mercY(lat) {
  const cut = Math.max(-85.0511, Math.min(85.0511, lat));
  return RADIUS * Math.log(Math.tan(Math.PI / 4 + (cut * RAD) / 2));
}

/** Longitude in degrees of a Web Mercator x in metres. */
export const lonOf = x => x / RADIUS / RAD;

/** Latitude in degrees of a Web Mercator y in metres. */
export const latOf = y => (2 * Math.atan(Math.exp(y / RADIUS)) - Math.PI / 2) / RAD;

/** CSS px per metre along x. */
export const pxPerMetre = view => view.width / (view.x1 - view.x0);

/** Screen x in CSS px of Web Mercator metres. */
export const screenX = (view, mx) => ((mx - view.x0) / (view.x1 - view.x0)) * view.width;

/** Screen y in CSS px of Web Mercator metres; y grows downward. */
export const screenY = (view, my) => ((view.y1 - my) / (view.y1 - view.y0)) * view.height;

/**
 * The signed way from one x to another, the short way round the world.
 * @param {number} from metres
 * @param {number} to metres
 * @returns {number} metres in [-WORLD / 2, WORLD / 2)
 */
export function shortWay(from, to) {
  const d = to - from;
  return d - WORLD * Math.floor(d / WORLD + 0.5);
}

/**
 * The world copies in which an extent of screen x is at least partly in view.
 * @param {object} view
 * @param {number} left smallest x in CSS px, in the copy where the place lies
 * @param {number} right largest x in CSS px
 * @param {number} margin CSS px
 * @returns {[number, number]} first and last offset in whole worlds, both included; first > last when none is in view
 */
export function worldCopies(view, left, right, margin = 0) {
  const world = WORLD * pxPerMetre(view);
  return [Math.ceil((-margin - right) / world) + 0, Math.floor((view.width + margin - left) / world)];
}

/**
 * The view that fills a cell with the whole world, cropping, never letterboxed.
 * @param {number} width CSS px
 * @param {number} height CSS px
 * @param {number} scale size of marks
 * @returns {object} view
 */
export function homeView(width, height, scale = 1) {
  const top = mercY(HOME.north),
    bottom = mercY(HOME.south);
  const perPx = Math.min(WORLD / width, (top - bottom) / height);
  return viewAround(mercX(HOME.lon), (top + bottom) / 2, perPx, width, height, scale);
}

/**
 * The view centred on a point.
 * @param {number} cx centre, metres
 * @param {number} cy centre, metres
 * @param {number} perPx metres per CSS px
 * @param {number} width CSS px
 * @param {number} height CSS px
 * @param {number} scale size of marks
 * @returns {object} view
 */
export function viewAround(cx, cy, perPx, width, height, scale = 1) {
  const w = (perPx * width) / 2,
    h = (perPx * height) / 2;
  return { x0: cx - w, x1: cx + w, y0: cy - h, y1: cy + h, width, height, scale };
}

/**
 * A stable number in [0, 1) from an integer: the only "chance" on the map.
 * @param {number} k integer
 * @returns {number}
 */
export function hash01(k) {
  return hash32(k) / 4294967296;
}

/** A stable unsigned 32-bit hash of an integer (lowbias32). */
export function hash32(k) {
  let h = k | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The curve of an arc in screen space: a quadratic from source to target whose control point is raised toward the top.
 * @param {number} sx start, CSS px
 * @param {number} sy start, CSS px
 * @param {number} ex end, CSS px; the short way round is the caller's choice (see shortWay)
 * @param {number} ey end, CSS px
 * @param {number} jitter in [-1, 1], of the place
 * @param {number} height of the map in CSS px
 * @param {{lift: number, jitter: number, most: number}} shape shares of the chord and of the height
 * @returns {{chord: number, cx: number, cy: number}} chord length and control point in CSS px; with equal ends chord is 0
 */
export function arcCurve(sx, sy, ex, ey, jitter, height, shape) {
  const chord = Math.hypot(ex - sx, ey - sy);
  const mx = (sx + ex) / 2,
    my = (sy + ey) / 2;
  if (chord === 0) return { chord, cx: mx, cy: my };
  let nx = -(ey - sy) / chord,
    ny = (ex - sx) / chord;
  if (ny > 0) {
    nx = -nx;
    ny = -ny;
  }
  const up = Math.min(shape.most * height, chord * (shape.lift + shape.jitter * jitter));
  return { chord, cx: mx + nx * up, cy: my + ny * up };
}
