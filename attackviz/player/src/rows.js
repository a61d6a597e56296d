/** Rows of a ranked list: code or glyph, name, bar split by category, count. */
import { el, pool, setAttr, setText } from './dom.js';
import { count, exact } from './format.js';
import { glyph, setGlyph, slotColor } from './icons.js';
import { exclude, only } from './filteredit.js';

/** The slot that holds most. Pure. */
export function leading(bySlot) {
  let best = 0;
  for (let slot = 1; slot < 8; slot++) if (bySlot[slot] > bySlot[best]) best = slot;
  return best;
}

/**
 * A list that fills `container` with rows of `engine.top`; returns `(rows, most)`.
 *
 * Click keeps only the row, Alt-click shuts it out; an address opens its card.
 */
export function rankedRows(ctx, container, field) {
  const fillRows = pool(container, () => rankedRow(ctx, field));
  return (rows) => fillRows(rows.map((row) => ({ row, most: rows[0].count })));
}

function rankedRow(ctx, field) {
  const marked = field === 'rule' || field === 'address';
  let row = null;
  const code = marked ? glyph(0) : el('span', { class: 'av-code' });
  const name = el('span', { class: field === 'address' ? 'av-nm av-mono' : 'av-nm', dir: 'auto' });
  const bar = el('span', { class: 'av-bar', 'aria-hidden': 'true' });
  const number = el('span', { class: 'av-n' });
  const press = (event) => {
    const { engine } = ctx;
    const { field: by, value } = row.filter;
    if (!engine.can(by)) return;
    if (event.altKey) engine.set({ filters: exclude(engine.state.filters, by, value) });
    else if (field === 'address' && !row.unknown && !engine.coarse) ctx.actions.selectAddress(row.label);
    else engine.set({ filters: only(engine.state.filters, by, value) });
  };
  const hint = () => !ctx.engine.can(field) ? 'Cells cannot be filtered by it.' : field === 'address' && !ctx.engine.coarse ? 'Click: details. Alt-click: leave out.' : 'Click: only this. Alt-click: leave out.';
  const element = el('button', { class: `av-row k-${field}`, on: { click: press } }, code, name, bar, number);
  const pieces = segments(bar);
  return {
    element,
    update({ row: next, most }) {
      row = next;
      if (marked) setGlyph(code, leading(row.bySlot));
      else setText(code, row.code);
      const nameless = row.code !== '' && row.code === row.label;
      setText(name, nameless ? 'no name' : row.label);
      setText(number, count(row.count));
      setAttr(element, 'title', `${row.label} · ${exact(row.count)} events. ${hint()}`);
      element.classList.toggle('is-muted', row.unknown || nameless);
      pieces(row.bySlot, most);
    },
  };
}

function segments(bar) {
  const parts = [];
  return (bySlot, most) => {
    let used = 0;
    for (let slot = 0; slot < 8; slot++) {
      if (!(bySlot[slot] > 0)) continue;
      const part = (parts[used] ??= bar.appendChild(el('i')));
      const width = `${((bySlot[slot] / most) * 100).toFixed(2)}%`;
      if (part.style.width !== width) part.style.width = width;
      if (part.dataset.slot !== String(slot)) {
        part.dataset.slot = slot;
        part.style.background = slotColor(slot);
      }
      used += 1;
    }
    while (parts.length > used) parts.pop().remove();
  };
}
