"""The cluster that the other tests stand on."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from . import node
from .conftest import FULL, Cluster


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


@pytest.mark.skipif(not FULL, reason="starts three more nodes")
def test_two_nodes_make_a_cluster_and_one_outlives_the_other(cluster: Cluster, tmp_path: Path) -> None:
    if cluster.node is None:
        pytest.skip("a given cluster has its own version")
    first = node.Node(tmp_path / "a", cluster.node.version, name="a", seeds=[], masters=["a"])
    with first:
        seeds = [f"127.0.0.1:{first.transport}"]
        # Two that may lead could not agree once one is gone.
        settings = {"node.roles": ["data"]}
        with node.Node(tmp_path / "b", first.version, name="b", seeds=seeds, masters=[], settings=settings) as second:
            node.ask(first.url, "GET", "/_cluster/health?wait_for_nodes=2&timeout=30s")
            node.ask(first.url, "PUT", "/kept", {"settings": {"number_of_replicas": 1, "number_of_shards": 2}})
            assert node.ask(first.url, "GET", "/_cluster/health/kept?wait_for_status=green")["status"] == "green"
            node.ask(first.url, "POST", "/kept/_doc?refresh=true", {"a": 1})
            second.kill()
            assert (
                node.ask(first.url, "GET", "/_cluster/health/kept?wait_for_nodes=1&timeout=30s")["status"] == "yellow"
            )
            assert node.ask(first.url, "GET", "/kept/_count")["count"] == 1


@pytest.mark.skipif(not FULL, reason="starts another node")
def test_a_killed_test_run_leaves_no_node_behind(cluster: Cluster) -> None:
    if cluster.node is None:
        pytest.skip("a given cluster has its own version")
    command = [sys.executable, str(Path(node.__file__)), cluster.node.version]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        url = run.stdout.readline().strip()
        process = next(iter(node.ask(url, "GET", "/_nodes/_local/process")["nodes"].values()))["process"]["id"]
        run.kill()
    until = time.monotonic() + 60
    while Path(f"/proc/{process}").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(f"/proc/{process}").exists()
