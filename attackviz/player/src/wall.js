/** The wall: one full screen for a room, that nobody touches. The clock is the largest thing on it; views take turns. */
import { el, pool, setAttr, setText, show } from './dom.js';
import { clockTime, count, longDay, rate } from './format.js';
import { glyph, setGlyph } from './icons.js';
import { connectionTexts } from './liveview.js';

const TURN_MS = 20_000;
const NEAR = 2.4; // how much closer the busiest region is shown
const ROWS = 8;
const VIEWS = ['world', 'region', 'lists'];

/** Which view it is the turn of, at so many milliseconds. Pure. */
export const viewAt = (ms) => VIEWS[Math.floor(ms / TURN_MS) % VIEWS.length];

/** The middle of the busiest place of the trail in metres, or null. */
export function busiest({ rec, trail }) {
  let best = -1;
  for (let p = 0; p < rec.places.n; p++) if (trail.byPlace[p] > 0 && (best < 0 || trail.byPlace[p] > trail.byPlace[best])) best = p;
  return best < 0 || !Number.isFinite(rec.places.mx[best]) ? null : [rec.places.mx[best], rec.places.my[best]];
}

/** Large rows of one list. */
function board(ctx, title, field) {
  const rows = el('div');
  const fill = pool(rows, () => {
    const code = el('span', { class: 'av-dim' });
    const name = el('span', { class: 'av-nm', dir: 'auto' });
    const n = el('span', { class: 'av-n' });
    return {
      element: el('div', { class: 'av-wallrow' }, code, name, n),
      update(row) {
        setText(code, row.code);
        setText(name, row.label);
        setText(n, count(row.count));
      },
    };
  });
  return { element: el('section', {}, el('h3', {}, title), rows), update: () => fill(ctx.engine.top(field, ROWS, 'trail').rows) };
}

/**
 * What lies over the map of a wall, and its turns.
 * @param {object} ctx the player's
 * @param {function} cell gives the map's cell
 */
export function createWall(ctx, cell) {
  const time = el('div', { class: 'av-walltime' }, '--:--:--');
  const date = el('div', { class: 'av-walldate' });
  const figures = ['events', 'sources', 'countries', 'per second'].map((label) => {
    const value = el('dd');
    return { value, label: el('dt', {}, label), key: label };
  });
  const legend = el('div', { class: 'av-walllegend' });
  const fill = pool(legend, () => {
    const mark = glyph(0);
    const name = el('span');
    const n = el('b');
    return { element: el('span', {}, mark, name, ' ', n), update: ({ slot, label, total }) => { setGlyph(mark, slot); setText(name, label); setText(n, count(total)); } };
  });
  const boards = [board(ctx, 'Countries', 'country'), board(ctx, 'Networks', 'network')];
  const lists = el('div', { class: 'av-boards', hidden: true }, boards.map((each) => each.element));
  const element = el('div', { class: 'av-wall' },
    el('div', { class: 'av-wallhead' }, el('div', {}, time, date), el('div', { class: 'av-wallfigures' }, figures.map(({ label, value }) => el('dl', {}, value, label)))),
    lists, legend);
  let view = '';

  function turn() {
    const next = viewAt(performance.now());
    if (!ctx.engine || next === view || ctx.status !== 'ready') return;
    view = next;
    const map = cell().host();
    map?.reset();
    const spot = view === 'region' ? busiest(ctx.engine) : null;
    if (spot && map) {
      map.zoomBy(NEAR);
      map.centre(...spot);
    }
    ctx.refresh();
  }
  const timer = setInterval(turn, 500);

  return {
    element,
    paint() {
      if (!ctx.engine || ctx.status !== 'ready') return;
      setText(time, clockTime(ctx.engine.timeUs(ctx.engine.state.t)));
    },
    update() {
      turn();
      if (element.dataset.view !== view) {
        setAttr(element, 'data-view', view);
        show(lists, view === 'lists');
        cell().invalidate(); // labels stay out of other boxes now
      }
      if (!ctx.engine || ctx.status !== 'ready') return;
      const { engine, live } = ctx;
      const words = live ? (live.connection.kind === 'open' ? 'live' : connectionTexts(live.connection, performance.now())[0]) : `replay ×${engine.state.speed}`;
      setText(date, `${longDay(engine.timeUs(engine.state.t))} · UTC · ${words}`);
      const { events, sources, countries, rate: perSecond, bySlot } = ctx.counts('trail');
      setText(figures[0].label, `events, ${ctx.trailText().toLowerCase()}`);
      [count(events), count(sources), count(countries), rate(perSecond)].forEach((text, k) => setText(figures[k].value, text));
      fill(ctx.slots.map(({ slot, label }) => ({ slot, label, total: bySlot[slot] })));
      if (view === 'lists') for (const each of boards) each.update();
    },
    destroy: () => clearInterval(timer),
  };
}
