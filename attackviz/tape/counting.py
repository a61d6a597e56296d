"""The questions of a store, asked of a tape.

Combinations of values come back as rows of an event table, which answers as any
event table does; so no rule of counting is written down twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa

from ..account import Account
from ..analysis import EventTable
from ..analysis.cube import Cells
from ..analysis.fields import Fields
from ..analysis.levels import ladder
from ..analysis.times import NO_TIME, weights, width_for
from ..filters import FIELDS, Filters
from ..store import BUDGET, Counts, Cube, Events, Timeline, Top
from ..window import Window, as_window
from .asking import POINT, Asking
from .columns import SEQUENCE

if TYPE_CHECKING:
    from ..analysis.grouped import Grouped

__all__ = ["Conditions", "Counting"]

HELD = BUDGET
"""Combinations that are held and cut into cells, whatever the budget."""

Conditions = Filters | Mapping[str, Any] | str | None
T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = ("category", "verdict", "severity", "src_country")
_WORDS = ("src_country", "src_city", "src_asn", "src_org", "rule_id", "dst_country")
"""Columns that say more about a line of a list."""
_SOURCE = ("src_country", "src_region", "src_city")
_NAMED = {"point": 3, "city": 3, "region": 2, "country": 1, "none": 0}
_TARGET = tuple(dict.fromkeys((*FIELDS["target"], "dst_country", "dst_lat", "dst_lon")))
_NAME = {"city": "src_city", "region": "src_region", "country": "src_country"}
_SEED = np.uint64(0x9E3779B97F4A7C15)


class Counting(ABC):
    """Answer the questions of a store; whoever does says what is asked."""

    @abstractmethod
    def _asked(self, window: Window | None, filters: Filters, answer: Callable[[Asking], T]) -> T:
        """Return an answer about the events of a window that meet filters."""

    def read(
        self,
        window: Window | str | None = None,
        filters: Conditions = None,
        columns: Sequence[str] | None = None,
    ) -> Events:
        """Return the events themselves: by hour, and within it in the order they came.

        Parameters
        ----------
        window : Window or str, optional
            Without one, events whose time is unknown are among them.
        filters : Filters, mapping or str, optional
        columns : sequence of str, optional
            All by default, ``sequence`` and columns of one's own among them;
            ``time`` is always there.

        Raises
        ------
        TapeError
            If a segment is damaged.
        UsageError
            If window, filters or columns are not understood.
        """

        def answer(asking: Asking) -> Events:
            asking.tried().read(None, None, columns)
            return Events(asking.rows(columns), asking.account())

        return self._asked(as_window(window), Filters.parse(filters), answer)

    def count(self, window: Window | str | None = None, filters: Conditions = None) -> Counts:
        """Return how many events there are, and of what kind; see `attackviz.store.Counts`.

        Parameters
        ----------
        window : Window or str, optional
        filters : Filters, mapping or str, optional

        Raises
        ------
        TapeError, UsageError
            As for `read`.
        """

        def answer(asking: Asking) -> Counts:
            asking.tried()
            found = asking.grouped(_KINDS, located=True)
            met = EventTable(found.table(found.last_us)).count()
            sources = asking.grouped(("src_ip",))
            timed, untimed = asking.total(), asking.total(untimed=True)
            inside = asking.grouped((), filters=Filters()).events if asking.filters else met.events
            span = _ends(found)
            return replace(
                met,
                sources=EventTable(sources.table(sources.last_us)).count().sources,
                first_us=span[0] if span else None,
                last_us=span[1] if span else None,
                filtered=inside - met.events,
                outside=timed - inside,
                untimed=untimed,
                all=timed + untimed,
                account=asking.account(),
            )

        return self._asked(as_window(window), Filters.parse(filters), answer)

    def timeline(
        self, window: Window | str | None = None, bins: int = 200, by: str | None = None, filters: Conditions = None
    ) -> Timeline:
        """Return events over time; see `attackviz.store.Timeline`.

        Parameters
        ----------
        window : Window or str, optional
            It is covered whole; by default from the first event to the last.
        bins : int
            At most how many.
        by : str, optional
            A field or column: its eight most frequent values are told apart.
        filters : Filters, mapping or str, optional

        Raises
        ------
        TapeError, UsageError
            As for `read`.
        """

        def answer(asking: Asking) -> Timeline:
            lines = asking.tried().timeline(asking.window, bins, by)
            span = _spanned(asking)
            if span is not None:
                seconds = width_for(span.start_us, span.end_us, bins) // 1_000_000
                columns = () if by is None else FIELDS.get(by, (by,))
                found = asking.grouped(columns, seconds=seconds, located=by == "place")
                lines = EventTable(found.table(found.first_us)).timeline(span, bins, by)
            return replace(lines, account=asking.account())

        return self._asked(as_window(window), Filters.parse(filters), answer)

    def top(self, field: str, window: Window | str | None = None, n: int = 10, filters: Conditions = None) -> Top:
        """Return the most frequent values of a field or column; see `attackviz.store.Top`.

        Parameters
        ----------
        field : str
        window : Window or str, optional
        n : int
            How many.
        filters : Filters, mapping or str, optional

        Raises
        ------
        TapeError, UsageError
            As for `read`.
        """

        def answer(asking: Asking) -> Top:
            asking.tried().top(field, None, n)
            columns = FIELDS.get(field, (field,))
            found = asking.grouped((*columns, "category"), located=field == "place")
            best = EventTable(found.table(found.last_us)).top(field, None, n)
            latest = [row.last_us for row in best.rows if row.last_us is not None]
            events = EventTable(asking.moments(latest, (*columns, *_WORDS)))
            said = {row.key: row for row in events.top(field, None, max(len(events), 1), asking.filters).rows}
            rows = tuple(replace(row, words=said[row.key].words) if row.key in said else row for row in best.rows)
            return replace(best, rows=rows, account=asking.account())

        return self._asked(as_window(window), Filters.parse(filters), answer)

    def cube(self, window: Window | str | None = None, budget: int = BUDGET, filters: Conditions = None) -> Cube:
        """Return counts by time, place, target, category and verdict; see `attackviz.store.Cube`.

        Parameters
        ----------
        window : Window or str, optional
        budget : int
            At most how many cells.
        filters : Filters, mapping or str, optional

        Raises
        ------
        TapeError, UsageError
            As for `read`; if no cube has as few cells.
        """
        return self._asked(as_window(window), Filters.parse(filters), lambda asking: _cube(asking, budget))

    def sample(self, window: Window | str | None = None, n: int = 200, filters: Conditions = None) -> Events:
        """Return n events that stand for the rest, by time: the same each time.

        They are chosen by a hash of their sequence numbers; those of a narrower
        window are among those of a wider one while there is room.

        Parameters
        ----------
        window : Window or str, optional
        n : int
        filters : Filters, mapping or str, optional

        Raises
        ------
        TapeError, UsageError
            As for `read`.
        """

        def answer(asking: Asking) -> Events:
            asking.tried()
            events = asking.grouped(()).events
            dated = replace(asking, segments=asking.timed)
            listed = np.asarray(dated.rows([SEQUENCE])[SEQUENCE])
            chosen = Filters.parse({SEQUENCE: {"in": _some(listed, n).tolist()}}) if n > 0 else None
            if chosen is None or not len(listed):
                return Events(asking.tried().table, asking.account(), events)
            held = [s for s in dated.segments if np.any((s.first <= _some(listed, n)) & (_some(listed, n) <= s.last))]
            table = replace(dated, segments=held, filters=chosen).rows(None).sort_by("time")
            return Events(table, asking.account(), events - int(weights(table).sum()))

        return self._asked(as_window(window), Filters.parse(filters), answer)


def _some(numbers: Any, n: int) -> Any:
    """Return n of some sequence numbers, chosen by a hash."""
    if len(numbers) <= n:
        return numbers
    mixed = numbers.astype(np.uint64) * _SEED
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return numbers[np.argpartition(mixed ^ (mixed >> np.uint64(32)), n)[:n]]


def _ends(found: Grouped) -> tuple[int, int] | None:
    return (int(found.first_us.min()), int(found.last_us.max())) if len(found.weight) else None


def _spanned(asking: Asking) -> Window | None:
    """Return the time that an answer covers: the window, or from the first to the last event; None without any."""
    if asking.window is not None:
        return asking.window
    ends = _ends(asking.grouped(()))
    if ends is None:
        return None
    return Window(_EPOCH + timedelta(microseconds=ends[0]), _EPOCH + timedelta(microseconds=ends[1] + 1))


def _cube(asking: Asking, budget: int) -> Cube:
    nothing = asking.tried().cube(asking.window, budget)
    table, grain, events, unlocated = nothing.table, nothing.grain, 0, 0
    span = _spanned(asking)
    if span is not None:
        steps = ladder(span.end_us - span.start_us)
        told = [(seconds, _told_apart(place), _NAME.get(place)) for seconds, place in steps]
        # How many they are is known to some percent: half as many again as may be shown are surely too many.
        step = asking.finest(told, max(budget + budget // 2, HELD))
        found = asking.grouped(told[step][1], seconds=told[step][0], located=True)
        rows = found.table(found.first_us).sort_by("time")
        fields, weight = Fields(rows), weights(rows)
        cells = Cells(fields, weight)
        time_us = np.asarray(rows["time"].cast(pa.int64()))
        table, grain = cells.cut(time_us, slice(None), weight, span.end_us - span.start_us, budget, steps[step])
        events = int(weight.sum())
        unlocated = int(cells.at_place[~cells.places.located].sum())
    if asking.window is not None:
        start = np.maximum(np.asarray(table["time"].cast(pa.int64())), asking.window.start_us)
        table = table.set_column(0, "time", pa.array(start, pa.timestamp("us", tz="UTC")))
    inside = asking.grouped((), filters=Filters()).events if asking.filters else events
    timed, untimed = asking.total(), asking.total(untimed=True)
    totals: dict[str, Any] = {
        "events": timed + untimed,
        "untimed": untimed,
        "untimed_by_reason": {NO_TIME: untimed} if untimed else {},
        **({"outside": timed - inside} if asking.window is not None else {}),
        **({"filtered": inside - events} if asking.filters else {}),
        "in_recording": events,
        "unlocated": unlocated,
    }
    account: Account = replace(asking.account(), coarsened=events)
    return Cube(table, grain, asking.window, totals, account)


def _told_apart(place: str) -> tuple[str, ...]:
    points = () if place == "none" else POINT
    return (*_SOURCE[: _NAMED[place]], *points, *_TARGET, "category", "verdict")
