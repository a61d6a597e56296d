const said = (id) => document.getElementById(id).textContent;

async function unpack(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

try {
  const options = JSON.parse(said('options'));
  const recording = await unpack(said('recording'));
  document.getElementById('recording').remove();
  const element = document.getElementById('player');
  element.replaceChildren();
  create(element, { recording, basemap: JSON.parse(said('basemap')), options, linked: true });
} catch (error) {
  const note = document.createElement('p');
  note.id = 'note';
  note.textContent = `This page cannot play here: ${error.message}. It needs a browser of 2023 or later; if it has one, copy the page again.`;
  document.getElementById('player').replaceChildren(note);
  throw error;
}
