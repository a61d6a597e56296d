"""The player counts what a store counts, under the same filters."""

from __future__ import annotations

import json
import os
import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from attackviz.analysis import EventTable
from attackviz.analysis.words import _countries, country_name
from attackviz.filters import FIELDS, Filters
from attackviz.replay import build
from attackviz.schema import VERDICTS
from attackviz.window import Window

from .conftest import as_table, made_up
from .test_store import CHOICES, NETWORKS, WORDS

HERE = Path(__file__).parent
ROUNDS = 2000 if os.environ.get("ATTACKVIZ_SOAK") else 250
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# As the player writes what is not known.
OWN = {field: [v for v in CHOICES[field] if v is not None or field == "severity"] for field in FIELDS}
CELLS = {field: OWN[field] for field in ("category", "verdict", "country", "place", "target")}


def questions(seed: int, header: dict, choices: dict, bin_us: int, rounds: int) -> list[dict]:
    """Make questions of the player: windows in ticks, on whole bins, and filters."""
    rnd = random.Random(seed)
    start, tick = header["start_us"], header["tick_us"]
    first, last = -(-start // bin_us), (start + header["end"] * tick) // bin_us
    out = []
    for _ in range(rounds):
        a, b = sorted(rnd.sample(range(first, last + 1), 2))
        filters = {}
        for field in rnd.sample([*choices, "slot"], rnd.randint(0, 3)):
            values = choices.get(field, [0, 2, 3, 7, "ssh", "SQLi"])
            filters[field] = {rnd.choice(["in", "not"]): rnd.choices(values, k=rnd.randint(1, 3))}
        if choices is OWN and rnd.random() < 0.3:
            filters |= rnd.choice([{"text": rnd.choice(WORDS)}, {"cidr": rnd.sample(NETWORKS, rnd.randint(1, 2))}])
        out.append({"window": [(edge * bin_us - start) // tick for edge in (a, b)], "filters": filters})
    return out


def asked(node: str, recording, listed: list[dict], directory: Path) -> list[dict]:
    recording.save(directory / "events.avrec")
    (directory / "questions.json").write_text(json.dumps(listed))
    command = [node, str(HERE / "player.mjs"), str(directory / "events.avrec"), str(directory / "questions.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def counted(store: EventTable, header: dict, question: dict):
    edges = [header["start_us"] + tick * header["tick_us"] for tick in question["window"]]
    window = Window(*(EPOCH + timedelta(microseconds=us) for us in edges))
    filters = Filters.parse(question["filters"]).named(header["categories"])
    return window, filters, store.count(window, filters)


def test_counts_and_lists_of_the_browser_are_those_of_the_store(node, tmp_path):
    table = as_table(made_up(11, 3000))
    store, recording = EventTable(table), build(table)
    header = recording.header
    listed = questions(5, header, OWN, 1_000, ROUNDS)
    met = 0
    for question, answer in zip(listed, asked(node, recording, listed, tmp_path), strict=True):
        window, filters, found = counted(store, header, question)
        assert answer["events"] == found.events, question
        assert answer["sources"] == found.sources, question
        assert answer["countries"] == found.countries, question
        assert answer["unlocated"] == found.unlocated, question
        assert answer["severe"] == found.severe, question
        assert answer["byVerdict"] == [found.by_verdict.get(name, 0) for name in VERDICTS], question
        for field, lines in answer["lists"].items():
            rows = store.top(field, window, 1000, filters).rows
            assert sorted(map(tuple, lines), key=str) == sorted(((r.key, r.events) for r in rows), key=str), field
        met += found.events > 0
    assert met > ROUNDS / 3


@pytest.mark.parametrize("budget", [2200, 1500, 700])
def test_cells_give_the_browser_the_same_counts(node, tmp_path, budget):
    store = EventTable(as_table(made_up(12, 3000)))
    cube = store.cube(None, budget)
    recording = build(cube)
    lost = {"none": ("place", "country"), "country": ("place",), "region": ("place",)}.get(cube.grain.place, ())
    choices = {field: values for field, values in CELLS.items() if field not in lost}
    listed = questions(6, recording.header, choices, cube.grain.seconds * 1_000_000, ROUNDS // 5)
    for question, answer in zip(listed, asked(node, recording, listed, tmp_path), strict=True):
        _, _, found = counted(store, recording.header, question)
        assert answer["events"] == found.events, (question, cube.grain)
        assert answer["byVerdict"] == [found.by_verdict.get(name, 0) for name in VERDICTS], question
        if cube.grain.place != "none":
            assert answer["unlocated"] == found.unlocated, question
            assert answer["countries"] == found.countries, question


def test_countries_have_the_names_that_browsers_know(node):
    codes = [*_countries(), "T1", "", "constructor"]
    script = (
        f"import {{ countryName }} from '{HERE.parents[1] / 'attackviz' / 'player' / 'src' / 'format.js'}';"
        f"console.log(JSON.stringify({json.dumps(codes)}.map(countryName)))"
    )
    done = subprocess.run([node, "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout)
    # Names change with the years: another node may know a few others.
    unlike = [
        (code, country_name(code), name) for code, name in zip(codes, theirs, strict=True) if country_name(code) != name
    ]
    assert len(unlike) < 8, unlike
    assert (country_name("T1"), country_name("CN"), country_name("")) == ("T1", "China", "Unknown")
