"""Files made for a viewer, in a process of their own: the same as from Python; what is wrong is said in words."""

from __future__ import annotations

import gzip
import queue
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import attackviz as av
from attackviz.dashboard import exporting
from attackviz.dashboard.answers import Answers
from attackviz.dashboard.exporting import export
from attackviz.dashboard.making import make
from attackviz.errors import AttackvizError
from attackviz.replay import load

PATIENCE = 120  # seconds; nothing is measured by it


def quiet_hour() -> pd.DataFrame:
    times = pd.date_range("2025-02-18", periods=60, freq="min", tz="UTC")
    events = pd.DataFrame({"time": times, "src_ip": "192.0.2.7", "src_lat": 50.1, "src_lon": 14.4, "src_country": "CZ"})
    return events.assign(category=["ssh", "web", "telnet"] * 20)


@pytest.fixture(scope="module")
def replay() -> av.Replay:
    return av.Replay(quiet_hour(), title="A <b>quiet</b> hour", source="pot.log")


def answered(replay: av.Replay, ask: Any = None, **asked: Any) -> tuple[dict[str, Any], bytes]:
    found: queue.Queue[tuple[dict[str, Any], bytes]] = queue.Queue()
    packed = gzip.compress(replay.recording.to_bytes())
    export(packed, asked, lambda answer, body: found.put((answer, body)), ask)
    while "progress" in (last := found.get(timeout=PATIENCE))[0]:
        pass
    return last


def test_a_file_is_the_one_that_python_saves(replay: av.Replay, tmp_path: Path) -> None:
    start, end = (pd.Timestamp(text).timestamp() for text in ("2025-02-18T00:10Z", "2025-02-18T00:20Z"))
    answer, body = answered(replay, kind=".csv", start=start, end=end)
    assert answer == {"name": "a-b-quiet-b-hour.csv"}
    replay.save(tmp_path / "saved.csv", start=start, end=end)
    assert body == (tmp_path / "saved.csv").read_bytes()
    assert body.count(b"192.0.2.7") == 10


def test_it_holds_what_meets_the_filters_and_is_redacted_where_that_is_asked(replay: av.Replay) -> None:
    slot = next(one["slot"] for one in replay.recording.header["categories"] if one["name"] == "web")
    filters = {"slot": {"not": [slot]}, "address": {"in": ["192.0.2.7"]}}
    answer, body = answered(replay, kind=".csv", redact="public", filters=filters)
    assert answer == {"name": "a-b-quiet-b-hour.csv"}
    assert b"192.0.2.7" not in body
    assert body.count(b"192.0.2.0/24") == 40
    assert b"web" not in body


def test_a_report_is_of_the_window_and_its_filters(replay: av.Replay) -> None:
    filters = {"category": {"in": ["ssh"]}}
    asked = {"kind": "report.html", "start": "2025-02-18T00:30Z", "end": "2025-02-18T01:00Z", "redact": "public"}
    answer, body = answered(replay, **asked, filters=filters)
    assert answer == {"name": "attack-report.html"}  # what was read has a name, too, that is not for everyone
    page = body.decode()
    assert "10 events came from 1 address in 1 country. That is as many as in the 30 min before" in page
    assert "Only events that meet a filter are told of" in page
    assert "192.0.2.7" not in page
    assert "pot.log" not in page


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"kind": ".exe"}, "there is no file '.exe'"),
        ({}, "there is no file None"),
        ({"kind": ".csv", "redact": "secret"}, "no profile 'secret'"),
        ({"kind": ".html", "theme": "pink"}, "no theme 'pink'"),
        ({"kind": ".csv", "start": "yesterday-ish"}, "is not a time"),
        ({"kind": ".csv", "filters": {"colour": {"in": [1]}}}, "colour"),
        ({"kind": ".csv", "filters": {"category": {"in": ["none"]}}}, "there is nothing to show"),
        ({"kind": ".svg", "captions": ["x"]}, "means nothing for"),
        ({"kind": ".mp4", "length": "3 hours"}, "a film of 180 minutes is too long to make here"),
        ({"kind": ".mp4", "speed": 1}, "a film of 60 minutes is too long to make here"),
        ({"kind": ".mp4", "size": "99999x99999"}, "is no size"),
        ({"kind": ".png", "scale": "huge"}, "is no scale"),
        ({"kind": ".html", "captions": ["10:00 x"] * 51}, "at most 50"),
        ({"kind": ".html", "title": "x" * 201}, "at most 200"),
        ({"kind": "report.html", "start": "2020-01-01", "end": "2020-01-02"}, "none of 60 events is in the window"),
        ({"kind": "report.html", "start": "2020-01-01", "end": "2020-01-01"}, "is empty"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_is_said(replay: av.Replay, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(AttackvizError, match=words):
        make(load(replay.recording.to_bytes()), asked, Path("/nowhere"))


def test_an_error_reaches_the_viewer(replay: av.Replay) -> None:
    answer, body = answered(replay, kind=".csv", start="yesterday-ish")
    assert "is not a time; write it like" in answer["error"]
    assert body == b""


def test_without_a_browser_a_film_is_refused_with_the_line_that_installs_one(
    replay: av.Replay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ATTACKVIZ_CHROMIUM", str(tmp_path / "none"))
    install = "pip install 'attackviz[film]' && playwright install chromium"
    answer, _ = answered(replay, kind=".mp4", size="720p")
    assert answer["error"].startswith("a film needs a browser")
    assert install in answer["error"]
    for kind in (".png", "report.pdf"):
        with pytest.raises(AttackvizError, match="needs a browser") as found:
            make(load(replay.recording.to_bytes()), {"kind": kind}, tmp_path)
        assert install in str(found.value)
    assert list(tmp_path.iterdir()) == []


def test_of_cells_the_events_behind_them_are_asked_for(replay: av.Replay) -> None:
    answers = Answers(av.EventTable(quiet_hour()), replay.recording, source="pot.log")
    asked = {"start": "2025-02-18T00:30Z", "end": "2025-02-18T01:00Z", "filters": {"category": {"in": ["ssh"]}}}

    def ask(question: Any, reply: Any) -> None:
        reply(*answers.export(question))

    answer, body = answered(replay, ask, kind=".csv", **asked, redact="public", title="Ten")
    assert answer == {"name": "ten.csv"}
    assert body.count(b"192.0.2.0/24") == 10
    answer, body = answered(replay, ask, kind="report.html", **asked)
    assert answer == {"name": "attack-report-pot-log.html"}
    assert b"10 events came from 1 address" in body
    answer, _ = answered(replay, ask, kind=".csv", **{**asked, "filters": {"colour": 1}})
    assert "colour" in answer["error"]


def test_one_that_is_stopped_leaves_no_process_and_no_file(
    replay: av.Replay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of two films the first is under way and the second waits; both are given up."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    packed = gzip.compress(replay.recording.to_bytes())
    said: list[list[dict[str, Any]]] = [[], []]
    stops = []
    for mine in said:
        asked = {"kind": ".gif", "length": "20 seconds"}
        stops.append(export(packed, asked, lambda answer, _, mine=mine: mine.append(answer)))
        until(lambda mine=mine: mine, "the first word")
    until(lambda: {"progress": {"stage": "making"}} in said[0], "that the first is being made")
    assert said[1] == [{"progress": {"stage": "waiting"}}]
    for stop in stops:
        stop()
        stop()
    for mine in said:
        until(lambda mine=mine: mine[-1] == {"stopped": True}, "word that it is stopped")
    until(lambda: not list(tmp_path.iterdir()), "an empty directory")


def test_too_many_at_a_time_are_refused(replay: av.Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST", 0)
    answer, _ = answered(replay, kind=".csv")
    assert "0 files are being made already; try again" in answer["error"]


def until(condition: Any, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not come true"
        time.sleep(0.02)
