/** The window chooser of live events: how much of the past follows along, or a stretch of the past. */
import { el, fill, show, uid } from './dom.js';
import { duration } from './format.js';
import { icon } from './icons.js';
import { SPANS } from './live.js';
import { readTime, writeTime } from './windowform.js';

/** What is wrong with these two times (epoch microseconds, null for none); empty when nothing is. Pure. */
export function pastFault(from, to, nowUs) {
  if (from === null || to === null) return 'Write times as 2025-02-18 06:30, in UTC.';
  if (to <= from) return 'The end must be after the start.';
  return from >= nowUs ? 'That is in the future.' : '';
}

export function liveWindow(ctx) {
  const { engine, live } = ctx;
  const follow = (seconds) => {
    ctx.pop.close();
    live.span = seconds;
  };
  const items = SPANS.map((seconds) => el('button', {
    class: 'av-item', role: 'radio', 'aria-checked': String(live.following && live.span === seconds), on: { click: () => follow(seconds) },
  }, el('span', { class: 'av-tick' }, icon('check')), `Last ${duration(seconds)}`, el('span', { class: 'av-end' }, 'following')));
  const wrong = el('div', { class: 'av-wrong', role: 'alert', hidden: true });
  const inputs = engine.state.window.map((t) => el('input', { type: 'text', value: writeTime(Math.floor(engine.timeUs(t) / 1e6) * 1e6), spellcheck: 'false', autocomplete: 'off', id: uid('av-when') }));
  const apply = () => {
    const pair = inputs.map((input) => readTime(input.value));
    const fault = pastFault(...pair, live.engine.timeUs(live.engine.rec.meta.end));
    fill(wrong, icon('warn'), fault);
    show(wrong, fault !== '');
    if (fault) return;
    ctx.pop.close();
    ctx.setWindow(pair.map((us) => engine.ticksOf(us / 1000)));
  };
  const lines = ['Start', 'End'].map((label, k) => {
    inputs[k].addEventListener('keydown', (event) => { if (event.key === 'Enter') apply(); });
    return el('div', { class: 'av-when' }, el('label', { for: inputs[k].id }, label), el('div', { class: 'av-field' }, inputs[k]));
  });
  return [
    el('div', { class: 'av-menu', role: 'radiogroup', 'aria-label': 'Following' }, items),
    el('div', { class: 'av-body' }, lines, wrong,
      el('div', { class: 'av-acts' }, el('button', { class: 'av-btn av-fill', on: { click: apply } }, 'Show the past'), el('span', { class: 'av-dim' }, 'UTC, end excluded'))),
  ];
}
