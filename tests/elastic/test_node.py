"""The cluster that the other tests stand on."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ..conftest import FULL
from . import node
from .cluster import Cluster


def test_documents_are_there_and_go_with_their_test(elastic: Cluster, index: str) -> None:
    elastic.create(index, {"properties": {"n": {"type": "long"}}})
    assert elastic.fill(index, ({"n": n} for n in range(1000)), map(str, range(1000))) == 1000
    assert elastic.ask("GET", f"/{index}/_count")["count"] == 1000
    elastic.sweep()
    assert index not in elastic.ask("GET", "/_cat/indices?format=json&h=index")


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
