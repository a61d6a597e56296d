"""How long from logs to a first frame one can play."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from ..bench import TPOT, TPOT_EVENTS, TPOT_LOGS, Bench, geolite, median
from ..browser import chromium, tab, until_bokeh_is_idle, until_playable
from ..process import python, run
from ..table import Row

BESIDE = "pandas.read_json + geoip2 loop + gv.Points"
NOTE = (
    "From the start of the command to the frame on the screen: attackviz export, then the page opened in a browser "
    "that runs already. attackviz locates with its embedded database, today's loop with GeoLite2 City of 2018; its "
    "frame is a still map of the points, which cannot be played. Its saving and painting are not scaled."
)


def rows(bench: Bench) -> list[Row]:
    """Make pages of real and of generated logs and open them."""
    with chromium() as browser:
        return [_honeypots(bench, browser), _cloudflare(bench, browser)]


def _honeypots(bench: Bench, browser: Browser) -> Row:
    names = TPOT_LOGS[2:3] if bench.quick else TPOT_LOGS
    logs = [TPOT / name for name in names]
    runs = bench.pick(3, 1)
    _ours(bench, browser, logs[-1:], 1)  # warms the caches
    ours = _ours(bench, browser, logs if bench.quick else [TPOT], runs)
    theirs, rows_read = _today(bench, browser, logs, 1.0)
    n = f"{rows_read:,} events, {runs} runs; today 1 run"
    assert bench.quick or rows_read == TPOT_EVENTS
    return Row("first_frame", "T-Pot logs to first playable frame", "s", ours, theirs, BESIDE, n, NOTE)


def _cloudflare(bench: Bench, browser: Browser) -> Row:
    lines = bench.pick(1_000_000, 40_000)
    runs = bench.pick(2, 1)
    directory = bench.cloudflare(lines)
    files = sorted(directory.glob("*.gz"))[: bench.pick(2, 4)]
    ours = _ours(bench, browser, [directory], runs)
    theirs, rows_read = _today(bench, browser, files, lines)
    n = f"{lines:,} lines, {runs} runs; today 1 run on {rows_read:,}, reading and locating scaled"
    return Row("first_frame", "Cloudflare lines to first playable frame", "s", ours, theirs, BESIDE, n, NOTE)


def _ours(bench: Bench, browser: Browser, addresses: list[Path], runs: int) -> float:
    page = bench.directory / "first.html"
    command = python("-m", "attackviz", "export", *map(str, addresses), "-o", str(page), "--force")
    took = [run(command).wall + _opened(browser, page, until_playable) for _ in range(runs)]
    return median(took)


def _today(bench: Bench, browser: Browser, logs: list[Path], scaled_to: float) -> tuple[float, int]:
    page = bench.directory / "today.html"
    ran = run(python("-m", "benchmarks.today.map", str(page), str(geolite()), *map(str, logs)))
    steps = ran.answer
    factor = scaled_to / steps["rows"] if scaled_to > 1 else 1.0
    grown = (steps["read"] + steps["locate"]) * (factor - 1)
    return ran.wall + grown + _opened(browser, page, until_bokeh_is_idle), steps["rows"]


def _opened(browser: Browser, page: Path, until: Callable[[Page], None]) -> float:
    with tab(browser) as opened:
        began = time.perf_counter()
        opened.goto(page.as_uri())
        until(opened)
        return time.perf_counter() - began
