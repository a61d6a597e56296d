/** The head of the side column: which scope counts, the counters, the verdict strip. */
import { el, pool, setAttr, setText, show } from './dom.js';
import { NONE, count, exact, rate, share } from './format.js';
import { VERDICTS, icon } from './icons.js';

const ROOM = [6, 5, 5, 4]; // characters that a counter has room for at its full size
const SCOPES = ['trail', 'playhead', 'window'];

/** The switch between the scopes. */
export function scopeSwitch(ctx) {
  const buttons = SCOPES.map((scope, k) => el('button', {
    role: 'radio', 'data-scope': scope,
    on: {
      click: () => ctx.engine?.set({ scope }),
      keydown: (event) => {
        const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        const next = buttons[(k + by + 3) % 3];
        next.focus();
        next.click();
      },
    },
  }));
  const element = el('section', { class: 'av-counting' }, el('h3', {}, 'Counting'), el('div', { class: 'av-seg', role: 'radiogroup', 'aria-label': 'What is counted' }, buttons));
  return {
    element,
    update() {
      const now = ctx.engine?.state.scope ?? 'window';
      const words = { trail: ctx.trailText(), playhead: 'To playhead', window: 'Window' };
      for (const button of buttons) {
        const { scope } = button.dataset;
        setText(button, words[scope]);
        setAttr(button, 'aria-checked', scope === now ? 'true' : 'false');
        setAttr(button, 'tabindex', scope === now ? 0 : -1);
      }
    },
  };
}

/** Texts of the four counters: `[{value, unit, scope}]`; `counts` is null while nothing is known. Pure. */
export function counterTexts(counts) {
  if (!counts) return ['', '', '', ''].map(() => ({ value: NONE, unit: '', scope: '\u00a0' }));
  const { events, sources, countries, rate: perSecond, total } = counts;
  return [
    { value: count(events), unit: '', scope: `of ${count(total.events)}` },
    { value: count(sources), unit: '', scope: total.sources === null ? 'not in cells' : `of ${count(total.sources)}` },
    { value: count(countries), unit: '', scope: total.countries === null ? 'not in cells' : `of ${count(total.countries)}` },
    { value: rate(perSecond), unit: '/s', scope: 'mean' },
  ];
}

/** The counters: events, sources, countries, rate, each with its scope beneath. */
export function counters(ctx) {
  const cells = ['Events', 'Sources', 'Countries', 'Rate'].map((label) => {
    const value = el('span');
    const unit = el('span', { class: 'av-unit' });
    const line = el('dd', { class: 'av-val' }, value, unit);
    const scope = el('dd', { class: 'av-scope' });
    return { element: el('dl', { class: 'av-counter' }, el('dt', {}, label), line, scope), value, unit, line, scope };
  });
  const element = el('section', { class: 'av-counters', 'aria-label': 'Counts' }, cells.map((cell) => cell.element));
  return {
    element,
    update() {
      counterTexts(ctx.engine && ctx.status === 'ready' ? ctx.counts() : null).forEach(({ value, unit, scope }, k) => {
        const cell = cells[k];
        setText(cell.value, value);
        setText(cell.unit, unit);
        setText(cell.scope, scope);
        const over = value.length - ROOM[k];
        cell.line.classList.toggle('is-long', over > 0);
        cell.line.classList.toggle('is-longer', over > 1);
      });
    },
  };
}

/** What the verdict strip says: the leading harmless verdict with its share, and what needs a person. Pure. */
export function verdictTexts(names, byVerdict, severe = 0) {
  const total = byVerdict.reduce((a, b) => a + b, 0);
  const parts = names.map((name, k) => ({ name, label: VERDICTS[name]?.label ?? name, count: byVerdict[k] }));
  const handled = parts.filter((p) => p.name !== 'suspicious').sort((a, b) => b.count - a.count)[0];
  const suspicious = parts.find((p) => p.name === 'suspicious')?.count ?? 0;
  const spoken = parts.filter((p) => p.count > 0).map((p) => `${p.label} ${exact(p.count)}`);
  if (severe > 0) spoken.push(`of high severity ${exact(severe)}`);
  const calls = [];
  if (suspicious > 0 || severe === 0) calls.push(`Suspicious ${count(suspicious)}`);
  if (severe > 0) calls.push(calls.length ? `high ${count(severe)}` : `High severity ${count(severe)}`);
  return {
    total, parts, handled: handled.name, alarm: suspicious > 0 || severe > 0, call: calls.join(' · '), spoken: spoken.join(', ') || 'no events',
    words: total ? `${handled.label} ${handled.count === total ? '100 %' : share(handled.count, total)}` : 'No events',
  };
}

/** The filters that leave what the strip calls out. Pure. */
export function alarmFilters(filters, byVerdict, names) {
  if (byVerdict[names.indexOf('suspicious')] > 0) return { ...filters, verdict: { in: ['suspicious'] } };
  return { ...filters, severity: { in: ['high', 'critical'] } };
}

/** The verdict strip. */
export function verdictStrip(ctx) {
  const words = el('span', { class: 'av-it' });
  const icons = Object.fromEntries(Object.entries(VERDICTS).map(([name, v]) => [name, icon(v.icon)]));
  const text = el('span');
  words.append(...Object.entries(icons).filter(([name]) => name !== 'suspicious').map(([, node]) => node), text);
  const strip = el('span', { class: 'av-strip', 'aria-hidden': 'true' });
  const call = el('span');
  const press = () => {
    const { engine } = ctx;
    engine.set({ filters: alarmFilters(engine.state.filters, ctx.counts().byVerdict, engine.rec.meta.verdicts) });
  };
  const alarm = el('button', { class: 'av-it', title: 'Show only these', on: { click: press } }, icons.suspicious, call);
  const row = el('div', { class: 'av-verdict', role: 'group' }, words, strip, alarm);
  const element = el('section', {}, row);
  const fillStrip = pool(strip, () => {
    const part = el('i');
    return { element: part, update: ({ name, flex }) => { part.className = `v-${name}`; if (part.style.flexGrow !== flex) part.style.flex = `${flex} 0 0`; } };
  });
  return {
    element,
    update() {
      const { engine } = ctx;
      show(element, Boolean(engine) && ctx.status === 'ready');
      if (!engine) return;
      const { byVerdict, severe } = ctx.counts();
      const said = verdictTexts(engine.rec.meta.verdicts, Array.from(byVerdict), severe ?? 0);
      for (const name of Object.keys(icons)) if (name !== 'suspicious') show(icons[name], name === said.handled);
      setText(text, said.words);
      setText(call, said.call);
      alarm.classList.toggle('is-alert', said.alarm);
      alarm.disabled = !said.alarm;
      fillStrip(said.parts.filter((p) => p.count > 0).map((p) => ({ name: p.name, flex: String(Math.max(p.count / said.total, 0.015)) })));
      setAttr(row, 'aria-label', `Verdicts: ${said.spoken}`);
      setAttr(words, 'title', said.spoken);
    },
  };
}
