"""Combinations of values that a store counted, as rows of an event table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..filters import Filters
from .conditions import mask
from .fields import Fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Grouped", "joined"]

_CELL = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Grouped:
    """Hold combinations of values, and the events that have them.

    Attributes
    ----------
    columns : pyarrow.Table
        Columns of the event table but ``time`` and ``count``; one row a combination.
    weight : ndarray of int64
        Events.
    first_us, last_us : ndarray of int64
        When the first and the last of them happened, in microseconds since the
        epoch, as far as that was asked for.
    """

    columns: pa.Table
    weight: NDArray[np.int64]
    first_us: NDArray[np.int64]
    last_us: NDArray[np.int64]

    @property
    def events(self) -> int:
        """How many there are."""
        return int(self.weight.sum())

    def met(self, filters: Filters) -> Grouped:
        """Return the rows that meet filters."""
        if not filters:
            return self
        rows = mask(Fields(self.columns), filters)
        return Grouped(self.columns.filter(pa.array(rows)), self.weight[rows], self.first_us[rows], self.last_us[rows])

    def since(self, start_us: int) -> Grouped:
        """Return the rows with no time before one: that of a bin may be."""
        return Grouped(self.columns, self.weight, np.maximum(self.first_us, start_us), self.last_us)

    def table(self, time_us: NDArray[np.int64]) -> pa.Table:
        """Return an event table: a row stands for all events of a combination, or for as many as one can.

        Parameters
        ----------
        time_us : ndarray of int64
            What to give as their times.
        """
        copies = np.maximum(-(-self.weight // _CELL), 1)
        row = np.repeat(np.arange(len(copies)), copies)
        count = np.full(len(row), _CELL)
        count[np.cumsum(copies) - 1] = self.weight - (copies - 1) * _CELL
        columns = {name: self.columns[name].take(pa.array(row)) for name in self.columns.column_names}
        columns["time"] = pa.array(time_us[row], pa.timestamp("us", tz="UTC"))
        columns["count"] = pa.array(count, pa.uint32())
        return pa.table(columns)


def joined(parts: Sequence[Grouped]) -> Grouped:
    """Return the rows of several, with combinations of several parts in several rows."""
    if len(parts) == 1:
        return parts[0]
    columns = pa.concat_tables([part.columns for part in parts], promote_options="default").unify_dictionaries()
    arrays = ([getattr(part, name) for part in parts] for name in ("weight", "first_us", "last_us"))
    return Grouped(columns, *map(np.concatenate, arrays))
