/** The rail: opens the filter panel at a section; settings at the foot. */
import { el, setAttr, setText, show } from './dom.js';
import { icon } from './icons.js';
import { opener } from './popover.js';

const SECTIONS = [
  ['slot', 'layers', 'Services'], ['verdict', 'shield', 'Verdict'], ['country', 'globe', 'Countries'],
  ['network', 'network', 'Networks'], ['target', 'target', 'Targets'],
];

export function createRail(ctx) {
  const badge = el('span', { class: 'av-badge' });
  const filters = el('button', { class: 'av-btn av-icon av-holds-badge', title: 'Filters (B)', 'aria-label': 'Filters', on: { click: () => ctx.actions.filters() } }, icon('filter'), badge);
  const jumps = SECTIONS.map(([field, name, label]) => el('button', {
    class: 'av-btn av-icon', title: label, 'aria-label': `Filter ${label.toLowerCase()}`, on: { click: () => ctx.actions.filters(field) },
  }, icon(name)));
  const settings = opener({ class: 'av-btn av-icon', title: 'Settings', 'aria-label': 'Settings', on: { click: (e) => ctx.actions.settings(e.currentTarget) } }, icon('sliders'));
  const element = el('nav', { class: 'av-rail', 'aria-label': 'Panels' }, filters, ...jumps, el('span', { class: 'av-sp' }), settings);
  return {
    element,
    update() {
      const n = ctx.filterCount();
      show(badge, n > 0);
      setText(badge, n);
      filters.classList.toggle('is-on', ctx.filtersOpen());
      setAttr(filters, 'aria-pressed', ctx.filtersOpen() ? 'true' : 'false');
      for (const button of [filters, ...jumps]) button.disabled = !ctx.engine;
    },
  };
}
