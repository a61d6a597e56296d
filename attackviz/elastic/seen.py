"""Which documents were handed over, by the time they carry: as many as may come again."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

__all__ = ["Seen", "mark"]

_ROW = np.dtype([("time", "<i8"), ("mark", "<u8")])


def mark(index: str, name: str) -> int:
    """Return a number for a document: one in 2**64 others has the same.

    Parameters
    ----------
    index, name : str
        Its ``_index`` and ``_id``.

    Examples
    --------
    >>> mark("attacks-000001", "a") != mark("attacks-000002", "a")
    True
    """
    return int.from_bytes(blake2b(f"{index}\0{name}".encode(), digest_size=8).digest(), "little")


class Seen:
    """Remember documents until their time is behind us; 90 bytes each.

    Parameters
    ----------
    packed : bytes
        As `packed` returned it.

    Examples
    --------
    >>> seen = Seen()
    >>> seen.add([1000, 1001, 2500], [7, 8, 9])
    >>> 8 in seen, 5 in seen, seen.bins(1000)
    (True, False, {1: 2, 2: 1})
    >>> seen.drop(2000), len(seen), 8 in seen
    (2, 1, False)
    """

    def __init__(self, packed: bytes = b"") -> None:
        rows = np.frombuffer(packed, _ROW)
        self._parts: list[NDArray[np.void]] = [rows] if len(rows) else []
        self._marks: set[int] = set(rows["mark"].tolist())

    def __len__(self) -> int:
        return len(self._marks)

    def __contains__(self, one: int) -> bool:
        return one in self._marks

    def add(self, times: Iterable[int], marks: list[int]) -> None:
        """Remember documents that were not there.

        Parameters
        ----------
        times : iterable of int
            Milliseconds since the epoch.
        marks : list of int
            As from `mark`.
        """
        rows = np.empty(len(marks), _ROW)
        rows["time"], rows["mark"] = np.fromiter(times, np.int64, len(marks)), np.array(marks, np.uint64)
        self._parts.append(rows)
        self._marks.update(marks)

    def bins(self, width: int) -> dict[int, int]:
        """Return how many there are by time, in multiples of some milliseconds."""
        keys, counts = np.unique(self._rows()["time"] // width, return_counts=True)
        return dict(zip(keys.tolist(), counts.tolist(), strict=True))

    def drop(self, floor: int) -> int:
        """Forget what is before a time; return how many that were."""
        rows = self._rows()
        old = rows["time"] < floor
        self._marks.difference_update(rows["mark"][old].tolist())
        self._parts = [rows[~old]]
        return int(old.sum())

    def last(self, count: int) -> int:
        """Return the time from which on there are at most so many; there are more in all."""
        times = self._rows()["time"]
        return int(np.partition(times, len(times) - count - 1)[len(times) - count - 1]) + 1

    def packed(self) -> bytes:
        """Return all of it as bytes."""
        return self._rows().tobytes()

    def _rows(self) -> NDArray[np.void]:
        self._parts = [np.concatenate([np.empty(0, _ROW), *self._parts])]
        return self._parts[0]
