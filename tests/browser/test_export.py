"""The dashboard's export button: the file it hands over is the one that the command line writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Download, Locator

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


def opened(player: Player) -> Locator:
    """Press E and return the menu."""
    player.page.keyboard.press("e")
    menu = player.root.get_by_role("dialog", name="Export")
    menu.wait_for()
    return menu


def exported(player: Player, kind: str, *, redact: bool | None = None, **options: str) -> Download:
    """Open the menu, choose, press the button, and wait for the file; without `redact` the box is left as it is."""
    menu = opened(player)
    menu.get_by_role("radio", name=kind, exact=True).click()
    for name, value in options.items():
        field = menu.get_by_label(name.capitalize())
        field.select_option(value) if field.evaluate("(e) => e.tagName") == "SELECT" else field.fill(value)
    if redact is False:
        menu.get_by_role("checkbox", name="Redact").click()
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


def test_a_picture_and_a_page_show_the_frame_and_the_filters_of_the_dashboard(
    chromium: Browser, dashboard: str, tmp_path: Path
) -> None:
    filters = {"category": {"in": ["web"]}}
    window = ["2025-02-19T00:00:00.000Z", "2025-02-20T00:00:00.000Z"]
    at = "2025-02-19T06:05:00.000Z"
    with watched(chromium, offline=False, size=DESK, reduced_motion="reduce") as watch:
        player = open_dashboard(watch, dashboard)
        player.set(window=window, filters=filters, theme="light", speed=60)
        player.at(at)
        shown = player.state
        download = exported(player, "Picture", redact=False, size="720p", title="A flood")
        assert download.suggested_filename == "a-flood.png"
        download.save_as(tmp_path / "button.png")
        exported(player, "Page", redact=False).save_as(tmp_path / "page.html")
        assert watch.said == []
    with watched(chromium) as watch:
        page = open_page(watch, tmp_path / "page.html")
        told = page.at(at)
        assert (told["counts"]["events"], told["drawn"]) == (shown["counts"]["events"], shown["drawn"])
        assert page.state["window"] == window
        assert page.state["theme"] == "light"
        assert page.state["speed"] == 60
        page.set(filters={})  # there is nothing else in it
        assert page.state["window_counts"]["events"] == shown["window_counts"]["events"] == 900
        watch.assert_quiet()
    with Image.open(tmp_path / "button.png") as picture:
        assert picture.size == (1280, 720)
        assert picture.convert("RGB").getpixel((640, 10)) == (255, 255, 255)  # light


def test_a_film_tells_how_far_it_is_goes_on_without_the_menu_and_can_be_stopped(
    chromium: Browser, dashboard: str, tmp_path: Path
) -> None:
    with watched(chromium, offline=False, size=DESK, reduced_motion="reduce") as watch:
        player = open_dashboard(watch, dashboard)
        player.set(window=["2025-02-18T14:00Z", "2025-02-18T14:15Z"])
        menu = opened(player)
        menu.get_by_role("radio", name="GIF", exact=True).click()
        menu.get_by_label("Length").select_option("5")
        with player.page.expect_download() as found:
            menu.get_by_role("button", name="Export").click()
            until(lambda: "GIF" in menu.get_by_role("status").inner_text(), "word of it")
            player.page.keyboard.press("Escape")
            until(lambda: re.search(r"\d+ %", player.root.locator(".av-top").inner_text()), "how far it is")
            player.at("2025-02-18T14:05Z")  # the session is as quick as ever
        found.value.save_as(tmp_path / "film.gif")
        menu = opened(player)  # another one, which is given up
        menu.get_by_role("radio", name="Film", exact=True).click()
        menu.get_by_role("button", name="Export").click()
        until(lambda: "Film:" in menu.get_by_role("status").inner_text(), "that it is being made")
        menu.get_by_role("button", name="Stop").click()
        until(lambda: menu.get_by_role("button", name="Export").is_enabled(), "that another may be made")
        assert not menu.get_by_role("button", name="Stop").is_visible()
        assert watch.said == []
    with Image.open(tmp_path / "film.gif") as film:
        assert film.size == (960, 540)
        assert film.n_frames >= 20


def test_a_report_is_of_what_is_shown(chromium: Browser, dashboard: str, tmp_path: Path) -> None:
    with watched(chromium, offline=False, size=DESK, reduced_motion="reduce") as watch:
        player = open_dashboard(watch, dashboard)
        player.set(window=["2025-02-19T00:00Z", "2025-02-20T00:00Z"], filters={"category": {"in": ["web"]}})
        exported(player, "Report", title="The second").save_as(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<h1>The second</h1>" in page
    assert "900 events came from 200 addresses" in page
    assert "192.0.2.0/24" in page


def test_what_cannot_be_made_is_said(chromium: Browser, dashboard: str) -> None:
    with watched(chromium, offline=False, reduced_motion="reduce") as watch:
        player = open_dashboard(watch, dashboard)
        player.set(window=["2025-02-18T00:00:10Z", "2025-02-18T00:00:20Z"])  # between two events
        menu = opened(player)
        menu.get_by_role("radio", name="Map for print").click()
        menu.get_by_role("button", name="Export").click()
        until(lambda: "no event" in menu.get_by_role("status").inner_text(), "why there is no map")
        assert watch.said == []
