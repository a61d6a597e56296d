// The player's own map: Natural Earth outlines, panned and zoomed by pointer, wheel and touch. Draws the ground only.

import { WORLD, homeView, mercX, mercY, pxPerMetre, screenX, screenY, viewAround, worldCopies } from './geo.js';
import { styleFrom } from './mapstyle.js';

const NEAREST = 150; // metres a px
const NORTH = mercY(84),
  SOUTH = mercY(-60);
const MERIDIANS = 30,
  PARALLELS = 20;
const DRAG = 4; // px before a press is a drag
const WHEEL = 0.0016,
  WHEEL_LINE = 18;

/**
 * The outlines as canvas paths in km, made once.
 * @param {{land: number[][], lakes?: number[][], borders: number[][]}} basemap
 * @returns {{land: Path2D, borders: Path2D}}
 */
export function basemapPaths({ land, lakes = [], borders }) {
  const add = (path, lines, close) => {
    for (const line of lines) {
      path.moveTo(line[0], line[1]);
      for (let k = 2; k < line.length; k += 2) path.lineTo(line[k], line[k + 1]);
      if (close) path.closePath();
    }
    return path;
  };
  return { land: add(new Path2D(), [...land, ...lakes], true), borders: add(new Path2D(), borders, false) };
}

/**
 * Draw sea, graticule, land, borders and coast, in this order.
 * @param {CanvasRenderingContext2D} ctx of a canvas of width x dpr by height x dpr
 * @param {object} paths from basemapPaths
 * @param {object} style from styleFrom
 * @param {object} view
 * @param {number} dpr device px per CSS px
 */
export function drawBasemap(ctx, paths, style, view, dpr = 1) {
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  ctx.globalAlpha = 1;
  ctx.fillStyle = style.sea;
  ctx.fillRect(0, 0, view.width, view.height);
  drawGraticule(ctx, style, view, dpr);
  const k = pxPerMetre(view) * 1000,
    ky = (view.height / (view.y1 - view.y0)) * 1000,
    world = WORLD * pxPerMetre(view);
  const x = screenX(view, 0),
    y = screenY(view, 0);
  // Rings may leave the world's square by some hundred km (they are not cut at 180 degrees).
  const [from, to] = worldCopies(view, x - world * 0.55, x + world * 0.55);
  ctx.lineJoin = 'round';
  for (let copy = from; copy <= to; copy++) {
    ctx.setTransform(dpr * k, 0, 0, -dpr * ky, dpr * (x + copy * world), dpr * y);
    ctx.fillStyle = style.land;
    ctx.fill(paths.land, 'evenodd');
    ctx.strokeStyle = style.border;
    ctx.lineWidth = style.borderW / k;
    ctx.stroke(paths.borders);
    ctx.strokeStyle = style.coast;
    ctx.lineWidth = style.coastW / k;
    ctx.stroke(paths.land);
  }
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
}

function drawGraticule(ctx, style, view, dpr) {
  const crisp = v => (Math.round(v * dpr) + 0.5) / dpr;
  ctx.strokeStyle = style.graticule;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let lat = -80; lat <= 80; lat += PARALLELS) {
    const y = crisp(screenY(view, mercY(lat)));
    if (y < 0 || y > view.height) continue;
    ctx.moveTo(0, y);
    ctx.lineTo(view.width, y);
  }
  const step = mercX(MERIDIANS);
  for (let m = Math.ceil(view.x0 / step); m * step <= view.x1; m++) {
    const x = crisp(screenX(view, m * step));
    ctx.moveTo(x, 0);
    ctx.lineTo(x, view.height);
  }
  ctx.stroke();
}

/**
 * Keep a view on the map: never smaller than the world, never past its upper and lower edge.
 * @param {object} view
 * @returns {object} view
 */
export function keepOnMap(view) {
  const { width, height, scale } = view,
    home = homeView(width, height, scale);
  const most = (home.x1 - home.x0) / width;
  const perPx = Math.max(Math.min(NEAREST, most), Math.min(most, (view.x1 - view.x0) / width));
  const half = (perPx * height) / 2;
  const cy =
    NORTH - SOUTH < 2 * half
      ? (NORTH + SOUTH) / 2
      : Math.max(SOUTH + half, Math.min(NORTH - half, (view.y0 + view.y1) / 2));
  const cx = (view.x0 + view.x1) / 2,
    homeX = mercX(11);
  return viewAround(cx - WORLD * Math.round((cx - homeX) / WORLD), cy, perPx, width, height, scale);
}

/**
 * Zoom a view about a point of the screen.
 * @param {object} view
 * @param {number} factor above 1 goes nearer
 * @param {number} x CSS px that stays where it is
 * @param {number} y CSS px
 * @returns {object} view
 */
export function zoomView(view, factor, x = view.width / 2, y = view.height / 2) {
  const perPx = (view.x1 - view.x0) / view.width,
    home = homeView(view.width, view.height);
  const most = (home.x1 - home.x0) / view.width,
    next = Math.max(Math.min(NEAREST, most), Math.min(most, perPx / factor));
  const mx = view.x0 + x * perPx,
    my = view.y1 - y * perPx;
  return keepOnMap(
    viewAround(
      mx - (x - view.width / 2) * next,
      my + (y - view.height / 2) * next,
      next,
      view.width,
      view.height,
      view.scale,
    ),
  );
}

/**
 * A map host over the outlines, for createPlayer's `map`.
 * @param {object} basemap land, lakes and borders
 * @returns {(element: HTMLElement) => object} host: element, getView, onChange, zoomBy, reset, centre, setTheme, draw, resize, destroy
 */
export const ownMap = basemap => element => {
  const canvas = element.ownerDocument.createElement('canvas');
  canvas.className = 'av-basemap';
  canvas.setAttribute('aria-hidden', 'true');
  canvas.style.cssText = 'position:absolute;left:0;top:0;width:100%;height:100%;display:block';
  element.append(canvas);
  element.style.touchAction = 'none';
  const ctx = canvas.getContext('2d'),
    paths = basemapPaths(basemap),
    listeners = new Set();
  const size = () => [Math.max(1, element.clientWidth), Math.max(1, element.clientHeight)];
  const readStyle = () => styleFrom(name => getComputedStyle(element).getPropertyValue(name));
  let style = readStyle(),
    view = homeView(...size()),
    atHome = true;

  const draw = () => {
    const dpr = globalThis.devicePixelRatio || 1,
      w = Math.round(view.width * dpr),
      h = Math.round(view.height * dpr);
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
    }
    drawBasemap(ctx, paths, style, view, dpr);
  };
  const move = (next, home = false) => {
    view = next;
    atHome = home;
    draw();
    for (const cb of listeners) cb(view);
  };
  const resize = () => {
    const [width, height] = size();
    if (width === view.width && height === view.height) return;
    const perPx = (view.x1 - view.x0) / view.width;
    if (atHome) move(homeView(width, height), true);
    else move(keepOnMap(viewAround((view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2, perPx, width, height)));
  };
  const zoomBy = (factor, x, y) => move(zoomView(view, factor, x, y));
  const drop = listenTo(element, {
    zoomBy,
    panBy: (dx, dy) => {
      const perPx = (view.x1 - view.x0) / view.width;
      move(
        keepOnMap(
          viewAround(
            (view.x0 + view.x1) / 2 - dx * perPx,
            (view.y0 + view.y1) / 2 + dy * perPx,
            perPx,
            view.width,
            view.height,
          ),
        ),
      );
    },
  });
  const observer = new ResizeObserver(resize);
  observer.observe(element);
  draw();
  return {
    element,
    zoomBy,
    draw,
    resize,
    getView: () => view,
    onChange: cb => {
      listeners.add(cb);
      return () => listeners.delete(cb);
    },
    reset: () => move(homeView(...size()), true),
    centre: (mx, my) => move(keepOnMap(viewAround(mx, my, (view.x1 - view.x0) / view.width, view.width, view.height))),
    show: (mx, my, perPx) => move(keepOnMap(viewAround(mx, my, perPx, view.width, view.height))),
    setTheme: () => {
      style = readStyle();
      draw();
    },
    destroy: () => {
      observer.disconnect();
      drop();
      listeners.clear();
      canvas.remove();
    },
  };
};

// Pointer, wheel and touch as panBy and zoomBy. A drag swallows the click that ends it.
function listenTo(element, { panBy, zoomBy }) {
  const pointers = new Map();
  let moved = false;
  const at = e => {
    const r = element.getBoundingClientRect();
    return [e.clientX - r.left, e.clientY - r.top];
  };
  const spread = () => {
    const [[ax, ay], [bx, by]] = [...pointers.values()];
    return [Math.hypot(ax - bx, ay - by), (ax + bx) / 2, (ay + by) / 2];
  };
  const on = {
    wheel: e => {
      e.preventDefault();
      const delta = e.deltaY * (e.deltaMode === 1 ? WHEEL_LINE : 1);
      zoomBy(Math.exp(-Math.max(-400, Math.min(400, delta)) * WHEEL), ...at(e));
    },
    pointerdown: e => {
      if (e.button !== 0 || (e.target !== element && e.target.tagName !== 'CANVAS')) return;
      if (pointers.size === 0) moved = false;
      pointers.set(e.pointerId, at(e));
    },
    pointermove: e => {
      const before = pointers.get(e.pointerId);
      if (!before) return;
      const now = at(e);
      if (!moved && Math.hypot(now[0] - before[0], now[1] - before[1]) < DRAG) return;
      if (!moved) {
        moved = true;
        element.setPointerCapture(e.pointerId);
      }
      if (pointers.size === 2) {
        const [d0, x0, y0] = spread();
        pointers.set(e.pointerId, now);
        const [d1, x1, y1] = spread();
        panBy(x1 - x0, y1 - y0);
        if (d0 > 0) zoomBy(d1 / d0, x1, y1);
      } else {
        pointers.set(e.pointerId, now);
        panBy(now[0] - before[0], now[1] - before[1]);
      }
    },
    pointerup: e => pointers.delete(e.pointerId),
    pointercancel: e => pointers.delete(e.pointerId),
    dblclick: e => {
      if (e.target === element || e.target.tagName === 'CANVAS') zoomBy(e.shiftKey ? 0.5 : 2, ...at(e));
    },
  };
  const swallow = e => {
    if (moved) {
      e.stopPropagation();
      e.preventDefault();
      moved = false;
    }
  };
  for (const [type, handler] of Object.entries(on)) element.addEventListener(type, handler, { passive: false });
  element.addEventListener('click', swallow, true);
  return () => {
    for (const [type, handler] of Object.entries(on)) element.removeEventListener(type, handler);
    element.removeEventListener('click', swallow, true);
  };
}
