// The clock: how far wall time moves the moment. Pure functions; nobody below here asks what time it is.

/** Speeds offered, in seconds of recording a second of screen time. */
export const SPEEDS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 43200, 86400];
/** Bin widths in seconds. */
const BINS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000,
];
const MOST_BINS = 300;
const PLAY_SECONDS = 420; // a window plays in about seven minutes unless told otherwise
const TRAIL_SCREEN_SECONDS = 6,
  TRAIL_LEAST_SECONDS = 60;
const QUIET_SCREEN_SECONDS = 2; // a gap shorter than this on screen is a pause, not quiet
const LEAD_SCREEN_SECONDS = 0.3;

/** The speed at which a window of so many seconds plays in about seven minutes. */
export function speedFor(seconds) {
  const wish = Math.max(1, seconds / PLAY_SECONDS);
  return SPEEDS.reduce((best, s) => (Math.abs(Math.log(s / wish)) < Math.abs(Math.log(best / wish)) ? s : best));
}

/** The smallest bin width in seconds that cuts so many seconds into at most 300 bins. */
export function binFor(seconds, most = MOST_BINS) {
  return BINS.find(b => seconds / b <= most) ?? Math.ceil(seconds / most / 2592000) * 2592000;
}

/** Length of the trail in seconds: 6 s of screen time, at least 60 s. */
export const trailFor = speed => Math.max(TRAIL_LEAST_SECONDS, TRAIL_SCREEN_SECONDS * speed);

/**
 * Where the clock stands after so much wall time.
 * @param {object} now t, window [a, b), speed, loop, skipQuiet
 * @param {number} dtMs wall time in milliseconds
 * @param {number} perSecond ticks a second of recording
 * @param {object} events life (ticks an arc shows), next(t) and last(t): ticks of the first passing event after t and the last at or before it, or null
 * @returns {{t: number, playing: boolean}} playing is false once the end is reached without loop
 */
export function advance(now, dtMs, perSecond, events) {
  const [a, b] = now.window,
    rate = now.speed * perSecond;
  let t = now.t + (dtMs / 1000) * rate;
  if (now.skipQuiet && t < b) t = skip(t, b, rate, events);
  if (t < b) return { t, playing: true };
  if (!now.loop || b <= a) return { t: b, playing: false };
  // A long tab sleep may cover several rounds.
  return { t: a + ((t - a) % (b - a)), playing: true };
}

function skip(t, end, rate, { life, next, last }) {
  const before = last(t);
  if (before !== null && t - before < life) return t;
  const after = next(t) ?? end;
  return after - t > QUIET_SCREEN_SECONDS * rate ? after - LEAD_SCREEN_SECONDS * rate : t;
}
