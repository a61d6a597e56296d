/**
 * Small helpers over the DOM. Text always goes in as text nodes: nothing here can turn a string into markup.
 */

const SVG = 'http://www.w3.org/2000/svg';
const LONGEST = 2000; // characters of one text node: a log may hold a name of a megabyte
const SHORT = 400; // and of one that changes with the clock
let serial = 0;

const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** Return an id that no other player on the page uses. */
export function uid(prefix = 'av') {
  serial += 1;
  return `${prefix}-${serial}`;
}

/**
 * Create an element.
 *
 * `attrs`: `class`, `title`, `aria-*`, ... as attributes; `on` an object of listeners; `style` an object of CSS
 * properties; null and false leave an attribute out, true writes it empty. Children are nodes, strings or null.
 */
export function el(tag, attrs = {}, ...children) {
  const node = document.createElement(tag);
  if (tag === 'button') node.type = 'button';
  setAttributes(node, attrs);
  append(node, children);
  return node;
}

function setAttributes(node, attrs) {
  for (const [name, value] of Object.entries(attrs)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (name === 'style') for (const [key, css] of Object.entries(value)) node.style.setProperty(key, css);
    else node.setAttribute(name, value === true ? '' : clip(String(value), LONGEST));
  }
}

function append(node, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(clip(String(child), LONGEST)));
  }
}

/** Replace the children of `node`. */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

/** Create an SVG element with the attributes given. */
export function svg(tag, attrs = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Write text only where it differs, so that an unchanged number costs no layout. */
export function setText(node, text) {
  const next = clip(String(text), SHORT);
  if (node.textContent !== next) node.textContent = next;
}

/** Set an attribute only where it differs; null removes it. */
export function setAttr(node, name, value) {
  if (value === null || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else {
    const next = value === true ? '' : clip(String(value), SHORT);
    if (node.getAttribute(name) !== next) node.setAttribute(name, next);
  }
}

/** Show or hide with the `hidden` attribute. */
export function show(node, visible) {
  if (node.hasAttribute('hidden') === visible) node.toggleAttribute('hidden', !visible);
}

/**
 * Keep a container filled with as many parts as there are items, reusing the elements in place (focus stays).
 *
 * `create()` returns `{element, update(item)}`.
 */
export function pool(container, create) {
  const parts = [];
  return (items) => {
    while (parts.length < items.length) {
      const part = create();
      parts.push(part);
      container.append(part.element);
    }
    while (parts.length > items.length) parts.pop().element.remove();
    items.forEach((item, index) => parts[index].update(item));
  };
}

/** Return `url` when it is plain http(s), else null: links come out of recordings. */
export function safeUrl(url) {
  try {
    const { protocol, href } = new URL(String(url));
    return protocol === 'https:' || protocol === 'http:' ? href : null;
  } catch {
    return null;
  }
}

/** Fit a canvas to its CSS size at the device's pixel ratio; return `{ctx, width, height, dpr}` in CSS pixels. */
export function fitCanvas(canvas) {
  const dpr = Math.max(1, window.devicePixelRatio || 1);
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const w = Math.round(width * dpr);
  const h = Math.round(height * dpr);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const ctx = canvas.getContext('2d');
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  return { ctx, width, height, dpr };
}
