"""Campaigns: a server that is killed, and many viewers of whom some stall and some vanish."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
from tornado.websocket import websocket_connect

from attackviz import Tape

from ..conftest import FULL, ROOT
from .servers import Answer, Process, Server, event, finished, packed

KILLS = 20 if FULL else 3
EVENTS = 2_000_000 if FULL else 60_000
BATCH = 2_000
SECONDS = 600 if FULL else 8
RATE = 20_000
FULL_AFTER = 120 if FULL else 1  # seconds until rings and buffers are as full as they get
MORE = (200 if FULL else 400) << 20  # bytes that a server may still grow by
AN_ID = 34  # bytes that are kept of an event for the whole of its hour


def sent(server: Server, body: bytes, key: str) -> dict[str, Any] | None:
    """Push a batch; return the answer, None where the server died over it."""
    try:
        answer = server.ask("POST", "/api/events", body, {"Content-Encoding": "gzip", "Idempotency-Key": key})
    except OSError:
        return None
    assert answer.status == 200, answer.body
    return answer.json  # type: ignore[no-any-return]


def test_every_acknowledged_event_is_on_the_tape_once_whatever_is_killed(tmp_path: Path) -> None:
    chance = random.Random(6)
    batches = [(first, min(BATCH, EVENTS - first)) for first in range(0, EVENTS, BATCH)]
    # Half of the events have no id of their own: the key of their push makes it.
    bodies = {
        first: packed(
            event(n, detail=str(n)) if n % 2 else {**event(n, detail=str(n)), "event_id": None}
            for n in range(first, first + count)
        )
        for first, count in batches
    }
    todo = list(bodies)
    deaths = sorted(chance.sample(range(1, len(todo)), KILLS))
    acknowledged: set[int] = set()
    done = 0
    process = Process("--tape", str(tmp_path / "tape"))
    try:
        while todo:
            first = todo[0]
            if deaths and done >= deaths[0]:
                deaths.pop(0)
                pid = process.pid
                timer = finished(_kill_in(pid, chance.random() * 0.1, process, bodies[first], str(first)))
                if timer is not None:
                    acknowledged.add(first)
                process.end(signal.SIGKILL)
                process = Process("--tape", str(tmp_path / "tape"))
                continue
            answer = sent(process.server, bodies[first], str(first))
            assert answer is not None
            acknowledged.add(first)
            todo.pop(0)
            done += 1
            if chance.random() < 0.2:  # a client that did not hear the answer sends it again
                again = chance.choice(sorted(acknowledged))
                repeated = sent(process.server, bodies[again], str(again))
                assert repeated is not None
                assert repeated["accepted"] == 0
    finally:
        process.end()
    with Tape(tmp_path / "tape", readonly=True) as tape:
        table = tape.since(0, 2 * EVENTS)
    numbers = np.sort(np.array(table["detail"].to_pylist(), np.int64))
    assert np.array_equal(numbers, np.arange(EVENTS))
    assert table["sequence"].to_pylist() == list(range(1, EVENTS + 1))


async def _kill_in(pid: int, seconds: float, process: Process, body: bytes, key: str) -> dict[str, Any] | None:
    """Kill a server some time after a push was sent to it; return the answer, if there was one."""
    pushing = asyncio.create_task(asyncio.to_thread(sent, process.server, body, key))
    await asyncio.sleep(seconds)
    psutil.Process(pid).kill()
    return await pushing


class Watcher:
    """A viewer that reads all it is sent, and checks it."""

    def __init__(self) -> None:
        self.last = self.seen = self.missed = 0

    async def watch(self, server: Server, ready: asyncio.Event, enough: asyncio.Event, goal: list[int]) -> None:
        connection = await websocket_connect(f"ws://localhost:{server.port}/api/socket")
        await connection.write_message('{"view": {"after": 0}}')
        ready.set()
        while not (enough.is_set() and self.last >= goal[0]):
            message = await connection.read_message()
            assert message is not None
            if isinstance(message, str):
                self.missed += json.loads(message).get("gap", 0)
                continue
            with pa.ipc.open_stream(message) as stream:
                sequence = np.asarray(stream.read_all()["sequence"])
            assert sequence[0] > self.last
            assert (np.diff(sequence) == 1).all()
            self.seen += len(sequence)
            self.last = int(sequence[-1])
        connection.close()
        while await connection.read_message() is not None:
            pass
        assert self.seen + self.missed == self.last


def stalled(server: Server) -> socket.socket:
    """Return a connection that asks for everything and reads nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(60)
    connection.connect((server.host, server.port))
    connection.sendall(
        b"GET /api/socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    while not connection.recv(1).endswith(b"{"):  # the beginning of hello: the socket is open
        pass
    wish = b'{"view": {"after": 0}}'
    mask = b"\x01\x02\x03\x04"
    masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(wish))
    connection.sendall(struct.pack("!BB", 0x81, 0x80 | len(wish)) + mask + masked)
    return connection


def test_fifty_viewers_of_whom_ten_stall_and_ten_vanish(
    tmp_path: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    with Process("--tape", str(tmp_path / "tape")) as process:
        for name, figure in finished(_fifty(process.server, psutil.Process(process.pid))).items():
            record_testsuite_property(name, figure)


async def _fifty(server: Server, process: psutil.Process) -> dict[str, object]:
    enough, goal = asyncio.Event(), [0]
    watchers = [Watcher() for _ in range(30)]
    ready = [asyncio.Event() for _ in watchers]
    tasks = [
        asyncio.create_task(each.watch(server, begun, enough, goal))
        for each, begun in zip(watchers, ready, strict=True)
    ]
    held = [await asyncio.to_thread(stalled, server) for _ in range(20)]
    for begun in ready:
        await begun.wait()
    number = 0
    started = time.monotonic()
    memory: list[tuple[float, int, int]] = []
    vanished = freed = 0.0
    while time.monotonic() - started < SECONDS:
        body = await asyncio.to_thread(packed, [event(n) for n in range(number, number + BATCH)])
        answer = await asyncio.to_thread(sent, server, body, str(number))
        assert answer is not None
        assert answer["accepted"] == BATCH
        number += BATCH
        if number == 10 * BATCH:
            for connection in held[10:]:  # as a machine that loses its power, but for the system's last word
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            vanished = time.monotonic()
        if vanished and not freed and await _clients(server) <= 40:
            freed = time.monotonic()
        memory.append((time.monotonic() - started, number, process.memory_info().rss))
        await asyncio.sleep(max(0.0, number / RATE - (time.monotonic() - started)))
    rate = number / (time.monotonic() - started)
    while not freed and time.monotonic() < vanished + 60:
        freed = time.monotonic() if await _clients(server) <= 40 else 0.0
    goal[0] = number
    enough.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 120)
    assert sum(each.missed for each in watchers) == 0  # nobody suffered for those who read nothing
    assert 0 < freed < vanished + 60
    _, then, full = max((each for each in memory if each[0] <= max(FULL_AFTER, memory[0][0])), key=itemgetter(2))
    peak = max(size for _, _, size in memory)
    assert peak < full + MORE + AN_ID * (number - then)
    until_free = time.monotonic() + 60
    while FULL and await _clients(server) and time.monotonic() < until_free:  # those who stall are long let go
        await asyncio.sleep(0.2)
    assert await _clients(server) <= (0 if FULL else 10)
    for connection in held[:10]:
        connection.close()
    megabytes = {"full": full, "at most": peak, "at the end": memory[-1][2]}
    return {
        "viewers: events": number,
        "viewers: events a second": round(rate),
        "viewers: vanished ones freed after s": round(freed - vanished, 1),
        **{f"viewers: MB {name}": size >> 20 for name, size in megabytes.items()},
    }


async def _clients(server: Server) -> int:
    answer = await asyncio.to_thread(server.ask, "GET", "/health")
    clients: int = answer.json["clients"]
    return clients


def test_two_processes_under_panels_own_server(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "panel", "serve", str(ROOT / "apps" / "wall.py"), "--plugins", "attackviz.live"]
    command += ["--num-procs", "2", "--port", "0"]
    environ = {**os.environ, "ATTACKVIZ_TAPE": str(tmp_path / "tape")}
    with subprocess.Popen(command, env=environ, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            found = next(found for line in process.stderr if (found := re.search(r"http://localhost:(\d+)/wall", line)))
            server = Server(int(found[1]))
            seen: dict[str, Answer] = {}
            for number in range(500):  # which process answers is the system's choice
                answer = server.ask("POST", "/api/events", packed([event(number)]))
                seen[str(answer.status)] = answer
                if len(seen) == 2:
                    break
            assert seen.keys() == {"200", "503"}
            assert "process" in seen["503"].json["writer"]
            last = seen["200"].json["sequence"]
            roles: set[str] = set()
            for _ in range(500):  # what the one took, both show
                health = server.get("/health").json
                if health["last"] >= last:
                    roles.add(health["role"])
                if roles == {"writer", "viewer"}:
                    break
            assert roles == {"writer", "viewer"}
            assert server.get("/wall").status == 200
        finally:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
