/** A link to a frame: moment, window, speed, filters and view as text, and the way back. */
const FLAGS = ['loop', 'skipQuiet'];
const FARTHEST = 1e9; // metres: beyond, there is no map
const EQUAL_PX = 1e-6; // of a width
const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
const finite = (text) => (text !== null && text !== '' && Number.isFinite(Number(text)) ? Number(text) : null);

const short = (n, digits) => Number(n.toFixed(digits)).toString();

/**
 * Write what is shown as the parameters of a link. Pure.
 *
 * @param {object} shown t and window (epoch ms), source, speed, scope, trail and bins (seconds, 0 for automatic), loop, skipQuiet, filters, theme,
 *   view ({x0, x1, y0, y1, width} in Web Mercator metres, or null for the whole world)
 */
export function writeLink({ t, window: [from, to], speed, scope, trail, bins, filters, theme, view, source, ...flags }) {
  const out = new URLSearchParams({ t: iso(t), window: `${iso(from)}/${iso(to)}`, speed: short(speed, 6) });
  if (scope && scope !== 'trail') out.set('scope', scope);
  if (trail) out.set('trail', short(trail, 3));
  if (bins) out.set('bins', short(bins, 3));
  for (const flag of FLAGS) if (flags[flag]) out.set(flag, '1');
  if (Object.keys(filters ?? {}).length) out.set('filters', JSON.stringify(filters));
  if (theme) out.set('theme', theme);
  if (view) {
    out.set('map', [short((view.x0 + view.x1) / 2, 3), short((view.y0 + view.y1) / 2, 3), short((view.x1 - view.x0) / view.width, 6)].join(','));
  }
  if (source) out.set('source', source);
  // A link is read by people, too: what need not be escaped is not.
  return out.toString().replace(/%3A/g, ':').replace(/%2F/g, '/').replace(/%2C/g, ',');
}

/** Read the parameters of a link as options of a player and a view; what is not understood is left out. Pure. */
export function readLink(text) {
  const given = new URLSearchParams(String(text ?? '').replace(/^[#?]/, ''));
  const time = (value) => {
    const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(value ?? '') || !/T/i.test(value ?? '') ? value ?? '' : `${value}Z`);
    return Number.isFinite(ms) ? ms : null;
  };
  const options = {};
  const t = time(given.get('t'));
  if (t !== null) options.t = t;
  const window = (given.get('window') ?? '').split('/').map(time);
  if (window.length === 2 && window[0] !== null && window[1] > window[0]) options.window = window;
  for (const key of ['speed', 'trail', 'bins']) if (finite(given.get(key)) > 0) options[key] = finite(given.get(key));
  if (['trail', 'playhead', 'window'].includes(given.get('scope'))) options.scope = given.get('scope');
  for (const flag of FLAGS) if (given.has(flag)) options[flag] = given.get(flag) === '1';
  const filters = objectOf(given.get('filters'));
  if (filters) options.filters = filters;
  if (['dark', 'light'].includes(given.get('theme'))) options.theme = given.get('theme');
  const map = (given.get('map') ?? '').split(',').map(finite);
  if (map.length === 3 && map.every((n) => n !== null && Math.abs(n) < FARTHEST) && map[2] > 0) options.map = map;
  if (given.get('source')) options.source = given.get('source');
  return options;
}

function objectOf(text) {
  try {
    const value = JSON.parse(text ?? 'null');
    return value && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether a view is the whole world, which a link need not say. Pure. */
export const isHome = (view, home) => ['x0', 'x1', 'y0', 'y1'].every((key) => Math.abs(view[key] - home[key]) <= EQUAL_PX * (home.x1 - home.x0));
