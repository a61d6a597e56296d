"""`Tape`: the handle of a tape."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import pyarrow as pa

from ..errors import AddressError, TapeError, UsageError
from ..filters import Filters
from ..window import Window, as_window
from .append import Appended, Listener, Writer
from .asking import Asking, connected
from .columns import Catalogue, schema_of
from .counting import Conditions, Counting
from .files import place, tidy
from .follow import since
from .head import read_head, write_head
from .info import Info, info
from .keeper import Keeper
from .lock import NAME as LOCK
from .lock import Lock
from .reading import batches
from .segments import UNDATED, Segment, Shelf, start_of
from .verify import Verified, verify

if TYPE_CHECKING:
    import duckdb

__all__ = ["Narrowed", "Tape"]

INPUTS = "inputs"
"""A directory of a tape where whoever fills it keeps how far it is."""

_TRIES = 20
T = TypeVar("T")


class Tape(Counting):
    """Keep events on disk, and answer questions about them; a `attackviz.store.Store`.

    Parameters
    ----------
    path : path
        A directory; made where there is none, unless `readonly`.
    keep : timedelta, optional
        How long events are kept, by their own time; for ever by default.
    max_bytes : int, optional
        How large the tape may grow: the oldest hours go first. Without limit by default.
    readonly : bool
        Read what another process writes. Any number of processes may; one writes.

    Attributes
    ----------
    path : Path

    Raises
    ------
    AddressError
        If there is no tape, and `readonly`; or something else lies there.
    TapeError
        If another process writes to it, it is damaged, or of another version.
    UsageError
        If `keep` or `max_bytes` is not above 0.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> times = pa.array([0, 1], pa.timestamp("s", tz="UTC"))
    >>> with tempfile.TemporaryDirectory() as directory, Tape(f"{directory}/tape") as tape:
    ...     said = tape.append(pa.table({"time": times, "event_id": ["a", "b"]}))
    ...     again = tape.append(pa.table({"time": times, "event_id": ["a", "c"]}))
    ...     said, again, tape.since(1, 10)["event_id"].to_pylist()
    (Appended(first=1, events=2, duplicates=0), Appended(first=3, events=1, duplicates=1), ['b', 'c'])
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        keep: timedelta | None = None,
        max_bytes: int | None = None,
        readonly: bool = False,
    ) -> None:
        self.path = Path(path)
        if keep is not None and keep <= timedelta(0):
            raise UsageError(f"events cannot be kept for {keep}", hint="give a time above 0, or none")
        if max_bytes is not None and max_bytes < 1:
            raise UsageError(f"a tape has no room in {max_bytes} bytes", hint="give a size above 0, or none")
        self._keep, self._max_bytes = keep, max_bytes
        self._shelf = Shelf(self.path)
        self._weights: dict[Segment, int] = {}
        self._writer: Writer | None = None
        self._keeper: Keeper | None = None
        self._lock: Lock | None = None
        self._closing = threading.Lock()
        if readonly:
            self._catalogue = _found(self.path)
            return
        _made(self.path)
        self._lock = Lock(self.path)
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

    def _open(self) -> None:
        tidy(self.path)
        self._catalogue = Catalogue(self.path)
        if self._catalogue.path is None:
            place(self.path, [self._catalogue.written({})])
            self._catalogue.load()
        last = max([read_head(self.path) or 0, *(each.last for each in self._shelf.every())])
        if last != read_head(self.path):
            write_head(self.path, last)
        self._writer = Writer(self._shelf, self._catalogue, last)
        self._keeper = Keeper(self._writer, self._keep, self._max_bytes)

    def __repr__(self) -> str:
        return f"<Tape {str(self.path)!r}{'' if self._writer else ', read only'}>"

    @property
    def readonly(self) -> bool:
        """Whether it is read only."""
        return self._writer is None

    @property
    def last(self) -> int:
        """The sequence number of the last event that came; 0 where none did."""
        if self._writer is not None:
            return self._writer.last
        found = read_head(self.path)
        return max((each.last for each in self._shelf.every()), default=0) if found is None else found

    def append(self, events: pa.Table) -> Appended:
        """Add events; when this returns they are on the disk.

        Appends of several threads at once share one commit. An event whose
        ``event_id`` is on the tape already is left out (equal ids have equal
        times: only its hour is looked at). Late events go where they belong.

        Parameters
        ----------
        events : pyarrow.Table
            An event table with ``event_id``; a column ``sequence`` is replaced
            by the tape's own numbers, other extra columns are kept.

        Returns
        -------
        Appended

        Raises
        ------
        SchemaError
            If it is no event table, or an event has no id.
        TapeError
            If it cannot be written (the disk is full, say); what of it is there
            is left out as a duplicate when it is appended again.
        UsageError
            If the tape is read only, or closed.
        """
        return self._writing().append(events)

    def since(self, sequence: int, limit: int = 100_000) -> pa.Table:
        """Return the events after a sequence number, in the order they came.

        Parameters
        ----------
        sequence : int
            0 for the first.
        limit : int
            At most how many rows.

        Returns
        -------
        pyarrow.Table
            With all columns, ``sequence`` (int64) among them.

        Raises
        ------
        TapeError
            If a segment is damaged.
        """
        last = self.last
        if limit < 1 or sequence >= last:
            return schema_of(self._catalogue.extra).empty_table()
        return self._reading(lambda segments: since(self.path, segments, self._catalogue.extra, sequence, last, limit))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have a function called with all that is appended from now on.

        It is called once a commit, in the order of sequence numbers, before the
        appends return, with the rows that were new; what it raises is not its
        caller's concern and is dropped.

        Parameters
        ----------
        listener : callable
            Given a table that has ``sequence``.

        Returns
        -------
        callable
            Ends it.
        """
        listeners = self._writing().listeners
        listeners.append(listener)

        def end() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return end

    def compact(self) -> int:
        """Make one segment of the many of each hour, while others read; the writer does most of it by itself.

        Returns
        -------
        int
            How many segments became fewer.

        Raises
        ------
        TapeError
            If one is damaged, or there is no space.
        UsageError
            If the tape is read only, or closed.
        """
        self._writing()
        assert self._keeper is not None
        return self._keeper.compact()

    def retire(self, now: datetime | None = None) -> list[datetime]:
        """Let go of the hours that are too old or too much, as the writer does by itself every minute.

        Parameters
        ----------
        now : datetime, optional
            What age is counted from; the present by default.

        Returns
        -------
        list of datetime
            The hours (UTC) that are gone; events without a usable time count as of the year 1.

        Raises
        ------
        UsageError
            If the tape is read only, or closed.
        """
        self._writing()
        assert self._keeper is not None
        lowest = datetime.min.replace(tzinfo=UTC)
        return [lowest if hour == UNDATED else start_of(hour) for hour in self._keeper.retire(now)]

    def verify(self) -> Verified:
        """Read every byte and compare it with what was written; see `attackviz.tape.Verified`."""
        return verify(self.path)

    @property
    def trouble(self) -> str | None:
        """Why segments cannot be merged, or let go of, at present; None where all is well."""
        return None if self._keeper is None else self._keeper.trouble

    def close(self) -> None:
        """Stop writing, and let others write."""
        with self._closing:
            if self._writer is not None:
                self._writer.close()
                if self._keeper is not None:
                    self._keeper.end()
                self._writer = None
            if self._lock is not None:
                self._lock.release()
            if "_duck" in self.__dict__:
                self._duck.close()
                del self._duck

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def batches(
        self, window: Window | str | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[pa.Table, int]]:
        """Yield the events batch by batch, so that memory stays bounded: by hour, and within it in the order they came.

        Parameters
        ----------
        window : Window or str, optional
            Without one, events whose time is unknown are among them.
        columns : sequence of str, optional
            All by default; ``time`` is always there. What the tape does not
            have is null.

        Yields
        ------
        table : pyarrow.Table
        size : int
            About how many bytes of the disk it took.

        Raises
        ------
        TapeError
            If a segment is damaged.
        """
        self._refresh()
        return batches(self._shelf, self._catalogue, as_window(window), columns)

    def where(self, filters: Conditions) -> Narrowed:
        """Return a store of the events that meet conditions: each answer counts the others as filtered.

        Parameters
        ----------
        filters : Filters, mapping or str

        Raises
        ------
        UsageError
            If they are not understood.
        """
        return Narrowed(self, Filters.parse(filters))

    def info(self, window: Window | str | None = None) -> Info:
        """Say how much there is, as the names of its files tell.

        Parameters
        ----------
        window : Window or str, optional
            Only of the hours that it touches; by default all, and events without a usable time.
        """
        span = as_window(window)
        self._refresh()
        return info(self.path, self._shelf.segments(), tuple(self._catalogue.extra), self.last, span)

    def _reading(self, answer: Callable[[list[Segment]], T]) -> T:
        """Return an answer made of the segments there are; where one goes meanwhile, of those there are then."""
        for attempt in range(_TRIES):
            segments = self._shelf.segments()
            self._refresh()  # after them, so that no segment has a column that is not known
            try:
                return answer(segments)
            except FileNotFoundError:
                time.sleep(0.01 * attempt)
        raise TapeError("its segments change faster than they can be read", where=str(self.path), hint="try again")

    def _refresh(self) -> None:
        if self.readonly:
            self._catalogue.load()

    def _asked(self, window: Window | None, filters: Filters, answer: Callable[[Asking], T]) -> T:
        def asked(segments: list[Segment]) -> T:
            return answer(Asking(self.path, self._catalogue, segments, self._weights, self._duck, window, filters))

        return self._reading(asked)

    @cached_property
    def _duck(self) -> duckdb.DuckDBPyConnection:
        return connected()

    def _writing(self) -> Writer:
        if self._writer is None:
            raise UsageError("the tape is read only, or closed", where=str(self.path), hint="open it without readonly")
        return self._writer


class Narrowed(Counting):
    """Answer for the events of a tape that meet conditions; a `attackviz.store.Store`.

    Parameters
    ----------
    tape : Tape
    filters : Filters
    """

    def __init__(self, tape: Tape, filters: Filters) -> None:
        self.tape, self._filters = tape, filters

    def _asked(self, window: Window | None, filters: Filters, answer: Callable[[Asking], T]) -> T:
        own = Filters((*self._filters.conditions, *filters.conditions))
        return self.tape._asked(window, own, answer)


def _found(path: Path) -> Catalogue:
    """Return what columns an existing tape has."""
    catalogue = Catalogue(path) if path.is_dir() else None
    if catalogue is None or catalogue.path is None:
        hint = "attackviz tape import ADDRESS --tape DIR makes one"
        raise AddressError("there is no tape", where=str(path), hint=hint)
    return catalogue


def _made(path: Path) -> None:
    """Make the directory of a tape, unless there is one, or something else."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        names = sorted(each.name for each in path.iterdir())
    except OSError as error:
        hint = "name a directory you may write to"
        raise TapeError(f"no tape can be made there: {error.strerror}", where=str(path), hint=hint) from None
    others = [name for name in names if name not in (LOCK, INPUTS) and not name.startswith(".")]
    if others and not Catalogue.files(path):
        hint = "name an empty directory, or one that does not exist"
        raise AddressError(f"it is no tape, and holds something else ({others[0]!r})", where=str(path), hint=hint)
