/** The feed: the newest events before the playhead, repeats in a row as one line. */
import { el, pool, setAttr, setText, show } from './dom.js';
import { clockTime, countryName, exact } from './format.js';
import { glyph, icon, setGlyph } from './icons.js';

const ROW = 44;

/**
 * Join neighbours of one source, rule and verdict: `[{event, repeats}]`, at most `most` rows. Pure.
 *
 * `events` are indices into the recording, newest first; `repeats` sums their weights.
 */
export function mergeRepeats(rec, events, most) {
  const out = [];
  const alike = (a, b) => rec.source[a] === rec.source[b] && rec.rule[a] === rec.rule[b] && rec.category[a] === rec.category[b] && rec.verdict[a] === rec.verdict[b];
  for (const event of events) {
    const last = out[out.length - 1];
    const n = rec.weight ? rec.weight[event] : 1;
    if (last && alike(last.event, event)) last.repeats += n;
    else if (out.length === most) break;
    else out.push({ event, repeats: n });
  }
  return out;
}

/** Texts of one row of the feed. Pure. */
export function feedTexts(rec, event) {
  const source = rec.source[event];
  const place = rec.sources.place[source];
  const country = place < 0 ? '' : rec.places.country[place];
  const where = place < 0 ? 'no location' : [country, rec.places.city[place] || rec.places.region[place] || countryName(country)].filter(Boolean).join(' ');
  const category = rec.meta.categories[rec.category[event]].label;
  const rule = rec.rules.rule[rec.rule[event]] || rec.rules.ruleId[rec.rule[event]] || '';
  const port = rec.dstPort[event];
  const detail = rule && rule !== category ? rule : port ? `port ${port}` : rec.targets.name[rec.target[event]];
  return { service: category, address: rec.sources.ip[source] ?? 'no address', where: [where, detail].filter(Boolean).join(' · '), flag: flagOf(rec, event) };
}

// The word beside an event that needs a person; empty for the rest.
function flagOf(rec, event) {
  if (rec.meta.verdicts[rec.verdict[event]] === 'suspicious') return 'suspicious';
  const severity = rec.meta.severities[rec.severity[event]];
  return severity === 'high' || severity === 'critical' ? severity : '';
}

export function createFeed(ctx) {
  const rowsBox = el('div');
  const quiet = el('div', { class: 'av-void' });
  const list = el('div', { role: 'log', 'aria-live': 'off', 'aria-label': 'Latest events' }, rowsBox, quiet);
  const draw = pool(rowsBox, () => feedRow(ctx));
  const fillRows = (rows) => {
    draw(rows);
    show(quiet, rows.length === 0);
    setText(quiet, ctx.quietText());
  };
  let held = false;
  list.addEventListener('pointerenter', () => { held = true; });
  list.addEventListener('pointerleave', () => { held = false; ctx.wake(); });
  list.addEventListener('focusin', (event) => { if (event.target.matches(':focus-visible')) held = true; });
  list.addEventListener('focusout', () => { held = false; ctx.wake(); });
  return {
    element: list,
    update(height, force) {
      const { engine } = ctx;
      if (!engine || ctx.status !== 'ready') return fillRows([]);
      if (held && engine.state.playing && !force) return undefined;
      const most = ctx.size.phone ? 6 : Math.max(0, Math.floor(height / ROW));
      const { rec, events } = engine.feed(most * 8);
      const rows = mergeRepeats(rec, events, most);
      return fillRows(rows.map(({ event, repeats }) => ({ ...feedTexts(rec, event), source: rec.source[event], ip: rec.sources.ip[rec.source[event]], slot: rec.slot[event], id: rec.idOf?.(event) || null, time: clockTime(engine.timeUs(rec.t[event])), repeats })));
    },
  };
}

function feedRow(ctx) {
  let source = 0;
  let ip = null;
  const time = el('span', { class: 'av-t' });
  const mark = glyph(0);
  const service = el('span', { dir: 'auto' });
  const times = el('span', { class: 'av-dim' });
  const flagText = el('span');
  const flag = el('span', { class: 'av-flag' }, icon('warn'), flagText);
  const address = el('span', { class: 'av-a av-mono' });
  const detail = el('span', { class: 'av-p', dir: 'auto' });
  const element = el('button', { class: 'av-ev', on: { click: () => ctx.actions.selectSource(source, ip) } },
    time, mark, el('span', {}, service, ' ', times, ' ', flag), address, detail);
  return {
    element,
    update(item) {
      ({ source, ip } = item);
      setAttr(element, 'data-event', item.id);
      setText(time, item.time);
      setGlyph(mark, item.slot);
      setText(service, item.service);
      setText(times, item.repeats > 1 ? `×${exact(item.repeats)}` : '');
      show(flag, item.flag !== '');
      setText(flagText, item.flag);
      setText(address, item.address);
      setText(detail, item.where);
    },
  };
}
