"""The time a recording covers, and the window a player opens on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SHARE", "default_window", "tick_for", "unit_for"]

MINUTE_US = 60_000_000
SHARE = 0.995
FINEST_TICK_US = 1000
TICKS = 2**32 - 1

_MINUTES = ((120, 1), (24 * 60, 10), (14 * 24 * 60, 60), (90 * 24 * 60, 6 * 60))
_DAY = 24 * 60


def unit_for(span_us: int) -> int:
    """Return the whole unit of time that edges of a span of this length are rounded to.

    Parameters
    ----------
    span_us : int
        Length in microseconds.

    Returns
    -------
    int
        Microseconds: a minute up to two hours, ten minutes up to a day, an hour
        up to two weeks, six hours up to three months, then a day.

    Examples
    --------
    >>> unit_for(3 * 86_400_000_000) // 60_000_000
    60
    """
    minutes = span_us / MINUTE_US
    return next((unit for limit, unit in _MINUTES if minutes <= limit), _DAY) * MINUTE_US


def tick_for(span_us: int) -> int:
    """Return the finest tick, in microseconds, with which a span fits 32 bits.

    Parameters
    ----------
    span_us : int
        Length in microseconds.

    Returns
    -------
    int
        1000, or ten times as much as often as needed.

    Examples
    --------
    >>> tick_for(86_400_000_000), tick_for(60 * 86_400_000_000)
    (1000, 10000)
    """
    tick = FINEST_TICK_US
    while span_us // tick >= TICKS:
        tick *= 10
    return tick


def default_window(
    time_us: NDArray[np.int64], weight: NDArray[np.int64] | None = None, share: float = SHARE
) -> tuple[int, int]:
    """Find the shortest interval that holds nearly all events, rounded outwards.

    A few stragglers, years away, would else leave a picture that is empty for
    most of its length. Of equally short intervals the earliest is taken.

    Parameters
    ----------
    time_us : ndarray of int64, shape (n,)
        Sorted times in microseconds since the epoch; at least one.
    weight : ndarray of int64, shape (n,), optional
        How many events each stands for; 1 by default, or if all are 0.
    share : float
        How much of the weight to hold, in (0, 1].

    Returns
    -------
    start, end : int
        Half-open, in microseconds since the epoch, on whole units of `unit_for`.

    Examples
    --------
    >>> import numpy as np
    >>> times = np.concatenate([[0], 10**15 + np.arange(1000) * 1_000_000])
    >>> start, end = default_window(times)
    >>> start, end - start
    (999999960000000, 1080000000)
    """
    if weight is None or not weight.any():
        weight = np.ones(len(time_us), np.int64)
    total = np.concatenate([[0], np.cumsum(weight)])
    needed = int(np.ceil(total[-1] * share))
    last = np.searchsorted(total[1:], total[:-1] + needed)
    reachable = np.flatnonzero(last < len(time_us))
    spans = time_us[last[reachable]] - time_us[reachable]
    best = reachable[np.argmin(spans)]
    first_us, last_us = int(time_us[best]), int(time_us[last[best]])
    unit = unit_for(last_us - first_us)
    return first_us // unit * unit, (last_us // unit + 1) * unit
