"""How soon a server shows something, and what memory it takes."""

from __future__ import annotations

import time
from contextlib import ExitStack

from playwright.sync_api import Browser, Page

from .. import server
from ..bench import TPOT, TPOT_LOGS, Bench, median
from ..browser import chromium, tab, until_bokeh_is_idle, until_mapped, until_playable
from ..process import resident
from ..server import Server, serving
from ..table import Goal, Row

BESIDE = "panel serve: the same logs by pandas, one hv.Area"
STARTS = (
    "Warm. First page: from the start of the command to words of the app on the screen of a browser that runs already. "
    "Today's app reads once and keeps the frame for all sessions (pn.state.as_cached); it locates and plays nothing."
)
MEMORY = (
    "Resident memory of the server with its children, one session open and reading done; then the mean of what each of "
    "the further sessions adds: real browser profiles with the page drawn, after settling."
)
SETTLED = 2.0  # seconds without a change worth speaking of
FIRST = "() => { const p = findPlayer(); return p && document.visibilityState && p.state.status; }"


def rows(bench: Bench) -> list[Row]:
    """Start servers on the honeypots' logs, and open sessions."""
    starts, more = bench.pick(3, 1), bench.pick(5, 2)
    logs = [str(TPOT / name) for name in TPOT_LOGS]
    with chromium() as browser:
        _start(browser)  # the first one warms the caches
        ours = [_start(browser) for _ in range(starts)]
        memory, each = _ours_memory(browser, more)
        theirs, their_memory, their_each = _today(browser, logs, more)
    before = all(took["status"] == "loading" for took in ours)
    n = f"388 k events, {starts} starts; today 1"
    served = f"{n}; page {'before' if before else 'NOT before'} reading ended"
    sessions = f"388 k events, 1 + {more} sessions"
    page, playable = (median([took[key] for took in ours]) for key in ("page", "playable"))
    return [
        Row("server", "start to first page", "s", page, theirs, BESIDE, served, STARTS, Goal(3)),
        Row("server", "start to playable", "s", playable, theirs, BESIDE, n, STARTS),
        Row("server", "memory of the server", "MB", memory, their_memory, BESIDE, sessions, MEMORY, Goal(700)),
        Row("server", "memory one more session adds", "MB", each, their_each, BESIDE, sessions, MEMORY, Goal(20)),
    ]


def _start(browser: Browser) -> dict[str, float | str]:
    port = server.free_port()
    with serving(server.ours(str(TPOT), port), port) as running, tab(browser) as page:
        running.until_listening()
        page.goto(running.url)
        status = page.wait_for_function(FIRST).json_value()
        page.evaluate("painted()")
        shown = running.since()
        until_playable(page)
        return {"page": shown, "status": status, "playable": running.since()}


def _ours_memory(browser: Browser, more: int) -> tuple[float, float]:
    port = server.free_port()
    with serving(server.ours(str(TPOT), port), port) as running:
        running.until_listening()
        return _sessions(browser, running, more, until_mapped)


def _today(browser: Browser, logs: list[str], more: int) -> tuple[float, float, float]:
    port = server.free_port()
    with serving(server.panel("plot_app", port, *logs), port, "/plot_app") as running:
        running.until_listening()
        with tab(browser) as page:
            page.goto(running.url)
            until_bokeh_is_idle(page)
            took = running.since()
        return took, *_sessions(browser, running, more, until_bokeh_is_idle)


def _sessions(browser: Browser, running: Server, more: int, until: object) -> tuple[float, float]:
    with ExitStack() as open_tabs:

        def session() -> Page:
            page = open_tabs.enter_context(tab(browser))
            page.goto(running.url)
            until(page)
            return page

        session()
        first = _settled(running.pid)
        for _ in range(more):
            session()
        return first, (_settled(running.pid) - first) / more


def _settled(pid: int) -> float:
    before, after = 0.0, resident(pid)
    deadline = time.monotonic() + 15
    while abs(after - before) > 1 and time.monotonic() < deadline:
        time.sleep(SETTLED)
        before, after = after, resident(pid)
    return after
