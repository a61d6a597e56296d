/** Two recordings, one player: the whole in cells, and what a store gives for the window in view, finer or event by event. */
import { Engine } from './engine.js';
import { decodeRecording } from './recording.js';
import { exact } from './format.js';
import { grainText } from './cells.js';

const PAUSE_MS = 250; // so long nothing may change before the store is asked
const ROOM = 250_000; // cells of the whole in view below which finer ones are asked for: an answer has room for twice as many
const FINER = 0.5; // part of a detail's cells below which finer ones are asked for

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const iso = (us) => new Date(us / 1000).toISOString().replace('Z', `${String(Math.round(us) % 1000).padStart(3, '0')}Z`);

/** Words for what is on the map, where `events` are in the window, filtered or not: the grain of its cells, or that it is every event; what is being asked for, or failed. Pure. */
export function grainWords({ meta, events = meta.totals.in_recording, asking, fault }) {
  const { grain, totals } = meta;
  const what = grain ? `Cells of ${grainText(grain)}` : 'Every event of this window';
  const how = grain ? `${exact(totals.in_recording)} events in ${exact(grain.cells)} cells` : exact(events);
  return { what, how, note: fault || asking };
}

/**
 * @param {object} ctx the player's
 * @param {object} use ask (question to promise of an answer) or null; show (an engine, in place of the one shown)
 */
export function createZoom(ctx, { ask, show }) {
  let base = null;
  let detail = null;
  let wanted = null; // the window as it was asked for; cells may show a little more
  let timer = 0; // 0: nothing is thought over
  let turn = 0;
  let asking = ''; // what is being asked for, in words
  let waiting = false;
  let turning = false; // a window that changes meanwhile is our own doing
  let fault = '';

  const windowUs = () => wanted ?? ctx.engine.state.window.map((t) => ctx.engine.timeUs(t));
  const ticks = (engine, us) => us.map((t) => Math.round(engine.ticksOf(t / 1000)));
  const wholeUs = () => [0, base.rec.meta.end].map((t) => base.timeUs(t));
  const holds = ([a, b], [c, d]) => a <= c && d <= b;

  /** The part of the filters that only a store can answer. */
  function held() {
    const { filters } = ctx.engine.state;
    return Object.fromEntries(base.coarse.split(filters).others.map((field) => [field, filters[field]]));
  }

  const fits = (us) => detail !== null && holds(detail.us, us) && (same(detail.held, held()) || (!detail.engine.coarse && same(detail.held, {})));
  const isWhole = (us) => holds(us, wholeUs()) && same(held(), {});

  function turnTo(engine, us) {
    turning = true;
    if (engine !== ctx.engine) {
      const { state, perSecond } = ctx.engine;
      const k = engine.perSecond / perSecond;
      const { speed, scope, loop, skipQuiet, filters, theme, reducedMotion } = state;
      engine.set({ window: ticks(engine, us), speed, scope, loop, skipQuiet, filters, theme, reducedMotion, trail: state.trail * k, bins: state.bins * k, selected: null, hover: null });
      engine.seek(engine.ticksOf(ctx.engine.timeUs(state.t) / 1000));
      engine.set({ playing: state.playing });
      show(engine);
    } else {
      engine.set({ window: ticks(engine, us) });
    }
    turning = false;
  }

  function plan() {
    clearTimeout(timer);
    if (ask && base?.coarse) timer = setTimeout(review, PAUSE_MS);
  }

  function question() {
    const us = windowUs();
    const { coarse, state, rec } = ctx.engine;
    const [a, b] = ctx.engine.indices('window');
    const room = ctx.engine === base ? ROOM : FINER * rec.n;
    const filtered = ctx.engine === base && !same(held(), {});
    const finer = coarse && b > a && b - a < room && coarse.grain.seconds > 1 && !isWhole(us);
    if (filtered || finer) return { what: 'recording', window: us.map(iso), filters: held() };
    if (coarse && !coarse.current(state.window, state.filters)) return { what: 'lists', window: us.map(iso), filters: state.filters };
    return null;
  }

  async function review() {
    const mine = ++turn;
    timer = 0;
    waiting = false;
    const us = windowUs();
    turnTo(fits(us) ? detail.engine : base, us);
    const next = question();
    asking = next?.what !== 'recording' ? '' : ctx.engine.unanswered.length ? `Filtering by ${ctx.engine.unanswered.join(', ')}…` : 'Asking for finer data…';
    fault = '';
    ctx.refresh();
    if (!next) return;
    waiting = true;
    const { window, filters } = ctx.engine.state;
    let answer;
    try {
      answer = await ask(next);
      if (answer.recording) answer.recording = decodeRecording(answer.recording);
    } catch (error) {
      answer = { error: error.message };
    }
    if (mine !== turn) return;
    asking = '';
    waiting = false;
    if (answer.error) fault = answer.error;
    else if (next.what === 'lists') ctx.engine.coarse?.setLists(answer.lists, window, filters);
    else take(answer.recording, us, next.filters);
    ctx.refresh();
  }

  function take(recording, us, filters) {
    const { theme, reducedMotion } = ctx.engine.state;
    const engine = new Engine(recording, { theme, reducedMotion, asks: true, scaled: true });
    detail = { engine, us: [0, recording.meta.end].map((t) => engine.timeUs(t)), held: filters };
    turnTo(engine, us);
    plan(); // its lists are of the store's filters only
  }

  return {
    /** Begin anew with an engine of the whole. */
    begin(engine) {
      clearTimeout(timer);
      turn += 1;
      base = engine;
      detail = wanted = null;
      timer = 0;
      waiting = false;
      asking = fault = '';
    },
    /** Whether an answer is still to come, or a question. */
    get busy() { return timer !== 0 || waiting; },
    /** The engine of the whole recording. */
    get whole() { return base; },
    /** Show a window, given in ticks of the engine in view; they may lie outside of what it holds. */
    setWindow(pair) {
      if (!base.coarse || !ask) {
        ctx.engine.set({ window: pair });
        return;
      }
      const [from, to] = wholeUs();
      const us = pair.map((t) => Math.max(from, Math.min(to, ctx.engine.timeUs(t))));
      if (us[1] <= us[0]) return;
      wanted = us;
      turnTo(fits(us) ? detail.engine : base, us);
      plan();
    },
    /** To be told of every change of the engine in view. */
    changed(keys) {
      if (keys.has('window') && !turning) wanted = null;
      if (keys.has('filters') || keys.has('window')) plan();
    },
    /** What there is to say; null where all is shown event by event anyway. */
    words() {
      if (!base?.coarse || ctx.status !== 'ready') return null;
      const { events, filteredOut } = ctx.counts('window');
      return grainWords({ meta: ctx.engine.rec.meta, events: events + filteredOut, asking, fault });
    },
    destroy: () => clearTimeout(timer),
  };
}
