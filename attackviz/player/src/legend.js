/** The legend: what each glyph stands for, how much of it shows, and a switch for each. */
import { el, pool, setAttr, setText, show, svg } from './dom.js';
import { count } from './format.js';
import { glyph, icon, setGlyph } from './icons.js';
import { isExcluded, onlySlot, toggle } from './filteredit.js';

/** Rows of category switches; used on the map and in the filter panel. Returns `{element, update()}`. */
export function legendRows(ctx) {
  const element = el('div', { class: 'av-rows', role: 'group', 'aria-label': 'Categories shown' });
  const fillRows = pool(element, () => legendRow(ctx));
  return {
    element,
    update() {
      const engine = ctx.status === 'ready' ? ctx.engine : null; // what is not known is "-", never 0
      const totals = engine ? ctx.counts('trail').bySlotAll : null;
      const filters = engine?.state.filters;
      fillRows(ctx.slots.map(({ slot, label }) => ({ slot, label, n: totals?.[slot] ?? null, off: isExcluded(filters, 'slot', slot) })));
    },
  };
}

function legendRow(ctx) {
  let slot = 0;
  const mark = glyph(0);
  const name = el('span');
  const open = icon('eye');
  const shut = icon('eyeoff');
  const number = el('span', { class: 'av-n' });
  const press = (event) => {
    const { engine } = ctx;
    if (!engine) return;
    const { filters } = engine.state;
    engine.set({ filters: event.altKey ? onlySlot(filters, slot, ctx.slots.map((s) => s.slot)) : toggle(filters, 'slot', slot) });
  };
  const element = el('button', { class: 'av-lg', title: 'Click: hide or show. Alt-click: keep only this.', on: { click: press } },
    mark, name, el('span', { class: 'av-eye' }, open, shut), number);
  return {
    element,
    update(item) {
      slot = item.slot;
      setGlyph(mark, slot);
      setText(name, item.label);
      setText(number, count(item.n));
      element.classList.toggle('is-off', item.off);
      show(open, !item.off);
      show(shut, item.off);
      setAttr(element, 'aria-pressed', item.off ? 'false' : 'true');
    },
  };
}

/** What the three rings of the key stand for, in two lines: "1 · 25 · 100 events", "at one place". Pure. */
export function ringWords(unit) {
  const sizes = [1, 25, 100].map((n) => short(n * unit)).join(' · ');
  return unit === 1 ? [`${sizes} events`, 'at one place'] : [sizes, 'events at one place'];
}

function short(n) {
  const [by, letter] = n < 1e3 ? [1, ''] : n < 1e6 ? [1e3, ' k'] : [1e6, ' M'];
  return `${Number((n / by).toFixed(2))}${letter}`;
}

/** The legend as it lies on the map. */
export function createLegend(ctx) {
  const title = el('span');
  const scope = el('span');
  const rows = legendRows(ctx);
  const key = svg('svg', { viewBox: '0 0 56 26', 'aria-hidden': 'true' });
  for (const [x, r] of [[4, 2.5], [19, 5.5], [43, 11]]) key.append(svg('circle', { cx: x, cy: 13, r }));
  const sizes = el('span');
  const unit = el('span');
  const element = el('div', { class: 'av-over av-legend' },
    el('h4', { class: 'av-caption' }, title, scope), rows.element,
    el('div', { class: 'av-ringkey' }, key, el('span', {}, sizes, el('br'), unit)));
  return {
    element,
    update() {
      show(element, ctx.slots.length > 0);
      setText(title, ctx.engine?.rec.meta.category_title ?? 'Service');
      setText(scope, ctx.engine ? ctx.trailText().toLowerCase() : '');
      const [first, second] = ringWords(ctx.engine?.ringUnit() ?? 1);
      setText(sizes, first);
      setText(unit, second);
      rows.update();
    },
  };
}
