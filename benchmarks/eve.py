"""Make Suricata EVE logs: ``python -m benchmarks.eve DIRECTORY LINES SEED``."""

from __future__ import annotations

import base64
import gzip
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

WANTED = {
    "timestamp": "TIME",
    "event_type": "VARCHAR",
    "src_ip": "VARCHAR",
    "src_port": "BIGINT",
    "dest_ip": "VARCHAR",
    "dest_port": "BIGINT",
    "proto": "VARCHAR",
    "alert.action": "VARCHAR",
    "alert.signature": "VARCHAR",
    "alert.signature_id": "BIGINT",
    "alert.category": "VARCHAR",
    "alert.severity": "BIGINT",
    "http.hostname": "VARCHAR",
    "http.url": "VARCHAR",
    "flow.bytes_toserver": "BIGINT",
}
"""Fields that are read, and their types; a dot steps into an object."""

FILES = 8
SIGNATURES = (
    ("ET SCAN Potential SSH Scan", "Attempted Information Leak", 2),
    ('GPL SQL "xp_cmdshell" attempt', "Web Application Attack", 1),
    ("ET SCAN Potential VNC Scan 5900-5920", "Attempted Information Leak", 2),
    ("SURICATA STREAM Packet with invalid timestamp", "Generic Protocol Command Decode", 3),
)
START = datetime(2025, 3, 11, tzinfo=UTC)


def event(pick: random.Random, number: int) -> dict[str, Any]:
    """Return one event: an alert, a request, a name looked up or a flow."""
    kind = pick.choice(("alert", "alert", "http", "dns", "flow"))
    stamp = (START + timedelta(milliseconds=number * 86)).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")
    made: dict[str, Any] = {
        "timestamp": stamp,
        "flow_id": pick.getrandbits(50),
        "in_iface": "eth0",
        "event_type": kind,
        "src_ip": ".".join(str(pick.randint(1, 254)) for _ in range(4)),
        "src_port": pick.randint(1024, 65535),
        "dest_ip": "10.0.0.5",
        "dest_port": pick.choice((22, 80, 443, 5900)),
        "proto": pick.choice(("TCP", "UDP")),
    }
    if kind == "alert":
        signature, category, severity = pick.choice(SIGNATURES)
        made["alert"] = {
            "action": "allowed",
            "gid": 1,
            "signature_id": pick.randint(2_000_000, 2_040_000),
            "rev": pick.randint(1, 20),
            "signature": signature,
            "category": category,
            "severity": severity,
            "metadata": {"created_at": ["2010_07_30"], "updated_at": ["2019_07_26"]},
        }
        made["payload"] = base64.b64encode(pick.randbytes(pick.randint(10, 300))).decode()
        made["payload_printable"] = f'GET /{pick.getrandbits(40)} HTTP/1.1\r\nHost: x\r\n"q"\\\r\n'
    if kind == "http" or (kind == "alert" and pick.random() < 0.4):
        made["http"] = {
            "hostname": f"h{pick.randint(1, 99)}.example.com",
            "url": f"/index{pick.randint(1, 99)}?x=1",
            "http_user_agent": "Mozilla/5.0",
            "http_method": "GET",
            "protocol": "HTTP/1.1",
            "status": 200,
            "length": pick.randint(0, 9999),
        }
    if kind == "dns":
        answers = [{"rrname": "x", "rrtype": "A", "ttl": 60, "rdata": "10.1.2.3"} for _ in range(pick.randint(0, 4))]
        made["dns"] = {"type": "answer", "id": pick.randint(1, 65535), "rcode": "NOERROR", "answers": answers}
    if kind in ("flow", "alert"):
        made["flow"] = {
            "pkts_toserver": pick.randint(1, 99),
            "pkts_toclient": pick.randint(0, 99),
            "bytes_toserver": pick.randint(60, 99999),
            "bytes_toclient": pick.randint(0, 99999),
            "start": stamp,
        }
    return made


def main() -> None:
    """Write the files."""
    directory, lines, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    directory.mkdir(parents=True)
    pick = random.Random(seed)
    each = -(-lines // FILES)
    for number in range(FILES):
        made = (json.dumps(event(pick, number * each + n), separators=(",", ":")) for n in range(each))
        (directory / f"eve-{number}.json.gz").write_bytes(gzip.compress("\n".join(made).encode() + b"\n", 6))


if __name__ == "__main__":
    main()
