/** The transport: step, play, speed, loop, skip quiet, the clock, trail and bins. */
import { el, fill, setAttr, setText, show } from './dom.js';
import { clockTime, duration, longDay, speed as speedText } from './format.js';
import { icon } from './icons.js';
import { standingText } from './liveview.js';
import { atBurst } from './marks.js';
import { choices, opener } from './popover.js';
import { binChoices } from './timescale.js';

/** Speeds offered, in recording seconds a second. */
export const SPEEDS = [1, 10, 60, 300, 600, 1800, 3600];
/** How long the whole window may take, in seconds. */
export const WHOLE = [30, 60, 300];
const SLACK = 16; // px kept free in the dock: texts grow and shrink with the clock and the speed
const TRAILS = [60, 300, 900, 3600, 6 * 3600, 24 * 3600];

/** The speeds on either side of `now`, for the keys [ and ]. Pure. */
export function nextSpeed(now, by) {
  const rest = by > 0 ? SPEEDS.filter((s) => s > now * 1.001) : SPEEDS.filter((s) => s < now * 0.999).reverse();
  return rest[0] ?? now;
}

/** Groups of the speed menu; the window is `span` seconds long. */
export function speedGroups(engine, span) {
  const { speed } = engine.state;
  const is = (value) => Math.abs(value - speed) < 1e-6 * value;
  return [
    { items: SPEEDS.map((s) => ({ label: speedText(s).text, end: speedText(s).factor, checked: is(s), run: () => engine.set({ speed: s }) })) },
    {
      title: 'Whole window in',
      items: WHOLE.map((s) => ({ label: duration(s), end: speedText(span / s).factor, checked: is(span / s), run: () => engine.set({ speed: span / s }) })),
    },
  ];
}

/** Groups of the trail menu. */
export function trailGroups(engine, seconds) {
  const { trail } = engine.state;
  const ticks = (s) => Math.round((s * 1e6) / engine.rec.meta.tick_us);
  return [
    { items: [{ label: 'Follows the speed', end: trail ? '' : duration(seconds), checked: !trail, run: () => engine.set({ trail: 0 }) }] },
    { items: TRAILS.map((s) => ({ label: duration(s), checked: trail === ticks(s), run: () => engine.set({ trail: ticks(s) }) })) },
  ];
}

/** Groups of the bins menu. */
export function binGroups(engine, span, width) {
  const tickMs = engine.rec.meta.tick_us / 1000;
  const { bins } = engine.state;
  return [
    { items: [{ label: 'Fits the width', checked: !bins, run: () => engine.set({ bins: 0 }) }] },
    { items: binChoices(span * 1000, width).filter((ms) => engine.wholeBins(ms / tickMs) === ms / tickMs).map((ms) => ({ label: duration(ms / 1000), checked: bins === ms / tickMs, run: () => engine.set({ bins: ms / tickMs }) })) },
  ];
}

export function createTransport(ctx) {
  const tool = (name, label, press, more = '') => el('button', { class: `av-btn av-icon ${more}`, title: label, 'aria-label': label, on: { click: press } }, icon(name));
  const play = el('button', { class: 'av-play', 'aria-label': 'Play', title: 'Play or pause (Space)', on: { click: () => ctx.actions.playPause() } });
  const playIcon = icon('play');
  const pauseIcon = icon('pause');
  play.append(playIcon, pauseIcon);
  const menu = (label, groups) => (event) => {
    const anchor = event.currentTarget;
    if (ctx.engine) ctx.pop.show(anchor, choices(groups(ctx.engine), ctx.pop.close), { role: 'menu', label });
  };
  const speedName = el('span');
  const speedFactor = el('span', { class: 'av-dim av-lean' });
  const speed = opener({ class: 'av-btn av-line av-speed', title: 'Speed ([ slower, ] faster)', on: { click: menu('Speed', (e) => speedGroups(e, ctx.windowSeconds())) } },
    speedName, speedFactor, icon('down'));
  const toggle = (name, label, keyName, key) => el('button', {
    class: 'av-btn av-dense av-tgl', title: `${label} (${keyName})`, 'aria-label': label, on: { click: () => ctx.engine?.set({ [key]: !ctx.engine.state[key] }) },
  }, icon(name), el('span', { class: 'av-wide' }, label));
  const loop = toggle('loop', 'Loop', 'L', 'loop');
  const skip = toggle('skip', 'Skip quiet', 'K', 'skipQuiet');
  const trailName = el('span');
  const trail = opener({ class: 'av-btn av-dense av-lean', title: 'How far back an event still shows', on: { click: menu('Trail', (e) => trailGroups(e, ctx.trailSeconds())) } }, trailName, icon('down'));
  const binName = el('span');
  const bins = opener({ class: 'av-btn av-dense av-wide', title: 'Width of the bars', on: { click: menu('Bins', (e) => binGroups(e, ctx.windowSeconds(), ctx.timelineWidth())) } }, binName, icon('down'));
  const standing = el('span', { class: 'av-standing av-onlive' });
  const burstText = el('span', { class: 'av-mid av-wide' });
  const bursts = el('span', { class: 'av-bursts av-lean', role: 'group', 'aria-label': 'Bursts', hidden: true },
    tool('left', 'Previous burst (Shift ,)', () => ctx.actions.burst(-1), 'av-dense'), burstText, tool('right', 'Next burst (Shift .)', () => ctx.actions.burst(1), 'av-dense'), el('span', { class: 'av-vr' }));
  const date = el('span', { class: 'av-date' });
  const time = el('span', { class: 'av-time' });
  const zone = el('span', { class: 'av-zone' }, 'UTC');
  const clock = el('div', { class: 'av-clock', role: 'timer', 'aria-live': 'off' }, date, time, zone);
  const element = el('div', { class: 'av-transport', role: 'group', 'aria-label': 'Playback' },
    el('div', {},
      tool('back', 'Step one bin back (,)', () => ctx.engine?.step(-1), 'av-desk av-step'), play, tool('forward', 'Step one bin forward (.)', () => ctx.engine?.step(1), 'av-desk av-step'),
      el('button', { class: 'av-btn av-line av-dense av-desk av-onlive', title: 'A minute back', on: { click: () => ctx.live?.back(60) } }, icon('left'), '1 min'),
      el('span', { class: 'av-desk' }, speed), el('span', { class: 'av-desk av-bare' }, loop), el('span', { class: 'av-desk av-bare' }, skip)),
    clock,
    el('div', { class: 'av-right av-desk av-lean' }, standing, bursts, trail, bins));

  // Width of what a group holds, whatever width it was given.
  const held = (group) => {
    const seen = [...group.children].map((node) => node.getBoundingClientRect()).filter((r) => r.width > 0);
    return seen.length ? seen[seen.length - 1].right - seen[0].left : 0;
  };

  return {
    element,
    /** True while all controls have room beside each other. */
    fits: () => [...element.children].reduce((sum, group) => sum + held(group) + SLACK, 2 * SLACK) <= element.clientWidth,
    paint() {
      const { engine } = ctx;
      if (!engine || ctx.status !== 'ready') {
        setText(date, '');
        setText(time, '--:--:--');
        return;
      }
      const us = engine.timeUs(engine.state.t);
      setText(date, longDay(us));
      setText(time, clockTime(us));
    },
    update() {
      const { engine } = ctx;
      const { playing = false, loop: looped = false, skipQuiet = false, speed: factor = 600 } = engine?.state ?? {};
      show(playIcon, !playing);
      show(pauseIcon, playing);
      setAttr(play, 'aria-label', playing ? 'Pause' : 'Play');
      for (const [button, on] of [[loop, looped], [skip, skipQuiet]]) {
        button.classList.toggle('is-on', on);
        setAttr(button, 'aria-pressed', on ? 'true' : 'false');
      }
      if (ctx.live) setText(standing, standingText(ctx.live));
      const words = speedText(factor);
      setText(speedName, words.text);
      setText(speedFactor, words.factor);
      setText(trailName, engine ? `Trail ${duration(ctx.trailSeconds())}` : 'Trail');
      const found = ctx.bursts();
      const at = engine ? atBurst(found, engine.timeUs(engine.state.t)) : 0;
      show(bursts, found.length > 0);
      setText(burstText, at ? `Burst ${at} of ${found.length}` : `${found.length} burst${found.length === 1 ? '' : 's'}`);
      const width = ctx.binSeconds();
      setText(binName, width ? `Bins ${duration(width)}` : 'Bins');
      for (const button of element.querySelectorAll('button')) if (button.disabled === Boolean(engine)) button.disabled = !engine;
    },
  };
}

/** The same choices as a sheet: what a narrow frame has no room for in the dock. */
export function playbackSettings(ctx) {
  const { engine } = ctx;
  if (!engine) return null;
  const select = (label, groups) => {
    const items = groups.flatMap((group) => group.items);
    const field = el('select', { 'aria-label': label, on: { change: (event) => items[event.target.selectedIndex].run() } },
      items.map((item) => el('option', { selected: item.checked }, [item.label, item.end].filter(Boolean).join('  '))));
    return [el('span', {}, label), field];
  };
  const flip = (label, key) => {
    const box = el('button', { class: 'av-btn av-line', 'aria-pressed': String(engine.state[key]) }, engine.state[key] ? 'On' : 'Off');
    box.addEventListener('click', () => {
      engine.set({ [key]: !engine.state[key] });
      setAttr(box, 'aria-pressed', String(engine.state[key]));
      fill(box, engine.state[key] ? 'On' : 'Off');
    });
    return [el('span', {}, label), box];
  };
  return [
    ...select('Speed', speedGroups(engine, ctx.windowSeconds())), ...select('Trail', trailGroups(engine, ctx.trailSeconds())),
    ...select('Bins', binGroups(engine, ctx.windowSeconds(), ctx.timelineWidth())), ...flip('Loop', 'loop'), ...flip('Skip quiet', 'skipQuiet'),
  ];
}
