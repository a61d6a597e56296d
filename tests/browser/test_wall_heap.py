"""A wall that nobody touches for an hour: its browser holds what it held after ten minutes."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..conftest import FULL
from ..live.servers import Process, packed
from .accelerated import BROWSER
from .pages import Live, open_live, until, watched

FACTOR = 20 if FULL else 400  # how fast the hour goes
RATE = 100 if FULL else 8  # events a second of it
CAP = RATE * 300  # events that the browser keeps: full before minute ten
STEP = 30 if FULL else 60  # seconds of it between two pushes
MINUTE = 60


def rows(first: int, end: float, seconds: float, rnd: random.Random) -> Iterator[dict[str, Any]]:
    """Yield events hardly any address, place or rule of which comes twice."""
    n = int(RATE * seconds)
    for k in range(n):
        yield {
            "time": datetime.fromtimestamp(end - seconds * (n - 1 - k) / n, UTC).isoformat(),
            "src_ip": ".".join(str(rnd.randrange(1, 224)) for _ in range(4)),
            "src_city": f"city {first + k}",
            "rule": f"rule {first + k}",
            "category": rnd.choice(("ssh", "web", "vpn")),
            "event_id": f"event-{first + k}",
            "dst_name": "Frankfurt",
            "dst_lat": 50.11,
            "dst_lon": 8.68,
        }


def held(player: Live) -> int:
    """Return the bytes that the page's scripts hold, once their rubbish is gone and the ring is as full as its cap."""
    player.run("player.engine.rebuild(Math.max(0, player.engine.rec.n - player.engine.cap))")
    session = player.page.context.new_cdp_session(player.page)
    session.send("HeapProfiler.enable")
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    session.detach()
    return int(usage["usedSize"] + usage.get("backingStorageSize", 0))


def test_after_an_accelerated_hour_it_holds_what_it_held_after_ten_minutes(chromium: Any, tmp_path: Path) -> None:
    began, rnd = time.time(), random.Random(1)

    def now() -> float:
        return began + (time.time() - began) * FACTOR

    program = ("-m", "tests.browser.accelerated", str(began), str(FACTOR))
    with (
        Process("--tape", str(tmp_path / "tape"), program=program) as process,
        watched(chromium, offline=False) as watch,
    ):
        watch.page.add_init_script(BROWSER % (began, FACTOR))
        wall = open_live(watch, f"http://localhost:{process.port}/?wall")
        wall.run("player.engine.cap = arg", CAP)
        sizes: dict[int, int] = {}
        views: set[str] = set()
        start, sent = now(), 0
        for second in range(STEP, 60 * MINUTE + 1, STEP):
            time.sleep(max(0.0, (start + second - now()) / FACTOR))
            body = packed(rows(sent, start + second, STEP, rnd))
            answer = process.server.post(body, Content_Encoding="gzip").json
            assert answer["accepted"] == RATE * STEP
            sent += RATE * STEP
            views.add(wall.run("return root.querySelector('.av-wall').dataset.view"))
            if second in (10 * MINUTE, 60 * MINUTE):
                until(lambda all_=sent: wall.live["last"] == all_, "all events")
                sizes[second // MINUTE] = held(wall)
        assert wall.state["totals"]["events"] == sent
        assert wall.live["held"] == CAP
        assert wall.live["skipped"] == 0
        assert views == {"world", "region", "lists"}
        assert sizes[60] < 1.1 * sizes[10], sizes
        assert watch.said == []
