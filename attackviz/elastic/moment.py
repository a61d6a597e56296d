"""An index at one moment: what is known of it, and documents of it that are read for an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec
import pyarrow as pa

from ..account import Account
from ..analysis.conditions import mask
from ..analysis.fields import Fields
from ..analysis.times import times
from ..filters import Filters
from ..formats import Options
from ..formats.columns import EARLIEST, LATEST
from ..schema import COLUMNS
from ..window import Window
from .documents import Documents, clock_of, page_of
from .fields import fields_of, hides
from .groups import Answer, answer_of
from .needs import Source, needed
from .pit import closed, opened
from .pull import empty
from .query import Query, all_of, between, conditions, within, without
from .slices import Slice, plan
from .wire import path

if TYPE_CHECKING:
    from .lists import Lists
    from .wire import Wire

__all__ = ["END_MS", "FIRST_MS", "HOLD", "SEED", "SPANS", "Known", "Moment"]

HOLD = 100_000
"""Documents counted at once by time: every page of combinations looks at all of them again."""

SPANS = 100
"""Of very many documents more are counted at once, so that there are no more slices than about these."""

SEED = 1
"""Of what is chosen by chance, so that it is the same each time."""

_KEEP = "5m"
_HITS = 10_000
_CLAUSES = 500  # spans of one query
FIRST_MS, END_MS = (int(moment.timestamp()) * 1000 for moment in (EARLIEST, LATEST))


@dataclass(slots=True)
class Known:
    """Hold what is known of an index from one answer to the next.

    Attributes
    ----------
    documents : Documents
        As its mapping was when it was last looked at.
    mapping : bytes
        What the index said then.
    proved : dict
        By fields: how the index differs from what documents hold; empty where it does not.
    lists : Lists or None
        Those that are counted by themselves, when they were last looked for.
    strays : frozenset of Source
        Fields in which some documents hold lists that are not; these are read.
    """

    documents: Documents
    mapping: bytes = b""
    proved: dict[frozenset[Source], str] = field(default_factory=dict)
    lists: Lists | None = None
    strays: frozenset[Source] = frozenset()

    def look(self, wire: Wire) -> Documents:
        """Return what the documents are; new fields may have come."""
        said = wire.get(path(self.documents.index, "_mapping"))
        if said != self.mapping:
            mapping = msgspec.json.decode(said)
            self.documents = replace(self.documents, fields=fields_of(mapping), hides=hides(mapping))
            self.mapping = said
            self.proved.clear()
            self.lists, self.strays = None, frozenset()
        return self.documents


class Moment:
    """Keep an index as it is at one moment, and ask it.

    Parameters
    ----------
    wire : Wire
    known : Known
        What is known of the index so far, and is from now on.
    query : dict or None
        The user's own.

    Attributes
    ----------
    notes : list of str
        What a reader of the answer should know.
    """

    def __init__(self, wire: Wire, known: Known, query: Query | None) -> None:
        self.wire, self.documents, self.query = wire, known.documents, query
        self.notes: list[str] = []
        self.known = known
        self._pit = ""

    def __enter__(self) -> Self:
        self._pit = opened(self.wire, self.documents.index, _KEEP)
        self.documents = self.known.look(self.wire)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        closed(self.wire, self._pit)

    def slices(self, where: Query, hold: int) -> list[Slice]:
        """Return slices of time of the documents that match, with about as many each as are counted at once."""
        return plan(self.wire, self._pit, all_of([self.query, where]), None, self.documents.time, hold).slices

    @cached_property
    def located(self) -> bool:
        """Whether documents have places of their own."""
        form, known = self.documents.form, self.documents.fields
        paths = {*needed(form, ("src_lat", "src_lon"))} - {*needed(form, ())}
        there = {name for each in paths for name in (each, each.rpartition(".")[0]) if name in known}
        return bool(there) and bool(self.total({"bool": {"should": [{"exists": {"field": each}} for each in there]}}))

    def moments(
        self, at_us: Sequence[int], columns: Sequence[str], window: Window | None, filters: Filters | None
    ) -> pa.Table:
        """Read the events at some times, as exactly timed as documents have it.

        Parameters
        ----------
        at_us : sequence of int
            Microseconds since the epoch, as far as the index knows.
        columns : sequence of str
        window, filters
            What the events have to meet.
        """
        filters = filters or Filters()
        options, _ = self.documents.reading(Options(window, (*columns, "count")), filters)
        at_ms = sorted({near // 1000 for us in at_us for near in (us - 1, us, us + 1)})
        tables: list[pa.Table] = []
        for at in range(0, len(at_ms), _CLAUSES):
            spans = [between(self.documents.time, ms, ms + 1) for ms in at_ms[at : at + _CLAUSES]]
            asked = [self.query, *conditions(filters, self.documents), {"bool": {"should": spans}}]
            tables += self._hits(all_of(asked), options)
        if not tables:
            return empty(options.columns)
        table = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
        return table.filter(pa.array(mask(Fields(table), filters))) if filters else table

    def _hits(self, where: Query, options: Options) -> Iterator[pa.Table]:
        body = {"size": _HITS, "query": where, "sort": ["_shard_doc"], "_source": self.documents.wanted(options)}
        while True:
            page = page_of(self.post(body), options.ids)
            if page.hits:
                yield from self.documents.tables([page.lines], Account(), options)
            if page.hits < _HITS:
                return
            body["search_after"] = page.last

    def shuffled(self, window: Window | None, filters: Filters, size: int) -> Iterator[pa.Table]:
        """Read events in an order that is by chance, and the same each time.

        Parameters
        ----------
        window, filters
            What the events have to meet; they have a usable time in any case.
        size : int
            How many documents to read at once.
        """
        form, time = self.documents.form, self.documents.time
        own = () if form.mapping is None else dict(form.mapping.extra)
        options, beside = self.documents.reading(Options(window, (*COLUMNS, *own)), filters)
        core, odd = self.spans(window)
        spans = [core if window is None else within(time, window), *odd]
        where = all_of([self.query, {"bool": {"should": spans}}, *conditions(filters, self.documents)])
        by_chance = {"query": where, "random_score": {"seed": SEED, "field": "_seq_no"}, "boost_mode": "replace"}
        body: dict[str, Any] = {
            "size": min(size, _HITS),
            "query": {"function_score": by_chance},
            "sort": ["_score", "_shard_doc"],
            "_source": self.documents.wanted(options),
        }
        while True:
            page = page_of(self.post(body), ids=True)
            for table in self.documents.tables([page.lines], Account(), options) if page.hits else ():
                _, known, far = times(table)
                met = known & ~far & mask(Fields(table), filters)
                yield table.filter(pa.array(met)).drop_columns(beside)
            if page.hits < body["size"]:
                return
            body["search_after"] = page.last

    def post(self, body: dict[str, Any], total: bool = False) -> bytes:
        """Return the answer to a search; ``total`` says whether to count all that match."""
        whole = {"pit": {"id": self._pit, "keep_alive": _KEEP}, "track_total_hits": total, **body}
        return self.wire.search("/_search", body=msgspec.json.encode(whole))

    def search(self, where: Query, aggs: dict[str, Any], fields: int = 0) -> Answer[Any]:
        """Return what aggregations say of the documents that match, by so many fields, and how many these are."""
        asked = {"size": 0, "query": all_of([self.query, where]), **({"aggs": aggs} if aggs else {})}
        return answer_of(self.post(asked, total=True), fields)

    def total(self, where: Query) -> int:
        """Return how many documents match."""
        return self.search(where, {}).hits.total.value

    def note(self, reason: Exception) -> None:
        """Keep in mind why something was read, and not counted by the cluster."""
        said = f"counted here, not by the cluster: {reason}"
        if said not in self.notes:
            self.notes.append(said)

    @cached_property
    def one_clock(self) -> bool:
        """Whether an event has the time that the index knows, and no other."""
        return clock_of(self.documents.form) == (self.documents.time,)

    def spans(self, window: Window | None) -> tuple[Query, list[Query]]:
        """Return what is surely in a window by the index, and what may be by the documents alone."""
        time, start, end = self.documents.time, FIRST_MS, END_MS
        odd: list[Query] = []
        if window is not None:
            start = min(max(start, -(-window.start_us // 1000)), end)
            end = max(min(end, window.end_us // 1000), start)
            edges = {us // 1000 for us in (window.start_us, window.end_us) if us % 1000}
            odd += [between(time, ms, ms + 1) for ms in sorted(edges) if FIRST_MS <= ms < END_MS]
        if not self.one_clock:
            odd += [without(time), {"bool": {"must_not": [between(time, FIRST_MS, END_MS)]}}]
        return between(time, start, end), odd
