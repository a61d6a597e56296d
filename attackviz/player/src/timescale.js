/** Arithmetic of the timeline: how wide a bin, where the ticks stand, how high the axis. Pure, times in milliseconds. */
import { axisTick } from './format.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Bin widths offered, in milliseconds. All divide a day, so bins start on round times. */
export const BINS = [
  SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
  MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY,
];

const STEPS = [
  SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
  MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
  DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 364 * DAY,
];

/** Width in milliseconds of the narrowest bin that stays at least `minPx` wide when `span` ms fill `width` pixels. */
export function chooseBin(span, width, minPx = 3.5) {
  const most = Math.max(1, width / minPx);
  const fit = BINS.find((bin) => span / bin <= most);
  if (fit) return fit;
  return Math.ceil(span / most / DAY) * DAY;
}

/** The widest bin that is no longer than `ms`, at least a second. */
export function finestBin(ms) {
  return BINS.findLast((bin) => bin <= ms) ?? SECOND;
}

/** Bin widths worth offering for a window: at least 8 bins, and no bin under a pixel. */
export function binChoices(span, width) {
  return BINS.filter((bin) => span / bin >= 8 && span / bin <= Math.max(8, width));
}

/**
 * Ticks of a time axis: `[{ms, label, bold}]`. Midnights are bold dates, other times hh:mm (hh:mm:ss under a minute).
 * Neighbours stand at least `minGap` pixels apart.
 */
export function axisTicks(start, end, width, minGap = 80) {
  const span = end - start;
  if (!(span > 0) || !(width > 0)) return [];
  const step = STEPS.find((s) => (s / span) * width >= minGap) ?? STEPS[STEPS.length - 1];
  const ticks = [];
  for (let ms = Math.ceil(start / step) * step; ms <= end; ms += step) {
    const { text, bold } = axisTick(ms * 1000, step / SECOND);
    ticks.push({ ms, label: text, bold });
  }
  return ticks;
}

/** Smallest round number that is not below `value`; its half is round too, and whole from 2 on. At least 1. */
export function niceTop(value) {
  if (!(value > 1)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = power === 1 ? [1, 2, 4, 6, 8] : [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8];
  const step = steps.find((m) => m * power >= value) ?? 10;
  return Math.round(step * power);
}

/**
 * Top of the count axis for bins with these totals: a round number about a quarter above the 99th percentile of the
 * bins that hold anything, so that one burst does not flatten the rest. Bins above it are notched.
 */
export function axisTop(totals) {
  const filled = Array.from(totals).filter((n) => n > 0).sort((a, b) => a - b);
  if (!filled.length) return 1;
  const max = filled[filled.length - 1];
  const p99 = filled[Math.min(filled.length - 1, Math.floor(filled.length * 0.99))];
  return niceTop(Math.min(max, p99 * 1.25));
}

/** Marks of the count axis. */
export const countMarks = (top) => (top < 2 ? [0, top] : [0, top / 2, top]);

/** Drop every interval that overlaps one placed before it; `spans` are `[left, right]` in order of rank. */
export function keepApart(spans, gap = 4) {
  const kept = [];
  return spans.map(([a, b]) => {
    const free = kept.every(([c, d]) => b + gap <= c || a >= d + gap);
    if (free) kept.push([a, b]);
    return free;
  });
}
