"""Segments: the files of a tape, what their names say, and which of them count.

``2025-02-18/10-000000000000001-000000000065536-65536-9f0c61d7a2b34e58.parquet``
holds events of the hour from 10:00 UTC on, with sequence numbers from 1 to
65,536, in 65,536 rows; the last part is the BLAKE2b hash (8 bytes) of the file.
Events without a usable time lie in ``undated``. Within an hour ranges are
disjoint, but where one contains another: the wider one was merged of those it
contains, and they no longer count.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["HOUR_US", "UNDATED", "Segment", "Shelf", "digest", "effective", "hour_of", "place_of", "start_of"]

HOUR_US = 3_600_000_000
UNDATED = -(2**40)
"""The number of the hour of events without a usable time."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"(\d\d)-(\d{15})-(\d{15})-(\d+)-([0-9a-f]{16})\.parquet")
_DAY = re.compile(r"\d{4}-\d\d-\d\d|undated")
_FRESH = 2.0  # seconds; a directory that changed so lately may change again without its time showing it


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """Name one file of a tape.

    Attributes
    ----------
    hour : int
        Hours since the epoch; `UNDATED` for events without a usable time.
    first, last : int
        Its range of sequence numbers, both included.
    rows : int
    check : str
        The hash of its bytes, as `digest` gives it.
    """

    hour: int
    first: int
    last: int
    rows: int
    check: str

    @property
    def name(self) -> str:
        """Where it is, below the directory of the tape.

        Examples
        --------
        >>> Segment(0, 1, 2, 2, "00" * 8).name
        '1970-01-01/00-000000000000001-000000000000002-2-0000000000000000.parquet'
        """
        day, hour = place_of(self.hour)
        return f"{day}/{hour:02}-{self.first:015}-{self.last:015}-{self.rows}-{self.check}.parquet"


def place_of(hour: int) -> tuple[str, int]:
    """Return the directory of an hour, and which hour of the day it is.

    Examples
    --------
    >>> place_of(25), place_of(UNDATED)
    (('1970-01-02', 1), ('undated', 0))
    """
    if hour == UNDATED:
        return "undated", 0
    moment = start_of(hour)
    return f"{moment:%Y-%m-%d}", moment.hour


def start_of(hour: int) -> datetime:
    """Return when an hour begins, in UTC."""
    return _EPOCH + timedelta(hours=hour)


def hour_of(day: str, hour: int) -> int:
    """Return the hour that a directory and a name tell of: the inverse of `place_of`."""
    if day == "undated":
        return UNDATED
    return (datetime.fromisoformat(day).replace(tzinfo=UTC) - _EPOCH) // timedelta(hours=1) + hour


def digest(data: bytes | memoryview | Path) -> str:
    """Return the hash by which a name knows the bytes of its file.

    Parameters
    ----------
    data : bytes-like or Path
        The bytes, or the file that has them.
    """
    found = hashlib.blake2b(digest_size=8)
    if isinstance(data, Path):
        with data.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
    else:
        found.update(data)
    return found.hexdigest()


def effective(segments: Iterable[Segment]) -> list[Segment]:
    """Return the segments that count, by hour and sequence; those contained in a wider one do not.

    Examples
    --------
    >>> old = [Segment(0, 1, 5, 5, "a"), Segment(0, 6, 9, 4, "b"), Segment(1, 7, 8, 1, "c")]
    >>> [each.check for each in effective([*old, Segment(0, 1, 9, 9, "d")])]
    ['d', 'c']
    """
    out: list[Segment] = []
    for each in sorted(segments, key=lambda s: (s.hour, s.first, -s.last, -s.rows, s.check)):
        if not (out and out[-1].hour == each.hour and each.last <= out[-1].last):
            out.append(each)
    return out


class Shelf:
    """List the segments of a tape; a directory that did not change is not listed again.

    Parameters
    ----------
    root : Path
        The directory of the tape.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._days: dict[str, tuple[int, float, list[Segment]]] = {}
        self._lock = threading.Lock()

    def every(self) -> list[Segment]:
        """Return all segments there are, superseded ones among them, in no order."""
        with self._lock:
            days: dict[str, tuple[int, float, list[Segment]]] = {}
            with os.scandir(self.root) as entries:
                names = [entry.name for entry in entries if _DAY.fullmatch(entry.name)]
            for name in names:
                if (found := self._day(name)) is not None:
                    days[name] = found
            self._days = days
            return [each for _, _, listed in days.values() for each in listed]

    def segments(self) -> list[Segment]:
        """Return the segments that count, by hour and sequence."""
        return effective(self.every())

    def of(self, hour: int) -> list[Segment]:
        """Return the segments of one hour that count, by sequence."""
        found = self._day(place_of(hour)[0])
        return effective(each for each in found[2] if each.hour == hour) if found else []

    def _day(self, name: str) -> tuple[int, float, list[Segment]] | None:
        path = self.root / name
        now = time.time()
        try:
            changed = path.stat().st_mtime_ns
            known = self._days.get(name)
            if known is not None and known[0] == changed and known[1] - changed / 1e9 > _FRESH:
                return known
            with os.scandir(path) as entries:
                matches = [_NAME.fullmatch(entry.name) for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            return None
        found = [
            Segment(hour_of(name, int(m[1])), int(m[2]), int(m[3]), int(m[4]), m[5]) for m in matches if m is not None
        ]
        return changed, now, found
