// An hour of events, accelerated: what the browser holds after it is what it held after ten minutes.

import test from 'node:test';
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { decodeBatch } from '../../../attackviz/player/src/livebatch.js';
import { homeView } from '../../../attackviz/player/src/geo.js';
import { random } from './fixture.js';
import { batchBytes, liveEngine } from './livefixture.js';

const START = 1739836800e6;
const RATE = process.env.ATTACKVIZ_SOAK ? 60 : 8; // events a second
const CAP = RATE * 300; // reached before minute ten

function gc() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  collect();
  collect();
}

function held() {
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test('after an accelerated hour memory is within a tenth of that of minute ten', () => {
  const view = homeView(1080, 570);
  const rnd = random(1);
  const engine = liveEngine(START, { cap: CAP });
  const sizes = new Map();
  let sequence = 0;
  for (let second = 0; second < 3600; second += 5) {
    const nowUs = START + second * 1e6;
    const rows = Array.from({ length: RATE * 5 }, () => {
      const k = Math.floor(rnd() * 1e9); // hardly an address, a place or a rule comes twice
      sequence += 1;
      return {
        sequence, time: nowUs - Math.floor(rnd() * 60e6), src_ip: `${k % 250}.${(k >> 8) % 250}.${(k >> 16) % 250}.7`, src_country: 'DE', src_region: `region ${k % 9999}`, src_city: `city ${k}`,
        src_lat: rnd() * 120 - 60, src_lon: rnd() * 360 - 180, src_asn: k % 60000, src_org: `organisation ${k % 60000}`, dst_name: 'here', dst_country: 'DE', dst_lat: 50, dst_lon: 8,
        category: ['ssh', 'web', 'vpn'][k % 3], rule: `rule ${k}`, rule_id: '', verdict: k % 5, severity: k % 5, dst_port: 22, count: 1, event_id: `event-${sequence}`,
      };
    });
    engine.take(decodeBatch(batchBytes(rows)), nowUs);
    engine.extend(engine.ticksOf(nowUs / 1000));
    engine.set({ window: [engine.rec.meta.end - 600e3, engine.rec.meta.end], t: engine.rec.meta.end - 1000, speed: 1 });
    engine.counts();
    engine.top('country', 5);
    engine.top('rule', 5, 'window');
    engine.histogram();
    engine.frame(view);
    if (second === 600 || second === 3595) {
      engine.rebuild(engine.rec.n - CAP); // to the same fill of the ring
      sizes.set(second, held());
    }
  }
  assert.equal(engine.rec.meta.totals.events, 3600 * RATE);
  assert.equal(engine.rec.n, CAP);
  assert.ok(sizes.get(3595) < sizes.get(600) * 1.1, `${[...sizes.values()].map((n) => Math.round(n / 1e6))} MB`);
});
