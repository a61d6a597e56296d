"""More events than a recording holds: cells first, every event where one zooms, exact totals throughout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import attackviz as av
from attackviz.dashboard.app import page
from attackviz.dashboard.job import Job
from attackviz.dashboard.reading import Reading
from attackviz.replay import record

from ..conftest import FULL
from .generated import PORTS, START_US, write_events
from .pages import PATIENCE, Player, Watch, open_page, until, watched
from .test_dashboard import READING, App
from .test_export import exported
from .test_links import shows

EVENTS = 10_000_000 if FULL else 2_100_000
ANSWER = 240 if FULL else PATIENCE  # seconds
WHOLE = ["2025-02-01T00:00:00.000Z", "2025-02-15T00:00:00.000Z"]
TARGETS = "sensor,name,lat,lon,country\nnorth,Stockholm,59.33,18.06,SE\nsouth,Cape Town,-33.92,18.42,ZA\n"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cube")
    (directory / "targets.csv").write_text(TARGETS)
    return write_events(directory / "events.parquet", EVENTS)


@pytest.fixture(scope="module")
def events(log: Path) -> pd.DataFrame:
    """Return what the file holds, in the order of time: what every number is compared with."""
    frame = pq.read_table(log, columns=["time", "src_ip", "dst_port", "category", "rule", "verdict"]).to_pandas()
    return frame.sort_values("time", ignore_index=True)


@pytest.fixture(scope="module")
def reading(log: Path) -> Iterator[Reading]:
    reading = Reading(Job((str(log),), targets=str(log.with_name("targets.csv")))).start()
    yield reading
    reading.stop()


@pytest.fixture(scope="module")
def watch(chromium: Any, reading: Reading) -> Iterator[Watch]:
    reading.wait(READING * 5)
    app = App(lambda: page(reading))
    with watched(chromium, offline=False) as watch:
        watch.own = (*watch.own, app.url, app.url.replace("http", "ws", 1))
        watch.page.goto(app.url)
        watch.page.locator(".av-play:enabled").wait_for(timeout=READING * 1000)
        yield watch
        watch.assert_quiet()
    app.stop()


@pytest.fixture
def player(watch: Watch) -> Player:
    player = Player(watch.page)
    player.run("player.pause(); player.engine.set({trail: 0, bins: 0})")
    player.set(filters={}, scope="window", theme="dark")
    player.set(window=WHOLE)
    settle(player)
    return player


def settle(player: Player) -> dict[str, Any]:
    """Wait until nothing is asked for any more; return the state."""
    until(lambda: not player.state["asking"], "the answer", ANSWER)
    state = player.state
    assert (state["note"], state["unanswered"]) == ("", [])
    return state


def inside(events: pd.DataFrame, start: str | pd.Timestamp, end: str | pd.Timestamp) -> pd.DataFrame:
    first, last = events["time"].searchsorted([pd.Timestamp(start), pd.Timestamp(end)])
    return events.iloc[first:last]


def by(events: pd.DataFrame, column: str) -> dict[str, int]:
    return {str(name): int(n) for name, n in events[column].value_counts().items() if n}


def categories(player: Player) -> dict[str, int]:
    names = {one["label"]: one["name"] for one in player.run("return player.engine.rec.meta.categories")}
    return {names[label]: n for label, n in player.state["counts"]["byCategory"].items() if n}


def verdicts(player: Player) -> dict[str, int]:
    return {name: n for name, n in player.state["counts"]["byVerdict"].items() if n}


def ranked(player: Player, field: str, n: int = 500) -> dict[Any, int]:
    rows = player.run("return player.engine.top(arg[0], arg[1]).rows.map((r) => [r.key, r.count])", [field, n])
    return dict(map(tuple, rows))


def test_opens_in_cells_and_says_so(player: Player, events: pd.DataFrame) -> None:
    state = player.state
    grain = state["grain"]
    assert grain["events"] == state["totals"]["in_recording"] == state["counts"]["events"] == EVENTS
    assert grain["cells"] < EVENTS
    assert grain["seconds"] >= 60
    assert categories(player) == by(events, "category")
    assert verdicts(player) == by(events, "verdict")
    note, honesty = (player.root.locator(name).inner_text() for name in (".av-grain", ".av-honest"))
    assert note.startswith("Cells of ")
    assert f"{EVENTS:,} events in {grain['cells']:,} cells" in note
    assert "counted in cells of" in honesty
    assert player.run("return player.engine.histogram().total.reduce((a, b) => a + b, 0)") == EVENTS
    assert player.run("return player.engine.strip(50).reduce((a, b) => a + b, 0)") == EVENTS


def test_lists_come_from_the_store(player: Player, events: pd.DataFrame) -> None:
    rules, ports = by(events, "rule"), events["dst_port"].value_counts()
    assert ranked(player, "rule") == rules
    assert ranked(player, "port") == {int(port): int(n) for port, n in ports.items()}
    addresses = events["src_ip"].value_counts()
    assert ranked(player, "address", 1) == {addresses.index[0]: int(addresses.iloc[0])}
    assert player.state["counts"]["sources"] == len(addresses)
    player.settle()
    heads = player.texts(".av-list .av-more")
    assert any(text.startswith("window · 5 of") for text in heads), heads
    assert f"sample: {1000:,} of" in player.root.locator(".av-feed").inner_text()


@pytest.mark.parametrize("moment", ["2025-02-03T13:00:00.000Z", "2025-02-07T01:10:00.000Z", WHOLE[1]])
def test_scrubbing_counts_whole_bins(player: Player, events: pd.DataFrame, moment: str) -> None:
    player.set(scope="playhead")
    player.at(moment)
    seconds = player.state["grain"]["seconds"]
    bin_ends = pd.Timestamp(moment).floor(f"{seconds}s") + pd.Timedelta(seconds=seconds)
    past = inside(events, WHOLE[0], min(bin_ends, pd.Timestamp(WHOLE[1])))
    assert player.state["counts"]["events"] == len(past)
    assert categories(player) == by(past, "category")
    assert player.state["drawn"] <= player.run("return player.engine.counts('trail').events")


@pytest.mark.parametrize(
    "window",
    [
        ["2025-02-05T10:07:13.000Z", "2025-02-05T10:37:41.500Z"],
        ["2025-02-07T00:00:00.000Z", "2025-02-07T00:03:00.000Z"],
    ],
)
def test_zooming_in_comes_to_every_event(player: Player, events: pd.DataFrame, window: list[str]) -> None:
    player.set(window=window)
    state = settle(player)
    found = inside(events, *window)
    assert state["grain"] is None
    assert state["window"] == window
    assert state["counts"]["events"] == len(found)
    assert state["counts"]["sources"] == found["src_ip"].nunique()
    assert categories(player) == by(found, "category")
    assert ranked(player, "rule") == by(found, "rule")
    note = player.root.locator(".av-grain")
    until(lambda: f"{len(found):,}" in note.inner_text(), "the number of events in the note")
    assert "Every event of this window" in note.inner_text()
    # A part of it is there already, and the note counts that part.
    part = [window[0], (pd.Timestamp(window[0]) + pd.Timedelta("90s")).isoformat()]
    player.set(window=part)
    settle(player)
    until(lambda: f"{len(inside(events, *part)):,}" in note.inner_text(), "the number of events in the part")
    player.set(window=window)
    settle(player)
    # An event itself can be asked for what a cell cannot.
    address = found["src_ip"].iloc[0]
    player.set(filters={"address": {"in": [address]}})
    assert settle(player)["counts"]["events"] == int((found["src_ip"] == address).sum())


def test_a_drag_on_the_timeline_asks_for_finer_cells(player: Player, events: pd.DataFrame) -> None:
    before = player.state["grain"]
    box = player.root.locator(".av-timeline canvas").bounding_box()
    assert box is not None
    mouse, y = player.page.mouse, box["y"] + 60
    player.page.keyboard.down("Shift")
    mouse.move(box["x"] + box["width"] * 0.3, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.38, y, steps=4)
    mouse.up()
    player.page.keyboard.up("Shift")
    state = settle(player)
    found = inside(events, *state["window"])
    assert state["counts"]["events"] == len(found) < EVENTS
    assert state["grain"] != before
    assert verdicts(player) == by(found, "verdict")
    player.root.locator(".av-window").click()
    player.root.get_by_role("radio", name="Whole recording").click()
    state = settle(player)
    assert state["counts"]["events"] == EVENTS
    assert state["grain"] == before


def test_filters_that_cells_cannot_answer_go_to_the_store(player: Player, events: pd.DataFrame) -> None:
    ssh = events[events["dst_port"] == PORTS[0]]
    player.set(filters={"port": {"in": [PORTS[0]]}, "verdict": {"not": ["benign"]}})
    state = settle(player)
    kept = ssh[ssh["verdict"] != "benign"]
    assert state["grain"] is not None
    assert state["counts"]["events"] == len(kept)
    assert state["totals"]["filtered"] == EVENTS - len(ssh)
    assert ranked(player, "rule") == by(kept, "rule")
    assert f"{EVENTS - len(ssh):,} filtered out before" in player.root.locator(".av-honest").inner_text()
    player.set(filters={"verdict": {"not": ["benign"]}})
    state = settle(player)
    assert state["counts"]["events"] == int((events["verdict"] != "benign").sum())
    assert state["counts"]["filteredOut"] == int((events["verdict"] == "benign").sum())


LINKED: list[tuple[list[str], dict[str, Any], str]] = [
    (["2025-02-03T00:00:00.000Z", "2025-02-03T02:00:00.000Z"], {}, "2025-02-03T01:10:00.500Z"),  # every event
    (WHOLE, {"country": {"not": ["CN"]}}, "2025-02-07T03:00:00.000Z"),  # cells
    (WHOLE, {"port": {"in": [PORTS[0]]}}, "2025-02-07T03:00:00.000Z"),  # cells that only the store can filter
]


def test_a_link_shows_the_same_frame_elsewhere(chromium: Any, player: Player) -> None:
    """From one session to another, which is opened with the first link and led on by the others."""
    address = player.page.url.split("#")[0]
    with watched(chromium, offline=False) as watch:
        for window, filters, at in LINKED:
            player.set(window=window, speed=300, filters=filters)
            settle(player)
            player.run("player.configure({ trail: 7200, bins: 1800 })")
            player.at(at)
            settle(player)
            player.settle()
            expected, pixels, link = player.state, player.pixels(), player.run("return player.link")
            if watch.page.url.startswith(address):
                watch.page.evaluate("(text) => { location.hash = text; }", link)
            else:
                watch.page.goto(f"{address}#{link}")
                watch.page.locator(".av-play:enabled").wait_for(timeout=READING * 1000)
            same_frame(Player(watch.page), expected, pixels, link)
        assert watch.said == []


def same_frame(other: Player, expected: dict[str, Any], pixels: str, link: str) -> None:
    until(lambda: shows(other, expected), "the linked frame", ANSWER)
    settle(other)
    assert shows(other, expected)
    assert other.state["grain"] == expected["grain"]
    other.settle()
    assert other.pixels() == pixels
    until(lambda: other.page.evaluate("location.hash") == f"#{link}", "the same address")


def test_what_is_exported_is_every_event_of_the_window(player: Player, events: pd.DataFrame, tmp_path: Path) -> None:
    window = ["2025-02-03T00:00:00.000Z", "2025-02-03T02:00:00.000Z"]
    player.set(window=window, filters={"port": {"in": [PORTS[0]]}})
    settle(player)
    exported(player, "Events", redact=False).save_as(tmp_path / "events.parquet")
    got = pd.read_parquet(tmp_path / "events.parquet")
    wanted = inside(events, *window)
    wanted = wanted[wanted["dst_port"] == PORTS[0]]
    assert len(got) == len(wanted) > 0
    assert sorted(got["src_ip"]) == sorted(wanted["src_ip"].astype(str))
    exported(player, "Report", redact=False, title="Two hours").save_as(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"{len(wanted):,} events came from" in page
    assert "in the 2 h before" in page


def test_a_store_that_is_gone_is_told(player: Player, reading: Reading) -> None:
    assert reading._process is not None
    reading._process.kill()
    reading._process.wait()
    player.set(window=["2025-02-05T10:00:00Z", "2025-02-05T10:30:00Z"])
    note = player.root.locator(".av-grain")
    until(lambda: "has ended" in note.inner_text(), "the word that nobody answers")
    assert player.state["grain"] is not None


def test_a_page_of_cells_plays_offline(chromium: Any, events: pd.DataFrame, save_cells: Callable[..., Path]) -> None:
    few = events.iloc[:: len(events) // 30_000][:30_000]
    path = save_cells(few)
    with watched(chromium) as watch:
        player = open_page(watch, path)
        opening = player.state["window"]
        player.set(scope="window", window=WHOLE)
        state = player.state
        assert state["counts"]["events"] == len(few) == state["grain"]["events"]
        assert categories(player) == by(few, "category")
        assert ranked(player, "rule") == by(inside(few, *opening), "rule")
        assert player.run("return ['port', 'address', 'country', 'verdict'].map((f) => player.engine.can(f))") == [
            *(False, False, True, True)
        ]
        # Narrower: the lists are still those of the window it opened on, and it says so.
        player.set(window=["2025-02-03T00:00:00Z", "2025-02-06T00:00:00Z"])
        player.settle()
        assert player.state["counts"]["events"] == len(inside(few, *player.state["window"]))
        assert any("opening window · 5 of" in text for text in player.texts(".av-list .av-more"))
        player.set(filters={"port": {"in": [PORTS[0]]}})
        player.settle()
        assert player.state["counts"]["events"] == len(inside(few, *player.state["window"]))
        assert "not filtered by port" in player.root.locator(".av-honest").inner_text()
        watch.assert_quiet()


@pytest.fixture
def save_cells(tmp_path: Path) -> Callable[..., Path]:
    def save(events: pd.DataFrame) -> Path:
        place = pd.Series(np.arange(len(events)) % 3)
        located = events.reset_index(drop=True).assign(
            src_country=place.map({0: "CZ", 1: "FJ", 2: "NZ"}),
            src_lat=place.map({0: 50.1, 1: -18.1, 2: -36.9}).astype("float32"),
            src_lon=place.map({0: 14.4, 1: 178.4, 2: 174.8}).astype("float32"),
        )
        return av.Replay(record(located, "Cells", budget=9_000)).save(tmp_path / "cells.html")

    return save


def test_the_generator_begins_where_it_says(events: pd.DataFrame) -> None:
    assert events["time"].iloc[0].value // 1000 >= START_US
    assert len(events) == EVENTS
