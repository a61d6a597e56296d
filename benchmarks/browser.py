"""A headless Chromium that draws on the processor, and what pages are asked in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZE = {"width": 1600, "height": 900}
PATIENCE = 120_000  # ms

# The player hangs on its element, which may be inside a shadow root (Panel) or not (the exported page).
FIND = """
window.findPlayer = (root = document) => {
  for (const element of root.querySelectorAll('*')) {
    if (element.player?.state) return element.player;
    const inside = element.shadowRoot && window.findPlayer(element.shadowRoot);
    if (inside) return inside;
  }
  return null;
};
window.painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a browser, started once and shared by what is measured in it."""
    named = os.environ.get("ATTACKVIZ_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(browser: Browser) -> Iterator[Page]:
    """Yield a page of a profile of its own."""
    context = browser.new_context(viewport=SIZE)
    context.add_init_script(FIND)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    try:
        yield page
    finally:
        context.close()


def until_playable(page: Page) -> None:
    """Wait until the player holds its recording and its first frame is on the screen."""
    page.wait_for_function("() => findPlayer()?.state.status === 'ready'")
    page.evaluate("painted()")


def until_mapped(page: Page) -> None:
    """Wait until the player is playable and the figure beneath it is drawn, too."""
    until_playable(page)
    page.wait_for_function(
        "() => Bokeh.documents.every((d) => d.is_idle && [...d._all_models.values()].some((m) => m.type === 'Figure'))"
    )
    page.evaluate("painted()")


def until_bokeh_is_idle(page: Page) -> None:
    """Wait until every Bokeh document of the page is drawn."""
    page.wait_for_function("() => globalThis.Bokeh?.documents.length && Bokeh.documents.every((d) => d.is_idle)")
    page.evaluate("painted()")
