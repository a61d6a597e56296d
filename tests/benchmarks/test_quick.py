"""The runner measures, tells goals honestly, and writes the table down."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.table import Goal, Row, figure, markdown, show

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_part_of_the_table_is_measured_and_written(tmp_path):
    figures, page = tmp_path / "deep" / "bench.json", tmp_path / "performance.md"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "imports", "--json", figures, "--page", page]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    result = json.loads(figures.read_text())
    assert result["failed"] == {}
    assert [row["what"] for row in result["rows"]] == ["import attackviz", "attackviz --help"]
    for row in result["rows"]:
        assert row["ratio"] == pytest.approx(row["today"] / row["ours"])
        assert row["goal"]["met"] == (row["ours"] <= 0.3)
    assert "loads none of pandas" in result["rows"][0]["note"]
    for text in (ran.stdout, page.read_text()):
        assert "import attackviz" in text
        assert "Python" in text
    assert str(ROOT) not in page.read_text()


def test_an_unknown_part_is_refused():
    command = [sys.executable, "-m", "benchmarks", "--only", "nonsense"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2
    assert "nonsense" in ran.stderr


@pytest.mark.parametrize(
    ("row", "ratio", "verdict"),
    [
        (Row("p", "w", "s", 0.2, 1.0, "x", goal=Goal(0.3)), 5, "<= 0.3 s: met"),
        (Row("p", "w", "s", 0.5, 0.25, "x", goal=Goal(0.3)), 0.5, "<= 0.3 s: NOT met"),
        (
            Row("p", "w", "/s", 3e6, 1e4, "x", goal=Goal(300, "ratio", most=False), more_is_better=True),
            300,
            ">= 300x: met",
        ),
        (
            Row("p", "w", "/s", 2e6, 1e4, "x", goal=Goal(300, "ratio", most=False), more_is_better=True),
            200,
            ">= 300x: NOT met",
        ),
        (Row("p", "w", "s", None, 1.0, "x", goal=Goal(1)), None, "<= 1 s: not measured"),
        (Row("p", "w", "s", 1.0), None, ""),
    ],
)
def test_goals_and_ratios_say_which_way_is_better(row, ratio, verdict):
    assert row.ratio == (pytest.approx(ratio) if ratio else None)
    assert row.verdict == verdict


def test_both_tables_show_every_row_and_each_note_once():
    rows = [
        Row("a", "slow thing", "s", 2.0, 1.0, "old way", "n=1", "a caveat", Goal(1)),
        Row("a", "fast thing", "s", 1.0, 40.0, "old way", "n=2", "a caveat", Goal(1)),
        Row("b", "lone thing", "MB", 3.0, note="another"),
    ]
    terminal = Console(file=io.StringIO(), width=200)
    show(rows, terminal)
    for text in (terminal.file.getvalue(), markdown(rows)):
        assert all(row.what in text for row in rows)
        assert text.count("a caveat") == text.count("another") == 1
        assert "0.5x" in text
        assert "40x" in text
    assert "**not met**" in markdown(rows)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.01234, "s", "0.0123 s"),
        (13_600_000, "/s", "13.6 M/s"),
        (412.3, "MB", "412 MB"),
        (1234.0, "MB", "1,234 MB"),
        (None, "s", "–"),
    ],
)
def test_figures_read_well(value, unit, text):
    assert figure(value, unit) == text
