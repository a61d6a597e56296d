"""Spoil JSON lines: ``python -m benchmarks.dirty HOW SEED DIRECTORY FILE...``.

HOW is a share of lines to be cut in the middle (``0.01``), or ``order``: every line with its keys in another order.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from pathlib import Path


def main() -> None:
    """Write each file anew."""
    how, seed, directory, *names = sys.argv[1:]
    pick = random.Random(int(seed))
    Path(directory).mkdir(parents=True)
    for name in names:
        lines = gzip.decompress(Path(name).read_bytes()).splitlines()
        if how == "order":
            for number, line in enumerate(lines):
                pairs = list(json.loads(line).items())
                pick.shuffle(pairs)
                lines[number] = json.dumps(dict(pairs), separators=(",", ":"), ensure_ascii=False).encode()
        else:
            lines = [line[: len(line) // 2] if pick.random() < float(how) else line for line in lines]
        (Path(directory) / Path(name).name).write_bytes(gzip.compress(b"\n".join(lines) + b"\n", 6))


if __name__ == "__main__":
    main()
