// Draws a frame's attacks on a transparent canvas: rings, paths, comets, heads, impact, targets, labels, in this order.

import { MAP } from './mapstyle.js';
import { drawLabels } from './labels.js';
import { spriteSheet, stamp } from './sprites.js';

const TURN = 2 * Math.PI;
const NEAR = 6; // px: a chord shorter than this shows its impact only
const TAIL_STEPS = 14;
const TAIL_ALPHA = 0.8;
const LINGER_PATH = 2.6; // at real speed the path is the message: about 34 %
const FADE_STEPS = 20;

/**
 * Draw a frame.
 * @param {CanvasRenderingContext2D} ctx of a canvas of width x dpr by height x dpr
 * @param {object} frame from Engine.frame
 * @param {object} style from styleFrom
 * @param {object} view of the frame; may have labels and avoid
 * @param {number} dpr device px per CSS px
 */
export function drawLayer(ctx, frame, style, view, dpr = 1) {
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  ctx.globalAlpha = 1;
  ctx.clearRect(0, 0, frame.width, frame.height);
  const sprites = spriteSheet(style, frame.scale, dpr);
  drawRings(ctx, frame, style, sprites);
  drawPaths(ctx, frame, style);
  if (!frame.reducedMotion) {
    drawComets(ctx, frame, style);
    drawHeads(ctx, frame, style, sprites);
    drawImpacts(ctx, frame, style);
  }
  drawTargets(ctx, frame, style);
  drawMarked(ctx, frame, style);
  drawLabels(ctx, frame, style);
  ctx.globalAlpha = 1;
}

function disc(ctx, x, y, r) {
  ctx.moveTo(x + r, y);
  ctx.arc(x, y, r, 0, TURN);
}

// A ring of one service is an image; only rings split by share are drawn piece by piece.
function drawRings(ctx, { rings, scale }, style, sprites) {
  ctx.lineCap = 'butt';
  for (const ring of rings) {
    const alpha = style.ringLine - (style.ringLine - style.ringOld) * ring.fade;
    if (ring.bySlot) {
      drawRing(ctx, ring, alpha, style, scale);
      continue;
    }
    ctx.globalAlpha = alpha / style.ringLine;
    stamp(ctx, sprites.ring(ring.slot, ring.r), ring.x, ring.y);
  }
}

function drawRing(ctx, { x, y, r, n, slot, bySlot }, alpha, style, scale) {
  ctx.globalAlpha = style.ringFill * (alpha / style.ringLine);
  ctx.fillStyle = style.slot[slot];
  ctx.beginPath();
  disc(ctx, x, y, r);
  ctx.fill();
  ctx.globalAlpha = alpha;
  let from = -Math.PI / 2;
  for (let c = 0; c < bySlot.length; c++) {
    if (!bySlot[c]) continue;
    const to = from + (bySlot[c] / n) * TURN;
    ctx.strokeStyle = style.slot[c];
    ctx.lineWidth = (c === slot ? 1.25 : 2) * scale; // a minority stays visible beside the leading service
    ctx.beginPath();
    ctx.arc(x, y, r, from, to);
    ctx.stroke();
    from = to;
  }
}

function drawPaths(ctx, { bundles, scale, linger, reducedMotion }, style) {
  ctx.lineCap = 'round';
  const base = style.arcPath * (linger || reducedMotion ? LINGER_PATH : 1);
  const groups = new Map();
  for (const b of bundles) {
    if (b.chord < NEAR * scale || b.fade <= 0) continue;
    const key = b.slot * 100 + Math.ceil(b.fade * FADE_STEPS);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(b);
  }
  ctx.lineWidth = scale;
  for (const [key, group] of [...groups].sort((a, b) => a[0] - b[0])) {
    ctx.strokeStyle = style.slot[Math.floor(key / 100)];
    ctx.globalAlpha = base * ((key % 100) / FADE_STEPS);
    // One stroke each: where paths cross or run together the eye should see more than one.
    for (const b of group) {
      ctx.beginPath();
      ctx.moveTo(b.sx, b.sy);
      ctx.quadraticCurveTo(b.cx, b.cy, b.ex, b.ey);
      ctx.stroke();
    }
  }
}

const on = (a, c, b, k) => (1 - k) * (1 - k) * a + 2 * (1 - k) * k * c + k * k * b;

// Tails are quads between points of the curve; pieces of one colour and one age are one path.
function drawComets(ctx, { bundles, scale, linger }, style) {
  const bySlot = new Map();
  for (const b of bundles) {
    if (b.chord < NEAR * scale) continue;
    if (b.arrived) {
      if (!linger) drawLastThird(ctx, b, style);
      continue;
    }
    if (!bySlot.has(b.slot)) bySlot.set(b.slot, []);
    bySlot.get(b.slot).push(tailEdges(b));
  }
  for (const [slot, tails] of [...bySlot].sort((a, b) => a[0] - b[0])) {
    ctx.fillStyle = style.slot[slot];
    for (let s = 0; s < TAIL_STEPS; s++) {
      ctx.globalAlpha = TAIL_ALPHA * ((s + 1) / TAIL_STEPS) ** 2;
      ctx.beginPath();
      for (const e of tails) {
        const k = s * 4;
        ctx.moveTo(e[k], e[k + 1]);
        ctx.lineTo(e[k + 4], e[k + 5]);
        ctx.lineTo(e[k + 6], e[k + 7]);
        ctx.lineTo(e[k + 2], e[k + 3]);
      }
      ctx.fill();
    }
  }
}

// Left and right edge of a tail at 15 points, widening toward the head: x, y, x, y a point.
function tailEdges(b) {
  const edges = new Float64Array((TAIL_STEPS + 1) * 4),
    from = Math.max(0, b.at - MAP.tail);
  for (let s = 0; s <= TAIL_STEPS; s++) {
    const k = from + ((b.at - from) * s) / TAIL_STEPS,
      half = (b.width * (0.55 + (0.45 * s) / TAIL_STEPS)) / 2;
    const x = on(b.sx, b.cx, b.ex, k),
      y = on(b.sy, b.cy, b.ey, k);
    const dx = (1 - k) * (b.cx - b.sx) + k * (b.ex - b.cx),
      dy = (1 - k) * (b.cy - b.sy) + k * (b.ey - b.cy),
      length = Math.hypot(dx, dy) || 1;
    edges.set(
      [x - (dy / length) * half, y + (dx / length) * half, x + (dy / length) * half, y - (dx / length) * half],
      s * 4,
    );
  }
  return edges;
}

function drawLastThird(ctx, b, style) {
  const from = 2 / 3,
    x = on(b.sx, b.cx, b.ex, from),
    y = on(b.sy, b.cy, b.ey, from);
  ctx.strokeStyle = style.slot[b.slot];
  ctx.globalAlpha = style.arcHead * b.fade * b.fade * 0.5;
  ctx.lineWidth = b.width * 0.8;
  ctx.beginPath();
  ctx.moveTo(x, y);
  // The control point of a part of a quadratic lies on the leg from the old control point to the end.
  ctx.quadraticCurveTo(b.cx + (b.ex - b.cx) * from, b.cy + (b.ey - b.cy) * from, b.ex, b.ey);
  ctx.stroke();
}

function drawHeads(ctx, { bundles, scale }, style, sprites) {
  ctx.globalAlpha = style.arcHead;
  for (const b of bundles) {
    if (b.arrived || b.chord < NEAR * scale) continue;
    stamp(ctx, sprites.head(b.slot), on(b.sx, b.cx, b.ex, b.at), on(b.sy, b.cy, b.ey, b.at));
  }
}

function drawImpacts(ctx, { impacts, scale }, style) {
  ctx.lineWidth = 1.5 * scale;
  for (const { x, y, k, slot } of impacts) {
    ctx.globalAlpha = 0.7 * (1 - k);
    ctx.strokeStyle = style.slot[slot];
    ctx.beginPath();
    disc(ctx, x, y, (MAP.impactR0 + (MAP.impactR1 - MAP.impactR0) * k) * scale);
    ctx.stroke();
  }
}

function drawTargets(ctx, { targets, scale }, style) {
  ctx.globalAlpha = 1;
  ctx.strokeStyle = style.target;
  ctx.lineWidth = 1.5 * scale;
  for (const { x, y } of targets) {
    ctx.fillStyle = style.sea;
    ctx.beginPath();
    disc(ctx, x, y, 4.5 * scale);
    ctx.fill();
    ctx.stroke();
    ctx.fillStyle = style.target;
    ctx.beginPath();
    disc(ctx, x, y, 1.75 * scale);
    ctx.fill();
  }
}

// The selected ring has an ink ring 4 px outside; the one under the pointer a thinner one.
function drawMarked(ctx, { rings, selected, hover, scale }, style) {
  ctx.globalAlpha = 1;
  for (const { place, x, y, r } of rings) {
    if (place !== selected && place !== hover) continue;
    ctx.strokeStyle = place === selected ? style.ink1 : style.ink2;
    ctx.lineWidth = (place === selected ? 1.5 : 1) * scale;
    ctx.beginPath();
    disc(ctx, x, y, r + 4 * scale);
    ctx.stroke();
  }
}
