"""Give the events of a tape batch by batch, however many there are, while it is written to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import TapeError
from ..window import Window
from .columns import SEQUENCE, Catalogue
from .files import ROWS, read_rows
from .segments import HOUR_US, UNDATED, Segment, Shelf

__all__ = ["batches", "inside", "within"]

_GROUPS = 4
_TRIES = 20


def batches(
    shelf: Shelf, catalogue: Catalogue, window: Window | None, columns: Sequence[str] | None
) -> Iterator[tuple[pa.Table, int]]:
    """Yield events by hour, and within it in the order they came, with about how many bytes each batch took.

    Parameters
    ----------
    shelf : Shelf
    catalogue : Catalogue
    window : Window or None
        Without one, events without a usable time come first.
    columns : sequence of str or None
        All by default; ``time`` is always there. What the tape does not have is null.
    """
    wanted = None if columns is None else list(dict.fromkeys(("time", *columns)))
    for hour in sorted({each.hour for each in shelf.segments() if within(each, window)}):
        after = 0
        for attempt in range(_TRIES):
            try:
                for segment in shelf.of(hour):
                    for table, size in _parts(shelf.root, segment, catalogue, wanted, after):
                        after = int(table[SEQUENCE][-1].as_py())
                        table = _only(inside(table, hour, window), wanted)
                        if table.num_rows:
                            yield table, size
                break
            except FileNotFoundError:
                # It was merged meanwhile: those rows that were given come first in the wider one, too.
                time.sleep(0.01 * attempt)
        else:
            raise TapeError("its segments change faster than they can be read", where=str(shelf.root), hint="try again")


def within(segment: Segment, window: Window | None) -> bool:
    """Return whether a segment may hold events of a window."""
    if window is None:
        return True
    if segment.hour == UNDATED:
        return False
    return window.start_us // HOUR_US <= segment.hour <= (window.end_us - 1) // HOUR_US


def inside(table: pa.Table, hour: int, window: Window | None) -> pa.Table:
    """Return the rows of an hour that are in a window."""
    if window is None or (window.start_us <= hour * HOUR_US and (hour + 1) * HOUR_US <= window.end_us):
        return table
    us = table["time"].cast(pa.int64())
    return table.filter(pc.and_(pc.greater_equal(us, window.start_us), pc.less(us, window.end_us)))


def _parts(
    root: Path, segment: Segment, catalogue: Catalogue, wanted: list[str] | None, after: int
) -> Iterator[tuple[pa.Table, int]]:
    """Yield a segment's rows after a sequence number, some row groups at a time."""
    if segment.last <= after:
        return
    asked = None if wanted is None else [*wanted, SEQUENCE]
    groups = -(-segment.rows // ROWS)
    size = (root / segment.name).stat().st_size
    for start in range(0, groups, _GROUPS):
        some = range(start, min(start + _GROUPS, groups))
        table = read_rows(root, segment, catalogue.extra, asked, None if len(some) == groups else some)
        kept = np.asarray(table[SEQUENCE]) > after
        if kept.any():
            yield (table if kept.all() else table.filter(pa.array(kept))), size * len(some) // groups


def _only(table: pa.Table, wanted: list[str] | None) -> pa.Table:
    if wanted is None:
        return table
    names = [name for name in table.column_names if name in wanted]
    lacking = {name: pa.nulls(table.num_rows, pa.string()) for name in wanted if name not in names}
    return pa.table({**{name: table[name] for name in names}, **lacking})
