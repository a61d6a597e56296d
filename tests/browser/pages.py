"""Pages under watch: what they ask for, say and raise is kept, and the player is driven through its own interface."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page

DESK = {"width": 1600, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 60  # seconds a condition may take; nothing is ever measured by it
LOCAL = ("file:", "data:", "blob:", "about:")

# Runs before anything of the page.
_BEFORE = """
globalThis.__violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  __violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""


@dataclass
class Watch:
    """What a context's pages did that somebody may ask about."""

    page: Page
    own: tuple[str, ...] = LOCAL
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def away(self) -> list[str]:
        """Requests that leave the machine, or would."""
        return [url for url in self.requests if not url.startswith(self.own)]

    def frames_have(self, name: str) -> bool:
        """Whether a global of this name exists in any frame."""
        return any(frame.evaluate("(name) => name in globalThis", name) for frame in self.page.frames)

    @property
    def violations(self) -> list[str]:
        """What the page's own policy forbade, in every frame."""
        return [line for frame in self.page.frames for line in frame.evaluate("globalThis.__violations ?? []")]

    def assert_quiet(self) -> None:
        """Fail if anything was requested, said, raised, opened or forbidden."""
        assert self.away == []
        assert self.said == []
        assert self.dialogs == []
        assert self.others == []
        assert self.violations == []


def _listen(context: BrowserContext, watch: Watch) -> None:
    context.on("request", lambda request: watch.requests.append(request.url))
    context.on("console", lambda message: message.type in ("error", "warning") and watch.said.append(message.text))
    context.on("weberror", lambda error: watch.said.append(str(error.error)))
    context.on("dialog", lambda dialog: (watch.dialogs.append(dialog.message), dialog.dismiss()))
    context.on("page", lambda page: watch.others.append(page.url))
    watch.page.on("websocket", lambda socket: watch.requests.append(socket.url))
    watch.page.on("crash", lambda _: watch.said.append("the page crashed"))


@contextmanager
def watched(browser: Browser, *, offline: bool = True, size: dict[str, int] = DESK, **options: Any) -> Iterator[Watch]:
    """Yield a watch over a fresh page; without a network unless told otherwise."""
    context = browser.new_context(viewport=size, service_workers="block", **options)
    try:
        context.set_default_timeout(PATIENCE * 1000)
        context.add_init_script(_BEFORE)
        watch = Watch(context.new_page())
        _listen(context, watch)
        if offline:
            context.set_offline(True)
            context.route(
                "**/*", lambda route: route.continue_() if route.request.url.startswith(LOCAL) else route.abort()
            )
        yield watch
    finally:
        context.close()


def until(condition: Callable[[], Any], what: str = "the condition", patience: float = PATIENCE) -> Any:
    """Return the first true value of a condition, asked again and again for a bounded time."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come true"
        time.sleep(0.02)


class Player:
    """The player of a page (or of a frame in it), wherever in its shadow trees, by its scripting interface."""

    def __init__(self, page: Page, within: FrameLocator | None = None) -> None:
        self.page = page
        self.root = (within or page).locator(".av")
        self.root.wait_for()
        until(lambda: self.run("return player?.state.status") not in (None, "loading"), "reading")

    def run(self, body: str, arg: Any = None) -> Any:
        """Run the body of a function of (player, root, arg)."""
        return self.root.evaluate(f"(root, arg) => {{ const player = root.player; {body} }}", arg)

    @property
    def state(self) -> dict[str, Any]:
        return self.run("return player.state")

    def set(self, **values: Any) -> None:
        """Set properties of the player: window, filters, scope, speed, theme."""
        self.run("Object.assign(player, arg)", values)

    def at(self, time: str) -> dict[str, Any]:
        """Go to a moment, draw it, and return the state there."""
        return self.run("return player.renderAt(arg)", time)

    def pixels(self) -> str:
        """Return the attack layer's picture, as a data URL: equal pixels, equal text."""
        return self.run("return player.canvas.toDataURL()")

    def settle(self) -> None:
        """Draw the moment anew with all lists and numbers, which otherwise follow a little later."""
        self.run("player.renderAt(player.state.t)")

    def texts(self, selector: str) -> list[str]:
        return self.root.locator(selector).all_inner_texts()

    # ---- what hands do, the same in every browser

    def press(self, *keys: str) -> None:
        """Press keys together, by Playwright's names."""
        self.page.keyboard.press("+".join(keys))

    def write(self, text: str) -> None:
        """Write text where the focus is, at once."""
        self.page.keyboard.insert_text(text)

    def point(self, x: float, y: float) -> None:
        """Move the pointer to a point of the page."""
        self.page.mouse.move(x, y)

    def click(self, selector: str, number: int = 0) -> bool:
        """Click one of the elements, if it is visible; return whether it is."""
        found = self.root.locator(selector).nth(number)
        visible = found.is_visible()
        if visible:
            found.click()
        return visible


class Live(Player):
    """A player of live events, as a viewer sees it."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        until(lambda: self.live and self.live["connection"] == "open" and self.state["status"] == "ready", "the socket")

    @property
    def live(self) -> dict[str, Any]:
        return self.run("return player.state.live")

    def sees(self, event_id: str) -> dict[str, Any]:
        """Wait until an event is in the feed by its own id, counted and with an arc; return the state then.

        It must be of about now, have a location, and be among the newest.
        """
        has = "return [...root.querySelectorAll('[data-event]')].some((row) => row.dataset.event === arg)"
        until(lambda: self.run(has, event_id), f"{event_id} in the feed")
        state = self.state
        if not state["drawn"]:  # paths stay half a minute, a slow machine takes longer: back to its moment
            state = self.run(
                "const { engine } = player; let i = engine.rec.n - 1; while (i > 0 && engine.rec.idOf(i) !== arg) i--;"
                "const state = player.renderAt(engine.timeUs(engine.rec.t[i]) / 1000 + 200); player.follow();"
                "return state",
                event_id,
            )
        assert state["drawn"] > 0
        assert state["counts"]["events"] > 0
        return state

    def holds(self, events: int) -> None:
        """Wait until so many events are in the browser."""
        until(lambda: self.live["held"] == events, f"{events} events in the browser")

    def hide(self, hidden: bool) -> None:
        """Let the page believe that its tab was hidden, or is looked at again."""
        self.page.evaluate(
            "(hidden) => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });"
            " document.dispatchEvent(new Event('visibilitychange')); }",
            hidden,
        )


def open_live(watch: Watch, url: str) -> Live:
    """Open a live dashboard; its own server is nothing that a page may not ask."""
    watch.own = (*LOCAL, url, url.replace("http", "ws", 1))
    watch.page.goto(url)
    return Live(watch.page)


@contextmanager
def served(*arguments: str | Path, command: str = "serve") -> Iterator[str]:
    """Yield the address of a dashboard, served as a user serves it."""
    line = [sys.executable, "-m", "attackviz", command, *map(str, arguments), "--port", "0", "--no-browser"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield next(found[0] for said in process.stderr if (found := re.search(r"http://\S+/", said)))
        finally:
            process.terminate()


def open_dashboard(watch: Watch, url: str) -> Player:
    """Open a dashboard; its own server is nothing that a page may not ask."""
    watch.own = (*LOCAL, url, url.replace("http", "ws", 1))
    watch.page.goto(url)
    return Player(watch.page)


def open_page(watch: Watch, path: Path) -> Player:
    """Open an exported page from disk."""
    watch.page.goto(path.as_uri())
    return Player(watch.page)
