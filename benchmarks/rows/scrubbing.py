"""How fast a seek shows, and how smoothly the clock plays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from ..bench import TPOT, Bench
from ..browser import chromium, tab, until_bokeh_is_idle, until_playable
from ..server import free_port, panel, serving
from ..table import Goal, Row

PLAYED_MS = 4000
NOTE = (
    "1600x900, drawn on the processor. attackviz: the work of a seek, exact counts and all canvases drawn, a seek in "
    "every frame as in a drag (lists follow each 100 ms, inside it). Today's: slider moved to frame painted, one "
    "viewer, server on the same machine, points projected beforehand; to play is to move it as fast as frames come."
)

# As a drag does it: a seek in every frame. What is timed is the seek with its counts, and the frame's own work from its
# beginning until every canvas is drawn (reading a pixel back makes the drawing happen); not the wait for the frame.
SEEK = """
async ({seeks}) => {
  const player = findPlayer();
  const [start, end] = player.window.map((iso) => Date.parse(iso));
  const canvases = [...player.canvas.getRootNode().querySelectorAll('canvas')];
  const contexts = canvases.map((canvas) => canvas.getContext('2d')).filter(Boolean);
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const took = [];
  let events = 0;
  for (let k = -10; k < seeks; k += 1) {
    const to = start + random() * (end - start);
    let frame = 0;
    const before = new Promise((done) => requestAnimationFrame(() => { frame = performance.now(); done(); }));
    const began = performance.now();
    player.seek(to);
    const counts = player.engine.counts();
    const counted = performance.now() - began;
    const after = new Promise((done) => requestAnimationFrame(() => {
      for (const context of contexts) context.getImageData(0, 0, 1, 1);
      done(performance.now() - frame);
    }));
    await before;
    const drawn = await after;
    if (k >= 0) took.push(counted + drawn);
    events += counts.events;
  }
  return {took, events: events / (seeks + 10), trail: player.state.trail_ms};
}
"""

PLAY = """
async ({ms}) => {
  const player = findPlayer();
  const [start, end] = player.window.map((iso) => Date.parse(iso));
  player.seek(start + (end - start) / 3);
  player.engine.set({loop: true});
  player.play();
  await painted();
  const began = performance.now();
  let frames = 0;
  let t = player.engine.state.t;
  while (performance.now() - began < ms) {
    await new Promise((done) => requestAnimationFrame(done));
    if (player.engine.state.t !== t) frames += 1;
    t = player.engine.state.t;
  }
  player.pause();
  return frames / (performance.now() - began) * 1000;
}
"""

TODAY = """
async ({moves}) => {
  const models = [...Bokeh.documents[0]._all_models.values()];
  const slider = models.find((m) => m.type.endsWith('Slider'));
  const sources = models.filter((m) => m.type === 'ColumnDataSource');
  let arrived = () => {};
  for (const source of sources) source.properties.data.change.connect(() => arrived());
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const took = [];
  for (let k = -3; k < moves; k += 1) {
    const began = performance.now();
    const data = new Promise((done) => { arrived = done; });
    slider.value = Math.round(slider.end * (0.05 + 0.95 * random()));
    await data;
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    if (k >= 0) took.push(performance.now() - began);
  }
  return took;
}
"""


def rows(bench: Bench) -> list[Row]:
    """Seek and play in the exported page, beside a slider over gv.Points."""
    sizes: list[int | Path] = [50_000] if bench.quick else [TPOT, 1_000_000]
    made = [(what, *bench.replay(what)) for what in sizes]
    out: list[Row] = []
    with chromium() as browser:
        for what, page, parquet in made:
            events = "388 k" if isinstance(what, Path) else "1 M" if what == 1_000_000 else f"{what // 1000} k"
            out += _rows(bench, browser, page, parquet, events)
    return out


def _rows(bench: Bench, browser: Browser, page: Path, parquet: Path, events: str) -> list[Row]:
    seeks, moves = bench.pick(200, 40), bench.pick(20, 5)
    ours = _ours(browser, page, seeks)
    theirs = _today(browser, parquet, ours["trail"], moves)
    n = f"{seeks} seeks all over the window; today {moves} moves"
    beside = "DynamicMap + gv.Points, Panel slider"
    what = f"seek in {events} events (about {ours['events']:,.0f} on screen)"
    goal = Goal(16)
    return [
        Row("scrubbing", f"{what}, p50", "ms", _at(ours["took"], 0.5), _at(theirs, 0.5), beside, n, NOTE, goal),
        Row("scrubbing", f"{what}, p95", "ms", _at(ours["took"], 0.95), _at(theirs, 0.95), beside, n, NOTE, goal),
        Row(
            "scrubbing", f"play {events} events, frames/s", "", ours["rate"], 1000 * len(theirs) / sum(theirs), beside,
            f"{PLAYED_MS / 1000:g} s at the speed it opens with", NOTE, Goal(30, most=False), True,
        ),
    ]  # fmt: skip


def _ours(browser: Browser, page: Path, seeks: int) -> dict[str, Any]:
    with tab(browser) as opened:
        opened.goto(page.as_uri())
        until_playable(opened)
        answer: dict[str, Any] = opened.evaluate(SEEK, {"seeks": seeks})
        answer["rate"] = opened.evaluate(PLAY, {"ms": PLAYED_MS})
        return answer


def _today(browser: Browser, parquet: Path, trail: float, moves: int) -> list[float]:
    port = free_port()
    with (
        serving(panel("scrub_app", port, str(parquet), str(trail)), port, "/scrub_app") as server,
        tab(browser) as opened,
    ):
        server.until_listening()
        opened.goto(server.url)
        until_bokeh_is_idle(opened)
        took: list[float] = opened.evaluate(TODAY, {"moves": moves})
        return took


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
