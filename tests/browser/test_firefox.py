"""The exported page in a stock Firefox, from disk with the network cut: it plays, and shows what Chromium does."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import attackviz as av
from attackviz.replay import record

from ..conftest import missing
from .firefox import Firefox, FirefoxPlayer, firefox, found
from .pages import Player, open_page, until, watched
from .test_hostile import _FAULTS, HOSTILE, boxes, replay, surfaces, table

WINDOW = ["2025-02-18T00:00:00.000Z", "2025-02-21T00:00:00.000Z"]
MOMENT = "2025-02-20T05:42:10.000Z"
FLOOD = {"slot": {"not": ["vpn"]}, "country": {"in": ["CN", "FR", "CZ"]}}


@pytest.fixture(scope="module")
def fox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    program = found()
    if program is None:
        missing("Firefox", "scripts/firefox.sh")
    with firefox(program, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def opened(fox: Firefox) -> Iterator[Callable[..., FirefoxPlayer]]:
    """Return a function that opens a page from disk; it must be quiet at the end."""

    def opened(path: Path, link: str = "") -> FirefoxPlayer:
        fox.goto(path.as_uri() + link)
        return FirefoxPlayer(fox)

    yield opened
    fox.assert_quiet()


def picture_of(url: str) -> Any:
    """Return a picture as it looks on black: rows, columns, three colours."""
    rgba = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA")).astype(float)
    return rgba[..., :3] * rgba[..., 3:] / 255


def test_plays(opened: Callable[..., FirefoxPlayer], tpot_page: Path) -> None:
    player = opened(tpot_page)
    before, picture = player.at(MOMENT), picture_of(player.pixels())
    assert before["totals"]["events"] == 388_678
    assert before["drawn"] > 100
    assert (picture.max(axis=2) > 64).mean() > 0.01
    player.press("Space")
    until(lambda: player.state["t"] > before["t"] + 60_000, "the clock")
    player.press("Space")
    until(lambda: not player.state["playing"], "the pause")
    assert np.abs(picture_of(player.pixels()) - picture).max() > 64


def test_keys_move_the_clock_and_the_look(opened: Callable[..., FirefoxPlayer], tpot_page: Path) -> None:
    player = opened(tpot_page)
    before = player.at(MOMENT)
    player.press(".")
    until(lambda: player.state["t"] > before["t"], "a bin on")
    player.press(",")
    until(lambda: player.state["t"] < before["t"], "a bin back")
    player.run("root.querySelector('.av-timeline').focus()")
    for key, sign in (("ArrowRight", 1), ("ArrowLeft", -1)):
        at = player.at(MOMENT)["t"]
        player.press(key)
        until(lambda at=at, sign=sign: (player.state["t"] - at) * sign > 0, key)
    player.press("d")
    until(lambda: player.state["theme"] == "light", "the light theme")
    home = player.state["map"]
    player.press("+")
    until(lambda: player.state["map"]["x1"] - player.state["map"]["x0"] < home["x1"] - home["x0"], "the nearer view")
    player.press("b")
    until(lambda: player.run("return root.querySelector('.av-filters').checkVisibility()"), "the filter panel")


def test_a_link_opens_its_moment(opened: Callable[..., FirefoxPlayer], tpot_page: Path) -> None:
    player = opened(tpot_page, f"#t={MOMENT}")
    assert player.state["clock"] == MOMENT
    assert not player.state["playing"]


def test_shows_what_chromium_shows(chromium: Any, opened: Callable[..., FirefoxPlayer], tpot_page: Path) -> None:
    """Every number is equal, and so is every word; of the pictures only what smooths an edge differs."""
    player = opened(tpot_page)
    with watched(chromium) as watch:
        other: Player = open_page(watch, tpot_page)
        for theme, moment, filters, scope in (
            ("dark", MOMENT, {}, "trail"),
            ("light", "2025-02-18T02:10:00.120Z", {}, "window"),
            ("dark", "2025-02-20T20:59:59.990Z", FLOOD, "playhead"),
        ):
            states = []
            for each in (player, other):
                each.set(theme=theme, window=WINDOW, filters=filters, scope=scope, speed=600)
                states.append(each.at(moment))
            assert states[0] == states[1]
            for part in (".av-side", ".av-legend", ".av-honest", ".av-transport"):
                assert player.texts(part) == other.texts(part)
            wide = np.abs(picture_of(player.pixels()) - picture_of(other.pixels()))
            assert wide.mean() < 0.3
            assert (wide.max(axis=2) > 64).mean() < 0.001


def test_a_page_of_cells_opens(opened: Callable[..., FirefoxPlayer], tpot: pd.DataFrame, tmp_path: Path) -> None:
    cells = record(tpot, "Cells", budget=100_000)
    player = opened(av.Replay(cells).save(tmp_path / "cells.html"))
    player.set(scope="window")
    state = player.state
    assert state["grain"]["cells"] < state["counts"]["events"]
    assert state["totals"]["events"] == len(tpot)
    assert player.at(MOMENT)["drawn"] > 0


def test_hostile_text_is_only_text(fox: Firefox, opened: Callable[..., FirefoxPlayer], tmp_path: Path) -> None:
    names = list(HOSTILE)
    plain = av.Replay(table(["plain"] * len(names)), title="plain", source="plain").save(tmp_path / "plain.html")
    player = opened(plain)
    player.at("2025-02-18T10:20:00Z")
    usual = boxes(player)
    text = HOSTILE["markup"] + HOSTILE["script"]
    player = opened(replay(text, names).save(tmp_path / "hostile.html"))
    player.at("2025-02-18T10:20:00Z")
    assert boxes(player) == usual
    for surface in surfaces(player, text):
        assert (surface, player.run(_FAULTS)) == (surface, [])
        assert not fox.evaluate("() => '__pwned' in globalThis")
    assert boxes(player) == usual
    player.set(filters={"text": "pwned"}, scope="window")
    assert player.state["counts"]["events"] > 0
