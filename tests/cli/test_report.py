"""``attackviz report``, as a user or cron runs it, and the units that run it each day."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from attackviz.cli.app import app

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Run a command in this process, away from any settings file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATTACKVIZ_SETTINGS", raising=False)
    runner = CliRunner()
    return lambda *args: runner.invoke(app, [str(arg) for arg in args], catch_exceptions=False)


def write(path: Path, start: pd.Timestamp, days: int = 2, an_hour: int = 20) -> Path:
    """Write some events an hour, as our own table."""
    hours = pd.date_range(start, periods=24 * days, freq="h")
    times = [hour + pd.Timedelta(minutes=3 * k) for hour in hours for k in range(an_hour)]
    pd.DataFrame({"time": times, "src_ip": "192.0.2.1", "category": "ssh", "rule": "failed login"}).to_parquet(path)
    return path


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return write(tmp_path / "events.parquet", pd.Timestamp("2025-02-17", tz="UTC"))


def test_a_report_is_written_and_said_in_one_line(run, logs, tmp_path):
    done = run("report", logs, "-o", "day.html", "--window", "2025-02-18", "--title", "A day")
    assert done.exit_code == 0, done.output
    assert re.fullmatch(
        r"A day, Tue 18 Feb 2025: 480 events \(unchanged\) from 1 address; 0 bursts; "
        r"day\.html \(\d+ kB\)\n",
        done.stdout,
    )
    assert "<h1>A day</h1>" in (tmp_path / "day.html").read_text(encoding="utf-8")


def test_the_window_before_is_read_and_nothing_beyond(run, logs):
    run("report", logs, "-o", "day.html", "--window", "2025-02-18T12:00Z/PT6H")
    page = Path("day.html").read_text(encoding="utf-8")
    assert "That is as many as in the 6 h before, which had 120." in page


def test_of_a_day_the_days_before_are_read_to_know_what_is_usual(run, tmp_path):
    write(tmp_path / "long.parquet", pd.Timestamp("2025-02-10", tz="UTC"), days=8)
    assert run("report", "long.parquet", "-o", "day.html", "--window", "2025-02-17").exit_code == 0
    page = re.sub(r"<[^>]+>|\s+", " ", Path("day.html").read_text(encoding="utf-8"))
    assert re.search(r"outside of it and of the window before\s+960\s", page)  # the 14th and 15th


def test_yesterday_is_the_day_before_today_in_the_zone(run, tmp_path):
    today = pd.Timestamp.now("UTC").floor("D")
    write(tmp_path / "now.parquet", today - pd.Timedelta(days=4), days=5)
    done = run("report", "now.parquet", "-o", "y.html", "--window", "yesterday", "--tz", "Asia/Tokyo")
    assert done.exit_code == 0, done.output
    assert "480 events (unchanged)" in done.stdout
    assert " to " in done.stdout  # a day of Tokyo is none of UTC


def test_a_quiet_day_fails_and_leaves_no_file(run, logs, tmp_path):
    done = run("report", logs, "-o", "day.html", "--window", "2025-03-18")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "none of 960 events is in the window" in done.stderr
    assert not (tmp_path / "day.html").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "day.docx"], "day.docx is no kind of report; end the name in .html, or .pdf for print"),
        (["-o", "events.html"], "events.html: the file is there already; say --force to write over it"),
        (["-o", "x.html", "--notes", "none.md"], "none.md: the notes cannot be read: No such file"),
        (["-o", "x.html", "--notes", "events.parquet"], "events.parquet: the notes are not text in UTF-8"),
        (["-o", "x.html", "--logo", "none.png"], "none.png: there is no such file"),
        (["-o", "x.html", "--template", "none.html"], "none.html: there is no such file"),
        (["-o", "x.html", "--window", "some day"], "'some day' is not a time window"),
        (["-o", "x.html", "--redact", "some"], "some"),
    ],
)
def test_misuse_is_said_before_anything_is_written(run, logs, tmp_path, arguments, words):
    (tmp_path / "events.html").write_text("mine")
    done = run("report", logs, *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert (tmp_path / "events.html").read_text() == "mine"
    assert not (tmp_path / "x.html").exists()


def test_a_file_that_cannot_be_read_makes_a_report_and_a_failure(run, logs, tmp_path):
    (tmp_path / "broken.json.gz").write_bytes(b"\x1f\x8b\x08\x00broken")
    done = run("report", tmp_path, "-o", "day.html", "--window", "2025-02-18", "--force")
    assert done.exit_code == 1
    assert "broken.json.gz could not be read" in done.stderr
    assert "Could not be read" in (tmp_path / "day.html").read_text(encoding="utf-8")


def test_without_a_browser_a_pdf_is_refused_before_reading(run, logs, monkeypatch, tmp_path):
    monkeypatch.setenv("ATTACKVIZ_CHROMIUM", str(tmp_path / "none"))
    done = run("report", logs, "-o", "day.pdf")
    assert done.exit_code == 1
    assert "a PDF needs a browser" in done.stderr
    assert "attackviz[film]" in done.stderr
    assert not (tmp_path / "day.pdf").exists()


def test_the_units_run_a_command_that_there_is(run, logs, monkeypatch):
    service, timer = (configparser.RawConfigParser(strict=False) for _ in range(2))
    service.optionxform = timer.optionxform = str  # type: ignore[assignment, method-assign]
    service.read(UNITS / "attackviz-report.service")
    timer.read(UNITS / "attackviz-report.timer")
    assert timer["Timer"]["Persistent"] == "true"
    shell = shlex.split(service["Service"]["ExecStart"])
    assert shell[:2] == ["/bin/sh", "-c"]
    words = shlex.split(shell[2].replace("%%", "%").replace("$$", "$"))
    assert words[:3] == ["exec", "attackviz", "report"]
    known = {word for word in words if word.startswith("-") and word[1:2] != "u"}
    assert known == {"--window", "--force", "-o"}
    given = {"$ATTACKVIZ_LOGS": str(logs), "yesterday": "2025-02-18", "$ATTACKVIZ_REPORT": "--title=Daily"}
    arguments = [given.get(word, "day.html" if word.startswith("$(") else word) for word in words[2:]]
    assert run(*arguments).exit_code == 0
