// One glyph a slot, in a box of 10: the same shapes in legend, feed and arc heads.

/** Outlines as SVG path data, by slot: disc, square, triangle, triangle down, diamond, hexagon, cross, ring. Fill with evenodd. */
export const GLYPHS = [
  'M5 .75a4.25 4.25 0 1 0 0 8.5a4.25 4.25 0 0 0 0-8.5z',
  'M1.25 1.25h7.5v7.5h-7.5z',
  'M5 .75 9.5 9h-9z',
  'M5 9.25.5 1h9z',
  'M5 .25 9.75 5 5 9.75.25 5z',
  'M2.65 1h4.7L9.7 5 7.35 9h-4.7L.3 5z',
  'M3.5.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z',
  'M5 1.1a3.9 3.9 0 1 0 0 7.8a3.9 3.9 0 0 0 0-7.8zM5 3.1a1.9 1.9 0 1 1 0 3.8a1.9 1.9 0 0 1 0-3.8z',
];

let paths = null;

/** The glyphs as canvas paths, made on first use. */
export const glyphPaths = () => (paths ??= GLYPHS.map(d => new Path2D(d)));
