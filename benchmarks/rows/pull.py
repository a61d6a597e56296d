"""How fast documents of a real Elasticsearch node become events, beside the client's own helpers."""

from __future__ import annotations

import json

import psutil

from attackviz.elastic import Elastic
from tests.elastic.made import TPOT_MAPPING, tpot
from tests.elastic.node import ask

from ..bench import SEED, Bench, median
from ..node import running
from ..process import Ran, python, run
from ..table import Goal, Row

INDEX = "attackviz-bench-pull"
SLICES = 2
NOTE = (
    "T-Pot documents of about 0.7 kB on an Elasticsearch 9.5.3 of the same machine. Documents a second of the client's "
    "processor time, with compiled kernels loaded; attackviz makes an event table, the others a frame of the fields. "
    "eland is not beside it: 9.2.0 wants pandas below 3 and the client of 9, 8.18.1 pandas below 3 and NumPy below 2."
)
WALL = "Node and client share two cores."


def rows(bench: Bench) -> list[Row]:
    """Fill an index, and pull it in turns."""
    count, runs = bench.pick(200_000, 20_000), bench.pick(3, 1)
    with running() as (url, process):
        bench.say(f"loading {count:,} documents")
        load(url, INDEX, count)
        fields = Elastic(url, INDEX).documents.form.fields
        took: dict[str, list[tuple[Ran, float]]] = {"ours": [], "scan": [], "filtered": []}
        for _ in range(runs):
            for name, command in (
                ("ours", ("benchmarks.ours.pull", url, INDEX, str(SLICES))),
                ("scan", ("benchmarks.today.pull", url, INDEX)),
                ("filtered", ("benchmarks.today.pull", url, INDEX, *fields)),
            ):
                before = used(process)
                ran = run(python("-m", *command))
                took[name].append((ran, used(process) - before))
        ask(url, "DELETE", f"/{INDEX}")
    n = f"{count:,} documents, {runs} runs"
    out = []
    for name, label, goal in (
        ("scan", "helpers.scan + json_normalize", Goal(8, "ratio", most=False)),
        ("filtered", "the same, only the fields that are read", None),
    ):
        figures = [_speed(took[who], "cpu", count) for who in ("ours", name)]
        what = "documents pulled a second of the client's processor"
        out.append(Row("pull", what, "/s", *figures, label, n, NOTE, goal, more_is_better=True))
    label = "helpers.scan + json_normalize"
    figures = [_speed(took[who], "wall", count) for who in ("ours", "scan")]
    out.append(
        Row("pull", "documents pulled a second by the clock", "/s", *figures, label, n, WALL, more_is_better=True)
    )
    if process is not None:
        # Ours pulls twice in a run, once to warm up.
        spent = [median([each for _, each in took["ours"]]) / 2, median([each for _, each in took["scan"]])]
        out.append(Row("pull", "the node's own processor time for it", "s", *spent, label, n, WALL))
    return out


def load(url: str, index: str, count: int) -> None:
    """Fill an index with documents of T-Pot."""
    settings = {"number_of_replicas": 0, "number_of_shards": 2}
    ask(url, "DELETE", f"/{index}?ignore_unavailable=true")
    ask(url, "PUT", f"/{index}", {"settings": settings, "mappings": TPOT_MAPPING})
    lines: list[bytes] = []
    for number, (_, document) in enumerate(tpot(count, SEED), 1):
        lines += [b'{"create":{}}\n', json.dumps(document).encode(), b"\n"]
        if number % 10_000 == 0 or number == count:
            answer = ask(url, "POST", f"/{index}/_bulk?filter_path=errors", b"".join(lines))
            if answer != {"errors": False}:
                raise RuntimeError("the node refused some documents")
            lines.clear()
    ask(url, "POST", f"/{index}/_refresh")


def used(process: psutil.Process | None) -> float:
    """Return the processor time a server took so far, seconds."""
    if process is None:
        return 0.0
    times = process.cpu_times()
    return float(times.user + times.system)


def _speed(took: list[tuple[Ran, float]], of: str, count: int) -> float:
    """Return documents a second; those that are left out were read, too."""
    return count / median([ran.answer[of] for ran, _ in took])
