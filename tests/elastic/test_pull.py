"""What is pulled is what was loaded: row by row, in any number of slices, with any window, whatever breaks."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import attackviz
from attackviz.account import Account, account_of
from attackviz.analysis.conditions import where
from attackviz.elastic import Elastic
from attackviz.elastic.pull import Pull
from attackviz.errors import ElasticError, FormatError, UsageError
from attackviz.filters import Filters
from attackviz.formats import Options
from attackviz.schema import COLUMNS
from attackviz.window import Window

from ..conftest import FULL
from . import made
from .cluster import Cluster

COUNT = 200_000 if FULL else 4_000
KINDS = {
    "tpot": (made.tpot, made.TPOT_MAPPING),
    "ecs": (made.ecs, made.ECS_MAPPING),
}


class Loaded:
    """Hold an index and a file of the same documents."""

    def __init__(self, cluster: Cluster, kind: str, directory: Path) -> None:
        make, mapping = KINDS[kind]
        self.kind, self.index, self.url = kind, f"attackviz-pull-{kind}", cluster.url
        self.documents = dict(make(COUNT))
        self.file = directory / f"{kind}.json"
        self.file.write_text("".join(json.dumps(each) + "\n" for each in self.documents.values()))
        cluster.forget(self.index)
        settings = {"number_of_replicas": 0, "number_of_shards": 3}
        cluster.ask("PUT", f"/{self.index}", {"settings": settings, "mappings": mapping})
        cluster.fill(self.index, self.documents.values(), self.documents)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The file, read."""
        return attackviz.read(self.file, format=self.kind)

    def elastic(self, url: str | None = None, **how) -> Elastic:
        return Elastic(f"es+{url or self.url}/{self.index}", **how)

    def pull(self, url: str | None = None, *, hold: int = COUNT // 7, **how) -> Pull:
        elastic = self.elastic(url)
        options = Options(how.pop("window", None), how.pop("columns", None))
        return Pull(elastic.wire, elastic.documents, options=options, hold=hold, **how)


@pytest.fixture(scope="module", params=KINDS)
def loaded(request, cluster, tmp_path_factory):
    one = Loaded(cluster, request.param, tmp_path_factory.mktemp("documents"))
    yield one
    cluster.forget(one.index)


@pytest.fixture(scope="module")
def tpot(cluster, tmp_path_factory):
    one = Loaded(cluster, "tpot", tmp_path_factory.mktemp("tpot"))
    yield one
    cluster.forget(one.index)


def rows(table: pa.Table) -> list[str]:
    """Return rows in an order of their own: that of slices is nobody's promise."""
    return sorted(map(repr, table.select(sorted(table.column_names)).to_pylist()))


def from_file(loaded: Loaded, window: Window | None = None) -> tuple[list[str], Account]:
    frame = loaded.frame if window is None else attackviz.read(loaded.file, format=loaded.kind, window=window)
    table = attackviz.schema.from_pandas(frame)
    account = account_of(frame)
    assert account is not None
    return rows(table), account


def test_what_is_pulled_is_what_was_loaded(loaded):
    events = loaded.elastic().read()
    expected, account = from_file(loaded)
    assert rows(events.table) == expected
    assert (events.account.pieces, events.account.events) == (COUNT, len(expected))
    assert events.account.left_out == account.left_out
    assert events.account.flags == account.flags
    assert events.account.closes()
    assert events.account.files == {loaded.index: loaded.kind}


@pytest.mark.parametrize("slices", [1, 2, 4, 8])
def test_any_number_of_slices_gives_the_same(loaded, slices):
    seen = []
    pull = loaded.pull(slices=slices, progress=seen.append, columns=tuple(COLUMNS))
    table = pa.concat_tables(pull)
    ids = table["event_id"].to_pylist()
    assert len(set(ids)) == len(ids) == pull.account.events
    assert rows(table.drop_columns(["event_id"])) == from_file(loaded)[0]
    assert (seen[-1].documents, seen[-1].done) == (COUNT, COUNT)
    assert [one.done for one in seen] == sorted(one.done for one in seen)


def test_ids_are_those_of_the_documents(loaded):
    table = loaded.elastic().read(columns=["event_id"]).table
    own = {name: each.get("event", {}).get("id", name) for name, each in loaded.documents.items()}
    left = [name for name, each in loaded.documents.items() if each.get("type") == "P0f"]
    assert sorted(table["event_id"].to_pylist()) == sorted(own[name] for name in own.keys() - set(left))
    assert table.column_names == ["time", "event_id"]


def test_a_slice_is_complete_and_small_enough_to_hold(tpot):
    pull = tpot.pull(slices=2, hold=500)
    reads = list(pull.read_slices())
    assert sum(read.slice.count for read in reads) == COUNT
    assert all(read.account.pieces == read.slice.count for read in reads)
    assert max(read.slice.count for read in reads) <= 500
    spans = [(read.slice.start, read.slice.end) for read in reads if read.slice.timed]
    assert spans == sorted(spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert [read.slice.timed for read in reads] == [True] * len(spans) + [False]


def test_many_documents_of_one_time_are_one_slice(elastic, index):
    elastic.create(index, made.TPOT_MAPPING)
    same = [each | {"@timestamp": "2025-02-18T00:00:00Z"} for _, each in made.tpot(1200, untimed=0)]
    elastic.fill(index, same)
    one = Elastic(elastic.url, index)
    pull = Pull(one.wire, one.documents, options=Options(), hold=100)
    assert [read.slice.count for read in pull.read_slices()] == [1200]


def test_documents_with_several_times_come_once(elastic, index):
    elastic.create(index, made.TPOT_MAPPING)
    documents = [each for _, each in made.tpot(300, untimed=0)]
    for each in documents[:20]:
        each["@timestamp"] = [each["@timestamp"], "2025-03-01T00:00:00Z"]
    elastic.fill(index, documents)
    one = Elastic(elastic.url, index)
    pull = Pull(one.wire, one.documents, options=Options(), hold=50)
    assert sum(read.slice.count for read in pull.read_slices()) == 300


def test_a_window_holds_what_it_holds_of_the_file(loaded):
    elastic = loaded.elastic()
    untimed = sum("@timestamp" not in each for each in loaded.documents.values())
    # Ends of windows at the very times of events, and between milliseconds.
    exact = sorted(each["@timestamp"] for each in loaded.documents.values() if "@timestamp" in each)[COUNT // 3]
    chance = random.Random(5)
    for number in range(200 if FULL else 5):
        start = made.START + timedelta(microseconds=chance.randrange(made.DAYS * 86_400_000_000))
        length = timedelta(microseconds=chance.randrange(1, 10 ** chance.randrange(3, 12)))
        window = Window(start, start + length) if number else Window.parse(f"{exact}/PT1S")
        events = elastic.read(window)
        assert rows(events.table) == from_file(loaded, window)[0], str(window)
        assert events.account.events - events.account.outside == events.table.num_rows
        assert events.account.closes()
        assert events.account.left_out.get("documents without a time", 0) == untimed


def test_times_in_nanoseconds_are_cut_where_they_are(elastic, index):
    mapping = json.loads(json.dumps(made.ECS_MAPPING).replace('{"type": "date"}', '{"type": "date_nanos"}'))
    elastic.create(index, mapping)
    documents = dict(made.ecs(800))
    elastic.fill(index, documents.values(), documents)
    one = Elastic(elastic.url, index)
    whole = pa.concat_tables(Pull(one.wire, one.documents, options=Options(), hold=50))
    assert whole.num_rows == 800
    elastic.fill(index, [each | {"@timestamp": "1970-01-01T00:00:00Z"} for each in list(documents.values())[:2]])
    assert one.read().table.num_rows == 802
    middle = sorted(whole["time"].to_pylist())[400]
    halves = [one.read(Window(made.START, middle)), one.read(Window(middle, middle + timedelta(days=30)))]
    assert sum(half.table.num_rows for half in halves) == 800
    assert max(halves[0].table["time"].to_pylist()) < middle


FILTERS = [
    {"cidr": ["45.0.0.0/9", "2001:db8::/64"]},
    {"address": {"not": ["192.0.0.1"]}, "country": {"in": ["CN", "DE"]}},
    {"country": {"in": ["RU", None]}},
    {"country": {"in": ["cn"]}},
    {"country": {"not": ["US"]}},
    {"port": {"in": [22, 445]}},
    {"port": {"range": [80, None]}},
    {"src_port": {"range": [1, 1023]}},
    {"src_port": {"null": True}},
    {"network": {"in": [4134]}},
    {"src_org": {"in": ["Chinanet"]}},
    {"src_org": {"in": ["Hetzner Online GmbH"]}},  # longer than its keyword goes
    {"src_org": {"contains": "amazon"}},
    {"text": "пользователь"},
    {"category": {"in": ["ssh", "unknown"]}},
    {"rule": {"in": ["2001", "root", "login attempt"]}},
    {"dst_ip": {"cidr": ["172.16.0.0/12", "198.51.100.0/24"]}},
    {"dst_ip": {"in": ["no address", "198.51.100.7"]}},
    {"verdict": {"in": ["detected"]}, "severity": {"in": ["medium", "high"]}},
]


def test_filters_let_through_what_they_do_elsewhere(loaded):
    elastic = loaded.elastic()
    for filters in FILTERS:
        expected = attackviz.schema.from_pandas(where(loaded.frame, filters))
        events = elastic.read(filters=filters, slices=1)
        assert rows(events.table) == rows(expected), filters
        assert events.account.closes()
        assert events.account.events == events.table.num_rows


def test_what_the_index_can_tell_it_is_asked(tpot):
    events = tpot.elastic().read(filters={"cidr": ["45.0.0.0/16"]}, columns=["src_port"])
    assert 0 < events.table.num_rows <= events.account.pieces < COUNT / 10
    assert events.table.column_names == ["time", "src_port"]


def test_fields_of_the_documents_come_by_their_own_names(tpot):
    events = tpot.elastic().read(columns=["unread.deep.er", "src_ip"], filters={"unread.deep.er": {"null": False}})
    expected = sorted(each["unread"]["deep"]["er"] for each in tpot.documents.values() if each["type"] != "P0f")
    # The cluster writes numbers anew: 1.8e-04 for 0.00018.
    assert sorted(map(float, events.table["unread.deep.er"].to_pylist())) == expected
    with pytest.raises(UsageError, match="columns is a text"):
        tpot.elastic().scan(columns="src_ip")


@pytest.mark.parametrize(
    "query", ['type:"Cowrie"', {"match": {"type": "cowrie"}}, '{"query":{"match":{"type":"Cowrie"}}}']
)
def test_a_users_own_query_is_one_more_condition(tpot, query):
    events = tpot.elastic(query=query).read(Window.parse("2025-02-11"))
    expected = [
        each
        for each in tpot.documents.values()
        if each["type"] == "Cowrie" and each.get("@timestamp", "").startswith("2025-02-11")
    ]
    assert events.table.num_rows == len(expected) > 0


def test_text_of_a_query_stays_a_query(tpot):
    hostile = 'x"}},"match_all":{}}//'
    with pytest.raises(ElasticError) as caught:
        tpot.elastic(query=hostile).read()
    assert caught.value.code == "query"
    for wrong in ("{not json", '{"a": 1, "b": 2}', ["x"]):
        with pytest.raises(UsageError):
            tpot.elastic(query=wrong)


def test_nothing_is_an_answer(tpot):
    events = tpot.elastic().read("1999-01-01")
    assert events.table.num_rows == 0
    assert set(events.table.column_names) == COLUMNS.keys() - {"event_id"}
    assert len(events.to_pandas()) == 0
    assert tpot.elastic().read("1999-01-01", columns=["src_ip"]).table.column_names == ["time", "src_ip"]


def of_searches(fault):
    """Return a fault of a gate that is told of searches alone: of the body, and how many came before."""
    return lambda method, path, body, before: fault(body, before) if path == "/_search" else None


def test_a_busy_cluster_is_asked_again(tpot, gate):
    gate.fault = of_searches(lambda body, before: 429 if before % 3 == 1 else None)
    pull = tpot.pull(gate.url)
    assert rows(pa.concat_tables(pull)) == from_file(tpot)[0]
    assert pull.wire.repeated > 2


def test_a_dropped_connection_is_tried_again(tpot, gate):
    gate.fault = of_searches(lambda body, before: "gone" if before == 3 else None)
    assert rows(pa.concat_tables(tpot.pull(gate.url))) == from_file(tpot)[0]


def test_a_broken_point_in_time_means_that_slice_again(tpot, gate, cluster):
    def close(body: bytes, before: int) -> None:
        if before in (4, 11):
            cluster.ask("DELETE", "/_pit", {"id": json.loads(body)["pit"]["id"]})

    gate.fault = of_searches(close)
    seen = []
    pull = tpot.pull(gate.url, progress=seen.append)
    assert rows(pa.concat_tables(pull)) == from_file(tpot)[0]
    assert gate.seen["POST /attackviz-pull-tpot/_pit"] > 1
    assert (pull.account.pieces, seen[-1].done) == (COUNT, COUNT)


def test_a_shard_that_is_away_means_another_point_in_time_at_once(tpot, gate):
    away = {"type": "no_shard_available_action_exception", "reason": None}
    error = {"type": "search_phase_execution_exception", "reason": "all shards failed", "root_cause": [away]}
    answer = json.dumps({"error": error, "status": 503}).encode()
    gate.fault = of_searches(lambda body, before: (503, answer) if before in (4, 5) else None)
    pull = tpot.pull(gate.url)
    assert rows(pa.concat_tables(pull)) == from_file(tpot)[0]
    assert pull.wire.repeated == 0
    assert gate.seen["POST /attackviz-pull-tpot/_pit"] > 1


def without_a_hit(body: bytes) -> dict:
    found = json.loads(body)
    if found.get("hits", {}).get("hits"):
        found["hits"]["hits"].pop(0)
    return found


def partial(body: bytes) -> bytes:
    found = without_a_hit(body)
    found = {"pit_id": found["pit_id"], "timed_out": False, "_shards": {"failed": 1}, "hits": found["hits"]}
    return json.dumps(found, separators=(",", ":")).encode()


def fewer(body: bytes) -> bytes:
    return json.dumps(without_a_hit(body)).encode()


@pytest.mark.parametrize("spoiled", [partial, fewer])
def test_a_part_is_no_answer(tpot, gate, spoiled):
    gate.fault = of_searches(lambda body, before: spoiled if before == 5 else None)
    assert rows(pa.concat_tables(tpot.pull(gate.url))) == from_file(tpot)[0]


def test_what_never_mends_ends_in_an_error(tpot, gate, monkeypatch):
    monkeypatch.setattr("attackviz.elastic.pull._FIRST_WAIT", 0)
    gate.fault = of_searches(lambda body, before: fewer)
    with pytest.raises(ElasticError, match=r"documents of a slice came; .*try again") as caught:
        list(tpot.pull(gate.url))
    assert (caught.value.code, caught.value.passing) == ("partial", True)


def test_nothing_is_kept_when_reading_ends_early(tpot, gate):
    pull = tpot.pull(gate.url, hold=COUNT // 20)
    with pull as batches:
        next(iter(batches))
    assert gate.seen["DELETE /_pit"] == 1
    assert gate.seen["POST /_search"] < 30


def test_an_index_that_is_no_log_says_so(elastic, index):
    elastic.create(index, {"properties": {"n": {"type": "long"}}})
    with pytest.raises(FormatError, match="holds no documents"):
        Elastic(elastic.url, index).read()
    elastic.fill(index, [{"n": 1}])
    with pytest.raises(FormatError, match="no known format"):
        Elastic(elastic.url, index).read()
    with pytest.raises(ElasticError, match="there is no '@timestamp'; map its time") as caught:
        Elastic(elastic.url, index, format="ecs").read()
    assert caught.value.where == index
    with pytest.raises(UsageError, match="documents are JSON"):
        Elastic(elastic.url, index, format="openssh").read()


def test_a_field_of_two_types_says_so(elastic, index):
    elastic.create(f"{index}-1", made.TPOT_MAPPING)
    other = {"properties": {"@timestamp": {"type": "keyword"}}}
    elastic.create(f"{index}-2", other)
    elastic.fill(f"{index}-1", [each for _, each in made.tpot(10)])
    with pytest.raises(ElasticError, match="date in some and keyword in other of its indices"):
        Elastic(elastic.url, f"{index}-*").read()


def test_a_format_of_ones_own_reads_documents(elastic, index, tmp_path):
    elastic.create(index, {"properties": {"at": {"type": "date"}, "who": {"properties": {"ip": {"type": "ip"}}}}})
    elastic.fill(index, [{"at": f"2025-02-18T00:00:0{n}Z", "who": {"ip": f"192.0.2.{n}"}, "sum": n} for n in range(9)])
    own = tmp_path / "shop.toml"
    own.write_text(
        '[formats.shop]\nkind = "json"\n[formats.shop.columns]\ntime = "at"\nsrc_ip = "who.ip"\n'
        '[formats.shop.extra]\nsum = {field = "sum", type = "number"}\n'
    )
    events = Elastic(elastic.url, index, format=str(own)).read(
        filters={"cidr": "192.0.2.0/30", "sum": {"range": [2, None]}}
    )
    assert sorted(events.table["sum"].to_pylist()) == [2, 3]
    assert events.account.pieces == 4


def test_filters_are_asked_only_where_the_index_is_sure(tpot):
    from attackviz.elastic.query import conditions

    documents = tpot.elastic().documents
    asked = lambda filters: list(conditions(Filters.parse(filters), documents))  # noqa: E731
    assert asked({"cidr": ["192.0.2.0/24"]}) == [{"terms": {"src_ip": ["192.0.2.0/24"]}}]
    assert asked({"src_org": {"in": ["Chinanet"]}}) == [{"terms": {"geoip.as_org.keyword": ["Chinanet"]}}]
    for unsure in (
        {"src_org": {"in": ["Hetzner Online GmbH"]}},
        {"src_org": {"in": ["💥" * 7]}},
        {"src_org": {"in": ["\ud800"]}},
        {"src_ip": {"in": ["192.0.2.1", "010.0.0.1"]}},
        {"country": {"not": ["US"]}},
        {"port": {"in": [22, None]}},
        {"rule": {"in": ["x"]}},
        {"category": {"in": ["ssh"]}},
    ):
        assert asked(unsure) == []
