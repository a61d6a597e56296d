"""What is asked of the process that holds the events."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from attackviz.analysis import EventTable
from attackviz.dashboard.answers import Answers
from attackviz.dashboard.job import Job
from attackviz.dashboard.loading import load_events, record
from attackviz.dashboard.reading import Reading
from attackviz.replay import load

WINDOW = ["2025-02-01T00:00:00.000000Z", "2025-02-01T00:10:00.000000Z"]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    path = tmp_path_factory.mktemp("few") / "events.parquet"
    times = pd.date_range("2025-02-01", periods=100, freq="1min", tz="UTC")
    pd.DataFrame({"time": times, "src_ip": ["192.0.2.1", "192.0.2.2"] * 50, "dst_port": [22, 23] * 50}).to_parquet(path)
    return Job((str(path),))


@pytest.fixture(scope="module")
def answers(job: Job) -> Answers:
    loaded = load_events(job)
    return Answers(EventTable(loaded.events, loaded.account), record(job, loaded))


def test_a_window_as_a_recording(answers: Answers) -> None:
    head, body = answers({"what": "recording", "window": WINDOW, "filters": {"port": {"in": [22]}}})
    recording = load(gzip.decompress(body))
    assert head == {}
    assert recording.header["totals"]["in_recording"] == 5
    assert recording.header["source"] == "events.parquet"


def test_lists_are_plain_json(answers: Answers) -> None:
    head, body = answers({"what": "lists", "window": WINDOW, "filters": {}})
    assert body == b""
    addresses = json.loads(json.dumps(head))["lists"]["addresses"]
    assert [(row["key"], row["events"]) for row in addresses] == [("192.0.2.1", 5), ("192.0.2.2", 5)]


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"what": "lists", "window": "2025", "filters": {}},
        {"what": "lists", "window": ["yesterdayish", "2025-02-01"], "filters": {}},
        {"what": "lists", "window": WINDOW, "filters": {"colour": 1}},
        {"what": "lists", "window": WINDOW[::-1], "filters": {}},
        {"what": "passwords", "window": WINDOW, "filters": {}},
    ],
)
def test_a_question_that_is_wrong_is_answered_in_words(answers: Answers, question: dict[str, Any]) -> None:
    head, body = answers(question)
    assert body == b""
    assert set(head) == {"error"}
    assert head["error"]


def test_where_every_event_is_shown_nobody_stays_to_answer(job: Job, tmp_path: Path) -> None:
    reading = Reading(job).start()
    reading.wait(120)
    said: list[dict[str, Any]] = []
    reading.ask({"what": "lists", "window": WINDOW, "filters": {}}, "me", lambda answer, _: said.append(answer))
    reading.stop()
    assert reading.status["kind"] == "ready"
    assert [set(answer) for answer in said] == [{"error"}]
