"""Live servers for tests: in a thread of this process, or a process of their own."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import panel as pn
from tornado.ioloop import IOLoop

from attackviz.live import Live, LiveSettings
from attackviz.live.provider import TokenProvider
from attackviz.live.routes import routes

T = TypeVar("T")

PUSH, VIEW = "a-token-to-push-with", "a-token-to-look-with"


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server(NamedTuple):
    """Where a server listens, and what it is made of if it runs here."""

    port: int
    live: Live | None = None
    host: str = "127.0.0.1"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 120,
        source: str = "127.0.0.1",
    ) -> Answer:
        connection = HTTPConnection(self.host, self.port, timeout=timeout, source_address=(source, 0))
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, body: Any, path: str = "/api/events", **headers: str) -> Answer:
        return self.ask("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})


def event(number: int, **more: Any) -> dict[str, Any]:
    """Return one of many events, as a program pushes it."""
    second, micro = divmod(number, 1_000_000)
    return {
        "time": f"2026-02-20T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}.{micro:06}Z",
        "src_ip": f"8.8.{number // 250 % 250}.{number % 250}",
        "category": ("ssh", "http", "telnet")[number % 3],
        "verdict": ("mitigated", "detected", "suspicious")[number % 3],
        "event_id": f"event-{number}",
        **more,
    }


def lines(events: Any) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in events).encode()


def packed(events: Any) -> bytes:
    return gzip.compress(lines(events), 1, mtime=0)


@contextmanager
def serving(settings: LiveSettings, host: str = "127.0.0.1", **more: Any) -> Iterator[Server]:
    """Run a server in a thread, with Panel's own around it."""
    live = Live(settings).start()
    made: list[Any] = []
    ready = threading.Event()

    def run() -> None:
        loop = IOLoop(make_current=False)
        asyncio.set_event_loop(loop.asyncio_loop)
        if settings.tokens.needed("view"):
            more["auth_provider"] = TokenProvider(lambda: live)
        server = pn.io.server.get_server(
            {"/": lambda: pn.pane.Str("a page")},
            port=0,
            address=host,
            loop=loop,
            websocket_origin=["localhost:1", "allowed.example:443"],
            show=False,
            start=False,
            extra_patterns=routes(lambda: live, login=settings.tokens.needed("view")),
            http_server_kwargs={"idle_connection_timeout": 2},
            **more,
        )
        server.start()
        made.extend([loop, server])
        ready.set()
        loop.start()
        server.stop()
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield Server(made[1].port, live)
    finally:
        made[0].add_callback(made[0].stop)
        thread.join(30)
        live.stop()


class Process:
    """A server of the command line."""

    def __init__(
        self,
        *arguments: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "attackviz"),
    ) -> None:
        command = [sys.executable, *program, "serve", "--live", "--port", "0", "--no-browser", *arguments]
        self._process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=cwd, env=env, text=True
        )
        self.said: list[str] = []
        self.port = 0
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line)
            if found := re.search(r"live at http://localhost:(\d+)/", line):
                self.port = int(found[1])
                break
        if not self.port:
            raise RuntimeError("".join(self.said))
        self._rest = threading.Thread(target=self._drain, daemon=True)
        self._rest.start()

    def _drain(self) -> None:
        assert self._process.stderr is not None
        self.said.extend(self._process.stderr)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def server(self) -> Server:
        return Server(self.port)

    def end(self, how: int = signal.SIGTERM) -> int:
        self._process.send_signal(how)
        code = self._process.wait(60)
        self._rest.join(30)
        if self._process.stderr is not None:
            self._process.stderr.close()
        return code

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.end(signal.SIGKILL)


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until a condition holds; return what it gave."""
    pause = threading.Event()
    for _ in range(int(seconds * 50)):
        if found := condition():
            return found
        pause.wait(0.02)
    raise AssertionError(f"it did not come to hold within {seconds} seconds")


def finished(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, in a thread of its own: where browsers are, this one has a loop that runs already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
