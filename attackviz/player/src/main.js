/** What the bundle offers. */
export { createPlayer } from './app.js';
export { Engine } from './engine.js';
export { decodeRecording } from './recording.js';
export { drawLayer } from './layer.js';
export { styleFrom } from './mapstyle.js';
export { drawBasemap, ownMap } from './basemap.js';
export { render } from './panel.js';
