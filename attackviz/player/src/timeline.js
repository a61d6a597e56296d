/** The timeline: histogram of the window under a playhead, and a strip of the whole recording. */
import { el, fitCanvas, setAttr } from './dom.js';
import { binTitle } from './bintitle.js';
import { clockTime, duration, hourMinute, moment, range } from './format.js';
import { SLOT_NAMES } from './icons.js';
import { axisTicks, axisTop, chooseBin, countMarks, finestBin } from './timescale.js';
import { markTip } from './marks.js';
import { FONT, layoutOf, paintBars, paintGrid, paintHandles, paintMarks, paintPlayhead, paintStrip, paintValues, tagSpan } from './timelinepaint.js';
import { timelineTip } from './tip.js';

const GRAB = 8;
const NEAR = 6; // px from a mark at which it tells of itself

/** Rows of a bin for the tooltip: slots that hold anything, the top of the stack first. Pure. */
export function binRows(hist, k) {
  const rows = [];
  for (let slot = 7; slot >= 0; slot--) if (hist.bySlot[k * 8 + slot] > 0) rows.push({ slot, count: hist.bySlot[k * 8 + slot] });
  return rows;
}

/** Colours the canvas needs, read from the theme in force. */
function readPen(root) {
  const css = getComputedStyle(root);
  const of = (name) => css.getPropertyValue(name).trim();
  return {
    line1: of('--line-1'), line2: of('--line-2'), ink1: of('--ink-1'), ink2: of('--ink-2'), ink3: of('--ink-3'),
    fill: of('--fill'), onFill: of('--on-fill'), playhead: of('--playhead'), trail: of('--trail'), brush: of('--brush'),
    ctxBar: of('--ctx-bar'), ctxOff: of('--ctx-bar-off'), future: Number(of('--bar-a-future')) || 0.32,
    slots: SLOT_NAMES.map((name) => of(`--c-${name}`)),
  };
}

export function createTimeline(ctx) {
  const canvas = el('canvas', { 'aria-hidden': 'true' });
  const element = el('div', {
    class: 'av-timeline', role: 'slider', tabindex: 0, 'aria-label': 'Time: drag to scrub, Shift and drag to set the window',
  }, canvas);
  const tip = timelineTip(ctx);
  const still = document.createElement('canvas');
  const bars = document.createElement('canvas');
  let pen = null;
  let box = null;
  let model = null;
  let strip = null;
  let drag = null;
  let hover = null;

  /** Forget what was drawn for the old filters, window, size or theme. */
  function invalidate(keys = null) {
    model = null;
    if (!keys || keys.has('theme')) pen = null;
    if (!keys || keys.has('recording')) strip = null;
  }

  const xOf = (t) => box.left + ((t - model.from) / (model.to - model.from)) * box.inner;
  const tOf = (x) => model.from + Math.max(0, Math.min(1, (x - box.left) / box.inner)) * (model.to - model.from);
  // The strip shows the whole recording, also where the bars are of a finer one: its ticks are those of the whole.
  const whole = () => ctx.zoom.whole;
  const inWhole = (t) => whole().ticksOf(ctx.engine.timeUs(t) / 1000);
  const stripX = (t) => box.left + (t / whole().rec.meta.end) * box.inner;
  const stripT = (x) => Math.max(0, Math.min(1, (x - box.left) / box.inner)) * whole().rec.meta.end;

  function build() {
    const { engine } = ctx;
    pen ??= readPen(ctx.root);
    box = layoutOf(canvas.clientWidth, canvas.clientHeight, ctx.size);
    const [from, to] = engine.state.window;
    const tickMs = engine.rec.meta.tick_us / 1000;
    const bin = engine.state.bins || chooseBin((to - from) * tickMs, box.inner) / tickMs;
    const binTicks = engine.wholeBins(Math.max(1, Math.round(bin)));
    const hist = engine.histogram([from, to], binTicks);
    model = { from, to, binTicks, hist, top: axisTop(hist.total) };
    if (engine.state.stepSize !== binTicks) ctx.later(() => engine.set({ stepSize: binTicks }));
    paintStill();
  }

  function paintStill() {
    const { engine } = ctx;
    const at = still.getContext('2d');
    for (const layer of [still, bars]) {
      layer.width = canvas.width;
      layer.height = canvas.height;
      layer.getContext('2d').setTransform(canvas.width / box.width, 0, 0, canvas.width / box.width, 0, 0);
    }
    const { hist, top, from, to, binTicks } = model;
    const startMs = engine.timeUs(from) / 1000;
    const endMs = engine.timeUs(to) / 1000;
    const ofMs = (ms) => box.left + ((ms - startMs) / (endMs - startMs)) * box.inner;
    const left = (k) => xOf(hist.start + k * binTicks);
    model.left = left;
    const empty = hist.total.every((n) => n === 0);
    const marks = ctx.size.phone ? [0, top] : countMarks(top);
    paintGrid(at, box, pen, { marks: empty ? [0] : marks, top, ticks: axisTicks(startMs, endMs, box.inner), xOf: ofMs, note: empty ? 'no events' : '' });
    paintBars(bars.getContext('2d'), box, pen.slots, { hist, top, left });
    if (box.strip) {
      const all = whole();
      strip ??= all.strip(all.stripBins(Math.max(1, Math.round(box.inner / 4))));
      const span = duration((all.timeUs(all.rec.meta.end) - all.timeUs(0)) / 1e6).split(' ').slice(0, 2).join(' ');
      paintStrip(at, box, pen, { bars: strip, from: stripX(inWhole(from)), to: stripX(inWhole(to)), label: span });
    }
  }

  /** Draw everything for the moment it is now. */
  function paint() {
    const { ctx: at, width, height } = fitCanvas(canvas);
    if (!width || !height) return;
    at.clearRect(0, 0, width, height);
    if (!ctx.engine || ctx.status !== 'ready') {
      paintWaiting(at, width, height);
      return;
    }
    if (!model || box.width !== width || box.height !== height || still.width !== canvas.width) {
      if (box && box.width !== width) strip = null;
      build();
    }
    compose(at, width, height);
    describe();
  }

  function compose(at, width, height) {
    const { engine } = ctx;
    const t = engine.state.t;
    const copy = (layer, x0, x1) => {
      if (x1 <= x0) return;
      const k = canvas.width / width;
      at.drawImage(layer, x0 * k, 0, (x1 - x0) * k, canvas.height, x0, 0, x1 - x0, height);
    };
    const px = Math.max(box.left, Math.min(box.left + box.inner, xOf(t)));
    const [a, b] = engine.scopeRange('trail').map(xOf);
    at.fillStyle = pen.trail;
    if (b > box.left) at.fillRect(Math.max(box.left, a), box.top - 4, Math.min(px, b) - Math.max(box.left, a), box.base - box.top + 4);
    if (ctx.live) paintUnheld(at, xOf(ctx.live.since));
    copy(still, 0, width);
    const past = Math.round(Math.min(width, Math.max(0, futureFrom(t))));
    copy(bars, 0, past);
    at.globalAlpha = pen.future;
    copy(bars, past, width);
    at.globalAlpha = 1;
    const text = ctx.live?.following && ctx.live.connection.kind === 'open' ? 'now' : model.binTicks * engine.rec.meta.tick_us < 60e6 ? clockTime(engine.timeUs(t)) : hourMinute(engine.timeUs(t));
    const tag = tagSpan(at, box, px, text);
    paintMarks(at, box, pen, { marks: marks(), tag });
    paintValues(at, box, pen, { hist: model.hist, top: model.top, left: model.left, tag });
    paintPlayhead(at, box, pen, px, text);
    paintWindow(at, t);
  }

  /** Bursts and captions in view, where they stand: captions first, for somebody wrote them. */
  function marks() {
    const { engine } = ctx;
    const xOfUs = (us) => xOf(engine.ticksOf(us / 1000));
    const right = box.left + box.inner;
    return [...ctx.marks.notes, ...ctx.marks.byRank].map((mark) => {
      const x = xOfUs(mark.us);
      const end = mark.end === undefined ? x : xOfUs(mark.end);
      return { mark, text: mark.text, burst: mark.end !== undefined, x: Math.max(box.left, x), end: Math.min(right, end), begins: x >= box.left, seen: end >= box.left && x <= right };
    }).filter(({ seen }) => seen);
  }

  // What the window reaches back to, and the browser does not hold.
  function paintUnheld(at, x) {
    const wide = Math.min(x, box.left + box.inner) - box.left;
    if (wide < 1) return;
    at.fillStyle = pen.brush;
    at.fillRect(box.left, box.top - 4, wide, box.base - box.top + 4);
    at.font = FONT;
    at.textAlign = 'center';
    at.fillStyle = pen.ink3;
    if (wide > 120) at.fillText('not held here', box.left + wide / 2, (box.top + box.base) / 2);
  }

  function paintWindow(at, t) {
    const { from, to } = drag?.span ? { from: drag.span[0], to: drag.span[1] } : model;
    if (drag?.kind === 'brush') {
      at.fillStyle = pen.brush;
      at.fillRect(xOf(from), box.top - 4, xOf(to) - xOf(from), box.base - box.top + 4);
    }
    if (!box.strip) return;
    const [left, right] = (drag?.kind && drag.kind !== 'brush' && drag.span ? [from, to] : [from, to].map(inWhole)).map(stripX);
    if (drag?.span) {
      at.fillStyle = pen.brush;
      at.fillRect(left, box.stripBase - box.stripHigh - 2, right - left, box.stripHigh + 3);
    }
    paintHandles(at, box, pen, left, right);
    at.fillStyle = pen.playhead;
    at.fillRect(Math.round(stripX(inWhole(t))), box.stripBase - box.stripHigh - 2, 1, box.stripHigh + 3);
  }

  // A bin counts as past as soon as the playhead is inside it.
  function futureFrom(t) {
    const k = Math.floor((t - model.hist.start) / model.binTicks) + 1;
    return t >= model.to ? box.width : model.left(k);
  }

  function paintWaiting(at, width, height) {
    pen ??= readPen(ctx.root);
    box = layoutOf(width, height, ctx.size);
    model = null;
    const note = ctx.status === 'loading' ? 'fills while reading' : '';
    paintGrid(at, { ...box, base: height - box.axis }, pen, { marks: [0], top: 1, ticks: [], xOf: () => 0, note });
  }

  function describe() {
    const { engine } = ctx;
    setAttr(element, 'aria-valuemin', Math.round(model.from));
    setAttr(element, 'aria-valuemax', Math.round(model.to));
    setAttr(element, 'aria-valuenow', Math.round(engine.state.t));
    setAttr(element, 'aria-valuetext', moment(engine.timeUs(engine.state.t)));
  }

  function begin(event) {
    if (!model || event.button > 0) return;
    const { x, y } = at(event);
    const { engine } = ctx;
    canvas.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    hideTip();
    if (box.strip && y > box.height - box.strip) {
      const ends = engine.state.window.map(inWhole).map(stripX);
      const kind = Math.abs(x - ends[0]) <= GRAB ? 'start' : Math.abs(x - ends[1]) <= GRAB ? 'end' : 'move';
      drag = { kind, grab: stripT(x), first: engine.state.window.map(inWhole) };
      if (kind === 'move' && (x < ends[0] || x > ends[1])) {
        const half = (drag.first[1] - drag.first[0]) / 2;
        drag.first = [drag.grab - half, drag.grab + half];
      }
      drag.span = spanOf(drag, drag.grab);
      ctx.wake();
    } else if (event.shiftKey) {
      drag = { kind: 'brush', grab: tOf(x), span: [tOf(x), tOf(x)] };
      ctx.wake();
    } else {
      drag = { kind: 'scrub', resume: engine.state.playing };
      if (drag.resume) engine.pause();
      engine.seek(tOf(x));
    }
  }

  // Windows set by hand begin and end on round times: whole bins, or on the strip what two pixels stand for.
  function snap(t, unit, engine = whole()) {
    const first = engine.alignment(unit);
    return first + Math.round((t - first) / unit) * unit;
  }

  function stripUnit() {
    const { end, tick_us: tick } = whole().rec.meta;
    return whole().wholeBins(Math.max(1, Math.round((finestBin(((end * tick) / 1000 / box.inner) * 2) * 1000) / tick)));
  }

  function spanOf({ kind, grab, first }, t) {
    const end = whole().rec.meta.end;
    if (kind === 'brush') return [Math.min(grab, t), Math.max(grab, t)].map((v) => snap(v, model.binTicks, ctx.engine));
    const unit = stripUnit();
    const at = (v) => Math.max(0, Math.min(end, snap(v, unit)));
    if (kind === 'start') return [Math.min(at(t), first[1] - unit), first[1]];
    if (kind === 'end') return [first[0], Math.max(at(t), first[0] + unit)];
    const wide = Math.min(end, first[1] - first[0]);
    const start = Math.max(0, Math.min(end - wide, snap(first[0] + t - grab, unit)));
    return [start, start + wide];
  }

  function follow(event) {
    const { x, y } = at(event);
    if (!model) return;
    if (!drag) {
      canvas.style.cursor = box.strip && y > box.height - box.strip ? stripCursor(x) : '';
      if (event.pointerType !== 'touch') showTip(x, y);
    } else if (drag.kind === 'scrub') {
      ctx.engine.seek(tOf(x));
    } else {
      drag.span = spanOf(drag, drag.kind === 'brush' ? tOf(x) : stripT(x));
      const of = drag.kind === 'brush' ? ctx.engine : whole();
      ctx.announce(range(...drag.span.map((t) => of.timeUs(Math.round(t)))));
      ctx.wake();
    }
  }

  function stripCursor(x) {
    const ends = ctx.engine.state.window.map(inWhole).map(stripX);
    return ends.some((e) => Math.abs(x - e) <= GRAB) ? 'ew-resize' : x > ends[0] && x < ends[1] ? 'grab' : 'pointer';
  }

  function end(event) {
    if (!drag) return;
    const done = drag;
    drag = null;
    if (done.kind === 'scrub') {
      if (done.resume) ctx.engine.play();
    } else if (event.type === 'pointerup' && done.span[1] > done.span[0]) {
      const here = (t) => ctx.engine.ticksOf(whole().timeUs(t) / 1000);
      ctx.setWindow(done.span.map(Math.round).map(done.kind === 'brush' ? (t) => t : here));
    }
    ctx.announce('');
    ctx.wake();
  }

  const at = (event) => {
    const frame = canvas.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  };

  function showTip(x, y) {
    const mark = y < box.top ? marks().find((one) => one.begins && Math.abs(one.x - x) <= NEAR) : null;
    if (mark) {
      const key = `mark/${mark.mark.us}/${mark.text}`;
      if (hover === key) return undefined;
      hover = key;
      return tip.show({ x: mark.x, base: box.base, ...markTip(mark.mark) }, element);
    }
    const k = Math.floor((tOf(x) - model.hist.start) / model.binTicks);
    if (y < box.top || y > box.base || x < box.left || x > box.left + box.inner || !(model.hist.total[k] > 0)) return hideTip();
    const key = `${k}/${model.from}/${model.binTicks}`;
    if (hover === key) return undefined;
    hover = key;
    const { engine } = ctx;
    const us = (bin) => engine.timeUs(model.hist.start + bin * model.binTicks);
    const middle = (Math.max(box.left, model.left(k)) + Math.min(box.left + box.inner, model.left(k + 1))) / 2;
    return tip.show({ x: middle, base: box.base, title: binTitle(us(k), us(k + 1)), total: model.hist.total[k], rows: binRows(model.hist, k) }, element);
  }

  function hideTip() {
    hover = null;
    tip.hide();
  }

  canvas.addEventListener('pointerdown', begin);
  canvas.addEventListener('pointermove', follow);
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);
  canvas.addEventListener('pointerleave', hideTip);
  element.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!by || !model) return;
    event.preventDefault();
    ctx.engine.step(by);
  });

  return { element, paint, invalidate, binTicks: () => model?.binTicks ?? null, innerWidth: () => box?.inner ?? 1000 };
}
