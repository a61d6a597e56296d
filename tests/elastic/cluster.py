"""One cluster for the whole run: a node of our own, or the one that ``ES_URL`` names. All tests know the fixtures."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from .node import RELEASES, AbsentError, Node, ask

GIVEN = os.environ.get("ES_URL")
VERSIONS = ["given"] if GIVEN else [*RELEASES] if os.environ.get("ATTACKVIZ_SOAK") else [*RELEASES][:1]


class Cluster:
    """Hold a running cluster, and the plainest way to ask it.

    Attributes
    ----------
    url : str
    node : Node or None
        Ours to kill and start again; None for a given cluster.
    version : tuple of int
        Of the server.
    """

    def __init__(self, url: str, ours: Node | None = None) -> None:
        self.url, self.node = url.rstrip("/"), ours
        self._made: list[str] = []
        self.version = tuple(map(int, self.ask("GET", "/")["version"]["number"].split("-")[0].split(".")))

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask it, see `node.ask`."""
        return ask(self.url, method, path, body)

    def create(self, name: str, mappings: dict | None = None, lasting: bool = False, **settings: object) -> str:
        """Make an empty index, and remove it when the test is over, unless it is for several."""
        self.forget(name)
        body = {"settings": {"number_of_replicas": 0, **settings}}
        if mappings is not None:
            body["mappings"] = mappings
        self.ask("PUT", f"/{name}", body)
        if not lasting:
            self._made.append(name)
        return name

    def fill(self, name: str, documents: Iterable[dict], ids: Iterable[str] | None = None) -> int:
        """Index documents, each under an id if given, and make them visible; how many."""
        given = iter(ids) if ids is not None else None
        lines: list[bytes] = []
        total = size = 0

        def send() -> None:
            answer = self.ask("POST", f"/{name}/_bulk?filter_path=errors,items.*.error", b"".join(lines))
            assert not answer["errors"], str(answer)[:500]

        for document in documents:
            head = {"create": {"_id": next(given)}} if given is not None else {"create": {}}
            lines += [json.dumps(head).encode(), b"\n", json.dumps(document).encode(), b"\n"]
            total, size = total + 1, size + len(lines[-2])
            if size > 5_000_000:
                send()
                lines.clear()
                size = 0
        if lines:
            send()
        self.ask("POST", f"/{name}/_refresh")
        return total

    def forget(self, name: str) -> None:
        """Remove an index, or a data stream, and what templates there are of that name."""
        for path in (f"/_data_stream/{name}", f"/{name}", f"/_index_template/{name}"):
            try:
                self.ask("DELETE", path + ("?ignore_unavailable=true" if path == f"/{name}" else ""))
            except OSError:
                continue  # there was none

    def sweep(self) -> None:
        """Remove what was made since the last time."""
        while self._made:
            self.forget(self._made.pop())


@pytest.fixture(scope="session", params=VERSIONS)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Yield the shared cluster; tests want `elastic`."""
    if GIVEN:
        yield Cluster(GIVEN)
        return
    from ..conftest import missing

    try:
        # Another node may join it; only what says so goes there.
        settings = {"cluster.routing.rebalance.enable": "none"}
        ours = Node(tmp_path_factory.mktemp("node"), request.param, seeds=[], masters=["n1"], settings=settings)
        ours.start()
    except AbsentError as reason:
        missing(reason.what, reason.command)
    try:
        yield Cluster(ours.url, ours)
    finally:
        ours.stop()


@pytest.fixture
def elastic(cluster: Cluster) -> Iterator[Cluster]:
    """Yield the cluster: ``.url``, and what it takes to fill it; what a test made goes after it."""
    yield cluster
    cluster.sweep()
