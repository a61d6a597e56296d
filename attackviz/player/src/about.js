/** What was read: totals and the account of the input, as text. Also the help on keys. */
import { el } from './dom.js';
import { grainText } from './cells.js';
import { exact, range } from './format.js';

const KEYS = [
  [['Space'], 'play or pause'], [[',', '.'], 'step one bin back, forward'], [['Shift', ',', '.'], 'previous, next burst'], [['[', ']'], 'slower, faster'],
  [['Home', 'End'], 'start of the window, its end or live'], [['L'], 'loop'], [['K'], 'skip quiet stretches'], [['B'], 'filters'], [['/'], 'find'],
  [['1 – 8'], 'category on or off'], [['Alt', '1'], 'only this category'], [['0'], 'whole world'], [['+', '-'], 'zoom'], [['T'], 'centre on the target'],
  [['D'], 'dark or light'], [['E'], 'export, where it is offered'], [['F'], 'full screen'], [['Esc'], 'close what is open'], [['?'], 'this help'],
];

/** Rows of the account as `[label, count, sub?][]`: they add up to the pieces read. Pure. */
export function accountLines(meta) {
  const { totals, account } = meta;
  const lines = [['Events in this recording', totals.in_recording]];
  if (meta.grain) lines.push([`cells of ${grainText(meta.grain)}`, meta.grain.cells, true]);
  if (totals.untimed) {
    lines.push(['Events without a usable time, left out', totals.untimed]);
    for (const [reason, n] of Object.entries(totals.untimed_by_reason ?? {})) lines.push([reason, n, true]);
  }
  if (totals.outside) lines.push(['Events outside of the window, left out', totals.outside]);
  if (totals.filtered) lines.push(['Events that the store filtered out', totals.filtered]);
  if (totals.excluded) lines.push(['Events from excluded addresses, not read', totals.excluded]);
  lines.push(['Events without a location, counted', totals.unlocated]);
  if (!account) return lines;
  lines.push(['Pieces of input', account.pieces], ['events', account.events, true], ['unreadable', account.bad_total ?? 0, true]);
  for (const [reason, n] of Object.entries(account.bad ?? {})) lines.push([`– ${reason}`, n, true]);
  for (const [kind, n] of Object.entries(account.left_out ?? {})) lines.push([`left out: ${kind}`, n, true]);
  lines.push(['blank', account.blank, true], ['structure', account.structure, true]);
  for (const [reason, n] of Object.entries(account.flags ?? {})) lines.push([reason, n]);
  if (account.truncated?.length) lines.push(['Files cut short', account.truncated.length]);
  if (Object.keys(account.skipped ?? {}).length) lines.push(['Files skipped', Object.keys(account.skipped).length]);
  return lines;
}

/** The content of the source chip's popover. */
export function accountRows(ctx) {
  const { rec } = ctx.engine;
  const { meta } = rec;
  const us = [0, meta.end].map((t) => ctx.engine.timeUs(t));
  const rows = accountLines(meta).map(([label, n, sub]) => [el('dt', { class: sub ? 'av-sub' : null, dir: 'auto' }, label), el('dd', {}, exact(n))]);
  const notes = [meta.notice, ...(meta.account?.notes ?? [])].filter(Boolean);
  return el('div', { class: 'av-body' }, el('h2', { dir: 'auto' }, meta.title || meta.source || 'Recording'),
    el('p', { class: 'av-mid' }, range(...us)),
    meta.formats?.length ? el('p', { class: 'av-dim' }, meta.formats.join(', ')) : null,
    el('dl', { class: 'av-account' }, rows.flat()), notes.map((note) => el('p', { class: 'av-dim', style: { 'margin-top': '8px' } }, note)));
}

/** The content of the help dialog. */
export function helpContent(close) {
  return el('div', { class: 'av-body' }, el('h2', {}, 'Keys'),
    el('dl', { class: 'av-keys' }, KEYS.flatMap(([keys, what]) => [el('dt', {}, keys.map((key) => el('kbd', { class: 'av-kbd' }, key))), el('dd', {}, what)])),
    el('p', { class: 'av-dim', style: { 'margin-top': '12px' } }, 'Drag the timeline to scrub, Shift-drag to set the window. Click a row to keep only it, Alt-click to leave it out.'),
    el('div', { class: 'av-acts' }, el('button', { class: 'av-btn av-line', 'data-first': true, on: { click: close } }, 'Close')));
}
