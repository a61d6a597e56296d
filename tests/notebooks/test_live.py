"""The notebook of live events: each of them on the tape, once, and a replay where the live map was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import outputs_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outputs(executed: Callable[[str], Path]) -> list[dict[str, Any]]:
    return outputs_of(json.loads(executed("04_live").read_text(encoding="utf-8")))


def shown(outputs: list[dict[str, Any]], kind: str = "text/plain") -> list[str]:
    return ["".join(o["data"].get(kind, "")) for o in outputs if "data" in o]


def test_every_event_came_and_was_kept_once(outputs: list[dict[str, Any]]) -> None:
    assert not [o for o in outputs if o["output_type"] == "error"]
    read, *_, kept = (text for text in shown(outputs) if text.isdigit())
    assert read == kept
    assert int(read) > 1000
    assert any(
        text.startswith(f"<Replay 'What was live': {int(read):,} of {int(read):,} events") for text in shown(outputs)
    )


def test_nothing_of_the_server_stays_in_the_notebook(
    outputs: list[dict[str, Any]], live_tape: Callable[[], bool]
) -> None:
    frames = [text for text in shown(outputs, "text/html") if text.startswith("<iframe")]
    assert len(frames) == 1
    assert all("sandbox" in frame and "http://localhost" not in frame[:400] for frame in frames)
    assert not live_tape()


@pytest.fixture
def live_tape() -> Callable[[], bool]:
    return (Path(__file__).resolve().parents[2] / "notebooks" / "live.tape").exists
