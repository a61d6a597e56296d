"""The notebook of one's own events: a mapping, its purchases, and a choropleth beneath them."""

import json

import pytest

from .conftest import outputs_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outputs(executed):
    return outputs_of(json.loads(executed("05_your_own_events").read_text(encoding="utf-8")))


def texts(outputs):
    return ["".join(output.get("data", {}).get("text/plain", "")) for output in outputs]


def test_nothing_fails_or_warns_and_every_line_is_accounted_for(outputs):
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    said = "".join("".join(output["text"]) for output in outputs if output["output_type"] == "stream")
    assert "9,938 pieces: 866 events, 0 bad" in said


def test_purchases_lie_over_the_advertising(outputs):
    drawn = next(text for text in texts(outputs) if "spend_eur,country" in text)
    layers = [line.split()[1].lstrip(":") for line in drawn.splitlines()[1:]]
    assert layers == ["Polygons", "Polygons", "Path", "Polygons", "Points"]


def test_the_countries_are_compared(outputs):
    table = next(text for text in texts(outputs) if "per_euro" in text)
    assert table.splitlines()[2].startswith("NO")  # what came back for each euro, the most first


def test_the_replay_is_of_the_purchases(outputs):
    assert texts(outputs)[-1] == "<Replay 'Three days of purchases': 866 of 866 events>"
