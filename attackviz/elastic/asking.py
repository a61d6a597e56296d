"""The parts of one answer, asked of one moment: what the cluster can count as it stands, and what has to be read.

The cluster counts documents by what its index keeps of them. Where that is not
what the documents hold (a text too long for a keyword, a list), those documents,
or all of them, are read and counted here, so that a figure is never silently
another one; the notes of the account say so.

Composite aggregations:
https://www.elastic.co/docs/reference/aggregations/search-aggregations-bucket-composite-aggregation
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from ..account import Account
from ..analysis.grouped import Grouped, joined
from ..errors import ElasticError, UsageError
from ..filters import Filters
from ..formats import Options
from ..formats.casts import within as inside
from ..formats.stored import STORED
from ..schema import COLUMNS
from ..store import BUDGET
from ..window import Window
from .documents import hits_of, lines_of
from .groups import TILE, Answer, Bucket, asked_of, from_buckets, from_events
from .lists import Listed, Lists, listing, lists_of, several
from .moment import END_MS, FIRST_MS, HOLD, SEED, SPANS, Moment
from .needs import ListsError, Source, TooManyError, UncountableError, needed, sources
from .pull import Pull, empty
from .query import Query, all_of, between, conditions, within
from .slices import Slice, merged

__all__ = ["LEFT_OUT", "MOST", "Asking", "Census"]

LEFT_OUT = "documents that are no events of this format"

PAGE = 50_000
"""Combinations of one answer; a cluster gives 65,536 at most, unless its settings say otherwise."""

MOST = 500_000
"""Combinations of one question; what has more is read instead."""

AT_ONCE = 3
"""Slices of time that are asked about at once: one of them is read here, meanwhile."""

PROOF = 500
"""Documents that are read to see whether the index keeps what they hold."""

READ = BUDGET
"""Documents that are read at most where the cluster cannot count them."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Census:
    """Hold what there is in all.

    Attributes
    ----------
    timed, untimed : int
        Events (sums of ``count``) with a usable time, and without.
    account : Account
        What became of the documents.
    """

    timed: int
    untimed: int
    account: Account


@dataclass(frozen=True, slots=True)
class _Part:
    """Hold what was counted or read for an answer: documents, how many are events, and events without a time."""

    groups: Grouped
    documents: int = 0
    kept: int = 0
    untimed: int = 0
    account: Account | None = None


class Asking(Moment):
    """Ask a cluster for the parts of one answer, all of the same moment."""

    _lists: Lists | None = None
    _looked = False  # whether lists were looked for in this moment

    def census(self) -> Census:
        """Count everything."""
        account = Account(files={self.documents.index: self.documents.form.name})

        def counted() -> tuple[list[_Part], _Part | None]:
            asked = self._sources(())
            core, odd = self.spans(None)
            whole = self._whole(asked)
            parts = [self._composite(asked, all_of([core, whole]), ())]
            if self.one_clock:
                beyond = {"bool": {"must_not": [between(self.documents.time, FIRST_MS, END_MS)]}}
                parts.append(self._composite(asked, all_of([beyond, whole]), ()))
            return parts, self._beside(asked, odd, (), None, 0)

        try:
            parts, beside = self._mended(counted)
        except UncountableError as reason:
            read = self._read(None, (), None, 0, reason)
            assert read.account is not None
            return Census(read.groups.events, read.untimed, read.account)
        account.pieces, account.events = (sum(getattr(part, name) for part in parts) for name in ("documents", "kept"))
        if account.pieces > account.events:
            account.left_out[LEFT_OUT] += account.pieces - account.events
        timed, untimed = parts[0].groups.events, sum(part.groups.events for part in parts[1:])
        if beside is not None:
            timed, untimed = timed + beside.groups.events, untimed + beside.untimed
            assert beside.account is not None
            account.take(beside.account)
        return Census(timed, untimed, account)

    def grouped(
        self,
        columns: Sequence[str],
        *,
        window: Window | None = None,
        filters: Filters | None = None,
        seconds: int = 0,
        tile: int = 0,
        moments: bool = False,
        limit: int | None = None,
        instead: bool = True,
    ) -> Grouped:
        """Count the events of a window that meet filters by combinations of values.

        Parameters
        ----------
        columns : sequence of str
            What to tell apart.
        window : Window, optional
            Events without a usable time are in none, and never counted here.
        filters : Filters, optional
        seconds : int
            Width of bins of time that are told apart, too; none if 0.
        tile : int
            Zoom of the tiles by which sources are told apart; 0 for whether they have a place.
        moments : bool
            Whether to ask for the first and the last time of each.
        limit : int, optional
            How many combinations there may be; `MOST` by default.
        instead : bool
            Whether documents are read where there are more.

        Raises
        ------
        TooManyError
            If there are more, and documents shall not be read.
        UsageError
            If documents would have to be read, and are more than `READ`.
        """
        filters, limit = filters or Filters(), MOST if limit is None else limit
        where = ("src_lat", "src_lon") if {"place", "text"} & {one.field for one in filters.conditions} else ()
        looked = filters.columns()
        wanted = tuple(dict.fromkeys((*columns, *sorted(looked - {"count", "time"}), *where)))
        fine = tile or (TILE if looked & {"src_lat", "src_lon", "dst_lat", "dst_lon"} else 0)

        def counted() -> tuple[list[Grouped], _Part | None]:
            asked = self._sources(wanted)
            core, odd = self.spans(window)
            narrowed = all_of([core, self._whole(asked), *conditions(filters, self.documents)])
            if seconds:
                found = self._by_time(asked, narrowed, wanted, seconds, fine, limit)
            else:
                found = [self._composite(asked, narrowed, wanted, 0, fine, moments, limit).groups]
            return found, self._beside(asked, odd, wanted, window, seconds)

        try:
            if looked & {"count", "time"}:
                raise UncountableError("a filter looks at the time or the count of every event")
            found, beside = self._mended(counted)
        except UncountableError as reason:
            if not instead and isinstance(reason, TooManyError):
                raise
            return self._read(window, wanted, filters, seconds, reason).groups
        if window is not None:
            found = [part.since(window.start_us) for part in found]
        return joined([*found, *([] if beside is None else [beside.groups])]).met(filters)

    def _mended(self, counted: Callable[[], T]) -> T:
        """Count, and again as long as documents hold lists that were not known."""
        while True:
            try:
                return counted()
            except ListsError as reason:
                if self.documents.form.sets and not self._looked:
                    self._lists, self._looked = None, True
                else:
                    self._stray(reason)

    def _stray(self, reason: ListsError) -> None:
        """Have documents with lists left out and read, if the cluster can tell them."""
        fields = several(self, reason.fields)
        if not fields:
            raise UncountableError(f"some documents have several times in {self.documents.time}") from None
        if not {*fields} - self.known.strays:
            raise reason
        try:
            self.total(listing(fields))
        except ElasticError:  # not every cluster takes scripts
            raise ListsError(fields) from None
        self.known.strays |= {*fields}

    def _parts(self, asked: Sequence[Source]) -> Iterable[Listed]:
        """Return parts of the documents that can each be counted by some fields."""
        form = self.documents.form
        if not any(one.paths[0] in form.sets for one in asked):
            return (Listed({}, None),)
        if self._lists is None:
            fields: list[Source] = []
            for name in form.sets:
                with suppress(UncountableError):  # then it is not asked for
                    fields += sources(self.documents, [name])
            self._lists = lists_of(self, fields, None if self._looked else self.known.lists)
            self._looked |= self._lists is not self.known.lists
            self.known.lists = self._lists
        return self._lists.apart(asked)

    @property
    def _words(self) -> Collection[Source]:
        """Fields whose lists are counted by themselves."""
        return self._lists.words if self._lists is not None else ()

    @cached_property
    def _some_ignored(self) -> bool:
        return bool(self.total({"exists": {"field": "_ignored"}}))

    def _sources(self, columns: tuple[str, ...]) -> tuple[Source, ...]:
        """Return what to ask for columns, if the cluster can count by it."""
        documents = self.documents
        if not documents.by_clock:
            raise UncountableError(f"{documents.time} is not the time of events")
        made = () if documents.form.mapping is None else dict(documents.form.mapping.extra)
        own = [documents.path_of(name) for name in columns if name not in COLUMNS and name not in made]
        asked = sources(documents, dict.fromkeys((*needed(documents.form, (*columns, "count")), *own)))
        if documents.form is not STORED:  # ours were written as they are counted
            key = frozenset(asked)
            proved = self.known.proved
            if (differs := proved.get(key)) is None:  # other questions may be asked at the same time
                differs = proved[key] = self._difference(asked, columns)
            if differs:
                raise UncountableError(differs)
        return asked

    def _difference(self, asked: tuple[Source, ...], columns: tuple[str, ...]) -> str:
        """Return how the index differs from what some documents hold."""
        regular = all_of([self.spans(None)[0], self._whole(asked)])
        some = {"query": all_of([self.query, regular]), "random_score": {"seed": SEED, "field": "_seq_no"}}
        options = Options(columns=(*columns, "count"))
        body = {"size": PROOF, "query": {"function_score": some}, "_source": self.documents.wanted(options)}
        hits = hits_of(self.post(body))[0]
        read: Counter[Any] = Counter()
        for table in self.documents.tables([lines_of(hits)], Account(), options) if hits else ():
            read += _comparable(from_events(table, columns, 1)[0])
        ids = {"ids": {"values": [hit.id for hit in hits]}}
        try:
            counted = self._composite(asked, all_of([regular, ids]), columns, 1, TILE).groups
        except ListsError:
            raise
        except UncountableError as reason:
            return str(reason)
        fields = ", ".join(one.paths[0] for one in asked)
        return "" if read == _comparable(counted) else f"the index keeps other values than documents hold, of {fields}"

    def _ignored(self, asked: Sequence[Source]) -> Query | None:
        """Return the query for documents of which the index keeps no value of some fields, or several."""
        parts: list[Query] = []
        if self._some_ignored and asked:
            parts.append({"terms": {"_ignored": sorted({name for one in asked for name in (one.asked, one.paths[0])})}})
        if strays := self.known.strays.intersection(asked):
            parts.append(listing(strays))
        return {"bool": {"should": parts}} if parts else None

    def _whole(self, asked: Sequence[Source]) -> Query | None:
        ignored = self._ignored(asked)
        return None if ignored is None else {"bool": {"must_not": [ignored]}}

    def _beside(
        self, asked: Sequence[Source], odd: list[Query], columns: tuple[str, ...], window: Window | None, seconds: int
    ) -> _Part | None:
        """Read the documents that the cluster cannot count, if there are some."""
        ignored = self._ignored(asked)
        parts = [*odd, *([] if ignored is None else [ignored])]
        where: Query = {"bool": {"should": parts}}
        if not parts or not self.total(where):
            return None
        reason = UncountableError("the index does not keep all that they hold")
        return self._read(window, columns, None, seconds, reason, where)

    def _read(
        self,
        window: Window | None,
        columns: tuple[str, ...],
        filters: Filters | None,
        seconds: int,
        reason: UncountableError,
        where: Query | None = None,
    ) -> _Part:
        """Read documents, and count them here."""
        if where is None:
            self.note(reason)
        asked, cut = window, None
        if window is not None and self.documents.by_clock and (where is not None or not self.one_clock):
            # What the index finds outside may be inside by what documents say.
            asked, cut = None, window
            near = {"bool": {"should": [within(self.documents.time, window), *self.spans(window)[1]]}}
            where = all_of([where, near])
        options = Options(asked, (*columns, "count"))
        pull = Pull(self.wire, self.documents, options=options, filters=filters, query=all_of([self.query, where]))
        many = self.total(all_of([where, *conditions(filters or Filters(), self.documents),
                                  None if asked is None else within(self.documents.time, asked)]))  # fmt: skip
        if many > READ:
            raise UsageError(
                f"the cluster cannot count {many:,} documents of {self.documents.index}, and they are too many to be "
                f"read: {reason}",
                hint="serve or read a shorter window, or index them anew with a mapping that can be counted by",
            )
        parts, untimed = [], 0
        with pull:
            for table in pull:
                if cut is not None:
                    table = table.filter(inside(table["time"], cut))
                part, lacking = from_events(table, columns, seconds)
                parts.append(part)
                untimed += lacking
        if not parts:
            parts = [from_events(empty(options.columns), columns, seconds)[0]]
        return _Part(joined(parts), untimed=untimed, account=pull.account)

    def _by_time(
        self, asked: Sequence[Source], where: Query, columns: tuple[str, ...], seconds: int, tile: int, limit: int
    ) -> list[Grouped]:
        """Count slices of time, for a page of combinations looks at all documents it is asked about."""
        time = self.documents.time

        def counted(span: Slice) -> Grouped:
            part = all_of([where, span.query(time)])
            return self._composite(asked, part, columns, seconds, tile, limit=limit).groups

        total = self.total(where)
        if total <= HOLD:
            return [counted(Slice(None, None, total))]
        spans = self.slices(where, max(HOLD, total // SPANS))
        if len(spans) == 1 and spans[0].start is None:
            raise UncountableError(f"some documents have several times in {time}")
        found = [counted(spans[0])]
        # The fewer combinations, the more documents at once, while there is enough to ask about at the same time.
        hold = min(HOLD * PAGE // (2 * max(len(found[0].weight), 1)), total // (2 * AT_ONCE))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="attackviz-count") as pool:
            try:
                for part in pool.map(counted, merged(spans[1:], max(hold, HOLD))):
                    found.append(part)
                    if sum(len(each.weight) for each in found) > limit:
                        raise TooManyError(f"there are more than {limit:,} combinations of values")
            finally:
                pool.shutdown(cancel_futures=True)
        return found

    def _composite(
        self,
        asked: Sequence[Source],
        where: Query,
        columns: tuple[str, ...],
        seconds: int = 0,
        tile: int = 0,
        moments: bool = False,
        limit: int = MOST,
    ) -> _Part:
        """Count the documents that meet a query, page by page of combinations."""
        found, documents, combinations, kept = [], 0, 0, 0
        parts = list(self._parts(asked))
        for one in parts:
            part, rest = all_of([where, one.query]), [field for field in asked if field.paths[0] not in one.values]
            aggs, seen = asked_of(rest, self.documents.time, seconds, tile, PAGE, moments), 0
            while True:
                answer = self.search(part, aggs, len(rest))
                buckets = answer.aggregations.groups.buckets
                if not rest and not seconds and answer.hits.total.value:
                    buckets = [_alone(answer)]
                groups, events = from_buckets(self.documents, buckets, rest, columns, seconds, one.values)
                found.append(groups)
                seen += sum(bucket.doc_count for bucket in buckets)
                kept, combinations = kept + events, combinations + len(buckets)
                if len(buckets) < PAGE:
                    break
                if combinations > limit:
                    raise TooManyError(f"there are more than {limit:,} combinations of values")
                aggs["groups"]["composite"]["after"] = answer.aggregations.groups.after_key
            if seen != answer.hits.total.value:
                # A document is once in every combination of what its fields hold.
                raise ListsError(field for field in rest if len(parts) == 1 or field not in self._words)
            documents += seen
        if len(parts) > 1 and documents != self.total(where):
            raise ListsError(self._words)  # more than are counted by themselves
        return _Part(joined(found), documents, kept)


def _alone(answer: Answer[Any]) -> Bucket[None]:
    """Return the one combination there is of no values."""
    return Bucket(None, answer.hits.total.value, answer.aggregations.first, answer.aggregations.last)


def _comparable(groups: Grouped) -> Counter[Any]:
    """Return events by values and second; places to ten metres."""
    columns = [groups.columns[name].to_pylist() for name in groups.columns.column_names]
    found: Counter[Any] = Counter()
    for *values, us, count in zip(*columns, groups.first_us.tolist(), groups.weight.tolist(), strict=True):
        found[(*(round(v, 4) if isinstance(v, float) else v for v in values), us // 1_000_000)] += count
    return found
