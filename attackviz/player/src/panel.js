/**
 * The player inside Panel: parameters of the Python side in, what the viewer does out.
 */
import { createPlayer } from './app.js';
import { figureHost } from './figurehost.js';

const SYNC_MS = 500;

/** Return a recording as it was before gzip; one that was never gzipped comes back as it is. */
async function unpacked(buffer) {
  const head = new Uint8Array(buffer, 0, Math.min(2, buffer.byteLength));
  if (head[0] !== 0x1f || head[1] !== 0x8b) return buffer;
  const stream = new Blob([buffer]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

const iso = (ms) => (Number.isFinite(ms) ? new Date(ms).toISOString() : '');
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Functions that ask the Python side, with a message a question; null where nobody would answer. */
function askers(model) {
  const waiting = new Map();
  let number = 0;
  model.on('msg:custom', async ({ id, recording, progress, ...answer }) => {
    const { resolve, tell } = waiting.get(id) ?? {};
    if (progress) {
      tell?.(progress);
      return;
    }
    waiting.delete(id);
    resolve?.(recording?.byteLength ? { ...answer, recording: answer.name ? recording : await unpacked(recording) } : answer);
  });
  const sent = (what, question, tell) => new Promise((resolve) => {
    number += 1;
    waiting.set(number, { resolve, tell });
    model.send_msg({ [what]: { id: number, ...question } });
  });
  const exporter = (asked, tell) => {
    const answer = sent('export', asked, tell).then(({ recording, ...said }) => ({ ...said, file: recording }));
    const id = number;
    return { answer, stop: () => model.send_msg({ stop: { id } }) };
  };
  return { ask: model.asks ? (question) => sent('ask', question) : null, exporter: model.exports ? exporter : null };
}

/** Panel's entry: build the player in its container and keep both sides in step. */
export function render({ model, view }) {
  const root = document.createElement('div');
  root.style.cssText = 'position:absolute;inset:0;overflow:hidden';
  const player = createPlayer(root, {
    map: figureHost(model, view),
    options: { theme: model.theme, autoplay: model.autoplay },
    status: statusOf(model),
    ...askers(model),
    live: model.live?.socket ? model.live : null,
    wall: model.wall,
    linked: model.linked,
    redacted: model.redacted,
  });
  const stop = keepInStep(model, player);
  model.on('remove', () => {
    stop();
    player.destroy();
  });
  return root;
}

// "Ready" is said by the recording itself, which may still be on its way.
const statusOf = (model) => (model.status.kind && model.status.kind !== 'ready' ? model.status : { kind: 'loading' });

/** Bind parameters and player both ways; return what unbinds them. */
function keepInStep(model, player) {
  const told = { playing: false }; // what the other side knows already, so that nothing echoes
  let shown = null;
  let settled = false; // whether what is shown has been given what Python asks of it

  async function showRecording() {
    const buffer = model.recording;
    if (!buffer || buffer.byteLength === 0 || buffer === shown) return;
    shown = buffer;
    const whole = await unpacked(buffer);
    if (shown !== buffer) return;
    player.setRecording(whole);
    for (const name of Object.keys(APPLY)) apply(name);
    settled = true;
  }

  function apply(name) {
    const value = model[name];
    if (same(value, told[name])) return;
    told[name] = value;
    APPLY[name](player, value);
  }

  function tell() {
    for (const [name, read] of Object.entries(READ)) {
      const value = read(player);
      if (value === undefined || same(value, told[name])) continue;
      told[name] = value;
      if (!same(value, model[name])) model[name] = value;
    }
  }

  // Live there is no recording: the first word of the server begins.
  function showLive() {
    if (settled || !player.engine) return;
    for (const name of Object.keys(APPLY)) apply(name);
    settled = true;
  }

  if (model.live?.socket) player.on('status', showLive);
  model.on('recording', showRecording);
  model.on('status', () => {
    if (model.live?.socket) return;
    if (model.status.kind !== 'ready') player.setStatus(statusOf(model));
    else if (player.engine) player.setStatus(model.status);
  });
  for (const name of Object.keys(APPLY)) model.on(name, () => apply(name));
  const timer = setInterval(() => { if (settled) tell(); }, SYNC_MS);
  showRecording();
  return () => clearInterval(timer);
}

// From Python. Empty values leave the choice to the player.
const APPLY = {
  theme: (player, value) => { player.theme = value; },
  window: (player, value) => { if (value.length === 2) player.window = value; },
  filters: (player, value) => { player.filters = value; },
  speed: (player, value) => { if (value > 0) player.speed = value; },
  clock: (player, value) => { if (value) player.seek(value); },
  playing: (player, value) => { if (value) player.play(); else player.pause(); },
};

// To Python. What stands at now is not worth a message twice a second.
const READ = {
  theme: (player) => player.theme,
  window: (player) => (player.following ? undefined : player.window) && Array.from(player.window, (t) => (typeof t === 'string' ? t : iso(t))),
  filters: (player) => player.filters,
  speed: (player) => player.speed,
  clock: (player) => (player.following ? undefined : iso(Date.parse(player.state.clock))),
  playing: (player) => player.state.playing,
};
