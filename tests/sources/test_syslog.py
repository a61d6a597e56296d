"""Messages by UDP and TCP: taken apart, framed either way, and every one an event or counted."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest

from attackviz.errors import ReadError
from attackviz.formats import Options
from attackviz.sources import Syslog, listening
from attackviz.sources.syslog import parted

from .live import line, rows, take, until

LOGIN = b"<38>Feb 24 08:04:37 trap sshd[812]: Failed password for root from 192.0.2.7 port 4711 ssh2"
ALERT = (
    b'[1:2019401:7] "ET SCAN it [is]" [Classification: Attempted Information Leak] [Priority: 2] '
    b"{TCP} 192.0.2.7:4711 -> 198.51.100.2:22"
)


class Listening:
    """A source that listens on a thread of its own."""

    def __init__(self, kind: str, **how):
        self.source = Syslog(kind, "127.0.0.1", 0, **how)
        self.taken: list = []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        self.port = until(lambda: self.source.port)

    def run(self):
        for each in self.source:
            self.taken += [each] if each is not None else []

    def send(self, *messages: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            for each in messages:
                one.sendto(each, ("127.0.0.1", self.port))

    def stream(self, data: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as one:
            one.sendall(data)

    def column(self, name: str) -> list:
        return [value for each in list(self.taken) for value in each.table[name].to_pylist()]

    def close(self):
        self.source.close()
        self.thread.join()


@pytest.fixture
def listen():
    made = []

    def make(kind, **how):
        made.append(Listening(kind, **how))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_programs_by_udp_each_in_its_own_format(listen):
    udp = listen("udp", options=Options(None, None, "UTC", year=2025))
    udp.send(
        LOGIN,
        LOGIN,
        b"<33>Feb 24 08:04:38 wall snort[12]: " + ALERT,
        b"<133>1 2025-02-24T08:04:39.5Z wall suricata 77 - - " + ALERT.replace(b'"', b""),
        b"<13>Feb 24 08:04:40 trap ciscoasa: @cee: " + line("wrapped"),
        line("bare"),
    )
    until(lambda: len(udp.taken) and len(udp.column("src_ip")) == 6)
    assert set(udp.column("src_ip")) == {"192.0.2.7"}
    assert len(set(udp.column("event_id"))) == 6
    assert sorted(udp.column("rule"))[:2] == ["ET SCAN it [is]"] * 2
    stamps = {str(each)[:19] for each in udp.column("time")}
    assert stamps == {"2025-02-24 08:04:37", "2025-02-24 08:04:38", "2025-02-24 08:04:39"}
    until(udp.source.account.closes)
    assert udp.source.account.bad_total == 0


def test_either_framing_by_tcp_and_what_ends_without_one(listen):
    tcp = listen("tcp")
    framed = b"<13>1 - - - - - - " + line("three").strip()
    spread = b"<13>1 - - - - - - " + line("four").strip().replace(b", ", b",\n ")
    tcp.stream(line("one") + line("two").replace(b"\n", b"\0") + b"%d %b" % (len(framed), framed))
    tcp.stream(b"%d %b" % (len(spread), spread) + line("five").strip())
    until(lambda: len(tcp.taken) and len(tcp.column("detail")) == 5)
    assert sorted(tcp.column("detail")) == ["five", "four", "one", "three", "two"]


def test_rubbish_is_counted_and_the_rest_goes_on(listen):
    tcp = listen("tcp")
    tcp.stream(b"\xff\xfe rubbish\n\n\0<13>\n99999 <13>half of what was promised")
    with suppress(ConnectionError):
        tcp.stream(b"x" * (3 << 20) + b"\n" + line("lost with its connection"))
    tcp.stream(line("one"))
    until(lambda: len(tcp.taken) and "one" in tcp.column("detail"))
    until(lambda: tcp.source.account.bad["messages longer than 1 MB"] == 1)
    assert tcp.column("detail") == ["one"]
    until(lambda: tcp.source.account.bad_total == 3)
    until(tcp.source.account.closes)


def test_what_comes_too_fast_by_udp_is_counted(monkeypatch):
    monkeypatch.setattr(listening, "_HELD", 1000)
    listener = listening.Listener("udp", "127.0.0.1", 0)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            for _ in range(200):
                one.sendto(b"x" * 100, ("127.0.0.1", listener.port))
        got = lost = 0

        def all_of_them():
            nonlocal got, lost
            got += len(listener.take(1000, 0.05))
            lost += listener.lost().total()
            return got + lost == 200

        until(all_of_them)
        assert got >= 10
    finally:
        listener.close()


def test_by_tcp_nothing_is_lost_where_it_is_taken_slowly(monkeypatch):
    monkeypatch.setattr(listening, "_HELD", 10_000)
    listener = listening.Listener("tcp", "127.0.0.1", 0)
    try:
        sent = b"".join(b"<13>%06d\n" % number for number in range(200_000))
        sender = threading.Thread(target=lambda: _send(listener.port, sent))
        sender.start()
        got: list[bytes] = []
        until(lambda: got.extend(listener.take(5000, 0.05)) or len(got) == 200_000)
        sender.join()
        assert b"\n".join(got) + b"\n" == sent
    finally:
        listener.close()


def _send(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(data)


def test_a_port_that_is_taken(listen):
    tcp = listen("tcp")
    with pytest.raises(ReadError, match=r"cannot listen there: .*choose another port"):
        list(Syslog("tcp", "127.0.0.1", tcp.port))
    with pytest.raises(ReadError, match="cannot listen there"):
        list(Syslog("udp", "192.0.2.1", 5140))


@pytest.mark.parametrize(
    ("message", "tag", "text"),
    [
        (LOGIN, "sshd", b"Failed password for root from 192.0.2.7 port 4711 ssh2"),
        (b'<1>1 - h app - - [a b="]\\" x"][c] hello', "app", b"hello"),
        (b"<1>1 - h app - - -", "app", b""),
        (b"<14>hello", "", b"hello"),
        (b"<999999", "", b"<999999"),
        (b"", "", b""),
    ],
)
def test_messages_taken_apart(message, tag, text):
    assert parted(message)[:2] == (tag, text)


@pytest.mark.parametrize(
    "text",
    [
        b'<1>1 - h app - - [a b="' + b"\\" * 1_000_000,
        b"<1>1 - h app - - " + b"[]" * 500_000 + b"x",
        b"<1>1 - h app - - " + b'["' * 500_000,
        b"<1>Feb 24 08:04:37 h snort: [1:2:3] " + b"[Priority: 1] " * 70_000,
        b"<1>Feb 24 08:04:37 h snort: [1:2:3] " + b"[Classification: " * 60_000,
        b"<1>Feb 24 08:04:37 " + b"h" * 1_000_000,
    ],
    ids=["slashes", "brackets", "quotes", "priorities", "classes", "host"],
)
def test_a_message_made_to_be_slow_is_taken_apart_at_once(text):
    """Were it gone through again and again, each would take hours."""
    assert len(parted(text).whole) <= len(text)


def test_it_ends_when_it_is_told(listen):
    source = Syslog("udp", "127.0.0.1", 0)
    assert rows(take(source, lambda taken: True)) == []
