/** Edits of a filter object: pure functions from filters to new filters, and their description in words. */

/** True when the condition on `field` shuts `value` out. */
export function isExcluded(filters, field, value) {
  const condition = filters?.[field];
  if (!condition) return false;
  if (condition.in) return !condition.in.includes(value);
  return Boolean(condition.not?.includes(value));
}

function withField(filters, field, condition) {
  const next = { ...filters };
  if (condition) next[field] = condition;
  else delete next[field];
  return next;
}

const listOr = (values, key) => (values.length ? { [key]: values } : null);

/** Let `value` in where it was shut out, shut it out where it was in. Emptied conditions vanish. */
export function toggle(filters, field, value) {
  const condition = filters?.[field];
  if (condition?.in) {
    const has = condition.in.includes(value);
    const values = has ? condition.in.filter((v) => v !== value) : [...condition.in, value];
    return withField(filters, field, listOr(values, 'in'));
  }
  const shut = condition?.not ?? [];
  const values = shut.includes(value) ? shut.filter((v) => v !== value) : [...shut, value];
  return withField(filters, field, listOr(values, 'not'));
}

/** Keep only `value`; where that is the condition already, lift it. */
export function only(filters, field, value) {
  const current = filters?.[field]?.in;
  if (current?.length === 1 && current[0] === value) return withField(filters, field, null);
  return withField(filters, field, { in: [value] });
}

/** Keep only one slot of those given, written as exclusions so that it can be widened again one by one. */
export function onlySlot(filters, slot, slots) {
  const others = slots.filter((s) => s !== slot);
  const shut = filters?.slot?.not ?? [];
  const already = others.length > 0 && others.every((s) => shut.includes(s)) && !shut.includes(slot);
  return withField(filters, 'slot', already ? null : listOr(others, 'not'));
}

/** Shut `value` out; values let in by name lose it. */
export function exclude(filters, field, value) {
  return isExcluded(filters, field, value) ? { ...filters } : toggle(filters, field, value);
}

/** Add a condition that came from a search result, `{field, value}`; ranges and text have their own forms. */
export function addFound(filters, { field, value }) {
  if (field === 'cidr') return { ...filters, cidr: [...new Set([...(filters.cidr ?? []), value])] };
  if (field === 'text') return { ...filters, text: value };
  const condition = filters?.[field];
  if (condition?.in?.includes(value)) return { ...filters };
  return withField(filters, field, { in: [...(condition?.in ?? []), value] });
}

/**
 * One chip per value: `[{text, without}]`, where `without` is the filters with that value lifted.
 *
 * `nameOf(field, value)` gives the words for a value.
 */
export function chips(filters, nameOf) {
  const out = [];
  for (const [field, condition] of Object.entries(filters ?? {})) {
    if (field === 'text') {
      if (condition) out.push({ text: `text: ${condition}`, without: withField(filters, 'text', null) });
    } else if (field === 'cidr') {
      for (const range of condition ?? []) {
        const rest = condition.filter((r) => r !== range);
        out.push({ text: range, without: withField(filters, 'cidr', rest.length ? rest : null) });
      }
    } else {
      for (const key of ['in', 'not']) {
        for (const value of condition?.[key] ?? []) {
          const rest = condition[key].filter((v) => v !== value);
          const text = phrase(field, key, nameOf(field, value));
          out.push({ text, without: withField(filters, field, listOr(rest, key)) });
        }
      }
    }
  }
  return out;
}

const SELF_EVIDENT = new Set(['slot', 'verdict', 'address']);

function phrase(field, key, name) {
  const words = key === 'not' ? `not ${name}` : name;
  return SELF_EVIDENT.has(field) ? words : `${field}: ${words}`;
}
