"""A stock Firefox, driven by what it speaks itself: WebDriver BiDi over a WebSocket (w3.org/TR/webdriver-bidi)."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

from .pages import DESK, LOCAL, PATIENCE, Player, until

NAMES = ("firefox-esr", "firefox")
# A profile that calls nobody by itself: whoever knocks at the proxy was sent by a page.
SETTINGS = {
    "network.proxy.type": 1,
    "network.proxy.allow_hijacking_localhost": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "app.normandy.enabled": False,
    "dom.push.connection.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "browser.startup.page": 0,
    "ui.prefersReducedMotion": 0,
}
MAKERS = ("mozilla.org", "mozilla.com", "mozilla.net", "firefox.com", "googleapis.com")  # it may still ask those
KEYS = {"Escape": "\ue00c", "Shift": "\ue008", "ArrowLeft": "\ue012", "ArrowRight": "\ue014", "Space": " "}
HEARD = ["log", "network.beforeRequestSent", "browsingContext.userPromptOpened", "browsingContext.contextCreated"]
# Runs before anything of a page.
_BEFORE = """() => {
  globalThis.__violations = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    __violations.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
}"""

# The middle of a visible element, once nothing lies over it.
_MIDDLE = """
const element = root.querySelectorAll(arg[0])[arg[1]];
if (!element?.checkVisibility({ visibilityProperty: true })) return null;
element.scrollIntoView({ block: 'nearest' });
const { x, y, width, height } = element.getBoundingClientRect(), middle = [x + width / 2, y + height / 2];
if (!element.contains(document.elementFromPoint(...middle))) throw new Error(`${arg[0]} is covered`);
return middle;
"""


class Firefox:
    """A running browser with one tab; what its pages ask for and say is kept until the next page opens."""

    def __init__(self, socket: WebSocket, proxy: socket.socket) -> None:
        self._socket, self._proxy, self._last = socket, proxy, 0
        self.heard: list[dict[str, Any]] = []
        self.call("session.new", capabilities={"alwaysMatch": {"unhandledPromptBehavior": {"default": "dismiss"}}})
        self.call("session.subscribe", events=HEARD)
        self.call("script.addPreloadScript", functionDeclaration=_BEFORE)
        self.tab = self.call("browsingContext.getTree")["contexts"][0]["context"]
        self.call("browsingContext.setViewport", context=self.tab, viewport=DESK, devicePixelRatio=1)

    def call(self, method: str, **params: Any) -> Any:
        """Return the answer to a command; keep what is told meanwhile."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while (answer := json.loads(self._socket.recv())).get("id") != self._last:
            self.heard.append(answer)
        assert answer["type"] == "success", f"{method}: {answer.get('message')}"
        return answer["result"]

    def goto(self, url: str) -> None:
        """Open a page in the tab, and forget what was heard before."""
        self.call("browsingContext.navigate", context=self.tab, url="about:blank", wait="complete")
        self.heard.clear()
        self.call("browsingContext.navigate", context=self.tab, url=url, wait="interactive")

    def evaluate(self, function: str, arg: Any = None) -> Any:
        """Return what a function says of an argument, as JSON."""
        expression = f"(async () => JSON.stringify((await ({function})({json.dumps(arg)})) ?? null))()"
        target = {"context": self.tab}
        result = self.call("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert result["type"] == "success", result["exceptionDetails"]["text"]
        return json.loads(result["result"]["value"])

    def act(self, kind: str, *actions: dict[str, Any]) -> None:
        """Have the keyboard (``"key"``) or the mouse (``"pointer"``) do something."""
        self.call("input.performActions", context=self.tab, actions=[{"type": kind, "id": kind, "actions": actions}])

    def shot(self) -> bytes:
        """Return what is seen, as PNG."""
        return b64decode(self.call("browsingContext.captureScreenshot", context=self.tab)["data"])

    def assert_quiet(self) -> None:
        """Fail if anything was requested, said, raised, opened or forbidden since the page opened."""
        assert self.evaluate("() => globalThis.__violations") == []
        heard = [(each["method"], each["params"]) for each in self.heard]
        requests = [said["request"]["url"] for name, said in heard if name == "network.beforeRequestSent"]
        assert [url for url in requests if not url.startswith(LOCAL)] == []
        said = [said["text"] for name, said in heard if name == "log.entryAdded" and said["level"] in ("error", "warn")]
        assert said == []
        assert [said for name, said in heard if name.startswith("browsingContext")] == []
        assert [line for line in self._knocks() if not line.partition(":")[0].endswith(MAKERS)] == []

    def _knocks(self) -> Iterator[str]:
        while True:
            try:
                caller, _ = self._proxy.accept()
            except BlockingIOError:
                return
            with caller:
                caller.settimeout(1)
                with suppress(OSError):
                    yield caller.recv(200).decode("latin-1").partition("\r")[0]


@contextmanager
def firefox(program: str, profile: Path) -> Iterator[Firefox]:
    """Run a headless Firefox on an empty profile; its only way out is a proxy that lets nothing through."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        port = proxy.getsockname()[1]
        ways = {f"network.proxy.{kind}": "127.0.0.1" for kind in ("http", "ssl")}
        ports = {f"network.proxy.{kind}_port": port for kind in ("http", "ssl")}
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in {**SETTINGS, **ways, **ports}.items()]
        (profile / "user.js").write_text("".join(lines))
        line = [program, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile)]
        env = {**os.environ, "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"}  # else its settings may not be sent elsewhere
        with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env) as process:
            told = profile / "WebDriverBiDiServer.json"
            try:
                until(lambda: process.poll() is not None or (told.exists() and told.read_text()), "Firefox's port")
                assert process.poll() is None, "Firefox ended"
                address = f"ws://127.0.0.1:{json.loads(told.read_text())['ws_port']}/session"
                with closing(create_connection(address, PATIENCE, suppress_origin=True)) as connection:
                    browser = Firefox(connection, proxy)
                    yield browser
                    browser.call("browser.close")
                process.wait(PATIENCE)
            finally:
                process.kill()


def found() -> str | None:
    """Return the path of a Firefox on this machine."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class FirefoxPlayer(Player):
    """The player of the page that is open in Firefox."""

    def __init__(self, browser: Firefox) -> None:
        self.browser = browser
        until(lambda: self.run("return player?.state.status") not in (None, "loading"), "reading")

    def run(self, body: str, arg: Any = None) -> Any:
        given = "const root = document.querySelector('.av'), player = root?.player"
        return self.browser.evaluate(f"(arg) => {{ {given}; {body} }}", arg)

    def texts(self, selector: str) -> list[str]:
        return self.run("return [...root.querySelectorAll(arg)].map((element) => element.innerText)", selector)

    def press(self, *keys: str) -> None:
        values = [KEYS.get(key, key) for key in keys]
        downs = [{"type": "keyDown", "value": value} for value in values]
        ups = [{"type": "keyUp", "value": value} for value in reversed(values)]
        self.browser.act("key", *downs, *ups)

    def write(self, text: str) -> None:
        self.run("document.execCommand('insertText', false, arg)", text)

    def point(self, x: float, y: float) -> None:
        self.browser.act("pointer", {"type": "pointerMove", "x": round(x), "y": round(y)})

    def click(self, selector: str, number: int = 0) -> bool:
        middle = self.run(_MIDDLE, [selector, number])
        if middle:
            self.point(*middle)
            self.browser.act("pointer", {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0})
        return bool(middle)
