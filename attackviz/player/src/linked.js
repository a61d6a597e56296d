/** A player whose page's address says what it shows: the address is followed, and kept up to date. */

const PAUSE_MS = 1000; // browsers allow few changes of the address

/**
 * Follow the address and write it; returns what ends that.
 *
 * @param {object} player its `link` and `open(link)`
 */
export function followAddress(player) {
  let timer = 0;
  let written = location.hash;
  const write = () => {
    timer = 0;
    if (player.state.status !== 'ready') return;
    written = `#${player.link}`;
    if (written !== location.hash) history.replaceState(history.state, '', written);
  };
  const changed = () => { timer ||= setTimeout(write, PAUSE_MS); };
  const turned = () => {
    if (location.hash === written) return;
    written = location.hash;
    player.open(location.hash);
  };
  if (location.hash.length > 1) player.open(location.hash);
  const stops = ['change', 'theme', 'view'].map((type) => player.on(type, changed));
  addEventListener('hashchange', turned);
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
    removeEventListener('hashchange', turned);
  };
}

/** Whether this page has an address that says where it is: a frame without one of its own has none. */
export const hasAddress = () => location.protocol !== 'about:' && location.protocol !== 'blob:';
