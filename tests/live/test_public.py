"""A public server: what is not for everyone leaves it by no way, and nothing is lost of what is counted."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest
from tornado.websocket import websocket_connect

from attackviz.dashboard.live import Past
from attackviz.live import LiveSettings, feed, live_settings, service
from attackviz.live.tokens import Tokens
from attackviz.replay import load
from attackviz.settings import Settings

from .servers import PUSH, VIEW, Server, event, finished, lines, serving, until
from .test_out import Listener

ROWS = 120  # more than the ring holds
SECRET = re.compile(rb"canary|8\.8\.4\.\d+(?![\d/])|8\.8\.4\.[1-9]")


def secrets(first: int, rows: int = ROWS) -> list[dict[str, Any]]:
    """Return events of now in which everything that is not for everyone has a name of its own."""
    now = datetime.now(UTC) - timedelta(seconds=20)
    columns = ("dst_host", "sensor", "detail", "event_id", "user", "path", "src_city", "dst_name", "action")
    said = {name: f"canary-{name}" for name in columns} | {"action": "GET /canary-action"}
    return [
        event(
            n,
            **{
                **said,
                "time": (now + timedelta(milliseconds=n)).isoformat(),
                "event_id": f"canary-{n}",
                "src_ip": f"8.8.4.{1 + n % 200}",
                "dst_ip": "8.8.4.201",
                "rule": f"GET /canary-path/{n}?token=canary",
                "category": "http",
                "dst_port": 80,
            },
        )
        for n in range(first, first + rows)
    ]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveSettings:
    monkeypatch.setattr(service, "CAPACITY", 50)
    monkeypatch.setattr(feed, "HEARTBEAT", 0.1)
    source = tmp_path / "canary-source" / "eve.json"  # is not there, and told of by its path
    return LiveSettings(tape=tmp_path / "canary-tape", sources=(str(source),), public=True)


def clean(data: bytes | str) -> None:
    """Refuse what holds a secret."""
    found = SECRET.search(data if isinstance(data, bytes) else data.encode())
    assert found is None, found


async def heard(server: Server, rows: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows and the words that a player gets, each byte of which was looked at."""
    found: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []
    connection = await websocket_connect(f"ws://127.0.0.1:{server.port}/api/socket")
    await connection.write_message(json.dumps({"view": {"after": 0}}))
    while len(found) < rows or not any("totals" in word for word in words):
        message = await asyncio.wait_for(connection.read_message(), 60)
        assert message is not None
        clean(message)
        if isinstance(message, str):
            words.append(json.loads(message))
        else:
            found += pa.ipc.open_stream(message).read_all().to_pylist()
    connection.close()
    clean(repr(found))
    return found, words


def test_no_way_out_shows_what_is_not_for_everyone(settings: LiveSettings) -> None:
    with serving(settings) as server:
        live = server.live
        assert live is not None
        assert server.post(lines(secrets(0))).json["accepted"] == ROWS
        until(lambda: live.sources(whole=True)[0]["error"])  # told with its path, to those who may know
        told = live.sources()[0]
        assert (told["name"], told["error"]) == ("source 1", "it cannot be read at present")
        # The socket: what is in the ring, and all of the counts.
        rows, words = finished(heard(server, 50))
        assert {row["src_ip"] for row in rows} == {"8.8.4.0/24"}
        assert {row["rule"] for row in rows} == {"GET …"}
        assert [row["sequence"] for row in rows] == sorted({row["sequence"] for row in rows})
        hello = next(word["hello"] for word in words if "hello" in word)
        assert any("redacted" in each["text"] for each in hello["attribution"])
        assert next(w["totals"] for w in reversed(words) if "totals" in w)["h1"]["events"] == ROWS
        # The feed from the tape, for the ring has lost the first.
        events = _fed(server, ROWS)
        assert [event["sequence"] for event in events] == list(range(1, ROWS + 1))
        assert {event["src_ip"] for event in events} == {"8.8.4.0/24"}
        # A filter by what is gone meets nothing: nobody can ask what it was.
        assert _fed_by(server, {"sensor": {"in": ["canary-sensor"]}}) == []
        for path in ("/health", "/metrics", "/api/openapi.json", "/login"):
            answer = server.get(path)
            clean(answer.body)
        assert b'source="source 1"' in server.get("/metrics").body
        # What the ring no longer holds, as the player asks for it.
        for what in ("recording", "lists"):
            _past(live, what)
        assert live.tape.since(0, 1)["event_id"].to_pylist() == ["canary-0"]  # the team's own tape has it all
    with serving(replace(settings, sources=())) as server:  # filled from the tape
        rows, _ = finished(heard(server, 50))
        assert {row["src_ip"] for row in rows} == {"8.8.4.0/24"}


def _fed(server: Server, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with Listener(server, Last_Event_ID="0") as listener:
        for message in listener.messages():
            clean(repr(message))
            if "id" in message:
                found.append(json.loads(message["data"]))
                if len(found) == count:
                    return found
    raise AssertionError("the feed ended")


def _fed_by(server: Server, filters: dict[str, Any]) -> list[str]:
    """Return what a feed with filters says of all events there are, up to one more of another kind."""
    both = quote(json.dumps(filters))
    with Listener(server, f"/api/feed?filters={both}", Last_Event_ID="0") as listener:
        message = next(message for message in listener.messages() if "id" in message or "" in message)
        return [message["data"]] if "data" in message else []


def _past(live: service.Live, what: str) -> None:
    start, end = (datetime.now(UTC) + timedelta(minutes=m) for m in (-5, 5))
    question = {"what": what, "window": [start.isoformat(), end.isoformat()], "filters": {}}
    head, body = Past(live.history, attribution=live.attribution)(question)
    assert "error" not in head
    clean(json.dumps(head))
    if what == "lists":
        assert [(row["key"], row["events"]) for row in head["lists"]["addresses"]] == [("8.8.4.0/24", ROWS)]
        return
    recording = load(gzip.decompress(body))
    assert recording.header["totals"]["in_recording"] == ROWS
    clean(json.dumps(recording.header))
    for table in recording.tables.values():
        clean(repr(table.to_pylist()))


def test_who_may_push_is_told_all(settings: LiveSettings) -> None:
    with serving(replace(settings, tokens=Tokens.of(push=[PUSH], view=[VIEW]))) as server:
        live = server.live
        assert live is not None
        until(lambda: live.sources(whole=True)[0]["error"])
        assert b"canary-source" in server.get("/health", Authorization=f"Bearer {PUSH}").body
        clean(server.get("/health", Authorization=f"Bearer {VIEW}").body)
        clean(server.get("/health").body)


def test_the_settings_say_it_too() -> None:
    assert live_settings({}, Settings(live={"public": True})).public
    assert not live_settings({}, Settings()).public
