/** The export menu: what to make of the window, how, and the file when it is made. */
import { el, fill, setAttr, setText, show, uid } from './dom.js';
import { bytes, duration, moment, range } from './format.js';
import { icon } from './icons.js';

const KEPT_MS = 60_000; // how long a browser may take to save what it was handed
const LONGEST_S = 300; // of a film made here

/** What can be made: kind, icon, name, what it is, and the options it has. */
export const KINDS = [
  { kind: '.html', mark: 'globe', name: 'Page', what: 'one HTML file that plays offline', has: ['title', 'captions', 'lists', 'loop'] },
  { kind: 'report.html', mark: 'file', name: 'Report', what: 'what happened, beside the window before, with the replay in it', has: ['title'] },
  { kind: 'report.pdf', mark: 'file', name: 'Report for print', what: 'PDF of A4 sheets', has: ['title'] },
  { kind: '.mp4', mark: 'film', name: 'Film', what: 'MP4: plays nearly everywhere', has: ['title', 'length', 'size', 'captions', 'lists'] },
  { kind: '.webm', mark: 'film', name: 'WebM', what: 'a film in an open format', has: ['title', 'length', 'size', 'captions', 'lists'] },
  { kind: '.gif', mark: 'film', name: 'GIF', what: 'for where films do not play', has: ['title', 'length', 'captions', 'lists', 'loop'] },
  { kind: '.png', mark: 'eye', name: 'Picture', what: 'PNG', has: ['title', 'moment', 'size', 'scale', 'captions', 'lists'] },
  { kind: '.svg', mark: 'target', name: 'Map for print', what: 'SVG of the whole window', has: ['title'] },
  { kind: '.parquet', mark: 'rows', name: 'Events', what: 'Parquet, a row an event', has: [] },
  { kind: '.csv', mark: 'rows', name: 'Table', what: 'CSV, safe for spreadsheets', has: [] },
];
const CHOICES = {
  size: ['Size', [['1080p', '1920 × 1080'], ['720p', '1280 × 720'], ['square', 'Square'], ['vertical', 'Vertical']]],
  moment: ['Shows', [['at', 'This moment'], ['whole', 'The whole window']]],
  scale: ['Drawn', [['1', 'As fine'], ['2', 'Twice as fine'], ['4', '4 times as fine']]],
};

/** How long a film may be, as `[value, text]`; what plays as fast as the player does is offered where that is not too long. Pure. */
export function lengths(kind, seconds, speed) {
  const out = (kind === '.gif' ? [10, 5, 20] : [60, 30, 120]).map((s) => [String(s), duration(s)]);
  const own = seconds / speed;
  if (own >= 1 && own <= LONGEST_S) out.push(['speed', `${duration(Math.round(own))}, as fast as here`]);
  return out;
}

/**
 * What is asked for a kind of file, as `attackviz export` takes it; times are epoch microseconds. Pure.
 *
 * @param {object} shown window, t, theme, speed and filters of the player
 * @param {object} chosen redact, and values of the options that the kind has
 */
export function asking(kind, { window, t, theme, speed, filters }, { redact, title, captions = '', length, size, scale, moment: which, lists, loop }) {
  const { has } = KINDS.find((one) => one.kind === kind);
  const seconds = (us) => us / 1e6;
  const out = { kind, theme, filters, redact: redact ? 'public' : null, start: seconds(window[0]), end: seconds(window[1]) };
  const lines = captions.split('\n').map((line) => line.trim()).filter(Boolean);
  if (has.includes('title') && title) out.title = title;
  if (has.includes('captions') && lines.length) out.captions = lines;
  if (has.includes('lists') && lists === false) out.lists = false;
  if (has.includes('loop') && loop !== undefined) out.loop = loop;
  if (has.includes('size')) out.size = size;
  if (has.includes('scale')) out.scale = Number(scale);
  if (kind === '.png' && which === 'at') out.at = seconds(t);
  if (has.includes('length') && length !== 'speed') out.length = `${length} seconds`;
  if (['.html', '.png'].includes(kind) || length === 'speed') out.speed = speed;
  return out;
}

/** How far it is, in words. Pure. */
export function progressText({ stage, done, of, left } = {}) {
  if (of) return [`${Math.floor((done / of) * 100)} %`, left === null || left === undefined ? '' : `${duration(Math.max(1, Math.round(left)))} left`].filter(Boolean).join(', ');
  return { waiting: 'Waits for another file', asking: 'Asks for the events', making: 'Being made' }[stage] ?? 'Begins';
}

/** Hand a file to the browser, which saves it. */
function hand(name, data) {
  const url = URL.createObjectURL(new Blob([data]));
  el('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/** The file that is being made, if any: it goes on when the menu is closed. */
export function createExporter(ctx, exporter) {
  const job = { running: false, name: '', progress: {}, error: '', file: '', stop: () => {}, changed: () => {} };
  const turn = (more) => {
    Object.assign(job, more);
    job.changed();
    ctx.refresh();
  };
  return Object.assign(job, {
    async make(name, asked) {
      turn({ running: true, name, progress: {}, error: '', file: '' });
      const { answer, stop } = exporter(asked, (progress) => turn({ progress }));
      job.stop = stop;
      const { error = '', name: file = '', file: data } = await answer;
      turn({ running: false, error, file: file && `${file}, ${bytes(data.byteLength)}` });
      if (file) hand(file, data);
      if (error || file) ctx.announce(error || `${file} is made`);
    },
  });
}

export function exportMenu(ctx) {
  const { engine, export: job } = ctx;
  const window = engine.state.window.map((t) => engine.timeUs(t));
  const seconds = (window[1] - window[0]) / 1e6;
  const t = engine.timeUs(engine.state.t);
  const shown = { window, t, theme: ctx.theme, speed: engine.state.speed, filters: engine.state.filters };
  const values = { redact: true, lists: true, loop: false, size: '1080p', scale: '1', moment: 'at', length: '60' };
  let chosen = KINDS[0];

  const kinds = KINDS.map((one) => el('button', { class: 'av-item av-kind', role: 'radio', 'aria-checked': 'false', title: one.what, on: { click: () => choose(one) } }, icon(one.mark), one.name));
  const what = el('p', { class: 'av-dim' });
  const options = el('div', { class: 'av-options' });
  const go = el('button', { class: 'av-btn av-fill', on: { click: () => job.make(chosen.name, asking(chosen.kind, shown, values)) } });
  const stop = el('button', { class: 'av-btn av-line', on: { click: () => job.stop() } }, 'Stop');
  const fillBar = el('i');
  const bar = el('div', { class: 'av-progress' }, fillBar);
  const state = el('p', { class: 'av-dim', role: 'status', 'aria-live': 'polite' });

  const check = (name, text, held = false) => {
    const box = el('button', { class: 'av-check', role: 'checkbox', 'aria-checked': String(values[name]), disabled: held, on: { click: () => {
      values[name] = !values[name];
      setAttr(box, 'aria-checked', String(values[name]));
    } } }, el('span', { class: 'av-box' }, icon('check')), text);
    return box;
  };
  const row = (label, input) => {
    input.id = uid('av-export');
    input.addEventListener('input', () => { values[input.name] = input.value; });
    return el('div', { class: 'av-ask' }, el('label', { for: input.id }, label), el('div', { class: 'av-field' }, input));
  };
  const choice = (name, label, pairs) => {
    if (!pairs.some(([value]) => value === values[name])) [[values[name]]] = pairs;
    const input = el('select', { name }, pairs.map(([value, text]) => el('option', { value, selected: value === values[name] }, text)));
    return row(label, input);
  };
  const made = {
    title: () => row('Title', el('input', { type: 'text', name: 'title', maxlength: 200, placeholder: engine.rec.meta.title, value: values.title ?? '', autocomplete: 'off' })),
    length: () => choice('length', 'Length', lengths(chosen.kind, seconds, engine.state.speed)),
    captions: () => {
      const text = el('textarea', { name: 'captions', rows: 2, placeholder: '14:02 rule deployed', spellcheck: 'false' });
      text.value = values.captions ?? '';
      return row('Captions', text);
    },
    lists: () => check('lists', 'Numbers and lists beside the map'),
    loop: () => check('loop', 'Begins again at its end'),
  };

  function choose(one) {
    chosen = one;
    if (one.kind === '.gif') values.loop = true;
    kinds.forEach((button, k) => setAttr(button, 'aria-checked', String(KINDS[k] === one)));
    setText(what, one.kind === '.png' ? `PNG; this moment is ${moment(t)}` : one.what);
    fill(options, one.has.map((name) => (made[name] ?? (() => choice(name, ...CHOICES[name])))()));
    fill(go, `Export ${one.name.toLowerCase()}`);
  }

  job.changed = () => {
    const { running, progress, error, file, name } = job;
    go.disabled = running;
    show(stop, running);
    show(bar, running && Boolean(progress.of));
    fillBar.style.width = `${(progress.of ? progress.done / progress.of : 0) * 100}%`;
    if (error) fill(state, icon('warn'), error);
    else fill(state, running ? `${name}: ${progressText(progress)}` : file);
  };
  choose(chosen);
  job.changed();
  return el('div', { class: 'av-body av-export' }, el('h2', {}, 'Export this window'),
    el('p', { class: 'av-dim' }, `${range(...window)}, ${duration(seconds)}${ctx.filterCount() ? '; filtered as here' : ''}`),
    el('div', { class: 'av-kinds', role: 'radiogroup', 'aria-label': 'What to make' }, kinds), what, options,
    check('redact', ctx.redacted ? 'Redacted, as all that is shown here' : 'Redact: cut addresses, drop hosts, paths and users', ctx.redacted),
    el('div', { class: 'av-acts' }, go, stop), bar, state);
}
