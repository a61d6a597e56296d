/** The player: assembles map, dock, side column, top bar and rail around one engine, and runs its frames. */
import tokens from './tokens.css';
import shellCss from './shell.css';
import controlsCss from './controls.css';
import panelsCss from './panels.css';
import liveCss from './live.css';
import { createActions, copyText, keyTable } from './actions.js';
import { playerApi } from './api.js';
import { ownMap } from './basemap.js';
import { createCard } from './card.js';
import { addQuestions, slotsOf } from './context.js';
import { el, show } from './dom.js';
import { Engine } from './engine.js';
import { createExporter } from './exportmenu.js';
import { createFilterPanel } from './filterpanel.js';
import { createGrain } from './grain.js';
import { createHonesty } from './honesty.js';
import { bindKeys } from './keys.js';
import { createLegend } from './legend.js';
import { followAddress, hasAddress } from './linked.js';
import { createLive } from './live.js';
import { liveBar } from './liveview.js';
import { createMapCell } from './mapcell.js';
import { marksOf } from './marks.js';
import { createPopovers } from './popover.js';
import { createRail } from './rail.js';
import { decodeRecording } from './recording.js';
import { createSide } from './side.js';
import { createStates } from './states.js';
import { createTimeline } from './timeline.js';
import { createTopbar } from './topbar.js';
import { createTransport } from './transport.js';
import { createWall } from './wall.js';
import { createZoom } from './zoom.js';

const CSS = [tokens, shellCss, controlsCss, panelsCss, liveCss].join('\n');
const LISTS_MS = 100; // lists and numbers follow the clock at most this often
const LONGEST_MS = 250; // a frame that took longer (a sleeping tab) moves the clock no further
const WIDTHS = { phone: 720, tight: 1080, mid: 1360 };
const LOW = 800;
const ROOM = ['is-snug', 'is-brief', 'is-slim', 'is-lean', 'is-bare', 'is-tiny']; // what the dock gives up, in this order, until its controls fit
const MAP_NARROW = 640;
const NO_MAP = { land: [], borders: [] };

/**
 * Build a player in `element`, which it fills.
 *
 * @param {HTMLElement} element gets the class `av` and the property `player`
 * @param {object} config recording (ArrayBuffer or Uint8Array), map (factory of a map host) or basemap (outlines for the player's own
 *   map), options (t and window as ISO text or epoch ms; speed, scope, trail, loop, skipQuiet, bins, filters, theme, reducedMotion, autoplay),
 *   chrome ({topbar, rail}, both true), status (what to say before there is a recording), ask (a function from a question about events,
 *   `{what: 'recording' | 'lists', window: [iso, iso], filters}`, to a promise of `{recording}`, `{lists}` or `{error}`; without it there is no store),
 *   live (see live.js: events as they come, instead of a recording), wall (no controls, for a screen that nobody touches)
 *   linked (whether the page's address says what is shown), exporter (a function from what to make, see exportmenu.js, and one to be told of progress, to `{answer, stop}`: a promise of `{name, file}` or `{error}`,
 *   and a function that gives it up), redacted (whether what is shown is so already)
 * @returns {object} the player: see api.js
 */
export function createPlayer(element, { recording = null, map = null, basemap = NO_MAP, options = {}, chrome = {}, status = null, ask = null, live = null, wall = false, linked = false, exporter = null, redacted = false } = {}) {
  const quiet = matchMedia('(prefers-reduced-motion: reduce)');
  const events = new EventTarget();
  const ctx = addQuestions({
    root: element, engine: null, slots: [], marks: marksOf({ categories: [] }), size: { phone: false, mid: false, tight: false, short: false },
    status: 'empty', statusData: {}, statusNote: { source: '', text: '' },
    theme: options.theme === 'light' ? 'light' : 'dark', still: options.reducedMotion ?? quiet.matches, drawn: () => parts.map.frame()?.drawn ?? 0,
  });
  const parts = {};
  let raf = 0;
  let last = 0;
  let listsAt = -Infinity;
  let listsDue = true;
  let now = true;
  let awake = 0;
  let gone = false;
  let placed = false;
  let unlink = () => {};

  element.classList.add('av');
  element.dataset.theme = ctx.theme;
  element.classList.toggle('is-still', ctx.still);
  const spoken = el('div', { class: 'av-sr', role: 'status', 'aria-live': 'polite' });
  element.replaceChildren(el('style'), spoken);
  element.firstChild.textContent = CSS;

  Object.assign(ctx, {
    pop: createPopovers(element),
    wake,
    later: (run) => queueMicrotask(() => { if (!gone) run(); }),
    refresh() {
      listsDue = now = true;
      wake();
    },
    announce(text) {
      if (spoken.textContent !== text) spoken.textContent = text;
    },
    copy: (text, button) => copyText(element, text, button),
    zoom: createZoom(ctx, { ask, show: (engine) => { useEngine(engine); onChange({ detail: { keys: new Set(['window', 'filters']) } }); } }),
    live: null,
    setWindow: (ticks) => ctx.engine && (ctx.live ?? ctx.zoom).setWindow(ticks),
    redraw: () => parts.timeline.invalidate(new Set(['recording'])),
    recolour(meta) {
      ctx.slots = slotsOf(meta);
      ctx.refresh();
    },
    setTheme,
    setStill,
    linked: linked && hasAddress(),
    export: null,
    redacted,
    linkNote: '',
    viewed: () => events.dispatchEvent(new CustomEvent('view', { detail: null })),
    /** Say what of a link could not be followed. */
    told(wrong, source) {
      const others = wrong.filter((name) => name !== 'source');
      ctx.linkNote = [wrong.includes('source') ? `the link is of ${source}` : '', others.length ? `not followed: ${others.join(', ')}` : ''].filter(Boolean).join('; ');
      ctx.announce(ctx.linkNote);
      ctx.refresh();
    },
    openFilters,
    filtersOpen: () => !parts.filters.element.hidden,
    ringOf: (place) => parts.map.ringOf(place),
    timelineWidth: () => parts.timeline.innerWidth(),
    binSeconds: () => (ctx.engine && parts.timeline.binTicks() ? (parts.timeline.binTicks() * ctx.engine.rec.meta.tick_us) / 1e6 : null),
  });
  ctx.export = exporter && createExporter(ctx, exporter);
  ctx.actions = createActions(ctx, parts);
  element.classList.toggle('is-live', live !== null);
  element.classList.toggle('is-wall', wall);

  Object.assign(parts, {
    map: createMapCell(ctx, map ?? ownMap(basemap)), legend: createLegend(ctx), honesty: createHonesty(ctx), card: createCard(ctx), grain: createGrain(ctx), states: createStates(ctx),
    transport: createTransport(ctx), timeline: createTimeline(ctx), side: createSide(ctx, live !== null), filters: createFilterPanel(ctx),
    bar: live && liveBar(ctx), wall: wall ? createWall(ctx, () => parts.map) : null, top: wall || chrome.topbar === false ? null : createTopbar(ctx, live !== null), rail: wall || chrome.rail === false ? null : createRail(ctx),
  });
  const dock = el('section', { class: 'av-dock', 'aria-label': 'Timeline' }, parts.transport.element, parts.timeline.element);
  const below = el('div', { class: 'av-below av-handheld' });
  const shell = el('div', { class: `av-shell${parts.top ? ' has-top' : ''}${parts.rail ? ' has-rail' : ''}` },
    parts.top?.element, parts.rail?.element, parts.filters.element, parts.map.element, dock, below, parts.side.element);
  parts.map.element.append(parts.grain.element, parts.card.element, parts.states.element);
  parts.map.element.append(...[parts.bar, parts.wall].filter(Boolean).map((part) => part.element));
  parts.map.foot.append(parts.legend.element, parts.honesty.element);
  element.append(shell, parts.states.live);
  parts.map.start();

  const unbind = wall ? () => {} : bindKeys(element, keyTable(ctx.actions));
  const watch = new ResizeObserver(layout);
  for (const node of [element, parts.map.element, dock, parts.side.element, parts.legend.element, parts.grain.element]) watch.observe(node);
  const onQuiet = () => setStill(quiet.matches);
  if (options.reducedMotion === undefined) quiet.addEventListener('change', onQuiet);
  const onFonts = () => { parts.timeline.invalidate(); ctx.refresh(); };
  document.fonts?.addEventListener?.('loadingdone', onFonts);

  // ---- layout

  function layout() {
    const { width, height } = element.getBoundingClientRect();
    if (!width || !height) return;
    const phone = width < WIDTHS.phone;
    const size = { phone, tight: !phone && width < WIDTHS.tight, mid: width < WIDTHS.mid, short: !phone && height < LOW };
    const moved = Object.keys(size).some((key) => size[key] !== ctx.size[key]);
    Object.assign(ctx.size, size);
    for (const key of Object.keys(size)) element.classList.toggle(`is-${key}`, size[key]);
    if (moved) {
      (phone ? below : parts.map.foot).append(parts.legend.element, parts.honesty.element);
      (phone ? element : parts.map.element).append(parts.card.element);
      if (phone) element.append(parts.filters.element);
      else shell.insertBefore(parts.filters.element, parts.map.element);
      ctx.pop.close(false);
    }
    parts.map.element.classList.toggle('is-narrow', !size.phone && parts.map.element.clientWidth < MAP_NARROW);
    parts.map.invalidate();
    if (!placed) {
      placed = true;
      parts.map.setTheme(ctx.theme); // what was drawn before had no tokens to read
    }
    if (moved) parts.timeline.invalidate();
    ctx.refresh();
    // Drawn at once: a resized canvas is blank until then.
    if (!gone) frame(performance.now());
  }

  function fitDock() {
    dock.classList.remove(...ROOM);
    for (const step of ctx.size.phone ? [] : ROOM) if (!parts.transport.fits()) dock.classList.add(step);
  }

  function openFilters(open) {
    show(parts.filters.element, open);
    shell.classList.toggle('has-filters', open);
    ctx.refresh();
  }

  function setTheme(theme) {
    if (theme !== 'dark' && theme !== 'light') throw new RangeError(`There is no theme "${theme}"; there are dark and light.`);
    ctx.theme = theme;
    element.dataset.theme = theme;
    ctx.engine?.set({ theme });
    parts.map.setTheme(theme);
    parts.timeline.invalidate(new Set(['theme']));
    ctx.refresh();
  }

  function setStill(still) {
    ctx.still = still;
    element.classList.toggle('is-still', still);
    ctx.engine?.set({ reducedMotion: still });
    ctx.refresh();
  }

  // ---- frames: none is asked for while nothing changes

  function wake(lingerMs = 0) {
    if (lingerMs) awake = Math.max(awake, performance.now() + lingerMs);
    if (!raf && !gone) raf = requestAnimationFrame(tick);
  }

  function tick(ts) {
    raf = 0;
    const { engine } = ctx;
    if (engine?.state.playing && ctx.status === 'ready') {
      if (last) (ctx.live ? ctx.live.tick : engine.tickClock.bind(engine))(Math.min(ts - last, LONGEST_MS));
      last = ts;
    } else {
      last = 0;
    }
    frame(ts);
    if (engine?.state.playing || listsDue || ts < awake) wake();
  }

  /** Draw the moment: map, clock and playhead each time, lists when they are due. */
  function frame(ts, all = false) {
    ctx.forget();
    parts.map.paint();
    parts.card.follow();
    parts.timeline.paint();
    parts.transport.paint();
    parts.wall?.paint();
    if (!all && !(listsDue && (now || ts - listsAt >= LISTS_MS))) return;
    const measure = all || now;
    listsAt = ts;
    listsDue = now = false;
    parts.top?.update();
    parts.bar?.update();
    parts.wall?.update();
    parts.rail?.update();
    parts.transport.update();
    if (measure) fitDock();
    parts.legend.update();
    parts.honesty.paint();
    parts.grain.update();
    parts.filters.update();
    parts.side.update(measure);
    parts.states.update();
    parts.card.update();
    parts.map.describe();
    parts.map.element.classList.toggle('has-state', !parts.states.element.hidden);
    dock.classList.toggle('is-off', ctx.status !== 'ready');
  }

  /** Draw all of it at once; the frame that was asked for meanwhile would only draw the same again. */
  function draw() {
    frame(performance.now(), true);
    if (listsDue || ctx.engine?.state.playing || performance.now() < awake) return;
    cancelAnimationFrame(raf);
    raf = 0;
  }

  function onChange({ detail: { keys } }) {
    ctx.forget();
    ctx.live?.changed(keys);
    const clockOnly = [...keys].every((key) => key === 't' || key === 'hover' || key === 'events');
    if (['window', 'filters', 'bins', 'theme'].some((key) => keys.has(key))) parts.timeline.invalidate(keys);
    if (!(keys.size === 1 && keys.has('hover'))) listsDue = true;
    if (!clockOnly) now = true;
    if (keys.has('playing')) last = 0;
    if (keys.has('recording')) ctx.recolour(ctx.engine.rec.meta);
    ctx.zoom.changed(keys);
    wake();
    events.dispatchEvent(new CustomEvent('change', { detail: { keys: [...keys] } }));
    for (const key of keys) if (key !== 't' || !ctx.engine.state.playing) events.dispatchEvent(new CustomEvent(key === 't' ? 'seek' : key, { detail: player.state }));
  }

  // ---- what is shown

  function setStatus(next) {
    ctx.status = next.kind === 'ready' && !ctx.engine ? 'empty' : next.kind;
    ctx.statusData = next;
    ctx.statusNote = { source: next.source ?? '', text: { loading: 'reading', error: 'not read', empty: 'nothing read' }[next.kind] ?? '' };
    if (next.kind !== 'ready') ctx.engine?.pause();
    parts.timeline.invalidate();
    ctx.refresh();
    events.dispatchEvent(new CustomEvent('status', { detail: next }));
  }

  function setRecording(buffer) {
    let engine;
    try {
      engine = new Engine(decodeRecording(buffer), { theme: ctx.theme, reducedMotion: ctx.still, asks: ask !== null });
    } catch (error) {
      setStatus({ kind: 'error', title: error.title ?? 'This recording cannot be read', detail: error.detail ?? error.message, hints: error.hints ?? [] });
      return;
    }
    const first = !ctx.engine;
    ctx.marks = marksOf(engine.rec.meta);
    ctx.zoom.begin(engine);
    useEngine(engine);
    setStatus(engine.rec.n ? { kind: 'ready' } : { kind: 'empty', title: 'This recording holds no events', detail: 'Nothing in the input had a usable time.', hints: [] });
    if (!first) return;
    player.configure(options);
    if (ctx.linked) ctx.later(() => { unlink = followAddress(player); }); // after whoever set the recording set more
  }

  function useEngine(engine) {
    ctx.engine?.removeEventListener('change', onChange);
    ctx.engine = engine;
    ctx.slots = slotsOf(engine.rec.meta);
    engine.addEventListener('change', onChange);
    ctx.forget();
    last = 0;
    parts.timeline.invalidate();
    parts.map.invalidate();
    ctx.refresh();
  }

  function destroy() {
    gone = true;
    ctx.live?.destroy();
    parts.wall?.destroy();
    unlink();
    ctx.zoom.destroy();
    cancelAnimationFrame(raf);
    watch.disconnect();
    unbind();
    quiet.removeEventListener('change', onQuiet);
    document.fonts?.removeEventListener?.('loadingdone', onFonts);
    ctx.engine?.removeEventListener('change', onChange);
    ctx.pop.destroy();
    parts.map.destroy();
    element.replaceChildren();
    element.classList.remove('av', 'is-phone', 'is-tight', 'is-mid', 'is-short', 'is-still');
    delete element.dataset.theme;
    delete element.player;
  }

  const player = playerApi(ctx, parts, { events, setRecording, setStatus, setTheme, destroy, draw, layout });
  element.player = player;
  if (live) {
    setStatus({ kind: 'empty', title: 'Connecting', detail: 'Events appear here as they come.', hints: [] });
    ctx.live = createLive(ctx, live, { show: useEngine, setStatus, ask });
  } else if (recording) {
    setRecording(recording);
  } else {
    setStatus(status ?? { kind: 'empty', title: 'Nothing to show yet', detail: 'A recording appears here once events were read.', hints: [] });
  }
  if (recording && status && status.kind !== 'ready') setStatus(status);
  layout();
  return player;
}
