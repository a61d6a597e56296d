"""A tape is a store: the tests of every store, on Parquet segments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pyarrow as pa
import pytest

from attackviz import Tape
from attackviz.analysis import EventTable
from attackviz.filters import Filters
from attackviz.replay import build, load
from attackviz.store import Store
from attackviz.tape import counting

from ..conftest import FULL
from ..store.again import again
from ..store.conftest import EVENTS, Rows, as_table, made_up
from .made import events

globals().update(again(500 if FULL else 8))


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Return the events as plain objects."""
    return made_up(7, EVENTS)


@pytest.fixture(scope="session")
def store(rows: Rows, tmp_path_factory) -> Iterator[Store]:
    """Yield a tape that holds the events, of several appends and partly merged."""
    table = as_table(rows)
    with Tape(tmp_path_factory.mktemp("store") / "tape") as tape:
        edges = [0, 200, 201, 400, len(rows)]
        for k, (start, end) in enumerate(pairwise(edges)):
            part = table.slice(start, end - start)
            # What is all null in a part may be missing in it.
            tape.append(part.drop_columns([name for name in part.column_names if part[name].null_count == len(part)]))
            if k == 1:
                tape.compact()
        yield tape


def test_every_answer_carries_the_account(store: Store, rows: Rows) -> None:
    assert isinstance(store, Store)
    answers = [store.read(), store.count(), store.timeline(), store.top("rule"), store.sample(), store.cube()]
    assert {answer.account.pieces for answer in answers} == {len(rows)}
    assert all(answer.account.closes() for answer in answers)


def test_filters_of_time_count_and_ones_own_columns_count_as_in_memory(store: Store, rows: Rows) -> None:
    table = EventTable(as_table(rows))
    for filters in (
        {"time": {"range": ["2025-02-18T01:00Z", "2025-02-18T02:30Z"]}, "count": {"in": [3]}},
        {"time": {"null": True}},
        {"payload": {"contains": "get"}, "count": {"null": True}},
        {"src_lat": {"range": [0, 31]}, "place": {"not": ["DE//"]}},
    ):
        parsed = Filters.parse(filters)
        wanted, found = table.count(None, parsed), store.count(None, filters)
        assert (found.events, found.by_category, found.filtered) == (wanted.events, wanted.by_category, wanted.filtered)
        ids = store.read(None, filters, ["event_id"]).table["event_id"].to_pylist()
        assert sorted(ids) == sorted(table.read(None, parsed).table["event_id"].to_pylist())


def test_all_columns_come_back_as_they_went_in(store: Store, rows: Rows) -> None:
    found = store.read().table
    assert found["sequence"].to_pylist() != []
    by_id = {row["event_id"]: row for row in found.to_pylist()}
    for row in rows:
        stored = by_id[row["event_id"]]
        for name, value in row.items():
            if name not in ("us", "n"):
                assert stored[name] == value, name


def test_the_grain_is_the_same_where_combinations_are_too_many_to_be_held(store: Store, monkeypatch) -> None:
    budgets = (60, 400, 3000)
    wanted = [store.cube(None, budget) for budget in budgets]
    monkeypatch.setattr(counting, "HELD", 0)
    for budget, cube in zip(budgets, wanted, strict=True):
        found = store.cube(None, budget)
        assert (found.grain, found.totals) == (cube.grain, cube.totals)
        assert Counter(map(str, found.table.to_pylist())) == Counter(map(str, cube.table.to_pylist()))
        assert store.cube(None, budget).table.equals(found.table)
    assert len({cube.grain.place for cube in wanted}) > 1


@pytest.mark.parametrize("made", ["", "a"])
def test_a_tape_without_events_of_any_time_answers_too(tmp_path, made: str) -> None:
    with Tape(tmp_path / "t") as tape:
        tape.append(events(made, [None] * len(made)))
        for window in (None, "2025-02-18"):
            counts = tape.count(window, {"text": "x"})
            assert (counts.events, counts.sources, counts.untimed, counts.all) == (0, 0, len(made), len(made))
            assert counts.first_us is None
            assert tape.timeline(window).total == 0
            assert tape.top("rule", window).rows == ()
            assert len(tape.cube(window)) == 0
            assert tape.sample(window).table.num_rows == tape.sample(window).left == 0
            assert tape.read(window).table.num_rows == (0 if window else len(made))
        assert [table.num_rows for table, _ in tape.batches()] == [1] * len(made)
        build(tape.cube())


@pytest.mark.parametrize("budget", [5000, 500])
def test_a_recording_of_a_tape_is_one_of_its_events(store: Store, rows: Rows, budget: int) -> None:
    cube = store.cube(None, budget)
    recording = build(cube, title="cells")
    assert load(recording.to_bytes()) == recording
    assert recording.header["totals"]["events"] == sum(row["n"] for row in rows)


@pytest.mark.parametrize(
    "text",
    [
        "unknown",
        "zealand",
        "remote",
        "as6",
        "\N{KELVIN SIGN}",
        "k",
        "i",
        "\u0130",
        "STRASSE",
        "ß",
        "192.0.2.",
        "%",
        "_",
    ],
)
def test_a_text_is_looked_for_as_in_a_table(text: str, tmp_path) -> None:
    """DuckDB passes over what cannot hold it; letters beyond ASCII have lower cases of their own."""
    words = [None, "", "unknown", "\N{KELVIN SIGN}elvin", "\u0130zmir", "Straße", "100 %", "a_b", "vnc", "Events"]
    names = [f"{k}" for k in range(6 * len(words))]
    table = events(
        names,
        src_ip=[f"192.0.2.{k % 7}" for k in range(len(names))],
        src_country=[("NZ", None, "", "DE", "XX")[k % 5] for k in range(len(names))],
        src_asn=pa.array([(None, 0, 64500, 7)[k % 4] for k in range(len(names))], pa.uint32()),
        category=[words[k % len(words)] for k in range(len(names))],
        rule=[words[k * 7 % len(words)] for k in range(len(names))],
        dst_host=[words[k * 3 // 2 % len(words)] for k in range(len(names))],
    )
    with Tape(tmp_path / "tape") as tape:
        tape.append(table)
        wanted = EventTable(tape.read().table)
        assert tape.count(None, {"text": text}).events == wanted.count(None, Filters.parse({"text": text})).events
