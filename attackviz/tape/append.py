"""Take events in: duplicates dropped, a segment for each hour, on the disk before anybody is told.

Whoever appends while another commit is under way waits for it, and goes with all
that wait into the next one: many small appends share the cost of reaching the disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..analysis.times import times
from ..errors import AttackvizError, SchemaError, TapeError, UsageError
from .columns import SEQUENCE, Catalogue, prepared, schema_of
from .files import aligned, bytes_of, place, read_rows
from .head import write_head
from .merge import FEW
from .seen import Seen
from .segments import HOUR_US, UNDATED, Segment, Shelf, digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Appended", "Writer"]

MOST = 1_000_000
"""Rows of one commit, unless a single append has more."""

LARGEST = 10_000_000
"""Rows that an append may have."""

Listener = Callable[[pa.Table], None]


@dataclass(frozen=True, slots=True)
class Appended:
    """Say what became of events that were appended.

    Attributes
    ----------
    first : int
        The sequence number of the first of them that was new; of several, they
        are consecutive. Where none was new, the number that the next event gets.
    events : int
        Rows that were new, and are on the tape now.
    duplicates : int
        Rows whose ``event_id`` was on the tape already, or twice among them.
    """

    first: int
    events: int
    duplicates: int


@dataclass(slots=True, eq=False)
class _Waiting:
    """Hold what one caller wants to append, and what became of it."""

    table: pa.Table
    hours: NDArray[np.int64]
    done: Appended | None = None
    error: BaseException | None = None
    over: bool = field(default=False)


class Writer:
    """Append to a tape whose lock is held.

    Parameters
    ----------
    shelf : Shelf
    catalogue : Catalogue
    last : int
        The last sequence number that was given.
    """

    def __init__(self, shelf: Shelf, catalogue: Catalogue, last: int) -> None:
        self.shelf, self.catalogue, self.last = shelf, catalogue, last
        self.listeners: list[Listener] = []
        self.written: list[Segment] = []
        self.grown = threading.Event()
        self._extra = dict(catalogue.extra)
        self._seen = Seen(self._ids)
        self._queue: list[_Waiting] = []
        self._closed = False
        self._queueing = threading.Lock()
        self._committing = threading.Lock()

    def append(self, events: pa.Table) -> Appended:
        """Return when the events are on the disk; see `attackviz.Tape.append`."""
        with self._queueing:
            extra = dict(self._extra)
        table = prepared(events, extra)
        if table.num_rows > LARGEST:
            hint = f"append at most {LARGEST:,} at a time"
            raise UsageError(f"{table.num_rows:,} events are too many for one commit", hint=hint)
        waiting = _Waiting(table, _hours(table))
        with self._queueing:
            for name, kind in extra.items():
                if self._extra.setdefault(name, kind) != kind:
                    raise SchemaError(f"column {name!r} is {kind}, and {self._extra[name]} on the tape",
                                      hint="give it another name, or cast it before")  # fmt: skip
            if self._closed:
                raise UsageError("the tape is closed", where=str(self.shelf.root), hint="open it again")
            self._queue.append(waiting)
        with self._committing:
            while not waiting.over:
                self._lead()
        if waiting.error is not None:
            raise waiting.error
        assert waiting.done is not None
        return waiting.done

    def close(self) -> None:
        """Take nothing more; return when what was taken is on the disk."""
        with self._queueing:
            self._closed = True
        with self._committing:
            while self._queue:
                self._lead()

    def forget(self, hours: list[int]) -> None:
        """Know no ids of some hours any more: they are let go of."""
        with self._committing:
            self._seen.forget(hours)

    def _lead(self) -> None:
        """Commit what waits, for all who wait."""
        batch: list[_Waiting] = []
        with self._queueing:
            rows = 0
            while self._queue and (not batch or rows + self._queue[0].table.num_rows <= MOST):
                batch.append(self._queue.pop(0))
                rows += batch[-1].table.num_rows
        try:
            self._commit(batch)
        except BaseException as error:
            # Ids were taken up that may not be on the disk: what is there counts.
            self._seen.forget({int(hour) for each in batch for hour in np.unique(each.hours)})
            told = error if isinstance(error, AttackvizError) else _wrong(self.shelf, error)
            for each in batch:
                each.error, each.done = told, None
            if not isinstance(error, Exception):
                raise
        finally:
            for each in batch:
                each.over = True

    def _commit(self, batch: list[_Waiting]) -> None:
        table = batch[0].table
        if len(batch) > 1:
            table = pa.concat_tables([each.table for each in batch], promote_options="default").unify_dictionaries()
        hours = np.concatenate([each.hours for each in batch])
        fresh, split = self._fresh(table, hours)
        ends = np.cumsum([each.table.num_rows for each in batch])
        new = np.concatenate([[0], np.cumsum(fresh)])
        for each, start, end in zip(batch, [0, *ends[:-1].tolist()], ends.tolist(), strict=True):
            kept = int(new[end] - new[start])
            each.done = Appended(self.last + 1 + int(new[start]), kept, end - start - kept)
        total = int(new[-1])
        if not total:
            return
        numbers = np.where(fresh, self.last + new[1:], 0)
        table = table.append_column(SEQUENCE, pa.array(numbers, pa.int64()))
        parts = []
        for hour, among in split:
            chosen = among[fresh[among]]
            if len(chosen):
                part = table if len(chosen) == table.num_rows else table.take(pa.array(chosen))
                parts.append((hour, int(numbers[chosen[0]]), int(numbers[chosen[-1]]), part))
        self._write(parts)
        self.last += total
        write_head(self.shelf.root, self.last)
        if self.listeners:
            stored = table if total == table.num_rows else table.filter(pa.array(fresh))
            for listener in tuple(self.listeners):
                with suppress(Exception):  # events are safe, whatever is made of them
                    listener(stored)

    def _fresh(
        self, table: pa.Table, hours: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], list[tuple[int, NDArray[np.int64]]]]:
        """Return which rows are new, and which belong to which hour."""
        column = table["event_id"].combine_chunks()
        ids = column if isinstance(column, pa.Array) else column.chunk(0)
        fresh = np.zeros(table.num_rows, bool)
        found = np.unique(hours)
        if len(found) <= 1:
            split = [(int(hour), np.arange(len(hours))) for hour in found]
        else:
            order = np.argsort(hours, kind="stable")
            edges = np.searchsorted(hours[order], found)
            split = list(zip(found.tolist(), np.split(order, edges[1:]), strict=True))
        for hour, rows in split:
            self._seen.add(ids, hour, rows, fresh)
        return fresh, split

    def _write(self, parts: list[tuple[int, int, int, pa.Table]]) -> None:
        """Put parts of hours on the disk."""
        contents: list[tuple[str, object]] = []
        with self._queueing:
            extra = dict(self._extra)
        if extra != self.catalogue.extra:
            # Columns first: a segment has none that the tape does not know.
            place(self.shelf.root, [self.catalogue.written(extra)])
            self.catalogue.load()
        segments, schema = [], schema_of({name: extra[name] for name in extra if name in parts[0][3].column_names})
        for hour, first, last, part in parts:
            data = bytes_of(aligned(part, schema))
            segments.append(Segment(hour, first, last, part.num_rows, digest(memoryview(data))))
            contents.append((segments[-1].name, data))
        place(self.shelf.root, contents)
        self.written.extend(segments)
        if len(self.written) >= FEW:
            self.grown.set()

    def _ids(self, hour: int) -> list[pa.Array]:
        """Return the ids of an hour that are on the tape."""
        found = []
        for segment in self.shelf.of(hour):
            column = read_rows(self.shelf.root, segment, {}, ["event_id"])["event_id"]
            found += column.chunks
        return found


def _hours(table: pa.Table) -> NDArray[np.int64]:
    time_us, known, far = times(table)
    return np.where(known & ~far, time_us // HOUR_US, UNDATED)


def _wrong(shelf: Shelf, error: BaseException) -> BaseException:
    if not isinstance(error, OSError | pa.ArrowException | MemoryError):
        return error
    return TapeError(f"the events cannot be written: {error}", where=str(shelf.root))
