/** Keys. They work wherever the focus is but in a field; of several players on a page the last one touched answers. */

const players = new Set();
let last = null;
let clicked = null; // the button that has the focus because it was pressed by pointer
let spent = false; // Space was taken: the button in focus must not act on it when it is let go

const inField = (node) => node instanceof Element && (node.matches('input, textarea, select, [contenteditable=""], [contenteditable="true"]') || node.isContentEditable);
// A button reached by Tab keeps Space for itself; one that was clicked gives it back to the clock. (:focus-visible does not tell
// them apart here: a browser may set it as soon as a key goes down.)
const holdsSpace = (node) => node instanceof Element && node !== clicked && node.matches('button, a[href], summary, [role="option"]');

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey) return;
  const origin = event.composedPath()[0];
  if (inField(origin)) return;
  const player = last ?? [...players][0];
  if (!player || (event.key === ' ' && holdsSpace(origin))) return;
  if (!player.run(event)) return;
  event.preventDefault();
  spent = event.key === ' ';
}

function onKeyUp(event) {
  if (spent && event.key === ' ') event.preventDefault();
  if (event.key === ' ') spent = false;
}

/**
 * Bind a player's keys; `table` maps a key to an action. Returns what unbinds them.
 */
export function bindKeys(root, table) {
  const run = (event) => {
    const digit = /^Digit([1-8])$/.exec(event.code);
    if (digit && !event.shiftKey) {
      table.slot(Number(digit[1]) - 1, event.altKey);
      return true;
    }
    if (event.altKey) return false;
    const toBurst = event.shiftKey ? { Comma: -1, Period: 1 }[event.code] : 0; // what Shift makes of these keys differs
    if (toBurst) {
      table.burst(toBurst);
      return true;
    }
    const act = table[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return false;
    return act(event) !== false;
  };
  const player = { run };
  const press = (event) => {
    last = player;
    clicked = event.composedPath().find((node) => node instanceof Element && node.matches('button')) ?? null;
  };
  const focus = (event) => {
    last = player;
    if (event.composedPath()[0] !== clicked) clicked = null;
  };
  if (!players.size) {
    document.addEventListener('keydown', onKey);
    document.addEventListener('keyup', onKeyUp);
  }
  players.add(player);
  root.addEventListener('pointerdown', press, true);
  root.addEventListener('focusin', focus);
  return () => {
    root.removeEventListener('pointerdown', press, true);
    root.removeEventListener('focusin', focus);
    players.delete(player);
    if (last === player) last = null;
    if (players.size) return;
    document.removeEventListener('keydown', onKey);
    document.removeEventListener('keyup', onKeyUp);
  };
}
