"""Bursts: planted floods are found, a daily rhythm is not one, and figures are those of the store."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

import attackviz as av
from attackviz.analysis import EventTable
from attackviz.errors import UsageError

from .traffic import FLOODS, START, START_US, slow_scan, traffic

DAYS = "2025-03-03..2025-03-17"
SEEDS = range(20)


def at(seconds: np.ndarray, **more: str) -> pa.Table:
    time = pa.array(START_US + np.asarray(seconds) * 10**6, pa.timestamp("us", tz="UTC"))
    return pa.table({"time": time, **{name: [value] * len(seconds) for name, value in more.items()}})


@pytest.mark.parametrize(("per_minute", "least"), [(1.0, 18), (3.0, 20), (0.3, 12)])
def test_planted_floods_are_found(per_minute: float, least: int) -> None:
    hits: Counter[str] = Counter()
    false = 0
    for seed in SEEDS:
        events, planted = traffic(seed, per_minute=per_minute)
        found = av.bursts(events, DAYS)
        for one in planted:
            start, end = one.span
            hits[one.kind] += any(burst.start < end and burst.end > start for burst in found)
        spans = [one.span for one in planted]
        false += sum(not any(b.start < end and b.end > start for start, end in spans) for b in found)
    assert all(hits[kind] >= least for kind in FLOODS), hits
    assert false == 0


def test_a_daily_rhythm_is_no_burst() -> None:
    found = [len(av.bursts(traffic(seed, floods=False)[0], DAYS)) for seed in range(100, 100 + len(SEEDS))]
    assert sum(found) <= 1  # of 20 fortnights


def test_a_slow_scan_is_no_burst() -> None:
    assert av.bursts(slow_scan(), DAYS) == []


def test_a_burst_says_when_how_much_and_who() -> None:
    events, planted = traffic(3)
    one = next(p for p in planted if p.minutes == 30)
    start, end = one.span
    store = EventTable(events)
    burst = next(b for b in av.bursts(store, DAYS) if b.start < end and b.end > start)
    width = timedelta(minutes=30)  # two bins: a rim that is busy by itself joins
    assert abs(burst.start - start) <= width
    assert abs(burst.end - end) <= width
    assert burst.start <= burst.peak < burst.end
    assert burst.events == store.count(burst.window).events
    assert burst.factor > 2
    assert burst.expected < burst.events / 2
    assert burst.source is not None
    assert burst.source.key == f"192.0.2.{planted.index(one) + 1}"
    assert burst.rule is not None
    assert burst.rule.key == "flood"


def test_they_are_the_same_whichever_way_events_are_given() -> None:
    events, _ = traffic(5)
    shuffled = events.take(pa.array(np.random.default_rng(1).permutation(events.num_rows)))
    found = av.bursts(events, DAYS)
    assert found
    assert av.bursts(shuffled, DAYS) == found
    assert av.bursts(EventTable(events).read().to_pandas(), DAYS) == found


def test_the_days_before_tell_what_is_usual() -> None:
    """An evening that is as busy as every evening is none; the same evening alone would be."""
    seconds = np.arange(0, 14 * 86_400, 60)
    busy = np.concatenate([day * 86_400 + 64_800 + np.arange(0, 3600, 3) for day in range(14)])
    every, last = at(np.sort(np.concatenate([seconds, busy]))), "2025-03-16"
    assert av.bursts(every, last) == []
    (alone,) = av.bursts(every, last, days=0)
    assert (alone.start, alone.end) == (START + timedelta(days=13, hours=18), START + timedelta(days=13, hours=19))


def test_an_outage_and_its_end_are_no_burst() -> None:
    seconds = np.arange(0, 7 * 86_400, 30)
    assert av.bursts(at(seconds[(seconds < 3 * 86_400) | (seconds > 3.5 * 86_400)])) == []


def test_a_window_holds_its_bursts_only() -> None:
    seconds = np.arange(0, 4 * 86_400, 60)
    flood = 2 * 86_400 + np.arange(600)
    events = at(np.sort(np.concatenate([seconds, flood])))
    assert av.bursts(events, "2025-03-06") == []
    (found,) = av.bursts(events, "2025-03-05T00:05Z/2025-03-05T06:00Z")
    assert found.start == START + timedelta(days=2, minutes=5)  # it began before
    assert found.events == 305


def test_filters_choose_what_is_counted() -> None:
    seconds = np.arange(0, 86_400, 60)
    both = pa.concat_tables([at(seconds, src_country="DE"), at(40_000 + np.arange(900), src_country="CN")])
    assert len(av.bursts(both)) == 1
    assert av.bursts(both, filters={"country": {"in": ["DE"]}}) == []


def test_a_flood_of_a_rare_category_does_not_drown() -> None:
    rng = np.random.default_rng(6)
    usual = np.sort(rng.integers(0, 3 * 86_400, 60_000))
    events = pa.concat_tables([at(usual, category="web"), at(100_020 + np.arange(50), category="smb")])
    (found,) = av.bursts(events)
    assert (found.category, found.events) == ("smb", 50)
    assert av.bursts(events.drop_columns("category")) == []


def test_more_categories_than_are_told_apart() -> None:
    seconds = np.arange(0, 3 * 86_400, 120)
    usual = [at(seconds + k, category=f"kind {k}") for k in range(9)]
    events = pa.concat_tables([*usual, at(100_000 + np.arange(400), category="rare")])
    (found,) = av.bursts(events)
    assert found.category is None
    assert 400 < found.events < 410  # with those of two other kinds


def test_what_begins_and_stays_is_a_burst_until_it_is_usual() -> None:
    seconds = np.concatenate([np.arange(0, 14 * 86_400, 300), np.arange(10 * 86_400, 14 * 86_400, 20)])
    (found,) = av.bursts(at(np.sort(seconds)), DAYS)
    assert found.start == START + timedelta(days=10)
    assert found.end == START + timedelta(days=12)


def test_strays_do_not_make_the_rest_a_burst() -> None:
    rng = np.random.default_rng(8)
    days = np.sort(rng.integers(0, 14 * 86_400, 40_000))
    assert av.bursts(at(np.concatenate([days[:1] - 10**8, days]))) == []


def test_weights_count() -> None:
    events = at(np.arange(0, 86_400, 60))
    counts = np.ones(1440, np.uint32)
    counts[700:710] = 80
    (found,) = av.bursts(events.append_column("count", pa.array(counts)))
    assert found.events == 800


def test_the_strongest_are_kept_in_the_order_of_time() -> None:
    seconds = np.arange(0, 86_400, 60)
    floods = [3600 * hour + np.arange(60 * hour) for hour in (4, 8, 12)]
    events = at(np.sort(np.concatenate([seconds, *floods])))
    hours = [burst.start.hour for burst in av.bursts(events, n=2)]
    assert hours == [8, 12]


@pytest.mark.parametrize("seconds", [[], [0], [5, 5, 5]])
def test_too_little_to_tell(seconds: list[int]) -> None:
    assert av.bursts(at(np.array(seconds, np.int64))) == []
    assert av.bursts(at(np.array(seconds, np.int64)), "2025-03-03") == []


def test_spans_of_years_and_of_seconds() -> None:
    years = np.concatenate([np.arange(0, 3000 * 86_400, 7200), 10**8 + np.arange(3000)])
    assert len(av.bursts(at(np.sort(years)))) == 1
    brief = np.concatenate([np.arange(0, 100, 2), 50 + np.zeros(300)]).astype(np.int64)
    (found,) = av.bursts(at(np.sort(brief)))
    assert (found.end - found.start).seconds <= 5
    assert av.bursts(at(np.arange(100)), "0001-01-01..0001-01-02") == []


@pytest.mark.parametrize("wrong", [{"n": 0}, {"factor": 1}, {"factor": float("nan")}, {"days": -1}])
def test_wrong_figures(wrong: dict) -> None:
    with pytest.raises(UsageError):
        av.bursts(at(np.arange(5)), **wrong)


def test_as_a_header_has_it() -> None:
    burst = av.bursts(
        at(np.sort(np.concatenate([np.arange(0, 86_400, 60), 40_000 + np.arange(900)])), src_ip="192.0.2.1")
    )[0]
    told = burst.to_dict()
    assert told["start_us"] < told["peak_us"] < told["end_us"]
    assert (told["source"], told["rule"]) == ("192.0.2.1", None)
