"""What was seen live is seen again in a replay from the tape: the same counts, the same arcs, the same pixels."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import attackviz as av

from .pages import open_live, open_page, watched
from .test_live import Here, now

FRAME = "const { counts, drawn, map } = player.state; return { counts, drawn, map, pixels: player.canvas.toDataURL() }"
TRAIL_S = 120


def test_a_window_live_and_in_a_page_of_the_tape(chromium: Any, tmp_path: Path) -> None:
    stage = Here(tmp_path / "tape")
    try:
        with watched(chromium, offline=False) as watch, watched(chromium) as beside:
            live = open_live(watch, stage.url)
            end = now()
            second = timedelta(seconds=1)
            stage.push(300, end, span=90 * second)
            # Late ones, of a kind and from a place that nobody knows, and such as stand for many.
            stage.push(40, end - 10 * second, span=40 * second, category="a kind of one's own")
            stage.push(3, end - 5 * second, src_ip="192.0.2.1")
            stage.push(5, end - 3 * second, count=40, severity="critical")
            live.holds(348)
            start, stop = (moment.replace(microsecond=0) for moment in (end - 100 * second, end + 2 * second))
            window = [moment.isoformat() for moment in (start, stop)]
            moments = [(end - ago * second).isoformat() for ago in (0, 4, 11.25, 37)]
            live.run("player.pause()")
            live.set(window=window, speed=1)
            live.run("player.configure({ trail: arg })", TRAIL_S)
            seen = {}
            for moment in moments:
                live.at(moment)
                seen[moment] = live.run(FRAME)
            assert len({frame["pixels"] for frame in seen.values()}) == len(moments)
            assert all(frame["drawn"] > 0 for frame in seen.values())
            with av.Tape(tmp_path / "tape", readonly=True) as tape:
                events = tape.read("..".join(window)).table
            page = av.Replay(events, window="..".join(window)).save(tmp_path / "page.html")
            replay = open_page(beside, page)
            replay.set(window=window, speed=1)
            replay.run("player.configure({ trail: arg })", TRAIL_S)
            # From the last to the first: how one came there does not matter.
            for moment in reversed(moments):
                replay.at(moment)
                assert replay.run(FRAME) == seen[moment]
    finally:
        stage.stop()
