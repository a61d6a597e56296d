"""How many documents of a real node are enriched and written back in a second, beside the client's own helpers."""

from __future__ import annotations

from attackviz.elastic.reindex.job import AT_ONCE
from tests.elastic.node import ask

from ..bench import Bench, geolite, median
from ..node import running
from ..process import python, run
from ..table import Goal, Row
from .pull import load

INDEX = "attackviz-bench-reindex"
SLOW = 0.1  # seconds that the slow processor waits for each document
NOTE = (
    "T-Pot documents of about 0.7 kB, every address located, on an Elasticsearch 9.5.3 that shares two cores with the "
    "client; by the clock, from the start of the job to the last answer, processes and plan included. Beside it, the "
    "helpers of elasticsearch-py in one process: scan of the address alone, geoip2, and streaming_bulk of updates."
)


def rows(bench: Bench) -> list[Row]:
    """Enrich an index in place and into another, and process one that waits."""
    count, slow, alone = bench.pick(200_000, 20_000), bench.pick(20_000, 2_000), bench.pick(100, 20)
    runs = bench.pick(3, 1)
    took: dict[str, list[float]] = {"place": [], "copy": [], "today": []}
    with running() as (url, _):
        for _ in range(runs):
            for name, command in (
                ("place", ("benchmarks.ours.reindex", url, INDEX, "place")),
                ("copy", ("benchmarks.ours.reindex", url, INDEX, "copy")),
                ("today", ("benchmarks.today.reindex", url, INDEX, str(geolite()))),
            ):
                # Afresh for each: an update of what was updated before is another thing.
                load(url, INDEX, count)
                ask(url, "POST", f"/{INDEX}/_forcemerge?max_num_segments=4")
                took[name].append(run(python("-m", *command)).answer["rate"])
        load(url, INDEX, slow)
        many = run(python("-m", "benchmarks.ours.reindex", url, INDEX, "slow")).answer["rate"]
        load(url, INDEX, alone)
        one = run(python("-m", "benchmarks.ours.reindex", url, INDEX, "alone")).answer["rate"]
        for index in (INDEX, f"{INDEX}-to"):
            ask(url, "DELETE", f"/{index}?ignore_unavailable=true")
    n = f"{count:,} documents, {runs} runs, taking turns"
    today, label = median(took["today"]), "helpers.scan + geoip2 + streaming_bulk"
    goal = Goal(10_000, most=False)
    waits = (
        f"A function that waits {SLOW * 1000:.0f} ms for each document, as one that asks another server does: "
        f"{AT_ONCE} calls at once in each of two processes, beside one call after the other."
    )
    return [
        Row("reindex", "documents located and updated a second", "/s", median(took["place"]), today, label, n, NOTE,
            goal, more_is_better=True),
        Row("reindex", "documents located and copied to another index a second", "/s", median(took["copy"]), today,
            label, n, NOTE, goal, more_is_better=True),
        Row("reindex", "documents a second with a processor of 100 ms", "/s", many, one, "one at a time",
            f"{slow:,} documents; {alone} one at a time", waits, Goal(100, "ratio", most=False), more_is_better=True),
    ]  # fmt: skip
