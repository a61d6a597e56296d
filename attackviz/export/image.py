"""Pictures: one moment of the player, or the sum of a whole window, as PNG."""

from __future__ import annotations

from ..errors import UsageError
from .browser import aside
from .scene import Scene, clock_text, span_text
from .stage import stage

__all__ = ["picture", "playing_speed"]

PLAY_S = 60.0
STILL = 100  # windows a second: whatever happened in one is drawn as of the same age


def playing_speed(scene: Scene, seconds: float = PLAY_S) -> float:
    """Return the speed, in seconds of recording a second, at which a scene lasts so long.

    Parameters
    ----------
    scene : Scene
    seconds : float
    """
    return (scene.end_us - scene.start_us) / 1e6 / seconds


def picture(scene: Scene, at_us: int | None = None, speed: float | None = None) -> bytes:
    """Return a picture of a scene, taken of the player in a headless browser.

    Parameters
    ----------
    scene : Scene
    at_us : int, optional
        The moment, in microseconds since the epoch. Without it the whole window
        is shown: a ring a place for all its events, a path a flow.
    speed : float, optional
        Seconds of recording a second: how far back of the moment paths show. By
        default the window plays in a minute.

    Returns
    -------
    bytes
        PNG; the same scene gives the same picture on the same machine.

    Raises
    ------
    UsageError
        If the moment is outside of the window.
    ExportError
        If there is no browser, or it fails.
    MissingDependencyError
        If Playwright is not installed.
    """
    if at_us is not None and not scene.start_us <= at_us <= scene.end_us:
        raise UsageError(
            f"{clock_text(at_us)} is outside of what is shown",
            hint=f"choose a moment from {span_text(scene.start_us, scene.end_us)}, or move --start and --end",
        )
    whole = at_us is None
    length = (scene.end_us - scene.start_us) / 1e6
    pace = length * STILL if whole else speed or playing_speed(scene)

    def take() -> bytes:
        with stage(scene, pace, what="a picture", whole=whole, trail=length if whole else None) as shown:
            shown.at(scene.end_us if at_us is None else at_us)
            return shown.shot(quick=False)

    return aside(take)
