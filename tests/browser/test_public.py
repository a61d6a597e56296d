"""A public server in a real browser: no byte and no file that reaches it holds what is not for everyone."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from playwright.sync_api import Browser, WebSocket

from attackviz.replay import load

from ..dashboard.test_public import EVENTS, clean, clean_recording, write_secrets
from ..live.servers import Process, lines
from ..live.test_public import ROWS, secrets
from .pages import DESK, Live, Player, Watch, open_dashboard, open_live, served, until, watched
from .test_export import exported

SECRET = re.compile(rb"canary|8\.8\.4\.[1-9]")


@contextmanager
def overheard(chromium: Browser) -> Iterator[tuple[Watch, list[bytes]]]:
    """Yield a watch, and all that its page is sent."""
    heard: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: heard.append(frame.encode() if isinstance(frame, str) else frame))

    with watched(chromium, offline=False, size=DESK, reduced_motion="reduce") as watch:
        watch.page.on("websocket", listen)
        yield watch, heard


def assert_clean(player: Player, heard: list[bytes]) -> None:
    """Look at what was sent, at the page made of it, and at its address."""
    for data in [*heard, player.page.content().encode(), player.page.url.encode(), player.root.inner_text().encode()]:
        found = SECRET.search(data)
        assert found is None, found


def test_a_replay_for_everyone(chromium: Browser, tmp_path: Path) -> None:
    logs = write_secrets(tmp_path / "canary-logs")
    with served(logs, "--public") as url, overheard(chromium) as (watch, heard):
        player = open_dashboard(watch, url)
        recordings = [load(gzip.decompress(data)) for data in heard if data.startswith(b"\x1f\x8b")]
        assert [recording.header["totals"]["events"] for recording in recordings] == [2 * EVENTS]
        clean_recording(recordings[0])
        assert_clean(player, heard)
        download = exported(player, "Table")  # there is no choice
        player.page.keyboard.press("e")
        assert player.root.get_by_role("checkbox", name="Redacted").is_disabled()
        player.page.keyboard.press("Escape")
        report = exported(player, "Report")
        download.save_as(tmp_path / "events.csv")
        report.save_as(tmp_path / "report.html")
        assert watch.said == []
    table = (tmp_path / "events.csv").read_text()
    clean(table)
    assert table.count("8.8.4.0/24") == 2 * EVENTS
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert SECRET.search(page.encode()) is None
    assert "8.8.4.0/24" in page
    assert "what is called an address here is a network" in page


def test_live_for_everyone(chromium: Browser, tmp_path: Path) -> None:
    source = tmp_path / "canary-source" / "eve.json"
    arguments = ("--public", "--tape", str(tmp_path / "canary-tape"), "--from", str(source))
    with Process(*arguments) as process, overheard(chromium) as (watch, heard):
        player: Live = open_live(watch, f"http://localhost:{process.port}/")
        assert process.server.post(lines(secrets(0))).json["accepted"] == ROWS
        player.holds(ROWS)
        until(lambda: "8.8.4.0/24" in player.root.inner_text(), "the network in the lists")
        assert "redacted" in player.root.inner_text()
        assert_clean(player, heard)
        tables = [pa.ipc.open_stream(data).read_all() for data in heard if data.startswith(b"\xff\xff\xff\xff")]
        clean([table.to_pylist() for table in tables])
        assert sum(table.num_rows for table in tables) == ROWS
        assert process.server.get("/health").json["last"] == ROWS
        assert watch.said == []
