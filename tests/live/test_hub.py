"""The hub: every reader gets each row once, in order, and is told exactly what it missed."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.filters import Filters
from attackviz.live import Hub
from attackviz.live.hub import Cut


def rows(first: int, count: int, time: int = 0) -> pa.Table:
    return pa.table(
        {
            "sequence": pa.array(range(first, first + count), pa.int64()),
            "time": pa.array([time] * count, pa.timestamp("us", "UTC")),
        }
    )


@given(
    capacity=st.integers(1, 60),
    steps=st.lists(st.tuples(st.sampled_from(["publish", "read", "walk"]), st.integers(0, 25)), max_size=40),
)
def test_readers_account_for_every_row(capacity: int, steps: list[tuple[str, int]]) -> None:
    hub = Hub(capacity)
    last = place = seen = missed = 0
    for what, number in steps:
        if what == "publish":
            hub.publish(rows(last + 1, number))
            last += number
        elif what == "read":
            table, gap = hub.read(place, limit=number)
            if table.num_rows:
                found = table["sequence"].to_pylist()
                assert found == list(range(place + gap + 1, place + gap + 1 + len(found)))
                assert len(found) <= number
                seen, missed, place = seen + len(found), missed + gap, found[-1]
        else:
            hub.seal()
            cut, gap = hub.after(place)
            if cut is not None:
                assert cut.first == place + gap + 1
                seen, missed, place = seen + cut.table.num_rows, missed + gap, cut.last
        assert seen + missed == place <= last
    table, gap = hub.read(place)
    assert place + gap + table.num_rows == last
    assert hub.first >= last - capacity + 1
    assert hub.last == hub.published == last


def test_bytes_are_made_once_for_all_with_the_same_filters() -> None:
    made = []

    def make(table: pa.Table, filters: Filters | None) -> bytes:
        made.append(filters)
        return b"x" * table.num_rows

    cut = Cut.of(rows(1, 3))
    ssh = Filters.parse({"category": {"in": ["ssh"]}})
    assert cut.made("a", None, make) is cut.made("a", None, make)
    assert cut.made("a", ssh, make) is cut.made("a", Filters.parse(ssh.to_dict()), make)
    assert made == [None, ssh]


def test_forms_of_a_cut_are_bounded() -> None:
    cut = Cut.of(rows(1, 1))
    for port in range(1000):
        cut.made("a", Filters.parse({"port": {"in": [port + 1]}}), lambda table, filters: bytes(1))
    assert len(cut._made) < 50


def test_a_new_viewer_begins_some_seconds_back_and_not_too_many_rows() -> None:
    hub = Hub(100)
    for first, time in ((1, 10), (11, 20), (21, 30)):
        hub.publish(rows(first, 10, time * 1_000_000))
        hub.seal()
    assert hub.since(20_000_000, 100) == 10
    assert hub.since(20_000_000, 15) == 20
    assert hub.since(31_000_000, 100) == 30
    assert hub.since(0, 100) == 0


@pytest.mark.parametrize("last", [0, 5])
def test_an_empty_hub_has_nothing(last: int) -> None:
    hub = Hub(10)
    hub.begin(last)
    assert hub.after(last) == (None, 0)
    assert hub.read(last).table.num_rows == 0
    assert (hub.first, hub.last) == (last + 1, last)
