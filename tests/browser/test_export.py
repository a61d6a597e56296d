"""The dashboard's export button: the file it hands over is the one that the command line writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Download

import attackviz as av

from .pages import DESK, Player, open_dashboard, open_page, served, until, watched
from .test_links import flooded


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "floods.parquet"
    flooded().to_parquet(path)
    return path


@pytest.fixture(scope="module")
def dashboard(log: Path) -> Iterator[str]:
    with served(log) as url:
        yield url


def exported(player: Player, kind: str, *, redact: bool) -> Download:
    """Press E, choose, press the button, and wait for the file."""
    player.page.keyboard.press("e")
    menu = player.root.get_by_role("dialog", name="Export")
    menu.wait_for()
    menu.get_by_role("radio", name=kind).click()
    if not redact:
        menu.get_by_role("checkbox").click()
    with player.page.expect_download() as found:
        menu.get_by_role("button", name="Export").click()
    until(lambda: found.value.suggested_filename in menu.get_by_role("status").inner_text(), "word that it is made")
    player.page.keyboard.press("Escape")
    return found.value


def test_files_are_those_of_the_command_line(chromium: Browser, dashboard: str, log: Path, tmp_path: Path) -> None:
    with watched(chromium, offline=False, size=DESK, reduced_motion="reduce") as watch:
        player = open_dashboard(watch, dashboard)
        player.set(window=["2025-02-18T12:00Z", "2025-02-18T18:00Z"])
        for kind, suffix, redact in (("Table", ".csv", False), ("Events", ".parquet", True)):
            download = exported(player, kind, redact=redact)
            assert download.suggested_filename == f"{'replay' if redact else 'floods-parquet'}{suffix}"
            download.save_as(tmp_path / f"button{suffix}")
        page = exported(player, "Page", redact=True)
        page.save_as(tmp_path / "button.html")
        assert watch.said == []
    window = {"start": "2025-02-18T12:00Z", "end": "2025-02-18T18:00Z"}
    replay = av.Replay(av.enrich(av.read(log)), source="floods.parquet", title="floods.parquet")
    replay.save(tmp_path / "written.csv", **window)
    assert (tmp_path / "button.csv").read_bytes() == (tmp_path / "written.csv").read_bytes()
    addresses = pd.read_parquet(tmp_path / "button.parquet")["src_ip"]
    assert set(addresses) == {"192.0.2.0/24"}
    assert len(addresses) == 360 + 900
    with watched(chromium) as watch:
        player = open_page(watch, tmp_path / "button.html")
        assert player.state["window"] == ["2025-02-18T12:00:00.000Z", "2025-02-18T18:00:00.000Z"]
        assert player.root.get_by_role("button", name="Export").count() == 0  # there is nobody to make files
        watch.assert_quiet()


def test_what_cannot_be_made_is_said(chromium: Browser, dashboard: str) -> None:
    with watched(chromium, offline=False, reduced_motion="reduce") as watch:
        player = open_dashboard(watch, dashboard)
        player.set(window=["2025-02-18T00:00:10Z", "2025-02-18T00:00:20Z"])  # between two events
        player.page.keyboard.press("e")
        menu = player.root.get_by_role("dialog", name="Export")
        menu.get_by_role("radio", name="Map for print").click()
        menu.get_by_role("button", name="Export").click()
        until(lambda: "no event" in menu.get_by_role("status").inner_text(), "why there is no map")
        assert watch.said == []
