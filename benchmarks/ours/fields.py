"""Read wanted fields of JSON lines into Arrow: ``python -m benchmarks.ours.fields WHAT FILE...``.

WHAT is ``cloudflare`` or ``eve``. The same stages as for any format (inflate, scan, cast), but nothing
is derived: this is what other engines do when they are told columns and types.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pyarrow as pa

from attackviz.account import Account
from attackviz.formats import Format, Options
from attackviz.formats.columns import Columns
from attackviz.formats.decode import decode
from attackviz.sources.files import find
from attackviz.sources.streams import streams

from ..eve import WANTED as EVE
from ..today.read import WANTED as CLOUDFLARE

WARM = b"".join(b'{"EdgeStartTimestamp":"2025-03-11T00:00:00Z","timestamp":"x","n":%d}\n' % n for n in range(100_000))


def form(wanted: dict[str, str]) -> Format:
    """Return a format whose columns are the fields of a log as they are, typed."""

    def build(c: Columns) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for path, kind in wanted.items():
            if kind == "TIME":
                made["time"] = c.time(path)
            else:
                made[f"field {path}"] = c.text(path) if kind == "VARCHAR" else c.number(path)
        return made

    return Format("fields", "fields", "json", tuple(wanted), (), build)


def main() -> None:
    """Read, and print how many rows there were and what it took until reading began."""
    what, *names = sys.argv[1:]
    wanted = EVE if what == "eve" else {**CLOUDFLARE, "EdgeStartTimestamp": "TIME"}
    fields = form(wanted)
    list(decode([WARM], fields, Account(), "", Options()))  # loads the compiled kernels
    account = Account()
    cpu, wall = time.process_time(), time.perf_counter()
    parts = []
    for file in find(names)[0]:
        for stream in streams(file, account, lambda size: None):
            parts += decode(stream.chunks, fields, account, stream.name, Options())
    table = pa.concat_tables(parts)
    took = time.process_time() - cpu
    print(
        json.dumps(
            {
                "rows": table.num_rows,
                "took": took,
                "before": cpu,
                "wall": time.perf_counter() - wall,
                "bad": account.bad_total,
            }
        )
    )


if __name__ == "__main__":
    main()
