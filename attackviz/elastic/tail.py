"""Documents of an index as they come, each once.

What is newer than the newest document handed over is read in the order of
time. What is a little older (the overlap) is counted at every look, by small
steps of time, and compared with what was handed over from there: where the two
differ, documents came late, and that step is read again without those that are
known. What comes later still is not handed over, but counted.
"""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import msgspec

from ..account import Account
from ..errors import AttackvizWarning, DataLossWarning, ElasticError, UsageError
from ..filters import Filters
from ..formats import Options
from ..window import moment
from .documents import DATES, Documents, Hit, lines_of
from .looks import STEPS, Look
from .position import Position
from .query import all_of, conditions, own_query
from .seen import Seen, mark
from .slices import BROKEN

if TYPE_CHECKING:
    import pyarrow as pa

    from .wire import Wire

__all__ = ["Tail", "Tailed"]

MOST = 500_000
"""Documents that are remembered, unless more of them have the very same time."""

EVERY = 1.0  # seconds between looks
CHECK = 60.0  # seconds between counts of what came too late
PATIENCE = 600.0  # seconds without an answer until the iteration gives up

_LOOK_BACK = 86_400_000  # milliseconds in which late documents are counted
_LONGEST = 86_400  # seconds of lag and overlap
_INGESTED = "event.ingested"
_RECENT = 3_600_000  # milliseconds
_TRIES = 4
_LATE = "documents that came later than the overlap"
_UNTIMED = "documents without a time"


class Tailed(NamedTuple):
    """Hold some new events of an index, and the position behind them.

    Attributes
    ----------
    table : pyarrow.Table
        The event table; without rows where documents were no events.
    position : Position
        From where to go on once these events are safe.
    """

    table: pa.Table
    position: Position


class Tail:
    """Hand over the events of an index as they come; made by `Elastic.tail`.

    Iterate it to wait for events for ever; `available` gives what is there
    now. `close` may be called from another thread, and ends the iteration.

    Parameters
    ----------
    wire : Wire
        To the cluster.
    documents : Documents
        What is read.
    options : Options
        Columns and zone.
    filters : Filters, optional
        Conditions that events have to meet.
    query : str, mapping or None
        The user's own: see `attackviz.elastic.query.own_query`.
    by, position, state, since, lag, overlap
        As for `Elastic.tail`.

    Attributes
    ----------
    account : Account
        What became of every document since it was made.
    late : int
        Documents that came too late and were not handed over, as far as they
        were counted.
    """

    def __init__(
        self,
        wire: Wire,
        documents: Documents,
        *,
        options: Options,
        filters: Filters | None = None,
        query: str | Mapping[str, Any] | None = None,
        by: str | None = None,
        position: Position | Mapping[str, Any] | None = None,
        state: str | os.PathLike[str] | None = None,
        since: datetime | str | None = None,
        lag: float = 1.0,
        overlap: float = 60.0,
    ) -> None:
        if position is not None and state is not None:
            raise UsageError("both a position and a file of one were given", hint="give one of them")
        for name, seconds, least in (("lag", lag, 0.0), ("overlap", overlap, 0.001)):
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not least <= seconds <= _LONGEST:
                raise UsageError(f"{seconds!r} is no {name}", hint="give seconds, a day at most")
        self.documents, self.filters = documents, filters or Filters()
        self.account = Account(files={documents.index: documents.form.name})
        self.late = 0
        self._options, self._beside = documents.reading(options, self.filters)
        self._overlap, self._state = max(1, int(overlap * 1000)), state
        self._step = max(1, self._overlap // STEPS)
        asked = all_of([own_query(query), *conditions(self.filters, documents)])
        self._look = Look(wire, documents.index, asked, lag)
        self._closing = threading.Event()
        digest = blake2b(msgspec.json.encode(asked), digest_size=8).hexdigest()
        if state is not None:
            position = Position.load(state)
        elif isinstance(position, Mapping):
            position = Position.from_dict(position)
        self._at = self._begin(digest, by, since) if position is None else self._resumed(position, digest, by)
        self._seen = Seen(self._at.seen)
        self._checked = time.monotonic()

    @property
    def by(self) -> str:
        """The field that says when a document came."""
        return self._at.by

    @property
    def position(self) -> Position:
        """Where the tail stands: behind all it handed over."""
        return replace(self._at, seen=self._seen.packed())

    def available(self) -> Iterator[Tailed]:
        """Give what came since the last look, in batches of at most 10,000 documents.

        Yields
        ------
        Tailed

        Raises
        ------
        ElasticError
            If the cluster cannot be asked; a later look goes on.
        ReadError
            If the position cannot be saved.

        Warns
        -----
        DataLossWarning
            If documents came too late; counted once a minute.
        """
        for attempt in range(_TRIES):
            try:
                for hits in self._pages():
                    table = self._taken(hits)
                    if table is not None:
                        here = self.position
                        yield Tailed(table, here)
                        if self._state is not None:
                            here.save(self._state)
                    if self._closing.is_set():
                        return
                if time.monotonic() - self._checked >= CHECK:
                    self.count_late()
                return
            except ElasticError as error:
                # Another look opens another point in time; what was handed over is known.
                if attempt == _TRIES - 1 or error.code not in BROKEN:
                    raise
                self._closing.wait(0.2 * 4**attempt)

    def __iter__(self) -> Iterator[Tailed]:
        silent: float | None = None
        while not self._closing.is_set():
            try:
                for each in self.available():
                    silent = None
                    yield each
                silent = None
            except ElasticError as error:
                now = time.monotonic()
                if not error.passing or (silent is not None and now - silent > PATIENCE):
                    raise
                if silent is None:
                    silent = now
                    warnings.warn(f"the tail waits: {error}", AttackvizWarning, stacklevel=2)
            self._closing.wait(EVERY)

    def close(self) -> None:
        """End the iteration."""
        self._closing.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def count_late(self) -> int:
        """Count what came too late to be handed over, and what has no time, since this was last asked.

        Returns
        -------
        int
            How many documents came later than the overlap; of the last day.

        Warns
        -----
        DataLossWarning
            If there are any.

        Raises
        ------
        ElasticError
            If the cluster cannot be asked.
        """
        at = self._at
        spans = {
            "before": (max(at.start, at.checked - _LOOK_BACK), at.checked),
            "since": (at.checked, at.floor),
            "next": (max(at.start, at.floor - _LOOK_BACK), at.floor),
        }
        counts, untimed = self._look.counts(at.by, spans), self._look.untimed(at.by)
        # Fewer than before is what was deleted meanwhile.
        late = max(0, counts["before"] - at.known) + max(0, counts["since"] - at.passed)
        self._leave_out(_LATE, late)
        self._leave_out(_UNTIMED, untimed - at.untimed)
        self._at = replace(at, checked=at.floor, known=counts["next"], passed=0, untimed=untimed)
        self._checked = time.monotonic()
        self.late += late
        if late:
            what = f"{late:,} documents of {at.index} came more than {self._overlap / 1000:g} s late by {at.by}"
            warnings.warn(
                f"{what}, and were not handed over; a longer overlap takes them", DataLossWarning, stacklevel=2
            )
        return late

    def _leave_out(self, why: str, count: int) -> None:
        if count > 0:
            self.account.pieces += count
            self.account.left_out[why] += count

    def _begin(self, digest: str, by: str | None, since: datetime | str | None) -> Position:
        by = self._dated(by) if by is not None else self._told()
        if since is not None:
            start = max(0, int(moment(since, self._options.tz).timestamp() * 1000))
        else:
            newest = self._look.newest(by)
            start = 0 if newest is None else newest + 1
        untimed = self._look.untimed(by)
        return Position(
            self.documents.index, digest, by, start, floor=start, upto=start - 1, checked=start, untimed=untimed
        )

    def _resumed(self, position: Position, digest: str, by: str | None) -> Position:
        differ = {
            "index": position.index != self.documents.index,
            "query or filters": position.query != digest,
            "field of times": by is not None and by != position.by,
        }
        if any(differ.values()):
            what = " and ".join(name for name, other in differ.items() if other)
            hint = "begin anew without it, or ask for the same"
            raise UsageError(f"the position is of another {what}", where=self.documents.index, hint=hint)
        return position

    def _dated(self, name: str) -> str:
        field = self.documents.fields.get(name)
        if field is None or not set(field.kinds) <= DATES:
            dates = [one for one, each in self.documents.fields.items() if set(each.kinds) <= DATES]
            hint = f"it has {', '.join(dates[:8])}"
            raise UsageError(f"there is no field {name!r} of dates", where=self.documents.index, hint=hint)
        return name

    def _told(self) -> str:
        """Return the field of when documents came: only if those of the last hour all have it."""
        named, field = self.documents.time, self.documents.fields.get(_INGESTED)
        if field is None or not set(field.kinds) <= DATES:
            return named
        newest = self._look.newest(named)
        if newest is None or self._look.lacks(_INGESTED, named, max(0, newest - _RECENT), newest + 1):
            return named
        return _INGESTED

    def _pages(self) -> Iterator[list[Hit]]:
        at = self._at
        spans = self._look.unknown(at.by, at.floor, at.upto + 1, self._seen.bins(self._step), self._step)
        return self._look.pages(at.by, spans, self.documents.wanted(self._options)) if spans else iter(())

    def _taken(self, hits: list[Hit]) -> pa.Table | None:
        """Return the events of a page that were not handed over, and go on behind it; None if all were."""
        fresh: dict[int, Hit] = {}
        for hit in hits:
            one = mark(hit.index, hit.id)
            # A document of several times was handed over at the first of them.
            if hit.sort[0] >= self._at.floor and one not in self._seen:
                fresh[one] = hit
        table = self._events(list(fresh.values())) if fresh else None
        self._seen.add((hit.sort[0] for hit in fresh.values()), list(fresh))
        self._at = replace(self._at, upto=max(self._at.upto, hits[-1].sort[0]))
        self._forget()
        return table

    def _events(self, hits: list[Hit]) -> pa.Table:
        import pyarrow as pa

        from ..analysis import keep

        account = Account()
        tables = list(self.documents.tables([lines_of(hits, self._options.ids)], account, self._options))
        table = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
        table = keep(table, self.filters, account) if self.filters else table
        self.account.take(account)
        return table.drop_columns([name for name in self._beside if name in table.column_names])

    def _forget(self) -> None:
        """Move the floor: what is before it is neither looked at again nor remembered."""
        floor = self._at.upto - self._overlap
        if floor - self._at.floor > self._overlap // 4:  # seldom: all that is remembered is gone through
            self._drop(floor)
        if len(self._seen) > MOST:
            self._drop(min(self._seen.last(MOST * 3 // 4), self._at.upto))
            self.account.note(f"more than {MOST:,} documents came within the overlap: it was shorter then")

    def _drop(self, floor: int) -> None:
        passed = self._at.passed + self._seen.drop(floor)
        self._at = replace(self._at, floor=max(floor, self._at.floor), passed=passed)
