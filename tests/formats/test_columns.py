"""Casts: what cannot be cast is null and counted, never an error."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.formats.columns import Columns, joined, mapped

ANYTHING = st.lists(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.text(max_size=2), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
    | st.datetimes().map(datetime.isoformat)
    | st.ip_addresses().map(str),
    max_size=8,
)


def columns(values, tz="UTC"):
    return Columns({"x": values}, len(values), Account(), tz)


@given(ANYTHING, st.sampled_from(["UTC", "Europe/Prague"]))
def test_no_value_is_an_error(values, tz):
    c = columns(values, tz)
    for cast in (c.text, c.number, c.port, c.lists, c.time, c.source, c.address):
        assert len(cast("x")) == len(values)
    assert len(c.text("missing")) == len(values)


@given(st.lists(st.ip_addresses(), max_size=8))
def test_every_address_is_kept(addresses):
    c = columns([str(a) for a in addresses])
    assert c.source("x").to_pylist() == [None if a.is_unspecified else str(a) for a in addresses]


def test_addresses_that_are_none_are_counted_by_reason():
    c = columns(["1.2.3.4", "", None, "0.0.0.0", "::", "256.1.1.1", "unknown", " 2001:db8::1 ", "1.2.3", "01.2.3.4"])
    expected = ["1.2.3.4", None, None, None, None, None, None, "2001:db8::1", None, None]
    assert c.source("x").to_pylist() == expected
    assert dict(c.account.flags) == {
        "no source address": 2,
        "source address 0.0.0.0": 2,
        "source address not understood": 4,
    }


def test_numbers_and_ports():
    c = columns([1, "2", 3.0, 3.5, True, None, "x", 2**70, -1, 70000, 0])
    assert c.number("x").to_pylist() == [1, 2, 3, None, None, None, None, None, -1, 70000, 0]
    assert c.port("x").to_pylist() == [1, 2, 3, None, None, None, None, None, None, None, None]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2025-02-22 08:05:15.141628", "2025-02-22T08:05:15.141628+00:00"),
        ("2025-02-22T08:05:15.1Z", "2025-02-22T08:05:15.100000+00:00"),
        ("2025-02-22T08:05:15.123456789Z", "2025-02-22T08:05:15.123456+00:00"),
        ("2025-02-22T08:05:15.123456789", "2025-02-22T08:05:15.123456+00:00"),
        ("2025-02-22T08:05:15+0530", "2025-02-22T02:35:15+00:00"),
        ("2025-02-22T08:05:15-03:00", "2025-02-22T11:05:15+00:00"),
        ("2025-02-22", "2025-02-22T00:00:00+00:00"),
        (1740211515, "2025-02-22T08:05:15+00:00"),
        (1740211515.25, "2025-02-22T08:05:15.250000+00:00"),
        ("1740211515.25", "2025-02-22T08:05:15.250000+00:00"),
        ("1740211515123", "2025-02-22T08:05:15.123000+00:00"),
        ("1970-01-01T00:00:00Z", None),
        (0, None),
        ("2150-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("yesterday", None),
        (True, None),
        ("", None),
    ],
)
def test_times(written, expected):
    for values in ([written], [written, "2025-01-01T00:00:00Z"], [written, "2025-01-01"], [written, 1740211515]):
        found = columns(values).time("x").to_pylist()
        assert (found[0].isoformat() if found[0] else None) == expected
        assert found[-1] is not None or len(values) == 1


def test_times_that_are_none_are_counted_by_reason():
    c = columns(["1970-01-01T00:00:00Z", None, "", "soon", 0, "2025-01-01T00:00:00Z"])
    c.time("x")
    assert dict(c.account.flags) == {"impossible time": 2, "no time": 2, "time not understood": 1}


def test_local_times_that_occur_twice_or_never_are_still_times():
    c = columns(["2025-10-26T02:30:00", "2025-03-30T02:30:00"], "Europe/Prague")
    assert [t.isoformat() for t in c.time("x").to_pylist()] == [
        "2025-10-26T00:30:00+00:00",
        "2025-03-30T01:00:00+00:00",
    ]


@given(st.lists(st.tuples(*[st.none() | st.text(max_size=3)] * 3), min_size=1, max_size=6))
def test_joined_keeps_every_row(rows):
    import pyarrow as pa

    parts = [pa.array(part, pa.string()) for part in zip(*rows, strict=True)]
    expected = [" ".join(v for v in row if v is not None) if any(v is not None for v in row) else None for row in rows]
    assert joined(*parts, between=" ").to_pylist() == expected


def test_mapped_looks_at_each_value_once():
    import pyarrow as pa

    seen = []
    column = pa.array(["a", "b", None, "a", "b"])
    assert mapped(column, lambda v: seen.append(v) or v.upper()).to_pylist() == ["A", "B", None, "A", "B"]
    assert sorted(seen) == ["a", "b"]
