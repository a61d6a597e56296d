"""The executed quickstart in a real JupyterLab: the player plays in its cell, and nothing leaves the machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "01_quickstart.ipynb"
PAINTED = """() => {
    const {width, height} = document.querySelector('.av').player.canvas;
    const pixels = document.querySelector('.av').player.canvas.getContext('2d').getImageData(0, 0, width, height).data;
    let painted = 0;
    for (let i = 3; i < pixels.length; i += 4) painted += pixels[i] > 0;
    return painted;
}"""


@pytest.fixture(scope="module")
def lab(
    executed: Callable[[str], Path], jupyter: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Yield the address of a JupyterLab on loopback that holds the executed notebook."""
    directory = tmp_path_factory.mktemp("lab")
    notebook = shutil.copy(executed("01_quickstart"), directory / NAME)
    # What a user does with "Trust Notebook": without it, JupyterLab shows no frames.
    subprocess.run([sys.executable, "-m", "jupyter", "trust", notebook], env=jupyter, check=True, timeout=60)
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "lab",
        "--no-browser",
        "--allow-root",
        f"--ServerApp.root_dir={directory}",
    ]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=18888", "--ServerApp.port_retries=100"]
    command += ["--IdentityProvider.token=", "--LabApp.news_url="]  # open to this machine alone, while the test lasts
    command += ["--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate"]
    log = (directory.parent / "lab.log").open("wb")
    server = subprocess.Popen(command, env=jupyter, stdout=log, stderr=log)
    try:
        yield _address(server, Path(log.name))
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    """Return where the server listens, once it answers there: it takes the next port where one is taken."""
    for _ in range(480):
        assert server.poll() is None, log.read_text()[-2000:]
        found = re.search(r"http://127\.0\.0\.1:\d+(?=/lab)", log.read_text())
        try:
            if found:
                with urlopen(f"{found[0]}/api", timeout=5):
                    return found[0]
        except URLError:
            pass
        time.sleep(0.25)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


def test_the_player_plays_in_its_cell(lab: str, chromium: Any) -> None:
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.goto(f"{lab}/lab/tree/{NAME}", timeout=60_000)
    cells = page.locator(".jp-Notebook .jp-Cell")
    cells.first.wait_for(timeout=60_000)
    frame = page.locator(".jp-OutputArea-output iframe[sandbox='allow-scripts']")
    _scroll_to_end(page, frame)
    inner = frame.element_handle().content_frame()
    _until(inner, "document.querySelector('.av')?.player?.state.status === 'ready'")

    state = inner.evaluate("document.querySelector('.av').player.state")
    assert state["totals"]["events"] == 388_678
    inner.evaluate("document.querySelector('.av').player.renderAt('2025-02-20T05:42:10Z')")
    assert inner.evaluate(PAINTED) > 1000
    before = inner.evaluate("document.querySelector('.av').player.state.t")
    inner.evaluate("document.querySelector('.av').player.play()")
    _until(inner, f"document.querySelector('.av').player.state.t > {before}")
    inner.evaluate("document.querySelector('.av').player.pause()")

    assert hosts - {None, ""} == {"127.0.0.1"}
    # Its own origin is no origin: nothing of the notebook is within its reach.
    assert inner.evaluate("origin") == "null"
    page.close()


def _until(frame: Any, condition: str) -> None:
    """Ask from outside until it holds: the page's own policy lets nothing be evaluated within."""
    for _ in range(240):
        if frame.evaluate(condition):
            return
        frame.page.wait_for_timeout(250)
    pytest.fail(f"it never came that {condition}")


def _scroll_to_end(page: Any, frame: Any) -> None:
    """Scroll as a reader does: JupyterLab makes the cells that are in sight."""
    for _ in range(120):
        if frame.count():
            break
        page.locator(".jp-WindowedPanel-outer").first.evaluate("node => node.scrollBy(0, 800)")
        page.wait_for_timeout(250)
    frame.scroll_into_view_if_needed(timeout=30_000)


def test_the_notebook_is_the_one_of_the_repository(executed: Callable[[str], Path]) -> None:
    notebook = json.loads(executed("01_quickstart").read_text(encoding="utf-8"))
    ours = json.loads((Path(__file__).parents[2] / "notebooks" / NAME).read_text(encoding="utf-8"))
    assert [c["source"] for c in notebook["cells"]] == [c["source"] for c in ours["cells"]]
