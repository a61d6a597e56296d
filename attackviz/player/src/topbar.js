/** The top bar: what is shown (source, window) and what can be done to the whole (find, full screen, theme, help). */
import { el, setAttr, setText, show } from './dom.js';
import { outwardRange } from './context.js';
import { count, duration } from './format.js';
import { icon, logo } from './icons.js';
import { opener } from './popover.js';
import { accountRows } from './about.js';
import { windowForm } from './windowform.js';
import { liveSwitch, sourceTexts } from './liveview.js';
import { liveWindow } from './livewindow.js';

export function createTopbar(ctx, live = false) {
  const tool = (name, label, press, more = '') => el('button', { class: `av-btn av-icon ${more}`, title: label, 'aria-label': label, on: { click: press } }, icon(name));
  const sourceName = el('span', { class: 'av-cut' });
  const sourceNote = el('span', { class: 'av-dim av-lb' });
  const source = opener({ class: 'av-btn av-line av-source av-desk', title: 'What was read', on: { click: (e) => ctx.pop.show(e.currentTarget, accountRows(ctx), { label: 'What was read', width: 376 }) } },
    icon('source'), sourceName, sourceNote, icon('down'));
  const windowText = el('span', { class: 'av-cut av-desk' });
  const windowSpan = el('span', { class: 'av-dim' });
  const window_ = opener({ class: 'av-btn av-window', title: 'Choose the window', 'aria-label': 'Window', on: { click: (e) => openWindow(e.currentTarget) } },
    icon('calendar'), windowText, windowSpan, icon('down'));
  const find = el('button', { class: 'av-btn av-find', title: 'Find address, network, place (/)', 'aria-label': 'Find', on: { click: (e) => ctx.actions.find(e.currentTarget) } },
    icon('search'), el('span', { class: 'av-wide av-desk' }, 'Find address, network, place'), el('span', { class: 'av-kbd av-wide av-desk' }, '/'));
  const badge = el('span', { class: 'av-badge' });
  const filters = el('button', { class: 'av-btn av-icon av-handheld av-holds-badge', 'aria-label': 'Filters', on: { click: () => ctx.actions.filters() } }, icon('filter'), badge);
  const settings = opener({ class: 'av-btn av-icon av-handheld', 'aria-label': 'Settings', on: { click: (e) => ctx.actions.settings(e.currentTarget) } }, icon('sliders'));
  const sun = icon('sun');
  const moon = icon('moon');
  const theme = tool('sun', 'Dark or light (D)', () => ctx.actions.theme());
  theme.replaceChildren(sun, moon);
  const full = tool('expand', 'Full screen (F)', () => ctx.actions.fullscreen(), 'av-desk');
  const link = el('button', { class: 'av-btn av-icon av-desk', title: 'Copy a link to this moment', 'aria-label': 'Copy a link to this moment', on: { click: () => ctx.actions.copyLink(link) } }, icon('link'));
  const exportText = el('span', { class: 'av-wide' });
  const exporting = opener({ class: 'av-btn av-line av-desk', title: 'Export this window (E)', on: { click: (e) => ctx.actions.export(e.currentTarget) } }, icon('export'), exportText);
  const help = tool('help', 'Keys and help (?)', () => ctx.actions.help(), 'av-desk');
  const switcher = live ? liveSwitch(ctx) : null;
  const element = el('header', { class: 'av-top' },
    el('div', { class: 'av-brand' }, logo()), el('div', { class: 'av-name' }, 'attackviz'),
    source, switcher?.element, window_, el('span', { class: 'av-sp' }), find, el('span', { class: 'av-vr av-desk' }), filters, settings, live ? null : exporting, live ? null : link, full, theme, help);

  function openWindow(anchor) {
    if (ctx.engine) ctx.pop.show(anchor, ctx.live ? liveWindow(ctx) : windowForm(ctx), { label: 'Window', width: 320 });
  }

  return {
    element,
    find,
    export: exporting,
    update() {
      const { engine } = ctx;
      const meta = engine?.rec.meta;
      switcher?.update();
      const named = meta?.source || meta?.title || ctx.statusNote.source || 'attackviz';
      setText(sourceName, named);
      const note = ctx.statusNote.text || ctx.linkNote || formatsText(meta);
      setText(sourceNote, note && `· ${note}`);
      if (ctx.live) {
        const [name, more] = sourceTexts(ctx.live);
        setText(sourceName, name);
        setText(sourceNote, more && `· ${more}`);
      }
      source.disabled = !engine;
      if (engine) {
        const [from, to] = engine.state.window.map((t) => engine.timeUs(t));
        setText(windowText, outwardRange(from, to));
        setText(windowSpan, duration((to - from) / 1e6));
        setAttr(window_, 'aria-label', `Window ${outwardRange(from, to)}`);
        if (ctx.live?.following) {
          setText(windowText, `Last ${duration(ctx.live.span)}`);
          setText(windowSpan, ctx.size.phone || ctx.size.tight ? duration(ctx.live.span) : 'following'); // the words before it have no room there
        }
      } else {
        setText(windowText, 'Window not known yet');
        setText(windowSpan, '');
      }
      window_.disabled = !engine;
      find.disabled = !engine;
      show(sun, ctx.theme === 'dark');
      show(moon, ctx.theme !== 'dark');
      const n = ctx.filterCount();
      show(badge, n > 0);
      setText(badge, n);
      show(exporting, Boolean(ctx.export));
      setText(exportText, ctx.export?.running ? exportShort(ctx.export.progress) : 'Export');
      exporting.disabled = !engine || ctx.status !== 'ready';
      show(link, ctx.linked);
      link.disabled = !engine;
      show(full, Boolean(document.fullscreenEnabled));
    },
  };
}

/** What the button says while a file is being made. Pure. */
export const exportShort = ({ done, of }) => (of ? `Export ${Math.floor((done / of) * 100)} %` : 'Export…');

/** "5 formats", or the name of the one. */
export function formatsText(meta) {
  const formats = meta?.formats ?? [];
  if (formats.length === 1) return formats[0];
  return formats.length ? `${count(formats.length)} formats` : '';
}
