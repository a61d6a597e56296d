/** The note on the map that says how coarse the picture is. */
import { el, setText, show } from './dom.js';

export function createGrain(ctx) {
  const what = el('b');
  const how = el('span', { class: 'av-how' });
  const note = el('span', { class: 'av-grain-note', role: 'status', dir: 'auto' });
  const element = el('div', { class: 'av-over av-grain', hidden: true }, what, how, note);
  return {
    element,
    update() {
      const words = ctx.zoom.words();
      show(element, words !== null);
      if (!words) return;
      setText(what, words.what);
      setText(how, words.how);
      setText(note, words.note);
      show(note, words.note !== '');
    },
  };
}
