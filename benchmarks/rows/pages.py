"""How large the page is that one hands over."""

from __future__ import annotations

from pathlib import Path

from ..bench import TPOT, Bench
from ..process import python, run
from ..table import Goal, Row

NOTE = (
    "attackviz: a replay one can scrub and filter, all events in it. "
    "Today's: a still map of the same points, with inline resources."
)
GOALS = {"10 k": Goal(0.5), "100 k": Goal(1.5), "1 M": Goal(9)}


def rows(bench: Bench) -> list[Row]:
    """Save pages of several sizes."""
    sizes: list[int | Path] = [10_000, 100_000] if bench.quick else [10_000, 100_000, TPOT, 1_000_000]
    out = []
    for what in sizes:
        page, parquet = bench.replay(what)
        still = bench.directory / "still.html"
        run(python("-m", "benchmarks.today.pages", str(parquet), str(still)))
        made = "real" if isinstance(what, Path) else "made up"
        events = "388 k" if isinstance(what, Path) else f"{what // 1000} k" if what < 1_000_000 else "1 M"
        size, theirs = (p.stat().st_size / 1e6 for p in (page, still))
        out.append(
            Row(
                "pages",
                f"page with {events} events",
                "MB",
                size,
                theirs,
                "hv.save of gv.Points",
                f"1, {made}",
                NOTE,
                GOALS.get(events),
            )
        )
    return out
