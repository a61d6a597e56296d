"""What a cluster refuses, in one sentence with what to do: against the real one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.elastic import Connection, Wire, path
from attackviz.elastic.plain import explain
from attackviz.errors import ElasticError

from .cluster import Cluster
from .gate import Gate


@pytest.fixture
def there(elastic: Cluster) -> Wire:
    return Wire(Connection.find(elastic.url, environ={}), tries=2, wait=lambda seconds: None)


def refusal(call: object) -> ElasticError:
    with pytest.raises(ElasticError) as caught:
        call()
    text = str(caught.value)
    assert caught.value.hint
    assert "\n" not in text
    assert "exception" not in text.lower()
    return caught.value


def test_there_is_no_such_index(there: Wire, index: str) -> None:
    error = refusal(lambda: there.search(path(index, "_search")))
    assert (error.code, error.status) == ("index", 404)
    assert f"there is no index {index}" in str(error)


def test_it_is_closed(there: Wire, elastic: Cluster, index: str) -> None:
    elastic.create(index)
    elastic.ask("POST", f"/{index}/_close")
    error = refusal(lambda: there.search(path(index, "_search")))
    assert error.code == "closed"
    assert f"POST /{index}/_open" in str(error)


@pytest.mark.parametrize(
    ("block", "code", "words"),
    [
        ("write", "readonly", "is read-only"),
        ("read_only", "readonly", "is read-only"),
        ("read_only_allow_delete", "disk", "disk of the cluster is full"),
    ],
)
def test_it_takes_no_writes(there: Wire, elastic: Cluster, index: str, block: str, code: str, words: str) -> None:
    elastic.create(index)
    elastic.ask("PUT", f"/{index}/_settings", {f"index.blocks.{block}": True})
    error = refusal(lambda: there.post(path(index, "_doc"), body=b'{"a":1}'))
    assert error.code == code
    assert words in str(error)
    assert index in str(error)
    assert f"index.blocks.{block}: null" in str(error)
    elastic.ask("PUT", f"/{index}/_settings", {f"index.blocks.{block}": None})


def test_it_is_red(there: Wire, elastic: Cluster, index: str) -> None:
    settings = {"number_of_replicas": 0, "index.routing.allocation.require._name": "nobody"}
    elastic.ask("PUT", f"/{index}?wait_for_active_shards=0", {"settings": settings})
    error = refusal(lambda: there.search(path(index, "_search")))
    assert (error.code, error.status, error.passing) == ("shards", 503, True)
    assert "red" in str(error)


def search(there: Wire, index: str, **body: object) -> object:
    return lambda: there.search(path(index, "_search"), body=json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"aggs": {"a": {"terms": {"field": "word"}}}}, "text", "text without a keyword"),
        ({"sort": ["word"]}, "text", "text without a keyword"),
        ({"sort": ["nowhere"]}, "field", "a field to sort by is not there"),
        ({"query": {"query_string": {"query": "a:("}}}, "query", "query is not understood"),
        ({"query": {"nonsense": {}}}, "query", "query is not understood"),
        ({"query": {"term": {"address": "no address"}}}, "query", "query is not understood"),
        ({"query": {"range": {"time": {"gte": "soon"}}}}, "query", "query is not understood"),
        ({"nonsense": 1}, "query", "query is not understood"),
        ({"size": 20_000}, "refused", "refuses the request"),
        ({"aggs": {"a": {"terms": {"field": "nothing", "size": -1}}}}, None, ""),
    ],
)
def test_what_cannot_be_asked(there: Wire, elastic: Cluster, index: str, body: dict, code: str, words: str) -> None:
    kinds = {"word": "text", "address": "ip", "time": "date"}
    elastic.create(index, {"properties": {name: {"type": kind} for name, kind in kinds.items()}})
    elastic.fill(index, [{"word": "a", "address": "1.2.3.4", "time": 0}])
    error = refusal(search(there, index, **body))
    assert error.code == code or code is None
    assert words in str(error)


def test_too_many_buckets(there: Wire, elastic: Cluster, index: str) -> None:
    elastic.create(index, {"properties": {"time": {"type": "date"}}})
    elastic.fill(index, [{"time": 0}, {"time": 10_000_000_000}])
    error = refusal(search(there, index, aggs={"a": {"date_histogram": {"field": "time", "fixed_interval": "1s"}}}))
    assert error.code == "buckets"
    assert "shorter window" in str(error)


def test_a_point_in_time_that_is_gone(there: Wire, elastic: Cluster, index: str) -> None:
    elastic.create(index)
    pit = {"id": json.loads(there.post(path(index, "_pit"), {"keep_alive": "1m"}))["id"]}
    there.delete("/_pit", body=json.dumps(pit).encode())
    error = refusal(lambda: there.search("/_search", body=json.dumps({"pit": pit}).encode()))
    assert (error.code, error.passing) == ("context", True)
    assert there.repeated == 0


def test_a_document_does_not_fit(there: Wire, elastic: Cluster, index: str) -> None:
    elastic.create(index, {"dynamic": "strict", "properties": {"address": {"type": "ip"}}})
    error = refusal(lambda: there.post(path(index, "_doc"), body=b'{"address":"x"}'))
    assert error.code == "document"
    error = refusal(lambda: there.post(path(index, "_doc"), body=b'{"other":1}'))
    assert error.code == "mapping"


def test_it_is_something_else(elastic: Cluster) -> None:
    with Gate(elastic.url) as gate:
        gate.without.add("x-elastic-product")
        for root, words in (
            (b'{"version":{"distribution":"opensearch","number":"2.11.0"}}', "it is OpenSearch 2.11.0"),
            (b'{"version":{"number":"7.10.2"}}', "it is Elasticsearch 7.10.2"),
            (b"<html>Kibana</html>", "what answers there is not Elasticsearch"),
            (b"[1]", "what answers there is not Elasticsearch"),
        ):
            gate.fault = lambda method, target, body, before, root=root: root
            error = refusal(lambda: Wire(Connection.find(gate.url, environ={})).get("/_cluster/health"))
            assert error.code == "product"
            assert words in str(error)


def test_a_proxy_that_forbids_and_one_that_sends_elsewhere(elastic: Cluster) -> None:
    with Gate(elastic.url) as gate:
        for status, code in ((403, "forbidden"), (413, "large"), (404, "url"), (301, "url"), (418, "other")):
            gate.fault = lambda method, target, body, before, status=status: status
            assert refusal(lambda: Wire(Connection.find(gate.url, environ={})).get("/")).code == code


@given(
    st.integers(300, 599),
    st.binary(max_size=60) | st.text(max_size=60).map(lambda t: json.dumps({"error": t}).encode()),
)
def test_any_answer_has_its_sentence(status: int, body: bytes) -> None:
    error = explain(status, body, "host", "a{b}")
    assert "\n" not in str(error)
    assert error.status == status


@given(
    st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "reason", "caused_by", "root_cause", "failed_shards", "index"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_any_error_has_its_sentence(error: object) -> None:
    found = explain(400, json.dumps({"error": error}).encode(), "host")
    assert str(found).startswith("host: ")
