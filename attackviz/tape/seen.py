"""The ids of events that are on a tape already, hour by hour."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from .kernel import absorb, moved

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ids", "Seen"]

IDS = 20_000_000
"""How many ids are kept in mind beside those of the latest hour: 17 to 34 bytes each."""

_FEWEST = 1 << 10
_FULL = 0.7


class Ids:
    """Hold a set of ids: 12 bytes a slot, between a third and two thirds full.

    Parameters
    ----------
    seeds : ndarray of uint64, shape (2,)
        Of their hashes.
    """

    def __init__(self, seeds: NDArray[np.uint64]) -> None:
        self._seeds = seeds
        self._low, self._high = np.zeros(_FEWEST, np.uint64), np.zeros(_FEWEST, np.uint32)
        self._size = 0

    def __len__(self) -> int:
        """Return how many ids there are."""
        return self._size

    def add(self, ids: pa.Array, rows: NDArray[np.int64], fresh: NDArray[np.bool_]) -> None:
        """Add some of an array of ids, and say which of them are new.

        Parameters
        ----------
        ids : pyarrow.StringArray
        rows : ndarray of int64
        fresh : ndarray of bool, shape (len(ids),)
            Set where one is new.
        """
        slots = len(self._low)
        while self._size + len(rows) > _FULL * slots:
            slots *= 2
        if slots > len(self._low):
            low, high = np.zeros(slots, np.uint64), np.zeros(slots, np.uint32)
            moved(self._low, self._high, low, high)
            self._low, self._high = low, high
        _, offsets, data = ids.buffers()
        starts = np.frombuffer(offsets, np.int32)[ids.offset : ids.offset + len(ids) + 1]
        letters = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
        self._size += absorb(letters, starts, rows, self._seeds, self._low, self._high, fresh)


class Seen:
    """Know the ids of each hour; they are read from its segments when they are first asked for.

    Parameters
    ----------
    read : callable
        Gives the ids of an hour, in arrays.
    """

    def __init__(self, read: Callable[[int], Iterable[pa.Array]]) -> None:
        self._read = read
        self._seeds = np.array([secrets.randbits(64), secrets.randbits(64)], np.uint64)
        self._hours: OrderedDict[int, Ids] = OrderedDict()

    def add(self, ids: pa.Array, hour: int, rows: NDArray[np.int64], fresh: NDArray[np.bool_]) -> None:
        """Add ids of one hour, and say which of them are new; as `Ids.add`."""
        found = self._hours.get(hour)
        if found is None:
            found = Ids(self._seeds)
            for array in self._read(hour):
                found.add(array, np.arange(len(array)), np.zeros(len(array), bool))
            self._hours[hour] = found
        self._hours.move_to_end(hour)
        found.add(ids, rows, fresh)
        others = sum(map(len, self._hours.values())) - len(found)
        while others > IDS:
            _, least = self._hours.popitem(last=False)
            others -= len(least)

    def forget(self, hours: Iterable[int]) -> None:
        """Read the ids of some hours again when they are next asked for."""
        for hour in hours:
            self._hours.pop(hour, None)
