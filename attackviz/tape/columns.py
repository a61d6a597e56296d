"""What columns a tape has: those of the event table, ``sequence``, and those that came with the events.

An empty Parquet file, ``schema-0001-HASH.parquet``, has them all, so that any
tool reads a type of each; a higher number supersedes a lower one.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from ..errors import SchemaError, TapeError
from ..schema import COLUMNS, arrow_type, conform
from .segments import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SEQUENCE", "VERSION", "Catalogue", "prepared", "schema_of"]

SEQUENCE = "sequence"
VERSION = "1"

_FILE = re.compile(r"schema-(\d{4})-([0-9a-f]{16})\.parquet")
_MARK = b"attackviz.tape"


def schema_of(extra: Mapping[str, pa.DataType]) -> pa.Schema:
    """Return all columns in their order, with their types in memory."""
    return pa.schema([*_known(), *extra.items()])


@cache
def _known() -> tuple[tuple[str, pa.DataType], ...]:
    return (*((name, arrow_type(name)) for name in COLUMNS), (SEQUENCE, pa.int64()))


class Catalogue:
    """Know the columns that came with the events.

    Parameters
    ----------
    root : Path
        The directory of the tape.

    Attributes
    ----------
    extra : dict of str to pyarrow.DataType
    path : Path or None
        The file that says so; None where there is none yet.

    Raises
    ------
    TapeError
        If what lies there is damaged, or of another version.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.extra: dict[str, pa.DataType] = {}
        self.path: Path | None = None
        self.load()

    @staticmethod
    def files(root: Path) -> list[Path]:
        """Return the files of a directory that say so, superseded ones among them, the latest last."""
        return sorted(path for path in root.glob("schema-*.parquet") if _FILE.fullmatch(path.name))

    def load(self) -> None:
        """Read the latest."""
        import pyarrow.parquet as pq

        files = self.files(self.root)
        if not files or files[-1] == self.path:
            return
        try:
            found = pq.read_schema(files[-1])
        except (OSError, pa.ArrowException) as error:
            hint = "attackviz tape verify finds all that is damaged"
            raise TapeError(f"it cannot be read ({error})", where=str(files[-1]), hint=hint) from None
        version = (found.metadata or {}).get(_MARK, b"").decode(errors="replace")
        if version != VERSION:
            hint = "read it with the version of attackviz that wrote it"
            raise TapeError(f"it is of version {version!r}, not {VERSION}", where=str(files[-1]), hint=hint)
        names = {name for name, _ in _known()}
        self.extra = {field.name: field.type for field in found if field.name not in names}
        self.path = files[-1]

    def written(self, extra: Mapping[str, pa.DataType]) -> tuple[str, bytes]:
        """Return the name and the bytes of the file for these columns."""
        import pyarrow.parquet as pq

        plain = [
            (field.name, field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
            for field in schema_of(extra)
        ]
        sink = pa.BufferOutputStream()
        pq.write_table(pa.schema(plain, metadata={_MARK: VERSION}).empty_table(), sink)
        data = sink.getvalue().to_pybytes()
        number = int(_FILE.fullmatch(self.path.name)[1]) + 1 if self.path else 1  # type: ignore[index]
        return f"schema-{number:04}-{digest(data)}.parquet", data


def prepared(events: pa.Table, extra: dict[str, pa.DataType]) -> pa.Table:
    """Return events in the types of a tape.

    Parameters
    ----------
    events : pyarrow.Table
        An event table with ``event_id``.
    extra : dict of str to pyarrow.DataType
        The columns beside those of the event table that the tape has; new ones are added.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    SchemaError
        If it is none, an event has no id, or a column has another type than it has on the tape.
    """
    if not isinstance(events, pa.Table):
        raise SchemaError(
            f"a tape is given Arrow tables, not {type(events).__name__}",
            hint="turn a data frame into one with attackviz.schema.from_pandas",
        )
    table = conform(events.drop_columns([SEQUENCE]) if SEQUENCE in events.column_names else events)
    if "event_id" not in table.column_names:
        hint = "ask for it when reading: scan(address, columns=[..., 'event_id'])"
        raise SchemaError("events without event_id cannot be told from those that are on the tape", hint=hint)
    lacking = _lacking(table["event_id"])
    if lacking:
        raise SchemaError(
            f"{lacking:,} events have no event_id",
            hint="give each an id that is the same whenever the same event comes",
        )
    spelt = {name.lower(): name for name in schema_of(extra).names}
    for name in table.column_names[:]:
        if (other := spelt.setdefault(name.lower(), name)) != name:
            raise SchemaError(
                f"columns {name!r} and {other!r} differ only in case",
                hint="give it another name: tools that read Parquet take them for one",
            )
        if name in COLUMNS:
            continue
        at, column = table.column_names.index(name), table[name]
        kind = extra.get(name) or _plain(column.type)
        if column.type != kind:
            try:
                column = column.cast(kind)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
                raise SchemaError(
                    f"column {name!r} is {column.type}, and {kind} on the tape",
                    hint="give it another name, or cast it before",
                ) from None
            table = table.set_column(at, name, column)
        extra[name] = kind
    return table


def _lacking(ids: pa.ChunkedArray) -> int:
    import pyarrow.compute as pc

    return int(ids.null_count + (pc.sum(pc.equal(ids, "")).as_py() or 0))


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return the type in which a column of one's own is kept."""
    if pa.types.is_boolean(kind):
        return kind
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz)
    if pa.types.is_integer(kind):
        return pa.int64()
    return pa.float64() if pa.types.is_floating(kind) else pa.string()
