"""Read logs into an event table: ``python -m benchmarks.ours.read ADDRESS``."""

from __future__ import annotations

import json
import sys
import time

import attackviz as av


def main() -> None:
    """Read, and print how many events there were and what it took until reading began."""
    read = av.read  # resolves the name, and with it the imports
    cpu, wall = time.process_time(), time.perf_counter()
    events = read(sys.argv[1])
    print(json.dumps({"rows": len(events), "before": cpu, "wall": time.perf_counter() - wall}))


if __name__ == "__main__":
    main()
