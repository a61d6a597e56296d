// Answers questions about a recording as the player does: node player.mjs RECORDING QUESTIONS, JSON on stdout.

import { readFileSync } from 'node:fs';
import { Engine } from '../../attackviz/player/src/engine.js';
import { decodeRecording } from '../../attackviz/player/src/recording.js';

const rec = decodeRecording(readFileSync(process.argv[2]));
const engine = new Engine(rec);
const answers = JSON.parse(readFileSync(process.argv[3], 'utf8')).map(({ window, filters }) => {
  engine.set({ window, filters });
  const { events, sources, countries, unlocated, severe, byVerdict } = engine.counts('window');
  const lists = {};
  for (const field of ['country', 'network', 'address', 'rule', 'port', 'target'])
    lists[field] = engine.top(field, 1000, 'window').rows.map(row => [row.key, row.count]);
  return { events, sources, countries, unlocated, severe, byVerdict: [...byVerdict], lists };
});
console.log(JSON.stringify(answers));
