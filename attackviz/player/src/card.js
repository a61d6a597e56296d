/** The card beside a selected ring: one source, or the sources of one place. */
import { el, fill, fitCanvas, pool, setText } from './dom.js';
import { count, dayMonth, hourMinute } from './format.js';
import { glyph, icon, setGlyph } from './icons.js';
import { exclude, only } from './filteredit.js';

const LISTED = 6;

/** Left and top of a card kept inside its cell, beside a ring at `{x, y, r}`. Pure. */
export function cardPlace({ x, y, r }, card, cell, gap = 16) {
  const right = x + r + gap;
  const left = right + card.width <= cell.width - 56 ? right : x - r - gap - card.width;
  return {
    left: Math.max(8, Math.min(left, cell.width - card.width - 8)),
    top: Math.max(8, Math.min(y - 24, cell.height - card.height - 8)),
  };
}

export function createCard(ctx) {
  const mark = glyph(0);
  const name = el('b');
  const shut = el('button', { class: 'av-btn av-icon', 'aria-label': 'Close', title: 'Close (Esc)', on: { click: () => ctx.actions.select(null) } }, icon('close'));
  const place = el('div', { class: 'av-mid', dir: 'auto' });
  const facts = el('dl');
  const members = el('div');
  const fillMembers = pool(members, () => memberRow(ctx));
  const spark = el('canvas', { 'aria-hidden': 'true' });
  const tools = el('div', { class: 'av-ft' });
  const element = el('div', { class: 'av-card', role: 'dialog', hidden: true }, el('div', { class: 'av-title' }, mark, name, shut), place, facts, members, spark, tools);
  let shown = null;
  let at = -1;
  let sizes = null;

  const when = (t) => {
    const us = ctx.engine.timeUs(t);
    return `${dayMonth(us)} ${hourMinute(us)}`;
  };

  function update() {
    const { engine } = ctx;
    const selected = ctx.status === 'ready' ? engine?.state.selected : null;
    element.hidden = !selected;
    if (!selected) {
      shown = null;
      return;
    }
    const info = selected.kind === 'source' ? engine.sourceInfo(selected.id) : engine.placeInfo(selected.id);
    const fresh = shown !== `${selected.kind}${selected.id}`;
    shown = `${selected.kind}${selected.id}`;
    if (fresh) build(info);
    write(info);
    paintSpark(info.spark);
    measure(info.kind === 'source' ? info.placeId : info.id, fresh);
    follow();
  }

  function build(info) {
    const source = info.kind === 'source';
    name.className = source ? 'av-mono' : '';
    const [field, value] = source ? ['address', info.ip ?? ''] : ['place', info.key];
    const act = (iconName, label, press) => el('button', { class: 'av-btn', on: { click: press } }, icon(iconName), label);
    const edit = (change) => () => ctx.engine.set({ filters: change(ctx.engine.state.filters, field, value) });
    const copy = act('copy', 'Copy', () => ctx.copy(source ? info.ip ?? '' : info.place, copy));
    fill(tools, act('filter', 'Only this', edit(only)), act('eyeoff', 'Exclude', () => { edit(exclude)(); ctx.actions.select(null); }), copy);
    element.setAttribute('aria-label', source ? `Source ${info.ip}` : `Place ${info.place}`);
  }

  function write(info) {
    const source = info.kind === 'source';
    setGlyph(mark, info.mostly?.slot ?? null);
    setText(name, source ? info.ip ?? 'no address' : info.place);
    const land = source ? info.place : info.region;
    setText(place, [land === info.countryName ? null : land, info.countryName].filter(Boolean).join(', '));
    const row = (label, text) => [el('dt', {}, label), el('dd', { dir: 'auto' }, text)];
    const span = info.first === null ? 'none in this window' : `${when(info.first)} – ${when(info.last)}`;
    fill(facts,
      source ? row('Network', info.asn ? `${info.networkCode} ${info.network}` : info.network) : ctx.engine.coarse ? [] : row('Sources', `${count(info.sources.length)} in ${ctx.trailText().toLowerCase()}`),
      row(`In ${ctx.trailText().toLowerCase()}`, `${count(info.countTrail)} events`), row('In window', `${count(info.countWindow)} events`),
      row('First, last', span), info.mostly ? row('Mostly', info.mostly.label) : []);
    fillMembers(source || ctx.engine.coarse ? [] : info.sources.slice(0, LISTED).map((member) => ({ ...member, ip: ctx.engine.rec.sources.ip[member.id] })));
  }

  function paintSpark(values) {
    const { ctx: at, width, height } = fitCanvas(spark);
    if (!width) return;
    at.clearRect(0, 0, width, height);
    const css = getComputedStyle(ctx.root);
    const most = Math.max(1, ...values);
    const wide = width / values.length;
    values.forEach((n, k) => {
      at.fillStyle = css.getPropertyValue(n ? '--ink-2' : '--line-2');
      const tall = n ? Math.max(2, (n / most) * (height - 2)) : 1;
      at.fillRect(k * wide, height - tall, Math.max(1, wide - 1), tall);
    });
    const { window: [from, to], t } = ctx.engine.state;
    at.fillStyle = css.getPropertyValue('--playhead');
    at.fillRect(Math.round(((t - from) / (to - from)) * (width - 1)), 0, 1, height);
  }

  function measure(placeId, fresh) {
    at = placeId;
    const cell = element.parentElement;
    sizes = { card: { width: element.offsetWidth, height: element.offsetHeight }, cell: { width: cell.clientWidth, height: cell.clientHeight } };
    if (fresh && !ctx.ringOf(placeId)) put({ x: (sizes.cell.width - sizes.card.width) / 2 - 24, y: 96, r: 8 });
  }

  function put(ring) {
    const { left, top } = cardPlace(ring, sizes.card, sizes.cell);
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
  }

  /** Stay beside the ring; once it is gone from the map, where it was last. */
  function follow() {
    const ring = shown && !ctx.size.phone ? ctx.ringOf(at) : null;
    if (ring) put(ring);
  }

  return { element, update, follow };
}

function memberRow(ctx) {
  let id = 0;
  const name = el('span', { class: 'av-nm av-mono' });
  const number = el('span', { class: 'av-n' });
  const element = el('button', { class: 'av-row', title: 'Details', on: { click: () => ctx.actions.select({ kind: 'source', id }) } }, name, number);
  return {
    element,
    update(item) {
      id = item.id;
      setText(name, item.ip ?? 'no address');
      setText(number, count(item.count));
    },
  };
}
