/** What live adds to the frame: the switch, the bar over the map, gauges, and the state of each source. */
import { el, pool, setAttr, setText, show } from './dom.js';
import { NONE, count, duration, exact, rateText } from './format.js';
import { icon } from './icons.js';

const GAUGES = [['m1', '1 minute', 60], ['h1', '1 hour', 3600], ['h24', '24 hours', 86400]];
const MOST_SOURCES = 4;
const FRESH_S = 2; // nearer than this is at the edge

const away = (live) => (live.following || live.behind < FRESH_S ? '' : duration(Math.round(live.behind)));

/** Where the clock stands, in words. */
export function standingText(live) {
  if (live.following) return live.connection.kind === 'open' ? 'At the live edge' : 'Waiting for the server';
  return away(live) ? `${away(live)} behind live` : 'Paused at live';
}

/** Words for the connection: `[text, state]`, state is ok, warn or off. Pure. */
export function connectionTexts({ kind, tries, retryAt }, now) {
  if (kind === 'open') return ['Connected', 'ok'];
  if (kind === 'hidden') return ['Resting while hidden', 'off'];
  if (kind === 'connecting') return ['Connecting', 'off'];
  const left = Math.max(0, Math.ceil((retryAt - now) / 1000));
  return [`Reconnecting, try ${tries}${left ? ` in ${left} s` : ''}`, 'warn'];
}

/** What the source chip says: how many there are, and how many are not well. Pure. */
export function sourceTexts({ sources }) {
  const troubled = sources.filter((s) => stateOf(s) !== 'ok').length;
  const name = sources.length === 1 ? sources[0].name : sources.length ? `${count(sources.length)} live sources` : 'Live events';
  return [name, troubled ? `${count(troubled)} not well` : ''];
}

const stateOf = ({ state, error }) => (error || state === 'waiting' || state === 'failed' ? 'warn' : state === 'ended' || state === 'starting' ? 'off' : 'ok');

/** The lines of a source: `{name, lag, text, state}`. Pure. */
export function sourceLine(source) {
  const { name, lag, error, events = 0, bad = 0, duplicates = 0, ahead = 0, retry_s: retry, state } = source;
  const said = [`${count(events)} event${events === 1 ? '' : 's'}`];
  if (bad) said.push(`${count(bad)} unreadable`);
  if (duplicates) said.push(`${count(duplicates)} double`);
  if (ahead) said.push(`${count(ahead)} from the future`);
  if (state === 'ended') said.push('ended');
  if (retry !== undefined && retry !== null) said.unshift(`trying again in ${duration(Math.max(1, Math.round(retry)))}`);
  if (error) said.unshift(error);
  return { name, lag: lag === null || lag === undefined ? NONE : lag < 10 ? `${lag.toFixed(1)} s` : duration(Math.round(lag)), text: said.join(' · '), state: stateOf(source) };
}

/** Replay or live: the switch of the top bar. */
export function liveSwitch(ctx) {
  const words = el('span');
  const replay = el('button', { role: 'radio', on: { click: () => ctx.engine?.pause() } }, 'Replay');
  const live = el('button', { role: 'radio', class: 'av-live', title: 'Return to live (End)', on: { click: () => ctx.live.follow() } }, el('span', { class: 'av-dot' }), words);
  const element = el('div', { class: 'av-seg av-liveswitch', role: 'radiogroup', 'aria-label': 'Replay or live' }, replay, live);
  return {
    element,
    update() {
      const { following } = ctx.live ?? { following: false };
      setText(words, following || !ctx.live?.engine ? 'LIVE' : `LIVE${away(ctx.live) ? ` −${away(ctx.live)}` : ''}`);
      setAttr(live, 'aria-checked', String(following));
      setAttr(replay, 'aria-checked', String(!following));
      live.classList.toggle('is-behind', !following || ctx.live.connection.kind !== 'open');
      for (const button of [replay, live]) button.disabled = !ctx.live?.engine;
    },
  };
}

/** The bar at the top of the map: how far behind, what was skipped, what is being asked for, what was lost. */
export function liveBar(ctx) {
  const strong = el('b');
  const words = el('span', { class: 'av-mid' });
  const back = el('button', { class: 'av-btn av-fill av-dense', on: { click: () => ctx.live.follow() } }, 'Return to live', el('span', { class: 'av-kbd' }, 'End'));
  const close = el('button', { class: 'av-btn av-icon av-dense', 'aria-label': 'Close', title: 'Close', on: { click: () => { closed = ctx.live.skipped; ctx.refresh(); } } }, icon('close'));
  const element = el('div', { class: 'av-over av-livebar', role: 'status', hidden: true }, strong, words, back, close);
  let closed = 0;

  function texts(live) {
    const { connection, following, skipped, note } = live;
    if (note) return [note, ''];
    if (connection.kind === 'waiting') return ['The connection is lost', 'the picture stands still; what is missed comes afterwards'];
    if (skipped > closed) return [`${exact(skipped - closed)} events were skipped`, 'more came than this viewer could take; they are on the tape'];
    if (following) return ['', ''];
    const waiting = live.waiting();
    return [standingText(live), waiting ? `${exact(waiting)} newer event${waiting === 1 ? '' : 's'} waiting` : 'nothing newer yet'];
  }

  return {
    element,
    update() {
      const { live } = ctx;
      const [head, more] = live?.engine && ctx.status === 'ready' ? texts(live) : ['', ''];
      show(element, head !== '');
      if (!head) return;
      setText(strong, head);
      setText(words, more);
      show(back, !live.following);
      show(close, live.following && live.connection.kind !== 'waiting' && live.skipped > closed);
    },
  };
}

/** Counts of the last minute, hour and day as the server keeps them, and how the connection is. */
export function gauges(ctx) {
  const state = el('span', { class: 'av-conn' });
  const cells = GAUGES.map(([key, label, seconds]) => {
    const value = el('dd', { class: 'av-val' });
    const scope = el('dd', { class: 'av-scope' });
    return { key, seconds, value, scope, element: el('dl', { class: 'av-counter', 'data-gauge': key }, el('dt', {}, label), value, scope) };
  });
  const element = el('section', { class: 'av-gauges', 'aria-label': 'Events of the last minute, hour and day' },
    el('div', { class: 'av-sh' }, el('h3', {}, 'Events'), state), el('div', { class: 'av-counters' }, cells.map((cell) => cell.element)));
  return {
    element,
    update() {
      const { live } = ctx;
      if (!live) return;
      const [words, kind] = connectionTexts(live.connection, performance.now());
      setText(state, words);
      setAttr(state, 'data-state', kind);
      setAttr(state, 'title', live.connection.error || null);
      for (const { key, seconds, value, scope } of cells) {
        const n = live.totals?.[key]?.events ?? null;
        setText(value, count(n));
        setText(scope, n === null ? '\u00a0' : rateText(n / seconds));
        value.classList.toggle('is-long', count(n).length > 7);
      }
    },
  };
}

/** The sources: each with its state, its lag, and what it says. */
export function sourceList(ctx) {
  const rows = el('div');
  const more = el('span');
  const fill = pool(rows, () => {
    const name = el('span', { class: 'av-nm', dir: 'auto' });
    const lag = el('span', { class: 'av-n' });
    const text = el('span', { class: 'av-p', dir: 'auto' });
    const element = el('div', { class: 'av-from' }, el('span', { class: 'av-dot' }), name, lag, text);
    return {
      element,
      update(line) {
        setAttr(element, 'data-state', line.state);
        setText(name, line.name);
        setText(lag, line.lag);
        setText(text, line.text);
        setAttr(element, 'title', line.text);
      },
    };
  });
  const element = el('section', { class: 'av-sources' }, el('div', { class: 'av-sh' }, el('h3', {}, 'Sources'), more), rows);
  return {
    element,
    update() {
      const sources = ctx.live?.sources ?? [];
      show(element, sources.length > 0);
      // Those that are not well come first: there may be more than there is room for.
      const lines = sources.map(sourceLine).sort((a, b) => (b.state === 'warn') - (a.state === 'warn'));
      fill(lines.slice(0, MOST_SOURCES));
      setText(more, lines.length > MOST_SOURCES ? `${MOST_SOURCES} of ${count(lines.length)} · lag` : 'lag');
    },
  };
}
