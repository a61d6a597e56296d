"""Give the events of a tape in the order they came, from any sequence number on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from .columns import SEQUENCE, schema_of
from .files import ROWS, damaged, read_rows
from .segments import Segment

__all__ = ["since"]


def since(
    root: Path, segments: list[Segment], extra: Mapping[str, pa.DataType], after: int, last: int, limit: int
) -> pa.Table:
    """Return rows after a sequence number, in order.

    Parameters
    ----------
    root : Path
    segments : list of Segment
        Those that count.
    extra : mapping
        The columns beside those of the event table.
    after, last : int
        Rows after the one, up to the other.
    limit : int
        At most how many.
    """
    pieces = sorted(_pieces(root, [s for s in segments if s.last > after and s.first <= last], after, last, limit))
    found: list[pa.Table] = []
    numbers: list[Any] = []
    for at, (_, _, segment, group) in enumerate(pieces):
        table = read_rows(root, segment, extra, None, None if group is None else [group])
        sequence = np.asarray(table[SEQUENCE])
        kept = (sequence > after) & (sequence <= last)
        found.append(table if kept.all() else table.filter(pa.array(kept)))
        numbers.append(sequence[kept])
        # Segments of several hours interleave: what comes before all that is not read yet is complete.
        next_ = pieces[at + 1][0] if at + 1 < len(pieces) else last + 1
        if sum(int((part < next_).sum()) for part in numbers) >= limit:
            break
    if not found:
        return schema_of(extra).empty_table()
    whole = pa.concat_tables(found)
    order = np.argsort(np.concatenate(numbers), kind="stable")[:limit]
    if np.array_equal(order, np.arange(len(order))):
        return whole.slice(0, len(order)).unify_dictionaries()
    return whole.take(pa.array(order)).unify_dictionaries()


def _pieces(
    root: Path, segments: list[Segment], after: int, last: int, limit: int
) -> Iterator[tuple[int, int, Segment, int | None]]:
    """Give what may hold such rows, row group by row group where a segment has many."""
    import pyarrow.parquet as pq

    for segment in segments:
        if segment.rows <= ROWS or segment.rows <= limit:
            yield segment.first, segment.last, segment, None
            continue
        try:
            with pq.ParquetFile(root / segment.name) as file:
                at = file.schema_arrow.names.index(SEQUENCE)
                ranges = [file.metadata.row_group(g).column(at).statistics for g in range(file.num_row_groups)]
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException, ValueError) as error:
            raise damaged(root, segment, error) from None
        for group, known in enumerate(ranges):
            first, end = (segment.first, segment.last) if known is None else (known.min, known.max)
            if end > after and first <= last:
                yield first, end, segment, group
