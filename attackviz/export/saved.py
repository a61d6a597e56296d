"""A recording as a file: what each kind of file takes, and who writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import ExportError, UsageError
from ..replay import Recording
from ..saving import replacing
from ..tables import SUFFIXES, write_table
from .asked import length_of, moment_of
from .film import FPS, film, reel
from .image import picture
from .page import page
from .scene import Scene
from .still import still_of

__all__ = ["KINDS", "Asked", "check_kind", "save"]

GIF_SIZE = (960, 540)

_PART = {"start", "end"}
_DRESS = {*_PART, "captions", "lists"}
_FILM = {*_DRESS, "speed", "length", "size", "fps"}
_TAKES: dict[str, set[str]] = {
    ".html": {*_DRESS, "speed", "length", "loop"},
    ".mp4": _FILM,
    ".webm": _FILM,
    ".gif": {*_FILM, "loop"},
    ".png": {*_DRESS, "at", "speed", "size", "scale", "still"},
    ".svg": {*_PART, "at", "size"},
    ".avrec": {"captions"},
    **dict.fromkeys(SUFFIXES, _PART),
}
KINDS = {
    ".html": "a page that plays offline",
    ".mp4": "a film",
    ".webm": "a film",
    ".gif": "a film for where films do not play",
    ".png": "a picture",
    ".svg": "a picture for print",
    ".avrec": "the recording alone",
    **dict.fromkeys(SUFFIXES, "the events that are shown"),
}
"""What a file can be, by the end of its name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold what is asked of a file; None, or nothing, leaves it to the kind of file.

    Attributes
    ----------
    start, end : datetime, str or float, optional
        What is shown: times, or seconds since the epoch.
    at : datetime, str or float, optional
        Of a picture, the moment; without it the whole window is summed up.
    speed : float, optional
        Seconds of events a second of playing.
    length : str or float, optional
        How long it plays, such as ``"60 seconds"``; instead of a speed.
    size : str or tuple of int, optional
        Pixels: ``"1080p"``, ``"720p"``, ``"square"``, ``"vertical"`` or ``"1600x900"``.
    scale : int, optional
        Of a PNG, from 1 to 4: how many times as fine it is drawn.
    fps : int, optional
        Frames a second.
    captions : iterable, optional
        ``"2025-02-20T14:02 rule deployed"``, or times and texts in pairs.
    loop : bool, optional
        Whether a page or a GIF begins again at its end.
    lists : bool, optional
        Whether numbers and lists stand beside the map.
    still : bool, optional
        Draw a PNG without a browser, as an SVG is.
    tz : str
        Zone of times that name none.
    """

    start: datetime | str | float | None = None
    end: datetime | str | float | None = None
    at: datetime | str | float | None = None
    speed: float | None = None
    length: str | float | None = None
    size: str | tuple[int, int] | None = None
    scale: int | None = None
    fps: int | None = None
    captions: Iterable[Any] | None = None
    loop: bool | None = None
    lists: bool | None = None
    still: bool | None = None
    tz: str = "UTC"

    def check(self, kind: str) -> None:
        """Refuse what means nothing for a kind of file, as ``.mp4``.

        Raises
        ------
        UsageError
            If something is asked that it does not have.
        """
        given = {each.name for each in fields(self) if each.name != "tz" and getattr(self, each.name) is not None}
        for name in sorted(given - _TAKES[kind]):
            takers = ", ".join(each for each, takes in _TAKES.items() if name in takes)
            raise UsageError(f"{name!r} means nothing for {KINDS[kind]} ({kind})", hint=f"it is for {takers}")
        if self.speed is not None and not 0 < self.speed < float("inf"):
            raise UsageError(
                f"a speed of {self.speed!r} is not possible", hint="give seconds of events a second, such as 600"
            )


def check_kind(path: Path) -> str:
    """Return which kind of file a path asks for.

    Raises
    ------
    ExportError
        If there is none.

    Examples
    --------
    >>> check_kind(Path("flood.MP4"))
    '.mp4'
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ExportError(
            f"a replay cannot be saved as {path.suffix or 'a file without suffix'}",
            where=str(path),
            hint=f"end the name in {', '.join(KINDS)}",
        )
    return kind


def save(
    recording: Recording,
    path: Path,
    asked: Asked,
    *,
    theme: str = "dark",
    speed: float | None = None,
    show: Callable[[int, int], None] | None = None,
) -> None:
    """Write a recording to a file, whole or not at all.

    Parameters
    ----------
    recording : Recording
    path : Path
        Its suffix says as what; overwritten if it exists.
    asked : Asked
    theme : {"dark", "light"}
    speed : float, optional
        Where nothing else is asked.
    show : callable, optional
        Of a film, told how many frames there are, and of how many.

    Raises
    ------
    UsageError
        If something is asked that is not possible.
    ExportError
        If there is nothing to show, or it cannot be written.
    MissingDependencyError
        If what draws or encodes is not installed.
    """
    kind = check_kind(path)
    asked.check(kind)
    pace = asked.speed if asked.speed is not None or asked.length is not None else speed
    if kind in FPS:
        scene = _scene(recording, asked, theme, GIF_SIZE if kind == ".gif" else "1080p")
        frames = reel(scene, kind, length=asked.length, speed=pace, fps=asked.fps)
        film(scene, path, frames, loop=asked.loop is not False, show=show)
        return
    if kind in SUFFIXES:
        write_table([_shown(recording, asked)], path)
        return
    data = _made(recording, kind, asked, theme, pace)
    with replacing(path) as file:
        file.write(data)


def _made(recording: Recording, kind: str, asked: Asked, theme: str, pace: float | None) -> bytes:
    if kind in (".png", ".svg"):
        scene = _scene(recording, asked, theme, "1080p")
        at_us = None if asked.at is None else moment_of(asked.at, asked.tz)
        if kind == ".svg" or asked.still:
            return still_of(scene, at_us, kind[1:])
        return picture(scene, at_us, pace)
    if asked.captions or asked.start is not None or asked.end is not None or asked.length is not None:
        scene = _scene(recording, asked, theme, "1080p")
        recording = scene.recording
        window = (scene.start_us, scene.end_us)
        if asked.length is not None:
            if asked.speed is not None:
                raise UsageError("there is a speed or a length, not both", hint="leave one of them out")
            pace = (window[1] - window[0]) / 1e6 / length_of(asked.length)
    else:
        window = None
    if kind == ".avrec":
        return recording.to_bytes()
    made = page(recording, theme, pace, window=window, loop=bool(asked.loop), lists=asked.lists is not False)
    return made.encode()


def _scene(recording: Recording, asked: Asked, theme: str, size: str | tuple[int, int]) -> Scene:
    return Scene.of(
        recording,
        start=asked.start,
        end=asked.end,
        size=asked.size or size,
        scale=asked.scale or 1,
        theme=theme,
        lists=asked.lists is not False,
        captions=asked.captions or (),
        tz=asked.tz,
    )


def _shown(recording: Recording, asked: Asked) -> Any:
    from .data import table_of

    edges = (None if each is None else moment_of(each, asked.tz) for each in (asked.start, asked.end))
    return table_of(recording, *edges)
