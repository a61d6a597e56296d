"""How many documents of a real node are enriched and written back in a second, beside the client's own helpers."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

from attackviz.elastic.reindex.job import AT_ONCE
from tests.elastic.node import ask

from ..bench import Bench, geolite, median
from ..node import running
from ..process import python, run
from ..table import Goal, Row
from .pull import load, used

INDEX = "attackviz-bench-reindex"
SLOW = 0.1  # seconds that the slow processor waits for each document
NOTE = (
    "T-Pot documents of about 0.7 kB, every address located, on an Elasticsearch 9.5.3 that shares two cores with the "
    "client; by the clock, from the start of the job to the last answer, processes and plan included. Beside it, the "
    "helpers of elasticsearch-py in one process: scan of the address alone, geoip2, and streaming_bulk of updates; to "
    "copy, scan of the whole, geoip2, and parallel_bulk with 4 threads."
)
NODE = "Of the server, for all that is read and written."
HELPERS = {
    "place": "helpers.scan + geoip2 + streaming_bulk",
    "copy": "helpers.scan + geoip2 + parallel_bulk",
}


def rows(bench: Bench) -> list[Row]:
    """Enrich an index in place and into another, and process one that waits."""
    count, slow, alone = bench.pick(200_000, 20_000), bench.pick(20_000, 2_000), bench.pick(100, 20)
    runs = bench.pick(3, 1)
    took: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    with running() as (url, process):
        for _, how, who in product(range(runs), HELPERS, ("ours", "today")):
            # Afresh for each: an update of what was updated before is another thing.
            load(url, INDEX, count)
            ask(url, "POST", f"/{INDEX}/_forcemerge?max_num_segments=4")
            places = [str(geolite())] if who == "today" else []
            before = used(process)
            ran = run(python("-m", f"benchmarks.{who}.reindex", url, INDEX, how, *places))
            took[how, who].append((ran.answer["rate"], used(process) - before))
        load(url, INDEX, slow)
        many = run(python("-m", "benchmarks.ours.reindex", url, INDEX, "slow")).answer["rate"]
        load(url, INDEX, alone)
        one = run(python("-m", "benchmarks.ours.reindex", url, INDEX, "alone")).answer["rate"]
        for index in (INDEX, f"{INDEX}-to"):
            ask(url, "DELETE", f"/{index}?ignore_unavailable=true")
    n = f"{count:,} documents, {runs} runs, taking turns"
    goal = Goal(10_000, most=False)
    out = []
    for how, what in (("place", "updated"), ("copy", "copied to another index")):
        rates, spent = ([median(each) for each in zip(*took[how, who], strict=True)] for who in ("ours", "today"))
        pairs = list(zip(rates, spent, strict=True))
        what = f"documents located and {what} a second"
        out.append(Row("reindex", what, "/s", *pairs[0], HELPERS[how], n, NOTE, goal, more_is_better=True))
        if process is not None:
            out.append(Row("reindex", "the node's own processor time for it", "s", *pairs[1], HELPERS[how], n, NODE))
    waits = (
        f"A function that waits {SLOW * 1000:.0f} ms for each document, as one that asks another server does: "
        f"{AT_ONCE} calls at once in each of two processes, beside one call after the other."
    )
    n = f"{slow:,} documents; {alone} one at a time"
    ratio = Goal(100, "ratio", most=False)
    what = "documents a second with a processor of 100 ms"
    return [*out, Row("reindex", what, "/s", many, one, "one at a time", n, waits, ratio, more_is_better=True)]
