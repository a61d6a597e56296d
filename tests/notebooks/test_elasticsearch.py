"""The notebook of a cluster, executed against the node: its numbers are those of the sample."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import attackviz as av

from .conftest import CLUSTER, ROOT, outputs_of

pytestmark = pytest.mark.slow

NAME = "attackviz-notebook"


@pytest.fixture(scope="module")
def outputs(cluster: Any, execute: Callable[..., Path]) -> Iterator[list[dict[str, Any]]]:
    try:
        done = execute(ROOT / "notebooks" / f"{CLUSTER}.ipynb", ES_URL=cluster.url)
        yield outputs_of(json.loads(done.read_text(encoding="utf-8")))
    finally:
        cluster.forget(f"{NAME}-000001")
        cluster.forget(NAME)


@pytest.fixture(scope="module")
def week(samples: Path) -> pd.DataFrame:
    """Return the events of the notebook's window, as the file has them."""
    events = av.enrich(av.read(samples / "tpot-2025" / "cowrie_sessions_20k.csv"))
    return events[events["time"].between("2025-02-17", "2025-02-24", inclusive="left")]


def texts(outputs: list[dict[str, Any]]) -> list[str]:
    return ["".join(output.get("data", {}).get("text/plain", "")) for output in outputs]


def test_nothing_fails_or_warns(outputs: list[dict[str, Any]]) -> None:
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert "20000" in texts(outputs)


def test_the_cluster_counts_what_the_file_holds(outputs: list[dict[str, Any]], week: pd.DataFrame) -> None:
    said = [ast.literal_eval(text) for text in texts(outputs) if text.startswith(("{'events'", "[("))]
    assert said[0]["events"] == len(week)
    assert said[0]["sources"] == week["src_ip"].nunique()
    assert said[0]["by_verdict"] == week["verdict"].value_counts().loc[lambda n: n > 0].to_dict()
    expected = week["src_country"].value_counts().head(5)
    assert [events for _, events in said[1]] == expected.tolist()
    printed = "".join("".join(output["text"]) for output in outputs if output["output_type"] == "stream")
    assert f"{len(week):,} events in " in printed


def test_the_week_is_drawn_and_played(outputs: list[dict[str, Any]], week: pd.DataFrame) -> None:
    assert any(text.startswith(":") for text in texts(outputs))
    assert texts(outputs)[-1] == f"<Replay 'A week of logins': {len(week):,} of 20,000 events>"
