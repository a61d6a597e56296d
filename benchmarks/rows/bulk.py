"""How much of a client it takes to fill an index, beside the helpers of elasticsearch-py, on one real node."""

from __future__ import annotations

from ..bench import Bench
from ..node import running
from ..process import python, run
from ..table import Goal, Row


def rows(bench: Bench) -> list[Row]:
    """Write the same documents in three ways."""
    count, runs = bench.pick(100_000, 20_000), bench.pick(5, 2)
    with running() as (url, _):
        answer = run(python("-m", "benchmarks.ours.bulk", url, str(count), str(runs))).answer
    count = answer["rows"]
    (cpu, wall, node), (bulk_cpu, _, _), (_, parallel, parallel_node) = (
        answer[name] for name in ("ours", "bulk", "parallel")
    )
    n = f"{count:,} documents of T-Pot, the same for all; {runs} runs, taking turns"
    note = (
        "attackviz from the event table to the last answer, three bodies of 5 MB under way; the helpers with their own "
        "settings, from documents that are Python objects already. The wall clock is the node's, which shares this "
        f"machine: it took {node:.1f} s of processor time with attackviz, {parallel_node:.1f} s with parallel_bulk."
    )
    return [
        Row(
            "bulk",
            "documents written a second of the client's processor",
            "/s",
            count / cpu,
            count / bulk_cpu,
            "helpers.bulk",
            n,
            note,
            Goal(8, "ratio", False),
            True,
        ),
        Row(
            "bulk",
            "documents written a second by the clock",
            "/s",
            count / wall,
            count / parallel,
            "helpers.parallel_bulk, 4 threads",
            n,
            note,
            Goal(1, "ratio", False),
            True,
        ),
    ]
