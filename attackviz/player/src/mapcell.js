/** The map's cell: a host that draws the ground, the attack layer over it, and what lies on top of both. */
import { el, fitCanvas, setAttr } from './dom.js';
import { PASS } from './filters.js';
import { drawLayer } from './layer.js';
import { icon } from './icons.js';
import { binRows } from './timeline.js';
import { mapTip } from './tip.js';
import { placeName } from './index.js';
import { styleFrom } from './mapstyle.js';

const CLICK = 4; // px: a press that moves further is a drag
const LINGER = 400; // ms that frames go on after a touch of the map: a host may move without saying so

// What shows at a place, by slot, the top of the stack first.
function slotsAt({ rec, mask }, place, [a, b]) {
  const bySlot = new Float64Array(8);
  for (let i = a; i < b; i++) if (mask[i] & PASS && rec.sources.place[rec.source[i]] === place) bySlot[rec.slot[i]] += rec.weight ? rec.weight[i] : 1;
  return binRows({ bySlot }, 0);
}

export function createMapCell(ctx, makeHost) {
  const ground = el('div', { class: 'av-host' });
  const canvas = el('canvas', { class: 'av-layer', role: 'img' });
  const tool = (name, label, press) => el('button', { class: 'av-btn av-icon', title: label, 'aria-label': label, on: { click: press } }, icon(name));
  const zoom = el('div', { class: 'av-over av-zoom', role: 'group', 'aria-label': 'Map' },
    tool('plus', 'Zoom in (+)', () => ctx.actions.zoom(1.6)), tool('minus', 'Zoom out (-)', () => ctx.actions.zoom(1 / 1.6)),
    tool('globe', 'Whole world (0)', () => ctx.actions.world()), tool('target', 'Centre on the target (T)', () => ctx.actions.target()));
  const foot = el('div', { class: 'av-foot' });
  const element = el('section', { class: 'av-map', 'aria-label': 'Map' }, ground, canvas, zoom, foot);
  const tip = mapTip(ctx, element);
  let host = null;
  let style = null;
  let frame = null;
  let avoid = null;
  let press = null;

  function start() {
    host = makeHost(ground);
    host.onChange(() => {
      tip.hide();
      ctx.wake();
      ctx.viewed();
    });
  }

  /** Forget measures that depend on size or theme. */
  function invalidate() {
    avoid = null;
    style = null;
  }

  function setTheme(theme) {
    style = null;
    host.setTheme(theme);
  }

  const wall = () => ctx.root.classList.contains('is-wall');

  function viewNow() {
    const view = host.getView();
    const { phone } = ctx.size;
    avoid ??= phone ? [] : overlays(view);
    if (wall()) return { ...view, scale: 1.5, cap: 170, labels: 5, avoid };
    return { ...view, scale: phone ? 0.8 : 1, cap: phone ? 70 : 170, labels: phone ? 0 : 7, avoid };
  }

  // Boxes that labels stay out of. The honesty line counts with a fixed height, so that its words never move a label.
  function overlays(view) {
    const cell = element.getBoundingClientRect();
    const box = (node) => {
      const r = node.getBoundingClientRect();
      return [r.left - cell.left, r.top - cell.top, r.right - cell.left, r.bottom - cell.top];
    };
    const boxes = [box(zoom), [0, view.height - 28, view.width, view.height]];
    for (const node of element.querySelectorAll('.av-legend, .av-grain:not([hidden]), .av-wallhead > *, .av-walllegend, .av-boards:not([hidden])')) boxes.push(box(node));
    return boxes;
  }

  function paint() {
    const { ctx: at, width, height, dpr } = fitCanvas(canvas);
    frame = null;
    if (!width || !height || !host) return;
    if (!ctx.engine || ctx.status !== 'ready') {
      at.clearRect(0, 0, width, height);
      return;
    }
    if (!style) {
      const css = getComputedStyle(ctx.root);
      style = styleFrom((name) => css.getPropertyValue(name));
    }
    const view = viewNow();
    frame = ctx.engine.frame(view);
    drawLayer(at, frame, style, view, dpr);
  }

  function describe() {
    if (!frame) return;
    setAttr(canvas, 'aria-label', `Map of attacks: ${frame.drawn} of ${frame.total} events drawn, from ${new Set(frame.rings.map((r) => r.place)).size} places`);
  }

  const at = (event) => {
    const cell = element.getBoundingClientRect();
    return { x: event.clientX - cell.left, y: event.clientY - cell.top };
  };
  const onGround = (event) => event.composedPath().includes(ground);

  function point(event) {
    if (event.buttons) ctx.wake(LINGER);
    if (!frame || !ctx.engine || event.pointerType === 'touch' || event.buttons) return;
    const { x, y } = at(event);
    const hit = onGround(event) ? ctx.engine.hit(frame, x, y) : null;
    hover(hit);
  }

  function hover(hit) {
    const { engine } = ctx;
    if (!engine) return;
    element.classList.toggle('is-pointing', Boolean(hit));
    const now = engine.state.hover;
    if (hit ? now?.id !== hit.id : now) engine.set({ hover: hit ? { kind: 'place', id: hit.id } : null });
    if (!hit) {
      tip.hide();
      return;
    }
    const ring = frame.rings.find((r) => r.place === hit.id);
    if (!ring) return;
    const n = hit.sources.length;
    const sources = engine.coarse ? '' : `${n} source${n === 1 ? '' : 's'} · `;
    tip.show({ x: hit.x + hit.r, y: hit.y, title: placeName(engine.rec.places, hit.id), total: ring.n, rows: slotsAt(engine, hit.id, engine.indices('trail')), note: `${sources}${ctx.trailText().toLowerCase()}` });
  }

  function down(event) {
    if (onGround(event)) press = at(event);
    ctx.wake(LINGER);
  }

  function click(event) {
    if (!press || !frame || !ctx.engine || !onGround(event)) return;
    const { x, y } = at(event);
    if (Math.hypot(x - press.x, y - press.y) > CLICK) return;
    const hit = ctx.engine.hit(frame, x, y);
    tip.hide();
    if (!hit) ctx.actions.select(null);
    else ctx.actions.select(hit.sources.length === 1 && !ctx.engine.coarse ? { kind: 'source', id: hit.sources[0].id } : { kind: 'place', id: hit.id });
  }

  // Captured: a host may keep these events to itself.
  element.addEventListener('pointerdown', down, true);
  element.addEventListener('pointermove', point, true);
  element.addEventListener('click', click, true);
  element.addEventListener('wheel', () => ctx.wake(LINGER), { capture: true, passive: true });
  element.addEventListener('pointerleave', () => hover(null));

  return {
    element, foot, canvas, start, paint, describe, invalidate, setTheme,
    frame: () => frame,
    host: () => host,
    ringOf: (place) => frame?.rings.find((ring) => ring.place === place) ?? null,
    destroy() {
      host?.destroy();
    },
  };
}
