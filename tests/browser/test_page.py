"""The exported page, opened from disk with the network cut: it plays, scrubs, filters and counts as pandas does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import attackviz as av

from .pages import Player, Watch, open_page, until, watched

WINDOW = ["2025-02-18T00:00:00.000Z", "2025-02-21T00:00:00.000Z"]
MOMENT = "2025-02-20T05:42:10.000Z"


@pytest.fixture(scope="module")
def watch(chromium: Any, tpot_page: Path) -> Iterator[Watch]:
    with watched(chromium) as watch:
        open_page(watch, tpot_page)
        yield watch


@pytest.fixture
def player(watch: Watch) -> Iterator[Player]:
    """Yield the page's player, as if just opened on the flood of February; afterwards nothing untoward has happened."""
    player = Player(watch.page)
    player.run("player.pause(); player.engine.set({loop: false, skipQuiet: false, trail: 0, selected: null})")
    player.set(filters={}, window=WINDOW, scope="trail", speed=600)
    player.at(MOMENT)
    yield player
    watch.assert_quiet()


@pytest.fixture(scope="module")
def table(tpot: pd.DataFrame, tpot_replay: av.Replay) -> pd.DataFrame:
    """Return the timed events with the tick each falls into: a recording's clock counts ticks, here of 10 ms."""
    header = tpot_replay.recording.header
    timed = tpot[tpot["time"].notna()]
    us = timed["time"].astype("int64") // (1 if timed["time"].dt.unit == "us" else 1000)
    text = {c: timed[c].astype(object).where(timed[c].notna(), "").astype(str) for c in ("src_country", "src_ip")}
    return timed.assign(tick=(us - header["start_us"]) // header["tick_us"], **text)


def test_says_what_was_read(player: Player, tpot: pd.DataFrame) -> None:
    state = player.state
    untimed = int(tpot["time"].isna().sum())
    assert state["totals"]["events"] == len(tpot) == 388_678
    assert state["totals"]["untimed"] == untimed
    assert state["account"]["events"] == len(tpot)
    assert state["account"]["pieces"] == state["account"]["events"] + sum(state["account"]["bad"].values()) + 7
    honest = player.texts(".av-honest-text")[0]
    assert f"{state['counts']['events']:,} drawn" in honest
    assert f"{untimed} without a usable time" in honest
    assert "IP Geolocation by DB-IP" in honest
    assert player.page.title() == "Five honeypots"


def test_plays(player: Player) -> None:
    before, picture = player.state["t"], player.pixels()
    player.page.keyboard.press("Space")
    until(lambda: player.state["t"] > before + 60_000, "the clock")
    assert player.state["playing"]
    player.page.keyboard.press("Space")
    assert not player.state["playing"]
    assert player.pixels() != picture


def test_play_stops_at_the_windows_end(player: Player) -> None:
    player.set(window=["2025-02-20T05:00:00Z", "2025-02-20T05:10:00Z"], speed=3600)
    player.run("player.seek('2025-02-20T05:00:00Z'); player.play()")
    until(lambda: not player.state["playing"], "the end")
    assert player.state["clock"] == "2025-02-20T05:10:00.000Z"


def test_scrubs_by_dragging(player: Player) -> None:
    box = player.root.locator(".av-timeline canvas").bounding_box()
    assert box is not None
    mouse, y = player.page.mouse, box["y"] + 60
    seen = []
    mouse.move(box["x"] + box["width"] * 0.2, y)
    mouse.down()
    for part in (0.2, 0.4, 0.6, 0.8):
        mouse.move(box["x"] + box["width"] * part, y)
        seen.append((player.state["t"], player.pixels()))
    mouse.up()
    times = [t for t, _ in seen]
    assert times == sorted(times)
    assert len(set(times)) == len({picture for _, picture in seen}) == 4
    span = pd.Timestamp(WINDOW[1]) - pd.Timestamp(WINDOW[0])
    # A fifth of the canvas is about a fifth of the window: the axis takes a little of it.
    assert times[3] - times[0] == pytest.approx(0.6 * span.total_seconds() * 1000, rel=0.1)
    mouse.move(box["x"] + 200, y)
    assert player.state["t"] == times[3]


def test_drags_a_window_with_shift(player: Player) -> None:
    box = player.root.locator(".av-timeline canvas").bounding_box()
    assert box is not None
    mouse, y = player.page.mouse, box["y"] + 60
    player.page.keyboard.down("Shift")
    mouse.move(box["x"] + box["width"] * 0.5, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.6, y)
    mouse.up()
    player.page.keyboard.up("Shift")
    start, end = map(pd.Timestamp, player.state["window"])
    assert pd.Timestamp(WINDOW[0]) < start < end < pd.Timestamp(WINDOW[1])
    assert end - start == pytest.approx(pd.Timedelta(hours=7.2), rel=0.1)


def expected(table: pd.DataFrame, player: Player, state: dict[str, Any], header: dict[str, Any]) -> dict[str, Any]:
    """Ask pandas what the player's counts should be, from the event table, the scope and the filters alone."""
    tick_us, start_us = header["tick_us"], header["start_us"]
    ticks = [(int(pd.Timestamp(t).value) // 1000 - start_us) // tick_us for t in state["window"]]
    now = (state["t"] * 1000 - start_us) / tick_us
    trail = state["trail_ms"] * 1000 / tick_us
    whole = table[(table["tick"] >= ticks[0]) & (table["tick"] < ticks[1])]
    low, high = {"window": (-1, np.inf), "playhead": (-1, now), "trail": (now - trail, now)}[state["scope"]]
    scoped = whole[(whole["tick"] > low) & (whole["tick"] <= high)]

    def passing(rows: pd.DataFrame) -> pd.DataFrame:
        for field, condition in state["filters"].items():
            column = {"slot": "category", "address": "src_ip", "country": "src_country"}.get(field, field)
            for op, values in condition.items():
                rows = rows[rows[column].isin(values) == (op == "in")]
        return rows

    def sums(rows: pd.DataFrame) -> dict[str, int]:
        return {
            "events": len(rows),
            "sources": rows["src_ip"].replace("", None).nunique(),
            "countries": rows["src_country"].replace("", None).nunique(),
        }

    left = passing(scoped)
    label = {c["name"]: c["label"] for c in header["categories"]}
    return {
        **sums(left),
        "total": sums(passing(whole)),
        "unlocated": int(left["src_lat"].isna().sum()),
        "filteredOut": len(scoped) - len(left),
        "severe": int(left["severity"].isin(["high", "critical"]).sum()),
        "byCategory": {label[name]: n for name, n in left["category"].value_counts().items() if n},
        "byVerdict": {name: n for name, n in left["verdict"].value_counts().items() if n},
    }


def shown(state: dict[str, Any]) -> dict[str, Any]:
    counts = state["counts"]
    nonzero = {name: {k: v for k, v in counts[name].items() if v} for name in ("byCategory", "byVerdict")}
    names = ("events", "sources", "countries", "unlocated", "filteredOut", "severe")
    return {**{name: counts[name] for name in names}, **nonzero, "total": state["window_counts"]}


def draw(rng: np.random.Generator, table: pd.DataFrame) -> dict[str, Any]:
    """Draw filters from the values there are, the frequent ones more often."""
    columns = {"slot": "category", "country": "src_country", "address": "src_ip", "verdict": "verdict"}
    filters: dict[str, Any] = {}
    for field in rng.permutation(list(columns))[: rng.integers(1, 4)]:
        column = table[columns[field]].to_numpy()
        values = {str(column[i]) for i in rng.integers(0, len(column), 200 if field == "address" else 4)}
        filters[str(field)] = {"in" if rng.random() < 0.4 else "not": sorted(values)}
    return filters


@pytest.mark.parametrize("seed", range(12))
def test_counts_as_pandas_does(player: Player, table: pd.DataFrame, tpot_replay: av.Replay, seed: int) -> None:
    rng = np.random.default_rng(seed)
    header = tpot_replay.recording.header
    end = pd.Timestamp(header["start_us"] + header["end"] * header["tick_us"], unit="us", tz="UTC")
    start = pd.Timestamp(WINDOW[0]) + pd.Timedelta(minutes=int(rng.integers(0, 3000)))
    stop = min(end, start + pd.Timedelta(minutes=int(rng.integers(1, 6000))))
    moment = start + (stop - start) * rng.random()
    player.set(
        filters=draw(rng, table),
        window=[t.isoformat() for t in (start, stop)],
        speed=float(rng.choice([1, 60, 600, 3600])),
        scope=str(rng.choice(["trail", "playhead", "window"])),
    )
    player.run("player.seek(arg)", moment.floor("10ms").isoformat())
    state = player.state
    assert shown(state) == expected(table, player, state, header)


@pytest.mark.parametrize("scope", ["trail", "playhead", "window"])
def test_toggling_a_category_changes_every_number(
    player: Player, table: pd.DataFrame, tpot_replay: av.Replay, scope: str
) -> None:
    trail = player.state["counts"]["byCategory"]["VPN portal"]
    player.set(scope=scope)
    before = player.state
    row = player.root.locator(".av-legend .av-lg", has_text="VPN portal")
    row.click()
    state = player.state
    assert state["filters"] == {"slot": {"not": [0]}}
    told = {**state, "filters": {"slot": {"not": ["vpn"]}}}
    assert shown(state) == expected(table, player, told, tpot_replay.recording.header)
    player.settle()
    assert player.texts(".av-counters .av-val")[0] == f"{state['counts']['events']:,}"
    assert player.texts(".av-counters .av-scope")[0] == f"of {state['window_counts']['events']:,}"
    assert state["counts"]["events"] != before["counts"]["events"]
    # What is hidden is still counted beside its name.
    assert row.get_attribute("aria-pressed") == "false"
    assert row.locator(".av-n").inner_text() == f"{trail:,}"
    row.click()
    assert shown(player.state) == shown(before)


def test_lists_rank_as_pandas_does(player: Player, table: pd.DataFrame) -> None:
    player.set(scope="window")
    player.settle()
    inside = table[table["time"].between(*map(pd.Timestamp, WINDOW), inclusive="left")]
    ranked = inside["src_country"].value_counts()
    rows = player.root.locator(".av-row.k-country")
    assert [row.split() for row in rows.locator(".av-code").all_inner_texts()] == [[c] for c in ranked.index[:5]]
    assert rows.locator(".av-n").all_inner_texts() == [f"{n:,}" for n in ranked.iloc[:5]]


def test_timeline_sums_to_the_window(player: Player) -> None:
    bars = player.run("return Array.from(player.engine.histogram().total)")
    assert sum(bars) == player.state["window_counts"]["events"]


def test_is_one_file_that_names_no_other(tpot_page: Path) -> None:
    text = tpot_page.read_text(encoding="utf-8")
    policy = text.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy
    for word in ("/work", "/home", "/root", "/tmp"):
        assert word not in text
    assert json.loads(text.split('id="options">')[1].split("</script>")[0])["theme"] == "dark"


def test_everything_opened_asks_for_nothing(watch: Watch, player: Player) -> None:
    for key in ("b", "/", "Escape", "?", "Escape", "d", "d", "b"):
        player.page.keyboard.press(key)
    for name in ("What was read", "Choose the window", "Settings"):
        player.root.get_by_title(name, exact=True).click()
        player.page.keyboard.press("Escape")
    assert watch.requests
    assert watch.away == []
