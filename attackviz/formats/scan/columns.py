"""Columns of text that grow block by block and become Arrow arrays without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..written import Kind, Written
from .gather import gather, measure
from .memory import PAD

__all__ = ["Growing"]

_ROWS = 1 << 16
_MOST_AHEAD = 64 << 20
_LARGEST = 1 << 30  # offsets are 32 bits


class Growing:
    """Gather columns of text.

    Parameters
    ----------
    columns : int
        How many there are.

    Attributes
    ----------
    rows : int
        How many values each has.
    """

    def __init__(self, columns: int) -> None:
        self.rows = 0
        self._sizes = np.zeros(columns, np.int64)
        self._room = np.zeros((columns, 4), np.int64)
        self._begin()

    def _begin(self) -> None:
        """Let go of what was gathered; nothing is allocated before there is something to gather."""
        columns = len(self._sizes)
        self.rows = self._capacity = 0
        self._data: list[NDArray[np.uint8]] = [np.empty(0, np.uint8)] * columns
        self._offsets: list[NDArray[np.int32]] = [np.zeros(1, np.int32)] * columns
        self._kinds: list[NDArray[np.uint8]] = [np.empty(0, np.uint8)] * columns
        self._sizes[:] = 0
        self._room[:] = 0

    def _point(self, column: int) -> None:
        whole = (self._data[column], self._offsets[column], self._kinds[column])
        self._room[column, :3] = [array.ctypes.data for array in whole]

    def fits(self, size: int) -> bool:
        """Return whether values of so many bytes can be added before columns are taken."""
        return int(self._room[:, 3].max(initial=0)) + size < _LARGEST

    def add(self, start: NDArray[Any], length: NDArray[Any], kind: NDArray[Any], rows: int) -> None:
        """Add values, column by row, by their addresses (see `gather`)."""
        if self.rows + rows > self._capacity:
            self._capacity = max(_ROWS + (_ROWS >> 3), 2 * (self.rows + rows))
            for column in range(len(self._sizes)):
                self._offsets[column] = _larger(self._offsets[column], self._capacity + 1, self.rows + 1)
                self._kinds[column] = _larger(self._kinds[column], self._capacity, self.rows)
                self._point(column)
        adding = measure(length, kind, rows)
        need = self._room[:, 3] + adding + PAD
        for column in np.flatnonzero(need > self._sizes).tolist():
            # As much as rows like these would fill: what is not used of it costs no memory.
            likely = int(adding[column]) * (self._capacity - self.rows) // max(rows, 1)
            self._sizes[column] = need[column] + min(max(likely, int(need[column])), _MOST_AHEAD)
            self._data[column] = _larger(self._data[column], int(self._sizes[column]), int(self._room[column, 3]))
            self._point(column)
        gather(start, length, kind, rows, self._room, self.rows)
        self.rows += rows

    def take(self) -> list[Written]:
        """Return the columns, and begin anew."""
        taken: list[Written] = []
        rows = self.rows
        for column in range(len(self._sizes)):
            used = int(self._room[column, 3])
            kinds = self._kinds[column][:rows]
            valid = kinds > Kind.NULL
            nulls = rows - int(np.count_nonzero(valid))
            text = pa.Array.from_buffers(
                pa.string(),
                rows,
                [
                    pa.py_buffer(np.packbits(valid, bitorder="little")) if nulls else None,
                    pa.py_buffer(_fitting(self._offsets[column], rows + 1)),
                    pa.py_buffer(_fitting(self._data[column], used)),
                ],
                nulls,
            )
            taken.append(Written(text, kinds))
        self._begin()
        return taken


def _fitting(array: NDArray[Any], used: int) -> NDArray[Any]:
    """Return what is used of an array, as a copy where that is much smaller."""
    return array[:used] if 2 * used > array.size else array[:used].copy()


def _larger(array: NDArray[Any], size: int, used: int) -> NDArray[Any]:
    # From Arrow's pool, which keeps what is given back: fresh memory of the system costs more than filling it.
    buffer = pa.allocate_buffer(size * array.itemsize)
    larger: NDArray[Any] = np.frombuffer(buffer, array.dtype)
    larger[:used] = array[:used]
    return larger
