"""Recordings at the edges: one event, none, none with a place or a time, many categories, weights, several targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .pages import Player, Watch, open_page, until, watched

START = pd.Timestamp("2025-02-18T10:00Z")
PRAGUE, AUCKLAND, QUITO = (50.1, 14.4), (-36.8, 174.8), (-0.2, -78.5)
OMAHA, SYDNEY = (41.3, -95.9), (-33.9, 151.2)


def events(n: int = 1, step: str = "10s", **columns: Any) -> pd.DataFrame:
    """Return n events from Prague to Omaha, some time apart; columns replace or add to what they have."""
    usual = {
        "time": START + pd.Timedelta(step) * pd.Series(range(n)),
        "src_ip": [f"192.0.2.{k}" for k in range(n)],
        "category": "ssh",
        "verdict": "detected",
        "src_lat": PRAGUE[0],
        "src_lon": PRAGUE[1],
        "src_country": "CZ",
        "src_city": "Prague",
        "dst_lat": OMAHA[0],
        "dst_lon": OMAHA[1],
        "dst_name": "Omaha",
    }
    return pd.DataFrame({**usual, **columns})


@pytest.fixture
def play(chromium: Any, save: Callable[..., Path]) -> Iterator[Callable[..., Player]]:
    """Return a function that opens the exported page of an event table; it must be quiet at the end."""
    with watched(chromium) as watch:

        def play(frame: pd.DataFrame, **options: Any) -> Player:
            return open_page(watch, save(frame, **options))

        yield play
        watch.assert_quiet()


def empty(player: Player, left: float, right: float) -> bool:
    """Whether the attack layer shows nothing in a band of its width."""
    return player.run(
        """
        const { width, height } = player.canvas, x = Math.round(width * arg[0]);
        const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
        copy.drawImage(player.canvas, 0, 0);
        const { data } = copy.getImageData(x, 0, Math.round(width * arg[1]) - x, height);
        return data.every((byte, k) => k % 4 !== 3 || byte === 0);""",
        [left, right],
    )


def test_one_event(play: Callable[..., Player]) -> None:
    player = play(events())
    player.set(speed=3600)
    player.run("player.play()")
    until(lambda: not player.state["playing"], "the end")
    state = player.at(START.isoformat())
    assert state["counts"]["events"] == state["drawn"] == 1
    assert state["counts"]["sources"] == state["counts"]["countries"] == 1
    assert player.texts(".av-honest-text")[0].startswith("1 of 1 drawn")
    assert player.texts(".av-row.k-country .av-nm") == ["Czechia"]
    assert not empty(player, 0, 1)
    for key in (".", ",", "Home", "End", "]", "["):
        player.page.keyboard.press(key)
    assert player.state["window_counts"]["events"] == 1


def test_none_located(play: Callable[..., Player]) -> None:
    nowhere = {"src_lat": None, "src_lon": None, "src_country": None, "src_city": None}
    player = play(events(30, step="1s", **nowhere))
    state = player.at((START + pd.Timedelta("40s")).isoformat())
    assert state["counts"]["events"] == state["counts"]["unlocated"] == 30
    assert state["counts"]["countries"] == state["drawn"] == 0
    assert player.texts(".av-honest-text")[0].startswith("0 of 30 drawn · totals exact · 30 without a location")
    assert player.texts(".av-row.k-country .av-nm") == ["Unknown"]
    assert "no location" in player.texts(".av-ev")[0]


def test_neither_source_nor_target_has_a_place(play: Callable[..., Player]) -> None:
    player = play(pd.DataFrame({"time": [START]}))
    state = player.at(START.isoformat())
    assert state["counts"]["events"] == state["counts"]["unlocated"] == 1
    assert state["counts"]["sources"] == 0  # without an address there is no source
    assert empty(player, 0, 1)
    before = player.state["map"]
    player.page.keyboard.press("t")
    assert player.state["map"] == before


def test_only_untimed(play: Callable[..., Player]) -> None:
    player = play(events(3, time=pd.Series([pd.NaT] * 3, dtype="datetime64[us, UTC]")))
    state = player.state
    assert state["status"] == "empty"
    assert state["totals"]["untimed"] == 3
    assert "This recording holds no events" in player.texts(".av-state")[0]
    assert "Nothing in the input had a usable time" in player.texts(".av-state")[0]
    assert empty(player, 0, 1)
    for key in ("Space", ".", "Home", "1", "t", "+", "l", "b", "Escape", "/", "Escape"):
        player.page.keyboard.press(key)
    assert player.state["status"] == "empty"


def test_untimed_beside_timed(play: Callable[..., Player]) -> None:
    times = [START, START + pd.Timedelta("1s"), pd.NaT, pd.Timestamp("1970-01-01", tz="UTC")]
    player = play(events(4, time=pd.Series(times).astype("datetime64[us, UTC]")))
    player.at(START.isoformat())
    totals = player.state["totals"]
    assert totals["events"] == 4
    assert totals["in_recording"] + totals["untimed"] == 4
    assert f"{totals['untimed']} without a usable time, not in this recording" in player.texts(".av-honest-text")[0]


def test_more_than_eight_categories(play: Callable[..., Player]) -> None:
    names = [f"kind {k % 12}" if k < 60 else "kind 0" for k in range(70)]
    player = play(events(70, step="1s", category=names, src_ip="192.0.2.1"))
    state = player.at((START + pd.Timedelta("69s")).isoformat())
    player.set(scope="window")
    state = player.state
    assert list(state["counts"]["byCategory"])[-1] == "Other"
    assert len(state["counts"]["byCategory"]) == 8
    assert sum(state["counts"]["byCategory"].values()) == state["counts"]["events"] == 70
    assert state["counts"]["byCategory"]["kind 0"] == 15
    assert state["counts"]["byCategory"]["Other"] == 70 - 15 - 6 * 5
    rows = player.texts(".av-legend .av-lg")
    assert len(rows) == 8
    assert rows[-1].split()[0] == "Other"
    player.page.keyboard.press("8")
    assert player.state["counts"]["events"] == 45


def test_weights(play: Callable[..., Player]) -> None:
    player = play(events(3, step="1s", count=pd.array([1, 1_000_000, 41_212], dtype="uint32")))
    state = player.at((START + pd.Timedelta("2s")).isoformat())
    assert state["counts"]["events"] == state["totals"]["events"] == 1_041_213
    assert state["counts"]["sources"] == 3
    assert state["drawn"] <= state["counts"]["events"]
    player.set(filters={"address": {"in": ["192.0.2.1"]}})
    assert player.state["counts"]["events"] == 1_000_000
    player.settle()
    assert player.texts(".av-counters .av-val")[0] == "1.00 M"
    assert "×1,000,000" in player.texts(".av-ev")[0]


def test_two_targets(play: Callable[..., Player]) -> None:
    lat, lon, names = zip((*OMAHA, "Omaha"), (*SYDNEY, "Sydney"), (*SYDNEY, "Sydney"), strict=True)
    player = play(events(3, step="1s", dst_lat=lat, dst_lon=lon, dst_name=names))
    player.at((START + pd.Timedelta("3s")).isoformat())
    spots = player.run("return player.engine.index.drawnTargets.map((spot) => spot.name)")
    assert sorted(spots) == ["Omaha", "Sydney"]
    ranked = player.run("return player.engine.top('target', 5, 'window').rows.map((row) => [row.label, row.count])")
    assert ranked == [["Sydney", 2], ["Omaha", 1]]
    player.set(filters={"target": {"in": ["Omaha"]}}, scope="window")
    assert player.state["counts"]["events"] == 1


def test_over_the_antimeridian(play: Callable[..., Player]) -> None:
    """Auckland to Quito is shorter over the Pacific: the arc leaves the map on one side and comes back on the other."""
    there = {"src_lat": AUCKLAND[0], "src_lon": AUCKLAND[1], "src_country": "NZ", "src_city": "Auckland"}
    player = play(events(5, step="100ms", dst_lat=QUITO[0], dst_lon=QUITO[1], dst_name="Quito", **there))
    player.set(speed=1)
    player.at((START + pd.Timedelta("700ms")).isoformat())
    assert empty(player, 0.45, 0.85)
    assert not empty(player, 0.93, 1)
    assert not empty(player, 0, 0.15)
    player.run("player.engine.set({trail: 0})")
    west = {"src_lat": 40.7, "src_lon": -74.0}
    player = play(events(5, step="100ms", dst_lat=PRAGUE[0], dst_lon=PRAGUE[1], dst_name="Prague", **west))
    player.set(speed=1)
    player.at((START + pd.Timedelta("700ms")).isoformat())
    assert not empty(player, 0.35, 0.45)
    assert empty(player, 0.7, 1)


def test_empty_window(play: Callable[..., Player]) -> None:
    times = [START, START + pd.Timedelta("30h")]
    player = play(events(2, time=times))
    window = [(START + pd.Timedelta(hours=h)).isoformat() for h in (10, 12)]
    player.set(window=window)
    player.at(window[1])
    card = player.root.locator(".av-state")
    assert "No events in these 2 h" in card.inner_text()
    assert "it was quiet" in card.inner_text()
    assert player.state["status"] == "ready"
    assert player.state["counts"]["events"] == player.state["window_counts"]["events"] == player.state["drawn"] == 0
    player.root.get_by_role("button", name="Next event").click()
    assert player.state["window_counts"]["events"] == 1
    assert pd.Timestamp(player.state["clock"]) == times[1]
    player.set(window=window)
    player.settle()
    player.root.get_by_role("button", name="Last event").click()
    assert pd.Timestamp(player.state["clock"]) == times[0]
    player.set(filters={"slot": {"not": [2]}})
    player.settle()
    assert "No event passes the filters" in card.inner_text()
    player.root.get_by_role("button", name="Clear filters").click()
    player.settle()
    assert not card.is_visible()


def test_quiet_is_skipped(play: Callable[..., Player]) -> None:
    player = play(events(2, time=[START, START + pd.Timedelta("30h")]))
    player.set(speed=60)
    player.run("player.configure({skipQuiet: true, loop: false}); player.seek(arg); player.play()", START.isoformat())
    # Thirty hours at one minute a second would be half an hour.
    until(lambda: not player.state["playing"], "the end")
    assert player.state["clock"] == player.state["window"][1]


@pytest.mark.parametrize("damage", ["cut", "other", "version"])
def test_a_damaged_recording_says_so(chromium: Any, save: Callable[..., Path], damage: str) -> None:
    page = save(events(20))
    with watched(chromium) as watch:
        player = open_page(watch, page)
        player.run(
            """
            const whole = new Uint8Array(64).fill(7), magic = [0x41, 0x56, 0x52, 0x45, 0x43, 1, 13, 10];
            if (arg !== 'other') whole.set([...magic, arg === 'cut' ? 200 : 16, 0, 0, 0, 0, 0, 0, 0]);
            if (arg === 'version') whole.set(new TextEncoder().encode('{"version":99}  '), 16);
            player.setRecording(whole);""",
            damage,
        )
        player_says = player.root.get_by_role("alert").inner_text()
        assert "This recording cannot be read" in player_says
        words = {"cut": "there are only 64 bytes", "other": "does not start like", "version": "version 99"}
        assert words[damage] in player_says
        assert player.state["status"] == "error"
        for key in ("Space", ".", "b", "Escape"):
            player.page.keyboard.press(key)
        watch.assert_quiet()


def test_a_page_without_scripts_says_what_it_is(chromium: Any, save: Callable[..., Path]) -> None:
    page = save(events(3), title="Three logins")
    with watched(chromium, java_script_enabled=False) as watch:
        assert isinstance(watch, Watch)
        watch.page.goto(page.as_uri())
        note = watch.page.locator("#note").inner_text()
        assert note.startswith("Three logins: 3 events, 18 Feb 2025")
        assert "Scripts are switched off" in note
