"""Write segments: aside, to the disk, and only then by their names."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..errors import TapeError
from .columns import SEQUENCE, schema_of
from .segments import Segment

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ROWS", "aligned", "bytes_of", "damaged", "part_of", "place", "read_rows", "settle", "tidy", "writer"]

ROWS = 65_536
"""Rows of a row group."""

_PART = ".part"
_counter = iter(range(1, 2**63))
_naming = threading.Lock()


def _options(schema: pa.Schema) -> dict[str, Any]:
    """Return how columns are written: what repeats by dictionary, what ascends by differences, the rest as it is."""
    unlike = {"event_id", "detail", "time", SEQUENCE}
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": [name for name in schema.names if name not in unlike],
        "column_encoding": {"time": "DELTA_BINARY_PACKED", SEQUENCE: "DELTA_BINARY_PACKED"},
        "write_page_checksum": True,
        "store_schema": False,
    }


def aligned(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with just the columns of a schema; what it lacks is null."""
    arrays = [
        table[field.name] if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def bytes_of(table: pa.Table) -> pa.Buffer:
    """Return a table as the bytes of a Parquet file."""
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=ROWS, **_options(table.schema))
    return sink.getvalue()


def writer(file: Any, schema: pa.Schema) -> Any:
    """Return what writes a Parquet file table by table."""
    import pyarrow.parquet as pq

    return pq.ParquetWriter(file, schema, **_options(schema))


def part_of(root: Path) -> Path:
    """Return a path for a file that is still being written; no reader looks at it."""
    with _naming:
        return root / f".{os.getpid()}-{next(_counter)}{_PART}"


def place(root: Path, contents: Iterable[tuple[str, Any]]) -> None:
    """Write files that are there whole when this returns, whatever happens then.

    Parameters
    ----------
    root : Path
        The directory of the tape.
    contents : iterable of (str, bytes-like)
        Names below it, and what each shall hold.

    Raises
    ------
    TapeError
        If one cannot be written; some may be there then.
    """
    parts: list[tuple[Path, Path]] = []
    try:
        for name, data in contents:
            path = part_of(root)
            parts.append((path, root / name))
            with path.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        settle(root, parts)
    except OSError as error:
        hint = "free some space, or choose a directory you may write to; nothing that was acknowledged is lost"
        raise TapeError(f"it cannot be written: {error.strerror or error}", where=str(root), hint=hint) from None
    finally:
        for path, _ in parts:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def settle(root: Path, parts: Sequence[tuple[Path, Path]]) -> None:
    """Give files that are on the disk their names, and see that these are, too."""
    days = dict.fromkeys(target.parent for _, target in parts)
    made = [day for day in days if day != root and not day.exists()]
    for day in made:
        day.mkdir(exist_ok=True)
    for path, target in parts:
        try:
            path.replace(target)
        except FileNotFoundError:  # its day was empty, and was let go of just now
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
    for day in [*days, *([root] if made else [])]:
        fd = os.open(day, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def tidy(root: Path) -> None:
    """Remove what a killed writer left half written."""
    for path in root.glob(f".*{_PART}"):
        with suppress(OSError):
            path.unlink()


def read_rows(
    root: Path,
    segment: Segment,
    extra: Mapping[str, pa.DataType],
    columns: Sequence[str] | None = None,
    groups: Sequence[int] | None = None,
) -> pa.Table:
    """Read rows of a segment in the types of the event table.

    Parameters
    ----------
    root : Path
    segment : Segment
    extra : mapping
        Columns beside those of the event table.
    columns : sequence of str, optional
        Which; all by default. Columns of one's own that the segment lacks are null.
    groups : sequence of int, optional
        Which of its row groups; all by default.

    Raises
    ------
    FileNotFoundError
        If it is gone: it was merged into a wider one, or its time was over.
    TapeError
        If it is damaged.
    """
    import pyarrow.parquet as pq

    wanted = schema_of(extra)
    if columns is not None:
        wanted = pa.schema([field for field in wanted if field.name in columns])
    words = [field.name for field in wanted if pa.types.is_dictionary(field.type)]
    try:
        with pq.ParquetFile(root / segment.name, read_dictionary=words, page_checksum_verification=True) as file:
            there = [name for name in wanted.names if name in file.schema_arrow.names]
            listed = range(file.num_row_groups) if groups is None else groups
            return aligned(file.read_row_groups(listed, columns=there), wanted)
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException, ValueError) as error:
        raise damaged(root, segment, error) from None


def damaged(root: Path, segment: Segment, error: object) -> TapeError:
    """Return the error that says a segment cannot be read."""
    hint = "attackviz tape verify names all hours that are damaged; take them from a copy"
    said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return TapeError(f"a segment cannot be read ({said})", where=str(root / segment.name), hint=hint)
