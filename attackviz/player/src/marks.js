/** What is marked on the timeline: bursts and captions of a recording, the way from one burst to the next, and their words. */
import { binTitle } from './bintitle.js';
import { clockTime, count, dayMonth } from './format.js';

const LONGEST = 200; // characters of a caption
const text = (value) => (value === null || value === undefined ? '' : String(value).slice(0, LONGEST));
const wholeNumbers = (...values) => values.every(Number.isFinite);

/** "×226", "×4.5". Pure. */
export const factorText = (factor) => `×${factor < 10 ? factor.toFixed(1) : count(Math.round(factor))}`;

/**
 * Bursts and captions of a recording's header, by time (epoch microseconds). Pure.
 * @returns {{bursts: object[], byRank: object[], notes: {us: number, text: string}[]}} byRank: the bursts with most events above the usual first
 */
export function marksOf(meta) {
  const labels = new Map(meta.categories.map(({ name, label }) => [name, label]));
  const bursts = (meta.bursts ?? []).filter((b) => wholeNumbers(b.start_us, b.end_us, b.factor)).map((b) => ({
    us: b.start_us, end: b.end_us, events: b.events, expected: b.expected, source: text(b.source), rule: text(b.rule),
    text: [b.category ? text(labels.get(b.category) ?? b.category) : '', factorText(b.factor)].filter(Boolean).join(' '),
  }));
  const notes = (meta.notes ?? []).filter((n) => wholeNumbers(n.t)).map((n) => ({ us: n.t, text: text(n.text) }));
  const byTime = (a, b) => a.us - b.us;
  const byRank = [...bursts].sort((a, b) => b.events - b.expected - (a.events - a.expected) || byTime(a, b));
  return { bursts: bursts.sort(byTime), byRank, notes: notes.sort(byTime) };
}

/** Those bursts that a window `[from, to)` (epoch microseconds) holds some of. Pure. */
export const within = (bursts, [from, to]) => bursts.filter((b) => b.us < to && b.end > from);

/** The burst that began last at a moment: its number from 1 on, 0 before the first. Pure. */
export const atBurst = (bursts, us) => bursts.filter((b) => b.us <= us).length;

/** Where the next burst begins after a moment, or the one before it; null where there is none. Pure. */
export function nextBurst(bursts, us, by) {
  const found = by > 0 ? bursts.find((b) => b.us > us) : bursts.filter((b) => b.us < us).pop();
  return found ?? null;
}

/** What a tooltip says of a mark. Pure. */
export function markTip(mark) {
  if (mark.end === undefined) return { title: `${dayMonth(mark.us)} ${clockTime(mark.us)}`, total: null, rows: [], note: mark.text };
  const most = [mark.source && `most from ${mark.source}`, mark.rule && `most often ${mark.rule}`].filter(Boolean);
  const usual = Math.round(mark.expected) >= 1 ? `usually about ${count(Math.round(mark.expected))}` : 'usually none';
  return { title: `Burst: ${mark.text}`, total: mark.events, rows: [], note: [binTitle(mark.us, mark.end), usual, ...most].join(' · ') };
}
