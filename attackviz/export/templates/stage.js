// Drives the player on the stage. Evaluated once; then `stage.at(ms)` draws a moment, `stage.card(on)` the title card.
({ window: shown, speed, trail, whole, captions }) => {
  const root = document.querySelector('.av');
  const { player } = root;
  const find = (id) => document.getElementById(id);
  const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  const make = (name, text) => Object.assign(document.createElement(name), { textContent: text });

  player.configure({ window: shown, speed, ...(trail ? { trail } : {}), scope: whole ? 'window' : 'trail' });
  if (whole) {
    document.documentElement.dataset.whole = '';
    player.engine.set({ reducedMotion: true });
  }

  function caption(ms) {
    const said = !whole && captions.findLast(({ from, to }) => from <= ms && ms < to);
    const box = find('caption');
    box.hidden = !said;
    if (said && box.dataset.text !== said.text) {
      box.dataset.text = said.text;
      box.replaceChildren(make('time', said.time), said.text);
    }
  }

  globalThis.stage = {
    at(ms) {
      caption(ms);
      player.renderAt(ms);
    },
    card(on) {
      const box = find('card');
      box.hidden = !on;
      if (!on) return;
      const { events, sources, countries, unlocated } = player.engine.counts('window');
      const facts = [['Events', events], ['Sources', sources], ['Countries', countries], ['Without a location', unlocated]];
      box.querySelector('dl').replaceChildren(...facts.filter(([, n]) => n !== null && n !== undefined).map(([name, n]) => {
        const pair = document.createElement('div');
        pair.append(make('dt', name), make('dd', n.toLocaleString('en-US')));
        return pair;
      }));
      put(box.querySelector('.note'), [...player.engine.rec.meta.attribution.map(({ text }) => text), player.engine.rec.meta.notice, 'Source address, not attribution'].filter(Boolean).join(' · '));
    },
  };
  return player.state.status;
}
