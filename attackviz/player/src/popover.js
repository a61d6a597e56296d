/** Popovers, menus and dialogs of one player: at most one is open; Escape and a press elsewhere close it. */
import { el } from './dom.js';
import { icon } from './icons.js';

const FOCUSABLE = 'button:not(:disabled), input, select, textarea, a[href], [tabindex="0"]';

/**
 * Make the popovers of a player.
 *
 * `root` is the player's element; everything is placed inside it, so that it works in a shadow root too.
 */
export function createPopovers(root) {
  let open = null;

  const onDown = (event) => {
    if (!open) return;
    const path = event.composedPath();
    if (!path.includes(open.box) && !(open.anchor && path.includes(open.anchor))) close(false);
  };
  document.addEventListener('pointerdown', onDown, true);

  function close(refocus = true) {
    if (!open) return;
    const { box, veil, anchor, onClose } = open;
    open = null;
    box.remove();
    veil?.remove();
    anchor?.setAttribute('aria-expanded', 'false');
    anchor?.classList.remove('is-on');
    onClose?.();
    if (refocus) anchor?.focus({ preventScroll: true });
  }

  /**
   * Open `content` beside `anchor` (or in the middle without one); the same anchor again closes it.
   *
   * `role` is `menu` or `dialog`; `side` is `left` or `right`, the edge shared with the anchor.
   */
  function show(anchor, content, { label, role = 'dialog', side = 'left', width = null, onClose = null } = {}) {
    const again = open && anchor && open.anchor === anchor;
    close(false);
    if (again) {
      onClose?.();
      return;
    }
    const box = el('div', { class: `av-pop${role === 'menu' ? ' av-menu' : ''}`, role, 'aria-label': label, tabindex: -1 }, content);
    if (width) box.style.width = `${width}px`;
    if (role === 'dialog' && !anchor) box.setAttribute('aria-modal', 'true');
    const veil = !anchor || root.classList.contains('is-phone') ? el('div', { class: 'av-veil' }) : null;
    if (veil) root.append(veil);
    root.append(box);
    open = { box, veil, anchor, onClose };
    anchor?.setAttribute('aria-expanded', 'true');
    anchor?.classList.add('is-on');
    place(root, box, anchor, side);
    box.addEventListener('keydown', (event) => onKey(event, box, role));
    const first = box.querySelector('[data-first]') ?? box.querySelector('[aria-checked="true"]') ?? box.querySelector(FOCUSABLE) ?? box;
    first.focus({ preventScroll: true });
  }

  function onKey(event, box, role) {
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    } else if (role === 'menu' && ['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      move(box, event.key);
    } else if (event.key === 'Tab') {
      wrap(box, event);
    }
  }

  return {
    show,
    close,
    isOpen: () => open !== null,
    destroy() {
      close(false);
      document.removeEventListener('pointerdown', onDown, true);
    },
  };
}

const focusedIn = (box) => box.getRootNode().activeElement;

function move(box, key) {
  const items = [...box.querySelectorAll(FOCUSABLE)];
  const at = items.indexOf(focusedIn(box));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[key];
  items[(to + items.length) % items.length]?.focus();
}

function wrap(box, event) {
  const items = [...box.querySelectorAll(FOCUSABLE)];
  if (!items.length) return;
  const edge = event.shiftKey ? items[0] : items[items.length - 1];
  if (focusedIn(box) !== edge && focusedIn(box) !== box) return;
  event.preventDefault();
  (event.shiftKey ? items[items.length - 1] : items[0]).focus();
}

function place(root, box, anchor, side) {
  const frame = root.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const limit = (value, most) => Math.max(8, Math.min(value, most - 8));
  if (!anchor) {
    box.style.left = `${limit((frame.width - width) / 2, frame.width - width)}px`;
    box.style.top = `${limit((frame.height - height) / 3, frame.height - height)}px`;
    return;
  }
  const a = anchor.getBoundingClientRect();
  const left = side === 'left' ? a.left - frame.left : a.right - frame.left - width;
  const below = a.bottom - frame.top + 4;
  const above = a.top - frame.top - 4 - height;
  box.style.left = `${limit(left, frame.width - width)}px`;
  box.style.top = `${limit(below + height <= frame.height - 8 || above < 8 ? below : above, frame.height - height)}px`;
}

/**
 * Content of a menu of choices: `groups` is a list of `{title?, items: [{label, end?, checked, run}]}`.
 */
export function choices(groups, close) {
  const parts = [];
  groups.filter((group) => group.items.length).forEach((group, k) => {
    if (k) parts.push(el('hr', { role: 'separator' }));
    if (group.title) parts.push(el('div', { class: 'av-head' }, group.title));
    for (const item of group.items) {
      const run = () => {
        close();
        item.run();
      };
      parts.push(el('button', { class: 'av-item', role: 'menuitemradio', 'aria-checked': item.checked ? 'true' : 'false', on: { click: run } },
        el('span', { class: 'av-tick' }, icon('check')), item.label, item.end ? el('span', { class: 'av-end' }, item.end) : null));
    }
  });
  return parts;
}

/** A button that opens a popover. */
export function opener(attrs, ...children) {
  return el('button', { 'aria-haspopup': 'true', 'aria-expanded': 'false', ...attrs }, ...children);
}
