"""The cluster that the other tests stand on."""

from __future__ import annotations

import pytest

from .conftest import Cluster


def test_documents_are_there_and_go_with_their_test(elastic: Cluster, index: str) -> None:
    elastic.create(index, {"properties": {"n": {"type": "long"}}})
    assert elastic.fill(index, ({"n": n} for n in range(1000)), map(str, range(1000))) == 1000
    assert elastic.ask("GET", f"/{index}/_count")["count"] == 1000
    elastic.sweep()
    assert index not in elastic.ask("GET", "/_cat/indices?format=json&h=index")


def test_a_killed_node_comes_back_with_what_it_had(elastic: Cluster, index: str) -> None:
    if elastic.node is None:
        pytest.skip("a given cluster is not ours to kill")
    elastic.create(index)
    elastic.fill(index, ({"n": n} for n in range(100)))
    url = elastic.url
    elastic.node.kill()
    elastic.node.start()
    assert elastic.node.url == url
    assert elastic.ask("GET", f"/{index}/_count")["count"] == 100
