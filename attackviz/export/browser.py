"""The headless browser that draws films, pictures and printed pages: found, started, and closed again."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import ExportError, MissingDependencyError
from ..settings import load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["aside", "chromium", "plain_words"]

T = TypeVar("T")

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Pictures that hang on no driver and no sub-pixel order, and a browser that calls nobody.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-lcd-text",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INSTALL = "pip install 'attackviz[film]' && playwright install chromium"


@contextmanager
def chromium(what: str = "this", ratio: float = 1) -> Iterator[Browser]:
    """Start a headless Chromium without a network of its own, and close it at the end.

    Taken is the one that ``ATTACKVIZ_CHROMIUM`` or ``attackviz.toml`` names, else
    what is installed, else Playwright's own. Needs a thread without a running
    event loop: see `aside`.

    Parameters
    ----------
    what : str
        What is to be made, for errors: ``"a film"``.
    ratio : float
        Device pixels a px of its screen: pages that are shown at the same ratio
        are drawn crisper, and photographed faster, than by emulating it.

    Yields
    ------
    playwright.sync_api.Browser

    Raises
    ------
    MissingDependencyError
        If Playwright is not installed.
    ExportError
        If there is no browser, or it does not start.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise MissingDependencyError(f"{what} needs Playwright, which is not installed", hint=INSTALL) from None
    named = load_settings().chromium
    path = str(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        # As root, in a container say, Chromium starts only without its sandbox; nothing foreign is ever opened.
        flags = [*FLAGS, f"--force-device-scale-factor={ratio}", *(["--no-sandbox"] if _is_root() else [])]
        try:
            browser = playwright.chromium.launch(executable_path=path, args=flags, handle_sigint=False)
        except Error as error:
            raise _unstarted(what, path, named, str(error)) from None
        try:
            yield browser
        finally:
            with suppress(Exception):  # one that died has nothing left to close
                browser.close()


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _unstarted(what: str, path: str | None, named: Path | None, said: str) -> ExportError:
    if path is None or not Path(path).exists():
        words = f"{named} is no browser" if named else "there is no Chromium on this machine"
        return ExportError(f"{what} needs a browser: {words}", hint=f"{INSTALL}, or name one in ATTACKVIZ_CHROMIUM")
    return ExportError(
        f"{what} needs a browser, and this one does not start: {plain_words(said)}",
        where=path,
        hint="name another one in ATTACKVIZ_CHROMIUM",
    )


def plain_words(said: str) -> str:
    r"""Return the first line of what Playwright said, without the name of its function.

    Parameters
    ----------
    said : str

    Examples
    --------
    >>> plain_words("BrowserType.launch: it is gone\nCall log: ...")
    'it is gone'
    """
    line = (said.strip().splitlines() or ["nothing was said"])[0]
    head, colon, rest = line.partition(": ")
    return rest if colon and "." in head and " " not in head else line


def aside(work: Callable[[], T]) -> T:
    """Run work where no event loop runs: in a thread of its own from a notebook or a server, else right here.

    Parameters
    ----------
    work : callable
        Takes nothing.

    Returns
    -------
    Any
        What the work returned.

    Examples
    --------
    >>> aside(lambda: 6 * 7)
    42
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()
