"""`EventTable`: events in memory, or mapped from a file, as a store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from .. import schema
from ..account import Account, account_of
from ..errors import ReadError, SchemaError, UsageError
from ..filters import Filters
from ..store import BUDGET, Counts, Cube, Events, Timeline, Top
from ..window import Window
from .coding import sums
from .conditions import mask
from .cube import Cells
from .fields import Fields
from .ranking import rank
from .times import FAR_TIME, NO_TIME, times, weights, width_for

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["EventTable"]

GROUPS = 8
"""How many values a timeline tells apart."""

_SEED = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class Chosen:
    """Hold the rows that a window and filters let through, by time.

    Attributes
    ----------
    rows : slice or ndarray of int64
        Which rows of the table.
    time_us : ndarray of int64
    weight : ndarray of int64 or None
        None for 1 throughout.
    outside, filtered : int
        Events that are not among them.
    """

    rows: Any
    time_us: NDArray[np.int64]
    weight: NDArray[np.int64] | None
    outside: int
    filtered: int

    @property
    def events(self) -> int:
        """How many events they stand for."""
        return len(self.time_us) if self.weight is None else int(self.weight.sum())


class EventTable:
    """Answer questions about an event table; a `attackviz.store.Store`.

    What is asked of first is coded once and kept, so that the next question
    costs less. Memory beside the table: 4 bytes a row and field asked for, and
    at most 24 a row for times, order and weights; as much again for the rows
    that the last question was about, as the next is often about the same.

    Parameters
    ----------
    events : pandas.DataFrame or pyarrow.Table
        An event table; rows may be in any order.
    account : Account, optional
        What became of the input; by default the one that came with the frame,
        else one of as many pieces as there are rows.

    Raises
    ------
    SchemaError
        If it is no event table.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.to_datetime(["2025-02-18T10:00Z", "2025-02-18T11:00Z", "2025-02-19T00:00Z"])
    >>> store = EventTable(pd.DataFrame({"time": times, "src_ip": ["192.0.2.1", "192.0.2.2", "192.0.2.1"]}))
    >>> store.count(Window.parse("2025-02-18")).events
    2
    >>> [(row.key, row.events) for row in store.top("address").rows]
    [('192.0.2.1', 2), ('192.0.2.2', 1)]
    """

    def __init__(self, events: pd.DataFrame | pa.Table, account: Account | None = None) -> None:
        if isinstance(events, pa.Table):
            self.table = schema.conform(events)
        elif hasattr(events, "columns"):
            self.table = schema.from_pandas(events)
        else:
            raise SchemaError(
                f"a store is made of a DataFrame or an Arrow table, not of {type(events).__name__}",
                hint="read one with attackviz.read(address)",
            )
        n = self.table.num_rows
        self.account = account or account_of(events) or Account(pieces=n, events=n)
        self.fields = Fields(self.table)
        self._latest: tuple[Window | None, Filters | None, Chosen] | None = None

    @classmethod
    def open(cls, path: str | os.PathLike[str], account: Account | None = None) -> EventTable:
        """Open an Arrow file of events without reading it: its columns are mapped into memory.

        Parameters
        ----------
        path : path
            As ``attackviz read ... -o FILE.arrow`` writes it.
        account : Account, optional

        Raises
        ------
        ReadError
            If it is no Arrow file.
        """
        try:
            table = pa.ipc.open_file(pa.memory_map(os.fspath(path))).read_all()
        except (OSError, pa.ArrowException) as error:
            hint = "make one with attackviz read ADDRESS -o events.arrow"
            raise ReadError(f"it is no Arrow file of events ({error})", where=os.fspath(path), hint=hint) from None
        return cls(table, account)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        return f"<EventTable of {len(self):,} rows>"

    def read(
        self,
        window: Window | None = None,
        filters: Filters | None = None,
        columns: Sequence[str] | None = None,
    ) -> Events:
        """Return the events themselves, in the order of the table.

        Parameters
        ----------
        window : Window, optional
            Without one, events whose time is unknown are among them.
        filters : Filters, optional
        columns : sequence of str, optional
            All by default; ``time`` is always there.

        Raises
        ------
        UsageError
            If there is no such column.
        """
        table = self.table
        if columns is not None:
            for name in columns:
                if name not in table.column_names:
                    raise self.fields.unknown(name)
            table = table.select([name for name in table.column_names if name in {"time", *columns}])
        if window is None:
            if filters:
                table = table.filter(pa.array(mask(self.fields, filters)))
            return Events(table, self.account)
        wanted = np.zeros(len(self), bool)
        wanted[self._choose(window, filters).rows] = True
        return Events(table.filter(pa.array(wanted)), self.account)

    def count(self, window: Window | None = None, filters: Filters | None = None) -> Counts:
        """Return how many events there are, and of what kind; see `attackviz.store.Counts`."""
        chosen = self._choose(window, filters)
        rows, weight = chosen.rows, chosen.weight

        def total(name: str) -> dict[str, int]:
            coded = self.fields[name]
            found = sums(coded.codes[rows], weight, len(coded.values))
            names = coded.values.to_pylist()
            ranked = sorted(np.flatnonzero(found).tolist(), key=lambda i: (-found[i], str(names[i])))
            return {names[i]: int(found[i]) for i in ranked}

        def distinct(name: str) -> int:
            coded = self.fields[name]
            met = np.zeros(len(coded.values), bool)
            met[coded.codes[rows]] = True
            return int((met & np.asarray(coded.values.is_valid())).sum())

        places = self.fields.places
        severity = total("severity")
        return Counts(
            events=chosen.events,
            sources=distinct("address"),
            countries=distinct("country"),
            unlocated=int(sums(places.codes[rows], weight, len(places.lat))[~places.located].sum()),
            severe=severity.get("high", 0) + severity.get("critical", 0),
            by_category=total("category"),
            by_verdict=total("verdict"),
            first_us=int(chosen.time_us[0]) if len(chosen.time_us) else None,
            last_us=int(chosen.time_us[-1]) if len(chosen.time_us) else None,
            filtered=chosen.filtered,
            outside=chosen.outside,
            untimed=sum(self._untimed.values()),
            all=chosen.events + chosen.filtered + chosen.outside + sum(self._untimed.values()),
            account=self.account,
        )

    def timeline(
        self, window: Window | None = None, bins: int = 200, by: str | None = None, filters: Filters | None = None
    ) -> Timeline:
        """Return events over time.

        Parameters
        ----------
        window : Window, optional
            It is covered whole; by default all that there is.
        bins : int
            At most how many; their width is a whole number of seconds, minutes,
            hours or days.
        by : str, optional
            A field or column: its eight most frequent values are told apart.
        filters : Filters, optional

        Raises
        ------
        UsageError
            If `bins` is less than 1, or there is no field `by`.
        """
        if bins < 1:
            raise UsageError(f"a timeline has no {bins} bins", hint="ask for 1 or more")
        chosen = self._choose(window, filters)
        start, end = _span(window, chosen.time_us)
        width_us = width_for(start, end, bins)
        n = (end - 1) // width_us - start // width_us + 1
        at = chosen.time_us // width_us - start // width_us
        names: tuple[str, ...] = ("",)
        group: NDArray[Any] = np.zeros(len(at), np.int64)
        if by is not None:
            coded = self.fields[by].merged()
            codes = coded.codes[chosen.rows]
            found = sums(codes, chosen.weight, len(coded.values))
            best = sorted(np.flatnonzero(found).tolist(), key=lambda i: (-found[i], str(coded.key(i))))[:GROUPS]
            column = np.full(len(found), len(best))
            column[best] = np.arange(len(best))
            group, names = column[codes], tuple(str(coded.key(i)) for i in best)
        size = len(names) + 1
        cells = sums(at * size + group, chosen.weight, n * size).reshape(n, size)
        first = start // width_us * width_us
        return Timeline(first, width_us // 1_000_000, names, cells[:, :-1], cells[:, -1], self.account)

    def top(self, field: str, window: Window | None = None, n: int = 10, filters: Filters | None = None) -> Top:
        """Return the most frequent values of a field or column; see `attackviz.store.Top`.

        Raises
        ------
        UsageError
            If there is no such field, or `n` is less than 1.
        """
        if n < 1:
            raise UsageError(f"a list has no {n} lines", hint="ask for 1 or more")
        chosen = self._choose(window, filters)
        return rank(self.fields, field, chosen.rows, chosen.time_us, chosen.weight, n, self.account)

    def cube(self, window: Window | None = None, budget: int = BUDGET, filters: Filters | None = None) -> Cube:
        """Return counts at the finest grain whose cells fit the budget; see `attackviz.store.Cube`.

        Parameters
        ----------
        window : Window, optional
        budget : int
            At most how many cells.
        filters : Filters, optional

        Raises
        ------
        UsageError
            If no cube has as few cells.
        """
        chosen = self._choose(window, filters)
        start, end = _span(window, chosen.time_us)
        table, grain = self._cells.cut(chosen.time_us, chosen.rows, chosen.weight, end - start, budget)
        if window is not None:
            time = np.maximum(np.asarray(table["time"].cast(pa.int64())), window.start_us)
            table = table.set_column(0, "time", pa.array(time, pa.timestamp("us", tz="UTC")))
        places = self.fields.places
        located = sums(places.codes[chosen.rows], chosen.weight, len(places.lat))[places.located].sum()
        untimed = sum(self._untimed.values())
        totals: dict[str, Any] = {
            "events": chosen.events + chosen.outside + chosen.filtered + untimed,
            "untimed": untimed,
            "untimed_by_reason": dict(self._untimed),
            **({"outside": chosen.outside} if window is not None else {}),
            **({"filtered": chosen.filtered} if filters else {}),
            "in_recording": chosen.events,
            "unlocated": chosen.events - int(located),
        }
        return Cube(table, grain, window, totals, replace(self.account, coarsened=chosen.events))

    def sample(self, window: Window | None = None, n: int = 200, filters: Filters | None = None) -> Events:
        """Return n events that stand for the rest, by time.

        They are chosen by a hash of where they stand in the table: the same
        each time, and those of a narrower window are among those of a wider one
        while there is room.
        """
        chosen = self._choose(window, filters)
        rows = np.arange(len(self))[chosen.rows]
        if len(rows) > n:
            mixed = (rows.astype(np.uint64) + np.uint64(1)) * np.uint64(_SEED)
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
            rows = rows[np.sort(np.argpartition(mixed ^ (mixed >> np.uint64(32)), n)[:n])]
        taken = self.table.take(pa.array(rows))
        return Events(taken, self.account, chosen.events - int(weights(taken).sum()))

    @cached_property
    def _weight(self) -> NDArray[np.int64] | None:
        found = weights(self.table)
        return None if bool((found == 1).all()) else found

    @cached_property
    def _clock(self) -> tuple[NDArray[np.int64] | None, NDArray[np.int64], dict[str, int]]:
        """Rows with a usable time, by time (None: all, as they are), their times, and events without by reason."""
        time_us, known, far = times(self.table)
        every = self._weight
        untimed = {
            reason: int(rows.sum() if every is None else every[rows].sum())
            for reason, rows in ((NO_TIME, ~known), (FAR_TIME, far))
            if rows.any()
        }
        if not untimed and bool(np.all(time_us[1:] >= time_us[:-1])):
            return None, time_us, untimed
        rows = np.flatnonzero(known & ~far)
        rows = rows[np.argsort(time_us[rows], kind="stable")]
        return rows, time_us[rows], untimed

    @property
    def _untimed(self) -> dict[str, int]:
        return self._clock[2]

    @cached_property
    def _cells(self) -> Cells:
        return Cells(self.fields, self._weight)

    def _choose(self, window: Window | None, filters: Filters | None) -> Chosen:
        latest = self._latest  # threads may ask at once
        if latest is None or latest[:2] != (window, filters):
            self._latest = None  # two need not be held at a time
            latest = self._latest = (window, filters, self._found(window, filters))
        return latest[2]

    def _found(self, window: Window | None, filters: Filters | None) -> Chosen:
        order, time_us, _ = self._clock
        begin, stop = 0, len(time_us)
        if window is not None:
            begin, stop = np.searchsorted(time_us, [window.start_us, window.end_us]).tolist()
        rows: Any = slice(begin, stop) if order is None else order[begin:stop]
        inside = time_us[begin:stop]
        weight = None if self._weight is None else self._weight[rows]
        events = len(inside) if weight is None else int(weight.sum())
        timed = len(time_us) if self._weight is None else int(self._weight.sum()) - sum(self._untimed.values())
        filtered = 0
        if filters:
            met = mask(self.fields, filters, rows)
            rows = np.flatnonzero(met) + begin if order is None else rows[met]
            inside, weight = inside[met], None if weight is None else weight[met]
            filtered = events - (len(inside) if weight is None else int(weight.sum()))
        return Chosen(rows, inside, weight, timed - events, filtered)


def _span(window: Window | None, time_us: NDArray[np.int64]) -> tuple[int, int]:
    if window is not None:
        return window.start_us, window.end_us
    return (int(time_us[0]), int(time_us[-1]) + 1) if len(time_us) else (0, 1)
