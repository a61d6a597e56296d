/** Live: the recording grows, the clock stands at now less a small steady delay, and one may step back while it goes on. */
import { Engine } from './engine.js';
import { exact, range } from './format.js';
import { LiveEngine } from './liveengine.js';
import { decodeRecording } from './recording.js';
import { openSocket } from './livesocket.js';

const DELAY_MS = 1000; // what is younger may still be on its way: arcs flow, they do not jump
const PULSE_MS = 1000;
const JUMP_MS = 1500; // a clock that is further off than this was set anew
const BACK_S = 3600;
const TRAIL_S = 300;
const SPAN_S = 3600;
const PATIENCE_MS = 120_000; // for an answer about the past
const STRANGER_MS = 4000; // where the server is not the one that made this page: maybe nobody hears the question
const NOBODY = { error: 'Nobody answers about the past, maybe because the server was started anew: reload the page to see what is older.' };

/** Windows that follow, in seconds. */
export const SPANS = [300, 900, 3600, 6 * 3600, 24 * 3600];

/** The server's clock, from what it says: messages come late, never early, so the one that came fastest is the best known. */
export function serverClock() {
  let offset = null;
  return {
    hear(ms, at) {
      if (!Number.isFinite(ms)) return;
      if (offset === null || ms - at > offset || offset - (ms - at) > JUMP_MS) offset = ms - at;
    },
    at: (now) => now + (offset ?? 0),
  };
}

/**
 * @param {object} ctx the player's
 * @param {object} config socket (address, relative to the page), labels (of the categories that ship), title
 * @param {object} use show(engine), setStatus, ask (or null)
 */
export function createLive(ctx, config, { show, setStatus, ask }) {
  const clock = serverClock();
  let engine = null;
  let following = true;
  let own = false; // what changes meanwhile is our doing
  let span = SPAN_S;
  let totals = null;
  let sources = [];
  let skipped = 0;
  let note = '';
  let turn = 0;
  let dirty = false;
  let heardAt = 0;
  let server = null; // which one made the page
  let stranger = false;

  const serverUs = () => clock.at(performance.now()) * 1000;
  const shown = () => engine !== null && ctx.engine === engine;
  // Without word from the server nothing newer is known: the clock waits where it was lost.
  const edgeUs = () => Math.min(serverUs(), (heardAt + 2000) * 1000) - DELAY_MS * 1000;
  const edge = () => Math.max(0, engine.ticksOf(edgeUs() / 1000));
  const doing = (run) => {
    own = true;
    try {
      run();
    } finally {
      own = false;
    }
  };

  function onWord(name, value) {
    if (value?.now ?? (name === 'beat' && value)) {
      clock.hear(value.now ?? value, performance.now());
      heardAt = clock.at(performance.now());
    }
    if (name === 'hello') greet(value);
    else if (name === 'totals') totals = value;
    else if (name === 'sources') sources = value;
    else if (name === 'gap') skipped += value;
    else if (name === 'error') note = [value.what, value.hint].filter(Boolean).join('; ');
    ctx.refresh();
  }

  function greet(hello) {
    server ??= hello.server;
    stranger = hello.server !== server;
    const other = engine && hello.last < engine.last; // another tape: what is here is none of it
    if (engine && !other) return;
    const { verdicts, severities, attribution } = hello;
    // A ring that begins with the tape's first event holds all there is.
    const wholeUs = hello.first <= 1 ? serverUs() - BACK_S * 1e6 : null;
    const about = { wholeUs, nowUs: serverUs(), verdicts, severities, attribution, labels: config.labels ?? {}, title: config.title ?? 'live', source: config.title ?? 'live' };
    engine = new LiveEngine(about, { theme: ctx.theme, reducedMotion: ctx.still, asks: ask !== null });
    engine.set({ trail: TRAIL_S * engine.perSecond });
    ctx.zoom.begin(engine);
    show(engine);
    setStatus({ kind: 'ready' });
    follow();
    if (other) socket.again();
  }

  function onBatch(batch) {
    const had = engine.rec.meta.categories.length;
    const taken = engine.take(batch, serverUs());
    dirty ||= taken > 0;
    if (engine.rec.meta.categories.length !== had) ctx.recolour(engine.rec.meta);
    engine.rec.meta.notice = noticeOf(engine, skipped);
    ctx.wake();
  }

  /** Go to the live edge, and stay there. */
  function follow() {
    if (!engine) return;
    turn += 1;
    note = '';
    following = true;
    if (!shown()) {
      const { filters, scope, theme, reducedMotion } = ctx.engine.state;
      doing(() => engine.set({ filters, scope, theme, reducedMotion, selected: null, hover: null }));
      ctx.zoom.begin(engine);
      show(engine);
    }
    doing(() => {
      engine.set({ speed: 1, loop: false, skipQuiet: false });
      place();
      engine.set({ playing: true });
    });
    ctx.refresh();
  }

  function place() {
    const t = edge();
    engine.extend(t + (DELAY_MS / 1000) * engine.perSecond);
    const { end } = engine.rec.meta;
    engine.reach(engine.timeUs(end) - span * 1e6);
    engine.set({ window: [engine.rec.meta.end - span * engine.perSecond, engine.rec.meta.end], t: edge() });
  }

  // Once a second: time goes on, also where nothing is drawn.
  function pulse() {
    if (!engine) return;
    doing(() => {
      if (!following || !shown()) engine.extend(edge() + engine.perSecond);
    });
    if (dirty && shown()) ctx.redraw();
    dirty = false;
    ctx.refresh();
  }

  /** Move the clock by wall time, as frames come. */
  function tick(ms) {
    const now = ctx.engine;
    if (following && shown()) {
      doing(place);
      return;
    }
    doing(() => now.tickClock(ms));
    if (shown()) {
      if (now.state.t >= edge()) follow();
    } else if (!now.state.playing && now.timeUs(now.state.window[1]) >= engine.sinceUs) {
      catchUp(now);
    }
  }

  // What was asked for has been played to its end: on with what is here.
  function catchUp(past) {
    const { speed, filters, scope } = past.state;
    const us = past.timeUs(past.state.t);
    doing(() => {
      engine.set({ filters, scope });
      ctx.zoom.begin(engine);
      show(engine);
      engine.reach(us);
      const t = engine.ticksOf(us / 1000);
      engine.set({ window: [t, engine.rec.meta.end], speed, t, playing: true });
    });
  }

  /** Of every change of the engine that is shown: what the viewer did leaves the edge. */
  function changed(keys) {
    if (own || !following || !shown()) return;
    const moved = ['t', 'window', 'speed', 'loop', 'skipQuiet'].some((key) => keys.has(key));
    if (moved || (keys.has('playing') && !engine.state.playing)) following = false;
  }

  /** Show a window (ticks of the engine that is shown): of what is here, or asked of the store. */
  async function setWindow(pair) {
    const us = pair.map((t) => ctx.engine.timeUs(t));
    const mine = ++turn;
    note = '';
    if (!shown() && ctx.zoom.whole && us[0] >= ctx.zoom.whole.timeUs(0) && us[1] <= ctx.zoom.whole.timeUs(ctx.zoom.whole.rec.meta.end)) return ctx.zoom.setWindow(pair);
    if (us[0] >= engine.sinceUs || !ask) return here(us);
    note = `Asking for ${range(...us)}…`;
    ctx.refresh();
    const iso = (t) => new Date(t / 1000).toISOString();
    const { filters } = ctx.engine.state;
    let answer;
    try {
      const silence = new Promise((done) => { setTimeout(done, stranger ? STRANGER_MS : PATIENCE_MS, NOBODY); });
      answer = await Promise.race([ask({ what: 'recording', window: us.map(iso), filters: {} }), silence]);
      if (answer.recording) answer.recording = decodeRecording(answer.recording);
    } catch (error) {
      answer = { error: error.message };
    }
    if (mine !== turn) return undefined;
    note = answer.error ?? '';
    if (answer.recording) history(answer.recording, filters);
    return ctx.refresh();
  }

  function here(us) {
    following = false;
    if (!shown()) {
      ctx.zoom.begin(engine);
      show(engine);
    }
    engine.reach(us[0]);
    engine.set({ window: us.map((t) => engine.ticksOf(t / 1000)) });
  }

  function history(recording, filters) {
    following = false;
    const past = new Engine(recording, { theme: ctx.theme, reducedMotion: ctx.still, asks: true, filters });
    ctx.zoom.begin(past);
    show(past);
  }

  const socket = openSocket(new URL(config.socket, document.baseURI.replace(/^http/, 'ws')).href, {
    place: () => (engine && engine.last >= 0 ? engine.last : null), backSeconds: BACK_S, onWord, onBatch,
    onState: (state) => {
      if (!engine && state.kind === 'waiting') setStatus({ kind: 'empty', title: 'No connection to the server yet', detail: `${state.error}; trying again.`, hints: [] });
      ctx.refresh();
    },
  });
  const timer = setInterval(pulse, PULSE_MS);

  return {
    tick, follow, changed, setWindow,
    /** The engine of what is live; null before the server's first word. */
    get engine() { return engine; },
    get following() { return following && shown(); },
    get connection() { return socket.state; },
    get totals() { return totals; },
    get sources() { return sources; },
    /** Events of the last hour that the server tells of while none of them is here yet. */
    get coming() { return engine?.rec.n === 0 ? totals?.h1?.events ?? 0 : 0; },
    get skipped() { return skipped; },
    get note() { return note; },
    /** Tick of the engine that is shown before which events are not here; -1 where all are. */
    get since() { return shown() ? engine.ticksOf(engine.sinceUs / 1000) : -1; },
    get span() { return span; },
    set span(seconds) {
      span = seconds;
      follow();
    },
    /** Seconds that the clock stands behind the edge. */
    get behind() { return engine ? Math.max(0, (edgeUs() - ctx.engine.timeUs(ctx.engine.state.t)) / 1e6) : 0; },
    /** Events that came after the moment that is shown. */
    waiting() {
      if (!engine) return 0;
      const us = ctx.engine.timeUs(ctx.engine.state.t);
      return engine.countAfter(engine.ticksOf(us / 1000), edge());
    },
    /** Leave the edge, to step back by seconds. */
    back(seconds) {
      if (ctx.engine) ctx.engine.seek(ctx.engine.state.t - seconds * ctx.engine.perSecond);
    },
    state: () => ({
      following: following && shown(), connection: socket.state.kind, tries: socket.state.tries, last: engine?.last ?? -1, held: engine?.rec.n ?? 0, older: engine?.older ?? 0, ahead: engine?.ahead ?? 0,
      skipped, note, totals, sources, history: engine !== null && !shown(),
    }),
    destroy() {
      clearInterval(timer);
      socket.close();
    },
  };
}

/** What the honesty line must add: what came and is not here. Pure. */
export function noticeOf({ older, ahead }, skipped) {
  const parts = [];
  if (skipped) parts.push(`${exact(skipped)} skipped by this viewer`);
  if (older) parts.push(`${exact(older)} older than a day`);
  if (ahead) parts.push(`${exact(ahead)} from the future`);
  return parts.length ? `${parts.join(', ')}: on the tape, not here` : null;
}
