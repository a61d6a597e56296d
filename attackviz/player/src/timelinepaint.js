/** Painting of the timeline's canvas. Everything here draws from plain data; state lives in timeline.js. */
import { count } from './format.js';
import { keepApart } from './timescale.js';

const FAMILY = 'Inter, ui-sans-serif, system-ui, -apple-system, sans-serif';
export const FONT = `500 11px ${FAMILY}`;
export const BOLD = `600 11px ${FAMILY}`;
const SMALL = `500 10px ${FAMILY}`;
const WIDEST = 180; // px of a mark's words
const LEAST = 40;

/** Where things stand on the canvas, in CSS pixels, for its size and the kind of frame it is in. */
export function layoutOf(width, height, { phone = false, short = false } = {}) {
  const box = phone ? { left: 44, right: 12, top: 22, axis: 20, strip: 0 } : { left: 56, right: 16, top: 20, axis: 20, strip: short ? 32 : 40 };
  const base = height - box.axis - box.strip;
  return { ...box, width, height, base, inner: Math.max(1, width - box.left - box.right), stripBase: height - (short ? 8 : 12), stripHigh: short ? 14 : 18 };
}

/** Draw grid lines, count marks and the time axis; `marks` as from `countMarks`, `ticks` as from `axisTicks`. */
export function paintGrid(ctx, box, pen, { marks, top, ticks, xOf, note }) {
  const yOf = (n) => Math.round(box.base - (n / top) * (box.base - box.top)) + 0.5;
  ctx.textBaseline = 'middle';
  ctx.lineWidth = 1;
  ctx.font = FONT;
  ctx.textAlign = 'right';
  for (const mark of marks) {
    ctx.strokeStyle = mark === 0 ? pen.line2 : pen.line1;
    stroke(ctx, box.left, yOf(mark), box.width - box.right, yOf(mark));
    ctx.fillStyle = pen.ink3;
    const words = [count(mark), `${count(mark / 1e3)} k`, `${Number((mark / 1e6).toFixed(2))} M`];
    ctx.fillText(words.find((text) => ctx.measureText(text).width < box.left - 8) ?? words[2], box.left - 8, yOf(mark));
  }
  ctx.textAlign = 'center';
  ctx.strokeStyle = pen.line2;
  for (const tick of ticks) {
    const x = Math.round(xOf(tick.ms)) + 0.5;
    stroke(ctx, x, box.base, x, box.base + (tick.bold ? 6 : 4));
    ctx.font = tick.bold ? BOLD : FONT;
    ctx.fillStyle = tick.bold ? pen.ink1 : pen.ink3;
    const half = ctx.measureText(tick.label).width / 2;
    if (x - half > 0 && x + half < box.width) ctx.fillText(tick.label, x, box.base + 13);
  }
  if (note) {
    ctx.font = FONT;
    ctx.fillStyle = pen.ink3;
    ctx.fillText(note, box.left + box.inner / 2, (box.top + box.base) / 2);
  }
}

function stroke(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

/**
 * Draw the stacked bars; bars above the axis top are cut off there and notched through.
 *
 * `hist` holds `n`, `total` and `bySlot` (eight counts a bin); `left(k)` is the left edge of bin k in pixels.
 */
export function paintBars(ctx, box, colors, { hist, top, left }) {
  const high = box.base - box.top;
  const right = box.left + box.inner;
  for (let k = 0; k < hist.n; k++) {
    if (!hist.total[k]) continue;
    const a = Math.max(box.left, left(k));
    const b = Math.min(right, left(k + 1));
    const gap = b - a > 3 ? 1 : 0;
    const wide = Math.max(1, b - a - gap);
    let sum = 0;
    for (let slot = 0; slot < 8 && sum < top; slot++) {
      const n = hist.bySlot[k * 8 + slot];
      if (!n) continue;
      const y0 = box.base - (sum / top) * high;
      sum += n;
      const y1 = Math.max(box.top, box.base - (sum / top) * high);
      ctx.fillStyle = colors[slot];
      ctx.fillRect(a + gap / 2, y1, wide, y0 - y1);
    }
    if (hist.total[k] > top) notch(ctx, a, b, box.top);
  }
}

function notch(ctx, a, b, y) {
  ctx.save();
  ctx.globalCompositeOperation = 'destination-out';
  ctx.lineWidth = 2;
  stroke(ctx, a - 2, y + 9, b + 2, y + 6);
  stroke(ctx, a - 2, y + 14, b + 2, y + 11);
  ctx.restore();
}

/** Write the value beside each notched bar where it neither meets another nor the playhead's tag. */
export function paintValues(ctx, box, pen, { hist, top, left, tag }) {
  const over = [];
  for (let k = 0; k < hist.n; k++) if (hist.total[k] > top) over.push(k);
  if (!over.length) return;
  over.sort((a, b) => hist.total[b] - hist.total[a]);
  ctx.font = BOLD;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.fillStyle = pen.ink1;
  const edge = box.left + box.inner;
  const spans = over.map((k) => {
    const wide = ctx.measureText(count(hist.total[k])).width;
    const after = left(k + 1) + 5;
    return after + wide <= edge ? [after, after + wide] : [left(k) - 5 - wide, left(k) - 5];
  });
  const free = keepApart([tag, ...spans], 2);
  over.forEach((k, j) => {
    if (free[j + 1]) ctx.fillText(count(hist.total[k]), spans[j][0], box.top + 8);
  });
}

/**
 * Draw what is marked: a triangle where a burst begins and a line as far as it lasts, a diamond at a caption. Words stand beside
 * them where they meet neither the playhead's tag nor words of a higher rank; `marks` are in order of rank.
 */
export function paintMarks(ctx, box, pen, { marks, tag }) {
  ctx.font = FONT;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.lineWidth = 1;
  const edge = box.left + box.inner;
  const begun = marks.filter((mark) => mark.begins).map((mark) => mark.x);
  const shown = marks.map((mark) => {
    const room = Math.min(edge, ...begun.filter((x) => x > mark.x).map((x) => x - 6)) - mark.x - 8;
    const whole = ctx.measureText(mark.text).width;
    const words = whole <= Math.min(room, WIDEST) ? mark.text : mark.burst || room < LEAST ? '' : cut(ctx, mark.text, Math.min(room, WIDEST));
    return { ...mark, words };
  });
  const spans = shown.map(({ x, words }) => [x - 4, x + (words ? 8 + ctx.measureText(words).width : 4)]);
  const free = keepApart([tag, ...spans], 0);
  shown.forEach(({ x, end, burst, begins, words }, k) => {
    ctx.strokeStyle = pen.ink3;
    ctx.globalAlpha = 0.6;
    if (burst && end - x > 1) stroke(ctx, x, box.top - 4.5, end, box.top - 4.5);
    if (!begins) return;
    ctx.setLineDash([2, 3]);
    stroke(ctx, Math.round(x) + 0.5, box.top - 6, Math.round(x) + 0.5, box.base);
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    ctx.fillStyle = pen.ink2;
    ctx.beginPath();
    const y = box.top - 9;
    const points = burst ? [[-4, -3], [4, -3], [0, 3]] : [[-3.5, 0], [0, -3.5], [3.5, 0], [0, 3.5]];
    points.forEach(([dx, dy]) => ctx.lineTo(x + dx, y + dy));
    ctx.fill();
    if (words && free[k + 1]) ctx.fillText(words, x + 8, y);
  });
  ctx.globalAlpha = 1;
}

// As much of a text as has room.
function cut(ctx, text, most) {
  if (ctx.measureText(text).width <= most) return text;
  let n = text.length;
  while (n > 1 && ctx.measureText(`${text.slice(0, n)}…`).width > most) n -= 1;
  return `${text.slice(0, n)}…`;
}

/** Extent of the playhead's tag, `[left, right]`. */
export function tagSpan(ctx, box, x, text) {
  ctx.font = BOLD;
  const wide = ctx.measureText(text).width + 12;
  const a = Math.max(box.left - 6, Math.min(x - wide / 2, box.width - wide - 2)); // off the count axis
  return [a, a + wide];
}

/** Draw the playhead with its tag above the bars. */
export function paintPlayhead(ctx, box, pen, x, text) {
  const at = Math.round(x);
  ctx.strokeStyle = pen.playhead;
  ctx.lineWidth = 1.5;
  stroke(ctx, at, 2, at, box.base + 1);
  const [a, b] = tagSpan(ctx, box, at, text);
  ctx.fillStyle = pen.fill;
  ctx.beginPath();
  ctx.roundRect(a, 1, b - a, 16, 3);
  ctx.fill();
  ctx.fillStyle = pen.onFill;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillText(text, (a + b) / 2, 9.5);
}

/** Draw the bars of the whole recording: square-root height, lighter inside the window `[from, to]` in pixels. */
export function paintStrip(ctx, box, pen, { bars, from, to, label }) {
  const { stripBase: base, stripHigh: high } = box;
  ctx.fillStyle = pen.brush;
  ctx.fillRect(from, base - high - 2, Math.max(3, to - from), high + 3);
  let most = 0;
  for (const n of bars) if (n > most) most = n;
  const wide = box.inner / bars.length;
  for (let k = 0; k < bars.length; k++) {
    if (!bars[k]) continue;
    const x = box.left + k * wide;
    const tall = Math.max(1, Math.sqrt(bars[k] / most) * high);
    ctx.fillStyle = x + wide / 2 >= from && x + wide / 2 <= to ? pen.ctxBar : pen.ctxOff;
    ctx.fillRect(x, base - tall, Math.max(1, wide - 0.6), tall);
  }
  ctx.strokeStyle = pen.line2;
  ctx.lineWidth = 1;
  stroke(ctx, box.left, base + 0.5, box.left + box.inner, base + 0.5);
  ctx.font = SMALL;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'middle';
  ctx.fillStyle = pen.ink3;
  ctx.fillText(label, box.left - 8, base - 8);
}

/** Draw the two handles of the window on the strip; closer than a finger they are pushed apart. */
export function paintHandles(ctx, box, pen, from, to) {
  const apart = to - from < 10 ? (10 - (to - from)) / 2 : 0;
  ctx.fillStyle = pen.ink2;
  for (const x of [Math.round(from - apart), Math.round(to + apart)]) {
    ctx.beginPath();
    ctx.roundRect(x - 2, box.stripBase - box.stripHigh - 2, 4, box.stripHigh + 3, 2);
    ctx.fill();
  }
}
