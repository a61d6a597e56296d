"""Event tables as files: Parquet, Arrow, CSV and NDJSON, written batch by batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..errors import UsageError
from ..saving import replacing

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SUFFIXES", "formula_safe", "write_ndjson", "write_table"]

# What spreadsheets take for the beginning of a formula, also behind white space and in full width.
_FORMULA = r"^[\s\x00]*[=+\-@＝＋－＠]|^[\t\r\n]"


def formula_safe(table: pa.Table) -> pa.Table:
    """Return a table whose texts no spreadsheet takes for a formula.

    Parameters
    ----------
    table : pyarrow.Table

    Returns
    -------
    pyarrow.Table
        Dictionary columns become strings; a text that begins like a formula
        gets an apostrophe in front, as spreadsheets themselves mark text.

    Examples
    --------
    >>> import pyarrow as pa
    >>> formula_safe(pa.table({"rule": ["=1+1", "SQLi", None]}))["rule"].to_pylist()
    ["'=1+1", 'SQLi', None]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = []
    for column in table.columns:
        plain = column.cast(pa.string()) if _textual(column.type) else column
        if pa.types.is_string(plain.type):
            risky = pc.match_substring_regex(plain, _FORMULA)
            plain = pc.if_else(risky, pc.binary_join_element_wise("'", plain, ""), plain)
        columns.append(plain)
    return pa.table(dict(zip(_safe_names(table.column_names), columns, strict=True)))


def _textual(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _safe_names(names: list[str]) -> list[str]:
    return [f"'{name}" if name.lstrip()[:1] in tuple("=+-@") else name for name in names]


def write_table(tables: Iterable[pa.Table], path: Path) -> int:
    """Write event tables to one file, of the kind its suffix says.

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        Batches; columns that only some have are null in the others.
    path : Path
        ``.parquet``, ``.arrow``, ``.csv`` or ``.ndjson``; it appears when it is whole.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    UsageError
        If the suffix is none of these.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise UsageError(
            f"{path.suffix or 'no suffix'} is no kind of table",
            where=str(path),
            hint=f"end the name in {', '.join(SUFFIXES)}",
        )
    with replacing(path) as file:
        return kind(tables, file)


def write_ndjson(tables: Iterable[pa.Table], file: IO[bytes]) -> int:
    """Write one JSON object a row, without the columns that are null in it; return the rows written."""
    rows = 0
    for table in tables:
        # Column by column: rows as Arrow makes them take three times as long.
        for batch in table.to_batches(max_chunksize=4096):
            names = batch.schema.names
            lines = [
                json.dumps({name: value for name, value in zip(names, row, strict=True) if value is not None})
                for row in zip(*map(_plain, batch.columns), strict=True)
            ]
            file.write("".join(f"{line}\n" for line in lines).encode())
            rows += len(lines)
    return rows


def _plain(column: pa.Array) -> list[Any]:
    """Return values as JSON has them."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    values: list[Any] = column.to_pylist()
    if pa.types.is_temporal(kind):
        return [value if value is None else value.isoformat().replace("+00:00", "Z") for value in values]
    return values if pa.types.is_string(kind) or pa.types.is_primitive(kind) else [_simple(value) for value in values]


def _simple(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float | list | dict) else str(value)


def _write_csv(tables: Iterable[pa.Table], file: IO[bytes]) -> int:
    from pyarrow import csv

    from .spool import Spool

    with Spool(tables) as spool:
        with csv.CSVWriter(file, formula_safe(spool.schema.empty_table()).schema) as writer:
            for table in spool:
                writer.write_table(formula_safe(table))
        return spool.rows


def _write_parquet(tables: Iterable[pa.Table], file: IO[bytes]) -> int:
    from pyarrow import parquet

    from .spool import Spool

    with Spool(tables) as spool:
        with parquet.ParquetWriter(file, spool.schema, compression="zstd") as writer:
            for table in spool:
                writer.write_table(table)
        return spool.rows


def _write_arrow(tables: Iterable[pa.Table], file: IO[bytes]) -> int:
    import pyarrow as pa

    from .spool import Spool

    with Spool(tables, words=True) as spool:
        with pa.ipc.new_file(file, spool.schema) as writer:
            for table in spool:
                writer.write_table(table)
        return spool.rows


SUFFIXES: dict[str, Callable[[Iterable[Any], IO[bytes]], int]] = {
    ".parquet": _write_parquet,
    ".arrow": _write_arrow,
    ".csv": _write_csv,
    ".ndjson": write_ndjson,
}
