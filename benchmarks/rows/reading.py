"""How fast logs become an event table."""

from __future__ import annotations

from pathlib import Path

from ..bench import Bench, median
from ..process import Ran, python, run
from ..table import Goal, Row

NOTE = (
    "Processor time from the first byte to a table, after imports; gzip files of 1.4 kB a line. attackviz counts every "
    "line, keeps cut and glued ones and works out verdicts; the others get regular lines only, and stop at the sixteen "
    "columns it needs."
)
IDS = (
    "Cloudflare gives ids of its own (RayID and rule), so none is made; where a log gives none, each is a hash of the "
    "file's first line, the offset and the line: about 2 microseconds an event."
)
SLOW = {"pandas": "pandas.read_json(lines=True)", "orjson": "orjson, line by line"}
FAST = {"duckdb": "DuckDB read_json, columns told", "polars": "polars scan_ndjson, schema told"}


def rows(bench: Bench) -> list[Row]:
    """Read generated Cloudflare lines with every reader."""
    lines = bench.pick(1_000_000, 40_000)
    runs = bench.pick(3, 1)
    files = sorted(bench.cloudflare(lines).glob("*.gz"))
    part = files[: bench.pick(2, 5)]
    run(python("-m", "benchmarks.ours.read", str(part[0])))
    ours = [run(python("-m", "benchmarks.ours.read", str(files[0].parent))) for _ in range(runs)]
    cpu = median([_cpu(ran) for ran in ours])
    out = []
    for reader, name in (SLOW | FAST).items():
        scaled = reader in SLOW and len(part) < len(files)
        given = part if scaled else files
        took = [_today(reader, given) for _ in range(1 if scaled else runs)]
        factor = lines / took[0].answer["rows"]
        n = f"{lines:,} lines, {runs} runs" + (f"; today 1 run on {took[0].answer['rows']:,}, scaled" if scaled else "")
        theirs = median([_cpu(ran) for ran in took]) * factor
        out.append(Row("reading", "Cloudflare lines to a table, CPU", "s", cpu, theirs, name, n, NOTE))
        if reader == "pandas":
            wall = median([ran.answer["wall"] for ran in ours])
            theirs = median([ran.answer["wall"] for ran in took]) * factor
            out.append(Row("reading", "the same, wall clock", "s", wall, theirs, name, n, NOTE))
        if reader == "duckdb":
            peak = median([ran.peak for ran in ours])
            out.append(
                Row("reading", "the same, peak memory", "MB", peak, median([ran.peak for ran in took]), name, n, NOTE)
            )
    together = [run(python("-m", "benchmarks.ours.read", str(files[0].parent), "2")) for _ in range(runs)]
    alone = [run(python("-m", "benchmarks.ours.read", str(files[0].parent), "1")) for _ in range(runs)]
    one, two = (median([ran.answer["wall"] for ran in those]) for those in (alone, together))
    n = f"{lines:,} lines, {runs} runs"
    goal = Goal(1.5, "ratio", most=False)
    out.append(Row("reading", "two processes, wall clock", "s", two, one, "one process", n, NOTE, goal))
    ids = [run(python("-m", "benchmarks.ours.read", str(files[0].parent), "1", "ids")) for _ in range(runs)]
    cost = [median([_cpu(ran) for ran in those]) for those in (ids, alone)]
    out.append(Row("reading", "with event_id, CPU", "s", cost[0], cost[1], "without", n, IDS))
    return out


def _today(reader: str, files: list[Path]) -> Ran:
    return run(python("-m", "benchmarks.today.read", reader, *map(str, files)))


def _cpu(ran: Ran) -> float:
    return ran.cpu - ran.answer["before"]
