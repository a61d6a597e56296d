"""Our own event table in a file: Parquet, an Arrow file, or an Arrow stream.

Its columns are those of `attackviz.schema`; only ``time`` must be there. Arrow
is read as it comes. Parquet keeps its index at the end, so a stream of it is
put into a temporary file first.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from ..errors import FormatError, SchemaError
from ..schema import COLUMNS, conform
from ..window import Window
from .casts import within
from .columns import Columns
from .format import Format
from .lines import sample
from .words import name_words

if TYPE_CHECKING:
    from pyarrow import parquet

    from .decode import Options

__all__ = ["EVENT_TABLE", "read_table"]

_PARQUET = b"PAR1"
_FILE = b"ARROW1\0\0"
_STREAM = b"\xff\xff\xff\xff"
_ROWS = 1 << 16
_TIME = "time"
_INDEX = "__index_level_"


def read_table(chunks: Iterable[bytes], account: Account, file: str, options: Options) -> Iterator[pa.Table]:
    r"""Read a stream that is an event table.

    Parameters
    ----------
    chunks : iterable of bytes
        The decompressed stream.
    account : Account
        Told of every row; what follows damage is lost, and the account says so.
    file : str
        Name for errors and samples.
    options : Options
        What is wanted: window, columns, and the zone of times without one.

    Yields
    ------
    pyarrow.Table
        Event tables of at most 64 thousand rows.

    Raises
    ------
    FormatError
        If it is no such file, or no event table.

    Examples
    --------
    >>> from attackviz.formats.decode import Options
    >>> table = pa.table({"time": pa.array([0], pa.timestamp("s", "UTC")), "dst_port": [22]})
    >>> sink = io.BytesIO()
    >>> with pa.ipc.new_file(sink, table.schema) as writer:
    ...     writer.write_table(table)
    >>> [t["dst_port"].to_pylist() for t in read_table([sink.getvalue()], Account(), "a.arrow", Options())]
    [[22]]
    """
    source = _Chunks(chunks)
    begun = source.peek(8)
    reader = _Reader(account, file, options)
    if begun.startswith(_PARQUET):
        with tempfile.TemporaryFile(prefix="attackviz-") as spooled:
            _copy(source, spooled)
            yield from reader.tables(_parquet(spooled, reader))
        return
    if begun == _FILE:
        source.read(len(_FILE))  # what follows, up to the index, is an Arrow stream
        yield from reader.tables(_arrow(source, reader))
        if not _ends_with(source, _FILE.rstrip(b"\0")) and not reader.damaged:
            account.truncated.append(file)
        return
    if not begun.startswith(_STREAM):
        raise FormatError("it is neither Parquet nor Arrow", where=file, hint="leave the format to be told by content")
    yield from reader.tables(_arrow(source, reader))


def _ends_with(source: _Chunks, end: bytes) -> bool:
    last = b""
    while piece := source.read(_ROWS):
        last = (last + piece)[-len(end) :]
    return last == end


def _arrow(source: _Chunks, reader: _Reader) -> Iterator[pa.RecordBatch]:
    with pa.ipc.open_stream(source) as stream:
        wanted = reader.wanted(stream.schema)
        for batch in stream:
            batch.validate(full=True)  # nothing of a damaged file may be taken for offsets
            for at in range(0, batch.num_rows, _ROWS):
                yield batch.select(wanted).slice(at, _ROWS)


def _parquet(spooled: IO[bytes], reader: _Reader) -> Iterator[pa.RecordBatch]:
    from pyarrow import parquet

    plain = parquet.ParquetFile(spooled)
    wanted = reader.wanted(plain.schema_arrow)
    coded = [n for n in wanted if n in COLUMNS and COLUMNS[n].kind == "category" and _texts(plain.schema_arrow, n)]
    opened = parquet.ParquetFile(spooled, read_dictionary=coded, buffer_size=1 << 20, pre_buffer=False)
    for number in range(opened.num_row_groups):
        group = opened.metadata.row_group(number)
        if _group_outside(group, reader.options.window):
            reader.pass_over(group.num_rows)
        else:
            yield from opened.iter_batches(_ROWS, row_groups=[number], columns=wanted)


def _texts(schema: pa.Schema, name: str) -> bool:
    kind = schema.field(name).type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _group_outside(group: parquet.RowGroupMetaData, window: Window | None) -> bool:
    """Whether the statistics of a row group say that it holds nothing of a window."""
    if window is None:
        return False
    for number in range(group.num_columns):
        column = group.column(number)
        if column.path_in_schema == _TIME and column.is_stats_set and column.statistics.has_min_max:
            first, last = column.statistics.min, column.statistics.max
            if getattr(first, "tzinfo", None) is None:
                return False
            return bool(last < window.start or first >= window.end)
    return False


class _Reader:
    """Turn the batches of one file into event tables, and account for their rows."""

    def __init__(self, account: Account, file: str, options: Options) -> None:
        self.account, self.file, self.options = account, file, options
        self.damaged = False
        self._origin = b""
        self._row = 0

    def wanted(self, schema: pa.Schema) -> list[str]:
        """Return the columns to read; say which are not."""
        names = schema.names
        if len(set(names)) < len(names):
            raise self._refused("it has two columns of one name", "name every column once")
        if _TIME not in names:
            shown = ", ".join(repr(name[:40]) for name in names[:6]) + (", …" if len(names) > 6 else "")
            raise self._refused(
                f"it is no event table: it has no column 'time', but {shown}",
                "name its columns as attackviz.schema.COLUMNS does",
            )
        chosen = self.options.columns
        if chosen is not None:
            return [name for name in names if name in (_TIME, *chosen)]
        others = [name for name in names if name not in COLUMNS and not name.startswith(_INDEX)]
        if others:
            listed = ", ".join(name[:40] for name in others[:10]) + (", …" if len(others) > 10 else "")
            self.account.note(f"{self.file}: columns not read: {listed}; name them to have them")
        return [name for name in names if name in COLUMNS and (name != "event_id" or self.options.ids)]

    def tables(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        try:
            for batch in batches:
                if batch.num_rows:
                    yield self._table(pa.Table.from_batches([batch]))
        except (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError) as error:
            self.account.pieces += 1
            self.account.spoil("damaged table", sample(self.file, self._row + 1, str(error).encode("utf-8", "replace")))
            self.damaged = True
            if self.file not in self.account.truncated:
                self.account.truncated.append(self.file)

    def pass_over(self, rows: int) -> None:
        """Account for rows that are outside the window."""
        self._row += rows
        for name in ("pieces", "events", "outside"):
            setattr(self.account, name, getattr(self.account, name) + rows)

    def _table(self, table: pa.Table) -> pa.Table:
        columns = {name: table[name].combine_chunks() for name in table.column_names}
        columns[_TIME] = self._times(columns[_TIME])
        for name in self.options.extra:
            if name in columns:
                columns[name] = _as_text(columns[name])
        try:
            made = conform(pa.table(columns))
        except SchemaError as error:
            raise self._refused(f"it is no event table: {error.what}", "cast the column before") from None
        self.account.pieces += made.num_rows
        self.account.events += made.num_rows
        made = self._checked(made)
        if self.options.ids:
            made = self._identified(made, table)
        self._row += made.num_rows
        window = self.options.window
        if window is None:
            return made
        kept = made.filter(within(made[_TIME], window))
        self.account.outside += made.num_rows - kept.num_rows
        return kept

    def _times(self, column: pa.Array) -> pa.Array:
        """Return times, as any log writes them, too, where a column holds no timestamps."""
        if pa.types.is_timestamp(column.type) and column.type.tz is not None:
            self._flag("no time", pc.is_null(column))
            return column
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us"), safe=False).cast(pa.string())
        elif pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or _is_text(column.type)):
            raise self._refused(f"its column 'time' holds {column.type}, no times", "cast it to timestamps")
        written = Columns({_TIME: column.to_pylist()}, len(column), self.account, self.options.tz)
        return written.time(_TIME)

    def _checked(self, table: pa.Table) -> pa.Table:
        """Null values that a column may not hold, and count them."""
        if "src_ip" in table.column_names:
            self._flag("no source address", pc.is_null(table["src_ip"]))
        for name in ("verdict", "severity", "direction"):
            values = COLUMNS[name].values
            if name in table.column_names and values is not None:
                words = table[name].cast(pa.string()).combine_chunks()
                wrong = pc.and_(pc.is_valid(words), pc.invert(pc.is_in(words, pa.array(values))))
                if self._flag(f"unknown {name}", wrong):
                    name_words(self.account, name, words.filter(wrong))
                    text = pc.if_else(wrong, "unknown" if name == "verdict" else None, words)
                    table = _with(table, name, text.dictionary_encode())
        for end in ("src", "dst"):
            lat, lon = f"{end}_lat", f"{end}_lon"
            if lat in table.column_names and lon in table.column_names:
                some = pc.or_(pc.is_valid(table[lat]), pc.is_valid(table[lon]))
                good = pc.and_(pc.less_equal(pc.abs(table[lat]), 90), pc.less_equal(pc.abs(table[lon]), 180))
                wrong = pc.and_(some, pc.invert(good.fill_null(False)))
                if self._flag("impossible place", wrong):
                    for name in (lat, lon):
                        table = _with(table, name, pc.if_else(wrong, None, table[name]))
        return table

    def _identified(self, made: pa.Table, table: pa.Table) -> pa.Table:
        """Return the table with an id for every row: its own, else one made from where it stands."""
        own = made["event_id"].combine_chunks() if "event_id" in made.column_names else None
        missing = pa.nulls(made.num_rows, pa.string()) if own is None else pc.if_else(pc.equal(own, ""), None, own)
        if not self._origin:
            self._origin = blake2b(repr(table.slice(0, 1).to_pylist()).encode(), digest_size=16).digest()
        if missing.null_count:
            ids = [
                blake2b(self._origin + str(self._row + n).encode(), digest_size=16).hexdigest()
                for n in range(made.num_rows)
            ]
            missing = pc.coalesce(missing, pa.array(ids, pa.string()))
        return conform(_with(made, "event_id", missing))

    def _flag(self, reason: str, mask: Any) -> int:
        count = int(pc.sum(mask).as_py() or 0)
        if count:
            self.account.flags[reason] += count
        return count

    def _refused(self, what: str, hint: str) -> FormatError:
        return FormatError(what, where=self.file, hint=hint)


def _with(table: pa.Table, name: str, column: Any) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.append_column(name, column) if at < 0 else table.set_column(at, name, column)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _as_text(column: pa.Array) -> pa.Array:
    """Return any column as text, lists and structures as Python writes them."""
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())


def _copy(source: _Chunks, target: IO[bytes]) -> None:
    while piece := source.read(1 << 18):
        target.write(piece)
    target.seek(0)


class _Chunks(io.RawIOBase):
    """Read chunks of bytes as a file.

    What is asked for is gathered as it comes, never set aside at once: a
    damaged length may ask for more than there is memory.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        parts, length = [self._rest], len(self._rest)
        while size is None or size < 0 or length < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            length += len(chunk)
        data = b"".join(parts)
        end = length if size is None or size < 0 else size
        self._rest = data[end:]
        return data[:end]

    def peek(self, size: int) -> bytes:
        """Return the next bytes without taking them."""
        data = self.read(size)
        self._rest = data + self._rest
        return data


def _build(c: Columns) -> dict[str, pa.Array]:
    raise NotImplementedError("a table has its columns already")


EVENT_TABLE = Format(
    name="events",
    title="attackviz event table, Parquet or Arrow",
    kind="table",
    fields=tuple(COLUMNS),
    known_by=(),
    build=_build,
    magic=(_PARQUET, _FILE, _STREAM),
)
