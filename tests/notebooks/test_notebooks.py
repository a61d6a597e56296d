"""Every notebook runs from top to bottom, and shows what it says."""

import ast
import json
import re

import pytest

from .conftest import NOTEBOOKS, outputs_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_in_the_repository_has_no_outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["cells"]
    for cell in notebook["cells"]:
        assert not cell.get("outputs"), "run `jupyter nbconvert --clear-output --inplace` on it"
        assert cell.get("execution_count") is None


@pytest.fixture(scope="module")
def outputs(executed):
    return outputs_of(json.loads(executed("01_quickstart").read_text(encoding="utf-8")))


def texts(outputs):
    return ["".join(o.get("data", {}).get("text/plain", "")) for o in outputs]


def test_nothing_fails_and_the_loss_is_said(outputs):
    assert not [o for o in outputs if o["output_type"] == "error"]
    said = "".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")
    assert "388,732 pieces: 388,678 events, 47 bad" in said
    assert said.count("DataLossWarning") == said.count("Warning") == 1


def test_the_counts_are_those_of_the_sample(outputs):
    shown = next(ast.literal_eval(text) for text in texts(outputs) if text.startswith("{'events'"))
    assert shown["events"] == sum(shown["by_category"].values()) == 388_678
    assert shown["untimed"] == 685


def test_views_are_drawn_in_the_cell(outputs):
    drawn = [
        o
        for o in outputs
        if "application/vnd.holoviews_exec.v0+json" in o.get("data", {}) and "text/plain" in o["data"]
    ]
    assert [re.match(r":(\w+)", "".join(o["data"]["text/plain"]))[1] for o in drawn] == ["Overlay", "Overlay", "Bars"]


def test_the_replay_is_a_frame_that_runs_scripts_and_nothing_else(outputs):
    cell = "".join(outputs[-1]["data"]["text/html"])
    assert cell.startswith('<iframe title="Two weeks of honeypot traffic" sandbox="allow-scripts" ')
    assert cell.count("<") == 2
    assert texts(outputs)[-1] == "<Replay 'Two weeks of honeypot traffic': 387,993 of 388,678 events>"
