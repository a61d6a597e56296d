// The map's numbers, in this one place, and its colours, which the caller reads from the theme.

/** Theme-free numbers of the map: px, shares, milliseconds. */
export const MAP = {
  lift: 0.32,
  jitter: 0.06,
  most: 0.3,
  arcMin: 1,
  arcMax: 2.4,
  tail: 0.34,
  ringK: 1.1,
  ringMin: 2.5,
  ringMax: 24,
  ringSplit: 5,
  impactR0: 6,
  impactR1: 22,
  cap: 170,
  travel: 700,
  life: 1400,
  linger: 30000,
  impact: 500,
  bundle: 120,
};

const COLOURS = {
  sea: '--sea',
  land: '--land',
  coast: '--coast',
  border: '--border',
  graticule: '--graticule',
  halo: '--halo',
  target: '--target',
  ink1: '--ink-1',
  ink2: '--ink-2',
};
const NUMBERS = {
  coastW: '--coast-w',
  borderW: '--border-w',
  arcPath: '--arc-a-path',
  arcHead: '--arc-a-head',
  ringFill: '--ring-a-fill',
  ringLine: '--ring-a-line',
  ringOld: '--ring-a-old',
};
const SLOT = ['--c-vpn', '--c-vnc', '--c-ssh', '--c-telnet', '--c-smb', '--c-web', '--c-db', '--c-other'];

/**
 * Resolve the theme's tokens into the style the layer and the basemap draw with.
 * @param {(name: string) => string} get value of a custom property, as getComputedStyle(root).getPropertyValue
 * @returns {object} colours as text, widths and opacities as numbers, slot: 8 colours, font: family
 */
export function styleFrom(get) {
  const style = { slot: SLOT.map(name => get(name).trim()), font: get('--font-ui').trim() || 'sans-serif' };
  for (const [key, name] of Object.entries(COLOURS)) style[key] = get(name).trim();
  for (const [key, name] of Object.entries(NUMBERS)) style[key] = parseFloat(get(name));
  return style;
}
