"""The plan of a pull: spans of time small enough to hold, and how many documents each has.

Everything is counted in one point in time, so the counts are exact, and the
spans lie end to end: every document is in one of them, and in one only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from .query import Query, all_of, between, without

if TYPE_CHECKING:
    from .wire import Wire

__all__ = ["BROKEN", "HOLD", "Plan", "Slice", "merged", "plan"]

HOLD = 250_000
"""Documents of a slice, unless more of them have the very same time."""

BROKEN = ("context", "partial", "shards")
"""Codes of errors that asking the same point in time again does not mend, and another one may."""

_BINS = 500


@dataclass(frozen=True, slots=True)
class Slice:
    """Hold one piece of work.

    Attributes
    ----------
    start, end : int or None
        Milliseconds since the epoch, the end not included; None for documents
        whatever their time.
    count : int
        How many documents it has.
    timed : bool
        Whether they have a time.
    """

    start: int | None
    end: int | None
    count: int
    timed: bool = True

    def query(self, time: str) -> Query | None:
        """Return what tells its documents from others.

        Parameters
        ----------
        time : str
            The field of times.
        """
        if self.start is not None and self.end is not None:
            return between(time, self.start, self.end)
        return None if self.timed else without(time)


@dataclass(frozen=True, slots=True)
class Plan:
    """Hold what is to be read.

    Attributes
    ----------
    slices : list of Slice
        By time; at last what has no time, where no window is asked for.
    untimed : int
        Documents without a time that are in no slice, for they are in no window.
    """

    slices: list[Slice] = field(default_factory=list)
    untimed: int = 0

    @property
    def total(self) -> int:
        """Documents in all slices."""
        return sum(one.count for one in self.slices)


def plan(wire: Wire, pit: str, query: Query, window: Query | None, time: str, hold: int = HOLD) -> Plan:
    """Plan the slices of a pull.

    Parameters
    ----------
    wire : Wire
    pit : str
        The point in time to count in.
    query : dict
        What is wanted, whatever its time.
    window : dict or None
        The times that are wanted; all, and documents without any, if None.
    time : str
        The field of times.
    hold : int
        How many documents a slice may have.

    Returns
    -------
    Plan

    Raises
    ------
    ElasticError
        With a code of `BROKEN` where it may be had in another point in time.
    """
    inner = {"first": {"min": {"field": time}}, "last": {"max": {"field": time}}}
    within = {"filter": window or {"match_all": {}}, "aggs": inner}
    found = _count(wire, pit, query, {"untimed": {"missing": {"field": time}}, "within": within})
    untimed, timed = found["untimed"]["doc_count"], found["within"]
    left, also = (untimed, 0) if window else (0, untimed)
    wanted = timed["doc_count"] - also
    rest = [Slice(None, None, also, timed=False)] if also else []
    if not wanted:
        return Plan(rest, left)
    # In nanoseconds a time may round up: a millisecond more on either side costs nothing, but none is before 1970.
    first, last = int(timed["first"]["value"]), int(timed["last"]["value"])
    start, end = first - (first > 0), last + 2
    asked = all_of([query, window])
    slices = list(merged(_spans(wire, pit, asked, time, start, end, hold), hold))
    if sum(one.count for one in slices) != wanted:
        # Some documents have several times: only together do they come once.
        return Plan([Slice(None, None, wanted + also)], left)
    return Plan(slices + rest, left)


def _spans(wire: Wire, pit: str, query: Query, time: str, start: int, end: int, hold: int) -> Iterator[Slice]:
    """Yield spans that hold documents, by time; large ones in parts."""
    width = max(1, -(-(end - start) // _BINS))
    bins = {"field": time, "fixed_interval": f"{width}ms", "min_doc_count": 1}
    asked = all_of([query, between(time, start, end)])
    for one in _count(wire, pit, asked, {"bins": {"date_histogram": bins}})["bins"]["buckets"]:
        first, count = int(one["key"]), int(one["doc_count"])
        low, high = max(first, start), min(first + width, end)
        if count > hold and width > 1:
            yield from _spans(wire, pit, query, time, low, high, hold)
        else:
            yield Slice(low, high, count)


def merged(slices: Iterable[Slice], hold: int) -> Iterator[Slice]:
    """Join neighbours as long as they can be held.

    Parameters
    ----------
    slices : iterable of Slice
        By time; what lies between two holds no documents.
    hold : int
        How many documents one may have.

    Examples
    --------
    >>> list(merged([Slice(0, 1, 3), Slice(5, 6, 4), Slice(6, 7, 2)], 8))
    [Slice(start=0, end=6, count=7, timed=True), Slice(start=6, end=7, count=2, timed=True)]
    """
    held: Slice | None = None
    for one in slices:
        if held is not None and held.count + one.count <= hold:
            held = Slice(held.start, one.end, held.count + one.count)
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held


def _count(wire: Wire, pit: str, query: Query, aggs: dict[str, Any]) -> dict[str, Any]:
    body = {"size": 0, "track_total_hits": False, "pit": {"id": pit, "keep_alive": "5m"}, "query": query, "aggs": aggs}
    answer: dict[str, Any] = msgspec.json.decode(wire.search("/_search", body=msgspec.json.encode(body), leave=BROKEN))
    found: dict[str, Any] = answer["aggregations"]
    return found
