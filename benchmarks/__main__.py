"""``python -m benchmarks``: measure, print the table, write it down."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
import time
from pathlib import Path

from rich.console import Console

from . import machine, page
from .bench import SEED, Bench
from .rows import PARTS
from .table import Row, show


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller inputs and fewer runs: a few minutes")
    parser.add_argument(
        "--only", action="append", choices=[*PARTS], metavar="PART", help=f"one of {', '.join(PARTS)}; may be repeated"
    )
    parser.add_argument(
        "--json", type=Path, default=Path("out/bench.json"), help="where the figures go (default: %(default)s)"
    )
    parser.add_argument("--page", type=Path, help="where the table goes as a page, such as docs/performance.md")
    asked = parser.parse_args()
    console = Console(width=None if Console().is_terminal else 180)
    progress = Console(stderr=True)
    began, before = time.perf_counter(), machine.load()
    during: list[float] = []
    rows: list[Row] = []
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="attackviz-bench-") as directory:
        bench = Bench(Path(directory), asked.quick, lambda line: progress.print(f"[dim]  {line}[/]", highlight=False))
        for name in asked.only or PARTS:
            progress.print(f"{time.perf_counter() - began:5.0f} s  {name}", highlight=False)
            try:
                rows += PARTS[name](bench)
            except Exception as error:  # one part that fails must not take the others with it
                failed[name] = f"{type(error).__name__}: {error}"
                progress.print(f"[red]{name}: {failed[name]}[/]", highlight=False)
            during.append(machine.load())
    result = {
        "taken": dt.datetime.now(dt.UTC).date().isoformat(),
        "seconds": round(time.perf_counter() - began),
        "quick": asked.quick,
        "seed": SEED,
        "load_before": round(before, 1),
        "load_during": [round(load, 1) for load in during],
        "machine": machine.describe(),
        "rows": [row.to_dict() for row in rows],
        "failed": failed,
    }
    show(rows, console)
    console.print(page.facts(result), highlight=False)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if asked.page:
        asked.page.write_text(page.render(result, rows), encoding="utf-8")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
