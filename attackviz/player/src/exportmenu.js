/** The export menu: what to make of the window, and the file when it is made. */
import { el, fill, setAttr } from './dom.js';
import { bytes, duration, moment, range } from './format.js';
import { icon } from './icons.js';

const KEPT_MS = 60_000; // how long a browser may take to save what it was handed

/** What can be made, as `[kind, icon, name, what it is]`. */
export const KINDS = [
  ['.html', 'globe', 'Page', 'one HTML file that plays offline'],
  ['.mp4', 'film', 'Film', 'MP4, 1920 × 1080, a minute long'],
  ['.gif', 'film', 'GIF', '960 × 540, ten seconds'],
  ['.png', 'eye', 'Picture', 'PNG of this moment'],
  ['.svg', 'target', 'Map for print', 'SVG of the whole window'],
  ['.parquet', 'source', 'Events', 'Parquet, a row an event'],
  ['.csv', 'source', 'Table', 'CSV, safe for spreadsheets'],
];

/** What is asked for a kind of file, as `attackviz export` takes it; times are epoch microseconds. Pure. */
export function asking(kind, { window, t, theme, redact }) {
  const seconds = (us) => us / 1e6;
  return {
    kind, theme, redact: redact ? 'public' : null, start: seconds(window[0]), end: seconds(window[1]), ...(kind === '.png' ? { at: seconds(t) } : {}),
  };
}

/** Hand a file to the browser, which saves it. */
function hand(name, data) {
  const url = URL.createObjectURL(new Blob([data]));
  el('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

export function exportMenu(ctx) {
  const { engine } = ctx;
  const window = engine.state.window.map((t) => engine.timeUs(t));
  const t = engine.timeUs(engine.state.t);
  let chosen = '.html';
  const state = el('p', { class: 'av-dim', role: 'status', 'aria-live': 'polite' });
  const go = el('button', { class: 'av-btn av-fill', on: { click: make } });
  // What is redacted already stays as it is: there is nothing to choose.
  const isOn = () => !ctx.redacted && redact.getAttribute('aria-checked') === 'true';
  const redact = ctx.redacted ? el('p', {}, 'Redacted, as all that this server shows: no whole addresses, hosts, paths or users.') : el('button', { class: 'av-check', role: 'checkbox', 'aria-checked': 'true', on: { click: () => setAttr(redact, 'aria-checked', String(!isOn())) } },
    el('span', { class: 'av-box' }, icon('check')), 'Redact: cut addresses, drop hosts, paths and users');
  const kinds = KINDS.map(([kind, mark, name, what]) => el('button', { class: 'av-item av-kind', role: 'radio', 'aria-checked': String(kind === chosen), on: { click: () => choose(kind) } },
    icon(mark), el('span', {}, el('b', {}, name), el('span', { class: 'av-dim' }, kind === '.png' ? `PNG of ${moment(t)}` : what))));

  function choose(kind) {
    chosen = kind;
    kinds.forEach((row, k) => setAttr(row, 'aria-checked', String(KINDS[k][0] === kind)));
    fill(go, `Export ${KINDS.find((one) => one[0] === kind)[2].toLowerCase()}`);
  }

  async function make() {
    go.disabled = true;
    fill(state, 'Being made; a film takes some minutes.');
    const answer = await ctx.export(asking(chosen, { window, t, theme: ctx.theme, redact: isOn() }));
    go.disabled = false;
    if (answer.error) {
      fill(state, icon('warn'), answer.error);
      return;
    }
    hand(answer.name, answer.file);
    fill(state, `${answer.name}, ${bytes(answer.file.byteLength)}`);
    ctx.announce(`${answer.name} is made`);
  }

  choose(chosen);
  return el('div', { class: 'av-body av-export' }, el('h2', {}, 'Export this window'), el('p', { class: 'av-dim' }, `${range(...window)}, ${duration((window[1] - window[0]) / 1e6)}`),
    el('div', { role: 'radiogroup', 'aria-label': 'What to make' }, kinds), redact,
    el('p', { class: 'av-dim' }, ctx.filterCount() ? 'All events of the window, filtered or not.' : '', ' Attribution and what is not drawn are always told.'), el('div', { class: 'av-acts' }, go), state);
}
