"""Make a film of a replay: ``python -m benchmarks.ours.film ADDRESS FILM SECONDS``; prints what it took, as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import attackviz as av


def main() -> None:
    """Read, locate, and time the film alone."""
    address, out, seconds = sys.argv[1:]
    events = av.enrich(av.read(address), targets=av.read_targets(Path(address) / "targets.csv"))
    replay = av.Replay(events, title="Benchmark")
    began = time.perf_counter()
    path = replay.save(out, length=float(seconds), size="1080p")
    print(json.dumps({"seconds": time.perf_counter() - began, "mb": path.stat().st_size / 1e6}))


if __name__ == "__main__":
    main()
