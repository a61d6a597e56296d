"""A node is killed in the middle of a pull: what comes is whole, or the error says that one may try again."""

from __future__ import annotations

import threading
import time

import pytest

from attackviz.elastic import Elastic
from attackviz.elastic.pull import Pull
from attackviz.errors import ElasticError
from attackviz.formats import Options

from ..conftest import FULL
from . import made
from .conftest import Cluster
from .node import Node, ask

COUNT = 20_000 if FULL else 3_000


def begin(url: str, index: str, hold: int = COUNT // 10) -> Pull:
    elastic = Elastic(url, index)
    return Pull(elastic.wire, elastic.documents, options=Options(columns=("event_id",)), hold=hold)


def left(documents: dict[str, dict]) -> list[str]:
    return sorted(name for name, each in documents.items() if each["type"] != "P0f")


@pytest.mark.slow
def test_a_node_that_is_killed_and_comes_back(elastic: Cluster, index: str) -> None:
    if elastic.node is None:
        pytest.skip("a given cluster is not ours to kill")
    elastic.create(index, made.TPOT_MAPPING, number_of_shards=3)
    documents = dict(made.tpot(COUNT))
    elastic.fill(index, documents.values(), documents)
    ids: list[str] = []
    errors: list[ElasticError] = []
    some = threading.Event()

    def pull() -> None:
        try:
            for number, table in enumerate(begin(elastic.url, index)):
                ids.extend(table["event_id"].to_pylist())
                if number == 1:
                    some.set()
                    killed.wait()
        except ElasticError as error:
            errors.append(error)

    killed = threading.Event()
    reader = threading.Thread(target=pull)
    reader.start()
    assert some.wait(60)
    elastic.node.kill()
    killed.set()
    elastic.node.start()  # not by the other thread: the node would end with it
    reader.join()
    if errors:  # on a slow machine the node is away for longer than one waits
        assert errors[0].passing
        assert set(ids) < set(left(documents))
        ids = [each for table in begin(elastic.url, index) for each in table["event_id"].to_pylist()]
    assert sorted(ids) == left(documents)


@pytest.mark.slow
@pytest.mark.skipif(not FULL, reason="starts two more nodes")
def test_of_two_nodes_one_is_killed(cluster: Cluster, tmp_path) -> None:
    if cluster.node is None:
        pytest.skip("a given cluster has its own version")
    first = Node(tmp_path / "a", cluster.node.version, name="a", seeds=[], masters=["a"])
    with first:
        seeds = [f"127.0.0.1:{first.transport}"]
        roles = {"node.roles": ["data"]}
        with Node(tmp_path / "b", first.version, name="b", seeds=seeds, masters=[], settings=roles) as second:
            ask(first.url, "GET", "/_cluster/health?wait_for_nodes=2&timeout=60s")
            both = Cluster(first.url)
            both.create("kept", made.TPOT_MAPPING, number_of_shards=4, number_of_replicas=1)
            assert ask(first.url, "GET", "/_cluster/health/kept?wait_for_status=green&timeout=60s")["status"] == "green"
            documents = dict(made.tpot(COUNT))
            both.fill("kept", documents.values(), documents)
            ids: list[str] = []
            pull = begin(first.url, "kept")
            for number, table in enumerate(pull):
                ids += table["event_id"].to_pylist()
                if number == 1:
                    second.kill()
                    time.sleep(0.2)
            assert sorted(ids) == left(documents)
            assert pull.account.pieces == COUNT
