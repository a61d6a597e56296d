/** What the parts of a player share: questions about the recording in words and numbers. */
import { asnText, countryName, duration, organisation, range } from './format.js';
import { chips } from './filteredit.js';
import { VERDICTS } from './icons.js';
import { within } from './marks.js';

/** Categories as the legend shows them: one entry a slot, in stacking order. Pure. */
export function slotsOf(meta) {
  const bySlot = new Map();
  const taken = new Set();
  for (const { name, label, slot } of meta.categories) {
    const at = slot ?? 7;
    const own = taken.has(label) ? `${label} (${name})` : label; // a log may call its own category as we call ours
    taken.add(own);
    bySlot.set(at, bySlot.has(at) ? 'Other' : own);
  }
  return [...bySlot].sort((a, b) => a[0] - b[0]).map(([slot, label]) => ({ slot, label }));
}

/** A range in words; one longer than two hours is given in whole minutes that contain it. Pure. */
export function outwardRange(from, to) {
  if (to - from < 7200e6) return range(from, to);
  return range(Math.floor(from / 60e6) * 60e6, Math.ceil(to / 60e6) * 60e6);
}

const sameData = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Add to `ctx` what can be asked of the engine it holds. */
export function addQuestions(ctx) {
  let known = new Map();
  const ticksToSeconds = (ticks) => (ticks * ctx.engine.rec.meta.tick_us) / 1e6;

  return Object.assign(ctx, {
    forget() {
      known = new Map();
    },
    /** Counts of a scope, asked of the engine once a frame. */
    counts(scope = ctx.engine.state.scope) {
      if (!known.has(scope)) known.set(scope, ctx.engine.counts(scope));
      return known.get(scope);
    },
    slotLabel: (slot) => ctx.slots.find((s) => s.slot === slot)?.label ?? 'Other',
    trailSeconds: () => ticksToSeconds(ctx.engine.trailTicks()),
    trailText: () => (ctx.engine ? `Last ${duration(ctx.trailSeconds())}` : 'Trail'),
    windowSeconds: () => ticksToSeconds(ctx.engine.state.window[1] - ctx.engine.state.window[0]),
    /** Bursts of which the window holds some. */
    bursts: () => (ctx.engine ? within(ctx.marks.bursts, ctx.engine.state.window.map((t) => ctx.engine.timeUs(t))) : []),
    windowEmpty: () => ctx.engine !== null && ctx.counts('window').events === 0,
    /** What a list of things that cells do not hold is of; empty for lists made of what is in view. */
    listScope(field) {
      const { coarse, state } = ctx.engine;
      if (!coarse?.listed(field)) return '';
      const { window, filters } = coarse.lists ?? {};
      const here = sameData(window, state.window);
      if (sameData(filters, state.filters)) return here ? 'window' : 'opening window';
      return here ? 'window, unfiltered' : 'opening, unfiltered';
    },
    filterCount: () => (ctx.engine ? chips(ctx.engine.state.filters, String).length : 0),
    /** Words for a value of a filter. */
    nameOf(field, value) {
      const { index, rec } = ctx.engine;
      if (field === 'slot') return typeof value === 'number' ? ctx.slotLabel(value) : rec.meta.categories.find((c) => c.name === value)?.label ?? value;
      if (field === 'verdict') return VERDICTS[value]?.label ?? VERDICTS[rec.meta.verdicts[value]]?.label ?? String(value);
      if (field === 'country') return countryName(value);
      if (field === 'network') return [asnText(value), organisation(index.org[index.network.values.indexOf(value)])].filter(Boolean).join(' ');
      if (field === 'place') return String(value).split('/').filter(Boolean).pop() ?? 'unknown';
      return value === '' || value === null ? `no ${field}` : String(value);
    },
    /** What an empty list says. */
    quietText() {
      if (ctx.status === 'loading') return 'Fills when reading ends';
      if (ctx.status !== 'ready') return 'Nothing was read';
      return ctx.windowEmpty() ? 'Nothing in this window' : 'Nothing at this moment';
    },
    /** The events just before and after the window, and how to go there. */
    neighbours() {
      const { engine } = ctx;
      const [from, to] = engine.state.window;
      const [a, b] = engine.indices('window');
      const jump = (i, seconds) => ({
        seconds,
        go() {
          const t = engine.rec.t[i];
          const half = (to - from) / 2;
          ctx.setWindow([t - half, t + half]);
          engine.seek(t);
        },
      });
      const before = engine.sums.previous(a);
      const after = engine.sums.next(b);
      return {
        before: before >= 0 ? jump(before, ticksToSeconds(from - engine.rec.t[before])) : null,
        after: after < engine.rec.n ? jump(after, ticksToSeconds(engine.rec.t[after] - to)) : null,
      };
    },
  });
}
