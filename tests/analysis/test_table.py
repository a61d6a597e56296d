"""An event table as a store: what the shared questions in tests/store do not ask."""

import pandas as pd
import pyarrow as pa
import pytest

import attackviz as av
from attackviz.account import Account, account_of
from attackviz.analysis import EventTable
from attackviz.errors import ReadError, SchemaError
from attackviz.schema import conform

TIMES = pa.array([0, 60, 120, None], pa.timestamp("s", tz="UTC"))


def test_an_arrow_file_is_mapped_not_read(tmp_path):
    n = 200_000
    times = pa.array(range(n), pa.timestamp("s", tz="UTC")).cast(pa.timestamp("us", tz="UTC"))
    table = conform(pa.table({"time": times, "src_ip": ["192.0.2.1"] * n}))
    path = tmp_path / "events.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    del table
    before = pa.total_allocated_bytes()
    store = EventTable.open(path)
    assert pa.total_allocated_bytes() - before < 100_000
    assert store.count().events == n
    assert store.cube().totals["in_recording"] == n


def test_what_is_no_arrow_file_is_said(tmp_path):
    path = tmp_path / "events.arrow"
    path.write_bytes(b"not Arrow at all")
    with pytest.raises(ReadError, match=r"events\.arrow: it is no Arrow file"):
        EventTable.open(path)
    with pytest.raises(ReadError, match=r"none\.arrow"):
        EventTable.open(tmp_path / "none.arrow")


def test_what_is_no_event_table_is_said():
    with pytest.raises(SchemaError, match="not of list"):
        EventTable([1, 2])
    with pytest.raises(SchemaError, match="no column 'time'"):
        EventTable(pa.table({"src_ip": ["192.0.2.1"]}))


def test_the_account_is_the_one_that_came_with_the_frame(samples):
    events = av.read(samples / "tpot-2025" / "cowrie_sessions_20k.csv")
    assert EventTable(events).account == account_of(events)
    assert EventTable(pa.table({"time": TIMES})).account == Account(pieces=4, events=4)
    answer = EventTable(events).read(av.Window.parse("2025-02-18"))
    assert account_of(answer.to_pandas()) == account_of(events)


def test_without_a_window_events_without_a_time_are_read_and_not_counted():
    store = EventTable(pa.table({"time": TIMES}))
    assert store.read().table.num_rows == 4
    assert (store.count().events, store.count().untimed) == (3, 1)
    assert store.read(av.Window.parse("1970-01-01")).table.num_rows == 3


def test_columns_of_the_player_that_are_missing_are_not_known():
    store = EventTable(pa.table({"time": TIMES}))
    found = store.count()
    assert (found.sources, found.countries, found.unlocated) == (0, 0, 3)
    # As a recording calls what has no category.
    assert found.by_category == {"events": 3}
    assert [(row.key, row.events) for row in store.top("country").rows] == [("", 3)]
    assert store.top("target").distinct == 0
    cube = store.cube()
    assert {cell["src_lat"] for cell in cube.table.to_pylist()} == {None}


def test_timelines_of_nothing_are_one_empty_bin():
    empty = EventTable(pd.DataFrame({"time": pd.to_datetime([], utc=True)}))
    found = empty.timeline(bins=10, by="verdict")
    assert (found.total, found.groups, len(found.rest)) == (0, (), 1)
    assert empty.top("rule").rows == ()
    assert empty.sample().table.num_rows == 0


def test_a_timeline_tells_eight_values_apart_and_keeps_the_rest():
    times = pa.array([0] * 100, pa.timestamp("s", tz="UTC"))
    rules = [f"r{k % 20:02}" for k in range(100)]
    found = EventTable(pa.table({"time": times, "rule": rules})).timeline(by="rule")
    assert found.groups == tuple(f"r{k:02}" for k in range(8))
    assert (found.events.sum(), found.rest.sum()) == (40, 60)
