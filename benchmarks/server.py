"""Servers started fresh on a free port of this machine, and ended."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .process import ROOT, environment, python

PATIENCE = 60  # seconds until a server must listen


@dataclass(frozen=True)
class Server:
    """Hold a running server.

    Attributes
    ----------
    pid : int
    url : str
    began : float
        When it was started, by `time.perf_counter`.
    """

    pid: int
    url: str
    began: float

    def since(self) -> float:
        """Return the seconds since it was started."""
        return time.perf_counter() - self.began

    def until_listening(self) -> float:
        """Return after how many seconds connections were accepted."""
        host, port = urllib.parse.urlsplit(self.url).netloc.split(":")
        while self.since() < PATIENCE:
            try:
                socket.create_connection((host, int(port)), PATIENCE).close()
                return self.since()
            except ConnectionError:
                time.sleep(0.01)
        raise RuntimeError(f"nobody listens after {PATIENCE} s")


def free_port() -> int:
    """Return a port nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(command: Sequence[str], port: int, path: str = "/") -> Iterator[Server]:
    """Run a server; end it afterwards."""
    began = time.perf_counter()
    child = subprocess.Popen(command, env=environment(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Server(child.pid, f"http://127.0.0.1:{port}{path}", began)
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def ours(address: str, port: int) -> list[str]:
    """Return the command that serves the dashboard."""
    return python("-m", "attackviz", "serve", address, "--port", str(port), "--no-browser")


def panel(app: str, port: int, *arguments: str) -> list[str]:
    """Return the command that serves one of today's apps."""
    script = str(ROOT / "benchmarks" / "today" / f"{app}.py")
    return python("-m", "panel", "serve", script, "--port", str(port), "--args", *arguments)
