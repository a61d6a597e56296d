/** Search: a field with results beneath, driven by pointer or arrow keys. */
import { el, fill, uid } from './dom.js';
import { count } from './format.js';
import { icon } from './icons.js';
import { parseCidr } from './filters.js';

const MOST = 12;
const KINDS = { address: 'target', network: 'network', country: 'globe', place: 'globe', rule: 'shield', cidr: 'network', text: 'search' };

/**
 * Results for a text: what the engine finds, then the text itself as a range of addresses or as a filter. Pure but for
 * the engine asked.
 */
export function results(engine, text) {
  const query = text.trim();
  if (!query) return [];
  const found = engine.search(query, MOST);
  const own = [];
  if (engine.can('cidr') && query.includes('/') && isCidr(query)) own.push({ kind: 'cidr', label: query, detail: 'address range', count: null, filter: { field: 'cidr', value: query } });
  if (engine.can('text')) own.push({ kind: 'text', label: query, detail: 'contains', count: null, filter: { field: 'text', value: query } });
  return [...own.filter((o) => o.kind === 'cidr'), ...found.filter((item) => engine.can(item.filter.field)), ...own.filter((o) => o.kind === 'text')];
}

function isCidr(text) {
  try {
    parseCidr(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A search field. `choose(result, event)` runs for the result taken; `floating` puts the results over what follows.
 */
export function createSearch(ctx, { placeholder, choose, floating = false }) {
  const listId = uid('av-results');
  const input = el('input', {
    type: 'text', placeholder, spellcheck: 'false', autocomplete: 'off', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': listId,
    'aria-autocomplete': 'list', 'aria-label': placeholder, 'data-first': !floating,
  });
  const field = el('div', { class: 'av-field' }, icon('search'), input);
  const list = el('div', { class: 'av-results', id: listId, role: 'listbox', 'aria-label': 'Results', hidden: true });
  let found = [];
  let at = 0;

  function update() {
    found = ctx.engine ? results(ctx.engine, input.value) : [];
    at = 0;
    list.hidden = input.value.trim() === '';
    input.setAttribute('aria-expanded', String(!list.hidden));
    fill(list, found.map((item, k) => option(item, k)));
    mark();
  }

  function option(item, k) {
    return el('div', {
      class: 'av-result', role: 'option', id: `${listId}-${k}`,
      on: { pointerdown: (event) => event.preventDefault(), click: (event) => take(k, event), pointermove: () => { if (at !== k) { at = k; mark(); } } },
    }, icon(KINDS[item.kind] ?? 'search'), el('span', { class: item.kind === 'address' || item.kind === 'cidr' ? 'av-mono' : null, dir: 'auto' }, item.label),
    el('span', { class: 'av-kind' }, item.detail || item.kind), el('span', { class: 'av-n' }, item.count === null ? '' : count(item.count)));
  }

  function mark() {
    [...list.children].forEach((node, k) => {
      node.classList.toggle('is-active', k === at);
      node.setAttribute('aria-selected', String(k === at));
    });
    list.children[at]?.scrollIntoView({ block: 'nearest' });
    if (found.length) input.setAttribute('aria-activedescendant', `${listId}-${at}`);
    else input.removeAttribute('aria-activedescendant');
  }

  function take(k, event) {
    const item = found[k];
    if (!item) return;
    input.value = '';
    update();
    choose(item, event);
  }

  input.addEventListener('input', update);
  input.addEventListener('keydown', (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && found.length) {
      event.preventDefault();
      at = (at + by + found.length) % found.length;
      mark();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      take(at, event);
    } else if (event.key === 'Escape' && input.value) {
      event.stopPropagation();
      input.value = '';
      update();
    }
  });
  if (floating) {
    list.classList.add('av-pop');
    input.addEventListener('blur', () => { list.hidden = true; });
    input.addEventListener('focus', update);
  }
  return { field, list, input };
}
