"""Write tiny.avrec and tiny.json beside this file: the same columns as Arrow bytes and as JSON values.

Run by hand when the container changes; the tests of the player only read the two files.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pyarrow as pa

HERE = Path(__file__).parent
U8, U16, U32, I32, F32, TEXT = pa.uint8(), pa.uint16(), pa.uint32(), pa.int32(), pa.float32(), pa.utf8()

COLUMNS: dict[str, dict[str, tuple[list, pa.DataType]]] = {
    "places": {
        "country": (["CN", "FR", ""], TEXT),
        "region": (["Zhejiang", "Île-de-France", ""], TEXT),
        "city": (["杭州", '<b onclick="x">Paris</b>', ""], TEXT),
        "lat": ([30.25, 48.875, -18.125], F32),
        "lon": ([120.125, 2.375, 178.5], F32),
    },
    "sources": {
        "ip": (["192.0.2.1", "2001:db8::1", None, "198.51.100.7"], TEXT),
        "place": ([0, 1, -1, 2], I32),
        "asn": ([4134, 0, 64512, 4294967295], U32),
        "org": (["Chinanet", "", "=cmd|' /C calc'!A0", "\x1b[31mred"], TEXT),
    },
    "targets": {
        "name": (["Council Bluffs", "nowhere"], TEXT),
        "country": (["US", ""], TEXT),
        "lat": ([41.25, None], F32),
        "lon": ([-95.875, None], F32),
    },
    "rules": {"rule": (["failed login", "</script>"], TEXT), "rule_id": (["r1", ""], TEXT)},
    "events": {
        "t": ([0, 0, 5, 1000, 4294967294], U32),
        "source": ([0, 1, 2, 3, 0], U32),
        "target": ([0, 1, 0, 0, 1], U16),
        "category": ([0, 1, 0, 2, 1], U8),
        "verdict": ([0, 1, 2, 3, 4], U8),
        "rule": ([0, 1, 0, 1, 0], U32),
        "severity": ([255, 0, 4, 3, 2], U8),
        "dst_port": ([0, 22, 443, 65535, 5900], U16),
        "weight": ([1, 2, 3, 4, 4294967295], U32),
    },
}
BATCHES = {"events": 2, "sources": 3}


def stream(name: str) -> bytes:
    """Return one part as an Arrow IPC stream, some of them in several batches."""
    table = pa.table({key: pa.array(values, kind) for key, (values, kind) in COLUMNS[name].items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=BATCHES.get(name))
    return sink.getvalue().to_pybytes()


def main() -> None:
    """Write both files."""
    parts, body = [], b""
    for name in COLUMNS:
        data = stream(name)
        parts.append({"name": name, "offset": len(body), "length": len(data)})
        body += data + b"\0" * (-len(data) % 8)
    header = {
        "version": 1,
        "title": "tiny",
        "source": "tiny",
        "formats": [],
        "start_us": 1739836800000000,
        "tick_us": 1000,
        "end": 4294967295,
        "window": [0, 1001],
        "totals": {
            "events": 4294967305,
            "in_recording": 4294967305,
            "untimed": 0,
            "untimed_by_reason": {},
            "unlocated": 3,
        },
        "account": None,
        "category_title": "Service",
        "categories": [
            {"name": "vpn", "label": "VPN portal", "slot": 0},
            {"name": "ssh", "label": "SSH", "slot": 2},
            {"name": "irc", "label": "irc", "slot": 7},
        ],
        "verdicts": ["mitigated", "detected", "suspicious", "benign", "unknown"],
        "severities": ["info", "low", "medium", "high", "critical"],
        "budget": 2000000,
        "grain": None,
        "attribution": [],
        "notice": None,
        "parts": parts,
    }
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-(16 + len(text)) % 8)
    (HERE / "tiny.avrec").write_bytes(b"AVREC\x01\r\n" + struct.pack("<I", len(text)) + b"\0" * 4 + text + body)
    values = {name: {key: column for key, (column, _) in columns.items()} for name, columns in COLUMNS.items()}
    (HERE / "tiny.json").write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
