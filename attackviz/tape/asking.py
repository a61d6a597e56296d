"""Ask the segments of a tape: DuckDB counts events by combinations of values, over the Parquet files as they lie.

https://duckdb.org/docs/stable/data/parquet/overview
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..account import Account
from ..analysis import EventTable
from ..analysis.conditions import mask
from ..analysis.fields import Fields
from ..analysis.grouped import Grouped
from ..filters import FIELDS, Filters
from ..schema import COLUMNS
from ..window import Window
from .columns import SEQUENCE, Catalogue, schema_of
from .files import damaged, read_rows
from .reading import inside, within
from .segments import HOUR_US, UNDATED, Segment
from .texts import maybe

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

__all__ = ["POINT", "Asking", "connected"]

POINT = ("src_lat", "src_lon")

_LOCATED = "CASE WHEN src_lat BETWEEN -90 AND 90 AND src_lon BETWEEN -180 AND 180 THEN CAST(0 AS FLOAT) END"
_MADE_OF_PLACES = {"place", "text"}


def connected() -> duckdb.DuckDBPyConnection:
    """Return a DuckDB that keeps nothing, and loads nothing from anywhere."""
    import duckdb

    # Where memory is not enough it says so, rather than fill a disk.
    off = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "temp_directory": ""}
    return duckdb.connect(":memory:", config=off)


@dataclass(frozen=True)
class Asking:
    """Ask about events of the segments that there are at one moment.

    Attributes
    ----------
    root : Path
    catalogue : Catalogue
    segments : list of Segment
        Those that count.
    weights : dict of Segment to int
        How many events those stand for of which that is known; added to.
    duck : duckdb.DuckDBPyConnection
    window : Window or None
    filters : Filters
    """

    root: Path
    catalogue: Catalogue
    segments: list[Segment]
    weights: dict[Segment, int]
    duck: duckdb.DuckDBPyConnection
    window: Window | None
    filters: Filters

    @property
    def extra(self) -> Mapping[str, pa.DataType]:
        """The columns beside those of the event table."""
        return self.catalogue.extra

    @cached_property
    def timed(self) -> list[Segment]:
        """The segments that may hold events of the window."""
        return [each for each in self.segments if each.hour != UNDATED and within(each, self.window)]

    def account(self) -> Account:
        """Return the account of an answer: each row of the tape is an event."""
        rows = sum(each.rows for each in self.segments)
        return Account(pieces=rows, events=rows, files={str(self.root): "tape"})

    def tried(self) -> EventTable:
        """Return a table of no events with all columns, to see whether a question makes sense before it is asked."""
        table = EventTable(schema_of(self.extra).empty_table(), self.account())
        table.count(None, self.filters)
        return table

    def total(self, *, untimed: bool = False) -> int:
        """Return how many events there are in all with a usable time, or without."""
        segments = [each for each in self.segments if (each.hour == UNDATED) == untimed]
        if unknown := [each for each in segments if each not in self.weights]:
            known = {str(self.root / each.name): each for each in unknown}
            found = self._table('filename, CAST(sum(coalesce("count", 1)) AS BIGINT) AS n', unknown, "", (), named=True)
            for name, n in zip(found["filename"].to_pylist(), found["n"].to_pylist(), strict=True):
                self.weights[known[name]] = n
        return sum(self.weights.get(each, 0) for each in segments)

    def grouped(
        self, columns: Sequence[str], *, seconds: int = 0, filters: Filters | None = None, located: bool = False
    ) -> Grouped:
        """Count the events of the window that meet filters by combinations of values.

        Parameters
        ----------
        columns : sequence of str
            What to tell apart.
        seconds : int
            Width of bins of time that are told apart, too; none if 0.
        filters : Filters, optional
            Those of the question by default.
        located : bool
            Whether to tell apart what has a place on the map, without saying which.
        """
        filters = self.filters if filters is None else filters
        looked = filters.columns()
        exact = set(POINT) & {*columns, *looked}
        located = located or bool(_MADE_OF_PLACES & {one.field for one in filters.conditions})
        wanted = tuple(dict.fromkeys((*columns, *sorted(looked), *(POINT if exact else ()))))
        parts = [_quoted(name) for name in wanted]
        if located and not exact:
            wanted, parts = (*wanted, *POINT), [*parts, _LOCATED, _LOCATED]
        told = ", ".join(f"{part} AS k{number}" for number, part in enumerate(parts))
        us = 'epoch_us("time")'
        width = seconds * 1_000_000
        texts, values = maybe(filters, 2)
        bin_ = f"{us} - (({us} % {width}) + {width}) % {width} AS bin, " if seconds else ""
        found = self._table(
            f'{told}{", " if told else ""}{bin_}CAST(sum(coalesce("count", 1)) AS BIGINT) AS weight, '
            f"min({us}) AS first, max({us}) AS last, min({SEQUENCE}) AS came",
            self.timed,
            wanted,
            (*self._ends(), *texts),
            having="HAVING count(*) > 0",
            values=values,
        ).sort_by("came")  # DuckDB gives them in any order
        rows = {name: _typed(name, found[f"k{number}"]) for number, name in enumerate(wanted)}
        numbers = (np.asarray(found[name], np.int64) for name in ("weight", "first", "last"))
        table = pa.table(rows) if rows else pa.table({" ": pa.nulls(found.num_rows)})
        return Grouped(table, *numbers).met(filters)

    def moments(self, latest: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """Return the events of some moments, in microseconds since the epoch, that meet the filters."""
        wanted = tuple(dict.fromkeys(("time", *columns, *sorted(self.filters.columns()), *POINT)))
        told = ", ".join(f"{_quoted(name)} AS k{number}" for number, name in enumerate(wanted))
        listed = ", ".join(f"make_timestamptz({us})" for us in sorted(set(latest))) or "NULL"
        hours = {us // HOUR_US for us in latest}
        segments = [each for each in self.timed if each.hour in hours]
        found = self._table(told, segments, wanted, (f'"time" IN ({listed})',), group="")
        return pa.table({name: _typed(name, found[f"k{number}"]) for number, name in enumerate(wanted)})

    def rows(self, columns: Sequence[str] | None) -> pa.Table:
        """Return events of the window that meet the filters: all that there are without a window, by hour and sequence.

        Parameters
        ----------
        columns : sequence of str or None
            Which columns, ``time`` among them; all by default.
        """
        wanted = None if columns is None else {"time", *columns}
        beside: set[str] = set()
        if self.filters:
            # Whatever a field is made of, where it is looked at: columns that are not there are null.
            places = POINT if _MADE_OF_PLACES & {one.field for one in self.filters.conditions} else ()
            beside = {*self.filters.columns(), *places}
        schema = schema_of(self.extra)
        found: list[pa.Table] = []
        for segment in self.segments if self.window is None else self.timed:
            asked = None if wanted is None else [*wanted, *beside]
            table = inside(read_rows(self.root, segment, self.extra, asked), segment.hour, self.window)
            if self.filters and table.num_rows:
                table = table.filter(pa.array(mask(Fields(table), self.filters)))
            if table.num_rows:
                found.append(table if wanted is None else table.select([n for n in table.column_names if n in wanted]))
        if not found:
            names = [name for name in schema.names if wanted is None or name in wanted]
            return schema.empty_table().select(names)
        return pa.concat_tables(found).unify_dictionaries()

    def finest(self, steps: Sequence[tuple[int, Sequence[str], str | None]], budget: int) -> int:
        """Return the first of some steps by which events are told apart into no more than about so many combinations.

        Parameters
        ----------
        steps : sequence of (int, sequence of str, str or None)
            Seconds of a bin, columns, and the one by whose names places are told apart: where it has
            one, points are not.
        budget : int
        """
        if sum(each.rows for each in self.timed) <= budget:
            return 0
        us = 'epoch_us("time")'
        told = []
        for k, (seconds, columns, name) in enumerate(steps):
            parts = ", ".join([f"{us} // {seconds * 1_000_000}", *dict.fromkeys(_told(one, name) for one in columns)])
            told.append(f"approx_count_distinct(hash({parts})) AS s{k}")
        wanted = tuple(dict.fromkeys(name for _, columns, _ in steps for name in columns))
        found = self._table(", ".join(told), self.timed, wanted, self._ends(), group="").to_pylist()[0]
        return next((k for k in range(len(steps)) if found[f"s{k}"] <= budget), len(steps) - 1)

    def _ends(self) -> tuple[str, ...]:
        """Return the conditions for the events of the window."""
        if self.window is None:
            return ()
        start, end = self.window.start_us, self.window.end_us
        return (f'"time" >= make_timestamptz({start})', f'"time" < make_timestamptz({end})')

    def _table(
        self,
        told: str,
        segments: Sequence[Segment],
        columns: Sequence[str],
        where: Sequence[str],
        *,
        group: str = "GROUP BY ALL",
        having: str = "",
        named: bool = False,
        values: Sequence[object] = (),
    ) -> pa.Table:
        """Return what DuckDB says of some segments; values are those of the parameters from the second on."""
        import duckdb

        # The first file says what columns there are: those of every tape, or all of this one.
        own = [name for name in columns if name in self.extra]
        files = Catalogue.files(self.root)
        paths = [str(files[-1] if own else files[0]), *(str(self.root / each.name) for each in segments)]
        options = f"union_by_name={'true' if own else 'false'}, filename={'true' if named else 'false'}"
        conditions = f"WHERE {' AND '.join(where)}" if where else ""
        try:
            with self.duck.cursor() as cursor:
                # Names are quoted, all else is of this file.
                asked = f"SELECT {told} FROM read_parquet($1, {options}) {conditions} {group} {having}"  # noqa: S608
                found: pa.Table = cursor.sql(asked, params=[paths, *values]).to_arrow_table()
        except duckdb.OutOfMemoryException as error:
            raise MemoryError(str(error)) from None
        except duckdb.Error as error:
            for each in segments:
                if not (self.root / each.name).exists():
                    raise FileNotFoundError(each.name) from None
            raise damaged(self.root, segments[0], error) if segments else error from None
        return found


def _told(column: str, name: str | None) -> str:
    """Return what of a column tells cells apart, where places are told apart by the names in another."""
    if column in FIELDS["target"]:
        return f"coalesce({', '.join(FIELDS['target'])})"
    if column in ("category", "verdict"):
        return f"coalesce({column}, 'unknown')"
    return f"CASE WHEN {name} IS NULL THEN {column} END" if name and column in POINT else column


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _typed(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if name in COLUMNS and COLUMNS[name].kind == "time":
        return column.cast(pa.timestamp("us", tz="UTC"))
    return column
