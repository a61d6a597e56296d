"""The dashboard: served as a user serves it, and as an app with its reading in our hands."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import attackviz as av
from attackviz.dashboard.job import Job
from attackviz.dashboard.reading import Reading

from .pages import LOCAL, PHONE, Player, Watch, open_page, until, watched
from .test_page import MOMENT, WINDOW, expected, shown, table  # noqa: F401 (table is a fixture)

READING = 180  # seconds a loaded machine may take to read it all
SAHARA, PACIFIC = (10.0, 23.0), (-140.0, 10.0)
LAND = {"dark": (0x1B, 0x23, 0x2E), "light": (0xE6, 0xEA, 0xEF)}
SEA = {"dark": (0x0B, 0x0F, 0x15), "light": (0xF7, 0xF9, 0xFB)}

_FIGURE = """
const figure = [...Bokeh.documents[0]._all_models.values()].find((model) => model.type === 'Figure');
const plot = figure && Bokeh.index.find_one(figure);
"""
_PIXEL = f"""([mx, my]) => {{ {_FIGURE}
  if (!plot?.canvas_view) return null;
  const {{ canvas, pixel_ratio }} = plot.canvas_view.primary, {{ x_range, y_range }} = figure, {{ bbox }} = plot.frame;
  const x = ((mx - x_range.start) / (x_range.end - x_range.start)) * bbox.width;
  const y = ((y_range.end - my) / (y_range.end - y_range.start)) * bbox.height;
  const one = Object.assign(document.createElement('canvas'), {{ width: 1, height: 1 }});
  const copy = one.getContext('2d', {{ willReadFrequently: true }});
  copy.drawImage(canvas, Math.floor(x * pixel_ratio), Math.floor(y * pixel_ratio), 1, 1, 0, 0, 1, 1);
  return [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3);
}}"""


def mercator(lon: float, lat: float) -> list[float]:
    return [math.radians(lon) * 6378137, 6378137 * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))]


def pixel(player: Player, place: tuple[float, float], worlds: int = 0) -> tuple[int, ...] | None:
    """Return the colour the Bokeh figure shows at a place, in the world copy asked for."""
    x, y = mercator(*place)
    found = player.page.evaluate(_PIXEL, [x + worlds * 2 * math.pi * 6378137, y])
    return tuple(found) if found else None


def assert_quiet(watch: Watch, url: str) -> None:
    """Fail if the page asked anything of another host, or complained."""
    own = (url, url.replace("http", "ws", 1))
    assert [each for each in watch.requests if not each.startswith((*LOCAL, *own))] == []
    assert watch.said == []
    assert watch.dialogs == []
    assert watch.others == []


# ---- as a user starts it


@pytest.fixture(scope="module")
def url(samples: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "attackviz", "serve", str(samples / "tpot-2025"), "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=samples.parents[1]) as process:
        assert process.stderr is not None
        try:
            yield re.search(r"http://\S+", process.stderr.readline())[0]  # type: ignore[index]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def watch(chromium: Any, url: str) -> Iterator[Watch]:
    with watched(chromium, offline=False) as watch:
        watch.page.goto(url)
        watch.page.locator(".av-play:enabled").wait_for(timeout=READING * 1000)
        player = Player(watch.page)
        until(lambda: pixel(player, SAHARA) == LAND["dark"], "the map")
        yield watch
        assert_quiet(watch, url)


@pytest.fixture
def player(watch: Watch) -> Player:
    player = Player(watch.page)
    player.run("player.pause(); player.engine.set({loop: false, skipQuiet: false, trail: 0, selected: null})")
    player.set(filters={}, window=WINDOW, scope="trail", speed=600, theme="dark")
    watch.page.keyboard.press("0")
    player.at(MOMENT)
    return player


def test_shows_the_map(player: Player) -> None:
    assert pixel(player, SAHARA) == LAND["dark"]
    assert pixel(player, PACIFIC) == SEA["dark"]
    assert player.state["totals"]["events"] == 388_678
    assert player.page.title() == "attackviz"


def test_a_phone_gets_one_column(chromium: Any, url: str) -> None:
    with watched(chromium, offline=False, size=PHONE, has_touch=True, is_mobile=True) as watch:
        watch.page.goto(url)
        player = Player(watch.page)
        until(lambda: player.root.evaluate("(root) => root.matches('.is-phone')"), "one column")
        assert watch.page.evaluate("document.scrollingElement.scrollWidth") == PHONE["width"]
        assert_quiet(watch, url)


def test_plays_and_pauses(player: Player) -> None:
    before, picture = player.state["t"], player.pixels()
    player.root.get_by_role("button", name="Play", exact=True).click()
    until(lambda: player.state["t"] > before + 60_000, "the clock")
    player.root.get_by_role("button", name="Pause", exact=True).click()
    assert not player.state["playing"]
    assert player.pixels() != picture


def test_scrubs_and_counts_as_pandas_does(
    player: Player,
    table: pd.DataFrame,  # noqa: F811
    tpot_replay: av.Replay,
) -> None:
    header = tpot_replay.recording.header
    box = player.root.locator(".av-timeline canvas").bounding_box()
    assert box is not None
    mouse, y = player.page.mouse, box["y"] + 60
    mouse.move(box["x"] + box["width"] * 0.2, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.7, y, steps=4)
    mouse.up()
    state = player.state
    assert state["t"] > pd.Timestamp(MOMENT).value / 1e6 - 86_400_000
    assert shown(state) == expected(table, player, state, header)
    row = player.root.locator(".av-legend .av-lg", has_text="VPN portal")
    row.click()
    state = player.state
    assert state["filters"] == {"slot": {"not": [0]}}
    told = {**state, "filters": {"slot": {"not": ["vpn"]}}}
    assert shown(state) == expected(table, player, told, header)
    player.settle()
    assert player.texts(".av-counters .av-val")[0] == f"{state['counts']['events']:,}"


def test_theme_recolours_the_map(player: Player) -> None:
    player.page.keyboard.press("d")
    for place, colours in ((SAHARA, LAND), (PACIFIC, SEA)):
        until(lambda place=place, colours=colours: pixel(player, place) == colours["light"], "the light map")
    player.page.keyboard.press("d")
    until(lambda: pixel(player, SAHARA) == LAND["dark"], "the dark map")


def ranges(player: Player) -> list[float]:
    ends = "[x_range.start, x_range.end, y_range.start, y_range.end]"
    return player.page.evaluate(f"() => {{ {_FIGURE} const {{ x_range, y_range }} = figure; return {ends} }}")


def view(player: Player) -> dict[str, float]:
    return player.state["map"]


def assert_one_view(player: Player) -> None:
    """The figure and the attack layer show the same extent, true to shape, over the whole cell."""
    seen = view(player)
    assert ranges(player) == [seen["x0"], seen["x1"], seen["y0"], seen["y1"]]
    across = (seen["x1"] - seen["x0"]) / seen["width"]
    assert across == pytest.approx((seen["y1"] - seen["y0"]) / seen["height"])
    frame = player.page.evaluate(f"() => {{ {_FIGURE} return [plot.frame.bbox.width, plot.frame.bbox.height] }}")
    cell = player.root.locator(".av-layer").bounding_box()
    assert frame == [seen["width"], seen["height"]] == [cell["width"], cell["height"]]
    assert seen["y1"] <= mercator(0, 85.06)[1]
    assert seen["y0"] >= -mercator(0, 85.06)[1]


def test_wheel_buttons_and_keys_move_one_view(player: Player) -> None:
    page, home = player.page, view(player)
    assert_one_view(player)
    page.mouse.move(700, 400)
    page.mouse.wheel(0, -400)
    until(lambda: view(player)["x1"] - view(player)["x0"] < home["x1"] - home["x0"], "zooming in")
    assert_one_view(player)
    player.root.get_by_role("button", name="Zoom in (+)").click()
    assert_one_view(player)
    page.keyboard.press("-")
    assert_one_view(player)
    page.mouse.move(700, 400)
    for _ in range(12):
        page.mouse.wheel(0, 900)
    until(lambda: view(player)["x1"] - view(player)["x0"] == pytest.approx(home["x1"] - home["x0"]), "zooming out")
    assert_one_view(player)
    page.keyboard.press("0")
    assert view(player) == home
    page.keyboard.press("t")
    centre = (view(player)["x0"] + view(player)["x1"]) / 2
    assert centre == pytest.approx(mercator(-95.86, 0)[0], abs=2e5)
    assert_one_view(player)


def test_the_world_goes_on_over_the_seam(player: Player) -> None:
    page, home = player.page, view(player)
    for _ in range(3):
        page.mouse.move(1000, 400)
        page.mouse.down()
        page.mouse.move(300, 400, steps=6)
        page.mouse.up()
        page.mouse.move(302, 400)
        assert_one_view(player)
        middle = (view(player)["x0"] + view(player)["x1"]) / 2
        assert abs(middle - (home["x0"] + home["x1"]) / 2) <= math.pi * 6378137 + 1
    # Dragged past the antimeridian, the Sahara is met again in another copy of the world, and is land there, too.
    seen = view(player)
    width = 2 * math.pi * 6378137
    copies = [k for k in (-1, 0, 1) if seen["x0"] < mercator(*SAHARA)[0] + k * width < seen["x1"]]
    assert copies
    until(lambda: all(pixel(player, SAHARA, k) == LAND["dark"] for k in copies), "land in every copy")


def test_the_map_fills_its_cell_at_every_size(player: Player) -> None:
    page = player.page
    try:
        for width, height in ((1100, 760), (1900, 620), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            cell = player.root.locator(".av-layer")
            until(lambda cell=cell: view(player)["width"] == cell.bounding_box()["width"], "the new size")
            until(lambda: pixel(player, SAHARA) == LAND["dark"], "the map at the new size")
            assert_one_view(player)
            assert view(player)["x1"] - view(player)["x0"] <= 2 * math.pi * 6378137 + 1  # cropped, never letterboxed
    finally:
        page.set_viewport_size({"width": 1600, "height": 900})
        until(lambda: view(player)["width"] > 1000, "the old size")


# Theme, moment, filters, and keys that move the map.
FRAMES: list[tuple[str, str, dict[str, Any], str]] = [
    ("dark", MOMENT, {}, ""),
    ("dark", "2025-02-19T13:00:00.000Z", {}, "+"),
    ("light", "2025-02-18T02:10:00.120Z", {}, "t"),
    ("light", MOMENT, {"slot": {"not": ["vpn"]}, "country": {"in": ["CN", "FR", "CZ"]}}, ""),
    ("dark", "2025-02-20T20:59:59.990Z", {"verdict": {"in": ["detected"]}, "port": {"not": [443]}}, "++"),
]


def test_attack_layer_equals_the_exported_pages(player: Player, chromium: Any, tpot_page: Path) -> None:
    with watched(chromium) as other:
        page = open_page(other, tpot_page)
        page.set(window=WINDOW)
        for theme, moment, filters, keys in FRAMES:
            for each in (player, page):
                each.set(theme=theme, filters=filters, speed=600)
                for key in ("0", *keys):
                    each.press(key)
            states = [each.at(moment) for each in (player, page)]
            assert view(page) == view(player)
            assert states[0]["counts"] == states[1]["counts"]
            assert states[0]["drawn"] > 0
            assert page.pixels() == player.pixels()
        other.assert_quiet()


# ---- as an app, with the reading and the Python side in our hands


class App:
    """A server in a thread of this process, whose sessions can be looked at."""

    def __init__(self, make: Callable[[], Any], **more: Any) -> None:
        import panel as pn

        self.players: list[Any] = []
        self.documents: list[Any] = []

        def session() -> Any:
            self.players.append(make())
            self.documents.append(pn.state.curdoc)
            return self.players[-1]

        name = uuid.uuid4().hex
        self.thread = pn.serve(
            {"/": session},
            port=0,
            address="127.0.0.1",
            show=False,
            threaded=True,
            verbose=False,
            websocket_origin="*",
            server_id=name,
            unused_session_lifetime_milliseconds=5000,
            check_unused_sessions_milliseconds=200,
            **more,
        )
        server = until(lambda: pn.state._servers.get(name), "the server")[0]
        self.url = f"http://127.0.0.1:{server.port}/"

    def tell(self, **values: Any) -> None:
        """Set parameters of the latest session's player, as a callback of that session would."""
        player = self.players[-1]
        self.documents[-1].add_next_tick_callback(lambda: player.param.update(**values))

    def stop(self) -> None:
        self.thread.stop()


def component(**params: Any) -> Any:
    """Return the player as a user's own app makes it."""
    import panel as pn

    from attackviz.player import Player as Component

    pn.extension()
    return Component(sizing_mode="stretch_both", **params)


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[], Any]], App]]:
    apps: list[App] = []

    def start(make: Callable[[], Any]) -> App:
        apps.append(App(make))
        return apps[-1]

    yield start
    for app in apps:
        app.stop()


def test_the_page_is_there_before_reading_ends(chromium: Any, serve: Callable[..., App], samples: Path) -> None:
    from attackviz.dashboard.app import page

    reading = Reading(Job((str(samples / "tpot-2025" / "honeytrap_5k.json.tar.gz"),)))
    app = serve(lambda: page(reading))
    with watched(chromium, offline=False) as watch:
        watch.page.goto(app.url)
        root = watch.page.locator(".av")
        root.get_by_role("heading", name="Reading").wait_for()
        assert "honeytrap_5k" in root.locator(".av-top").inner_text()
        reading.start()
        player = Player(watch.page)
        until(lambda: player.state["status"] == "ready", "reading")
        assert player.state["totals"]["in_recording"] == 4314
        assert app.players[-1].recording is reading.recording  # one copy for all
        assert_quiet(watch, app.url)
        assert len(reading._listeners) == 1
    until(lambda: not reading._listeners, "the end of the session")


def test_what_cannot_be_read_is_said_as_text(chromium: Any, serve: Callable[..., App], tmp_path: Path) -> None:
    from attackviz.dashboard.app import page

    hostile = "<img src=x onerror=alert(1)>.json"
    reading = Reading(Job((str(tmp_path / hostile),))).start()
    app = serve(lambda: page(reading))
    with watched(chromium, offline=False) as watch:
        watch.page.goto(app.url)
        card = watch.page.locator(".av [role=alert]")
        card.wait_for()
        assert hostile in card.inner_text()
        assert "Check the path." in card.inner_text()
        assert_quiet(watch, app.url)


def test_reading_that_ends_while_a_page_is_being_made_is_not_missed(
    chromium: Any, serve: Callable[..., App], tmp_path: Path
) -> None:
    from attackviz.dashboard.app import page

    class EndsJustThen(Reading):
        def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
            self.start().wait(READING)
            return super().subscribe(listener)

    reading = EndsJustThen(Job((str(tmp_path / "missing.json"),)))
    app = serve(lambda: page(reading))
    with watched(chromium, offline=False) as watch:
        watch.page.goto(app.url)
        watch.page.locator(".av [role=alert]").wait_for()


def test_what_changes_before_the_browser_says_it_is_ready_is_not_missed(
    chromium: Any, serve: Callable[..., App]
) -> None:
    app = serve(lambda: component(status={"kind": "loading"}))
    late = {"kind": "error", "title": "Refused just then", "detail": "", "hints": []}

    def hold_back(route: Any) -> None:
        server = route.connect_to_server()

        def pass_on(message: Any) -> None:
            # The document was fetched by now, and the server has not been told that it is shown.
            if "document_ready" in message and not app.players[-1].status.get("title"):
                app.tell(status=late)
                until(lambda: app.players[-1].status == late, "Python's change")
                until(lambda: not app.documents[-1].session_callbacks, "what follows from it")
            server.send(message)

        route.on_message(pass_on)

    with watched(chromium, offline=False) as watch:
        watch.page.route_web_socket("**/ws*", hold_back)
        watch.page.goto(app.url)
        card = watch.page.locator(".av [role=alert]")
        card.wait_for()
        assert "Refused just then" in card.inner_text()


def test_python_and_browser_keep_in_step(chromium: Any, serve: Callable[..., App], tpot_replay: av.Replay) -> None:
    recording = tpot_replay.recording.to_bytes()
    app = serve(lambda: component(recording=recording, theme="light", window=WINDOW))
    with watched(chromium, offline=False) as watch:
        watch.page.goto(app.url)
        player = Player(watch.page)
        until(lambda: player.state["window"] == WINDOW, "the window of Python")
        assert player.state["theme"] == "light"
        app.tell(clock=MOMENT, filters={"country": {"in": ["US"]}}, speed=1200, theme="dark")
        until(lambda: player.state["clock"] == MOMENT, "the clock of Python")
        until(lambda: (player.state["speed"], player.state["theme"]) == (1200, "dark"), "speed and theme of Python")
        assert player.state["filters"] == {"country": {"in": ["US"]}}
        python = app.players[-1]
        player.set(speed=60, filters={})
        player.run("player.seek(arg)", "2025-02-19T00:00:00Z")
        until(lambda: python.clock == "2025-02-19T00:00:00.000Z", "the clock of the browser")
        until(lambda: (python.speed, python.filters) == (60, {}), "speed and filters of the browser")
        app.tell(playing=True)
        until(lambda: python.clock > "2025-02-19T00:00:01", "a clock that runs")
        assert player.state["playing"]
        app.tell(playing=False)
        until(lambda: not player.state["playing"], "a clock that stands")
        assert_quiet(watch, app.url)


def test_layers_of_ones_own_keep_their_colours(chromium: Any, serve: Callable[..., App]) -> None:
    import cartopy.crs as ccrs
    import geoviews as gv

    from attackviz.views import basemap

    site = gv.Points([mercator(*SAHARA)], crs=ccrs.GOOGLE_MERCATOR).opts(color="#ff0080", size=30)
    events = pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z"]), "src_lat": [50.1], "src_lon": [14.4]})
    recording = av.Replay(events).recording.to_bytes()
    app = serve(lambda: component(recording=recording, figure=basemap.figure() * site))
    with watched(chromium, offline=False) as watch:
        watch.page.goto(app.url)
        player = Player(watch.page)
        until(lambda: pixel(player, SAHARA) == (0xFF, 0, 0x80), "the site")
        player.set(theme="light")
        until(lambda: pixel(player, PACIFIC) == SEA["light"], "the light map")
        assert pixel(player, SAHARA) == (0xFF, 0, 0x80)
        assert_quiet(watch, app.url)
