// Marks that are drawn again and again, kept as small images: a head or a ring then costs one drawImage.

import { glyphPaths } from './glyphs.js';

const SHARP = 2; // image px a device px: placed at any fraction of a px without a blur
const MOST = 24; // sheets kept; a sheet is one theme at one scale and one dpr
const RADIUS_STEPS = 4; // radii are rounded to a quarter of a px
const sheets = new Map();

/**
 * The images of one style, scale and dpr, made as they are asked for.
 * @param {object} style
 * @param {number} scale of marks
 * @param {number} dpr
 * @returns {{head: (slot: number) => object, ring: (slot: number, r: number) => object}} each gives {image, size} with size in CSS px
 */
export function spriteSheet(style, scale, dpr) {
  const key = [style.slot, style.halo, style.ringFill, style.ringLine, scale, dpr].join('|');
  let sheet = sheets.get(key);
  if (!sheet) {
    if (sheets.size >= MOST) sheets.clear();
    const heads = new Map(),
      rings = new Map();
    const keep = (kept, id, make) => kept.get(id) ?? kept.set(id, make()).get(id);
    sheet = {
      head: slot => keep(heads, slot, () => headImage(slot, style, scale, dpr)),
      ring: (slot, r) => {
        const step = Math.round(r * RADIUS_STEPS);
        return keep(rings, step * 8 + slot, () => ringImage(slot, step / RADIUS_STEPS, style, scale, dpr));
      },
    };
    sheets.set(key, sheet);
  }
  return sheet;
}

/** Draw a sprite centred on a point. */
export function stamp(ctx, { image, size }, x, y) {
  ctx.drawImage(image, x - size / 2, y - size / 2, size, size);
}

// A glyph of 8 px with a halo of 1 px.
function headImage(slot, style, scale, dpr) {
  return paint(12 * scale, dpr, ctx => {
    const size = 0.8 * scale; // glyphs lie in a box of 10
    ctx.translate(6 * scale - 5 * size, 6 * scale - 5 * size);
    ctx.scale(size, size);
    ctx.lineJoin = 'round';
    ctx.lineWidth = (2 * scale) / size; // half of it lies outside
    ctx.strokeStyle = style.halo;
    ctx.stroke(glyphPaths()[slot]);
    ctx.fillStyle = style.slot[slot];
    ctx.fill(glyphPaths()[slot], 'evenodd');
  });
}

// A ring of one service at its freshest; older ones are drawn fainter.
function ringImage(slot, radius, style, scale, dpr) {
  const size = Math.ceil(2 * radius + 2 * scale + 2);
  return paint(size, dpr, ctx => {
    ctx.beginPath();
    ctx.arc(size / 2, size / 2, radius, 0, 2 * Math.PI);
    ctx.globalAlpha = style.ringFill;
    ctx.fillStyle = style.slot[slot];
    ctx.fill();
    ctx.globalAlpha = style.ringLine;
    ctx.strokeStyle = style.slot[slot];
    ctx.lineWidth = 1.25 * scale;
    ctx.stroke();
  });
}

function paint(size, dpr, draw) {
  const px = Math.ceil(size * dpr * SHARP),
    image = new OffscreenCanvas(px, px),
    ctx = image.getContext('2d');
  ctx.scale(px / size, px / size);
  draw(ctx);
  return { image, size };
}
