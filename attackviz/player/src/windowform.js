/** The window chooser: presets, and two fields for the start and the end. */
import { el, fill, show, uid } from './dom.js';
import { duration, range } from './format.js';
import { icon } from './icons.js';

const DAY = 86400e6;
const SHORT = [3600e6, 6 * 3600e6, DAY, 3 * DAY, 7 * DAY];

/**
 * Presets of a recording as `[{label, window}]`, windows in epoch microseconds. Pure.
 *
 * `whole` and `usual` are `[start, end]`: the recording's extent and its default window.
 */
export function presets(whole, usual) {
  const out = [{ label: 'Whole recording', window: whole }];
  if (usual[0] !== whole[0] || usual[1] !== whole[1]) out.push({ label: 'Where the events are', window: usual });
  for (const span of SHORT) {
    if (span < usual[1] - usual[0]) out.push({ label: `Last ${duration(span / 1e6)} of it`, window: [usual[1] - span, usual[1]] });
  }
  return out;
}

/** Epoch microseconds of a time as people write it in UTC: "2025-02-18", "2025-02-18 06:30", ISO; null when it is none. */
export function readTime(text) {
  const match = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?)?\s*(?:Z|UTC)?\s*$/i.exec(text);
  if (!match) return null;
  const [, y, mo, d, h = 0, mi = 0, s = 0, f = 0] = match;
  const ms = Date.UTC(+y, +mo - 1, +d, +h, +mi, +s);
  const date = new Date(ms);
  const exact = date.getUTCMonth() === +mo - 1 && date.getUTCDate() === +d && +h < 24 && +mi < 60 && +s < 60;
  return exact ? ms * 1000 + Math.round(Number(f) * 1e6) : null;
}

/** The text of a time for its field. */
export function writeTime(us) {
  const text = new Date(us / 1000).toISOString();
  return `${text.slice(0, 10)} ${us % 60e6 ? text.slice(11, 19) : text.slice(11, 16)}`;
}

/** What is wrong with these two times for this recording; empty when nothing is. Pure. */
export function windowFault(from, to, whole) {
  if (from === null || to === null) return 'Write times as 2025-02-18 06:30, in UTC.';
  if (to <= from) return 'The end must be after the start.';
  if (to <= whole[0] || from >= whole[1]) return `The recording holds ${range(...whole)}.`;
  return '';
}

export function windowForm(ctx) {
  const { engine } = ctx;
  const all = ctx.zoom.whole;
  const us = (pair) => pair.map((t) => all.timeUs(t));
  const whole = us([0, all.rec.meta.end]);
  const now = engine.state.window.map((t) => engine.timeUs(t));
  const go = ([from, to]) => {
    ctx.pop.close();
    ctx.setWindow([from, to].map((v) => engine.ticksOf(v / 1000)));
  };
  const items = presets(whole, us(all.rec.meta.window)).map(({ label, window }) => el('button', {
    class: 'av-item', 'aria-checked': String(window[0] === now[0] && window[1] === now[1]), role: 'radio', on: { click: () => go(window) },
  }, el('span', { class: 'av-tick' }, icon('check')), label, el('span', { class: 'av-end' }, duration((window[1] - window[0]) / 1e6))));
  const wrong = el('div', { class: 'av-wrong', role: 'alert', hidden: true });
  const field = (value) => el('input', { type: 'text', value, spellcheck: 'false', autocomplete: 'off' });
  const start = field(writeTime(now[0]));
  const end = field(writeTime(now[1]));
  const apply = () => {
    const pair = [readTime(start.value), readTime(end.value)];
    const fault = windowFault(...pair, whole);
    fill(wrong, icon('warn'), fault);
    show(wrong, fault !== '');
    if (!fault) go([Math.max(pair[0], whole[0]), Math.min(pair[1], whole[1])]);
  };
  const line = (label, input) => {
    input.id = uid('av-when');
    input.addEventListener('keydown', (event) => { if (event.key === 'Enter') apply(); });
    return el('div', { class: 'av-when' }, el('label', { for: input.id }, label), el('div', { class: 'av-field' }, input));
  };
  return [
    el('div', { class: 'av-menu', role: 'radiogroup', 'aria-label': 'Presets' }, items),
    el('div', { class: 'av-body' }, line('Start', start), line('End', end), wrong,
      el('div', { class: 'av-acts' }, el('button', { class: 'av-btn av-fill', on: { click: apply } }, 'Set window'), el('span', { class: 'av-dim' }, 'UTC, end excluded'))),
  ];
}
