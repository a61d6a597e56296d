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
    """Push at two rates, and look."""
    return [_row(bench, rate) for rate in (1_000, 10_000)]


def _row(bench: Bench, rate: int) -> Row:
    seconds = bench.pick(20, 5)
    port = free_port()
    command = ["-m", "attackviz", "serve", "--live", "--no-browser", "--port", f"{port}"]
    command += ["--tape", str(bench.directory / f"pixel-{rate}.tape")]
    with serving(python(*command), port) as server, chromium() as browser, tab(browser) as page:
        server.until_listening()
        page.goto(server.url)
        page.wait_for_function("() => window.findPlayer()?.state.live?.connection === 'open'")
        took = _looked(page, server.url, rate, seconds)
    middle, most = (float(each) / 1000 for each in np.percentile(took, [50, 95]))
    n = f"{rate:,} events a second, {len(took):,} events; median {middle:.2f} s"
    return Row("live_pixel", "POST to pixel, 95 of 100", "s", most, n=n, note=NOTE, goal=Goal(1.5))


def _looked(page: Page, url: str, rate: int, seconds: float) -> list[float]:
    ended = threading.Event()
    pusher = threading.Thread(target=_push, args=(url, rate, ended), daemon=True)
    pusher.start()
    page.wait_for_function("() => window.findPlayer().state.live.held > 0")
    page.wait_for_timeout(3000)  # until it runs evenly
    try:
        took: list[float] = page.evaluate(_WATCH, seconds)
    finally:
        ended.set()
        pusher.join()
    return took


def _push(url: str, rate: int, ended: threading.Event) -> None:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    rng = np.random.default_rng(SEED)
    number, due = 0, time.monotonic()
    while not ended.wait(max(0.0, due - time.monotonic())):
        due += EVERY
        count = int(rate * EVERY)
        hosts = rng.integers(1 << 24, 224 << 24, count).tolist()
        now = round(time.time() * 1e6)
        told = {"time": np.datetime64(now, "us").item().isoformat() + "Z", "category": "ssh", "verdict": "detected"}
        lines = (
            {
                **told,
                "event_id": f"{number + n}",
                "src_ip": ".".join(str(host >> shift & 255) for shift in (24, 16, 8, 0)),
            }
            for n, host in enumerate(hosts)
        )
        body = "".join(json.dumps(line) + "\n" for line in lines)
        connection.request("POST", "/api/events", body, {"Content-Type": "application/x-ndjson"})
        connection.getresponse().read()
        number += count
    connection.close()
