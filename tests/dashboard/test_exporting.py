"""Files made for a viewer, in a process of their own: the same as from Python; what is wrong is said in words."""

from __future__ import annotations

import gzip
import queue
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import attackviz as av
from attackviz.dashboard.exporting import export

PATIENCE = 120  # seconds; nothing is measured by it


@pytest.fixture(scope="module")
def replay() -> av.Replay:
    times = pd.date_range("2025-02-18", periods=60, freq="min", tz="UTC")
    events = pd.DataFrame({"time": times, "src_ip": "192.0.2.7", "src_lat": 50.1, "src_lon": 14.4, "src_country": "CZ"})
    return av.Replay(events, title="A <b>quiet</b> hour", source="pot.log")


def answered(replay: av.Replay, **asked: Any) -> tuple[dict[str, Any], bytes]:
    found: queue.Queue[tuple[dict[str, Any], bytes]] = queue.Queue()
    packed = gzip.compress(replay.recording.to_bytes())
    export(packed, asked, lambda answer, body: found.put((answer, body)))
    return found.get(timeout=PATIENCE)


def test_a_file_is_the_one_that_python_saves(replay: av.Replay, tmp_path: Path) -> None:
    start, end = (pd.Timestamp(text).timestamp() for text in ("2025-02-18T00:10Z", "2025-02-18T00:20Z"))
    answer, body = answered(replay, kind=".csv", start=start, end=end)
    assert answer == {"name": "a-b-quiet-b-hour.csv"}
    replay.save(tmp_path / "saved.csv", start=start, end=end)
    assert body == (tmp_path / "saved.csv").read_bytes()
    assert body.count(b"192.0.2.7") == 10


def test_it_is_redacted_where_that_is_asked(replay: av.Replay) -> None:
    answer, body = answered(replay, kind=".csv", redact="public")
    assert answer == {"name": "a-b-quiet-b-hour.csv"}
    assert b"192.0.2.7" not in body
    assert body.count(b"192.0.2.0/24") == 60


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"kind": ".exe"}, "there is no file '.exe'"),
        ({}, "there is no file None"),
        ({"kind": ".csv", "redact": "secret"}, "no profile 'secret'"),
        ({"kind": ".html", "theme": "pink"}, "no theme 'pink'"),
        ({"kind": ".csv", "start": "yesterday-ish"}, "is not a time"),
    ],
    ids=["kind", "nothing", "profile", "theme", "time"],
)
def test_what_is_wrong_is_said(replay: av.Replay, asked: dict[str, Any], words: str) -> None:
    answer, body = answered(replay, **asked)
    assert words in answer["error"]
    assert body == b""
