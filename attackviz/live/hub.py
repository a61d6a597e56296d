"""The hub: the newest events of a process in a ring, from which every viewer reads at its own pace."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from ..filters import Filters

__all__ = ["CAPACITY", "Cut", "Hub", "Read"]

CAPACITY = 200_000
"""Rows a ring holds unless told otherwise."""

_ROWS = 20_000  # of a cut, at most: what one message may hold
_KEPT = 16  # forms of a cut, for as many filters


@dataclass(eq=False)
class Cut:
    """Hold events that are handed on together, and what was made of them for whoever wants the same.

    Attributes
    ----------
    first, last : int
        Sequences of its first and last row.
    table : pyarrow.Table
        The event table with ``sequence``.
    newest : int
        The latest time in it, in microseconds since 1970; 0 where no row has one.
    """

    first: int
    last: int
    table: pa.Table
    newest: int = 0
    _made: dict[tuple[str, Filters | None], bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, table: pa.Table) -> Cut:
        """Return the cut of a table that has rows."""
        sequence = table["sequence"]
        newest = pc.max(table["time"]).cast(pa.int64()).as_py() if "time" in table.column_names else None
        return cls(sequence[0].as_py(), sequence[-1].as_py(), table, newest or 0)

    def made(self, kind: str, filters: Filters | None, make: Callable[[pa.Table, Filters | None], bytes]) -> bytes:
        """Return bytes that are made of it once, for all who ask with the same filters.

        Parameters
        ----------
        kind : str
            What they are.
        filters : Filters or None
        make : callable
            Makes them of the table.
        """
        key = kind, filters
        found = self._made.get(key)
        if found is None:
            while len(self._made) >= _KEPT:
                self._made.pop(next(iter(self._made)))
            found = self._made[key] = make(self.table, filters)
        return found

    def behind(self, sequence: int) -> Cut:
        """Return the part whose rows come after a sequence; all of it is the cut itself."""
        if sequence < self.first:
            return self
        at = bisect_right(self.table["sequence"].to_pylist(), sequence)
        return Cut.of(self.table.slice(at))


class Read(NamedTuple):
    """Hold what was read of a hub.

    Attributes
    ----------
    table : pyarrow.Table
        Rows after the place asked for; without any if there are none.
    gap : int
        How many rows between that place and the first of these are no longer in the ring.
    """

    table: pa.Table
    gap: int


class Hub:
    """Keep the newest events for many readers; memory is bounded by its capacity.

    Sequences have no holes: one more for every row on the tape. So a reader
    that fell behind is told exactly how many rows it missed. It may be asked
    from any thread.

    Parameters
    ----------
    capacity : int
        Rows to keep.

    Attributes
    ----------
    published : int
        Rows that were ever published.

    Examples
    --------
    >>> hub = Hub(capacity=3)
    >>> for first in (1, 3):
    ...     hub.publish(pa.table({"sequence": [first, first + 1], "src_ip": ["192.0.2.1", "192.0.2.2"]}))
    ...     hub.seal()
    >>> table, gap = hub.read(after=0)
    >>> table["sequence"].to_pylist(), gap
    ([3, 4], 2)
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.published = 0
        self._lock = threading.Lock()
        self._waiting: list[pa.Table] = []
        self._cuts: deque[Cut] = deque()
        self._rows = 0
        self._last = 0

    def __repr__(self) -> str:
        return f"<Hub: {self._rows:,} of {self.capacity:,} rows>"

    @property
    def first(self) -> int:
        """Sequence of the oldest row in the ring; one after the last where it is empty."""
        with self._lock:
            self._seal()
            return self._cuts[0].first if self._cuts else self._last + 1

    @property
    def last(self) -> int:
        """Sequence of the newest row that was published."""
        return self._last

    def begin(self, last: int) -> None:
        """Say where the tape stands, before anything is published."""
        with self._lock:
            self._last = max(self._last, last)

    def publish(self, table: pa.Table) -> None:
        """Take rows that are on the tape.

        Parameters
        ----------
        table : pyarrow.Table
            A located event table with ``sequence`` (int64), ascending, above all before.
        """
        if not table.num_rows:
            return
        with self._lock:
            self._waiting.append(table)
            self._last = table["sequence"][-1].as_py()
            self.published += table.num_rows

    def seal(self) -> None:
        """Make what was published since into cuts: readers that come now all get the same ones."""
        with self._lock:
            self._seal()

    def _seal(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        table = waiting[0] if len(waiting) == 1 else pa.concat_tables(waiting, promote_options="permissive")
        table = table.slice(max(0, table.num_rows - self.capacity))
        for at in range(0, table.num_rows, _ROWS):
            cut = Cut.of(table.slice(at, _ROWS))
            self._cuts.append(cut)
            self._rows += cut.table.num_rows
        while self._rows > self.capacity:
            self._rows -= self._cuts.popleft().table.num_rows

    def after(self, sequence: int) -> tuple[Cut | None, int]:
        """Return the next rows after a place, and how many are missing between.

        Parameters
        ----------
        sequence : int
            Of the last row that is known.

        Returns
        -------
        Cut or None
            None where nothing newer was sealed.
        int
            The gap.
        """
        with self._lock:
            cuts = self._cuts
            if not cuts or cuts[-1].last <= sequence:
                return None, 0
            low, high = 0, len(cuts) - 1
            while low < high:
                middle = (low + high) // 2
                if cuts[middle].last > sequence:
                    high = middle
                else:
                    low = middle + 1
            cut = cuts[low]
        cut = cut.behind(sequence)
        return cut, cut.first - sequence - 1

    def since(self, time_us: int, rows: int) -> int:
        """Return the place behind which lie the events of a time on, and no more than some rows.

        Parameters
        ----------
        time_us : int
            Microseconds since 1970.
        rows : int
            How many at most.
        """
        with self._lock:
            self._seal()
            place = self._last
            for cut in reversed(self._cuts):
                rows -= cut.table.num_rows
                if cut.newest < time_us or rows < 0:
                    break
                place = cut.first - 1
            return place

    def read(self, after: int, limit: int = CAPACITY) -> Read:
        """Return rows after a place as one table.

        Parameters
        ----------
        after : int
            Sequence of the last row that is known; 0 for none.
        limit : int
            How many rows at most.

        Returns
        -------
        Read
        """
        self.seal()
        parts: list[pa.Table] = []
        missing = rows = 0
        while rows < limit:
            cut, gap = self.after(after)
            if cut is None or (gap and parts):
                break
            missing += gap
            parts.append(cut.table.slice(0, limit - rows))
            rows += parts[-1].num_rows
            after = cut.last
        if not parts:
            return Read(pa.table({"sequence": pa.array([], pa.int64())}), 0)
        return Read(pa.concat_tables(parts, promote_options="permissive"), missing)
