"""Find what is damaged: the name of each file knows the hash of its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .head import NAME as HEAD
from .head import read_head
from .segments import UNDATED, Shelf, digest, start_of

__all__ = ["Damage", "Verified", "verify"]

_CHECK = re.compile(r"-([0-9a-f]{16})\.parquet")


@dataclass(frozen=True, slots=True)
class Damage:
    """Say what is wrong with one file.

    Attributes
    ----------
    path : str
        Where it is, below the directory of the tape.
    what : str
    hour : datetime or None
        The beginning of the hour (UTC) whose events it holds; None for a file without, or
        for events without a usable time.
    """

    path: str
    what: str
    hour: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """Say what a look at every byte found.

    Attributes
    ----------
    segments, rows, bytes : int
        How much was looked at.
    damaged : tuple of Damage
    """

    segments: int
    rows: int
    bytes: int
    damaged: tuple[Damage, ...]

    @property
    def hours(self) -> list[datetime]:
        """The hours (UTC) that are affected, in order."""
        return sorted({each.hour for each in self.damaged if each.hour is not None})


def verify(root: Path) -> Verified:
    """Read every byte of a tape and compare it with what was written.

    Parameters
    ----------
    root : Path
        The directory of the tape; it may be written to meanwhile.

    Returns
    -------
    Verified
    """
    damaged: list[Damage] = []
    rows = size = looked = 0
    for path in sorted(root.glob("schema-*.parquet")):
        match = _CHECK.search(path.name)
        if match is None or digest(path) != match[1]:
            damaged.append(Damage(path.name, "the list of columns is not as it was written"))
    known = {}
    for each in Shelf(root).every():
        known[each.name] = each
        path = root / each.name
        try:
            size += path.stat().st_size
            whole = digest(path) == each.check
        except FileNotFoundError:
            continue  # merged, or let go of
        except OSError as error:
            whole = False
            damaged.append(Damage(each.name, f"it cannot be read: {error.strerror}", _hour(each.hour)))
            continue
        looked, rows = looked + 1, rows + each.rows
        if not whole:
            damaged.append(Damage(each.name, "it is not as it was written", _hour(each.hour)))
    if (root / HEAD).exists() and read_head(root) is None:
        damaged.append(Damage(HEAD, "it is not as it was written; the next writer mends it"))
    return Verified(looked, rows, size, tuple(damaged))


def _hour(hour: int) -> datetime | None:
    return None if hour == UNDATED else start_of(hour)
