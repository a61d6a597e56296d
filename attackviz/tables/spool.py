"""Keep tables on disk until all their columns are known, so that memory stays flat.

A file of columns needs to say at its beginning which columns it has, and Arrow
files which words its dictionaries hold; logs of several formats tell that only
at their end. So batches are written to a temporary file first, and once more
from there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import IO, Self

import pyarrow as pa

from ..errors import ExportError
from ..schema import COLUMNS, arrow_type

__all__ = ["Spool", "gathered"]

BATCH_ROWS = 1 << 16


def gathered(tables: Iterable[pa.Table], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
    """Join small tables: thousands of small files must not become thousands of small batches.

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        Columns that only some have are null in the others.
    rows : int
        Fewest rows of a table that is given, but for the last.

    Yields
    ------
    pyarrow.Table
        In one piece, with one dictionary a column.

    Raises
    ------
    ExportError
        If a column has one type here and another there.

    Examples
    --------
    >>> [t.num_rows for t in gathered([pa.table({"a": [1, 2]}), pa.table({"a": [3]}), pa.table({"a": [4]})], 3)]
    [3, 1]
    """
    waiting: list[pa.Table] = []
    count = 0
    for table in tables:
        waiting.append(table)
        count += table.num_rows
        if count >= rows:
            yield _joined(waiting)
            waiting, count = [], 0
    if count:
        yield _joined(waiting)


def _joined(tables: list[pa.Table]) -> pa.Table:
    try:
        joined = pa.concat_tables(tables, promote_options="default")
    except pa.ArrowException as error:
        raise _disagree(error) from None
    return joined.unify_dictionaries().combine_chunks()


def _disagree(error: Exception) -> ExportError:
    return ExportError(
        f"files disagree about a column ({str(error).splitlines()[0]})",
        hint="convert them one by one, or write .ndjson",
    )


class Spool:
    """Hold batches of events in a temporary file that no kill leaves behind.

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        Taken, batch by batch, when the ``with`` block is entered.
    words : bool
        Whether all batches shall share one dictionary a column.

    Attributes
    ----------
    schema : pyarrow.Schema
        All columns that were met: those of the event table in their order, then others.
    rows : int
        How many rows there are.

    Examples
    --------
    >>> with Spool([pa.table({"x": [1]}), pa.table({"time": pa.array([1], pa.timestamp("us", "UTC"))})]) as spool:
    ...     spool.schema.names, spool.rows, [t.num_rows for t in spool]
    (['time', 'x'], 2, [2])
    """

    def __init__(self, tables: Iterable[pa.Table], words: bool = False) -> None:
        self._tables = tables
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="attackviz-")  # noqa: SIM115 - closed by __exit__
        self._share = words
        self._words: dict[str, dict[object, int]] = {}
        self._dictionaries: dict[str, pa.Array] = {}
        self._starts: list[int] = []
        self.schema = pa.schema([])
        self.rows = 0

    def __enter__(self) -> Self:
        try:
            self._fill()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[pa.Table]:
        """Give the batches again, each with all columns."""
        for start in self._starts:
            self._file.seek(start)
            with pa.ipc.open_stream(self._file) as reader:
                for batch in reader:
                    yield self._completed(pa.Table.from_batches([batch]))

    def _fill(self) -> None:
        writer: pa.RecordBatchStreamWriter | None = None
        last: pa.Schema | None = None
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        try:
            for table in gathered(self._tables):
                if writer is None or table.schema != last:
                    if writer is not None:
                        writer.close()
                    self._starts.append(self._file.tell())
                    last = table.schema
                    writer = pa.ipc.new_stream(self._file, table.schema, options=options)
                    self._widen(table.schema)
                self._learn(table)
                writer.write_table(table)
                self.rows += table.num_rows
        finally:
            if writer is not None:
                writer.close()
        if not self._starts:
            self.schema = pa.schema({name: arrow_type(name) for name in COLUMNS})

    def _widen(self, schema: pa.Schema) -> None:
        try:
            both = pa.unify_schemas([self.schema, schema.remove_metadata()])
        except pa.ArrowException as error:
            raise _disagree(error) from None
        order = [name for name in COLUMNS if name in both.names]
        self.schema = pa.schema([both.field(name) for name in (*order, *(n for n in both.names if n not in COLUMNS))])

    def _learn(self, table: pa.Table) -> None:
        if not self._share:
            return
        for field in table.schema:
            if pa.types.is_dictionary(field.type):
                known = self._words.setdefault(field.name, {})
                for chunk in table[field.name].chunks:
                    for word in chunk.dictionary.to_pylist():
                        known.setdefault(word, len(known))

    def _completed(self, table: pa.Table) -> pa.Table:
        columns = []
        for field in self.schema:
            has = field.name in table.column_names
            column = table[field.name].combine_chunks() if has else pa.nulls(table.num_rows, field.type)
            columns.append(self._shared(column, field.name))
        return pa.Table.from_arrays(columns, schema=self.schema)

    def _shared(self, column: pa.Array, name: str) -> pa.Array:
        """Return a column over the dictionary that all batches share."""
        if name not in self._words:
            return column
        known, kind = self._words[name], column.type
        if name not in self._dictionaries:
            self._dictionaries[name] = pa.array(list(known), kind.value_type)
        places = pa.array([known[word] for word in column.dictionary.to_pylist()], kind.index_type)
        return pa.DictionaryArray.from_arrays(
            places.take(column.indices), self._dictionaries[name], ordered=kind.ordered
        )
