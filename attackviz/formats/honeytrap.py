"""Honeytrap: a honeypot that answers on every port and keeps what was sent.

Source: https://github.com/armedpot/honeytrap, ``src/modules/htm_logJSON.c``;
later versions write ``@timestamp``, too.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, mapped
from .format import Format
from .honeypot import REQUEST, by_port, common, request_rule, service

__all__ = ["HONEYTRAP"]

_BANNERS = (
    (re.compile(rb"[A-Z]{3,10} \S+ HTTP/\d"), "http"),
    (re.compile(rb"SSH-\d"), "ssh"),
    (re.compile(rb"RFB \d"), "vnc"),
    (re.compile(rb"\xff[SM]..|.{4}[\xff\xfe]SMB", re.DOTALL), "smb"),
    (re.compile(rb"\x03\x00\x00.\x27?.\xe0", re.DOTALL), "rdp"),
    (re.compile(rb"\x16\x03"), "tls"),
)
_RULES = {"ssh": "ssh banner", "vnc": "vnc banner", "smb": "smb negotiation", "rdp": "rdp connect", "tls": "tls hello"}


def _build(c: Columns) -> dict[str, pa.Array]:
    port = c.port("attack_connection.local_port")
    payload = c.text("attack_connection.payload.data_hex").fill_null("")
    spoken = mapped(payload, lambda data: _spoken(_bytes(data)))
    assigned = by_port(port)
    transport = c.text("attack_connection.protocol")
    protocol = pc.coalesce(spoken, assigned, transport)
    sent = pc.greater(pc.utf8_length(payload), 0)
    return {
        "time": c.time("@timestamp", otherwise="start_time"),
        "src_ip": c.source("attack_connection.remote_ip"),
        "src_port": c.port("attack_connection.remote_port"),
        "dst_ip": c.address("attack_connection.local_ip"),
        "dst_port": port,
        "protocol": protocol,
        "category": service(protocol),
        "rule": mapped(payload, lambda data: _rule(_bytes(data))),
        "severity": pc.if_else(sent, "medium", "low"),
        "bytes": c.number("attack_connection.payload.length"),
        "detail": mapped(payload, lambda data: _shown(_bytes(data))),
        **common(c, "honeytrap"),
    }


def _bytes(data_hex: str) -> bytes:
    try:
        return bytes.fromhex(data_hex[:1024])
    except ValueError:
        return b""


def _spoken(data: bytes) -> str | None:
    return next((name for banner, name in _BANNERS if banner.match(data)), None)


def _rule(data: bytes) -> str:
    if not data:
        return "connect, no data"
    if request := REQUEST.match(data.decode("latin-1")):
        return request_rule(request[1], request[2])
    return _RULES.get(_spoken(data) or "", "data sent")


def _shown(data: bytes) -> str | None:
    """Show the beginning of what was sent, everything unprintable as a dot."""
    text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data[:120])
    return text or None


HONEYTRAP = Format(
    name="honeytrap",
    title="Honeytrap honeypot",
    kind="json",
    fields=(
        "@timestamp",
        "start_time",
        "attack_connection.protocol",
        "attack_connection.remote_ip",
        "attack_connection.remote_port",
        "attack_connection.local_ip",
        "attack_connection.local_port",
        "attack_connection.payload.length",
        "attack_connection.payload.data_hex",
    ),
    known_by=(frozenset({"attack_connection.remote_ip", "attack_connection.local_port"}),),
    build=_build,
    clock=("@timestamp", "start_time"),
)
