"""Read logs into an event table: ``python -m benchmarks.ours.read ADDRESS [PROCESSES [ids]]``."""

from __future__ import annotations

import json
import sys
import time

import attackviz as av

GIVEN = (
    "time", "src_ip", "src_port", "dst_host", "protocol", "category", "rule", "rule_id", "action", "verdict",
    "severity", "bytes", "sensor", "detail", "src_country",
)  # fmt: skip
"""What is read of Cloudflare's lines where nothing is asked for."""


def main() -> None:
    """Read, and print how many events there were and what it took until reading began."""
    read = av.read  # resolves the name, and with it the imports
    cpu, wall = time.process_time(), time.perf_counter()
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else None
    columns = [*GIVEN, "event_id"] if "ids" in sys.argv else None
    events = read(sys.argv[1], processes=processes, columns=columns)
    print(json.dumps({"rows": len(events), "before": cpu, "wall": time.perf_counter() - wall}))


if __name__ == "__main__":
    main()
