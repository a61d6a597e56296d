import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Engine } from '../../../attackviz/player/src/engine.js';
import { drawLayer } from '../../../attackviz/player/src/layer.js';
import { drawBasemap, basemapPaths } from '../../../attackviz/player/src/basemap.js';
import { MAP, styleFrom } from '../../../attackviz/player/src/mapstyle.js';
import { homeView } from '../../../attackviz/player/src/geo.js';
import { recording } from './fixture.js';

// node has no canvas: this one writes down what it is asked to do. Pixels are tested in a browser.
class Path {
  constructor() {
    this.calls = 0;
  }
  moveTo() {
    this.calls++;
  }
  lineTo() {
    this.calls++;
  }
  closePath() {}
}
class Canvas {
  constructor(width, height) {
    this.width = width;
    this.height = height;
  }
  getContext() {
    return pen([]);
  }
}
globalThis.Path2D = Path;
globalThis.OffscreenCanvas = Canvas;

function pen(log) {
  const state = {};
  return new Proxy(state, {
    get: (_, name) =>
      name in state
        ? state[name]
        : name === 'measureText'
          ? text => ({ width: 6 * text.length })
          : (...args) => {
              log.push([name, ...args, state.globalAlpha, state.strokeStyle, state.fillStyle]);
            },
    set: (_, name, value) => {
      state[name] = value;
      return true;
    },
  });
}

const css = readFileSync(new URL('../../../attackviz/player/src/tokens.css', import.meta.url), 'utf8');
const token = (name, from = 0) => new RegExp(`${name}:\\s*([^;]+);`).exec(css.slice(from))?.[1].trim() ?? '';
const style = styleFrom(name => token(name));
const view = homeView(1080, 570);
const draw = frame => {
  const log = [];
  drawLayer(pen(log), frame, style, view, 1);
  return log;
};

test('durations of the map are those of the theme', () => {
  for (const [key, name] of Object.entries({ travel: '--d-travel', life: '--d-life', impact: '--d-impact' }))
    assert.equal(MAP[key], parseFloat(token(name)), name);
});

test('a style is whole in both themes', () => {
  const light = css.indexOf('[data-theme="light"]');
  assert.ok(light > 0);
  for (const s of [style, styleFrom(name => token(name, light) || token(name))]) {
    for (const [key, value] of Object.entries(s))
      assert.ok(
        Array.isArray(value)
          ? value.length === 8 && value.every(Boolean)
          : typeof value === 'number'
            ? Number.isFinite(value)
            : value,
        key,
      );
  }
});

test('the same frame is drawn by the same calls', () => {
  const rec = recording({ n: 20000 }),
    frame = new Engine(rec, { t: 150000e3 }).frame(view);
  assert.deepEqual(draw(frame), draw(new Engine(rec, { t: 150000e3 }).frame(view)));
});

test('text of the recording reaches the canvas as it is, and only as text', () => {
  const rec = recording({ n: 20000 }),
    hostile = '<img src=x onerror=alert(1)>',
    p = rec.places.city.indexOf(hostile);
  const log = draw(new Engine(rec, { t: 150000e3, selected: { kind: 'place', id: p } }).frame(view));
  assert.ok(log.some(([name, text]) => name === 'fillText' && text === hostile));
  for (const [name, ...args] of log)
    if (name !== 'fillText' && name !== 'strokeText') assert.ok(!args.includes(hostile));
});

test('rings come first, then paths, heads, target and labels', () => {
  const log = draw(new Engine(recording({ n: 20000 }), { t: 150000e3 }).frame(view)),
    at = name => log.findIndex(c => c[0] === name),
    last = name => log.findLastIndex(c => c[0] === name);
  assert.ok(
    at('drawImage') < at('quadraticCurveTo') &&
      at('quadraticCurveTo') < last('drawImage') &&
      last('drawImage') < at('fillText'),
  );
});

test('opacities stay between 0 and 1 and every number is finite', () => {
  for (const options of [{}, { speed: 1 }, { speed: 86400 }, { reducedMotion: true }]) {
    for (const call of draw(new Engine(recording({ n: 20000, targets: 3 }), { t: 150000e3, ...options }).frame(view))) {
      for (const value of call.slice(1)) if (typeof value === 'number') assert.ok(Number.isFinite(value), call[0]);
      assert.ok(call.at(-3) === undefined || (call.at(-3) >= 0 && call.at(-3) <= 1), call[0]);
    }
  }
});

test('reduced motion draws no heads', () => {
  const rec = recording({ n: 20000 }),
    heads = options =>
      draw({ ...new Engine(rec, { t: 150000e3, ...options }).frame(view), rings: [] }).filter(c => c[0] === 'drawImage')
        .length;
  assert.ok(heads({}) > 0);
  assert.equal(heads({ reducedMotion: true }), 0);
});

test('the target has its label even where other labels are off', () => {
  const frame = new Engine(recording({ n: 20000 }), { t: 150000e3 }).frame({ ...view, labels: 0 });
  assert.deepEqual(
    draw(frame)
      .filter(c => c[0] === 'fillText')
      .map(c => c[1]),
    ['Council Bluffs', '  target'],
  );
});

test('labels keep out of what the caller covers', () => {
  const engine = new Engine(recording({ n: 20000 }), { t: 150000e3 }),
    boxes = frame =>
      draw(frame)
        .filter(c => c[0] === 'fillText' && !c[1].startsWith('  '))
        .map(c => [c[1], c[2], c[3]]);
  const free = boxes(engine.frame(view)),
    covered = [0, 0, 1080, 570];
  assert.ok(free.length > 1);
  assert.deepEqual(
    boxes(engine.frame({ ...view, avoid: [covered] })).map(b => b[0]),
    ['Council Bluffs'],
  );
});

test('the ground is drawn in every world copy in view', () => {
  const map = JSON.parse(readFileSync(new URL('../../../attackviz/player/basemap.json', import.meta.url), 'utf8')),
    log = [];
  drawBasemap(pen(log), basemapPaths(map), style, view, 2);
  assert.ok(log.filter(c => c[0] === 'fill').length >= 2, 'the seam lies inside the view');
  assert.equal(log[0][0], 'setTransform');
});
