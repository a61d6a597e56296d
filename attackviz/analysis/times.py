"""Times and weights of events as numbers, and widths of bins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from .coding import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FAR_TIME", "NO_TIME", "times", "weights", "width_for"]

NO_TIME = "no usable time"
FAR_TIME = "a time no clock here can show"

_CLOCK = 2**53  # what a number in a browser counts exactly
_DAY = 86_400
_WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, _DAY)


def times(table: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return when events happened.

    Parameters
    ----------
    table : pyarrow.Table
        An event table.

    Returns
    -------
    time_us : ndarray of int64, shape (n,)
        Microseconds since the epoch; 0 where unknown.
    known : ndarray of bool, shape (n,)
        Whether there is a time.
    far : ndarray of bool, shape (n,)
        Whether it is one that no clock here can show.
    """
    time = whole(table, "time", pa.timestamp("us", tz="UTC"))
    known = time.is_valid().to_numpy(zero_copy_only=False)
    time_us = time.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return time_us, known, known & ~((time_us > -_CLOCK) & (time_us < _CLOCK))


def weights(table: pa.Table) -> NDArray[np.int64]:
    """Return how many events each row stands for.

    Parameters
    ----------
    table : pyarrow.Table
        An event table.

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    if "count" not in table.column_names:
        return np.ones(table.num_rows, np.int64)
    counts = whole(table, "count", pa.uint32()).fill_null(1)
    return np.asarray(counts, np.int64)


def width_for(start_us: int, end_us: int, bins: int) -> int:
    """Return the width of bins, such that at most so many cover a span from whole multiples on.

    Parameters
    ----------
    start_us, end_us : int
        The span, half-open, in microseconds since the epoch.
    bins : int
        At least 1.

    Returns
    -------
    int
        Microseconds: of 1, 2, 5, 10, 15 or 30 seconds or minutes, of 1, 2, 3, 6
        or 12 hours, else of whole days.

    Examples
    --------
    >>> width_for(0, 3_600_000_000, 60) // 1_000_000, width_for(1, 3_600_000_001, 60) // 1_000_000
    (60, 120)
    """

    def fits(seconds: int) -> bool:
        width = seconds * 1_000_000
        return (end_us - 1) // width - start_us // width + 1 <= bins

    seconds = next((width for width in _WIDTHS if fits(width)), 0)
    days = max(1, (end_us - start_us) // (_DAY * 1_000_000 * bins))
    while not seconds:
        seconds = days * _DAY if fits(days * _DAY) else 0
        days += 1
    return seconds * 1_000_000
