// Places names beside marks where nothing collides: right, left, above, below. Text from the recording goes to fillText only.

const GAP = 5,
  HALO = 3,
  EDGE = 4,
  TEXT = 11;
const TARGETS = 8; // names of targets at most; all have their mark
const BLOCKERS = 160; // rings that a label may not cover; smaller ones give way

/**
 * Draw the labels of a frame: every target, then the candidates in their order, as many as frame.labels.most.
 * @param {CanvasRenderingContext2D} ctx
 * @param {object} frame
 * @param {object} style
 */
export function drawLabels(ctx, frame, style) {
  const { labels, targets, rings, scale } = frame;
  const size = Math.round(TEXT * Math.max(1, scale));
  ctx.font = `500 ${size}px ${style.font}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.lineJoin = 'round';
  const place = placer(ctx, frame, size);
  const taken = [...labels.avoid, ...targets.map(({ x, y }) => box(x, y, 8 * scale))];
  const covered = rings.slice(0, BLOCKERS).map(({ x, y, r }) => box(x, y, r + 1));
  targets.slice(0, TARGETS).forEach(({ x, y, text }, k) => {
    // The first target is named whatever it covers; of many, only those with room.
    const spot = place({ x, y, r: 8 * scale }, text, 'target', k === 0 ? [] : taken);
    if (spot) {
      taken.push(spot.box);
      write(ctx, spot, style);
    }
  });
  let left = labels.most;
  for (const { x, y, r, text, detail, first, named } of labels.rings) {
    if (left === 0 && !named) continue;
    const spot = place({ x, y, r }, text, detail, first || named ? taken : taken.concat(covered));
    if (!spot) continue;
    taken.push(spot.box);
    if (!named) left--;
    write(ctx, spot, style);
  }
}

const box = (x, y, r) => [x - r, y - r, x + r, y + r];

const meet = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

function placer(ctx, { width, height }, size) {
  return ({ x, y, r }, text, detail, taken) => {
    const name = ctx.measureText(text).width,
      all = name + (detail ? ctx.measureText(`  ${detail}`).width : 0);
    const above = r + size * 0.82;
    for (const [lx, ly] of [
      [x + r + GAP, y],
      [x - r - GAP - all, y],
      [x - all / 2, y - above],
      [x - all / 2, y + above],
    ]) {
      const b = [lx - 3, ly - size * 0.75, lx + all + 3, ly + size * 0.75];
      const inside = b[0] >= EDGE && b[1] >= EDGE && b[2] <= width - EDGE && b[3] <= height - EDGE;
      if (inside && !taken.some(other => meet(b, other))) return { box: b, x: lx, y: ly, name, text, detail };
    }
    return null;
  };
}

function write(ctx, { x, y, name, text, detail }, style) {
  const more = `  ${detail}`;
  ctx.globalAlpha = 0.9;
  ctx.strokeStyle = style.halo;
  ctx.lineWidth = HALO;
  ctx.strokeText(text, x, y);
  if (detail) ctx.strokeText(more, x + name, y);
  ctx.globalAlpha = 1;
  ctx.fillStyle = style.ink1;
  ctx.fillText(text, x, y);
  if (!detail) return;
  ctx.fillStyle = style.ink2;
  ctx.fillText(more, x + name, y);
}
