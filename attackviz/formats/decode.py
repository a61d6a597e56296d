"""From a stream of bytes of a known format to event tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from ..schema import COLUMNS, conform
from ..window import Window
from .casts import within
from .columns import Columns
from .csvreader import read_csv
from .format import Format
from .jsonreader import Batch, read_json
from .lines import LINE_LIMIT
from .logfmt import read_logfmt
from .mapping import Mapping
from .places import Places
from .plan import Plan
from .scan import usable
from .table import read_table
from .textreader import read_text
from .unfold import one_a_line

__all__ = ["Options", "build", "decode", "read_batches"]

ALWAYS = "time"
_WORTH = 4 << 20  # a smaller log is read sooner than the compiler is loaded


@dataclass(frozen=True, slots=True)
class Options:
    """Say what is wanted of a log.

    Attributes
    ----------
    window : Window or None
        Only events within; all, untimed ones too, if None.
    columns : tuple of str or None
        Columns to give: of the event table, or fields of the log itself. All
        but ``event_id`` if None; ``time`` always.
    tz : str
        Zone of times that carry none.
    line_limit : int
        Longest line in bytes.
    year : int or None
        Year of times that carry none; by default the log's last change tells.
    own : tuple of Mapping
        Formats of one's own that a log may be of, too.
    """

    window: Window | None = None
    columns: tuple[str, ...] | None = None
    tz: str = "UTC"
    line_limit: int = LINE_LIMIT
    year: int | None = None
    own: tuple[Mapping, ...] = ()

    @property
    def ids(self) -> bool:
        """Whether event ids are asked for."""
        return self.columns is not None and "event_id" in self.columns

    @property
    def extra(self) -> tuple[str, ...]:
        """Fields of the log asked for by their own names."""
        return tuple(name for name in self.columns or () if name not in COLUMNS)


def decode(
    chunks: Iterable[bytes],
    form: Format,
    account: Account,
    file: str,
    options: Options | None = None,
    reference: datetime | None = None,
) -> Iterator[pa.Table]:
    """Decode a stream into event tables of about 64 thousand rows.

    Parameters
    ----------
    chunks : iterable of bytes
        The decompressed stream.
    form : Format
        What it holds.
    account : Account
        Told what became of every piece.
    file : str
        Name for samples.
    options : Options, optional
        What is wanted.
    reference : datetime, optional
        When the log was last written to (UTC).

    Yields
    ------
    pyarrow.Table
        Columns of the event table, then the extra ones asked for (strings).

    Examples
    --------
    >>> from attackviz.formats import by_name
    >>> line = b'{"timestamp":"2025-02-24T08:04:37","src_ip":"1.2.3.4","payload_printable":""}'
    >>> [t.num_rows for t in decode([line], by_name("ciscoasa"), Account(), "x")]
    [1]
    """
    options = options or Options()
    if form.kind == "table":
        yield from read_table(chunks, account, file, options)
        return
    for batch in read_batches(chunks, form, account, file, options):
        yield build(batch, form, account, options, reference)


def read_batches(
    chunks: Iterable[bytes], form: Format, account: Account, file: str, options: Options
) -> Iterator[Batch]:
    """Read the fields of a stream as the log wrote them: the first half of `decode`.

    Parameters
    ----------
    chunks, form, account, file, options
        As for `decode`; the format is of any kind but ``table``.

    Yields
    ------
    Batch
    """
    paths = list(dict.fromkeys((*form.fields, *options.extra)))
    if form.kind == "csv":
        return read_csv(chunks, paths, account, file, options.ids, options.line_limit, form.delimiter, form.names)
    if form.kind == "logfmt":
        return read_logfmt(chunks, paths, account, file, options.ids, options.line_limit)
    if form.kind == "text":
        return read_text(chunks, form.pattern, paths, account, file, options.ids, options.line_limit)
    chunks, made = one_a_line(chunks, form.outermost, options.line_limit)
    if made:
        account.note("some objects are spread over lines: the line numbers of bad pieces count objects there")
    return _read_json(chunks, paths, form, account, file, options)


def build(
    batch: Batch, form: Format, account: Account, options: Options, reference: datetime | None = None
) -> pa.Table:
    """Make events of the fields of a batch: the second half of `decode`.

    Parameters
    ----------
    batch : Batch
    form, account, options, reference
        As for `decode`.

    Returns
    -------
    pyarrow.Table
    """
    columns = Columns(batch.columns, batch.length, account, options.tz, options.year, reference)
    return _table(columns, batch, form, options)


@lru_cache(maxsize=64)
def _plan(paths: tuple[str, ...], dotted: bool) -> Plan:
    return Plan(paths, dotted)


def _read_json(
    chunks: Iterable[bytes], paths: list[str], form: Format, account: Account, file: str, options: Options
) -> Iterator[Batch]:
    """Read by the scanner where it can be used and is worth loading."""
    begin: list[bytes] = []
    if usable() and paths:
        source, size = iter(chunks), 0
        while "numba" not in sys.modules and size < _WORTH and (chunk := next(source, b"")):
            begin.append(chunk)
            size += len(chunk)
        chunks = chain(begin, source)
        if "numba" in sys.modules or size >= _WORTH:
            from .scanreader import scan_json, scans

            if scans(paths):
                return scan_json(
                    chunks, paths, account, file, dotted=form.dotted, ids=options.ids, limit=options.line_limit
                )
    return read_json(chunks, _plan(tuple(paths), form.dotted), account, file, options.ids, options.line_limit)


def _table(columns: Columns, batch: Batch, form: Format, options: Options) -> pa.Table:
    rows: pa.Array | None = None
    if form.leave_out is not None:
        form.leave_out(columns)
        gone = _left_out(columns)
        if gone is not None:
            stays = pc.invert(gone)
            rows, columns = pc.indices_nonzero(stays), columns.keep(stays)
    if options.window is not None and form.clock:
        inside = within(columns.time(*form.clock), options.window)
        if inside.true_count < columns.length:
            columns.account.outside += columns.length - inside.true_count
            found = pc.indices_nonzero(inside)
            rows, columns = found if rows is None else rows.take(found), columns.keep(inside)
    built = dict(form.build(columns))
    for name in options.extra:
        if name not in built:  # a mapping may have columns of its own
            built[name] = partial(columns.text, name)
    if options.ids:
        built["event_id"] = _or_made(_made(built.get("event_id")), batch, rows, columns.length)
    else:
        built.pop("event_id", None)
    if "src_ip" in built:  # whatever is asked for, the account says what has no source
        built["src_ip"] = _made(built["src_ip"])
    keep: Sequence[str] = list(built) if options.columns is None else (ALWAYS, *options.columns)
    table = conform(pa.table({name: _made(column) for name, column in built.items() if name in keep}))
    table = _left(table, columns)
    return table if options.window is None else _cut(table, options.window, columns.account)


def _made(column: Any) -> Any:
    return column() if callable(column) else column


def _or_made(own: pa.Array | None, batch: Batch, rows: pa.Array | None, length: int) -> pa.Array:
    """Return the product's own ids, made ones where it gave none.

    Parameters
    ----------
    own : pyarrow.Array of string or None
    batch : Batch
        Knows where its events stand.
    rows : pyarrow.Array of uint64 or None
        Those that are still there; all if None.
    length : int
        How many are still there.
    """
    if own is None:
        own = pa.nulls(length, pa.string())
    elif pc.any(pc.equal(own, "")).as_py():
        own = pc.if_else(pc.equal(own, ""), None, own)
    if not own.null_count:
        return own
    lacking = pc.is_null(own)
    needed = pc.indices_nonzero(lacking)
    places = (needed if rows is None else rows.take(needed)).to_pylist()
    made = batch.ids.made(places) if isinstance(batch.ids, Places) else [batch.ids[row] for row in places]
    return pc.replace_with_mask(own, lacking, pa.array(made, pa.string()))


def _left(table: pa.Table, columns: Columns) -> pa.Table:
    """Drop the rows that are no events of this format."""
    gone = _left_out(columns)
    return table if gone is None else table.filter(pc.invert(gone))


def _left_out(columns: Columns) -> pa.Array | None:
    """Return which rows are no events of this format, counted by kind; None if all are."""
    gone: pa.Array | None = None
    for kind, mask in columns.left_out.items():
        count = mask.true_count
        if count:
            columns.account.left_out[kind] += count
            columns.account.events -= count
            gone = mask if gone is None else pc.or_(gone, mask)
    return gone


def _cut(table: pa.Table, window: Window, account: Account) -> pa.Table:
    kept = table.filter(within(table["time"], window))
    account.outside += table.num_rows - kept.num_rows
    return kept
