"""Documents of an index: which format they are of, what the index knows of their fields, and hits to events.

Events are made by the same code as those of files: a hit's source is a line of
JSON to the format that reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from ..account import Account
from ..filters import Filters
from ..formats import Batch, Format, Options, build, read_batches
from ..formats.stored import OWN, STORED
from ..formats.written import Written
from ..schema import COLUMNS
from .fields import Field

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DATES", "Documents", "Hit", "Page", "clock_of", "hits_of", "lines_of", "page_of"]

DATES = frozenset({"date", "date_nanos"})


class _Bare(msgspec.Struct, gc=False):
    """Hold what is read of a document whose name nobody asks for."""

    source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw(b"{}"))
    sort: list[Any] = msgspec.field(default_factory=list)


class Hit(_Bare, gc=False):
    """Hold one document as a search gives it.

    Attributes
    ----------
    index, id : str
        What it is known by.
    routing : str or None
        What its shard was chosen by, if not by its id.
    seq_no, primary_term : int or None
        Which change was its last, if that was asked for.
    source : bytes
        Its JSON, as it is.
    sort : list
        What it was sorted by.
    """

    index: str = msgspec.field(name="_index", default="")
    id: str = msgspec.field(name="_id", default="")
    routing: str | None = msgspec.field(name="_routing", default=None)
    seq_no: int | None = msgspec.field(name="_seq_no", default=None)
    primary_term: int | None = msgspec.field(name="_primary_term", default=None)


class _Total(msgspec.Struct):
    value: int = 0


Kind = TypeVar("Kind", bound=_Bare)


class _Hits(msgspec.Struct, Generic[Kind]):
    hits: list[Kind] = msgspec.field(default_factory=list)
    total: _Total | None = None


class _Answer(msgspec.Struct, Generic[Kind]):
    hits: _Hits[Kind] = msgspec.field(default_factory=_Hits)
    pit_id: str | None = None


_ANSWER = msgspec.json.Decoder(_Answer[Hit])
_BARE = msgspec.json.Decoder(_Answer[_Bare])


@dataclass(frozen=True, slots=True)
class Page:
    """Hold one answer to a search.

    Attributes
    ----------
    lines : bytes
        The sources of its hits, one a line; with ids, ``_id`` is their first field.
    hits : int
        How many there are.
    total : int or None
        How many match in all, if that was asked for.
    last : list or None
        Where the next page goes on.
    pit : str or None
        The point in time to go on with.
    """

    lines: bytes
    hits: int
    total: int | None
    last: list[Any] | None
    pit: str | None


def page_of(body: bytes, ids: bool = False) -> Page:
    r"""Read an answer to a search; sources stay the bytes they are.

    Parameters
    ----------
    body : bytes
        JSON, with ``hits.hits._source`` and what else was asked for.
    ids : bool
        Whether to put each ``_id`` into its source. No document has a field of
        that name: the cluster refuses it.

    Examples
    --------
    >>> page = page_of(b'{"hits":{"hits":[{"_id":"a","_source":{"n":1},"sort":[7]}]}}', ids=True)
    >>> page.lines, page.hits, page.last
    (b'{"_id":"a","n":1}\n', 1, [7])
    """
    if ids:
        named = _ANSWER.decode(body)
        return _page(named, lines_of(named.hits.hits, ids))
    bare = _BARE.decode(body)  # sooner by a third
    return _page(bare, _lines([hit.source for hit in bare.hits.hits]))


def _page(answer: _Answer[Any], lines: bytes) -> Page:
    hits, total = answer.hits.hits, answer.hits.total
    last = hits[-1].sort if hits else None
    return Page(lines, len(hits), None if total is None else total.value, last, answer.pit_id)


def hits_of(body: bytes) -> tuple[list[Hit], str | None]:
    """Return the documents of an answer to a search one by one, and the point in time to go on with.

    Examples
    --------
    >>> hits, _ = hits_of(b'{"hits":{"hits":[{"_index":"i","_id":"a","_source":{"n":1},"sort":[7]}]}}')
    >>> hits[0].index, hits[0].id, bytes(hits[0].source), hits[0].sort
    ('i', 'a', b'{"n":1}', [7])
    """
    answer = _ANSWER.decode(body)
    return answer.hits.hits, answer.pit_id


def lines_of(hits: Sequence[Hit], ids: bool = False) -> bytes:
    """Return the sources of documents, one a line.

    Parameters
    ----------
    hits : sequence of Hit
    ids : bool
        As for `page_of`.
    """
    return _lines([_with_id(hit.id, bytes(hit.source)) if ids else hit.source for hit in hits])


def _lines(pieces: Sequence[bytes | msgspec.Raw]) -> bytes:
    lines = b"\n".join(pieces) + b"\n" if pieces else b""
    if lines.count(b"\n") != len(pieces):
        # As somebody wrote them, spread over lines: there, a newline is nothing but space.
        lines = b"".join(bytes(piece).replace(b"\n", b" ") + b"\n" for piece in pieces)
    return lines


def _with_id(name: str, source: bytes) -> bytes:
    rest = source.lstrip()[1:].lstrip()
    # Without any wanted field it is no event, whatever its id.
    return source if rest.startswith(b"}") else b'{"_id":%b,%b' % (msgspec.json.encode(name), rest)


@dataclass(frozen=True, slots=True)
class Documents:
    """Say what the documents of an index are.

    Attributes
    ----------
    index : str
        The index, or pattern of indices.
    form : Format
        What makes events of them.
    time : str
        The field by which the index is cut into slices: of dates.
    fields : mapping of str to Field
        What the index knows of each field.
    hides : bool
        Whether documents may hold fields that the index does not know.
    """

    index: str
    form: Format
    time: str
    fields: Mapping[str, Field]
    hides: bool = False

    @property
    def by_clock(self) -> bool:
        """Whether `time` is what the format takes an event's time from."""
        return self.time in clock_of(self.form)

    @property
    def found(self) -> tuple[str, ...]:
        """Fields of the format that the index has."""
        return tuple(name for name in self.form.fields if self._known(name))

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields of the format that the index has not."""
        return tuple(name for name in self.form.fields if not self._known(name))

    def _known(self, name: str) -> bool:
        # A point is one field to the index, whatever a document writes it as.
        return name in self.fields or "geo_point" in self.kinds(name)

    def kinds(self, name: str) -> tuple[str, ...]:
        """Return the types of a field in the index; a latitude or longitude may be part of a point."""
        field = self.fields.get(name) or self.fields.get(name.rpartition(".")[0])
        return field.kinds if field is not None else ()

    def wanted(self, options: Options) -> list[str]:
        """Return the fields to ask for.

        Parameters
        ----------
        options : Options
        """
        return list(dict.fromkeys((*self.form.fields, *map(self.path_of, options.extra))))

    def see(self, names: Iterable[str]) -> None:
        """See that documents can have some columns.

        Parameters
        ----------
        names : iterable of str
            Of the event table, of a user's own format, or fields.

        Raises
        ------
        UsageError
            If the index knows no field for one of them, and would.
        """
        own = () if self.form.mapping is None else dict(self.form.mapping.extra)
        known = {*COLUMNS, *own, *self.fields}
        for name in names:
            path = self.path_of(name)
            inner = any(field.startswith(f"{path}.") for field in self.fields)
            if path not in known and not (inner or self._known(path) or self.hides):
                import pyarrow as pa

                from ..analysis.fields import Fields

                raise Fields(pa.table({each: [] for each in sorted(known)})).unknown(name)

    def path_of(self, name: str) -> str:
        """Return the field of a column that the event table has not: extra ones of ours have a place of their own."""
        own = f"{OWN}.{name}"
        return own if self.form is STORED and name not in self.fields and own in self.fields else name

    def reading(self, options: Options, filters: Filters) -> tuple[Options, list[str]]:
        """Return what to ask the format for where filters are tried, and the columns that only these look at.

        Parameters
        ----------
        options : Options
            What is wanted.
        filters : Filters
        """
        if options.columns is None:
            own = () if self.form.mapping is None else dict(self.form.mapping.extra)
            names = (*(name for name in COLUMNS if name != "event_id"), *own)
            beside = sorted(filters.columns() - {*names})
            return (replace(options, columns=(*names, *beside)) if beside else options), beside
        needed = {*filters.columns(), "src_lat", "src_lon"} if filters else set()
        beside = sorted(needed - {*options.columns, "time"})
        return replace(options, columns=(*options.columns, *beside)), beside

    def exact(self, column: str) -> Field | None:
        """Return the field of the index that can be asked for the values of a column; None if none can.

        Parameters
        ----------
        column : str
            Of the event table, or a field by its own name.
        """
        own = () if self.form.mapping is None else dict(self.form.mapping.extra)
        known = column in COLUMNS or column in own
        field = self.fields.get(dict(self.form.plain).get(column, "") if known else self.path_of(column))
        return field if field is not None and field.searchable else None

    def tables(self, lines: Iterable[bytes], account: Account, options: Options) -> Iterator[pa.Table]:
        """Make events of sources.

        Parameters
        ----------
        lines : iterable of bytes
            As of `Page.lines`, with ids where event ids are wanted.
        account : Account
            Told what became of every document.
        options : Options
            What is wanted of them.

        Yields
        ------
        pyarrow.Table
            Event tables of about 64 thousand rows.
        """
        asked = self._by_path(options)
        reading = replace(asked, columns=(*asked.extra, "_id")) if options.ids else asked
        for batch in read_batches(lines, self.form, account, self.index, reading):
            if options.ids:
                ids = batch.columns.pop("_id")
                batch.ids = ids.values() if isinstance(ids, Written) else ids
            yield self.events(batch, account, options)

    def events(self, batch: Batch, account: Account, options: Options) -> pa.Table:
        """Make events of what some documents hold, or could hold.

        Parameters
        ----------
        batch : Batch
            Values by field.
        account, options
            As for `tables`.
        """
        table = build(batch, self.form, account, self._by_path(options))
        named = {self.path_of(name): name for name in options.extra}
        return table.rename_columns([named.get(name, name) for name in table.column_names])

    def _by_path(self, options: Options) -> Options:
        """Return what is wanted with extra columns by their fields."""
        if not options.extra:
            return options
        listed = (name if name in COLUMNS else self.path_of(name) for name in options.columns or ())
        return replace(options, columns=tuple(listed))


def clock_of(form: Format) -> tuple[str, ...]:
    """Return the fields that a format takes an event's time from."""
    if form.clock or form.mapping is None:
        return form.clock
    return tuple(dict(form.mapping.columns)["time"].fields)
