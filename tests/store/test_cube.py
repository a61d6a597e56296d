"""A cube is the finest that fits, and its sums are exact; a recording of it says so."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.analysis import EventTable
from attackviz.analysis.levels import ladder
from attackviz.errors import UsageError
from attackviz.filters import Filters
from attackviz.replay import build, load
from attackviz.store import PLACES, Grain
from attackviz.window import Window

from . import naive
from .conftest import as_table, made_up
from .test_store import conditions, reference, windows

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEPT = {"point": 3, "city": 3, "region": 2, "country": 1, "none": 0}
DEGREES = ("src_lat", "src_lon")


def cell_of(row, grain, window):
    """Return what a cube of this grain tells of an event, but for where its cell stands."""
    width = grain.seconds * 1_000_000
    start = row["us"] // width * width
    names = [row[f"src_{level}"] for level in ("country", "region", "city")]
    kept = KEPT[grain.place]
    point = tuple(row[end] for end in DEGREES) if grain.place == "point" else ()
    target = naive.values(row, "target")[0] or None
    return (
        max(start, window.start_us) if window else start,
        *names[:kept],
        *[None] * (3 - kept),
        naive.located(row) and grain.place != "none",
        point if naive.located(row) else (),
        *((target, row["dst_country"], row["dst_lat"], row["dst_lon"]) if grain.targets is None else ()),
        row["category"] or "unknown",
        row["verdict"] or "unknown",
    )


def told(cell, grain):
    """Return the same of a cell."""
    located = cell["src_lat"] is not None
    where = ("dst_name", "dst_country", "dst_lat", "dst_lon") if grain.targets is None else ()
    return (
        int(cell["time"].timestamp() * 1_000_000),
        *(cell[f"src_{level}"] for level in ("country", "region", "city")),
        located,
        tuple(cell[end] for end in DEGREES) if grain.place == "point" and located else (),
        *(cell[name] for name in where),
        cell["category"],
        cell["verdict"],
    )


def cells_at(rows, grain, window):
    sums = Counter()
    for row in rows:
        sums[cell_of(row, grain, window)] += row["n"]
    return sums


def at_place(store, place, window=None):
    """Return a cube with places of a level: tighten the budget until it is."""
    budget = len(store.cube(window))
    while (cube := store.cube(window, budget)).grain.place != place:
        assert PLACES.index(cube.grain.place) < PLACES.index(place), "the level was passed over"
        budget = len(cube) - 1
    return cube


@given(window=windows(), filters=conditions(), budget=st.sampled_from([60, 150, 400, 1000, 5000]))
def test_cells_hold_every_event_once_at_the_grain_they_say(store, rows, window, filters, budget):
    met = naive.chosen(rows, window, reference(filters))
    try:
        cube = store.cube(window, budget, Filters.parse(filters))
    except UsageError:
        assert len(met) > budget
        return
    listed = cube.table.to_pylist()
    assert len(cube) == len(listed)
    found = Counter()
    for cell in listed:
        found[told(cell, cube.grain)] += cell["count"]
    assert found == cells_at(met, cube.grain, window)
    assert [cell["time"] for cell in listed] == sorted(cell["time"] for cell in listed)
    totals = cube.totals
    assert totals["in_recording"] == naive.total(met) == cube.account.coarsened == cube.header()["events"]
    assert totals["unlocated"] == naive.total(row for row in met if not naive.located(row))
    left = sum(totals.get(name, 0) for name in ("in_recording", "untimed", "outside", "filtered"))
    assert totals["events"] == naive.total(rows) == left


@given(window=windows(), budget=st.sampled_from([100, 300, 1000, 3000]))
def test_the_grain_is_the_finest_that_fits(store, rows, window, budget):
    met = naive.chosen(rows, window, {})
    cube = store.cube(window, budget)
    # What 32 bits cannot count is in several cells.
    assert len(cube) - sum(1 for c in cube.table["count"].to_pylist() if c == 2**32 - 1) <= budget
    span = (window.start_us, window.end_us) if window else (0, 1)
    if window is None:
        times = [row["us"] for row in met]
        span = (min(times), max(times) + 1)
    steps = [Grain(*step) for step in ladder(span[1] - span[0])]
    if cube.grain in steps:
        # A level's nameless places may be told apart further, so that these are at least so many.
        for finer in steps[: steps.index(cube.grain)]:
            if finer.place in ("point", "none"):
                assert len(cells_at(met, finer, window)) > budget


def test_a_coarser_step_of_the_ladder_never_tells_more_apart():
    for span in (1, 10**6, 3600 * 10**6, 86_400 * 10**6, 30 * 86_400 * 10**6, 20 * 365 * 86_400 * 10**6):
        steps = ladder(span)
        assert steps[0] == (1, "point")
        for (seconds, place), (wider, coarser) in pairwise(steps):
            assert wider % seconds == 0
            assert PLACES.index(coarser) >= PLACES.index(place)
            assert (wider, coarser) != (seconds, place)
        assert steps[-1][1] == "none"
        assert steps[-1][0] * 10**6 >= span


def test_a_city_stands_at_its_point_with_most_events_whatever_the_window():
    points = [(10.0, 20.0), (10.5, 20.5), (11.0, 21.0)]
    often = [3, 9, 4]
    rows = [(second, point) for point, n in zip(points, often, strict=True) for second in range(n)]
    table = pa.table(
        {
            "time": pa.array([second for second, _ in rows], pa.timestamp("s", tz="UTC")),
            "src_country": ["CZ"] * len(rows),
            "src_city": ["Prague"] * len(rows),
            "src_lat": pa.array([lat for _, (lat, _) in rows], pa.float32()),
            "src_lon": pa.array([lon for _, (_, lon) in rows], pa.float32()),
        }
    )
    first = Window(EPOCH, EPOCH + timedelta(seconds=3))
    for window, budget in ((None, 9), (first, 3)):
        cube = EventTable(table).cube(window, budget)
        assert cube.grain == Grain(1, "city")
        assert {tuple(cell[end] for end in DEGREES) for cell in cube.table.to_pylist()} == {points[1]}
        assert sum(cube.table["count"].to_pylist()) == (sum(often) if window is None else 9)


def test_places_without_a_name_are_not_made_one(store):
    """Two located places without a country lie far apart: as a country, too."""
    cube = at_place(store, "country")
    nameless = {
        (cell["src_lat"], cell["src_lon"])
        for cell in cube.table.to_pylist()
        if cell["src_country"] is None and cell["src_lat"] is not None
    }
    assert nameless == {(10.0, 10.0), (-60.0, 170.0)}


def test_too_many_targets_share_one():
    rows = made_up(3, 4000)
    for k, row in enumerate(rows):
        row |= {"dst_name": f"host {k % 1500}", "dst_lat": None, "dst_lon": None, "dst_country": None, "n": 1}
        row["count"] = None
    cube = EventTable(as_table(rows)).cube(None, 600)
    assert cube.grain.place == "none"
    assert 0 < cube.grain.targets < 1500
    names = Counter()
    for cell in cube.table.to_pylist():
        names[cell["dst_name"]] += cell["count"]
    met = naive.chosen(rows, None, {})
    own = naive.by(met, "target")
    assert len(names) == cube.grain.targets + 1
    assert all(names[name] == own[name] for name in names if name != "Other targets")
    assert names.total() == naive.total(met)
    assert cube.header()["targets"] == cube.grain.targets
    load(build(cube).to_bytes())


def test_what_32_bits_cannot_count_is_in_several_cells():
    table = pa.table(
        {"time": pa.array([0, 0, 0], pa.timestamp("us", tz="UTC")), "count": pa.array([2**32 - 1] * 3, pa.uint32())}
    )
    cube = EventTable(table).cube()
    assert cube.table["count"].to_pylist() == [2**32 - 1] * 3
    recording = load(build(cube).to_bytes())
    assert recording.header["totals"]["in_recording"] == 3 * (2**32 - 1)


def test_more_categories_than_a_recording_tells_apart_are_other():
    times = pa.array(range(1000), pa.timestamp("s", tz="UTC"))
    names = [f"c{k}" if k < 700 else "ssh" for k in range(1000)]
    cube = EventTable(pa.table({"time": times, "category": names})).cube(None, 500)
    found = Counter()
    for cell in cube.table.to_pylist():
        found[cell["category"]] += cell["count"]
    assert len(found) == 256
    assert (found["ssh"], found["other"]) == (300, 700 - 254)
    assert len(build(cube).header["categories"]) == 256


def test_a_table_without_events_has_an_empty_cube():
    empty = pa.schema({"time": pa.timestamp("us", tz="UTC")}).empty_table()
    cube = EventTable(empty).cube()
    assert len(cube) == 0
    recording = build(cube)
    assert recording.header["totals"]["in_recording"] == 0
    assert load(recording.to_bytes()) == recording


@given(window=windows(), budget=st.sampled_from([200, 1000, 5000]))
def test_a_recording_of_a_cube_reads_back_and_adds_up(store, rows, window, budget):
    cube = store.cube(window, budget)
    recording = build(cube, title="cells", sample=store.sample(window, 20).table)
    assert load(recording.to_bytes()) == recording
    head = recording.header
    assert head["grain"] == {
        "seconds": cube.grain.seconds,
        "place": cube.grain.place,
        "targets": cube.grain.targets,
        "cells": len(recording),
        "events": head["totals"]["in_recording"],
    }
    met = naive.chosen(rows, window, {})
    assert head["totals"]["in_recording"] == naive.total(met)
    assert head["totals"]["unlocated"] == naive.total(row for row in met if not naive.located(row))
    assert head["totals"]["events"] == naive.total(rows)
    assert head["account"]["coarsened"] == naive.total(met)
    assert recording.tables["sample"].num_rows == min(20, len(met))
    if met:
        last = head["start_us"] + recording.tables["events"]["t"].to_pylist()[-1] * head["tick_us"]
        end = head["start_us"] + head["end"] * head["tick_us"]
        assert last < end
        assert window is not None or last + cube.grain.seconds * 10**6 <= end
    if window is not None:
        assert head["start_us"] <= window.start_us


def test_grains_say_themselves():
    assert str(Grain(86_400, "country")) == "1 d, by country"
    assert str(Grain(1, "none")) == "1 s, without places"
    with pytest.raises(ValueError, match="no grain"):
        Grain(0, "city")
    with pytest.raises(ValueError, match="no grain"):
        Grain(1, "village")
