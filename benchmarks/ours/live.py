"""Push to a live server, listen to it and look at it, whoever made it.

``python -m benchmarks.ours.live push URL EVENTS``, ``fan URL PID CLIENTS EVENTS``
or ``look URL PID VIEWERS RATE SECONDS``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil
from tornado.websocket import websocket_connect

from ..bench import SEED

BODY = 5_000  # events of a push
SENDERS = 2


def body(first: int, count: int) -> bytes:
    """Return events of now as lines."""
    rng = np.random.default_rng(SEED + first)
    hosts = rng.integers(1 << 24, 224 << 24, count)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    kinds, verdicts = ("ssh", "http", "telnet", "smb"), ("mitigated", "detected", "suspicious")
    return "".join(
        json.dumps(
            {
                "time": now,
                "event_id": f"{first + n}",
                "src_ip": ".".join(str(host >> shift & 255) for shift in (24, 16, 8, 0)),
                "dst_port": 22,
                "category": kinds[host % 4],
                "verdict": verdicts[host % 3],
                "rule": f"rule {host % 50}",
            }
        )
        + "\n"
        for n, host in enumerate(hosts.tolist())
    ).encode()


def send(url: str, bodies: list[bytes]) -> None:
    """Push bodies one after the other over one connection."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=300)
    for each in bodies:
        connection.request("POST", "/api/events", each, {"Content-Type": "application/x-ndjson"})
        answer = json.loads(connection.getresponse().read())
        assert answer["accepted"] == each.count(b"\n"), answer
    connection.close()


def push(url: str, count: int) -> dict[str, float]:
    """Return how many events a second are taken."""
    send(url, [body(10**9 + 100 * n, 100) for n in range(3)])  # what is loaded once, is
    bodies = [body(first, BODY) for first in range(0, count, BODY)]
    threads = [threading.Thread(target=send, args=(url, bodies[n::SENDERS])) for n in range(SENDERS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"rate": len(bodies) * BODY / (time.perf_counter() - began)}


async def listen(url: str, count: int, ready: asyncio.Event) -> None:
    """Read a feed until so many events came."""
    host, port = urlsplit(url).netloc.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/feed HTTP/1.1\r\nHost: localhost\r\n\r\n")
    while (await reader.readline()).strip():
        pass
    await reader.readline()
    ready.set()
    rest = b""
    while count > 0:
        piece = rest + await reader.read(1 << 16)
        count -= piece.count(b"data: {")
        rest = piece[-6:] if not piece.endswith(b"data: {") else b""
    writer.close()


def busy(pid: int) -> float:
    """Return the processor seconds a program and its children took."""
    every = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in every)


async def fan(url: str, pid: int, clients: int, count: int) -> dict[str, float]:
    """Return how many events a second reach listeners, and the processor seconds a million of them take."""
    await asyncio.to_thread(send, url, [body(2 * 10**9 + 100 * n, 100) for n in range(3)])
    ready = [asyncio.Event() for _ in range(clients)]
    tasks = [asyncio.create_task(listen(url, count, each)) for each in ready]
    for each in ready:
        await each.wait()
    bodies = [body(3 * 10**9 + first, 500) for first in range(0, count, 500)]
    began, before = time.perf_counter(), busy(pid)
    await asyncio.to_thread(send, url, bodies)
    await asyncio.gather(*tasks)
    seconds, cpu = time.perf_counter() - began, busy(pid) - before
    return {"rate": clients * count / seconds, "cpu": cpu / (clients * count / 1e6)}


async def watch(url: str, ended: asyncio.Event) -> int:
    """Take what a player is sent; return how many bytes of events that was."""
    connection = await websocket_connect(url.replace("http", "ws", 1).rstrip("/") + "/api/socket")
    await connection.write_message('{"view": {"after": null, "back": 0}}')
    taken = 0
    while not ended.is_set():
        message = await connection.read_message()
        taken += len(message) if isinstance(message, bytes) else 0
    connection.close()
    return taken


async def look(url: str, pid: int, viewers: int, rate: int, seconds: int) -> dict[str, float]:
    """Return the cores a server takes at a rate of events, alone and with viewers."""
    await asyncio.to_thread(send, url, [body(4 * 10**9 + 100 * n, 100) for n in range(3)])
    bodies = [body(5 * 10**9 + first, rate // 4) for first in range(0, 2 * rate * seconds, rate // 4)]
    found = []
    for watching, part in ((0, bodies[: 4 * seconds]), (viewers, bodies[4 * seconds :])):
        ended = asyncio.Event()
        tasks = [asyncio.create_task(watch(url, ended)) for _ in range(watching)]
        await asyncio.sleep(1)
        began, before = time.perf_counter(), busy(pid)
        for number, each in enumerate(part, 1):
            await asyncio.to_thread(send, url, [each])
            await asyncio.sleep(max(0, number / 4 - (time.perf_counter() - began)))
        found.append((busy(pid) - before) / (time.perf_counter() - began))
        ended.set()
        assert all(taken > rate * seconds for taken in await asyncio.gather(*tasks))
    return {"alone": found[0], "watched": found[1], "viewers": found[1] - found[0]}


def main(what: str, url: str, *numbers: str) -> Any:
    """Measure one thing."""
    values = [int(each) for each in numbers]
    return push(url, *values) if what == "push" else asyncio.run({"fan": fan, "look": look}[what](url, *values))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
