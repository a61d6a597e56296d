/** The side column: counters, ranked lists, and the feed. */
import { el, setAttr, setText, show, uid } from './dom.js';
import { count } from './format.js';
import { icon } from './icons.js';
import { counters, scopeSwitch, verdictStrip } from './counters.js';
import { createFeed } from './feed.js';
import { gauges, sourceList } from './liveview.js';
import { rankedRows } from './rows.js';

const SHOWN = 5;
const ALL = 500;
const TITLES = { country: 'Countries', network: 'Networks', rule: 'Rules', address: 'Addresses', feed: 'Latest events' };

export function createSide(ctx, live = false) {
  const head = live ? [gauges(ctx), sourceList(ctx), scopeSwitch(ctx), verdictStrip(ctx)] : [scopeSwitch(ctx), counters(ctx), verdictStrip(ctx)];
  const lists = [listOf(ctx, ['country']), listOf(ctx, live ? ['network', 'rule', 'address', 'feed'] : ['network']), live ? null : listOf(ctx, ['rule', 'address', 'feed'])].filter(Boolean);
  const feed = createFeed(ctx);
  const feedNote = el('span');
  const feedBox = el('section', { class: 'av-feed is-own' }, el('div', { class: 'av-sh' }, el('h3', {}, TITLES.feed), feedNote), feed.element);
  const all = allRows(ctx);
  const element = el('aside', { class: 'av-side', 'aria-label': 'Numbers' }, head.map((part) => part.element), lists.map((part) => part.element), feedBox, all.element);
  let keep = null;
  return {
    element,
    openAll: all.open,
    closeAll: all.close,
    /** `measure`: the frame may have changed, so see again how many rows of the feed fit. */
    update(measure) {
      for (const part of head) part.update();
      setText(feedNote, feedWords(ctx.engine));
      for (const part of lists) part.update(feed, measure);
      const own = !ctx.size.short;
      if (own) {
        if (feed.element.parentElement !== feedBox) feedBox.append(feed.element);
        if (measure || keep === null) keep = Math.max(0, element.clientHeight - feedBox.offsetTop - 32);
        feed.update(keep, measure);
      }
      all.update();
    },
  };
}

// What the feed shows: all events, or of cells a sample.
function feedWords(engine) {
  if (!engine?.coarse) return 'newest first';
  return `sample: ${count(engine.coarse.sample?.rec.n ?? 0)} of ${count(engine.rec.meta.totals.in_recording)}`;
}

/** One section; with several fields its head holds a tab for each. */
function listOf(ctx, fields) {
  let field = fields[0];
  let keep = null;
  const id = uid('av-list');
  const body = el('div', { id, role: fields.length > 1 ? 'tabpanel' : null });
  const fills = {};
  const boxes = {};
  for (const name of fields) {
    boxes[name] = el('div', { hidden: name !== field });
    if (name !== 'feed') fills[name] = rankedRows(ctx, boxes[name], name);
    body.append(boxes[name]);
  }
  const quiet = el('div', { class: 'av-void' });
  body.append(quiet);
  const tabs = fields.map((name) => el('button', { role: 'tab', 'aria-controls': id, 'data-field': name, on: { click: () => { field = name; ctx.refresh(); } } }, TITLES[name]));
  const more = el('button', { class: 'av-more', on: { click: () => ctx.actions.openAll(field) } });
  const head = el('h3', fields.length > 1 ? { role: 'tablist', 'aria-label': 'List' } : {}, fields.length > 1 ? tabs : TITLES[field]);
  const element = el('section', { class: 'av-list' }, el('div', { class: 'av-sh' }, head, more), body);
  return {
    element,
    update(feed, measure) {
      const tabbed = ctx.size.short;
      if (field === 'feed' && !tabbed) field = fields[0];
      for (const tab of tabs) {
        const name = tab.dataset.field;
        show(tab, name !== 'feed' || tabbed);
        if (name === 'feed') setText(tab, ctx.engine?.coarse ? 'Sample' : TITLES.feed);
        setAttr(tab, 'aria-selected', name === field ? 'true' : 'false');
      }
      for (const name of fields) show(boxes[name], name === field);
      element.style.flex = field === 'feed' ? '1 1 0' : '';
      const ready = ctx.engine && ctx.status === 'ready';
      element.classList.toggle('is-steady', Boolean(ready) && !ctx.size.phone && field !== 'feed' && !ctx.windowEmpty());
      if (field === 'feed') {
        show(more, false);
        show(quiet, false);
        boxes.feed.append(feed.element);
        if (measure || keep === null) keep = element.parentElement.clientHeight - element.offsetTop - 32;
        feed.update(keep, measure);
        return;
      }
      const { rows, distinct } = ready ? ctx.engine.top(field, SHOWN) : { rows: [], distinct: 0 };
      fills[field](rows);
      const named = rows.filter((row) => !row.unknown).length;
      show(more, distinct > 0 || rows.length > 0);
      const scope = ready ? ctx.listScope(field) : '';
      const figures = `${count(named)} of ${count(distinct)}`;
      // Beside three tabs there is no room for both.
      setText(more, !scope ? figures : tabbed && scope !== 'window' && fields.length > 2 ? scope : `${scope} · ${figures}`);
      setAttr(more, 'aria-label', `All ${TITLES[field].toLowerCase()}: ${count(distinct)}`);
      show(quiet, rows.length === 0);
      setText(quiet, ready && ctx.engine.coarse?.listed(field) ? 'Cells do not hold this' : ctx.quietText());
    },
  };
}

/** Every row of one list, over the column. */
function allRows(ctx) {
  let field = null;
  let opener = null;
  const title = el('h3');
  const note = el('span', { class: 'av-dim' });
  const box = el('div', { class: 'av-scroll', tabindex: 0 });
  const back = el('button', { class: 'av-btn av-dense av-icon', 'aria-label': 'Back', title: 'Back (Esc)', on: { click: () => close() } }, icon('left'));
  const element = el('div', { class: 'av-all', role: 'dialog', hidden: true }, el('div', { class: 'av-sh' }, back, title, el('span', { class: 'av-sp' }), note), box);
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  });
  const fills = {};
  const boxes = {};
  function close() {
    if (!field) return;
    field = null;
    show(element, false);
    opener?.focus?.({ preventScroll: true });
  }
  return {
    element,
    close,
    open(name) {
      opener = element.getRootNode().activeElement;
      field = name;
      if (!boxes[name]) {
        boxes[name] = el('div');
        fills[name] = rankedRows(ctx, boxes[name], name);
        box.append(boxes[name]);
      }
      for (const [key, part] of Object.entries(boxes)) show(part, key === name);
      setText(title, TITLES[name]);
      setAttr(element, 'aria-label', `All ${TITLES[name].toLowerCase()}`);
      show(element, true);
      this.update();
      if (ctx.size.phone) element.scrollIntoView({ block: 'start' });
      back.focus({ preventScroll: true });
    },
    update() {
      if (!field || !ctx.engine) return;
      const { rows, distinct } = ctx.engine.top(field, ALL);
      fills[field](rows);
      const scope = ctx.listScope(field);
      setText(note, (scope ? `${scope} · ` : '') + (rows.length < distinct ? `first ${count(rows.length)} of ${count(distinct)}` : `${count(distinct)} in all`));
    },
  };
}
