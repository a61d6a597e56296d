"""The year of times that have none, as a user tells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from attackviz.cli.app import app

LOG = Path(__file__).parents[1] / "formats" / "corpus" / "openssh__classic.log"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command in this process, away from any settings file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATTACKVIZ_SETTINGS", raising=False)
    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=False)


def test_a_year_that_is_told_is_taken(run, tmp_path):
    assert run("read", LOG, "--year", 2017, "-o", "out.ndjson", "--stats", "stats.json").exit_code == 0
    times = [json.loads(line)["time"] for line in (tmp_path / "out.ndjson").read_text().splitlines()]
    assert [time[:4] for time in times] == ["2017"] * 5
    stats = json.loads((tmp_path / "stats.json").read_text())
    assert stats["flags"]["time without a year, read as 2017"] == 5
    assert stats["left_out"]["accepted logins"] == 1


def test_a_stream_without_a_year_says_how_to_tell_it(run):
    result = CliRunner().invoke(app, ["read", "-"], input=LOG.read_bytes())
    assert result.exit_code == 0
    assert "5 events have no time, as their log writes no year; say it with --year" in result.stderr
    told = CliRunner().invoke(app, ["read", "-", "--year", "2017"], input=LOG.read_bytes())
    assert "--year" not in told.stderr


def test_a_silly_year_is_a_sentence(run):
    result = run("read", LOG, "--year", 17)
    assert result.exit_code == 2
    assert "17 is no year of a log" in result.output
