"""How long a cluster takes to count a day into cells, beside pulling the day and counting here."""

from __future__ import annotations

from ..bench import Bench
from ..node import running
from ..process import python, run
from ..table import Row

INDEX = "attackviz-bench-cube"
LIMIT = 1800  # seconds; to fill the index takes most of it
NOTE = (
    "Documents of our own, of one day, on a node of the same machine; both make a cube of at most 200,000 cells. "
    "Pulling fetches every field that the format knows, and decodes the columns that a cube is made of."
)


def rows(bench: Bench) -> list[Row]:
    """Fill an index, count it, and pull it."""
    count = bench.pick(5_000_000, 100_000)
    with running() as (url, _):
        answer = run(python("-m", "benchmarks.ours.cube", url, INDEX, str(count)), limit=LIMIT).answer
    if not answer["same"]:
        raise RuntimeError("the cluster counted other events than it holds")
    counted, pulled = answer["counted"], answer["pulled"]
    ours, theirs = answer["grains"]
    n = f"{count:,} documents, {counted['requests']} requests, {answer['cells']:,} cells ({ours}; pulled: {theirs})"
    label = "pulling, and a cube of the event table"
    figures = counted["wall"], pulled["wall"]
    out = [Row("cube", "a cube of one day by the clock", "s", *figures, label, n, NOTE)]
    figures = counted["cpu"], pulled["cpu"]
    return [*out, Row("cube", "the client's processor time for it", "s", *figures, label, n, NOTE)]
