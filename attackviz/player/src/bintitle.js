/** Words for a stretch of the timeline. */
import { clockTime, dayMonth, hourMinute } from './format.js';

/** Words for one bin, or a burst: what the tooltip says. Pure. */
export function binTitle(startUs, endUs) {
  const day = 86400e6;
  if (startUs % day === 0 && endUs - startUs === day) return dayMonth(startUs);
  const time = startUs % 60e6 || endUs % 60e6 ? clockTime : hourMinute;
  const last = Math.floor(startUs / day) === Math.floor(endUs / day) || endUs % day === 0 ? time(endUs) : `${dayMonth(endUs)} ${time(endUs)}`;
  return `${dayMonth(startUs)} ${time(startUs)} – ${last}`;
}
