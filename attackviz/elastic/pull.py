"""Documents of a cluster as events, a slice of time after the other.

A slice is read through a point in time, by several readers at once, and handed
over whole or not at all: where the point in time breaks or a shard is lost,
another one is opened and that slice is read again. What was read is counted
against what the cluster says it has.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from ..account import Account
from ..errors import ElasticError
from ..filters import Filters
from ..formats import Options
from ..schema import COLUMNS, arrow_type, conform
from .documents import Documents, page_of
from .pit import closed, opened
from .query import all_of, conditions, own_query, within
from .slices import BROKEN, HOLD, Plan, Slice, plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from .wire import Wire

__all__ = ["SLICES", "Pull", "PullProgress", "Read"]

SLICES = 2
"""How many readers share a slice of time, unless told otherwise."""

_KEEP = "5m"
_TRIES = 4
_PAGE = 10_000  # what an index gives at once, unless its settings say otherwise
_FIRST_PAGE = 1_000
_PAGE_BYTES = 8 << 20
_FIRST_WAIT = 0.2  # seconds


@dataclass(frozen=True, slots=True)
class PullProgress:
    """Hold how far a pull is.

    Attributes
    ----------
    documents, done : int
        Documents in all, and read.
    rate : float
        Documents a second so far.
    eta_s : float or None
        Seconds until the end at the rate so far; None until it can be said.
    """

    documents: int
    done: int
    rate: float
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class Read:
    """Hold one slice of time, read whole.

    Attributes
    ----------
    slice : Slice
        Which one; its count is what was read.
    tables : list of pyarrow.Table
        Its events.
    account : Account
        What became of its documents.
    """

    slice: Slice
    tables: list[pa.Table]
    account: Account


class Pull:
    """Read documents as event tables, a slice of time after the other; memory stays bounded.

    Iterate it once; `account` is complete when that ends. Closing it early, or
    leaving its ``with`` block, frees what the cluster keeps for it.

    Parameters
    ----------
    wire : Wire
        To the cluster.
    documents : Documents
        What is read.
    options : Options
        Window, columns and zone.
    filters : Filters
        Conditions that events have to meet.
    query : str, mapping or None
        The user's own: see `attackviz.elastic.query.own_query`.
    slices : int
        How many readers share a slice of time.
    hold : int
        How many documents a slice of time may have.
    progress : callable, optional
        Called with a `PullProgress`, at most 20 times a second.

    Attributes
    ----------
    account : Account
        What became of every document of the slices handed over so far.
    documents : Documents
        What is read.
    """

    def __init__(
        self,
        wire: Wire,
        documents: Documents,
        *,
        options: Options,
        filters: Filters | None = None,
        query: str | Mapping[str, Any] | None = None,
        slices: int = SLICES,
        hold: int = HOLD,
        progress: Callable[[PullProgress], None] | None = None,
    ) -> None:
        self.wire, self.documents, self.slices, self.hold = wire, documents, slices, hold
        self.filters = filters or Filters()
        self.account = Account(files={documents.index: documents.form.name})
        self._query = all_of([own_query(query), *conditions(self.filters, documents)])
        self._window = None if options.window is None else within(documents.time, options.window)
        if options.window is not None and not documents.by_clock:
            options = replace(options, window=None)  # the cluster tells, by the field that was named
        self._options, self._beside = documents.reading(options, self.filters)
        self._report = _Report(progress)
        self._pits: list[str] = []
        self._stopped = False
        self._size = _FIRST_PAGE
        self._tables = self._whole_tables()

    def __iter__(self) -> Iterator[pa.Table]:
        return self._tables

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading."""
        self._stopped = True
        self._tables.close()

    def _whole_tables(self) -> Generator[pa.Table, None, None]:
        with closing(self.read_slices()) as reads:
            for read in reads:
                yield from read.tables

    def read_slices(self) -> Generator[Read, None, None]:
        """Read slice after slice; each is complete, or is not there.

        Yields
        ------
        Read
            By time; documents without a time come last.

        Raises
        ------
        ElasticError
            If the cluster cannot be asked, or a slice could not be read whole
            in several tries.
        """
        pool = ThreadPoolExecutor(self.slices, thread_name_prefix="attackviz-pull")
        try:
            planned = self._planned()
            self._untimed(planned.untimed)
            self._report.begin(planned.total)
            waiting = deque(planned.slices)
            begun: deque[_Begun] = deque()
            while waiting or begun:
                while waiting and len(begun) < 2:  # readers that are done go on with the next slice
                    begun.append(self._begin(pool, waiting.popleft()))
                read = self._finished(pool, begun.popleft())
                self.account.take(read.account)
                yield read
            self._report.now()
        finally:
            self._stopped = True
            pool.shutdown(wait=True, cancel_futures=True)
            for pit in self._pits:
                closed(self.wire, pit)

    def _untimed(self, count: int) -> None:
        if count:
            self.account.pieces += count
            self.account.left_out["documents without a time"] += count

    def _planned(self) -> Plan:
        """Open a point in time, and plan in it; in another one where it broke."""
        for attempt in range(_TRIES):
            self._renew(self._pits[-1] if self._pits else "")
            try:
                return plan(self.wire, self._pits[-1], self._query, self._window, self.documents.time, self.hold)
            except ElasticError as error:
                _bear(error, attempt)
        raise AssertionError("planning ends by a return or by an error")

    def _renew(self, used: str) -> None:
        """Open another point in time, unless another reader's trouble led to one already."""
        if not self._pits or self._pits[-1] == used:
            self._pits.append(opened(self.wire, self.documents.index, _KEEP))

    def _begin(self, pool: ThreadPoolExecutor, piece: Slice) -> _Begun:
        pit = self._pits[-1]
        return _Begun(piece, pit, [pool.submit(self._part, piece, part, pit) for part in range(self.slices)])

    def _finished(self, pool: ThreadPoolExecutor, begun: _Begun) -> Read:
        """Return a slice when it has been read whole; it is read again where it broke."""
        for attempt in range(_TRIES):
            if attempt:
                self._renew(begun.pit)
                begun = self._begin(pool, begun.slice)
            try:
                return _joined(begun.slice, [part.result() for part in begun.parts])
            except ElasticError as error:
                self._report.add(-sum(_abandoned(part) for part in begun.parts))
                _bear(error, attempt)
        raise AssertionError("a slice ends by a return or by an error")

    def _part(self, piece: Slice, part: int, pit: str) -> Read:
        """Read one reader's share of a slice."""
        account = Account()
        options, found = self._options, _Found()
        lines = self._lines(piece, part, pit, found)
        try:
            tables = list(self.documents.tables(lines, account, options))
        except BaseException:
            self._report.add(-found.read)
            raise
        kept = [self._met(table, account) for table in tables]
        return Read(replace(piece, count=found.read), kept, account)

    def _lines(self, piece: Slice, part: int, pit: str, found: _Found) -> Generator[bytes, None, None]:
        """Yield sources page by page, and see that they are as many as the cluster says."""
        query = all_of([self._query, self._window, piece.query(self.documents.time)])
        body: dict[str, Any] = {
            "query": query,
            "sort": [{"_shard_doc": "asc"}],
            "_source": self.documents.wanted(self._options),
            "track_total_hits": True,
        }
        if self.slices > 1:
            body["slice"] = {"id": part, "max": self.slices}
        ids = self._options.ids
        while not self._stopped:
            body |= {"size": self._size, "pit": {"id": pit, "keep_alive": _KEEP}}
            # No filter_path: it makes the node read and write every source once more, for 80 bytes a hit.
            answer = self.wire.search("/_search", body=msgspec.json.encode(body), leave=BROKEN)
            page = page_of(answer, ids)
            if page.total is not None:
                found.total = page.total
            found.read += page.hits
            self._report.add(page.hits)
            if page.hits:
                yield page.lines
            if page.hits < body["size"]:
                break
            self._size = max(100, min(_PAGE, _PAGE_BYTES * page.hits // len(answer)))
            pit = page.pit or pit
            body |= {"search_after": page.last, "track_total_hits": False}
        if not self._stopped and found.read != found.total:
            raise ElasticError(
                f"{found.read:,} of {found.total:,} documents of a slice came",
                where=self.documents.index,
                hint="try again; see whether all shards are well",
                code="partial",
                passing=True,
            )

    def _met(self, table: pa.Table, account: Account) -> pa.Table:
        """Return the events that meet the filters, without the columns that only these look at."""
        if self.filters:
            from ..analysis import keep

            table = keep(table, self.filters, account)
        return table.drop_columns([name for name in self._beside if name in table.column_names])


@dataclass(frozen=True, slots=True)
class _Begun:
    slice: Slice
    pit: str
    parts: list[Future[Read]]


@dataclass(slots=True)
class _Found:
    read: int = 0
    total: int = 0


class _Report:
    """Count what was read, and say so now and then."""

    def __init__(self, told: Callable[[PullProgress], None] | None) -> None:
        self._told, self._lock = told, threading.Lock()
        self._documents = self._done = 0
        self._began = self._last = 0.0

    def begin(self, documents: int) -> None:
        self._documents = documents
        self._began = time.monotonic()
        self.now()

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            due = time.monotonic() - self._last >= 0.05
        if due and count > 0:
            self.now()

    def now(self) -> None:
        if self._told is None:
            return
        with self._lock:
            self._last = time.monotonic()
            took = self._last - self._began
            rate = self._done / took if took > 0 else 0.0
            left = max(self._documents - self._done, 0)
            self._told(PullProgress(self._documents, self._done, rate, left / rate if rate else None))


def _bear(error: ElasticError, attempt: int) -> None:
    """Wait a moment, in which a lost shard may be found elsewhere; raise what another point in time will not mend."""
    if attempt == _TRIES - 1 or error.code not in BROKEN:
        raise error
    time.sleep(_FIRST_WAIT * 4**attempt)


def _abandoned(part: Future[Read]) -> int:
    """Return how many documents were read for a slice that has to be read again."""
    return 0 if part.cancel() or part.exception() else part.result().slice.count


def _joined(piece: Slice, parts: list[Read]) -> Read:
    account = Account()
    for part in parts:
        account.take(part.account)
    count = sum(part.slice.count for part in parts)
    return Read(replace(piece, count=count), [table for part in parts for table in part.tables], account)


def empty(columns: Sequence[str] | None) -> pa.Table:
    """Return an event table without rows.

    Parameters
    ----------
    columns : sequence of str or None
        Those that were asked for; all but ``event_id`` if None.
    """
    import pyarrow as pa

    names = [name for name in COLUMNS if name != "event_id"] if columns is None else ["time", *columns]
    kinds = {name: arrow_type(name) if name in COLUMNS else pa.string() for name in names}
    return conform(pa.table({name: pa.array([], kind) for name, kind in kinds.items()}))
