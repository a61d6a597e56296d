"""`attackviz demo`, as `make demo` runs it: it plays, unless motion is to be reduced."""

from __future__ import annotations

from typing import Any

import pytest

from .pages import open_dashboard, served, until, watched

READING = 180_000  # milliseconds a loaded machine may take to read it all
OPENS = 1739858400000  # 2025-02-18T06:00:00Z


@pytest.mark.browser
def test_the_demo_plays_by_itself_and_holds_still_where_asked(chromium: Any) -> None:
    with served(command="demo") as url:
        with watched(chromium, offline=False) as watch:
            player = open_dashboard(watch, url)
            watch.page.locator(".av-play:enabled").wait_for(timeout=READING)
            until(lambda: player.state["playing"] and player.state["t"] > OPENS + 3_600_000, "the clock")
            assert player.state["totals"]["events"] == 388_678
        with watched(chromium, offline=False, reduced_motion="reduce") as watch:
            player = open_dashboard(watch, url)
            watch.page.locator(".av-play:enabled").wait_for(timeout=READING)
            assert (player.state["playing"], player.state["t"]) == (False, OPENS)
