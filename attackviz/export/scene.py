"""A scene: which part of a recording is shown, how large and how dressed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ..errors import ExportError, UsageError
from ..replay import Recording
from .asked import Caption, captions_of, moment_of, size_of

__all__ = ["Scene", "clock_text", "span_text"]

MOST_SCALE = 4
SHORT_SIDE = 720  # what the player is laid out for, in px of its own; larger pictures are drawn finer, not emptier
LEAST_RATIO = 0.6
TALL = 1.2  # from here on the lists stand below

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scene:
    """Hold what of a recording is shown, and how.

    Attributes
    ----------
    recording : Recording
        With the captions in its header, as ``notes``.
    start_us, end_us : int
        What is played, in microseconds since the epoch, end excluded.
    size : tuple of int
        Pixels of a picture at scale 1.
    scale : int
        How many times as fine as that it is drawn.
    theme : {"dark", "light"}
    lists : bool
        Whether numbers and lists stand beside the map.
    captions : tuple of Caption
    """

    recording: Recording
    start_us: int
    end_us: int
    size: tuple[int, int]
    scale: int
    theme: str
    lists: bool
    captions: tuple[Caption, ...]

    @classmethod
    def of(
        cls,
        recording: Recording,
        *,
        start: Any = None,
        end: Any = None,
        size: str | tuple[int, int] = "1080p",
        scale: int = 1,
        theme: str = "dark",
        lists: bool = True,
        captions: Iterable[Any] = (),
        tz: str = "UTC",
    ) -> Scene:
        """Return the scene that a caller asks for.

        Parameters
        ----------
        recording : Recording
        start, end : datetime, str or float, optional
            What is shown; by default what the recording opens on.
        size : str or tuple of int
            As `attackviz.export.asked.size_of` takes it.
        scale : int
            From 1 to 4.
        theme : {"dark", "light"}
        lists : bool
        captions : iterable
            As `attackviz.export.asked.captions_of` takes them.
        tz : str
            Zone of times that name none.

        Raises
        ------
        UsageError
            If one of them is not understood.
        ExportError
            If there is no event to show.

        Examples
        --------
        >>> import pandas as pd
        >>> from attackviz.replay import build
        >>> recording = build(pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00:30Z"])}))
        >>> scene = Scene.of(recording, size="square")
        >>> span_text(scene.start_us, scene.end_us), scene.box
        ('18 Feb 2025 10:00 – 10:01 UTC', ((720, 720), 1.5))
        """
        if scale not in range(1, MOST_SCALE + 1):
            raise UsageError(f"a scale of {scale!r} is not possible", hint=f"from 1 to {MOST_SCALE}")
        window = _window(recording, start, end, tz)
        said = tuple(captions_of(captions, *window, tz))
        return cls(_noted(recording, said), *window, size_of(size), int(scale), theme, lists, said)

    @property
    def box(self) -> tuple[tuple[int, int], float]:
        """Width and height of the player in px of its own, and device pixels a px."""
        ratio = max(LEAST_RATIO, min(self.size) / SHORT_SIDE)
        return (-int(-self.size[0] // ratio), -int(-self.size[1] // ratio)), ratio * self.scale

    @property
    def lists_place(self) -> str:
        """Where the lists stand: ``beside``, ``below`` or ``off``."""
        if not self.lists:
            return "off"
        width, height = self.size
        return "below" if height >= width * TALL else "beside" if width >= height * TALL else "off"

    def cut(self, start_us: int, end_us: int) -> Scene:
        """Return the same scene of another time."""
        return replace(self, start_us=start_us, end_us=end_us)


def _window(recording: Recording, start: Any, end: Any, tz: str) -> tuple[int, int]:
    header = recording.header
    base, tick = header["start_us"], header["tick_us"]
    opens = [base + t * tick for t in header["window"]]
    if not len(recording):
        raise ExportError("there is nothing to show: no event has a usable time")
    start_us = opens[0] if start is None else moment_of(start, tz)
    end_us = opens[1] if end is None else moment_of(end, tz)
    if end_us <= start_us:
        raise UsageError(
            f"the end ({clock_text(end_us)}) is not after the start ({clock_text(start_us)})",
            hint="check --start and --end",
        )
    t = recording.tables["events"]["t"].to_numpy()
    bounds = [min(max(-(-(us - base) // tick), 0), header["end"]) for us in (start_us, end_us)]
    # Cells count whole, from the start of a bin on.
    reach = (header["grain"] or {}).get("seconds", 0) * 1_000_000 // tick
    first, last = np.searchsorted(t, [max(bounds[0] - reach, 0), bounds[1]])
    if first == last:
        covers = span_text(base + int(t[0]) * tick, base + int(t[-1]) * tick)
        raise ExportError(
            f"there is nothing to show: no event is from {span_text(start_us, end_us)}",
            hint=f"the events are from {covers}",
        )
    return max(start_us, base), min(end_us, base + header["end"] * tick)


def _noted(recording: Recording, captions: tuple[Caption, ...]) -> Recording:
    if not captions:
        return recording
    notes = [{"t": us, "text": text} for us, text in captions]
    return Recording({**recording.header, "notes": notes}, recording.tables)


def _at(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def clock_text(us: int) -> str:
    """Return a moment as the player's clock shows it.

    Parameters
    ----------
    us : int
        Microseconds since the epoch.

    Examples
    --------
    >>> clock_text(0)
    'Thu 1 Jan 1970 00:00:00 UTC'
    """
    at = _at(us)
    return f"{at:%a} {at.day} {at:%b} {at.year} {at:%H:%M:%S} UTC"


def span_text(start_us: int, end_us: int) -> str:
    """Return a span of time as the player writes it, in UTC.

    Parameters
    ----------
    start_us, end_us : int
        Microseconds since the epoch.

    Examples
    --------
    >>> span_text(0, 86_400_000_000)
    '1 Jan 1970 00:00 – 2 Jan 00:00 UTC'
    """
    a, b = _at(start_us), _at(end_us)
    clock = "%H:%M:%S" if start_us % 60_000_000 or end_us % 60_000_000 else "%H:%M"
    last = b.strftime(clock)
    if b.date() != a.date():
        last = f"{b.day} {b:%b}{'' if a.year == b.year else f' {b.year}'} {last}"
    return f"{a.day} {a:%b} {a.year} {a.strftime(clock)} – {last} UTC"
