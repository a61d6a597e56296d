/** Tooltips: of a bin, above the dock with a hair line down to it; of a ring, beside the pointer. */
import { el, fill } from './dom.js';
import { count } from './format.js';
import { glyph } from './icons.js';

function content(ctx, { title, total, rows, note }) {
  return [
    el('div', { class: 'av-title' }, el('b', {}, title), total === null ? null : el('span', {}, count(total))),
    ...rows.map(({ slot, count: n }) => el('div', { class: 'av-line-row' }, glyph(slot), el('span', {}, ctx.slotLabel(slot)), el('span', {}, count(n)))),
    note ? el('div', { class: 'av-dim av-tip-note', dir: 'auto' }, note) : null,
  ];
}

/** The timeline's tooltip: sits on the dock's upper edge, never over the clock. */
export function timelineTip(ctx) {
  const box = el('div', { class: 'av-tip', role: 'tooltip', hidden: true });
  const hair = el('div', { class: 'av-hairline', hidden: true });
  ctx.root.append(box, hair);
  return {
    show({ x, base, ...what }, timeline) {
      fill(box, content(ctx, what));
      box.hidden = hair.hidden = false;
      const frame = ctx.root.getBoundingClientRect();
      const line = timeline.getBoundingClientRect();
      const dock = timeline.parentElement.getBoundingClientRect();
      const at = line.left - frame.left + x;
      const wide = box.offsetWidth;
      const left = Math.max(8, Math.min(frame.width - wide - 8, at - wide / 2));
      const lower = clearOfHonesty(ctx, frame, left, left + wide) ?? dock.top - frame.top - 6;
      box.style.left = `${left}px`;
      box.style.top = `${Math.max(8, lower - box.offsetHeight)}px`;
      hair.style.left = `${Math.round(at)}px`;
      hair.style.top = `${lower}px`;
      hair.style.height = `${Math.max(0, line.top - frame.top + base - lower)}px`;
    },
    hide() {
      box.hidden = hair.hidden = true;
    },
  };
}

// The honesty line is never covered: over it the tooltip sits higher.
function clearOfHonesty(ctx, frame, left, right) {
  if (ctx.size.phone) return null;
  const text = ctx.root.querySelector('.av-honest-text').getBoundingClientRect();
  return text.left - frame.left < right && text.right - frame.left > left ? text.top - frame.top - 6 : null;
}

/** The map's tooltip: what is at the ring under the pointer. */
export function mapTip(ctx, cell) {
  const box = el('div', { class: 'av-tip', role: 'tooltip', hidden: true });
  cell.append(box);
  return {
    show({ x, y, ...what }) {
      fill(box, content(ctx, what));
      box.hidden = false;
      const { clientWidth: width, clientHeight: height } = cell;
      const left = x + 16 + box.offsetWidth < width - 8 ? x + 16 : x - 16 - box.offsetWidth;
      box.style.left = `${Math.max(8, left)}px`;
      box.style.top = `${Math.max(8, Math.min(height - box.offsetHeight - 8, y - 16))}px`;
    },
    hide() {
      box.hidden = true;
    },
  };
}
