"""How much there is on a tape, as the names of its files tell."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..window import Window
from .lock import writing
from .reading import within
from .segments import UNDATED, Segment, start_of

__all__ = ["Info", "info"]


@dataclass(frozen=True, slots=True)
class Info:
    """Say how much a tape holds.

    Attributes
    ----------
    segments, rows, bytes : int
        Files, events in them and their size.
    undated : int
        Events without a usable time, among `rows`.
    hours : int
        How many hours there are events of.
    first, last : datetime or None
        When the first of these begins and the last ends, UTC.
    sequence : int
        The sequence number of the last event that came.
    columns : tuple of str
        Columns beside those of the event table.
    writer : str or None
        Who writes to it at present.
    """

    segments: int
    rows: int
    undated: int
    bytes: int
    hours: int
    first: datetime | None
    last: datetime | None
    sequence: int
    columns: tuple[str, ...]
    writer: str | None


def info(root: Path, segments: Sequence[Segment], columns: tuple[str, ...], last: int, window: Window | None) -> Info:
    """Say how much there is in the hours of a window.

    Parameters
    ----------
    root : Path
    segments : sequence of Segment
        Those that count.
    columns : tuple of str
        Beside those of the event table.
    last : int
        The sequence number of the last event that came.
    window : Window or None
        All by default, and events without a usable time.
    """
    found = [each for each in segments if within(each, window)]
    size = 0
    for each in found:
        with suppress(FileNotFoundError):  # merged meanwhile
            size += (root / each.name).stat().st_size
    hours = sorted({each.hour for each in found} - {UNDATED})
    return Info(
        segments=len(found),
        rows=sum(each.rows for each in found),
        undated=sum(each.rows for each in found if each.hour == UNDATED),
        bytes=size,
        hours=len(hours),
        first=start_of(hours[0]) if hours else None,
        last=start_of(hours[-1] + 1) if hours else None,
        sequence=last,
        columns=columns,
        writer=writing(root),
    )
