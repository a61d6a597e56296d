/**
 * A map host over a Bokeh figure: the figure's ranges are the view, its frame is the map.
 *
 * The figure may come late, or change: until it is there the host keeps a view of its own and the cell shows the sea.
 */
import { keepOnMap, zoomView } from './basemap.js';
import { WORLD, homeView, viewAround } from './geo.js';
import { styleFrom } from './mapstyle.js';

const QUIET = { sync: false }; // what is set here is of no interest to the server
const NAMED = /^basemap-(land|lakes|borders|graticule)$/; // what follows the theme and the world's copies; the rest is the viewer's own

/**
 * Make the factory of map hosts that `createPlayer` takes.
 * @param {object} model Panel's model, whose child `figure` is a layout that holds a Bokeh figure
 * @param {object} view Panel's view of it
 * @returns {(cell: HTMLElement) => FigureHost}
 */
export function figureHost(model, view) {
  return (cell) => new FigureHost(model, view, cell);
}

class FigureHost {
  constructor(model, view, cell) {
    this.model = model;
    this.view = view;
    this.element = document.createElement('div');
    this.element.className = 'av-figure';
    this.element.style.cssText = 'position:absolute;inset:0;overflow:hidden;background:var(--sea)';
    cell.append(this.element);
    this.callbacks = [];
    this.plot = null;
    this.pushing = false;
    this.atHome = true;
    this.current = homeView(1, 1);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.element);
    this.moved = () => this.follow();
    this.element.append(model.get_child('ground'));
    this.look = () => this.lookFor();
    model.ground.properties.children.change.connect(this.look);
    this.timer = 0;
    this.look();
    this.resize();
  }

  /** The view now, as plain data. */
  getView() {
    this.follow();
    return this.current;
  }

  /** Call back whenever the view has changed. */
  onChange(callback) {
    this.callbacks.push(callback);
  }

  /** Zoom in by a factor, around a point in CSS px of the map, or its middle. */
  zoomBy(factor, x, y) {
    this.go(zoomView(this.getView(), factor, x, y));
  }

  /** Show the whole world. */
  reset() {
    this.go(homeView(this.current.width, this.current.height), true);
  }

  /** Put a place, in Web Mercator metres, in the middle. */
  centre(mx, my) {
    const { x0, x1, width } = this.getView();
    this.show(mx, my, (x1 - x0) / width);
  }

  /** Show a place, in Web Mercator metres, in the middle, at so many metres a pixel. */
  show(mx, my, perPx) {
    const { width, height } = this.getView();
    this.go(keepOnMap(viewAround(mx, my, perPx, width, height)));
  }

  /** Recolour the shipped basemap from the tokens in force on the element. */
  setTheme() {
    const figure = this.plot?.model;
    if (!figure) return;
    const tokens = getComputedStyle(this.element);
    const style = styleFrom((name) => tokens.getPropertyValue(name));
    figure.setv({ background_fill_color: style.sea, border_fill_color: style.sea }, QUIET);
    const colours = {
      land: { fill_color: style.land, line_color: style.coast, line_width: style.coastW },
      lakes: { fill_color: style.sea, line_color: style.coast, line_width: style.coastW },
      borders: { line_color: style.border, line_width: style.borderW },
      graticule: { line_color: style.graticule },
    };
    for (const [part, renderer] of this.shipped()) renderer.glyph.setv(visuals(renderer.glyph, colours[part]), QUIET);
    this.plot.canvas_view?.primary?.clear(); // else the outermost half pixel keeps the other theme
  }

  /** Let go of the figure and of the page. */
  destroy() {
    this.observer.disconnect();
    this.release();
    this.callbacks = [];
    this.element.remove();
  }

  // Look until the figure that the ground holds has been built; no frame may be due meanwhile.
  lookFor() {
    clearTimeout(this.timer);
    const { children } = this.model.ground;
    const found = children.length ? this.find() : null;
    if (children.length && (!found || !holds(children, found.model))) this.timer = setTimeout(this.look, 50);
  }

  release() {
    if (!this.plot) return;
    for (const range of [this.plot.model.x_range, this.plot.model.y_range]) range.change.disconnect(this.moved);
    this.plot = null;
  }

  // Bokeh builds views when it likes, and may build them anew: the first frames find none.
  find() {
    const found = plotView(this.view.get_child_view(this.model.ground));
    if (found === this.plot) return found;
    this.release();
    if (!found?.frame?.bbox.width) return null; // not laid out: changing it now would fail
    this.plot = found;
    fillCell(found.model);
    // Keys work with focus anywhere; Bokeh would stop the tab key at its canvas and outline it on every click.
    const events = found.canvas_view?.events_el;
    if (events) Object.assign(events, { tabIndex: -1 }).style.outline = 'none';
    for (const [, renderer] of this.shipped()) repeatWorld(renderer.data_source);
    this.setTheme();
    this.push();
    for (const range of [found.model.x_range, found.model.y_range]) range.change.connect(this.moved);
    return found;
  }

  * shipped() {
    for (const renderer of this.plot.model.renderers) {
      const part = NAMED.exec(renderer.name ?? '')?.[1];
      if (part) yield [part, renderer];
    }
  }

  // Take over what Bokeh's pan and zoom did to the ranges, kept within the world.
  follow() {
    const plot = this.find();
    if (!plot || this.pushing) return;
    const { x_range: x, y_range: y } = plot.model;
    const { x0, x1, y0, y1 } = this.current;
    if (x.start === x0 && x.end === x1 && y.start === y0 && y.end === y1) return;
    this.go(keepOnMap({ ...this.current, x0: x.start, x1: x.end, y0: y.start, y1: y.end }));
  }

  go(view, home = false) {
    this.atHome = home;
    this.current = view;
    this.push();
    for (const callback of this.callbacks) callback(view);
  }

  push() {
    if (!this.plot || this.pushing) return;
    const { x0, x1, y0, y1 } = this.current;
    this.pushing = true; // setting a range calls back
    this.plot.model.x_range.setv({ start: x0, end: x1 }, QUIET);
    this.plot.model.y_range.setv({ start: y0, end: y1 }, QUIET);
    this.pushing = false;
  }

  resize() {
    const width = this.element.clientWidth, height = this.element.clientHeight;
    if (!width || !height || (width === this.current.width && height === this.current.height)) return;
    const { x0, x1, y0, y1, width: before } = this.current;
    if (this.atHome) this.go(homeView(width, height), true);
    else this.go(keepOnMap(viewAround((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / before, width, height)));
  }
}

const holds = (models, figure) => models.some((model) => model === figure || holds(model.children ?? [], figure));

function plotView(view) {
  if (!view) return null;
  if (view.model?.x_range && view.model.renderers) return view;
  for (const child of view.child_views ?? []) {
    const found = plotView(child);
    if (found) return found;
  }
  return null;
}

// Nothing but the frame: no axes, no borders, and ranges that Bokeh leaves as they are set.
function fillCell(figure) {
  for (const side of ['above', 'below', 'left', 'right']) {
    for (const part of figure[side]) part.setv({ visible: false }, QUIET);
  }
  figure.setv({
    min_border: 0, min_border_left: 0, min_border_right: 0, min_border_top: 0, min_border_bottom: 0,
    outline_line_color: null, toolbar_location: null, match_aspect: false, sizing_mode: 'stretch_both', aspect_ratio: null,
  }, QUIET);
  for (const range of [figure.x_range, figure.y_range]) range.setv({ bounds: null, min_interval: null, max_interval: null }, QUIET);
}

const visuals = (glyph, colours) => Object.fromEntries(Object.entries(colours).filter(([name]) => name in glyph.properties));

// The world before and after, so that the map goes on over the antimeridian.
function repeatWorld(source) {
  if (source.tags.includes('repeated')) return;
  const n = source.get_length();
  const data = {};
  for (const [name, column] of Object.entries(source.data)) {
    const cells = Array.from(column);
    const by = name === 'xs' ? [0, -WORLD, WORLD] : [0, 0, 0];
    data[name] = by.flatMap((shift) => (shift ? cells.map((cell) => shifted(cell, shift)) : cells.slice(0, n)));
  }
  source.setv({ tags: [...source.tags, 'repeated'], data }, QUIET);
}

const shifted = (cell, by) => (typeof cell === 'number' ? cell + by : Array.from(cell, (part) => shifted(part, by)));
