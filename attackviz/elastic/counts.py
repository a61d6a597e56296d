"""Counts, timelines and ranked lists of an index.

Combinations of values come back as rows of an event table, which answers as any
event table does; so no rule of counting is written down twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from ..account import Account
from ..analysis import EventTable
from ..analysis.times import width_for
from ..errors import ElasticError
from ..filters import FIELDS, Condition, Filters
from ..schema import COLUMNS
from ..store import Counts, Timeline, Top
from ..window import Window
from .asking import Asking, Census
from .moment import Known
from .needs import TooManyError, UncountableError
from .pull import empty
from .query import Query
from .rough import about_how_many, frequent, roughly
from .slices import BROKEN

if TYPE_CHECKING:
    from ..analysis.grouped import Grouped
    from .wire import Wire

__all__ = ["EPOCH", "FEW", "Question", "count", "ends", "located", "spanned", "timeline", "told", "top"]

FEW = 10_000
"""Values of a field that are counted one and all, with what is asked of them, without further ado."""

_TRIES = 4
_FIRST_WAIT = 0.2  # seconds
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = ("category", "verdict", "severity", "src_country")
_WORDS = ("src_country", "src_city", "src_asn", "src_org", "rule_id", "dst_country")
"""Columns that say more about a line of a list."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """Hold what is asked about.

    Attributes
    ----------
    wire : Wire
    known : Known
        Of the index.
    query : dict or None
        The user's own.
    window : Window or None
    filters : Filters
    """

    wire: Wire
    known: Known
    query: Query | None
    window: Window | None
    filters: Filters

    def answered(self, answer: Callable[Concatenate[Question, Asking, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return an answer; where the moment it is asked of breaks, it is asked of another one."""
        for attempt in range(_TRIES):
            with Asking(self.wire, self.known, self.query) as asking:
                try:
                    return answer(self, asking, *args, **kwargs)
                except ElasticError as error:
                    if attempt == _TRIES - 1 or error.code not in BROKEN:
                        raise
            time.sleep(_FIRST_WAIT * 4**attempt)  # a shard may need a moment to be found elsewhere
        raise AssertionError("a question ends by an answer or by an error")

    def tried(self, asking: Asking, *columns: str) -> EventTable:
        """Return a table of no events with all columns, to see whether a question makes sense before it is asked."""
        documents = asking.documents
        own = [] if documents.form.mapping is None else [name for name, _ in documents.form.mapping.extra]
        looked = [name for name in {*self.filters.columns(), *columns} if name not in COLUMNS and name not in own]
        there = [name for name in looked if documents.path_of(name) in documents.fields]
        table = EventTable(empty((*(name for name in COLUMNS if name != "time"), *own, *there)))
        table.count(None, self.filters)
        return table


def count(asked: Question, asking: Asking) -> Counts:
    """Return how many events there are; see `attackviz.elastic.Elastic.count`."""
    asked.tried(asking)
    window, filters = asked.window, asked.filters
    kinds = asking.grouped((*_KINDS, "src_lat", "src_lon"), window=window, filters=filters, moments=True)
    sources, bound = _sources(asked, asking)
    met = EventTable(kinds.table(kinds.last_us)).count()
    first, last = ends(asked, asking, kinds)
    inside = asking.grouped((), window=window).events if filters else met.events
    whole = asking.census()
    return replace(
        met,
        sources=sources,
        first_us=first,
        last_us=last,
        filtered=inside - met.events,
        outside=whole.timed - inside,
        untimed=whole.untimed,
        all=whole.timed + whole.untimed,
        account=told(whole, asking),
        bounds={"sources": bound} if bound else {},
    )


def _sources(asked: Question, asking: Asking) -> tuple[int, int]:
    """Return how many addresses there are, and how far that may be off."""
    try:
        found = asking.grouped(("src_ip",), window=asked.window, filters=asked.filters, instead=False)
    except TooManyError:
        try:
            return about_how_many(asking, "src_ip", asked.window, asked.filters)
        except UncountableError:
            found = asking.grouped(("src_ip",), window=asked.window, filters=asked.filters)
    return EventTable(found.table(found.last_us)).count().sources, 0


def located(asked: Question, asking: Asking) -> bool:
    """Return whether documents have places of their own."""
    return asking.located


def ends(asked: Question, asking: Asking, groups: Grouped) -> tuple[int | None, int | None]:
    """Return when the first and the last event happened, as exactly as documents have it.

    Parameters
    ----------
    asked : Question
    asking : Asking
    groups : Grouped
        All events that are asked about, with their moments.
    """
    if not len(groups.weight):
        return None, None
    first, last = int(groups.first_us.min()), int(groups.last_us.max())
    events = EventTable(asking.moments([first, last], (), asked.window, asked.filters))
    found = events.count()
    return (first if found.first_us is None else found.first_us), (last if found.last_us is None else found.last_us)


def timeline(asked: Question, asking: Asking, bins: int, by: str | None) -> Timeline:
    """Return events over time; see `attackviz.elastic.Elastic.timeline`."""
    columns = () if by is None else FIELDS.get(by, (by,))
    lines = asked.tried(asking, *columns).timeline(asked.window, bins, by)
    span = spanned(asked, asking)
    if span is not None:
        seconds = width_for(span.start_us, span.end_us, bins) // 1_000_000
        found = asking.grouped((*columns, *_located(by)), window=span, filters=asked.filters, seconds=seconds)
        lines = EventTable(found.table(found.first_us)).timeline(span, bins, by)
    return replace(lines, account=told(asking.census(), asking))


def spanned(asked: Question, asking: Asking) -> Window | None:
    """Return the time that an answer covers: the window, or from the first to the last event; None without any."""
    if asked.window is not None:
        return asked.window
    first, last = ends(asked, asking, asking.grouped((), filters=asked.filters, moments=True))
    if first is None or last is None:
        return None
    return Window(EPOCH + timedelta(microseconds=first), EPOCH + timedelta(microseconds=last + 1))


def top(asked: Question, asking: Asking, field: str, n: int) -> Top:
    """Return the most frequent values of a field; see `attackviz.elastic.Elastic.top`."""
    columns = FIELDS.get(field, (field,))
    asked.tried(asking, *columns).top(field, None, n)
    best = _ranked(asked, asking, field, n)
    latest = [row.last_us for row in best.rows if row.last_us is not None]
    events = EventTable(asking.moments(latest, (*columns, *_WORDS, *_located(field)), asked.window, asked.filters))
    said = {row.key: row for row in events.top(field, None, max(len(events), 1)).rows}
    rows = tuple(
        replace(row, last_us=said[row.key].last_us, words=said[row.key].words) if row.key in said else row
        for row in best.rows
    )
    return replace(best, rows=rows, account=told(asking.census(), asking))


def _ranked(asked: Question, asking: Asking, field: str, n: int) -> Top:
    """Return the most frequent values, with times as exactly as the index knows them."""
    window, filters = asked.window, asked.filters
    columns = (*FIELDS.get(field, (field,)), "category", *_located(field))
    if _many(asked, asking, field):
        with suppress(UncountableError):
            return _of_several(asked, asking, field, n, columns)
    try:
        found = asking.grouped(columns, window=window, filters=filters, moments=True, instead=False)
    except TooManyError:
        try:
            return _of_many(asked, asking, field, n, columns)
        except UncountableError:
            found = asking.grouped(columns, window=window, filters=filters, moments=True)
    return EventTable(found.table(found.last_us)).top(field, None, n)


def _many(asked: Question, asking: Asking, field: str) -> bool:
    """Whether there are so many values that they are counted alone before more is asked of the best."""
    own = FIELDS.get(field, (field,))
    try:
        return len(own) == 1 and roughly(asking, own[0], asked.window, asked.filters) > FEW
    except UncountableError:
        return False


def _of_several(asked: Question, asking: Asking, field: str, n: int, columns: tuple[str, ...]) -> Top:
    """Count the values, then ask for all else of those alone that may be listed."""
    every = asking.grouped(columns[:1], window=asked.window, filters=asked.filters, instead=False)
    events: Counter[Any] = Counter()
    for value, weight in zip(every.columns[columns[0]].to_pylist(), every.weight.tolist(), strict=True):
        events[value] += weight
    least = min((count for _, count in events.most_common(n)), default=0)
    likely = Condition(field, "in", tuple(value for value, count in events.items() if count >= least))
    if None in likely.values:
        raise UncountableError("the cluster cannot be asked for what is not known")
    distinct = EventTable(every.table(every.last_us)).top(field, None, 1).distinct
    return _listed(asked, asking, field, n, columns, likely, every.events, distinct)


def _of_many(asked: Question, asking: Asking, field: str, n: int, columns: tuple[str, ...]) -> Top:
    """Count the values that may be the most frequent, and the rest as a whole."""
    likely = frequent(asking, field, n, asked.window, asked.filters)
    events = asking.grouped((), window=asked.window, filters=asked.filters).events
    best = _listed(asked, asking, field, n, columns, likely.condition, events, None)
    if best.rows and likely.bound > best.rows[-1].events:
        asking.notes.append(f"there are too many values of {field}: one that is not listed may have up to "
                            f"{likely.bound:,} events")  # fmt: skip
    return best


def _listed(
    asked: Question, asking: Asking, field: str, n: int, columns: tuple[str, ...], likely: Condition, events: int,
    distinct: int | None,
) -> Top:  # fmt: skip
    """Rank some values, beside all events there are."""
    only = Filters((*asked.filters.conditions, likely))
    found = asking.grouped(columns, window=asked.window, filters=only, moments=True)
    best = EventTable(found.table(found.last_us)).top(field, None, n)
    return replace(best, rest=events - sum(row.events for row in best.rows), events=events, distinct=distinct)


def _located(field: str | None) -> tuple[str, ...]:
    return ("src_lat", "src_lon") if field == "place" else ()


def told(whole: Census, asking: Asking) -> Account:
    """Return the account of an answer, with what a reader of it should know."""
    account = whole.account
    for note in asking.notes:
        account.note(note)
    return account
