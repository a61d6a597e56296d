"""Out of the server: the feed and the socket give every event once, in order, or say what is missing."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from attackviz.live import LiveSettings, beat, feed, service
from attackviz.live.limits import Limits

from ..conftest import FULL, missing
from .servers import PUSH, VIEW, Server, event, finished, lines, packed, serving, until

WAIT = 60


@pytest.fixture
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Yield a server whose ring holds only fifty rows, and whose heart beats fast."""
    monkeypatch.setattr(service, "CAPACITY", 50)
    if not FULL:
        monkeypatch.setattr(feed, "HEARTBEAT", 0.1)
    with serving(LiveSettings(tape=tmp_path / "tape", limits=Limits(requests=10_000, clients=4))) as found:
        yield found


def push(server: Server, first: int, count: int) -> None:
    answer = server.post(packed(event(n) for n in range(first, first + count)))
    assert answer.json["accepted"] == count


class Listener:
    """A client of the feed that reads line by line."""

    def __init__(self, server: Server, path: str = "/api/feed", **headers: str) -> None:
        self._socket = socket.create_connection((server.host, server.port), WAIT)
        sent = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self._socket.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n{sent}\r\n".encode())
        self._file = self._socket.makefile("r", encoding="utf-8", newline="\n")
        while self._file.readline().strip():
            pass

    def messages(self) -> Iterator[dict[str, str]]:
        """Give messages as they come; comments have the name of nothing."""
        message: dict[str, str] = {}
        while line := self._file.readline():
            if line == "\n":
                yield message
                message = {}
            else:
                name, _, value = line.rstrip("\n").partition(": ")
                message[name] = value

    def events(self, count: int) -> list[tuple[int, str]]:
        """Return the sequence and id of so many events."""
        found: list[tuple[int, str]] = []
        for message in self.messages():
            if "id" in message:
                found.append((int(message["id"]), json.loads(message["data"])["event_id"]))
                if len(found) == count:
                    break
        return found

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()


def names(first: int, count: int) -> list[tuple[int, str]]:
    return [(n + 1, f"event-{n}") for n in range(first, first + count)]


def test_the_feed_gives_what_arrives_and_resumes_where_a_client_stood(short: Server) -> None:
    with Listener(short) as listener:
        push(short, 0, 30)
        assert listener.events(30) == names(0, 30)
    push(short, 30, 400)  # more than the ring holds: the tape has it
    with Listener(short, Last_Event_ID="12") as listener:
        assert listener.events(418) == names(12, 418)
        push(short, 430, 5)
        assert listener.events(5) == names(430, 5)
    with Listener(short, "/api/feed?after=429") as listener:
        assert listener.events(6) == names(429, 6)


def test_the_feed_filters_and_its_heart_beats(short: Server) -> None:
    with Listener(short, '/api/feed?filters={"category":{"in":["ssh"]}}'.replace('"', "%22")) as listener:
        push(short, 0, 30)
        assert listener.events(10) == [pair for pair in names(0, 30) if (pair[0] - 1) % 3 == 0]
        assert any("" in message for message in listener.messages())
    assert short.get("/api/feed?filters=nonsense").status == 400
    assert short.get("/api/feed", Last_Event_ID="x").status == 400


def test_a_feed_says_what_the_tape_no_longer_has(short: Server) -> None:
    push(short, 0, 100)
    assert short.live is not None
    for file in sorted(short.live.tape.path.rglob("*.parquet")):  # as retention would
        file.unlink()
    with Listener(short, Last_Event_ID="0") as listener:
        message = next(message for message in listener.messages() if "event" in message)
        assert message["event"] == "gap"
        gap = json.loads(message["data"])
        assert gap["next"] == gap["gap"] + 1
        rest = 100 - gap["gap"]
        assert listener.events(rest) == names(gap["gap"], rest)


def test_clients_that_go_make_room_for_others(short: Server) -> None:
    live = short.live
    assert live is not None
    held = [Listener(short) for _ in range(4)]
    until(lambda: live.clients.used == 4)
    assert short.get("/api/feed").status == 503
    for listener in held:
        listener.__exit__()
    push(short, 0, 1)
    until(lambda: live.clients.used == 0)


def test_a_listener_that_takes_nothing_is_let_go(short: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    if not FULL:
        monkeypatch.setattr(beat, "STALLED", 0.5)
    live = short.live
    assert live is not None
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((short.host, short.port))
        connection.sendall(b"GET /api/feed HTTP/1.0\r\nHost: localhost\r\n\r\n")
        until(lambda: live.clients.used == 1)
        push(short, 0, 40_000)  # more than the system holds for anybody
        until(lambda: live.clients.used == 0, 45)  # by the system's notice or by ours, whichever comes first
    with Listener(short, Last_Event_ID="39990") as listener:  # others are served
        assert listener.events(10) == names(39_990, 10)


@pytest.mark.skipif(not FULL, reason="takes most of a minute: make soak")
def test_clients_whose_machine_vanishes_are_let_go(tmp_path: Path) -> None:
    """Without a word, as when a cable is pulled: nothing that is sent to them is acknowledged any more."""
    gone, route = "127.9.9.9", ["route", "add", "blackhole", "127.9.9.9/32", "table", "local"]
    with serving(LiveSettings(tape=tmp_path / "tape")) as server:
        live = server.live
        assert live is not None
        held = [socket.create_connection((server.host, server.port), WAIT, (gone, 0)) for _ in range(2)]
        held[0].sendall(b"GET /api/feed HTTP/1.0\r\nHost: localhost\r\n\r\n")
        held[1].sendall(
            b"GET /api/socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        until(lambda: live.clients.used == 2)
        try:
            subprocess.run(["ip", *route], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            missing("the right to change routes", "root")
        try:
            until(lambda: live.clients.used == 0, 45)
        finally:
            route[1] = "del"
            subprocess.run(["ip", *route], check=True, capture_output=True)
            for connection in held:
                connection.close()


# The socket


@asynccontextmanager
async def connected(server: Server, **headers: str) -> AsyncIterator[WebSocketClientConnection]:
    request = HTTPRequest(f"ws://localhost:{server.port}/api/socket", headers=headers, request_timeout=WAIT)
    connection = await websocket_connect(request)
    try:
        yield connection
    finally:
        connection.close()
        while await connection.read_message() is not None:
            pass


async def said(connection: WebSocketClientConnection, key: str) -> Any:
    """Return the next message of a kind; ``rows`` is a table."""
    while True:
        message = await asyncio.wait_for(connection.read_message(), WAIT)
        assert message is not None
        if isinstance(message, bytes):
            if key == "rows":
                with pa.ipc.open_stream(message) as stream:
                    return stream.read_all()
        elif key in (value := json.loads(message)):
            return value[key]


async def view(connection: WebSocketClientConnection, **wish: Any) -> None:
    await connection.write_message(json.dumps({"view": wish}))


async def rows(connection: WebSocketClientConnection, count: int) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    while len(found) < count:
        table = await said(connection, "rows")
        found += zip(map(int, table["sequence"].to_pylist()), table["event_id"].to_pylist(), strict=True)
    return found


def test_a_player_sees_what_arrives_and_reconnects_without_doubles(short: Server) -> None:
    async def run() -> None:
        async with connected(short) as socket_:
            hello = await said(socket_, "hello")
            assert (hello["version"], hello["last"], hello["first"]) == (1, 0, 1)
            assert hello["verdicts"][0] == "mitigated"
            assert hello["attribution"][0]["text"]
            await view(socket_, after=None)
            assert await said(socket_, "sources") == []
            await asyncio.to_thread(push, short, 0, 20)
            assert await rows(socket_, 20) == names(0, 20)
            totals = await said(socket_, "totals")
            assert totals.keys() >= {"now", "m1", "h1", "h24", "rate"}
        await asyncio.to_thread(push, short, 20, 20)
        async with connected(short) as socket_:
            await view(socket_, after=20)
            assert await rows(socket_, 20) == names(20, 20)
            await asyncio.to_thread(push, short, 40, 3)
            assert await rows(socket_, 3) == names(40, 3)

    finished(run())


def test_players_take_places_until_they_go(short: Server) -> None:
    live = short.live
    assert live is not None

    async def run() -> None:
        async with (
            connected(short) as one,
            connected(short) as two,
            connected(short) as three,
            connected(short) as four,
        ):
            for each in (one, two, three, four):
                assert await said(each, "hello")
            assert live.clients.used == 4
            with pytest.raises(HTTPClientError, match="503"):
                async with connected(short):
                    pass
            assert live.clients.used == 4

    finished(run())
    until(lambda: live.clients.used == 0)


def test_a_player_that_fell_behind_is_told_exactly_what_it_missed(short: Server) -> None:
    async def run() -> None:
        for first in range(0, 200, 10):
            await asyncio.to_thread(push, short, first, 10)
        async with connected(short) as socket_:
            hello = await said(socket_, "hello")
            await view(socket_, after=7)
            message = json.loads(await asyncio.wait_for(_skipping(socket_, "gap"), WAIT))
            assert message == {"gap": hello["first"] - 8, "next": hello["first"]}
            kept = 200 - hello["first"] + 1
            assert await rows(socket_, kept) == names(hello["first"] - 1, kept)

    async def _skipping(socket_: WebSocketClientConnection, key: str) -> str:
        while True:
            message = await socket_.read_message()
            assert isinstance(message, str)  # the gap is told before any row
            if key in json.loads(message):
                return message

    finished(run())


def test_a_player_may_change_its_mind(short: Server) -> None:
    async def run() -> None:
        await asyncio.to_thread(push, short, 0, 30)
        async with connected(short) as socket_:
            await view(socket_, after=0, filters={"category": {"in": ["http"]}})
            assert [each[0] % 3 for each in await rows(socket_, 10)] == [2] * 10
            await view(socket_, after=28)
            assert await rows(socket_, 2) == names(28, 2)
            await socket_.write_message('{"view": null}')
            assert await said(socket_, "beat") > 0

    from attackviz.live import viewer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(viewer, "_QUIET", 0.2)
        finished(run())


WRONG = [
    *("x", "[]", "{}", '{"view": 3}', '{"view": {"after": -1}}', '{"view": {"after": "1"}}', '{"view": {"back": "x"}}'),
    *('{"view": {"filters": {"colour": {"is": 1}}}}', '{"view": {"filters": 7}}', "\x00", "[" * 10_000),
]


def test_wishes_that_are_wrong_are_answered(short: Server) -> None:
    async def run() -> None:
        async with connected(short) as socket_:
            for wrong in WRONG:
                await socket_.write_message(wrong)
                assert (await said(socket_, "error"))["what"]
            await view(socket_, after=0, filters={"src_port": {"range": ["a", "b"]}})
            assert (await said(socket_, "error"))["what"]
            await view(socket_, after=0)
            await asyncio.to_thread(push, short, 0, 3)
            assert await rows(socket_, 3) == names(0, 3)

    finished(run())


def test_events_come_in_through_the_socket_too(short: Server, guarded: Server) -> None:
    async def run() -> None:
        async with connected(short) as socket_:
            own = [event(n) for n in range(3)]
            for each in own:
                del each["event_id"]
            await socket_.write_message(json.dumps({"push": {"key": "k", "format": "events.json"}}))
            await socket_.write_message(lines(own).decode())
            answer = await said(socket_, "pushed")
            assert (answer["number"], answer["status"], answer["accepted"]) == (1, 200, 3)
            await socket_.write_message(packed(own), binary=True)
            answer = await said(socket_, "pushed")
            assert (answer["number"], answer["accepted"]) == (2, 3)  # another message, other events
        async with connected(short) as socket_:
            await socket_.write_message(json.dumps({"push": {"key": "k", "format": "events.json"}}))
            await socket_.write_message(packed(own), binary=True)
            assert (await said(socket_, "pushed"))["duplicates"] == 3  # sent again after a loss
        async with connected(guarded, Authorization=f"Bearer {PUSH}") as socket_:
            await view(socket_, after=None)
            assert "token for view" in (await said(socket_, "error"))["what"]
        async with connected(guarded, Authorization=f"Bearer {VIEW}") as socket_:
            await socket_.write_message('{"push": {}}')
            assert "token for push" in (await said(socket_, "error"))["what"]

    finished(run())


def test_health_says_what_troubles_the_tape(short: Server) -> None:
    live = short.live
    assert live is not None
    push(short, 0, 5)
    (file,) = live.tape.path.glob("*/**/*.parquet")
    whole = file.read_bytes()
    file.write_bytes(whole[:10] + bytes([whole[10] ^ 1]) + whole[11:])
    for number in range(1, 12):  # a dozen segments are worth merging
        push(short, 5 * number, 5)
    trouble = until(lambda: short.get("/health").json["trouble"])
    assert file.name in trouble
    file.write_bytes(whole)
    for number in range(12, 24):
        push(short, 5 * number, 5)
    until(lambda: short.get("/health").json["trouble"] is None)
    assert not live.tape.verify().damaged


def test_metrics_say_what_went_through(short: Server) -> None:
    push(short, 0, 10)
    push_again = short.post(packed([event(1)])).json
    assert push_again["duplicates"] == 1
    text = short.get("/metrics").body.decode()
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert figures["attackviz_events_in_total"] == "10"
    assert figures["attackviz_events_duplicate_total"] == "1"
    assert figures["attackviz_sequence"] == "10"
    assert figures["attackviz_writer"] == "1"
    for name in figures:  # each is described, as the format wants it
        assert f"# TYPE {name.partition('{')[0]} " in text
