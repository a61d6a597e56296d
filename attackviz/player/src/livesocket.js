// The socket: reads from its own place in the server's sequence, and comes back to it after a loss. Nothing is read twice.

import { decodeBatch } from './livebatch.js';

const SILENCE_MS = 10_000; // the server speaks every second
const OPENING_MS = 30_000; // but may be slow to open
const QUIET_MS = 60_000; // and every 15 s to one that wants to hear nothing
const PAUSES_MS = [500, 1000, 2000, 3000, 5000];
const HIDDEN_MS = 5000; // a tab that is looked at again sooner was never away

/** So long to wait before try number n, spread by `chance` in [0, 1) so that not all come back at once. Pure. */
export const pauseMs = (tries, chance) => PAUSES_MS[Math.min(tries, PAUSES_MS.length) - 1] * (0.75 + 0.5 * chance);

/**
 * Open the socket, and keep it open.
 * @param {string} url ws or wss
 * @param {object} use place() gives the last sequence that was taken or null; backSeconds; onWord(name, value), onBatch(batch), onState(state)
 * @returns {object} state {kind: connecting, open, waiting or hidden; tries, retryAt (performance.now), error}, close()
 */
export function openSocket(url, { place, backSeconds, onWord, onBatch, onState }) {
  let socket = null;
  let state = { kind: 'connecting', tries: 0, retryAt: 0, error: '' };
  let retry = 0;
  let watch = 0;
  let away = 0;
  let quiet = document.hidden;
  let gone = false;

  function say(next) {
    state = { ...state, ...next };
    onState(state);
  }

  const ask = () => socket.send(JSON.stringify({ view: quiet ? null : { after: place(), back: backSeconds } }));

  function heard(patience = quiet ? QUIET_MS : SILENCE_MS) {
    clearTimeout(watch);
    watch = setTimeout(() => lose('the server has fallen silent'), patience);
  }

  function connect() {
    clearTimeout(retry);
    if (gone) return;
    const mine = new WebSocket(url);
    socket?.close();
    socket = mine;
    mine.binaryType = 'arraybuffer';
    heard(OPENING_MS);
    mine.onopen = () => {
      if (mine !== socket) return;
      heard();
      ask();
    };
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return;
      heard();
      take(data);
    };
    mine.onclose = ({ reason }) => { if (mine === socket) lose(reason || (state.tries ? state.error : 'the connection ended')); };
  }

  function take(data) {
    try {
      if (typeof data !== 'string') {
        onBatch(decodeBatch(data));
        return;
      }
      for (const [name, value] of Object.entries(JSON.parse(data))) {
        if (name === 'hello') say({ kind: quiet ? 'hidden' : 'open', tries: 0, error: '' });
        onWord(name, value);
      }
    } catch (error) {
      lose(error.message);
    }
  }

  // Give this connection up, and try anew in a while.
  function lose(error) {
    clearTimeout(watch);
    const old = socket;
    socket = null;
    old?.close();
    if (gone) return;
    const tries = state.tries + 1;
    const wait = pauseMs(tries, performance.now() % 1);
    say({ kind: 'waiting', tries, retryAt: performance.now() + wait, error });
    clearTimeout(retry);
    retry = setTimeout(connect, wait);
  }

  function onVisible() {
    clearTimeout(away);
    if (document.hidden) away = setTimeout(() => hush(true), HIDDEN_MS);
    else hush(false);
  }

  function hush(hidden) {
    if (quiet === hidden) return;
    quiet = hidden;
    if (socket?.readyState === WebSocket.OPEN) {
      heard();
      ask();
      say({ kind: quiet ? 'hidden' : 'open' });
    } else if (!quiet) {
      connect();
    }
  }

  const onOnline = () => { if (state.kind === 'waiting') connect(); };
  document.addEventListener('visibilitychange', onVisible);
  addEventListener('online', onOnline);
  connect();
  return {
    get state() { return state; },
    /** Ask anew, from the place it now is. */
    again: ask,
    close() {
      gone = true;
      clearTimeout(retry);
      clearTimeout(watch);
      clearTimeout(away);
      document.removeEventListener('visibilitychange', onVisible);
      removeEventListener('online', onOnline);
      const old = socket;
      socket = null;
      old?.close();
    },
  };
}
