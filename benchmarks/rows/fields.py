"""How fast wanted fields of JSON lines become Arrow columns, beside engines that are told the same."""

from __future__ import annotations

from pathlib import Path

from ..bench import Bench, median
from ..process import Ran, python, run
from ..table import Goal, Row

ONE = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
NOTE = (
    "Processor time of one thread from the first byte to Arrow columns of the same fields and types, after imports and "
    "with compiled kernels loaded; gzip files. attackviz checks every line to the letter and counts what is none; the "
    "others get regular lines only."
)
DIRTY = "The same lines, spoiled: what is not plainly one good object goes to the exact reader, line by line."
TYPED = "With NUMBA_DISABLE_JIT=1: msgspec and Arrow alone."
LEAST = "isal in pieces of 16 kB, into nothing."


def rows(bench: Bench) -> list[Row]:
    """Read generated Cloudflare and Suricata lines with every engine, taking turns."""
    lines = bench.pick(1_000_000, 40_000)
    runs = bench.pick(3, 1)
    files = sorted(bench.cloudflare(lines).glob("*.gz"))
    part = files[: bench.pick(2, 5)]
    _ours("cloudflare", part[:1])
    ours, others = [], {name: [] for name in ("duckdb", "polars", "pyarrow", "inflate")}
    for _ in range(runs):
        ours.append(_ours("cloudflare", files))
        for name, ran in others.items():
            ran.append(_today(name, files))
    cpu = _took(ours)
    n = f"{lines:,} lines, {runs} runs"
    duckdb = _took(others["duckdb"])
    what = "Cloudflare fields to Arrow, CPU"
    out = [
        Row("fields", what, "s", cpu, duckdb, "DuckDB read_json, columns told", n, NOTE, _least(2)),
        Row("fields", what, "s", cpu, _took(others["polars"]), "polars scan_ndjson, schema told", n, NOTE),
        Row("fields", what, "s", cpu, _took(others["pyarrow"]), "pyarrow.json, schema told", n, NOTE),
    ]
    for name, label, goal in (("orjson", "orjson, line by line", None), ("pandas", "pandas.read_json", _least(25))):
        ran = _today(name, part)
        scaled = ran.answer["took"] * lines / ran.answer["rows"]
        many = f"{n}; today 1 run on {ran.answer['rows']:,}, scaled"
        out.append(Row("fields", what, "s", cpu, scaled, label, many, NOTE, goal))
    inflate = _took(others["inflate"])
    out.append(Row("fields", what, "s", cpu, inflate, "inflating alone", n, LEAST, _least(1 / 2.5)))
    peaks = [median([ran.peak for ran in those]) for those in (ours, others["duckdb"])]
    out.append(Row("fields", "the same, peak memory", "MB", *peaks, "DuckDB", n, NOTE, _least(1 / 1.1)))
    typed = _took([_ours("cloudflare", files, {"NUMBA_DISABLE_JIT": "1"}) for _ in range(runs)])
    out.append(Row("fields", "the same without the compiler", "s", typed, duckdb, "DuckDB", n, TYPED, _least(1 / 2.2)))
    out += _dirty(bench, part)
    eve = sorted(bench.eve(bench.pick(400_000, 20_000)).glob("*.gz"))
    pairs = [(_ours("eve", eve), _today("eve", eve)) for _ in range(runs)]
    one, other = _took([pair[0] for pair in pairs]), _took([pair[1] for pair in pairs])
    n = f"{pairs[0][0].answer['rows']:,} lines, {runs} runs"
    out.append(Row("fields", "Suricata EVE fields to Arrow, CPU", "s", one, other, "DuckDB", n, NOTE, _least(1 / 0.6)))
    return out


def _dirty(bench: Bench, part: list[Path]) -> list[Row]:
    out = []
    for how, what in (("0.01", "1 % of lines cut"), ("0.2", "20 % of lines cut"), ("order", "keys in random order")):
        spoiled = sorted(bench.dirty(how, part).glob("*.gz"))
        pairs = [(_ours("cloudflare", spoiled), _ours("cloudflare", part)) for _ in range(bench.pick(3, 1))]
        one, other = _took([pair[0] for pair in pairs]), _took([pair[1] for pair in pairs])
        n = f"{pairs[0][1].answer['rows']:,} lines, {len(pairs)} runs"
        out.append(Row("fields", f"{what}, CPU", "s", one, other, "the same lines, clean", n, DIRTY))
    return out


def _least(times: float) -> Goal:
    return Goal(round(times, 2), "ratio", most=False)


def _ours(what: str, files: list[Path], extra: dict[str, str] | None = None) -> Ran:
    return run(python("-m", "benchmarks.ours.fields", what, *map(str, files)), ONE | (extra or {}))


def _today(reader: str, files: list[Path]) -> Ran:
    return run(python("-m", "benchmarks.today.read", reader, *map(str, files)), ONE)


def _took(runs: list[Ran]) -> float:
    return median([ran.answer["took"] for ran in runs])
