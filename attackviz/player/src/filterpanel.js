/** The filter panel: a field, the filters on as chips, and a checklist a field. */
import { el, fill, pool, setAttr, setText, show } from './dom.js';
import { NONE, count } from './format.js';
import { VERDICTS, icon } from './icons.js';
import { addFound, chips, isExcluded, only, toggle } from './filteredit.js';
import { legendRows } from './legend.js';
import { createSearch } from './search.js';

const ANYTHING = 'address, AS, place, text';
const SHOWN = 6;
const EVERY = 200;
const LISTS = [['country', 'Country'], ['network', 'Network'], ['target', 'Target'], ['rule', 'Rule'], ['port', 'Port']];

/**
 * Options of a checklist: what the scope holds, and first what the filters shut out by name. Pure.
 *
 * `nameOf(value)` names a value that the ranking no longer holds.
 */
export function optionsOf(rows, condition, nameOf) {
  const present = new Set(rows.map((row) => row.filter.value));
  const named = [...(condition?.not ?? []), ...(condition?.in ?? [])].filter((value) => !present.has(value));
  return [...named.map((value) => ({ value, label: nameOf(value), count: null })), ...rows.map((row) => ({ value: row.filter.value, label: row.label, count: row.count }))];
}

export function createFilterPanel(ctx) {
  const search = createSearch(ctx, {
    placeholder: ANYTHING, floating: true,
    choose: (item) => ctx.engine.set({ filters: addFound(ctx.engine.state.filters, item.filter) }),
  });
  const tags = el('div', { class: 'av-tags', role: 'group', 'aria-label': 'Filters on' });
  const fillTags = pool(tags, () => tagPart(ctx));
  const scope = el('span');
  const legendTitle = el('h3');
  const rows = legendRows(ctx);
  const legend = el('section', { 'data-field': 'slot' }, el('div', { class: 'av-sh' }, legendTitle, scope), rows.element);
  const verdicts = checklist(ctx, 'verdict', 'Verdict');
  const lists = LISTS.map(([field, title]) => checklist(ctx, field, title));
  const scroll = el('div', { class: 'av-scroll' }, legend, verdicts.element, lists.map((part) => part.element));
  const total = el('span');
  const clear = el('button', { class: 'av-btn av-dense', on: { click: () => ctx.engine.set({ filters: {} }) } }, 'Clear');
  const shut = el('button', { class: 'av-btn av-icon', title: 'Close (B)', 'aria-label': 'Close filters', on: { click: () => ctx.actions.filters() } }, icon('close'));
  const element = el('div', { class: 'av-filters', role: 'region', 'aria-label': 'Filters', hidden: true, tabindex: -1 }, el('div', {},
    el('div', { class: 'av-titlebar' }, el('h3', {}, 'Filters'), shut), el('div', { style: { position: 'relative' } }, search.field, search.list), tags, scroll,
    el('footer', {}, total, el('span', { class: 'av-sp' }), clear)));
  search.list.style.cssText = 'left: 16px; right: 16px; top: 36px; max-height: 240px';

  return {
    element,
    focus(field) {
      const section = field && scroll.querySelector(`[data-field="${field}"]`);
      if (section) scroll.scrollTop = section.offsetTop - scroll.offsetTop;
      if (section) section.querySelector('button')?.focus({ preventScroll: true });
      else element.focus({ preventScroll: true });
    },
    update() {
      if (element.hidden || !ctx.engine) return;
      setAttr(search.input, 'placeholder', ctx.engine.can('text') ? ANYTHING : 'country, place');
      const { filters } = ctx.engine.state;
      const on = chips(filters, ctx.nameOf);
      show(tags, on.length > 0);
      fillTags(on);
      setText(legendTitle, ctx.engine.rec.meta.category_title ?? 'Service');
      setText(scope, ctx.trailText().toLowerCase());
      rows.update();
      const sums = ctx.counts('trail');
      verdicts.update(ctx.engine.rec.meta.verdicts.map((name, k) => ({ value: name, label: VERDICTS[name]?.label ?? name, icon: VERDICTS[name]?.icon, count: sums.byVerdict[k] })), null);
      lists.forEach((part, k) => { show(part.element, ctx.engine.can(LISTS[k][0])); part.refresh(); });
      setText(total, `${count(sums.events)} of ${count(sums.events + sums.filteredOut)}`);
      clear.disabled = on.length === 0;
    },
  };
}

function tagPart(ctx) {
  let without = {};
  const text = el('span', { dir: 'auto' });
  const element = el('button', { class: 'av-tag', on: { click: () => ctx.engine.set({ filters: without }) } }, text, icon('close'));
  return {
    element,
    update(chip) {
      without = chip.without;
      setText(text, chip.text);
      setAttr(element, 'aria-label', `Remove filter ${chip.text}`);
    },
  };
}

function checklist(ctx, field, title) {
  let most = SHOWN;
  const note = el('button', { class: 'av-more', on: { click: () => { most = most === SHOWN ? EVERY : SHOWN; ctx.refresh(); } } });
  const box = el('div', { role: 'group', 'aria-label': title });
  const fillRows = pool(box, () => optionPart(ctx, field));
  const quiet = el('div', { class: 'av-void', style: { padding: '0 16px' } }, 'none');
  const element = el('section', { 'data-field': field }, el('div', { class: 'av-sh' }, el('h3', {}, title), note), box, quiet);
  const update = (options, distinct) => {
    const condition = ctx.engine.state.filters[field];
    fillRows(options.map((option) => ({ ...option, on: !isExcluded(ctx.engine.state.filters, field, option.value) })));
    show(quiet, options.length === 0);
    show(note, distinct !== null && (distinct > SHOWN || Boolean(condition)));
    if (distinct !== null) setText(note, `${count(Math.min(options.length, Math.max(distinct, options.length)))} of ${count(Math.max(distinct, options.length))}`);
  };
  return {
    element,
    update,
    refresh() {
      const { rows, distinct } = ctx.engine.top(field, most, 'trail');
      update(optionsOf(rows, ctx.engine.state.filters[field], (value) => ctx.nameOf(field, value)), distinct);
    },
  };
}

function optionPart(ctx, field) {
  let value = null;
  const picture = el('span', { style: { display: 'contents' } });
  const name = el('span', { dir: 'auto' });
  const number = el('span', { class: 'av-n' });
  let drawn = null;
  const press = (event) => {
    const { filters } = ctx.engine.state;
    ctx.engine.set({ filters: event.altKey ? only(filters, field, value) : toggle(filters, field, value) });
  };
  const element = el('button', { class: 'av-opt', role: 'checkbox', title: 'Click: let in or leave out. Alt-click: only this.', on: { click: press } },
    el('span', { class: 'av-box' }, icon('check')), el('span', { class: 'av-nm' }, picture, name), number);
  return {
    element,
    update(option) {
      value = option.value;
      if (drawn !== option.icon) {
        drawn = option.icon;
        fill(picture, option.icon ? icon(option.icon) : null);
      }
      setText(name, option.label);
      setText(number, option.count === null ? NONE : count(option.count));
      setAttr(element, 'aria-checked', option.on ? 'true' : 'false');
      element.classList.toggle('is-zero', !option.count);
    },
  };
}
