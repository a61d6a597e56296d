"""The stage: the player in a headless browser, driven moment by moment through its scripting interface."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..analysis.words import harmless
from ..errors import ExportError
from .browser import chromium, plain_words
from .page import written
from .scene import Scene, clock_text, span_text

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

__all__ = ["Stage", "page_of", "stage"]

PATIENCE_S = 300  # for one act of the browser; a machine may be busy
LONGEST_HEADING = 300
CAPTION_S = 4.0  # how long a caption shows, of playing
_HERE = Path(__file__).parent / "templates"


class Stage:
    """Show moments of a scene and take their pictures; `stage` gives one."""

    def __init__(self, tab: Page, lens: CDPSession, scene: Scene) -> None:
        self._tab, self._lens = tab, lens
        (width, height), ratio = scene.box
        # Said to this session, too, or it takes pictures in px of the page.
        box = {"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": False}
        lens.send("Emulation.setDeviceMetricsOverride", box)
        wide, high = (side * scene.scale / ratio for side in scene.size)
        cut = {"clip": {"x": 0, "y": 0, "width": wide, "height": high, "scale": 1}}
        self._cut = {} if (wide, high) == (width, height) else cut

    def at(self, us: int) -> None:
        """Draw a moment, given in microseconds since the epoch."""
        self._tab.evaluate("(ms) => { stage.at(ms); }", us / 1000)

    def card(self, on: bool) -> None:
        """Lay the title card over it, or take it away."""
        self._tab.evaluate("(on) => stage.card(on)", on)

    def shot(self, quick: bool = True) -> bytes:
        """Return what is shown as PNG: packed quickly, or well; there is no loss either way."""
        asked = {"format": "png", "optimizeForSpeed": quick, **self._cut}
        return base64.b64decode(self._lens.send("Page.captureScreenshot", asked)["data"])

    def layer(self) -> str:
        """Return the attack layer alone, as a data URL: equal pixels, equal text."""
        return str(self._tab.evaluate("() => document.querySelector('.av').player.canvas.toDataURL()"))


@contextmanager
def stage(
    scene: Scene, speed: float, *, what: str = "this", whole: bool = False, trail: float | None = None
) -> Iterator[Stage]:
    """Open the player on a scene, in a headless browser without a network.

    Parameters
    ----------
    scene : Scene
    speed : float
        Seconds of recording a second of playing: how long paths stay hangs on it.
    what : str
        What is to be made, for errors.
    whole : bool
        Whether everything in the window is shown as a sum, without a moment.
    trail : float, optional
        Seconds for which an event still shows; by default as the player has it.

    Yields
    ------
    Stage

    Raises
    ------
    ExportError
        If there is no browser, or it fails.
    MissingDependencyError
        If Playwright is not installed.
    """
    (width, height), ratio = scene.box
    with chromium(what, ratio) as browser, tempfile.TemporaryDirectory(prefix="attackviz-") as directory:
        from playwright.sync_api import Error

        page = Path(directory) / "stage.html"
        page.write_text(page_of(scene), encoding="utf-8")
        try:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                device_scale_factor=ratio,
                reduced_motion="no-preference",
                offline=True,
                locale="en-US",
                timezone_id="UTC",
            )
            context.set_default_timeout(PATIENCE_S * 1000)
            tab = context.new_page()
            tab.goto(page.as_uri())
            tab.wait_for_selector(".av")
            status = tab.evaluate((_HERE / "stage.js").read_text(encoding="utf-8"), _told(scene, speed, whole, trail))
            if status != "ready":
                raise ExportError(f"{what} cannot be drawn: the player says {status!r}")
            yield Stage(tab, context.new_cdp_session(tab), scene)
        except Error as error:
            raise ExportError(
                f"the browser failed while drawing {what}: {plain_words(str(error))}",
                hint="try again; a smaller size or a shorter window needs less memory",
            ) from None


def _told(scene: Scene, speed: float, whole: bool, trail: float | None) -> dict[str, Any]:
    stays = round(CAPTION_S * speed * 1_000_000)
    return {
        "window": [scene.start_us / 1000, scene.end_us / 1000],
        "speed": speed,
        "trail": trail,
        "whole": whole,
        # The latest one shows, so that one may follow another at once.
        "captions": [
            {"from": us / 1000, "to": (us + stays) / 1000, "text": harmless(text), "time": clock_text(us)[-12:-4]}
            for us, text in scene.captions
        ],
    }


def page_of(scene: Scene) -> str:
    """Return the page that a scene is played on."""
    look = (_HERE / "stage.css").read_text(encoding="utf-8")
    return written(
        "stage.html",
        scene.recording,
        {"theme": scene.theme},
        look=look,
        lists=scene.lists_place,
        # What turns the direction of text would turn the clock beside it, too.
        heading=harmless(str(scene.recording.header["title"]))[:LONGEST_HEADING],
        range=span_text(scene.start_us, scene.end_us),
    )
