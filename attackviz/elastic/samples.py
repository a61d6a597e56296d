"""Some events of an index that stand for the rest, the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from ..analysis.times import weights
from ..schema import COLUMNS
from ..store import Events
from .counts import Question, told
from .pull import empty

if TYPE_CHECKING:
    from .asking import Asking

__all__ = ["sample"]


def sample(asked: Question, asking: Asking, n: int) -> Events:
    """Return n events that stand for the rest; see `attackviz.elastic.Elastic.sample`.

    They are chosen by a hash of where they stand in the index, so that those of
    a narrower window are among those of a wider one while there is room.
    """
    asked.tried(asking)
    taken: list[pa.Table] = []
    rows = 0
    for table in asking.shuffled(asked.window, asked.filters, max(n, 1)):
        table = table.slice(0, n - rows)
        taken.append(table)
        rows += table.num_rows
        if rows >= n:
            break
    found = asking.grouped((), window=asked.window, filters=asked.filters).events
    taken = taken or [empty([name for name in COLUMNS if name != "time"])]
    table = pa.concat_tables(taken, promote_options="default").sort_by("time")
    left = found - int(weights(table).sum())
    return Events(table.unify_dictionaries(), told(asking.census(), asking), left)
