/** The honesty line: how much of what counts is drawn, and what is not. Always visible. */
import { el, fill, safeUrl } from './dom.js';
import { grainText } from './cells.js';
import { exact } from './format.js';

/**
 * The facts of the line as `[{bold?, text, url?}[]]`, one list a part. Pure.
 *
 * `drawn` and `total` count events of the trail; `aimless` says that no target can be drawn, so that rings are all there is; `unanswered` are filters that cells cannot be
 * asked; `meta` is the recording's header.
 */
export function honestyParts({ drawn, total, unlocated, filteredOut, aimless = false, unanswered = [], meta }) {
  const parts = [[{ bold: exact(aimless ? total - unlocated : drawn) }, { text: ' of ' }, { bold: exact(total) }, { text: aimless ? ' drawn as rings' : ' drawn' }]];
  parts.push([{ text: meta.grain ? `counted in cells of ${grainText(meta.grain)}, totals exact` : 'totals exact' }]);
  if (unanswered.length) parts.push([{ bold: `not filtered by ${unanswered.join(', ')}` }, { text: ': cells do not hold it' }]);
  if (meta.totals?.filtered > 0) parts.push([{ text: `${exact(meta.totals.filtered)} filtered out before` }]);
  if (aimless) parts.push([{ text: 'no target has a location, so no arcs' }]);
  if (filteredOut > 0) parts.push([{ text: `${exact(filteredOut)} filtered out` }]);
  parts.push([{ text: `${exact(unlocated)} without a location` }]);
  if (meta.totals?.untimed > 0) parts.push([{ text: `${exact(meta.totals.untimed)} without a usable time, not in this recording` }]);
  for (const { text, url } of meta.attribution ?? []) parts.push([{ text, url }]);
  if (meta.notice) parts.push([{ text: meta.notice }]);
  parts.push([{ text: 'source address, not attribution' }]);
  return parts;
}

export function createHonesty(ctx) {
  const text = el('span', { class: 'av-honest-text' });
  const element = el('div', { class: 'av-honest' }, text);
  let last = '';

  function piece({ bold, text: words, url }) {
    if (bold !== undefined) return el('b', {}, bold);
    const href = url ? safeUrl(url) : null;
    return href ? el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, words) : words;
  }

  return {
    element,
    paint() {
      const { engine } = ctx;
      if (!engine || ctx.status === 'loading' || ctx.status === 'error') {
        last = '';
        fill(text);
        return;
      }
      const { events, unlocated, filteredOut } = ctx.counts('trail');
      const parts = honestyParts({ drawn: ctx.drawn(), total: events, unlocated, filteredOut, aimless: engine.index.drawnTargets.length === 0, unanswered: engine.unanswered, meta: engine.rec.meta });
      const key = JSON.stringify(parts);
      if (key === last) return;
      last = key;
      fill(text, parts.flatMap((part, k) => [k ? ' · ' : null, el('span', { class: 'av-part', dir: 'auto' }, part.map(piece))]));
    },
  };
}
