// Counts the slow way: one object an event, one test a condition. The reference that the engine must agree with.

/** Events as objects with everything a filter may ask of them. */
export function eventsOf(rec) {
  const { meta, places, sources, targets, rules } = rec;
  return Array.from({ length: rec.n }, (_, i) => {
    const s = rec.source[i],
      p = sources.place[s];
    return {
      i,
      t: rec.t[i],
      w: rec.weight ? rec.weight[i] : 1,
      source: s,
      address: sources.ip[s],
      network: sources.asn[s],
      located: p >= 0,
      placeId: p,
      country: p < 0 ? '' : places.country[p],
      place: p < 0 ? '' : `${places.country[p]}/${places.region[p]}/${places.city[p]}`,
      slot: rec.slot[i],
      verdict: meta.verdicts[rec.verdict[i]],
      verdictId: rec.verdict[i],
      severity: meta.severities[rec.severity[i]] ?? '',
      rule: rules.rule[rec.rule[i]] || rules.ruleId[rec.rule[i]],
      port: rec.dstPort[i],
      target: targets.name[rec.target[i]],
      targetId: rec.target[i],
      category: meta.categories[rec.category[i]].name,
    };
  });
}

const meets = (condition, value) =>
  (!condition.in || condition.in.includes(value)) && !(condition.not ?? []).includes(value);

/** Does an event pass? `but` leaves one field out. */
export const passes = (event, filters, but = null) =>
  Object.entries(filters).every(([field, condition]) => field === but || meets(condition, event[field] ?? ''));

const sum = list => list.reduce((total, e) => total + e.w, 0);

/** The engine's counts over the events for which `inScope` is true. */
export function countsOf(events, filters, inScope) {
  const all = events.filter(inScope),
    kept = all.filter(e => passes(e, filters)),
    shown = all.filter(e => passes(e, filters, 'slot'));
  return {
    events: sum(kept),
    filteredOut: sum(all) - sum(kept),
    unlocated: sum(kept.filter(e => !e.located)),
    sources: new Set(kept.filter(e => e.address !== null).map(e => e.address)).size,
    countries: new Set(kept.map(e => e.country).filter(Boolean)).size,
    severe: sum(kept.filter(e => e.severity === 'high' || e.severity === 'critical')),
    bySlot: Array.from({ length: 8 }, (_, k) => sum(kept.filter(e => e.slot === k))),
    bySlotAll: Array.from({ length: 8 }, (_, k) => sum(shown.filter(e => e.slot === k))),
    byVerdict: Array.from({ length: 5 }, (_, k) => sum(kept.filter(e => e.verdictId === k))),
  };
}
