"""``POST /api/events``: answers, and everything hostile that can be sent to it."""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from attackviz import Tape
from attackviz.live import LiveSettings
from attackviz.live.limits import Limits

from ..conftest import ROOT
from .servers import Process, Server, event, lines, packed, serving, until

MB = 1 << 20
AUTHLOG = ROOT / "tests" / "formats" / "corpus" / "openssh__classic.log"
SMALL = Limits(body=2 * MB, inflated=8 * MB, line=64 << 10, waiting=8 * MB, requests=5, body_seconds=2)


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


@pytest.mark.parametrize("number,pack", [(0, bytes), (1, gzip.compress), (2, zstd)])
def test_bodies_may_be_packed(server: Server, number: int, pack: object) -> None:
    own = [event(number * 10 + n, event_id=f"packed-{number}-{n}") for n in range(5)]
    name = ("identity", "gzip", "zstd")[number]
    answer = server.post(pack(lines(own)), Content_Encoding=name)  # type: ignore[operator]
    assert answer.status == 200, answer.body
    assert (answer.json["accepted"], answer.json["rejected"]) == (5, 0)
    assert server.post(pack(lines(own))).json["duplicates"] == 5  # type: ignore[operator]


def test_a_key_makes_a_push_safe_to_repeat(server: Server) -> None:
    own = event(7)
    del own["event_id"]
    first = server.post(lines([own] * 3), Idempotency_Key="the same").json
    again = server.post(packed([own] * 3), Idempotency_Key="the same").json
    assert (first["accepted"], again["accepted"], again["duplicates"]) == (3, 0, 3)
    assert server.post(lines([own]), Idempotency_Key="x" * 201).status == 400


def test_answers_name_what_was_rejected(server: Server) -> None:
    mixed = server.post(lines([event(20, event_id="mixed")]) + b'{"cut\n')
    assert mixed.status == 200
    assert mixed.json["bad"] == [{"line": 2, "reason": "broken JSON"}]
    nothing = server.post(b'{"cut\n', path="/api/events?format=events.json")
    assert (nothing.status, nothing.json["accepted"], nothing.json["rejected"]) == (422, 0, 1)
    unknown = server.post(b"what is this\n")
    assert unknown.status == 415
    assert "no known format" in unknown.json["error"]
    assert server.post(lines([event(1)]), path="/api/events?format=nonsense").status == 400
    assert server.post(lines([event(1)]), path="/api/events?format=/etc/passwd.toml").status == 400
    assert server.post(b"").json["accepted"] == 0
    assert server.get("/api/events").status == 405


def test_bodies_that_are_not_what_they_say_are_refused(server: Server) -> None:
    before = server.get("/health").json["last"]
    assert server.post(lines([event(1)]), Content_Encoding="gzip").status == 400
    assert server.post(lines([event(1)]), Content_Encoding="br").status == 415
    cut = packed(event(n, event_id=f"cut-{n}") for n in range(2000))
    assert server.post(cut[: len(cut) // 2]).status == 400
    assert server.post(cut[:-1]).status == 400
    spoiled = bytearray(cut)
    spoiled[len(cut) // 2] ^= 1
    assert server.post(bytes(spoiled)).status == 400
    assert server.get("/health").json["last"] == before  # nothing of them


def test_the_lines_of_a_body_may_hold_any_bytes(server: Server) -> None:
    good = lines([event(31, event_id="any-bytes")])
    answer = server.post(b"\xff\xfe\x00{\n" + good + b'{"x":"\xc3\x28"}\n\x00\x00\n')
    assert answer.status == 200
    assert (answer.json["accepted"] + answer.json["duplicates"], answer.json["rejected"] > 0) == (1, True)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Yield a server of its own process with tight limits, whose memory can be watched."""
    directory = tmp_path_factory.mktemp("small")
    limits = "".join(f"{name} = {getattr(SMALL, name)}\n" for name in SMALL.__slots__)
    (directory / "attackviz.toml").write_text(f"[live.limits]\n{limits}")
    read = ("--from", str(AUTHLOG), "--format", "openssh", "--year", "2017")
    with Process("--tape", "tape", *read, cwd=directory) as process:
        process.server.post(lines([event(0)]))  # what is loaded once, is
        yield process


def test_sources_are_read_as_the_command_line_says(small: Process) -> None:
    until(lambda: small.server.ask("GET", "/health").json["sources"][0]["events"] == 5)
    with Tape(Path(psutil.Process(small.pid).cwd()) / "tape", readonly=True) as tape:
        assert tape.count("2017-01-01..2019-01-01").events == 6  # one line stands for two


@pytest.fixture
def flat(small: Process) -> Iterator[Server]:
    """Yield the server; afterwards it must answer others, and its memory be what it was."""
    process = psutil.Process(small.pid)
    before = process.memory_info().rss
    yield small.server
    assert small.server.ask("GET", "/health").json["ready"]
    until(lambda: _figure(small.server, "body_bytes") == 0)
    assert process.memory_info().rss < before + 150 * MB


def _figure(server: Server, name: str) -> int:
    found = server.ask("GET", "/metrics").body.decode()
    return int(next(line.split()[1] for line in found.splitlines() if line.startswith(f"attackviz_{name} ")))


def raw(server: Server, sent: bytes, chunks: Iterable[bytes] = (), source: str = "127.0.0.1") -> bytes:
    """Send bytes until they are sent or the server ends it; return all it says."""
    with socket.create_connection((server.host, server.port), 60, (source, 0)) as connection:
        try:
            connection.sendall(sent)
            for chunk in chunks:
                connection.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass
        said = b""
        try:
            while piece := connection.recv(65536):
                said += piece
        except ConnectionResetError:
            pass
        return said


HEAD = b"POST /api/events HTTP/1.1\r\nHost: localhost\r\n"


def test_a_body_of_ten_gigabytes_is_refused_at_once(flat: Server) -> None:
    said = raw(flat, HEAD + b"Content-Length: 10000000000\r\n\r\n")
    assert b"413" in said.split(b"\r\n")[0]


def test_a_body_without_end_is_cut_off(flat: Server) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"100000\r\n" + b"x" * MB + b"\r\n"

    sent = 0

    def counted() -> Iterator[bytes]:
        nonlocal sent
        for chunk in endless():
            yield chunk
            sent += 1

    said = raw(flat, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", counted(), "127.0.0.2")
    assert sent < 150
    assert not said or b"413" in said.split(b"\r\n")[0]


@pytest.mark.parametrize("pack", [lambda data: gzip.compress(data, 9), zstd], ids=["gzip", "zstd"])
def test_bombs_are_refused(flat: Server, pack: object) -> None:
    bomb = pack(b'{"time":' + b" " * (200 * MB))  # type: ignore[operator]
    assert len(bomb) < 2 * MB
    answer = flat.ask("POST", "/api/events", bomb, source="127.0.0.3")
    assert answer.status == 413
    assert "unpacked" in answer.json["error"]


def test_a_long_line_is_rejected_and_its_neighbours_are_taken(flat: Server) -> None:
    own = [event(n, event_id=f"long-{n}") for n in range(2)]
    body = lines(own[:1]) + b"x" * MB + b"\n" + lines(own[1:])
    answer = flat.ask("POST", "/api/events?format=events.json", body, source="127.0.0.4").json
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    packed_line = gzip.compress(b"y" * (7 * MB))
    answer = flat.ask("POST", "/api/events?format=events.json", packed_line, source="127.0.0.4")
    assert (answer.status, answer.json["bad"][0]["reason"]) == (422, "line too long")


def test_slow_heads_and_bodies_are_given_up(flat: Server) -> None:
    started = time.monotonic()
    said = raw(flat, HEAD + b"Content-Length: 1000\r\n\r\nslow", source="127.0.0.5")
    assert b"200" not in said.split(b"\r\n")[0]
    assert time.monotonic() - started >= 1


def test_slow_heads_make_room_for_others(server: Server) -> None:
    held = [socket.create_connection((server.host, server.port), 60) for _ in range(20)]
    try:
        for connection in held:
            connection.sendall(b"POST /api/events HTTP/1.1\r\nHost:")
        assert server.get("/health").status == 200
        for connection in held:
            assert connection.recv(100) == b""  # the server ends it
    finally:
        for connection in held:
            connection.close()


def test_a_flood_of_tiny_pushes_is_held_off_and_others_are_served(flat: Server) -> None:
    answers = [flat.ask("POST", "/api/events", b"", source="127.0.0.6") for _ in range(80)]
    refused = [answer for answer in answers if answer.status == 429]
    assert 0 < len(refused) < 80
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert flat.ask("POST", "/api/events", b"", source="127.0.0.7").status == 200


def test_bodies_at_once_are_bounded(flat: Server) -> None:
    held = []
    try:
        for number in range(6):  # 6 x 1.9 MB are more than the 8 MB there are
            connection = socket.create_connection((flat.host, flat.port), 60, (f"127.0.1.{number}", 0))
            connection.sendall(HEAD + b"Content-Length: 2000000\r\n\r\n" + b"x" * 1_900_000)
            held.append(connection)
        refused = until(lambda: _figure(flat, "pushes_refused_total"))
        assert refused
    finally:
        for connection in held:
            connection.close()


def test_what_a_client_writes_does_not_write_into_our_log(small: Process) -> None:
    raw(
        small.server,
        b"GET /api/feed?filters=\x1b[31m%0aFORGED HTTP/1.1\r\nHost: localhost\r\nOrigin: https://e\x1b[2J\r\n\r\n",
    )
    raw(small.server, b"GET /nothing\x1b[31mhere\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    raw(small.server, b"GET /%1b[31mhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert small.server.ask("GET", "/last-of-these").status == 404
    said = until(lambda: "".join(small.said) if "last-of-these" in "".join(small.said) else "")
    assert not any(ord(char) < 32 and char != "\n" for char in said)
    assert "\nFORGED" not in said


def test_a_second_server_on_the_tape_shows_it_and_names_the_writer(small: Process, tmp_path: Path) -> None:
    tape = Path(psutil.Process(small.pid).cwd()) / "tape"
    with serving(LiveSettings(tape=tape)) as viewer:
        refused = viewer.post(lines([event(1)]))
        assert refused.status == 503
        assert str(small.pid) in refused.json["writer"]
        own = event(99, event_id="for the viewer")
        taken = small.server.ask("POST", "/api/events", lines([own]), source="127.0.0.8").json
        assert taken["accepted"] == 1
        assert viewer.live is not None
        until(lambda: viewer.live.hub.last >= taken["sequence"])  # type: ignore[union-attr]
        assert "for the viewer" in viewer.live.hub.read(taken["sequence"] - 1).table["event_id"].to_pylist()


def test_the_client_of_one_file(server: Server) -> None:
    sys.path.insert(0, str(Path(__file__).parents[2] / "deploy" / "client"))
    try:
        from attackviz_push import Push
    finally:
        sys.path.pop(0)
    push = Push(f"http://localhost:{server.port}", size=2, tries=2)
    own = [event(n) for n in range(3)]
    for each in own:
        del each["event_id"]
        push(each)
    assert push.flush()["accepted"] == 1
    assert push.flush() is None
    away = Push("http://localhost:1", tries=1)
    away(own[0])
    with pytest.raises(OSError):
        away.flush()
    assert away.events == own[:1]  # nothing is lost: it may be sent later


def push_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "attackviz", "push", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_pushes_files_once(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(_ciscoasa())
    url = f"http://localhost:{server.port}"
    first, again = (push_command(str(log), "--to", url) for _ in range(2))
    assert first.returncode == again.returncode == 0, first.stderr
    assert first.stdout == "30 events taken, 0 were there already\n"
    assert again.stdout == "0 events taken, 30 were there already\n"
    wrong = push_command(str(log), "--to", "ftp://x")
    assert wrong.returncode == 2
    assert "no address of a server" in wrong.stderr


def _ciscoasa() -> bytes:
    line = '{"timestamp":"2025-02-24T08:04:%02d","src_ip":"1.2.3.4","payload_printable":"%d"}\n'
    return b"".join((line % (n, n)).encode() for n in range(30))
