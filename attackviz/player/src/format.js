// Numbers and times as text. UTC everywhere; a missing value is "-", never 0.

const MONTH = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const missing = v => v === null || v === undefined || Number.isNaN(v);

/** Text of a missing value. */
export const NONE = '-';

/** A count: exact with separators to 999,999, then 1.23 M, 1.23 G. */
export function count(n) {
  if (missing(n)) return NONE;
  if (n < 999999.5) return whole.format(n);
  return n < 999.995e6 ? `${(n / 1e6).toFixed(2)} M` : `${(n / 1e9).toFixed(2)} G`;
}

/** A count in full, with separators, for titles and copies. */
export const exact = n => (missing(n) ? NONE : whole.format(n));

/** A rate a second without its unit, two decimals, and never 0 for what is not: the unit "/s" has its own element. */
export const rate = n => (missing(n) ? NONE : n > 0 && n < 0.005 ? '<\u00a00.01' : n < 1000 ? n.toFixed(2) : count(Math.round(n)));

/** A rate with its unit: "0.79 /s". */
export const rateText = n => (missing(n) ? NONE : `${rate(n)} /s`);

/** A share: one decimal, "< 0.1 %" under a tenth of a percent (but "0 %" for none at all). */
export function share(part, total) {
  if (missing(part) || missing(total) || total === 0) return NONE;
  if (part === 0) return '0 %';
  const percent = (part / total) * 100;
  if (percent < 0.1) return '< 0.1 %';
  // Nearly all is not all: rounding must not turn 99.97 into a claim that nothing else is there.
  return percent > 99.9 && part < total ? '> 99.9 %' : `${percent.toFixed(1)} %`;
}

/** A size in bytes: "812 B", "4.2 MB". */
export function bytes(n) {
  if (missing(n)) return NONE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let k = 0,
    v = n;
  while (v >= 999.5 && k < units.length - 1) {
    v /= 1000;
    k++;
  }
  return `${k === 0 || v >= 99.95 ? Math.round(v) : v.toFixed(1)} ${units[k]}`;
}

/** A length of time in seconds as one or two units: "40 s", "15 min", "1 h 30 min", "3 d". */
export function duration(seconds) {
  if (missing(seconds)) return NONE;
  if (seconds < 1) return seconds === 0 ? '0 s' : `${Math.round(seconds * 1000)} ms`;
  let s = Math.round(seconds);
  const parts = [];
  for (const [unit, size] of [
    ['d', 86400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ]) {
    const n = Math.floor(s / size);
    if (n) parts.push(`${n} ${unit}`);
    else if (parts.length) break;
    s -= n * size;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** A playing speed: recording time a second of screen time, and the factor: {text: "10 min/s", factor: "×600"}. */
export const speed = factor => ({
  text: `${duration(factor)}/s`,
  factor: `×${factor < 1 ? factor : whole.format(factor)}`,
});

const date = us => new Date(Math.floor(us / 1000));

/** Time of day "05:42:10" of epoch microseconds. */
export const clockTime = us => date(us).toISOString().slice(11, 19);

/** Time of day "05:42". */
export const hourMinute = us => date(us).toISOString().slice(11, 16);

/** Day "20 Feb". */
export const dayMonth = us => `${date(us).getUTCDate()} ${MONTH[date(us).getUTCMonth()]}`;

/** Day "Thu 20 Feb 2025". */
export const longDay = us => `${DAY[date(us).getUTCDay()]} ${dayMonth(us)} ${date(us).getUTCFullYear()}`;

/** Moment "Thu 20 Feb 2025 05:42:10 UTC". */
export const moment = us => `${longDay(us)} ${clockTime(us)} UTC`;

/** Moment for lists and tooltips "20 Feb 2025 05:42:10". */
export const shortMoment = us => `${dayMonth(us)} ${date(us).getUTCFullYear()} ${clockTime(us)}`;

/**
 * A half-open range "18 Feb 2025 00:00 – 21 Feb 00:00 UTC"; the year is said again only when it changes, the day only when it does.
 * @param {number} startUs epoch microseconds
 * @param {number} endUs epoch microseconds, excluded
 */
export function range(startUs, endUs) {
  const a = date(startUs),
    b = date(endUs);
  const seconds = startUs % 60e6 !== 0 || endUs % 60e6 !== 0;
  const time = us => (seconds ? clockTime(us) : hourMinute(us));
  const sameYear = a.getUTCFullYear() === b.getUTCFullYear();
  const sameDay = sameYear && a.getUTCMonth() === b.getUTCMonth() && a.getUTCDate() === b.getUTCDate();
  const first = `${dayMonth(startUs)} ${a.getUTCFullYear()} ${time(startUs)}`;
  const last = sameDay
    ? time(endUs)
    : sameYear
      ? `${dayMonth(endUs)} ${time(endUs)}`
      : `${dayMonth(endUs)} ${b.getUTCFullYear()} ${time(endUs)}`;
  return `${first} – ${last} UTC`;
}

/** An axis tick: midnight is a date in bold, else hh:mm (hh:mm:ss when the step is under a minute). */
export function axisTick(us, stepSeconds = 60) {
  const d = date(us);
  const midnight = d.getUTCHours() === 0 && d.getUTCMinutes() === 0 && d.getUTCSeconds() === 0;
  if (midnight) return { text: dayMonth(us), bold: true };
  return { text: stepSeconds < 60 ? clockTime(us) : hourMinute(us), bold: false };
}

const regionNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
const COUNTRY = { HK: 'Hong Kong', MO: 'Macao', MM: 'Myanmar', XK: 'Kosovo', PS: 'Palestine' };

/** The name of an ISO 3166 country code; the code itself when it has none; "Unknown" for an empty code. */
export function countryName(code) {
  if (!code) return 'Unknown';
  if (Object.hasOwn(COUNTRY, code)) return COUNTRY[code]; // a log may say "constructor"
  return /^[A-Z]{2}$/.test(code) ? (regionNames.of(code) ?? code) : code;
}

const LEGAL =
  /[\s,.]+(?:co\.?,?\s*ltd|pty\.?\s*ltd|ltd|limited|company limited|l\.?l\.?c|inc|incorporated|b\.?v|gmbh|s\.?a\.?r\.?l|s\.?r\.?o|s\.?r\.?l|s\.?a\.?s|s\.a|ag|oy|ab|plc|corp|corporation|company)\.?$/i;

/** An organisation's name without its legal form (Ltd, LLC, B.V.). */
export function organisation(name) {
  let text = name ?? '';
  for (let k = 0; k < 2; k++) {
    const shorter = text.replace(LEGAL, '').replace(/[\s,]+$/, '');
    if (shorter) text = shorter;
  }
  return text;
}

/** A network's number "AS4134", or "-" when it is not known. */
export const asnText = asn => (asn ? `AS${asn}` : NONE);
