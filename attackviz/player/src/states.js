/** Cards over the map when there is nothing to play: empty, loading with true progress, error. */
import { outwardRange } from './context.js';
import { el, fill } from './dom.js';
import { bytes, duration, exact, rate } from './format.js';
import { icon } from './icons.js';

const MOST_FILES = 8;

/** Words over a loading card from its status. Pure. */
export function loadingTexts(status) {
  const { files, files_done: done = 0, events, rate: perSecond, eta_s: left, documents, counting } = status;
  if (counting !== undefined) {
    const note = status.cluster ? 'There are too many to show each; the cluster counts them by time and place' : 'All was read; sorting by time and place';
    return { head: `Counting ${exact(counting)} events`, note, share: null };
  }
  const [all, got] = documents ? [documents, status.documents_done] : [status.bytes, status.bytes_done];
  const part = files ? `Reading ${exact(Math.min(files, done + 1))} of ${exact(files)} file${files === 1 ? '' : 's'}` : 'Reading';
  const head = documents ? `Reading ${exact(got)} of ${exact(documents)} documents` : events === undefined || events === null ? part : `${part} · ${exact(events)} events`;
  const notes = [];
  // Bytes may all be there long before the events in them are: then nothing is known of the end.
  if (left !== undefined && left !== null && !(all && got >= all && done < files)) notes.push(`About ${duration(Math.max(1, left))} left`);
  if (perSecond) notes.push(`at ${perSecond >= 1000 ? exact(Math.round(perSecond / 1000) * 1000) : rate(perSecond)} ${documents ? 'documents' : 'events'}/s`);
  if (!notes.length && all) notes.push(`${bytes(got ?? 0)} of ${bytes(all)}`);
  return { head, note: notes.join(', '), share: all ? Math.min(1, (got ?? 0) / all) : null };
}

/** The files worth a row when there are many: those around the first that is not done. Pure. */
export function visibleFiles(items, most = MOST_FILES) {
  const active = items.findIndex((item) => !item.done);
  const at = active < 0 ? items.length : active;
  const start = Math.max(0, Math.min(items.length - most, at - most + 3));
  return items.slice(start, start + most);
}

/** Words for a window that holds nothing: whether it was quiet or the filters shut everything out. Pure. */
export function emptyTexts({ windowUs, filtered, unfiltered }) {
  const long = duration((windowUs[1] - windowUs[0]) / 1e6);
  if (filtered && unfiltered > 0) {
    return { title: 'No event passes the filters', detail: `${exact(unfiltered)} events lie in ${outwardRange(...windowUs)}; the filters leave none of them.` };
  }
  return { title: `No events in these ${long}`, detail: `${outwardRange(...windowUs)}. Everything was read to the end and no filter hides anything here: it was quiet.` };
}

/** Words for a live edge without events: `coming` are those the server tells of, but has not sent yet. Pure. */
export function edgeTexts({ span, coming }) {
  if (coming > 0) return { title: 'Events are on their way', detail: `${exact(coming)} of the last hour are being sent.` };
  return { title: 'Quiet so far', detail: `No events in the last ${duration(span)}. The next one appears here within about a second.` };
}

export function createStates(ctx) {
  const element = el('div', { class: 'av-state', hidden: true });
  const live = el('div', { class: 'av-sr', role: 'status' });
  let key = '';

  function update() {
    const { status, statusData } = ctx;
    const what = status === 'ready' ? (ctx.windowEmpty() ? 'quiet' : 'none') : status;
    element.hidden = what === 'none';
    element.classList.toggle('is-clear', what === 'quiet');
    const next = what === 'none' ? '' : what === 'quiet' ? JSON.stringify([ctx.live?.coming, ctx.live?.following || ctx.engine.state.window, ctx.engine.state.filters]) : JSON.stringify(statusData);
    if (`${what}${next}` === key) return;
    key = `${what}${next}`;
    const card = { none: () => null, quiet: quietCard, loading: loadingCard, error: errorCard, empty: emptyCard }[what](ctx, statusData);
    fill(element, card);
    live.textContent = card?.querySelector('h2')?.textContent ?? '';
  }
  return { element, live, update };
}

function loadingCard(ctx, status) {
  const { head, note, share } = loadingTexts(status);
  const bar = (part, label) => el('div', { class: 'av-progress', role: 'progressbar', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.round(part * 100) },
    el('i', { style: { width: `${(part * 100).toFixed(1)}%` } }));
  const rows = visibleFiles(status.items ?? []).map((item) => {
    const begun = item.done || item.bytes_done > 0;
    const part = item.done ? 1 : item.bytes ? Math.min(1, item.bytes_done / item.bytes) : 0;
    const right = item.events !== undefined && item.events !== null && begun ? exact(item.events) : begun ? `${Math.round(part * 100)} %` : 'waiting';
    return el('div', { class: `av-file${begun ? '' : ' is-waiting'}` }, icon(item.done ? 'check' : begun ? 'file' : 'dots'),
      el('span', { class: 'av-nm', title: item.name, dir: 'auto' }, item.name), bar(part, item.name), el('span', { class: 'av-n' }, right));
  });
  const bad = status.bad > 0 ? `${exact(status.bad)} line${status.bad === 1 ? '' : 's'} could not be read. They are kept and counted, not dropped.` : null;
  return el('div', { class: 'av-panel' }, el('h2', {}, head), note ? el('p', {}, note) : null, share === null ? null : bar(share, 'All files'),
    rows.length ? el('div', { class: 'av-files' }, rows) : null, bad ? el('p', { class: 'av-note' }, bad) : null);
}

function errorCard(ctx, status) {
  const [first, ...rest] = status.hints ?? [];
  const text = [status.title, first, status.detail, ...rest].filter(Boolean).join('\n');
  const copy = el('button', { class: 'av-btn av-line', on: { click: () => ctx.copy(text, copy) } }, icon('copy'), 'Copy details');
  return el('div', { class: 'av-panel', role: 'alert' }, el('div', { class: 'av-fault' }, el('span', { class: 'av-sign' }, icon('warn')),
    el('div', {}, el('h2', { dir: 'auto' }, status.title ?? 'Something went wrong'), first ? el('p', { dir: 'auto' }, first) : null, rest.map((hint) => el('p', { dir: 'auto' }, hint)),
      status.detail ? el('pre', { dir: 'auto' }, status.detail) : null, el('div', { class: 'av-acts' }, copy))));
}

function emptyCard(ctx, status) {
  return el('div', { class: 'av-panel is-small' }, el('h2', { dir: 'auto' }, status.title ?? 'Nothing to show'), status.detail ? el('p', { dir: 'auto' }, status.detail) : null,
    (status.hints ?? []).map((hint) => el('p', { dir: 'auto' }, hint)));
}

function quietCard(ctx) {
  const { engine } = ctx;
  if (ctx.live?.following && !ctx.filterCount()) {
    const words = edgeTexts(ctx.live);
    return el('div', { class: 'av-panel is-small' }, el('h2', {}, words.title), el('p', {}, words.detail));
  }
  const windowUs = engine.state.window.map((t) => engine.timeUs(t));
  const sums = ctx.counts('window');
  const { title, detail } = emptyTexts({ windowUs, filtered: ctx.filterCount() > 0, unfiltered: sums.filteredOut });
  const acts = [];
  if (ctx.filterCount() > 0 && sums.filteredOut > 0) {
    acts.push(el('button', { class: 'av-btn av-fill', on: { click: () => engine.set({ filters: {} }) } }, 'Clear filters'));
  } else {
    const { before, after } = ctx.neighbours();
    if (before) acts.push(el('button', { class: 'av-btn av-line', on: { click: before.go } }, icon('left'), `Last event, ${duration(before.seconds)} before`));
    if (after) acts.push(el('button', { class: 'av-btn av-line', on: { click: after.go } }, `Next event, ${duration(after.seconds)} after`, icon('right')));
    acts.push(el('button', { class: 'av-btn', on: { click: () => ctx.setWindow(ctx.zoom.whole.rec.meta.window.map((t) => engine.ticksOf(ctx.zoom.whole.timeUs(t) / 1000))) } }, 'Default window'));
  }
  return el('div', { class: 'av-panel is-small' }, el('h2', {}, title), el('p', {}, detail), el('div', { class: 'av-acts' }, acts));
}
