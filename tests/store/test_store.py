"""Every store gives the answers that counting one by one gives."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.errors import UsageError
from attackviz.filters import Filters
from attackviz.store import Store, as_lists
from attackviz.window import Window

from . import naive

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START_US, HOURS = 1739836800 * 10**6, 30

CHOICES = {
    "category": ["vpn", "ssh", "SQLi", "unknown", None, "nothing"],
    "verdict": ["detected", "unknown", "benign", 0, None],
    "severity": ["high", "info", None, 4],
    "country": ["CN", "DE", "", None, "XX"],
    "network": [4134, 37963, 0, None, 2**40],
    "address": ["192.0.2.1", "2001:db8::1", "", None],
    "place": ["CN/Zhejiang/Hangzhou", "DE//", "//", ""],
    "rule": ["failed login", "r1", "r2", "", "<b>"],
    "port": [22, 443, 0, None, 70000],
    "target": ["Prague", "shop.example", "pot-1", ""],
    "src_country": ["CN", None],
    "dst_port": [0, 22, None],
    "bytes": [0, 1500, None],
    "payload": ["GET /", None],
}
NETWORKS = ["192.0.2.0/24", "::ffff:192.0.2.0/120", "2001:db8::/48", "0.0.0.0/0", "::/0", "192.0.3.1", "10.0.0.0/8"]
NUMBERS = {"network": [None, 1, 5000, 2**32], "port": [None, 1, 22, 443], "dst_port": [None, 0, 22], "bytes": [None, 0]}
WORDS = ["LOGIN", "s", "serbia", "china", "as4134", "portal", "unknown", "pra", "192.0", "e", "zzz"]


@st.composite
def conditions(draw):
    """Draw filters in their JSON form, and what the naive reference takes for the same."""
    out = {}
    for field in draw(st.lists(st.sampled_from([*CHOICES, "cidr", "text"]), max_size=3, unique=True)):
        if field == "cidr":
            out["cidr"] = draw(st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=2))
        elif field == "text":
            out["text"] = draw(st.sampled_from(WORDS))
        else:
            ops = {"in": 1, "not": 1, "null": 1, "contains": 1, "range": field in NUMBERS}
            out[field] = {}
            for op in draw(st.lists(st.sampled_from([op for op, fits in ops.items() if fits]), min_size=1, max_size=2)):
                out[field][op] = draw(operand(field, op))
    return out


def operand(field, op):
    if op in ("in", "not"):
        return st.lists(st.sampled_from(CHOICES[field]), min_size=1, max_size=3)
    if op == "null":
        return st.booleans()
    if op == "contains":
        return st.sampled_from(WORDS)
    limits = st.sampled_from(NUMBERS[field])
    return st.tuples(limits, limits).filter(lambda pair: pair != (None, None)).map(list)


@st.composite
def windows(draw):
    """Draw a window of whole milliseconds, most often within the events, or none."""
    if draw(st.integers(0, 4)) == 0:
        return None
    start, end = sorted(draw(st.tuples(*[st.integers(-3_600_000, (HOURS + 1) * 3_600_000)] * 2)))
    return Window(*(EPOCH + timedelta(microseconds=START_US + ms * 1000) for ms in (start, end + 1)))


def reference(filters):
    """Write what the player counts in numbers as names."""
    words = {"verdict": ["mitigated"], "severity": ["info", "low", "medium", "high", "critical"]}
    return {
        field: {
            op: [words[field][v] if field in words and isinstance(v, int) else v for v in value]
            if op in ("in", "not")
            else value
            for op, value in condition.items()
        }
        if isinstance(condition, dict)
        else condition
        for field, condition in filters.items()
    }


@given(window=windows(), filters=conditions())
def test_counts_are_those_of_counting_one_by_one(store, rows, window, filters):
    found = store.count(window, Filters.parse(filters))
    met = naive.chosen(rows, window, reference(filters))
    timed = [row for row in rows if naive.inside(row, window)]
    assert found.events == naive.total(met)
    assert found.by_category == naive.by(met, "category")
    assert found.by_verdict == naive.by(met, "verdict")
    assert found.sources == len({row["src_ip"] for row in met} - {None})
    assert found.countries == len({row["src_country"] for row in met} - {None})
    assert found.unlocated == naive.total(row for row in met if not naive.located(row))
    assert found.severe == naive.total(row for row in met if row["severity"] in ("high", "critical"))
    assert found.first_us == min((row["us"] for row in met), default=None)
    assert found.last_us == max((row["us"] for row in met), default=None)
    assert found.filtered == naive.total(timed) - naive.total(met)
    assert found.untimed == naive.total(row for row in rows if row["us"] is None)
    assert found.all == naive.total(rows) == found.events + found.filtered + found.outside + found.untimed
    assert not found.bounds


@given(window=windows(), filters=conditions())
def test_events_are_all_that_match_and_no_others(store, rows, window, filters):
    found = store.read(window, Filters.parse(filters), ["event_id"])
    wanted = reference(filters)
    met = [row for row in rows if naive.passes(row, wanted) and (window is None or naive.inside(row, window))]
    assert Counter(found.table["event_id"].to_pylist()) == Counter(row["event_id"] for row in met)
    assert set(found.table.column_names) == {"time", "event_id"}
    assert found.left == 0


@given(window=windows(), filters=conditions(), bins=st.integers(1, 300), by=st.sampled_from([None, "rule", "verdict"]))
def test_timelines_put_every_event_in_its_bin(store, rows, window, filters, bins, by):
    found = store.timeline(window, bins, by, Filters.parse(filters))
    met = naive.chosen(rows, window, reference(filters))
    assert len(found.events) == len(found.rest) <= bins
    assert found.total == naive.total(met)
    width = found.seconds * 1_000_000
    assert found.start_us % width == 0
    if window is not None:
        assert found.start_us <= window.start_us
        assert found.start_us + width * len(found.events) >= window.end_us
    expected = Counter()
    for row in met:
        name = str(naive.values(row, by)[0]) if by else ""
        key = found.groups.index(name) if name in found.groups else -1
        expected[(row["us"] - found.start_us) // width, key] += row["n"]
    cells = {(k, g): int(n) for k, line in enumerate(found.events) for g, n in enumerate(line) if n}
    cells |= {(k, -1): int(n) for k, n in enumerate(found.rest) if n}
    assert cells == expected
    assert not found.error


FIELDS = sorted({*CHOICES, "src_city", "sensor"} - {"src_country"})


@given(window=windows(), filters=conditions(), field=st.sampled_from(FIELDS), n=st.integers(1, 8))
def test_lists_rank_all_groups_and_say_what_is_left(store, rows, window, filters, field, n):
    found = store.top(field, window, n, Filters.parse(filters))
    met = naive.chosen(rows, window, reference(filters))
    sums = naive.by(met, field)
    unknown = naive.UNKNOWN.get(field, "" if field in naive.FIELDS else None)
    known = [key for key in sums if key != unknown or field in ("verdict", "category")]
    assert found.distinct == len(known)
    assert [row.events for row in found.rows] == sorted(sums.values(), reverse=True)[:n]
    assert found.events == naive.total(met) == sum(row.events for row in found.rows) + found.rest
    for row in found.rows:
        own = [each for each in met if naive.values(each, field)[0] == row.key]
        assert row.events == naive.total(own)
        assert row.last_us == max(each["us"] for each in own)
        assert row.by_category == naive.by(own, "category")
        assert not row.error


@pytest.mark.parametrize("field", FIELDS)
def test_the_key_of_a_line_finds_its_events(store, field):
    for row in store.top(field, None, 5).rows:
        found = store.count(None, Filters.parse({field: {"in": [row.key]}})).events
        # A rule is found by its id, too, by which another may be called.
        assert found == row.events or (field == "rule" and found > row.events)


def test_what_is_said_beside_a_line_is_true_of_its_latest_event(store, rows):
    for row in store.top("address", None, 20).rows:
        latest = [r for r in rows if (r["src_ip"] or "") == row.key and r["us"] == row.last_us]
        if row.key == "":
            assert not row.words
        else:
            assert row.words.get("country") in {r["src_country"] for r in latest}


def test_lists_of_a_header_are_plain_data(store):
    found = as_lists(store.top(field, None, 3) for field in ("address", "rule", "network", "port"))
    assert {name for name, lines in found.items() if isinstance(lines, list)} == {
        "addresses",
        "rules",
        "networks",
        "ports",
    }
    assert all({"key", "events", "last", "by"} <= line.keys() for line in found["addresses"])
    assert all(line["key"] != 0 for line in found["ports"])
    assert found["rest"]["ports"] >= 0


def test_samples_are_some_of_the_events_and_the_same_each_time(store, rows):
    ids = {row["event_id"]: row for row in rows}
    filters = Filters.parse({"category": {"in": ["ssh"]}})
    first = store.sample(None, 40, filters)
    assert first.table.equals(store.sample(None, 40, filters).table)
    taken = [ids[i] for i in first.table["event_id"].to_pylist()]
    assert len(taken) == len({row["event_id"] for row in taken}) == 40
    assert all(row["category"] == "ssh" for row in taken)
    assert [row["us"] for row in taken] == sorted(row["us"] for row in taken)
    met = naive.chosen(rows, None, {"category": {"in": ["ssh"]}})
    assert first.left == naive.total(met) - naive.total(taken)
    assert store.sample(None, 10_000, filters).left == 0


def test_every_answer_carries_the_account(store, rows):
    assert isinstance(store, Store)
    answers = [store.read(), store.count(), store.timeline(), store.top("rule"), store.sample(), store.cube()]
    assert {answer.account.pieces for answer in answers} == {len(rows) + 1}
    assert all(answer.account.closes() for answer in answers)


def test_a_store_says_what_it_cannot_answer(store):
    with pytest.raises(UsageError, match="no field 'src_contry'; is 'src_country'"):
        store.count(None, Filters.parse({"src_contry": {"in": ["CN"]}}))
    with pytest.raises(UsageError, match="slots belong to a recording"):
        store.count(None, Filters.parse({"slot": {"in": [2]}}))
    with pytest.raises(UsageError, match="'payload': 5 is no string"):
        store.count(None, Filters.parse({"payload": {"in": [5]}}))
    with pytest.raises(UsageError, match="no field 'colour'"):
        store.top("colour")
    with pytest.raises(UsageError, match="no 0 bins"):
        store.timeline(bins=0)
    with pytest.raises(UsageError, match="no 0 lines"):
        store.top("rule", n=0)
    with pytest.raises(UsageError, match="no field 'nothing'"):
        store.read(columns=["nothing"])
    with pytest.raises(UsageError, match="as few as 2 cells"):
        store.cube(budget=2)
