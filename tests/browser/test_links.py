"""Marks on the timeline, and links: a frame that was linked to is shown again, in a page and in the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pytest
from playwright.sync_api import Browser

import attackviz as av

from .pages import DESK, PHONE, Player, open_dashboard, open_page, served, until, watched

NOON = "2025-02-18T12:00:00.000Z"
CAPTION = '<img src=x onerror="globalThis.owned=1">rule deployed'


def flooded() -> pd.DataFrame:
    """Return two quiet days, and a flood on each."""
    start = pd.Timestamp("2025-02-18", tz="UTC")
    quiet = pd.DataFrame({"time": pd.date_range(start, periods=2880, freq="min"), "category": "ssh"})
    floods = [
        pd.DataFrame({"time": pd.date_range(start + pd.Timedelta(hours=hour), periods=900, freq="s"), "category": name})
        for hour, name in ((14, "ssh"), (30, "web"))
    ]
    events = pd.concat([quiet, *floods], ignore_index=True)
    events["src_ip"] = [f"192.0.2.{k % 200}" for k in range(len(events))]
    for name, places in {"src_country": ["CN", "DE", "BR"], "dst_country": ["US"]}.items():
        events[name] = [places[k % len(places)] for k in range(len(events))]
    for end, points in {"src": [(30.2, 120.1), (52.5, 13.4), (-23.5, -46.6)], "dst": [(41.3, -95.9)]}.items():
        for axis, name in enumerate(("lat", "lon")):
            events[f"{end}_{name}"] = [points[k % len(points)][axis] for k in range(len(events))]
    return events


@pytest.fixture(scope="module")
def replay() -> av.Replay:
    replay = av.Replay(flooded(), title="Two floods", source="floods")
    assert [burst["category"] for burst in replay.recording.header["bursts"]] == ["ssh", "web"]
    moment = int(pd.Timestamp("2025-02-18T06:00Z").timestamp() * 1_000_000)
    replay.recording.header["notes"] = [{"t": moment, "text": CAPTION}]
    return replay


@pytest.fixture(scope="module")
def page(replay: av.Replay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return replay.save(tmp_path_factory.mktemp("links") / "floods.html")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the same events."""
    path = tmp_path_factory.mktemp("links") / "floods.parquet"
    flooded().to_parquet(path)
    with served(path) as url:
        yield url


def opened_at(chromium: Browser, url: str, size: dict[str, int] = DESK):
    return watched(chromium, offline=not url.startswith("http"), size=size, reduced_motion="reduce")


def test_keys_and_buttons_go_from_burst_to_burst(chromium: Browser, page: Path) -> None:
    with watched(chromium) as watch:
        player = open_page(watch, page)
        first, second = "2025-02-18T14:00:00.000Z", "2025-02-19T06:00:00.000Z"
        player.at(NOON)
        until(lambda: player.texts(".av-bursts") == ["2 bursts"], "the number of bursts")
        for keys, moment in (("Shift+Period", first), ("Shift+Period", second), ("Shift+Period", second)):
            watch.page.keyboard.press(keys)
            until(lambda moment=moment: player.state["clock"] == moment, f"the burst at {moment}")
        until(lambda: player.texts(".av-bursts") == ["Burst 2 of 2"], "which burst it is")
        player.root.get_by_role("button", name="Previous burst").click()
        until(lambda: player.state["clock"] == first, "the burst before")
        watch.page.keyboard.press("Shift+Comma")
        until(lambda: "No earlier burst" in player.texts(".av-sr")[0], "that there is none before")
        assert player.state["clock"] == first
        player.set(window=["2025-02-18T00:00Z", "2025-02-18T10:00Z"])
        until(lambda: not player.root.locator(".av-bursts").is_visible(), "a window without bursts")
        watch.assert_quiet()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_caption_is_text_in_the_tooltip(chromium: Browser, page: Path, size: dict[str, int]) -> None:
    with watched(chromium, size=size) as watch:
        player = open_page(watch, page)
        player.at(NOON)
        frame = player.root.locator(".av-timeline canvas").bounding_box()
        assert frame is not None
        left, right = (44, 12) if size is PHONE else (56, 16)
        spot = player.run(
            "const [a, b] = player.engine.state.window;"
            "return (player.engine.ticksOf(Date.UTC(2025, 1, 18, 6)) - a) / (b - a)"
        )
        x = frame["x"] + left + spot * (frame["width"] - left - right)

        def told() -> bool:
            watch.page.mouse.move(x + 1, frame["y"] + 11)
            watch.page.mouse.move(x, frame["y"] + 11)
            return CAPTION in "".join(player.texts(".av-tip-note"))

        until(told, "what the caption says")
        assert not watch.frames_have("owned")
        watch.assert_quiet()


def test_a_page_opens_at_the_moment_its_address_names(chromium: Browser, page: Path) -> None:
    with watched(chromium) as watch:
        watch.page.goto(f"{page.as_uri()}#t=2025-02-18T12:00:00Z")
        player = Player(watch.page)
        until(lambda: player.state["clock"] == NOON, "the moment of the address")
        other = urlencode({"t": "2025-02-19T06:30Z", "filters": '{"country":{"in":["CN"]}}'})
        watch.page.evaluate("(text) => { location.hash = text; }", other)
        until(lambda: player.state["clock"] == "2025-02-19T06:30:00.000Z", "the moment of another address")
        assert player.state["filters"] == {"country": {"in": ["CN"]}}
        watch.assert_quiet()


HOSTILE = [
    "#t=<script>globalThis.owned=1</script>",
    '#filters={"__proto__":{"in":[1]},"country":7}',
    "#map=NaN,1e999,-3&speed=1e-400&window=x/y",
    "#source=%3Cimg src=x onerror=globalThis.owned=1%3E&filters=%7B%22rule%22%3A%7B%22range%22%3A1%7D%7D",
    "#" + "x" * 50_000,
]


@pytest.mark.parametrize("address", HOSTILE, ids=range(len(HOSTILE)))
def test_an_address_that_makes_no_sense_harms_nothing(chromium: Browser, page: Path, address: str) -> None:
    with watched(chromium) as watch:
        watch.page.goto(page.as_uri() + address)
        player = Player(watch.page)
        until(lambda: player.state["status"] == "ready", "the page")
        assert player.at(NOON)["counts"]["events"] > 0
        assert not watch.frames_have("owned")
        watch.assert_quiet()


def look(player: Player) -> None:
    """Turn everything that a link holds away from where it opens."""
    player.set(
        window=["2025-02-18T10:00Z", "2025-02-19T08:00Z"],
        speed=300,
        filters={"country": {"not": ["BR"]}},
        scope="window",
    )
    player.run("player.configure({ trail: 7200, bins: 1800, loop: true })")
    for _ in range(2):
        player.run("root.querySelector('.av-zoom button').click()")
    player.at("2025-02-18T14:10:00.500Z")


SAME = ("clock", "window", "filters", "speed", "scope", "trail_ms", "bins_ms", "loop", "theme", "counts")


def shows(player: Player, expected: dict[str, Any]) -> bool:
    """Whether a player shows what another one does; edges of the map are written to a millimetre."""
    state = player.state
    view, wanted = state["map"], expected["map"]
    near = all(abs(view[edge] - wanted[edge]) < 1 for edge in ("x0", "x1"))
    return near and all(state[name] == expected[name] for name in SAME)


def test_a_link_shows_the_same_frame_elsewhere(chromium: Browser, page: Path, dashboard: str) -> None:
    """From the dashboard's address to another browser, and on to the exported page."""
    with opened_at(chromium, dashboard) as watch:
        player = open_dashboard(watch, dashboard)
        look(player)
        link = until(lambda: "14:10:00.500Z" in (now := watch.page.evaluate("location.hash")) and now, "the address")
        player.settle()
        expected, pixels = player.state, player.pixels()
    with opened_at(chromium, dashboard) as watch:
        other = open_dashboard(watch, dashboard + link)
        until(lambda: shows(other, expected), "the linked frame")
        other.settle()
        assert other.pixels() == pixels
    with watched(chromium, reduced_motion="reduce") as watch:
        watch.page.goto(page.as_uri() + link)
        last = Player(watch.page)
        until(lambda: shows(last, expected), "the frame on the page")


def test_the_address_of_another_source_is_told(chromium: Browser, dashboard: str) -> None:
    with opened_at(chromium, dashboard) as watch:
        player = open_dashboard(watch, f"{dashboard}#{urlencode({'t': NOON, 'source': 'somewhere else'})}")
        until(lambda: "the link is of somewhere else" in "".join(player.texts(".av-source")), "whose link it is")
        assert player.state["clock"] == NOON
