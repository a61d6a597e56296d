"""The notebook that ends with a report: it runs, and its figures are those of the sample."""

import ast
import json

import pytest

from .conftest import outputs_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outputs(executed):
    return outputs_of(json.loads(executed("03_replay_for_a_report").read_text(encoding="utf-8")))


def texts(outputs):
    return ["".join(o.get("data", {}).get("text/plain", "")) for o in outputs]


def test_the_report_is_told_in_a_line_and_in_sentences(outputs):
    assert not [o for o in outputs if o["output_type"] == "error"]
    said = "".join("".join(o["text"]) for o in outputs if o.get("name") == "stdout")
    assert said.startswith("Three days in February, 18 Feb to 20 Feb 2025: 117,132 events (×16) from 1,521 addresses")
    assert "That is 15.9 times as many as in the 3 days before, which had 7,369." in said


def test_files_are_written_and_the_redacted_one_names_networks_only(outputs):
    shown = texts(outputs)
    assert any(text.startswith("'report.html: ") for text in shown)
    assert any(text == "'report.pdf'" or "needs a browser" in text for text in shown)
    networks = next(ast.literal_eval(text) for text in shown if text.startswith("['"))
    assert all(name.endswith("/24") for name in networks)


def test_the_report_is_a_frame_in_the_cell(outputs):
    cell = "".join(outputs[-1]["data"]["text/html"])
    assert cell.startswith('<iframe title="Three days in February" sandbox="allow-scripts" ')
    assert cell.count("<") == 2
