// Batches as the server sends them, made of the events of a seeded recording.

import { columnFromArray, dictionary, float32, float64, int32, tableFromColumns, tableToIPC, uint16, uint32, uint8, utf8 } from '@uwdata/flechette';
import { LiveEngine } from '../../../attackviz/player/src/liveengine.js';
import { random } from './fixture.js';

let dictionaries = 0;
const text = () => dictionary(utf8(), int32(), false, dictionaries++);
const TYPES = {
  sequence: float64(), time: float64(), src_ip: text(), src_country: text(), src_region: text(), src_city: text(), src_org: text(), src_asn: uint32(), src_lat: float32(), src_lon: float32(),
  dst_name: text(), dst_country: text(), dst_lat: float32(), dst_lon: float32(), category: text(), rule: text(), rule_id: text(), verdict: uint8(), severity: uint8(), dst_port: uint16(), count: uint32(), event_id: utf8(),
};
export const LABELS = { vpn: 'VPN portal', vnc: 'Remote desktop', ssh: 'SSH', telnet: 'Telnet', smb: 'SMB', web: 'Web', database: 'Database', other: 'Other' };

/** The events of a recording as rows, by time. */
export function rowsOf(rec) {
  const { meta, places, sources, targets, rules } = rec;
  return Array.from({ length: rec.n }, (_, i) => {
    const s = rec.source[i];
    const p = sources.place[s];
    const k = rec.target[i];
    return {
      time: meta.start_us + rec.t[i] * meta.tick_us, src_ip: sources.ip[s] ?? '', src_country: p < 0 ? '' : places.country[p], src_region: p < 0 ? '' : places.region[p], src_city: p < 0 ? '' : places.city[p],
      src_lat: p < 0 ? NaN : places.lat[p], src_lon: p < 0 ? NaN : places.lon[p], src_asn: sources.asn[s], src_org: sources.org[s],
      dst_name: targets.name[k], dst_country: targets.country[k], dst_lat: targets.lat[k], dst_lon: targets.lon[k],
      category: meta.categories[rec.category[i]].name, rule: rules.rule[rec.rule[i]], rule_id: rules.ruleId[rec.rule[i]], verdict: rec.verdict[i], severity: rec.severity[i], dst_port: rec.dstPort[i],
      count: rec.weight ? rec.weight[i] : 1, event_id: `event-${i}`,
    };
  });
}

/** The bytes of one batch. */
export const batchBytes = (rows) => tableToIPC(tableFromColumns(Object.fromEntries(Object.entries(TYPES).map(([name, type]) => [name, columnFromArray(rows.map((row) => row[name]), type)]))), { format: 'stream' });

/** The same rows as they might arrive: most in order, some late, numbered as they come, cut into batches. */
export function arrivals(rows, { seed = 3, late = 0.1, delayUs = 3600e6, size = 500 } = {}) {
  const rnd = random(seed);
  const order = rows.map((row) => ({ row, at: row.time + (rnd() < late ? rnd() * delayUs : 0) })).sort((a, b) => a.at - b.at);
  const numbered = order.map(({ row }, k) => ({ ...row, sequence: k + 1 }));
  const batches = [];
  for (let i = 0; i < numbered.length;) {
    const n = 1 + Math.floor(rnd() * size);
    batches.push(numbered.slice(i, i + n));
    i += n;
  }
  return batches;
}

export const liveEngine = (nowUs, options = {}) => new LiveEngine({
  nowUs, verdicts: ['mitigated', 'detected', 'suspicious', 'benign', 'unknown'], severities: ['info', 'low', 'medium', 'high', 'critical'], labels: LABELS, title: 'live',
}, options);
