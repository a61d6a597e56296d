"""Raw calls to the cluster: tried again when that may help, and whole or an error."""

from __future__ import annotations

import json
import pickle
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from attackviz.elastic import Connection, Wire, path
from attackviz.elastic.pit import opened
from attackviz.errors import ElasticError

from .cluster import Cluster
from .gate import Gate


def wire(*urls: str, tries: int = 8, waits: list[float] | None = None) -> Wire:
    connection = Connection.find(",".join(urls).replace(",http://", ","), environ={})
    return Wire(connection, tries=tries, seed=1, wait=(waits if waits is not None else []).append)


def silent() -> str:
    """Return a URL nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


@pytest.mark.parametrize("fault", [429, 502, 503, 504, "gone", "cut"])
def test_what_fails_for_a_moment_is_tried_again(elastic: Cluster, index: str, fault: int | str) -> None:
    elastic.create(index)
    with Gate(elastic.url) as gate:
        waits: list[float] = []
        there = wire(gate.url, waits=waits)
        there.get("/")
        gate.fault = lambda method, target, body, before: fault if before < 3 else None
        assert json.loads(there.get(path(index, "_count")))["count"] == 0
        assert there.repeated == len(waits) == 3
        assert all(0.125 * 2**n <= wait <= 0.25 * 2**n for n, wait in enumerate(waits))


def test_the_server_says_how_long_to_wait(elastic: Cluster) -> None:
    with Gate(elastic.url) as gate:
        waits: list[float] = []
        there = wire(gate.url, waits=waits)
        there.get("/")
        gate.headers["Retry-After"] = "7"
        gate.fault = lambda method, target, body, before: 429 if before == 1 else None
        there.get("/")
        assert waits == [7.0]


def test_it_gives_up_in_the_end(elastic: Cluster) -> None:
    with Gate(elastic.url) as gate:
        waits: list[float] = []
        there = wire(gate.url, tries=5, waits=waits)
        there.get("/")
        gate.fault = lambda method, target, body, before: 429
        with pytest.raises(ElasticError, match="has too much to do") as caught:
            there.get("/")
        assert (caught.value.code, caught.value.passing, len(waits)) == ("busy", True, 4)
        with pytest.raises(ElasticError):
            there.request("GET", "/", tries=1)
        assert len(waits) == 4


def test_a_wrong_url_is_told_at_once(elastic: Cluster) -> None:
    waits: list[float] = []
    with pytest.raises(ElasticError, match="nothing listens there") as caught:
        wire(silent(), waits=waits).get("/")
    assert caught.value.code == "unreachable"
    assert len(waits) == 1
    with pytest.raises(ElasticError, match="no host of that name"):
        wire("http://nowhere.invalid:9200").get("/")
    with socket.socket() as dumb:
        dumb.bind(("127.0.0.1", 0))
        dumb.listen()
        slow = Connection.find(f"http://127.0.0.1:{dumb.getsockname()[1]}", environ={}, timeout=0.2)
        with pytest.raises(ElasticError, match="does not answer in time"):
            Wire(slow, wait=lambda seconds: None).get("/")


def test_other_hosts_serve_where_one_is_down(elastic: Cluster) -> None:
    waits: list[float] = []
    there = wire(silent(), elastic.url, waits=waits)
    assert all(b"cluster_name" in there.get("/") for _ in range(5))
    assert not waits


def test_a_part_is_never_taken_for_the_whole(elastic: Cluster, index: str) -> None:
    if len(elastic.ask("GET", "/_cat/nodes?format=json")) > 1:
        pytest.skip("needs a cluster of one node")
    # Two shards, and a node that may hold one.
    body = {"settings": {"number_of_shards": 2, "number_of_replicas": 0, "routing.allocation.total_shards_per_node": 1}}
    elastic.ask("PUT", f"/{index}?wait_for_active_shards=0", body)
    until = time.monotonic() + 30
    while elastic.ask("GET", f"/_cluster/health/{index}")["active_shards"] < 1 and time.monotonic() < until:
        time.sleep(0.1)
    there = wire(elastic.url, tries=2)
    there.get("/")
    with pytest.raises(ElasticError, match=r"some shards of .* are not available") as caught:
        there.search(path(index, "_search"))
    assert caught.value.code == "shards"
    with pytest.raises(ElasticError, match=r"shards? did not answer") as caught:
        there.search(path(index, "_search"), {"allow_partial_search_results": True, "filter_path": "hits.hits"})
    assert (caught.value.code, caught.value.passing) == ("partial", True)


def test_a_remote_cluster_that_is_away_is_missed(elastic: Cluster, index: str) -> None:
    if elastic.node is None:
        pytest.skip("a given cluster keeps its settings")
    elastic.create(index)
    remote = {"seeds": [silent().removeprefix("http://")], "skip_unavailable": True}
    elastic.ask("PUT", "/_cluster/settings", {"persistent": {"cluster.remote.away": remote}})
    try:
        for params in ({}, {"filter_path": "hits.hits"}):
            with pytest.raises(ElasticError, match="1 remote clusters did not answer") as caught:
                wire(elastic.url).search(path(f"{index},away:{index}", "_search"), params)
            assert (caught.value.code, caught.value.passing) == ("partial", True)
        with pytest.raises(ElasticError, match="1 remote clusters did not answer"):
            opened(wire(elastic.url), f"{index},away:{index}", "1m")
    finally:
        nothing = dict.fromkeys(remote)
        elastic.ask("PUT", "/_cluster/settings", {"persistent": {"cluster.remote.away": nothing}})


def test_text_that_looks_like_failed_shards_is_text(elastic: Cluster, index: str) -> None:
    elastic.create(index)
    elastic.fill(index, [{"a": '"_shards":{"failed":3},"timed_out":true', "_shards_": {"failed": 2}}])
    assert b"hits" in wire(elastic.url).search(path(index, "_search"))


def test_it_goes_to_other_processes_and_threads(elastic: Cluster) -> None:
    there = pickle.loads(pickle.dumps(wire(elastic.url, tries=3)))
    assert there.tries == 3
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: there.get("/"), range(100)))
    assert len(set(answers)) == 1


def test_whether_something_is_there(elastic: Cluster, index: str) -> None:
    there = wire(elastic.url)
    assert not there.exists(path(index))
    there.put(path(index), body=b'{"settings":{"number_of_replicas":0}}')
    assert there.exists(path(index))
    there.post("/_bulk", {"refresh": True}, b'{"create":{"_index":"%b"}}\n{"a":1}\n' % index.encode(), lines=True)
    assert json.loads(there.get(path(index, "_count")))["count"] == 1
    there.delete(path(index))
    assert not there.exists(path(index))
