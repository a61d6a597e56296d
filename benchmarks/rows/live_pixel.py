"""How long from a POST to its events on the screen."""

from __future__ import annotations

import json
import threading
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import Page

from ..bench import SEED, Bench
from ..browser import chromium, tab
from ..process import python
from ..server import free_port, serving
from ..table import Goal, Row

NOTE = (
    "From the start of a POST, ten a second, until the frame is drawn in which its events have left: every event, in "
    "one browser. The player's clock stands a second behind now, so that arcs flow: that second is in it."
)
EVERY = 0.1  # seconds between pushes

# An event is on the screen with the first frame whose moment is its own or later.
_WATCH = """
(seconds) => new Promise((done) => {
  const { engine } = findPlayer();
  const waiting = [], took = [];
  const take = engine.take.bind(engine), frame = engine.frame.bind(engine);
  engine.take = (batch, now) => { waiting.push(...batch.time); return take(batch, now); };
  engine.frame = (view) => {
    const drawn = frame(view), moment = engine.timeUs(engine.state.t), now = Date.now();
    const later = waiting.filter((us) => us > moment);
    for (const us of waiting) if (us <= moment) took.push(now - us / 1000);
    waiting.splice(0, waiting.length, ...later);
    return drawn;
  };
  setTimeout(() => { engine.take = take; engine.frame = frame; done(took); }, seconds * 1000);
})
"""


def rows(bench: Bench) -> list[Row]:
    """Push at three rates, and look; the last is more than a browser on the same cores need hold."""
    return [_row(bench, rate, goal) for rate, goal in ((1_000, Goal(1.5)), (10_000, Goal(1.5)), (50_000, None))]


def _row(bench: Bench, rate: int, goal: Goal | None) -> Row:
    seconds = bench.pick(20, 5)
    port = free_port()
    command = ["-m", "attackviz", "serve", "--live", "--no-browser", "--port", f"{port}"]
    command += ["--tape", str(bench.directory / f"pixel-{rate}.tape")]
    with serving(python(*command), port) as server, chromium() as browser, tab(browser) as page:
        server.until_listening()
        page.goto(server.url)
        page.wait_for_function("() => window.findPlayer()?.state.live?.connection === 'open'")
        took, taken = _looked(page, server.url, rate, seconds)
    middle, most = (float(each) / 1000 for each in np.percentile(took, [50, 95]))
    n = f"{rate:,} events a second ({taken:,.0f} came), {len(took):,} events; median {middle:.2f} s"
    return Row("live_pixel", "POST to pixel, 95 of 100", "s", most, n=n, note=NOTE, goal=goal)


def _looked(page: Page, url: str, rate: int, seconds: float) -> tuple[list[float], float]:
    """Return how many milliseconds events took, and how many came a second."""
    ended, taken = threading.Event(), [0]
    pusher = threading.Thread(target=_push, args=(url, rate, ended, taken), daemon=True)
    pusher.start()
    page.wait_for_function("() => window.findPlayer().state.live.held > 0")
    page.wait_for_timeout(3000)  # until it runs evenly
    began, before = time.monotonic(), taken[0]
    try:
        took: list[float] = page.evaluate(_WATCH, seconds)
        came = (taken[0] - before) / (time.monotonic() - began)
    finally:
        ended.set()
        pusher.join()
    return took, came


def _push(url: str, rate: int, ended: threading.Event, taken: list[int]) -> None:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    lines = _lines(int(rate * EVERY))
    due = time.monotonic()
    while not ended.wait(max(0.0, due - time.monotonic())):
        due = max(due + EVERY, time.monotonic() - EVERY)  # what could not be sent in time is not made up for
        now = np.datetime64(round(time.time() * 1e6), "us").item().isoformat()
        body = lines.replace("@TIME", now).replace("@PUSH", f"{taken[0]}")
        connection.request("POST", "/api/events", body, {"Content-Type": "application/x-ndjson"})
        taken[0] += json.loads(connection.getresponse().read())["accepted"]
    connection.close()


def _lines(count: int) -> str:
    """Return lines that are the same in every push, but for its time and name: to make them anew would take a core."""
    hosts = np.random.default_rng(SEED).integers(1 << 24, 224 << 24, count).tolist()
    told = {"time": "@TIMEZ", "category": "ssh", "verdict": "detected"}
    return "".join(
        json.dumps(
            {
                **told,
                "event_id": f"@PUSH-{n}",
                "src_ip": ".".join(str(host >> shift & 255) for shift in (24, 16, 8, 0)),
            }
        )
        + "\n"
        for n, host in enumerate(hosts)
    )
