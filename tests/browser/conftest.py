"""Pages of the real sample, exported once, and of whatever a test makes up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import attackviz as av


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def tpot(samples: Path) -> pd.DataFrame:
    """Return the honeypots' events, located: the event table that every count is compared with."""
    with pytest.warns(av.DataLossWarning):
        events = av.read(samples / "tpot-2025")
    return av.enrich(events, targets=av.read_targets(samples / "tpot-2025" / "targets.csv"))


@pytest.fixture(scope="session")
def tpot_replay(tpot: pd.DataFrame) -> av.Replay:
    return av.Replay(tpot, title="Five honeypots")


@pytest.fixture(scope="session")
def tpot_page(tpot_replay: av.Replay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the exported page of the honeypots' events."""
    return tpot_replay.save(tmp_path_factory.mktemp("pages") / "tpot.html")


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that exports a page of an event table."""

    def save(events: pd.DataFrame, **options: Any) -> Path:
        return av.Replay(events, **options).save(tmp_path / "page.html")

    return save
