"""A public dashboard: of what was read only the redacted edition is served, and nothing of where it lies."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from attackviz.analysis import EventTable, redact
from attackviz.dashboard.answers import Answers
from attackviz.dashboard.job import Job
from attackviz.dashboard.loading import load_events
from attackviz.dashboard.reading import Reading
from attackviz.replay import Recording, load, record, redacted

EVENTS = 60
WINDOW = ["2025-02-18T00:00:00.000000Z", "2025-02-19T00:00:00.000000Z"]
SECRET = re.compile(r"canary|8\.8\.4\.[1-9]")


def write_secrets(directory: Path) -> Path:
    """Write logs in which whatever is not for everyone has a name of its own."""
    directory.mkdir()
    lines = [
        f'8.8.4.{1 + n} - canary-user [18/Feb/2025:10:00:{n:02} +0000] "GET /canary-path/{n}?token=canary HTTP/1.1" '
        f'404 12 "https://canary-referrer.example/" "canary-agent"'
        for n in range(EVENTS)
    ]
    (directory / "canary-access.log").write_text("\n".join([*lines, "a canary that is no line"]) + "\n")
    tries = [
        {
            "eventid": "cowrie.login.failed",
            "timestamp": f"2025-02-18T11:00:{n:02}.000000Z",
            "src_ip": f"8.8.4.{1 + n}",
            "username": "canary-user",
            "password": "canary-password",
            "session": f"canary-{n}",
            "sensor": "canary-sensor",
            "message": "login attempt [canary-user/canary-password] failed",
        }
        for n in range(EVENTS)
    ]
    (directory / "canary-cowrie.json").write_text("".join(json.dumps(each) + "\n" for each in tries))
    return directory


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_secrets(tmp_path_factory.mktemp("public") / "canary-logs")


def clean(value: Any) -> None:
    """Refuse plain data that holds a secret."""
    found = SECRET.search(json.dumps(value, default=str))
    assert found is None, found


def clean_recording(recording: Recording) -> None:
    clean(recording.header)
    for table in recording.tables.values():
        clean(table.to_pylist())


def followed(job: Job) -> tuple[Reading, list[dict[str, Any]]]:
    """Read a job; return all that its viewers were told."""
    reading = Reading(job)
    told = [reading.shown]
    reading.subscribe(lambda: told.append(reading.shown))
    reading.start()
    reading.wait(120)
    return reading, told


def test_what_is_served_of_a_reading_is_redacted(logs: Path) -> None:
    reading, told = followed(Job((str(logs),), public=True))
    assert told[-1]["kind"] == "ready"
    clean(told)
    recording = load(gzip.decompress(reading.recording))
    clean_recording(recording)
    assert recording.header["title"] == "Replay"
    assert "redacted" in recording.header["notice"]
    assert recording.header["totals"]["events"] == 2 * EVENTS
    assert recording.header["account"]["bad_total"] == 1
    assert recording.tables["sources"]["ip"].to_pylist() == ["8.8.4.0/24"]


@pytest.mark.parametrize(
    ("name", "window", "kind"),
    [("canary-missing.log", None, "error"), ("canary-logs", "2020-01-01..2020-01-02", "empty")],
)
def test_what_goes_wrong_is_told_to_the_terminal_only(logs: Path, name: str, window: str | None, kind: str) -> None:
    reading, told = followed(Job((str(logs.with_name(name)),), window, public=True))
    assert (told[-1]["kind"], reading.status["kind"]) == (kind, kind)
    assert name in str(reading.status)
    clean(told)


def test_answers_about_cells_are_redacted(logs: Path) -> None:
    loaded = load_events(Job((str(logs),)))
    store = EventTable(loaded.events, loaded.account)
    answers = Answers(redact(store), redacted(record(loaded.events, "canary-logs", store=store, source="canary-logs")))
    head, body = answers({"what": "recording", "window": WINDOW, "filters": {}})
    assert head == {}
    recording = load(gzip.decompress(body))
    clean_recording(recording)
    assert recording.header["totals"]["in_recording"] == 2 * EVENTS
    head, _ = answers({"what": "lists", "window": WINDOW, "filters": {}})
    clean(head)
    assert [(row["key"], row["events"]) for row in head["lists"]["addresses"]] == [("8.8.4.0/24", 2 * EVENTS)]
