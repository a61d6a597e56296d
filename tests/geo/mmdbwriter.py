"""Write small MMDB files, honest ones and others."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"


def control(kind: int, size: int) -> bytes:
    head = min(size, 29) if size < 285 else 30
    first = bytes([(kind << 5 if kind < 8 else 0) | head])
    more = b"" if kind < 8 else bytes([kind - 7])
    rest = b"" if size < 29 else bytes([size - 29]) if size < 285 else struct.pack(">H", size - 285)
    return first + more + rest


def encode(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value  # already encoded
    if isinstance(value, bool):
        return control(14, int(value))
    if isinstance(value, str):
        return control(2, len(value.encode())) + value.encode()
    if isinstance(value, float):
        return control(3, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        return unsigned(6, value)
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(map(encode, value))
    return control(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())


def unsigned(kind: int, value: int) -> bytes:
    """Encode as uint16 (5), uint32 (6) or uint64 (9)."""
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return control(kind, len(raw)) + raw


def pointer(offset: int) -> bytes:
    return b"\x38" + struct.pack(">I", offset)


def write_mmdb(
    path: Path,
    networks: Mapping[str, Any],
    kind: str = "Test-City",
    version: int = 6,
    epoch: int = 1_780_000_000,
    data: bytes = b"",
) -> Path:
    """Write networks and their records; IPv4 networks of an IPv6 file stand under ::/96."""
    nodes: list[list[int | None]] = [[None, None]]
    bits = 32 if version == 4 else 128
    section = bytearray(data)
    for text, record in networks.items():
        net = ip_network(text)
        length = net.prefixlen + (96 if version == 6 and net.version == 4 else 0)
        number, node = int(net.network_address), 0
        for depth in range(length):
            bit = (number >> (bits - 1 - depth)) & 1
            if depth == length - 1:
                nodes[node][bit] = -len(section) - 1
                section += encode(record)
            else:
                if nodes[node][bit] is None:
                    nodes[node][bit] = len(nodes)
                    nodes.append([None, None])
                child = nodes[node][bit]
                assert child is not None and child > 0, "no network may contain another"
                node = child
    count = len(nodes)

    def child_bytes(child: int | None) -> bytes:
        return struct.pack(">I", count if child is None else child if child >= 0 else count + 16 - child - 1)

    tree = b"".join(child_bytes(child) for node in nodes for child in node)
    metadata = {
        "binary_format_major_version": unsigned(5, 2),
        "binary_format_minor_version": unsigned(5, 0),
        "build_epoch": unsigned(9, epoch),
        "database_type": kind,
        "description": {"en": "test"},
        "ip_version": unsigned(5, version),
        "languages": ["en"],
        "node_count": count,
        "record_size": unsigned(5, 32),
    }
    path.write_bytes(tree + bytes(16) + bytes(section) + MARKER + encode(metadata))
    return path
