"""The embedded database, opened once, with a cache of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from attackviz.geo import Database, open_database

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session", autouse=True)
def cache_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep decoded databases away from the user's own."""
    directory = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTACKVIZ_CACHE", str(directory))
        patch.delenv("ATTACKVIZ_GEOIP", raising=False)
        yield directory


@pytest.fixture(scope="session")
def embedded(cache_directory: Path) -> Database:
    return open_database("embedded")


@pytest.fixture(scope="session")
def maxmind() -> Path:
    """Return MaxMind's test databases."""
    return DATA / "maxmind"
