/** The scripting interface of a player: times are ISO text or epoch milliseconds, never ticks. */
import { speedFor } from './clock.js';
import { homeView } from './geo.js';
import { isHome, readLink, writeLink } from './permalink.js';

/** Epoch milliseconds of a time given as a number, a Date or ISO text; text without a zone is UTC. */
export function toMs(time) {
  if (typeof time === 'number' && Number.isFinite(time)) return time;
  if (time instanceof Date) return time.getTime();
  const text = String(time).trim().replace(' ', 'T');
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) || !text.includes('T') ? text : `${text}Z`;
  const ms = Date.parse(zoned);
  if (!Number.isFinite(ms)) throw new RangeError(`"${time}" is not a time; write it like 2025-02-18T06:30:00Z.`);
  return ms;
}

const iso = (us) => new Date(us / 1000).toISOString();
const OPTIONS = ['speed', 'scope', 'trail', 'loop', 'skipQuiet', 'bins', 'filters'];

/** Make the object that hangs on the element as `player`. */
export function playerApi(ctx, parts, { events, setRecording, setStatus, setTheme, destroy, draw, layout }) {
  const need = () => {
    if (!ctx.engine) throw new Error('The player holds no recording yet.');
    return ctx.engine;
  };
  const ticks = (time) => need().ticksOf(toMs(time));
  const seconds = (s) => Math.round((s * 1e6) / need().rec.meta.tick_us);

  return {
    /** The engine: every number the player shows can be asked of it (times in its ticks). */
    get engine() { return ctx.engine; },
    /** The attack layer's canvas. */
    get canvas() { return parts.map.canvas; },
    play: () => need().play(),
    pause: () => need().pause(),
    /** Return to the live edge; only where events come live. */
    follow: () => ctx.live?.follow(),
    /** Whether the clock stands at the live edge. */
    get following() { return ctx.live?.following ?? false; },
    seek: (time) => need().seek(ticks(time)),
    step: (bins) => need().step(bins),
    get speed() { return ctx.engine?.state.speed; },
    set speed(value) { need().set({ speed: value }); },
    /** `[start, end)` as ISO text. */
    get window() { return ctx.engine?.state.window.map((t) => iso(ctx.engine.timeUs(t))); },
    set window([start, end]) { need(); ctx.setWindow([ticks(start), ticks(end)]); },
    get filters() { return structuredClone(ctx.engine?.state.filters ?? {}); },
    set filters(value) { need().set({ filters: value }); },
    get scope() { return ctx.engine?.state.scope; },
    set scope(value) { need().set({ scope: value }); },
    get theme() { return ctx.theme; },
    set theme(value) { setTheme(value); },
    /** Go to a moment and draw it at once; the picture is a function of recording, moment and view. */
    renderAt(time) {
      const engine = need();
      engine.pause();
      engine.seek(ticks(time));
      draw();
      return this.state;
    },
    /** Take options as `createPlayer` does; `trail` and `bins` are in seconds, 0 for automatic. */
    configure(options) {
      const engine = need();
      const patch = Object.fromEntries(OPTIONS.filter((key) => options[key] !== undefined && options[key] !== null).map((key) => [key, options[key]]));
      for (const key of ['trail', 'bins']) if (patch[key]) patch[key] = seconds(patch[key]);
      if (options.window) {
        patch.window = options.window.map(ticks);
        patch.speed ??= speedFor((toMs(options.window[1]) - toMs(options.window[0])) / 1000);
      }
      engine.set(patch);
      if (options.t !== undefined && options.t !== null) engine.seek(ticks(options.t));
      if (options.autoplay && !ctx.still) engine.play();
    },
    /** What is shown as the parameters of a link; `open` shows it again, here or elsewhere. */
    get link() {
      const { state, rec } = need();
      const [t, ...window] = [state.t, ...state.window].map((tick) => ctx.engine.timeUs(tick) / 1000);
      const inSeconds = (k) => (k * rec.meta.tick_us) / 1e6;
      const view = parts.map.host()?.getView() ?? null;
      return writeLink({
        ...state, t, window, source: rec.meta.source, trail: inSeconds(state.trail), bins: inSeconds(state.bins), theme: ctx.theme,
        view: view && !isHome(view, homeView(view.width, view.height)) ? view : null,
      });
    },
    /** Show what a link says; what it does not say, or says wrong, is left as it is. Returns the names of what was wrong. */
    open(link) {
      const { t, window, map, theme, source, ...options } = readLink(link);
      const wrong = [];
      const attempt = (name, act) => {
        try {
          act();
        } catch {
          wrong.push(name);
        }
      };
      need();
      if (window) ctx.setWindow(window.map(ticks));
      for (const [name, value] of Object.entries(options)) attempt(name, () => this.configure({ [name]: value }));
      if (theme) setTheme(theme);
      if (map) parts.map.host()?.show(...map);
      if (t !== undefined) {
        ctx.engine.pause();
        ctx.engine.seek(ticks(t));
      }
      if (source && source !== ctx.engine.rec.meta.source) wrong.push('source');
      ctx.told(wrong, source);
      return wrong;
    },
    setRecording,
    setStatus,
    get state() { return { ...stateOf(ctx, parts), live: ctx.live?.state() ?? null }; },
    /** Call back on `change`, or on one of: seek, playing, window, filters, speed, scope, selected, theme, status, view (of the map). Returns what stops it. */
    on(type, callback) {
      const listen = (event) => callback(event.detail);
      events.addEventListener(type, listen);
      return () => events.removeEventListener(type, listen);
    },
    /** Measure the element again; needed only where its size changes without a frame. */
    layout,
    destroy,
  };
}

/** What is shown now, as plain data. */
function stateOf(ctx, parts) {
  const { engine, status, theme } = ctx;
  if (!engine) return { status, clock: null, t: null, playing: false, theme, counts: null, totals: null, account: null, drawn: 0, filters: {} };
  const { state, rec } = engine;
  const { meta } = rec;
  const counts = engine.counts();
  const named = (values, names) => Object.fromEntries(names.map((name, k) => [name, values[k]]));
  const bySlot = (values) => Object.fromEntries(ctx.slots.map(({ slot, label }) => [label, values[slot]]));
  return {
    status, theme, playing: state.playing, clock: iso(engine.timeUs(state.t)), t: engine.timeUs(state.t) / 1000, speed: state.speed, scope: state.scope,
    window: state.window.map((t) => iso(engine.timeUs(t))), trail_ms: (engine.trailTicks() * meta.tick_us) / 1000,
    bins_ms: ((parts.timeline.binTicks() ?? engine.binTicks()) * meta.tick_us) / 1000, loop: state.loop, skipQuiet: state.skipQuiet,
    counts: {
      events: counts.events, sources: counts.sources, countries: counts.countries, rate: counts.rate, unlocated: counts.unlocated, filteredOut: counts.filteredOut,
      severe: counts.severe, byCategory: bySlot(counts.bySlot), byVerdict: named(counts.byVerdict, meta.verdicts),
    },
    window_counts: { ...counts.total }, totals: { ...meta.totals }, account: meta.account, drawn: parts.map.frame()?.drawn ?? 0, filters: structuredClone(state.filters),
    grain: meta.grain, asking: ctx.zoom.busy, note: ctx.zoom.words()?.note ?? '', unanswered: [...engine.unanswered],
    selected: state.selected, reducedMotion: state.reducedMotion, map: parts.map.host()?.getView() ?? null,
  };
}
