"""Live in a real browser: events appear, one may step back while it goes on, and nothing comes twice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from attackviz.dashboard.live import page
from attackviz.live import Live, LiveSettings
from attackviz.live.routes import routes

from ..live.servers import Process, lines, packed
from .pages import Watch, open_live, until, watched
from .test_dashboard import App

HOUR = timedelta(hours=1)
RING = 2_000  # rows
LOOK = "return { t: player.state.t, counts: player.state.counts, pixels: player.canvas.toDataURL() }"
ADDRESSES = ("185.220.101.7", "45.83.64.1", "103.231.72.29", "177.54.144.10", "196.251.118.91")


def now() -> datetime:
    return datetime.now(UTC)


def made(
    first: int, n: int, end: datetime, span: timedelta = timedelta(seconds=1), **more: Any
) -> list[dict[str, Any]]:
    """Return events spread evenly over the time before an end, with ids from a number on."""
    return [
        {
            "time": (end - span * (n - 1 - k) / n).isoformat().replace("+00:00", "Z"),
            "src_ip": ADDRESSES[(first + k) % len(ADDRESSES)],
            "category": ("ssh", "web", "vpn")[(first + k) % 3],
            "verdict": ("mitigated", "detected")[k % 2],
            "rule": f"rule {first + k}",  # no two rows of the feed are alike
            "event_id": f"event-{first + k}",
            "dst_name": "Frankfurt",
            "dst_lat": 50.11,
            "dst_lon": 8.68,
            **more,
        }
        for k in range(n)
    ]


class Stage:
    """A live server that a browser looks at, and what was pushed to it."""

    url: str

    def __init__(self) -> None:
        self.pushed = 0

    def take(self, events: list[dict[str, Any]]) -> int:
        """Have the server take events; return how many it accepted."""
        raise NotImplementedError

    def push(self, n: int, end: datetime | None = None, **more: Any) -> str:
        """Push so many events that end now; return the id of the last."""
        assert self.take(made(self.pushed, n, end or now(), **more)) == n
        self.pushed += n
        return f"event-{self.pushed - 1}"


class Here(Stage):
    """In a thread of this process, with a ring of few events."""

    def __init__(self, tape: Path) -> None:
        super().__init__()
        self.live = Live(LiveSettings(tape=tape)).start()
        self.live.hub.capacity = RING
        self.app = App(
            lambda: page(self.live.tape, attribution=self.live.attribution),
            extra_patterns=routes(lambda: self.live, login=False),
        )
        self.url = self.app.url

    def take(self, events: list[dict[str, Any]]) -> int:
        assert self.live.intake is not None
        return self.live.intake.take(lines(events)).accepted

    def stop(self) -> None:
        self.app.stop()
        self.live.stop()


class There(Stage):
    """A process of its own, as a user starts it, which may be killed."""

    def __init__(self, tape: Path) -> None:
        super().__init__()
        self.tape = tape
        self.process = Process("--tape", str(tape))
        self.url = f"http://localhost:{self.process.port}/"

    def take(self, events: list[dict[str, Any]]) -> int:
        answer = self.process.server.post(packed(events), Content_Encoding="gzip")
        assert answer.status == 200, answer.body
        accepted: int = answer.json["accepted"]
        return accepted

    def restart(self) -> None:
        port = self.process.port
        self.process.end(signal.SIGKILL)
        self.process = Process("--tape", str(self.tape), "--port", str(port))

    def stop(self) -> None:
        self.process.end(signal.SIGKILL)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Here]:
    here = Here(tmp_path / "tape")
    yield here
    here.stop()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[There]:
    there = There(tmp_path / "tape")
    yield there
    there.stop()


@pytest.fixture
def watch(chromium: Any) -> Iterator[Watch]:
    with watched(chromium, offline=False) as watch:
        yield watch


def test_step_back_and_catch_up_while_it_goes_on(stage: Here, watch: Watch) -> None:
    player = open_live(watch, stage.url)
    assert "Quiet so far" in player.texts(".av-state h2")
    stage.push(400, now() - timedelta(minutes=5), span=HOUR / 2)
    player.sees(stage.push(20))
    until(lambda: player.live["following"], "the live edge")
    until(lambda: player.state["clock"] > (now() - timedelta(seconds=30)).isoformat(), "a clock at now")
    player.holds(420)
    until(lambda: player.texts(".av-gauges .av-val")[1] == "420", "the gauges")

    # What is seen at a moment live is seen again whenever one comes back to it.
    seen = player.run(f"player.pause(); {LOOK}")
    assert seen["counts"]["events"] == 20
    last = stage.push(30, span=timedelta(seconds=0.5))
    player.holds(450)
    assert not player.live["following"]
    until(lambda: "30 newer events waiting" in " ".join(player.texts(".av-livebar")), "the bar")
    assert player.state["t"] == seen["t"]
    player.at("2026-01-01T00:00:00Z")
    again = player.run(f"player.renderAt(arg); {LOOK}", seen["t"])
    assert again["counts"] == seen["counts"]
    assert again["pixels"] == seen["pixels"]

    # From half an hour ago, fast, to the edge, and there at its own speed.
    player.run("player.seek(player.state.t - 1500e3); player.speed = 300; player.play()")
    player.sees(last)
    until(lambda: player.live["following"], "the live edge")
    assert player.state["speed"] == 1

    player.page.locator(".av-timeline canvas").click(position={"x": 300, "y": 60})
    until(lambda: not player.live["following"], "the past")
    player.page.get_by_role("button", name="Return to live").click()
    until(lambda: player.live["following"], "the live edge")
    player.page.keyboard.press(" ")
    until(lambda: not player.state["playing"], "a pause")
    player.page.keyboard.press("End")
    until(lambda: player.live["following"] and player.state["playing"], "the live edge")
    watch.assert_quiet()


def test_a_killed_server_costs_nothing_and_doubles_nothing(process: There, chromium: Any, watch: Watch) -> None:
    player = open_live(watch, process.url)
    with watched(chromium, offline=False) as beside:
        wall = open_live(beside, process.url + "?wall")
        assert [button for button in wall.page.locator("button").all() if button.is_visible()] == []
        player.sees(process.push(50))
        wall.holds(50)
        assert "live" in wall.texts(".av-walldate")[0]
        process.restart()
        process.push(70)  # maybe before they have found back
        player.sees(process.push(5))
        for each in (player, wall):
            each.holds(125)
            assert each.live["skipped"] == 0
            assert len(set(each.run("return [...player.engine.rec.sequence]"))) == 125
            assert each.live["following"]
        assert player.texts(".av-conn") == ["Connected"]
        # What is older was to be asked of the session that went with the server: that is said, and live goes on.
        old = [(now() - ago * HOUR).isoformat() for ago in (9, 8)]
        player.run("player.window = arg", old)
        until(lambda: "reload the page" in player.live["note"], "word that nobody answers")
        player.run("player.follow()")
        until(lambda: player.live["following"] and not player.live["note"], "the live edge")
        until(lambda: wall.texts(".av-walldate")[0].endswith("live"), "the word on the wall")


def test_a_hidden_tab_is_quiet_and_told_what_it_missed(stage: Here, watch: Watch) -> None:
    packets: list[bytes] = []
    watch.page.on(
        "websocket",
        lambda socket: (
            "/api/" in socket.url
            and socket.on("framereceived", lambda frame: isinstance(frame, bytes) and packets.append(frame))
        ),
    )
    player = open_live(watch, stage.url)
    player.sees(stage.push(10))
    player.hide(True)
    until(lambda: player.live["connection"] == "hidden", "rest")
    stage.push(1)
    heard = len(packets)
    for _ in range(4):
        stage.push(1000, span=timedelta(seconds=50))
    assert len(packets) == heard
    player.hide(False)
    last = stage.push(1)
    until(lambda: player.live["held"] + player.live["skipped"] == stage.pushed, "every event, here or told of")
    skipped = player.live["skipped"]
    assert skipped > 0
    assert f"{skipped:,} events were skipped" in " ".join(player.texts(".av-livebar b"))
    assert f"{skipped:,} skipped by this viewer" in " ".join(player.texts(".av-honest"))
    player.sees(last)
    player.page.get_by_role("button", name="Close").click()
    until(lambda: not player.page.locator(".av-livebar").is_visible(), "the bar to go")
    watch.assert_quiet()


def test_the_past_behind_the_browser_is_asked_of_the_tape(stage: Here, watch: Watch) -> None:
    hour = (now() - 5 * HOUR).replace(minute=0, second=0, microsecond=0)
    stage.push(300, hour + HOUR / 2, span=HOUR / 4)
    player = open_live(watch, stage.url)
    player.sees(stage.push(10))
    player.holds(10)  # a new viewer is given the last hour
    player.page.get_by_role("button", name="Window", exact=False).first.click()
    start, end = player.page.locator(".av-when input").all()
    start.fill(hour.strftime("%Y-%m-%d %H:%M"))
    end.fill((hour + HOUR).strftime("%Y-%m-%d %H:%M"))
    player.page.get_by_role("button", name="Show the past").click()
    until(lambda: player.live["history"], "the past")
    until(lambda: player.state["window_counts"]["events"] == 300, "its events")
    player.run("player.seek(player.state.window[0]); player.speed = 600; player.play()")
    until(lambda: player.state["drawn"] > 0, "arcs of the past")
    player.page.get_by_role("button", name="Return to live").click()
    until(lambda: player.live["following"] and not player.live["history"], "the live edge")
    assert player.state["window_counts"]["events"] == 10
