"""Films: frames of the player itself, drawn in a headless browser and encoded piece by piece.

Each piece is a few seconds, kept beside the output until the film is whole; so
what was stopped, or killed, goes on where it was when the same is asked again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event, Lock

from .. import __version__
from ..errors import ExportError, UsageError
from ..saving import replacing
from .asked import length_of
from .encode import Encoder, encoder
from .page import script_digest
from .scene import Scene
from .stage import Stage, page_of, stage

__all__ = ["FPS", "Reel", "film", "kept_of", "reel"]

FPS = {".mp4": 30, ".webm": 30, ".gif": 10}
LENGTH_S = {".mp4": 60.0, ".webm": 60.0, ".gif": 10.0}
CARD_S = 2.5
CARD_SHARE = 0.2  # of a short film, at most
LONGEST_S = 3600.0
PIECE_FRAMES = 150
MOST_BROWSERS = 2

Show = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Reel:
    """Hold the frames of a film: how many show the title, and the moments of the others.

    Attributes
    ----------
    card : int
        Frames of the title card, which come first.
    plays : int
        Frames that follow; the first is the start of the scene, the last its end.
    fps : int
        Frames a second.
    speed : float
        Seconds of recording a second of playing.
    """

    card: int
    plays: int
    fps: int
    speed: float

    def __len__(self) -> int:
        """Return how many frames there are."""
        return self.card + self.plays

    def moment(self, scene: Scene, frame: int) -> int | None:
        """Return the moment of a frame in microseconds since the epoch; None for the title card."""
        if frame < self.card:
            return None
        return scene.start_us + (scene.end_us - scene.start_us) * (frame - self.card) // max(self.plays - 1, 1)


def reel(
    scene: Scene, kind: str, *, length: str | float | None = None, speed: float | None = None, fps: int | None = None
) -> Reel:
    """Return the frames of a film.

    Parameters
    ----------
    scene : Scene
    kind : {".mp4", ".webm", ".gif"}
    length : str or float, optional
        How long it is, title card included, such as ``"60 seconds"``; by default
        a minute, of a GIF ten seconds.
    speed : float, optional
        Seconds of recording a second, instead of a length.
    fps : int, optional
        Frames a second; 30 by default, of a GIF 10.

    Raises
    ------
    UsageError
        If both are given, or the film would be too short or long to make.

    Examples
    --------
    >>> import pandas as pd
    >>> from attackviz.replay import build
    >>> scene = Scene.of(build(pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00:30Z"])})))
    >>> frames = reel(scene, ".mp4", length="10 seconds")
    >>> len(frames), frames.card, round(frames.speed, 2)
    (300, 60, 7.53)
    """
    rate = FPS[kind] if fps is None else fps
    if rate not in range(1, 61):
        raise UsageError(f"{rate!r} frames a second are not possible", hint="from 1 to 60")
    window = (scene.end_us - scene.start_us) / 1e6
    if speed is not None:
        if length is not None:
            raise UsageError("a film has a speed or a length, not both", hint="leave --speed or --length out")
        if not 0 < speed < float("inf"):
            raise UsageError(
                f"a speed of {speed!r} is not possible", hint="give seconds of recording a second, such as 600"
            )
        seconds = window / speed
        card = min(CARD_S, seconds * CARD_SHARE)
    else:
        whole = length_of(LENGTH_S[kind] if length is None else length)
        card = min(CARD_S, whole * CARD_SHARE)
        seconds = whole - card
    if seconds > LONGEST_S:
        wanted = f"{seconds / 3600:,.1f} hours"
        raise UsageError(
            f"a film of {wanted} is too long to make", hint="say --length '60 seconds', or a higher --speed"
        )
    before = round(card * rate)
    plays = round((seconds + card) * rate) - before
    if plays < 2:
        raise UsageError("a film needs at least two frames", hint="say a longer --length, or a lower --speed")
    return Reel(before, plays, rate, window * rate / (plays - 1))


def film(scene: Scene, path: Path, frames: Reel, *, loop: bool = True, show: Show | None = None) -> None:
    """Make a film and write it to a file, whole or not at all.

    Parameters
    ----------
    scene : Scene
    path : Path
        ``.mp4``, ``.webm`` or ``.gif``; overwritten if it exists. What was drawn
        so far is kept in a hidden directory beside it until the film is whole.
    frames : Reel
    loop : bool
        Whether a GIF begins again at its end.
    show : callable, optional
        Told now and then how many frames there are, and of how many.

    Raises
    ------
    ExportError
        If there is no browser, something fails, or it cannot be written.
    MissingDependencyError
        If ffmpeg or Playwright is not installed.
    """
    kind = path.suffix.lower()
    if kind != ".gif" and any(side % 2 for side in scene.size):
        even = "x".join(str(side + side % 2) for side in scene.size)
        raise UsageError(
            f"a film of {scene.size[0]}x{scene.size[1]} cannot be encoded", hint=f"sides must be even: {even}"
        )
    coder = encoder(kind, frames.fps)
    work = _workplace(path, scene, frames)
    pieces = {
        work / f"{number:05}{coder.suffix}": range(begin, min(begin + PIECE_FRAMES, len(frames)))
        for number, begin in enumerate(range(0, len(frames), PIECE_FRAMES))
    }
    left = {piece: numbers for piece, numbers in pieces.items() if not piece.exists()}
    try:
        _draw(left, scene, frames, coder, show)
    except BaseException:
        if not any(piece.exists() for piece in pieces):  # there is nothing to go on from
            shutil.rmtree(work, ignore_errors=True)
        raise
    joined = work / f"film{kind}"
    coder.join(list(pieces), joined, loop)
    with replacing(path) as file, joined.open("rb") as made:
        shutil.copyfileobj(made, file)
    shutil.rmtree(work, ignore_errors=True)


def _draw(left: dict[Path, range], scene: Scene, frames: Reel, coder: Encoder, show: Show | None) -> None:
    """Draw the pieces that are left, with a browser a core."""
    waiting = iter(left.items())
    lock, stop = Lock(), Event()
    done = count(len(frames) - sum(map(len, left.values())) + 1)

    def told(frame: bytes) -> bytes:
        if stop.is_set():
            raise _Stopped
        with lock:
            number = next(done)
            if show:
                show(number, len(frames))
        return frame

    def work() -> None:
        with stage(scene, frames.speed, what="a film") as shown:
            while True:
                with lock:
                    piece, numbers = next(waiting, (None, range(0)))
                if piece is None:
                    return
                coder.piece(map(told, _shots(shown, scene, frames, numbers)), piece)

    hands = min(MOST_BROWSERS, os.cpu_count() or 1, len(left))
    with ThreadPoolExecutor(max(hands, 1)) as pool:
        jobs = [pool.submit(work) for _ in range(hands)]
        try:
            for job in as_completed(jobs):
                job.result()
        except BaseException:
            stop.set()  # the others end with the frame they are at
            raise


class _Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Drawing was given up elsewhere."""


def _shots(shown: Stage, scene: Scene, frames: Reel, numbers: range) -> Iterator[bytes]:
    title = b""
    for number in numbers:
        us = frames.moment(scene, number)
        if us is None:
            title = title or _titled(shown, scene)
            yield title
            continue
        if number in (numbers.start, frames.card):
            shown.card(False)
        shown.at(us)
        yield shown.shot()


def _titled(shown: Stage, scene: Scene) -> bytes:
    shown.at(scene.start_us)
    shown.card(True)
    return shown.shot()


def kept_of(path: Path) -> Path:
    """Return where what was drawn of a film is kept until it is whole."""
    return path.parent / f".{path.name}.film"


def _workplace(path: Path, scene: Scene, frames: Reel) -> Path:
    """Return the directory of the pieces of this very film; what another one left there goes."""
    asked = f"{__version__} {script_digest()} {frames} {path.suffix.lower()} {scene.size} {scene.scale}"
    mark = hashlib.sha256(
        f"{asked} {scene.start_us} {scene.end_us} {scene.captions}\n{page_of(scene)}".encode()
    ).hexdigest()
    work = kept_of(path)
    told = work / "asked"
    try:
        if told.exists() and told.read_text(encoding="ascii") == mark:
            return work
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        told.write_text(mark, encoding="ascii")
    except OSError as wrong:
        raise ExportError(
            f"cannot be written: {wrong.strerror or wrong}",
            where=os.fspath(path),
            hint="choose a directory you may write to",
        ) from None
    return work
