"""What tests of Elasticsearch share, beside the cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from .cluster import Cluster
from .gate import Gate


@pytest.fixture(autouse=True, scope="module")
def nobodys_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the environment of whoever runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("ES_") and name != "ES_JAVA_HOME":
                patch.delenv(name)
        none = tmp_path_factory.mktemp("settings") / "none.toml"
        none.touch()
        patch.setenv("ATTACKVIZ_SETTINGS", str(none))
        yield


@pytest.fixture
def gate(elastic: Cluster) -> Iterator[Gate]:
    """Yield a proxy before the cluster that spoils answers: see `Gate.fault`."""
    with Gate(elastic.url) as one:
        yield one


@pytest.fixture
def index(request: pytest.FixtureRequest, elastic: Cluster) -> str:
    """Return the name of an index that is this test's own; it is not there yet, and gone afterwards."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name.lower())[:60].strip("-")
    name = f"attackviz-{name}"
    elastic.forget(name)
    elastic._made.append(name)
    return name
