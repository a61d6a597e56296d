/** What can be done to a player, whichever button or key asks for it. */
import { el, fill } from './dom.js';
import { icon } from './icons.js';
import { helpContent } from './about.js';
import { exportMenu } from './exportmenu.js';
import { addFound, onlySlot, toggle } from './filteredit.js';
import { nextBurst } from './marks.js';
import { createSearch } from './search.js';
import { nextSpeed, playbackSettings } from './transport.js';

/** Actions over `ctx`; `parts` are the player's components. */
export function createActions(ctx, parts) {
  const withEngine = (run) => (...args) => (ctx.engine ? run(ctx.engine, ...args) : undefined);

  const actions = {
    playPause: withEngine((engine) => (engine.state.playing ? engine.pause() : engine.play())),
    step: withEngine((engine, by) => engine.step(by)),
    faster: withEngine((engine, by) => engine.set({ speed: nextSpeed(engine.state.speed, by) })),
    burst: withEngine((engine, by) => {
      const found = nextBurst(ctx.bursts(), engine.timeUs(engine.state.t), by);
      if (!found) return ctx.announce(by > 0 ? 'No later burst in this window' : 'No earlier burst in this window');
      engine.seek(engine.ticksOf(found.us / 1000));
      return ctx.announce(`Burst ${found.text}`);
    }),
    edge: withEngine((engine, k) => (ctx.live && k === 1 ? ctx.live.follow() : engine.seek(engine.state.window[k]))),
    flip: withEngine((engine, key) => !ctx.live && engine.set({ [key]: !engine.state[key] })),
    slot: withEngine((engine, k, alone) => {
      const entry = ctx.slots.find((s) => s.slot === k);
      if (!entry) return;
      const { filters } = engine.state;
      engine.set({ filters: alone ? onlySlot(filters, k, ctx.slots.map((s) => s.slot)) : toggle(filters, 'slot', k) });
    }),
    select: withEngine((engine, what) => engine.set({ selected: what })),
    selectSource: withEngine((engine, id, ip) => {
      if (!engine.coarse) actions.select({ kind: 'source', id });
      else if (engine.can('address') && ip !== null) engine.set({ filters: addFound(engine.state.filters, { field: 'address', value: ip }) });
    }),
    selectAddress: withEngine((engine, ip) => {
      const id = engine.rec.sources.ip.indexOf(ip);
      if (id >= 0) engine.set({ selected: { kind: 'source', id } });
    }),
    theme: () => ctx.setTheme(ctx.theme === 'dark' ? 'light' : 'dark'),
    zoom: (factor) => parts.map.host()?.zoomBy(factor),
    world: () => parts.map.host()?.reset(),
    target: withEngine((engine) => {
      const host = parts.map.host();
      const spot = engine.index.drawnTargets[0];
      if (!host || !spot) return;
      host.centre(spot.mx, spot.my);
    }),
    fullscreen() {
      if (document.fullscreenElement) document.exitFullscreen();
      else ctx.root.requestFullscreen?.().catch(() => ctx.announce('Full screen is not allowed here'));
    },
    filters(field) {
      const open = parts.filters.element.hidden || field !== undefined;
      ctx.openFilters(open && ctx.engine !== null);
      if (open && ctx.engine) parts.filters.focus(field);
    },
    openAll: (field) => parts.side.openAll(field),
    find(anchor) {
      if (!ctx.engine) return;
      const choose = (item, event) => {
        ctx.pop.close();
        if (item.kind === 'address' && !event.altKey && !ctx.engine.coarse) actions.select({ kind: 'source', id: item.id });
        else ctx.engine.set({ filters: addFound(ctx.engine.state.filters, item.filter) });
      };
      const { field, list } = createSearch(ctx, { placeholder: 'Find address, network, place', choose });
      ctx.pop.show(anchor ?? parts.top?.find ?? parts.map.element, el('div', { style: { padding: '8px' } }, field, list), { label: 'Find', side: 'right', width: 440 });
    },
    copyLink: withEngine((engine, button) => ctx.copy(`${location.href.split('#')[0]}#${ctx.root.player.link}`, button)),
    export: withEngine((engine, anchor) => {
      if (!ctx.export) return false;
      return ctx.pop.show(anchor ?? parts.top?.export ?? null, exportMenu(ctx), { label: 'Export', side: 'right', width: 420, onClose: () => { ctx.export.changed = () => {}; } });
    }),
    help: () => ctx.pop.show(null, helpContent(() => ctx.pop.close()), { label: 'Keys', width: 480 }),
    settings(anchor) {
      ctx.pop.show(anchor, settingsContent(ctx), { label: 'Settings', width: 304 });
    },
    escape() {
      if (ctx.pop.isOpen()) ctx.pop.close();
      else if (ctx.engine?.state.selected) actions.select(null);
      else if (!parts.filters.element.hidden) ctx.openFilters(false);
      else return false;
      return true;
    },
  };
  return actions;
}

/** Keys and the actions they stand for. */
export function keyTable(actions) {
  return {
    slot: actions.slot,
    burst: actions.burst,
    ' ': () => actions.playPause(),
    ',': () => actions.step(-1),
    '.': () => actions.step(1),
    '[': () => actions.faster(-1),
    ']': () => actions.faster(1),
    Home: () => actions.edge(0),
    End: () => actions.edge(1),
    l: () => actions.flip('loop'),
    k: () => actions.flip('skipQuiet'),
    b: () => actions.filters(),
    '/': () => actions.find(),
    0: () => actions.world(),
    '+': () => actions.zoom(1.6),
    '=': () => actions.zoom(1.6),
    '-': () => actions.zoom(1 / 1.6),
    t: () => actions.target(),
    d: () => actions.theme(),
    e: () => actions.export(),
    f: () => actions.fullscreen(),
    '?': () => actions.help(),
    Escape: () => actions.escape(),
  };
}

function settingsContent(ctx) {
  const pair = (label, names, now, set) => {
    const buttons = names.map(([value, text]) => el('button', { role: 'radio', 'aria-checked': String(value === now) }, text));
    buttons.forEach((button, k) => button.addEventListener('click', () => {
      buttons.forEach((other, j) => other.setAttribute('aria-checked', String(j === k)));
      set(names[k][0]);
    }));
    return [el('span', {}, label), el('div', { class: 'av-seg', role: 'radiogroup', 'aria-label': label }, buttons)];
  };
  const playback = ctx.size.mid || ctx.size.phone ? playbackSettings(ctx) : null;
  return el('div', { class: 'av-body' }, el('h2', {}, 'Settings'), el('div', { class: 'av-settings' },
    pair('Theme', [['dark', 'Dark'], ['light', 'Light']], ctx.theme, (value) => ctx.setTheme(value)),
    pair('Motion', [[false, 'Full'], [true, 'Reduced']], ctx.still, (value) => ctx.setStill(value)), playback));
}

/** Copy text, by the clipboard or, where a frame may not use it, by a selection; the button says that it was done. */
export async function copyText(root, text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el('textarea', { class: 'av-sr', readonly: true });
    area.value = text;
    root.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  const before = [...button.childNodes];
  if (button.matches('.av-icon')) fill(button, icon('check'));
  else fill(button, icon('check'), 'Copied');
  setTimeout(() => button.replaceChildren(...before), 1200);
}
