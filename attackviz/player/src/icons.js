/** Icons on a 16-px grid and category glyphs on a 10-px grid, as paths made into SVG elements. */
import { svg } from './dom.js';
import { GLYPHS } from './glyphs.js';

const PATHS = {
  source: 'M3 4.2c0-1.2 2.2-2 5-2s5 .8 5 2-2.2 2-5 2-5-.8-5-2zM3 4.2v7.6c0 1.2 2.2 2 5 2s5-.8 5-2V4.2M3 8c0 1.2 2.2 2 5 2s5-.8 5-2',
  down: 'M4.5 6.25 8 9.75l3.5-3.5',
  left: 'M9.75 4.5 6.25 8l3.5 3.5',
  right: 'M6.25 4.5 9.75 8l-3.5 3.5',
  calendar: 'M3.5 3.5h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1zM2.5 6.75h11M5.5 2v2.75M10.5 2v2.75',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.45 3.45',
  expand: 'M2.5 5.75V2.5h3.25M10.25 2.5h3.25v3.25M13.5 10.25v3.25h-3.25M5.75 13.5H2.5v-3.25',
  sun: 'M8 5.1a2.9 2.9 0 1 0 0 5.8 2.9 2.9 0 0 0 0-5.8zM8 1.4v1.3M8 13.3v1.3M1.4 8h1.3M13.3 8h1.3M3.33 3.33l.92.92M11.75 11.75l.92.92M12.67 3.33l-.92.92M4.25 11.75l-.92.92',
  moon: 'M13.3 9.6A5.75 5.75 0 0 1 6.4 2.7a5.75 5.75 0 1 0 6.9 6.9z',
  help: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5zM6.2 6.3c.1-1 .85-1.6 1.85-1.6 1.05 0 1.8.65 1.8 1.55 0 1.25-1.8 1.4-1.8 2.6M8.05 11.2v.05',
  filter: 'M2.5 4h11M4.75 8h6.5M6.75 12h2.5',
  layers: 'M8 2.25 14 5.5 8 8.75 2 5.5zM2.3 8.3 8 11.4l5.7-3.1M2.3 10.9 8 14l5.7-3.1',
  shield: 'M8 1.8 13 3.6v4c0 3.1-2 5.4-5 6.6-3-1.2-5-3.5-5-6.6v-4z',
  globe: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5zM1.9 8h12.2M8 1.75C6.2 3.4 5.3 5.5 5.3 8S6.2 12.6 8 14.25C9.8 12.6 10.7 10.5 10.7 8S9.8 3.4 8 1.75z',
  network: 'M6.5 2h3v3h-3zM2 11h3v3H2zM11 11h3v3h-3zM8 5v3M3.5 11V8h9v3',
  target: 'M8 3.25a4.75 4.75 0 1 0 0 9.5 4.75 4.75 0 0 0 0-9.5zM8 6.9a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2zM8 1.25v3M8 11.75v3M1.25 8h3M11.75 8h3',
  sliders: 'M2 5h6.5M12 5h2M2 11h2M7.5 11H14M10.25 3.3a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4zM5.75 9.3a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4z',
  back: 'M4.5 3.75v8.5M12 4v8L6.75 8z',
  forward: 'M11.5 3.75v8.5M4 4v8l5.25-4z',
  loop: 'M3 7.25V6.5A2.25 2.25 0 0 1 5.25 4.25h7.5M10.75 2.25l2 2-2 2M13 8.75v.75a2.25 2.25 0 0 1-2.25 2.25h-7.5M5.25 13.75l-2-2 2-2',
  skip: 'M2 4v8l5-4zM7.5 4v8l5-4zM14 4v8',
  eye: 'M1.5 8S3.9 3.75 8 3.75 14.5 8 14.5 8 12.1 12.25 8 12.25 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z',
  eyeoff: 'M3.9 4.9A10.5 10.5 0 0 0 1.5 8s2.4 4.25 6.5 4.25c1.05 0 2-.28 2.83-.7M6.2 3.97A5.9 5.9 0 0 1 8 3.75c4.1 0 6.5 4.25 6.5 4.25a11 11 0 0 1-1.7 2.25M2.5 2.5l11 11',
  warn: 'M8 2.25 14.25 13.25H1.75zM8 6.5v3.25M8 11.4v.05',
  check: 'M3 8.5 6.3 11.75 13 4.75',
  close: 'M4.25 4.25l7.5 7.5M11.75 4.25l-7.5 7.5',
  link: 'M6.75 9.25a2.75 2.75 0 0 0 3.9 0l2.35-2.35a2.76 2.76 0 0 0-3.9-3.9l-.9.9M9.25 6.75a2.75 2.75 0 0 0-3.9 0L3 9.1A2.76 2.76 0 0 0 6.9 13l.9-.9',
  film: 'M2.5 3.5h11v9h-11zM5.25 3.5v9M10.75 3.5v9M2.5 6.5h2.75M2.5 9.5h2.75M10.75 6.5h2.75M10.75 9.5h2.75',
  export: 'M8 10V2.25M5 5l3-3 3 3M2.5 9.5v3a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-3',
  rows: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 3.5v9',
  copy: 'M5.5 5.5h7a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1zM2.5 10.5v-7a1 1 0 0 1 1-1h7',
  plus: 'M8 3.5v9M3.5 8h9',
  minus: 'M3.5 8h9',
  file: 'M4 1.75h5l3 3v9.5H4zM9 1.75v3h3',
  dots: 'M3.5 8v.05M8 8v.05M12.5 8v.05',
  hollow: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z',
  question: 'M5.7 5.9C5.8 4.5 6.8 3.7 8.1 3.7c1.4 0 2.4.85 2.4 2.05 0 1.65-2.4 1.85-2.4 3.45M8.1 12.2v.05',
};

const SOLID = {
  play: 'M4.5 2.6v10.8L13.2 8z',
  pause: 'M4.25 3h2.75v10H4.25zM9 3h2.75v10H9z',
};

/** One icon, hidden from assistive technology: the control that holds it carries the label. */
export function icon(name) {
  const solid = SOLID[name];
  const root = svg('svg', { class: solid ? 'av-i av-solid' : 'av-i', viewBox: '0 0 16 16', 'aria-hidden': 'true' });
  root.append(svg('path', { d: solid ?? PATHS[name] }));
  return root;
}

/** The mark of attackviz: an arc that lands, over a few bars. */
export function logo() {
  const root = svg('svg', { class: 'av-logo', viewBox: '0 0 20 20', 'aria-hidden': 'true' });
  root.append(
    svg('path', { d: 'M2.75 15C5.25 7 10.75 4.25 16 5.5' }),
    svg('circle', { cx: 16.5, cy: 5.6, r: 1.5, class: 'av-solid' }),
    svg('path', { d: 'M2.75 18v-4M6.75 18v-1.75M10.75 18v-3M14.75 18v-1.25', class: 'av-faint' }),
  );
  return root;
}

/** Names of the eight colour slots, in stacking order; `--c-NAME` holds the colour. */
export const SLOT_NAMES = ['vpn', 'vnc', 'ssh', 'telnet', 'smb', 'web', 'db', 'other'];

/** CSS colour of a slot. */
export const slotColor = (slot) => `var(--c-${SLOT_NAMES[slot]})`;

/** Icon and word of each verdict. */
export const VERDICTS = {
  mitigated: { label: 'Mitigated', icon: 'shield' },
  detected: { label: 'Detected', icon: 'eye' },
  suspicious: { label: 'Suspicious', icon: 'warn' },
  benign: { label: 'Benign', icon: 'hollow' },
  unknown: { label: 'Unknown', icon: 'question' },
};

/** The glyph of a slot in its colour. */
export function glyph(slot) {
  const root = svg('svg', { class: 'av-g', viewBox: '0 0 10 10', 'aria-hidden': 'true' });
  root.append(svg('path'));
  setGlyph(root, slot);
  return root;
}

/** Turn a glyph into that of another slot; null makes it blank. */
export function setGlyph(root, slot) {
  if (root.dataset.slot === String(slot)) return;
  root.dataset.slot = String(slot);
  const path = root.firstChild;
  path.setAttribute('d', slot === null ? '' : GLYPHS[slot]);
  path.setAttribute('fill-rule', 'evenodd');
  path.setAttribute('style', slot === null ? '' : `fill: ${slotColor(slot)}`);
}
