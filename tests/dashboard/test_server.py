"""The server as a user starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from attackviz.dashboard.server import free_port
from attackviz.errors import ServeError

ROOT = Path(__file__).parents[2]
LONG = 120  # seconds a loaded machine may take; nothing is ever measured by it


@contextmanager
def served(*args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "attackviz", *args, "--no-browser"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True)
    try:
        line = process.stderr.readline()
        yield process, re.search(r"http://\S+", line)[0]
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=LONG) as answer:
        return answer.status, answer.read().decode("utf-8", "replace")


def test_serve_says_its_url_when_it_answers_and_stops_when_asked(samples):
    with served("serve", str(samples / "tpot-2025"), "--port", "0") as (process, url):
        status, page = get(url)
        assert status == 200
        assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*', page) == []
        assert get(f"{url}favicon.ico")[0] == 200
        os.killpg(process.pid, signal.SIGINT)  # as the terminal does: to all of its group
        assert process.wait(LONG) == 0
        assert process.stderr.read() == ""


def test_demo_plays_the_sample():
    with served("demo", "--port", "0") as (process, url):
        assert get(url)[0] == 200
        process.terminate()
        assert process.wait(LONG) == 0


def test_a_port_in_use_is_one_sentence(samples):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "attackviz", "serve", str(samples / "tpot-2025"), "--port", str(port)]
        done = subprocess.run([*command, "--no-browser"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"port {port} is in use" in done.stderr
    assert "--port" in done.stderr


def test_ports_are_checked_before_anything_long():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ServeError, match="in use"):
        free_port("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(ServeError, match="no address of this machine"):
        free_port("203.0.113.9", 0)
    assert free_port("127.0.0.1", 0) > 0


def test_panel_serves_the_app(samples, tmp_path):
    panel = Path(sys.executable).with_name("panel")
    command = [panel, "serve", str(ROOT / "apps" / "dashboard.py"), "--port", "0", "--args"]
    log = tmp_path / "log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [*command, str(samples / "tpot-2025" / "honeytrap_5k.json.tar.gz")], stdout=said, stderr=said, cwd=ROOT
        )
    try:
        end = time.monotonic() + LONG
        while not (running := re.search(r"running at: (http://\S+)", log.read_text())):
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        status, page = get(running[1])
        assert status == 200
        assert "<title>attackviz</title>" in page
        assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*', page) == []
    finally:
        process.terminate()
        process.wait(LONG)
    assert "Traceback" not in log.read_text()
