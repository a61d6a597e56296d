"""The window a player opens on is the shortest that holds nearly all events."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.replay import build, default_window
from attackviz.replay.span import tick_for, unit_for

MINUTE = 60_000_000
weighted = st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 50)), min_size=1, max_size=60)


def shortest(times, weights, share):
    """Try every pair of events."""
    need = int(np.ceil(sum(weights) * share))
    spans = [
        (times[j] - times[i], i, j)
        for i in range(len(times))
        for j in range(i, len(times))
        if sum(weights[i : j + 1]) >= need
    ]
    return min(spans)


@given(weighted, st.sampled_from([0.5, 0.9, 0.995, 1.0]))
def test_no_shorter_interval_holds_as_much(pairs, share):
    pairs.sort()
    times, weights = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    start, end = default_window(times, weights, share)
    if not weights.any():
        weights = np.ones(len(times), np.int64)
    span, i, j = shortest(times.tolist(), weights.tolist(), share)
    unit = unit_for(span)
    assert (start, end) == (times[i] // unit * unit, (times[j] // unit + 1) * unit)
    assert weights[(times >= start) & (times < end)].sum() >= share * weights.sum()


def test_stragglers_stay_in_the_recording_but_not_in_the_window():
    import pyarrow as pa

    burst = 1_700_000_000_000_000 + np.arange(1000) * 1_000_000
    times = np.concatenate([[0], burst])
    header = build(pa.table({"time": pa.array(times, pa.timestamp("us", tz="UTC"))})).header
    begin, end = (header["start_us"] + t * header["tick_us"] for t in header["window"])
    assert header["totals"]["in_recording"] == 1001
    assert header["start_us"] <= 0
    assert begin <= burst[0] and end > burst[-1]
    assert end - begin <= 20 * MINUTE


@pytest.mark.parametrize(
    ("minutes", "unit"), [(0, 1), (120, 1), (121, 10), (1440, 10), (1441, 60), (20160, 60), (30000, 360), (10**6, 1440)]
)
def test_edges_are_whole_minutes_hours_or_days(minutes, unit):
    assert unit_for(minutes * MINUTE) == unit * MINUTE


@given(st.integers(0, 2**54))
def test_the_tick_is_the_finest_that_fits(span):
    tick = tick_for(span)
    assert span // tick < 2**32 - 1
    assert tick == 1000 or span // (tick // 10) >= 2**32 - 1
