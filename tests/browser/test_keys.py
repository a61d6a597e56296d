"""Keys, names, focus, motion and sizes: the player without a mouse, without motion, and on any screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .pages import DESK, PHONE, Player, Watch, open_page, until, watched

WINDOW = ["2025-02-18T00:00:00.000Z", "2025-02-21T00:00:00.000Z"]
MOMENT = "2025-02-20T05:42:10.000Z"
SIZES = {"phone": PHONE, "small": {"width": 800, "height": 700}, "middle": {"width": 1360, "height": 800}, "desk": DESK}
CONTROLS = "button, input, select, textarea, a[href], [tabindex], [role=button], [role=slider], [role=option]"


@pytest.fixture(scope="module")
def watch(chromium: Any, tpot_page: Path) -> Iterator[Watch]:
    with watched(chromium) as watch:
        open_page(watch, tpot_page)
        yield watch


@pytest.fixture
def player(watch: Watch) -> Iterator[Player]:
    player = Player(watch.page)
    watch.page.set_viewport_size(DESK)
    for _ in range(3):
        watch.page.keyboard.press("Escape")
    player.run("document.activeElement.blur(); player.pause()")
    player.run("player.engine.set({loop: false, skipQuiet: false, trail: 0, selected: null, hover: null})")
    player.set(filters={}, window=WINDOW, scope="trail", speed=600, theme="dark")
    watch.page.keyboard.press("0")
    player.at(MOMENT)
    yield player
    watch.assert_quiet()


def press(player: Player, *keys: str) -> dict[str, Any]:
    for key in keys:
        player.page.keyboard.press(key)
    return player.state


# ---- keys


def test_space_plays_and_pauses(player: Player) -> None:
    assert press(player, "Space")["playing"]
    assert not press(player, "Space")["playing"]


def test_space_goes_to_the_clock_after_a_click_but_to_a_button_reached_by_tab(player: Player) -> None:
    player.root.get_by_role("button", name="Loop").click()
    state = press(player, "Space")
    assert state["playing"]
    assert state["loop"]
    press(player, "Space")
    player.root.get_by_role("button", name="Step one bin back").focus()
    state = press(player, "Tab", "Space")  # the play button itself
    assert state["playing"]
    state = press(player, "Tab", "Tab", "Tab", "Space")
    assert not state["loop"]
    assert state["playing"]


def test_steps_by_bins(player: Player) -> None:
    quarter = 15 * 60_000
    assert player.state["bins_ms"] == quarter
    assert press(player, ".")["clock"] == "2025-02-20T05:45:00.000Z"
    assert press(player, ".")["clock"] == "2025-02-20T06:00:00.000Z"
    assert press(player, ",", ",")["clock"] == "2025-02-20T05:30:00.000Z"


def test_speed_and_edges(player: Player) -> None:
    assert press(player, "]")["speed"] == 1800
    assert press(player, "[", "[")["speed"] == 300
    assert press(player, "Home")["clock"] == WINDOW[0]
    assert press(player, "End")["clock"] == WINDOW[1]


@pytest.mark.parametrize(("key", "name"), [("l", "loop"), ("k", "skipQuiet"), ("L", "loop")])
def test_switches(player: Player, key: str, name: str) -> None:
    assert press(player, key)[name] is True
    assert press(player, key)[name] is False


def test_categories(player: Player) -> None:
    assert press(player, "1")["filters"] == {"slot": {"not": [0]}}
    assert press(player, "3")["filters"] == {"slot": {"not": [0, 2]}}
    assert press(player, "1", "3")["filters"] == {}
    alone = press(player, "Alt+2")
    assert alone["filters"] == {"slot": {"not": [0, 2, 3, 4, 5, 6, 7]}}
    assert alone["counts"]["events"] == alone["counts"]["byCategory"]["Remote desktop"] > 0
    assert press(player, "Alt+2")["filters"] == {}
    for key in "12345678":
        press(player, key)
    player.settle()
    assert player.state["counts"]["events"] == 0
    assert "No event passes the filters" in player.texts(".av-state")[0]
    player.root.get_by_role("button", name="Clear filters").click()
    assert player.state["filters"] == {}


def test_map_keys(player: Player) -> None:
    home = player.state["map"]
    near = press(player, "+")["map"]
    assert near["x1"] - near["x0"] == pytest.approx((home["x1"] - home["x0"]) / 1.6)
    centred = press(player, "t")["map"]
    target = player.run("return player.engine.index.drawnTargets[0].mx")
    assert (centred["x0"] + centred["x1"]) / 2 == pytest.approx(target, abs=1)
    out = press(player, "-")["map"]
    assert out["x1"] - out["x0"] > centred["x1"] - centred["x0"]
    assert press(player, "0")["map"] == home


def test_theme(player: Player) -> None:
    ground = "return getComputedStyle(root).backgroundColor"
    dark = player.run(ground)
    assert press(player, "d")["theme"] == "light"
    assert player.run(ground) != dark
    assert press(player, "d")["theme"] == "dark"


def test_full_screen(player: Player) -> None:
    press(player, "f")
    until(lambda: player.run("return document.fullscreenElement === root"), "full screen")
    press(player, "f")
    until(lambda: player.run("return document.fullscreenElement === null"), "the way back")
    until(lambda: player.page.evaluate("innerWidth") == DESK["width"], "the old size")


def test_panels_open_take_the_focus_and_give_it_back(player: Player) -> None:
    press(player, "b")
    filters = player.root.get_by_role("region", name="Filters")
    assert filters.is_visible()
    press(player, "Escape")
    assert not filters.is_visible()
    press(player, "/")
    field = player.root.get_by_role("combobox", name="Find address, network, place")
    assert field.evaluate("(e) => e === e.getRootNode().activeElement")
    # In a field, keys are text.
    before = player.state
    press(player, "l", "d", "1", "Space", ".")
    assert field.input_value() == "ld1 ."
    assert {**player.state, "counts": None} == {**before, "counts": None}
    press(player, "Escape", "Escape")
    assert field.count() == 0
    press(player, "?")
    keys = player.root.get_by_role("dialog", name="Keys")
    assert "play or pause" in keys.inner_text()
    press(player, "Escape")
    assert keys.count() == 0
    settings = player.root.get_by_role("button", name="Settings").first
    settings.click()
    press(player, "Escape")
    assert settings.evaluate("(e) => e === e.getRootNode().activeElement")


def test_find_selects_an_address_and_filters_by_a_country(player: Player) -> None:
    press(player, "/")
    player.page.keyboard.insert_text("139.196.216.232")
    press(player, "Enter")
    card = player.root.get_by_role("dialog", name="Source 139.196.216.232")
    assert "Shanghai" in card.inner_text()
    press(player, "Escape")
    assert not card.is_visible()
    press(player, "/")
    player.page.keyboard.insert_text("serbia")
    press(player, "Enter")
    assert player.state["filters"] == {"country": {"in": ["RS"]}}
    assert player.state["counts"]["countries"] == 1


def test_the_timeline_is_a_slider(player: Player) -> None:
    slider = player.root.get_by_role("slider")
    slider.focus()
    assert press(player, "ArrowRight")["clock"] == "2025-02-20T05:45:00.000Z"
    player.settle()
    assert slider.get_attribute("aria-valuetext") == "Thu 20 Feb 2025 05:45:00 UTC"
    assert press(player, "PageDown")["clock"] == "2025-02-20T03:15:00.000Z"


def test_keys_of_the_browser_are_left_alone(player: Player) -> None:
    before = player.state
    for key in ("Control+l", "Control+1", "Meta+d", "Control+]"):
        player.run("root.addEventListener('keydown', (e) => { window.__taken = e.defaultPrevented }, {once: true})")
        press(player, key)
        assert player.state == before


# ---- names and focus


def named(player: Player) -> list[str]:
    """Return controls in view without a name that a screen reader could say."""
    return player.run(
        """
        return [...root.querySelectorAll(arg)].filter((e) => {
          if (!e.checkVisibility() || e.tabIndex < 0 && !e.matches('button, [role=option]')) return false;
          const by = e.getAttribute('aria-labelledby');
          const label = e.getAttribute('aria-label') || (by && document.getElementById(by)?.textContent)
            || (e.labels?.length && e.labels[0].textContent) || e.innerText;
          return !label?.trim();
        }).map((e) => e.outerHTML.slice(0, 200));""",
        CONTROLS,
    )


@pytest.mark.parametrize("size", SIZES)
def test_every_control_has_a_name(player: Player, size: str) -> None:
    player.page.set_viewport_size(SIZES[size])
    player.run("player.layout()")
    player.settle()
    assert named(player) == []
    tree = player.root.aria_snapshot()
    for role in ("button", "slider", "textbox", "combobox", "checkbox", "tab", "menuitemradio", "radio", "link"):
        for line in tree.splitlines():
            words = line.strip().removeprefix("- ").rstrip(":")
            assert words != role, f"{role} without a name"
    for keys in (["b"], ["Escape", "/"], ["Escape", "?"]):
        press(player, *keys)
        player.settle()
        assert named(player) == []
    press(player, "Escape")
    player.run("player.engine.set({selected: {kind: 'place', id: 0}})")
    player.settle()
    assert named(player) == []


def test_landmarks(player: Player) -> None:
    for role, name in (
        ("banner", None),
        ("navigation", "Panels"),
        ("region", "Map"),
        ("region", "Timeline"),
        ("complementary", "Numbers"),
    ):
        found = player.page.get_by_role(role, name=name) if name else player.page.get_by_role(role)  # type: ignore[arg-type]
        assert found.count() == 1, role
    label = player.root.locator("canvas.av-layer").get_attribute("aria-label")
    state = player.state
    assert (
        label
        == f"Map of attacks: {state['drawn']} of {state['counts']['events']} events drawn, from "
        + label.split("from ")[1]
    )


def test_tab_goes_once_around_in_reading_order(player: Player) -> None:
    """The order of the parts is top, rail, map, dock, side; nothing holds the focus, nothing out of sight takes it."""
    order: list[str] = []
    for _ in range(120):
        press(player, "Tab")
        at = player.run(
            """
            const e = root.getRootNode().activeElement;
            if (!root.contains(e)) return null;
            const r = e.getBoundingClientRect(), style = getComputedStyle(e);
            const part = e.closest('.av-top, .av-rail, .av-filters, .av-map, .av-dock, .av-side');
            const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
            const seen = e.checkVisibility() && r.width > 0 && r.height > 0;
            return [part?.className.split(' ')[0] ?? '', seen, outlined, e.outerHTML.slice(0, 160)];"""
        )
        if at is None:
            break
        part, seen, outlined, html = at
        assert seen, html
        assert outlined, html
        order.append(part)
    else:
        pytest.fail("the focus never leaves the player")
    parts = [part for k, part in enumerate(order) if k == 0 or order[k - 1] != part]
    assert parts == ["av-top", "av-rail", "av-map", "av-dock", "av-side"]


def test_tooltips(player: Player) -> None:
    page = player.page
    ring = player.run(
        """
        const c = player.canvas.getBoundingClientRect();
        const frame = player.engine.frame(player.state.map);
        const own = frame.rings.filter((r) => player.engine.hit(frame, r.x, r.y).id === r.place);
        const ring = own.reduce((a, b) => (b.n > a.n ? b : a));
        return { x: c.x + ring.x, y: c.y + ring.y, n: ring.n };"""
    )
    page.mouse.move(ring["x"], ring["y"])
    tip = player.root.locator(".av-map .av-tip")
    tip.wait_for()
    assert f"{ring['n']:,}" in tip.inner_text()
    page.mouse.click(ring["x"], ring["y"])
    assert player.state["selected"] is not None
    player.settle()
    assert player.root.locator(".av-card").is_visible()
    box = player.root.locator(".av-timeline").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 100)
    over = player.root.locator(".av > .av-tip, > .av-tip")
    over.first.wait_for()
    assert "Feb" in over.first.inner_text()
    # Never over the clock.
    a, b = over.first.bounding_box(), player.root.locator(".av-clock").bounding_box()
    assert a is not None
    assert b is not None
    assert a["y"] + a["height"] <= b["y"] or a["x"] + a["width"] <= b["x"] or a["x"] >= b["x"] + b["width"]
    page.mouse.move(700, 200)
    assert not over.first.is_visible()


# ---- motion, schemes, sizes


def test_reduced_motion(chromium: Any, tpot_page: Path) -> None:
    with watched(chromium, reduced_motion="reduce") as watch:
        player = open_page(watch, tpot_page)
        assert player.state["reducedMotion"]
        player.run("player.configure({autoplay: true})")
        assert not player.state["playing"]
        player.set(window=WINDOW, speed=600)
        player.at(MOMENT)
        # Whole paths without heads: their pictures are others, and come back the same.
        still = player.pixels()
        for motion, same in ((False, False), (True, True)):
            player.run("player.engine.set({reducedMotion: arg})", motion)
            player.at(MOMENT)
            assert (player.pixels() == still) == same
        # What is in the trail still counts, and scrubbing still works.
        press(player, "End", "Home", ".")
        assert player.state["clock"] == "2025-02-18T00:15:00.000Z"
        running = player.run("return document.getAnimations().filter((a) => a.playState === 'running').length")
        assert running == 0
        watch.assert_quiet()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
def test_fits(player: Player, size: str, theme: str) -> None:
    """Nothing is cut off at the right, and nothing lies over the honesty line."""
    player.page.set_viewport_size(SIZES[size])
    player.set(theme=theme)
    player.run("player.layout()")
    for keys in ([], ["b"]):
        press(player, *keys)
        player.at(MOMENT)
        faults = player.run(
            """
            const out = [], { scrollWidth } = document.scrollingElement;
            if (scrollWidth > innerWidth) out.push(`the page is ${scrollWidth} px wide`);
            const scrolls = (e) => /auto|scroll/.test(getComputedStyle(e).overflowX);
            const inside = (e) => e === root || (!scrolls(e) && inside(e.parentElement));
            for (const e of root.querySelectorAll('*')) {
              if (!e.checkVisibility() || e.closest('.av-sr, svg') || !inside(e)) continue;
              const { width, left, right } = e.getBoundingClientRect();
              if (width && (left < -1 || right > innerWidth + 1)) out.push(`${e.className} from ${left} to ${right}`);
              const hides = getComputedStyle(e).overflowX === 'hidden' && e.scrollWidth > e.clientWidth + 1;
              if (hides && e.matches('.av-n, .av-val, .av-time, .av-honest-text')) out.push(`cut: ${e.textContent}`);
            }
            return out;"""
        )
        assert faults == []
        honest = player.root.locator(".av-honest-text")
        honest.scroll_into_view_if_needed()
        assert "source address, not attribution" in honest.inner_text()
        if size == "phone" and keys:
            continue  # a sheet covers it there
        # The honesty line is never cut and nothing lies over it.
        assert (
            player.run(
                """
            const parts = [...root.querySelectorAll('.av-honest-text .av-part')];
            const lines = parts.flatMap((part) => [...part.getClientRects()]);
            return lines.filter((line) => ![0.02, 0.5, 0.98].every((part) => {
              const e = root.getRootNode().elementFromPoint(line.left + line.width * part, line.top + line.height / 2);
              return e?.closest('.av-honest, .av-map') && !e.closest('.av-filters, .av-side');
            })).map((line) => [line.left, line.right, line.top]);"""
            )
            == []
        )
    press(player, "Escape")


@pytest.mark.parametrize("width", [1366, 1440])
def test_a_laptop_keeps_what_the_dock_has_room_for(player: Player, width: int) -> None:
    """Words go before the controls they belong to."""
    player.page.set_viewport_size({"width": width, "height": 900})
    player.set(window=WINDOW, speed=600)
    player.run("player.layout()")
    player.at(MOMENT)
    for control in (".av-bursts", ".av-speed .av-lean", ".av-transport .av-right .av-btn:has-text('Trail')"):
        until(player.root.locator(control).first.is_visible, control)


def test_touch_targets_on_a_phone(chromium: Any, tpot_page: Path) -> None:
    with watched(chromium, size=PHONE, has_touch=True, is_mobile=True) as watch:
        player = open_page(watch, tpot_page)
        player.at(MOMENT)
        small = player.run(
            """
            return [...root.querySelectorAll('.av-top button, .av-transport button, .av-legend .av-lg, .av-seg button')]
              .filter((e) => e.checkVisibility()).map((e) => {
                const r = e.getBoundingClientRect(), after = getComputedStyle(e, '::after');
                const grown = after.position === 'absolute' ? parseFloat(after.height) || 0 : 0;
                return [e.getAttribute('aria-label') ?? e.innerText, Math.max(r.height, grown)];
              }).filter(([, tall]) => tall < 43.5);"""
        )
        assert small == []
        before = player.state["t"]
        line = player.root.locator(".av-timeline").bounding_box()
        assert line is not None
        player.page.touchscreen.tap(line["x"] + 200, line["y"] + 40)
        assert player.state["t"] != before
        player.root.get_by_role("button", name="Play", exact=True).tap()
        assert player.state["playing"]
        watch.assert_quiet()
