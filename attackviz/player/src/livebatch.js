// A batch of live events as the socket sends it: one Arrow IPC stream, columns without nulls, in the order of arrival.

import { tableFromIPC } from '@uwdata/flechette';

/** Bytes that are no batch: told, and the socket is opened anew. */
export class BatchError extends Error {}

const NUMBERS = { sequence: NaN, time: NaN, src_asn: 0, src_lat: NaN, src_lon: NaN, dst_lat: NaN, dst_lon: NaN, dst_port: 0, verdict: 0, severity: 255, count: 1 };
const TEXTS = ['src_ip', 'src_country', 'src_region', 'src_city', 'src_org', 'dst_name', 'dst_host', 'sensor', 'dst_ip', 'dst_country', 'category', 'rule', 'rule_id', 'event_id'];

/**
 * Read a batch.
 * @param {ArrayBuffer|Uint8Array} data
 * @returns {object} n, and an array a column under its name; a column that was not sent holds what stands for unknown
 * @throws {BatchError} when the bytes are no Arrow stream, or rows have no sequence or time
 */
export function decodeBatch(data) {
  let table;
  try {
    table = tableFromIPC(data instanceof Uint8Array ? data.slice() : new Uint8Array(data));
  } catch (error) {
    throw new BatchError(`A batch is not readable Arrow: ${error.message}`);
  }
  const n = table.numRows;
  const column = (name, unknown) => table.getChild(name)?.toArray() ?? new Array(n).fill(unknown);
  const out = { n };
  for (const [name, unknown] of Object.entries(NUMBERS)) out[name] = column(name, unknown);
  for (const name of TEXTS) out[name] = column(name, '');
  for (let i = 0; i < n; i++) if (!(out.sequence[i] >= 0)) throw new BatchError(`Row ${i} of a batch has no sequence.`);
  return out;
}
