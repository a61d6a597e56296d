const said = (id) => document.getElementById(id).textContent;

async function unpack(id) {
  const text = atob(said(id));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

// Of each outline a point, then steps: back to points.
async function outlines() {
  const basemap = await new Response(await unpack('basemap')).json();
  for (const line of Object.values(basemap).flat()) {
    for (let k = 2; k < line.length; k += 1) line[k] += line[k - 2];
  }
  return basemap;
}

try {
  const options = JSON.parse(said('options'));
  const recording = await unpack('recording');
  const basemap = await outlines();
  document.getElementById('recording').remove();
  const element = document.getElementById('player');
  element.replaceChildren();
  create(element, { recording, basemap, options, linked: true });
} catch (error) {
  const note = document.createElement('p');
  note.id = 'note';
  note.textContent = `This page cannot play here: ${error.message}. It needs a browser of 2023 or later; if it has one, copy the page again.`;
  document.getElementById('player').replaceChildren(note);
  throw error;
}
