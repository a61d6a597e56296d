"""Event tables as files: Parquet, Arrow, CSV and NDJSON, written batch by batch."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..dashboard.loading import together
from ..errors import ExportError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SUFFIXES", "formula_safe", "replacing", "write_ndjson", "write_table"]

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
        for batch in table.to_batches(max_chunksize=4096):
            lines = [
                json.dumps({k: v for k, v in row.items() if v is not None}, default=_plain) for row in batch.to_pylist()
            ]
            file.write("".join(f"{line}\n" for line in lines).encode())
            rows += len(lines)
    return rows


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)


def _write_csv(tables: Iterable[pa.Table], file: IO[bytes]) -> int:
    from pyarrow import csv

    whole = formula_safe(together(tables))
    csv.write_csv(whole, file)
    return int(whole.num_rows)


def _write_parquet(tables: Iterable[pa.Table], file: IO[bytes]) -> int:
    from pyarrow import parquet

    whole = together(tables)
    parquet.write_table(whole, file, compression="zstd")
    return int(whole.num_rows)


def _write_arrow(tables: Iterable[pa.Table], file: IO[bytes]) -> int:
    import pyarrow as pa

    whole = together(tables)
    with pa.ipc.new_file(file, whole.schema) as writer:
        writer.write_table(whole)
    return int(whole.num_rows)


SUFFIXES: dict[str, Callable[[Iterable[Any], IO[bytes]], int]] = {
    ".parquet": _write_parquet,
    ".arrow": _write_arrow,
    ".csv": _write_csv,
    ".ndjson": write_ndjson,
}


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside a path that takes its place when all went well.

    Parameters
    ----------
    path : Path

    Yields
    ------
    binary file

    Raises
    ------
    ExportError
        If it cannot be written.
    """
    # A device or a pipe is written to; to put a file in its place would take it away.
    special = path.exists() and not path.is_file()
    part = path if special else path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        if not special:
            part.replace(path)
    except OSError as error:
        raise ExportError(
            f"cannot write it: {error.strerror or error}", where=str(path), hint="choose another place"
        ) from None
    finally:
        if not special:
            part.unlink(missing_ok=True)
