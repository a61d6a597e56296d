"""A frame is a function of recording, moment and view: the same picture, however one came there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .pages import DESK, Player, open_page, until, watched

WINDOW = ["2025-02-18T00:00:00Z", "2025-02-21T00:00:00Z"]
MOMENTS = ["2025-02-18T02:10:00.120Z", "2025-02-20T05:42:10Z", "2025-02-20T20:59:59.990Z"]


@pytest.fixture(scope="module")
def opened(chromium: Any, tpot_page: Path) -> Iterator[Player]:
    with watched(chromium) as watch:
        yield open_page(watch, tpot_page)
        watch.assert_quiet()


@pytest.fixture
def player(opened: Player) -> Player:
    opened.run("player.pause(); player.engine.set({trail: 0, selected: null, hover: null, reducedMotion: false})")
    opened.set(filters={}, window=WINDOW, speed=600, theme="dark")
    opened.page.keyboard.press("0")
    return opened


def by_play(player: Player, moment: str, before: float, speed: float) -> None:
    """Come towards a moment by playing from some seconds before it."""
    player.at(moment)
    player.run("player.seek(player.state.t - arg)", before * 1000)
    start = player.state["t"]
    player.set(speed=speed)
    player.run("player.play()")
    until(lambda: player.state["t"] > start + 200 * speed, "the clock")
    player.run("player.pause()")
    player.set(speed=600)


def by_keys(player: Player) -> None:
    for key in ("Home", ".", ".", "End", ","):
        player.page.keyboard.press(key)


WAYS: dict[str, Callable[[Player, str], Any]] = {
    "again": lambda player, moment: None,
    "from the start": lambda player, moment: player.at(WINDOW[0]),
    "from the end": lambda player, moment: player.at(WINDOW[1]),
    "by play": lambda player, moment: by_play(player, moment, 7200, 3600),
    "by slow play": lambda player, moment: by_play(player, moment, 60, 10),
    "by keys": lambda player, moment: by_keys(player),
    "by another window": lambda player, moment: (
        player.set(window=["2025-02-20T00:00:00Z", "2025-02-20T01:00:00Z"]),
        player.settle(),
        player.set(window=WINDOW),
    ),
    "by filters": lambda player, moment: (
        player.set(filters={"slot": {"not": ["vpn"]}, "country": {"in": ["CN", "FR"]}}),
        player.at(WINDOW[1]),
        player.set(filters={}),
    ),
    "by another theme": lambda player, moment: (player.set(theme="light"), player.settle(), player.set(theme="dark")),
    "by another size": lambda player, moment: (
        player.page.set_viewport_size({"width": 1000, "height": 700}),
        until(lambda: player.state["map"]["width"] < 1000, "the smaller map"),
        player.page.set_viewport_size(DESK),
        until(lambda: player.state["map"]["width"] > 1000, "the larger map"),
    ),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_same_moment_same_pixels(player: Player, moment: str) -> None:
    player.at(moment)
    picture, view = player.pixels(), player.state["map"]
    for name, way in WAYS.items():
        way(player, moment)
        player.at(moment)
        assert player.state["map"] == view, name
        assert player.pixels() == picture, name


def test_moments_differ(player: Player) -> None:
    pictures = [(player.at(moment), player.pixels())[1] for moment in MOMENTS]
    assert len(set(pictures)) == len(MOMENTS)
    # A tenth of a second of screen time further, comets have moved.
    player.at("2025-02-20T05:43:10Z")
    assert player.pixels() != pictures[1]


def test_a_frame_painted_while_playing_is_the_frame_of_its_moment(player: Player) -> None:
    """What is on the canvas in the middle of playing is what renderAt draws for that moment."""
    player.run("player.seek(arg); player.play()", "2025-02-20T05:40:00Z")
    start = player.state["t"]
    until(lambda: player.state["t"] > start + 60_000, "the clock")
    # The clock moves and paints in one animation frame, so between frames both belong together.
    painted = player.run("return [player.engine.state.t, player.canvas.toDataURL()]")
    player.run("player.pause(); player.seek('2025-02-18T00:00:00Z')")
    player.at(WINDOW[1])
    ms = player.run("return player.engine.timeUs(arg) / 1000", painted[0])
    player.at(ms)
    assert player.state["t"] == pytest.approx(ms, abs=1e-3)
    assert player.pixels() == painted[1]


def test_another_page_draws_the_same(player: Player, chromium: Any, tpot_page: Path) -> None:
    player.at(MOMENTS[1])
    with watched(chromium) as watch:
        other = open_page(watch, tpot_page)
        other.set(window=WINDOW, speed=600)
        other.at(MOMENTS[1])
        assert other.pixels() == player.pixels()


@pytest.mark.parametrize("keys", [["+", "+"], ["+", "+", "t"], ["-"]])
def test_zoomed_views_repeat(player: Player, keys: list[str]) -> None:
    player.at(MOMENTS[1])
    home = player.pixels()
    pictures = []
    for _ in range(2):
        player.page.keyboard.press("0")
        for key in keys:
            player.page.keyboard.press(key)
        player.at(MOMENTS[1])
        pictures.append(player.pixels())
    assert pictures[0] == pictures[1]
    assert (pictures[0] == home) == (keys == ["-"])  # the whole world is as far out as it goes
    player.page.keyboard.press("0")
    player.at(MOMENTS[1])
    assert player.pixels() == home


def test_a_moment_is_drawn_once(player: Player) -> None:
    """No frame after renderAt draws the same again: films are made of nothing else."""
    drawn = player.run(
        """
        const layer = player.canvas.getContext('2d'), clear = layer.clearRect;
        let drawn = 0;
        layer.clearRect = (...box) => { drawn += 1; clear.apply(layer, box); };
        player.renderAt(arg);
        const frame = () => new Promise(requestAnimationFrame);
        return frame().then(frame).then(() => { delete layer.clearRect; return drawn; });""",
        MOMENTS[1],
    )
    assert drawn == 1
