"""What a cluster counts is what pandas counts in the events that reading gives, of documents of any format."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attackviz.analysis import EventTable, attackers, bursts, compare
from attackviz.elastic import Elastic, asking, counts, lists, moment
from attackviz.elastic import cells as cubes
from attackviz.elastic.documents import Documents
from attackviz.elastic.fields import fields_of
from attackviz.elastic.lists import listing
from attackviz.elastic.needs import UncountableError, needed, sources
from attackviz.errors import UsageError
from attackviz.filters import Filters
from attackviz.formats import FORMATS
from attackviz.geo import enrich, open_database
from attackviz.window import Window

from ..conftest import FULL
from . import made
from .cluster import Cluster

COUNT = 20_000 if FULL else 1_000
EXAMPLES = 200 if FULL else 6
KINDS = {"tpot": (made.tpot, made.TPOT_MAPPING), "ecs": (made.ecs, made.ECS_MAPPING)}
CONDITIONS = [
    {},
    {"country": {"in": ["CN", None]}},
    {"country": {"not": ["US"]}, "port": {"in": [22, 80]}},
    {"cidr": ["45.0.0.0/8", "2001:db8::/33"]},
    {"cidr": ["::/0"]},
    {"port": {"range": [23, 445]}},
    {"verdict": {"in": ["detected"]}},
    {"severity": {"not": ["low"]}},
    {"text": "root"},
    {"place": {"null": True}},
    {"src_org": {"contains": "amazon"}},
    {"src_lat": {"range": [0, None]}},
    {"time": {"range": ["2025-02-12T00:00:00Z", None]}},
]
FIELDS = ["category", "verdict", "severity", "country", "network", "address", "rule", "port", "target", "sensor"]


class Pair:
    """Hold an index, and the events that reading it gives."""

    def __init__(self, elastic: Elastic) -> None:
        self.elastic, found = elastic, elastic.read()
        self.table = EventTable(found.table, found.account)
        times = [time for time in found.table["time"].to_pylist() if time is not None]
        self.first, self.last = min(times), max(times)


@pytest.fixture(scope="module", params=KINDS)
def pair(request, cluster: Cluster) -> Iterator[Pair]:
    make, mapping = KINDS[request.param]
    index = cluster.create(f"attackviz-counts-{request.param}", mapping, lasting=True, number_of_shards=2)
    documents = dict(make(COUNT))
    cluster.fill(index, documents.values(), documents)
    yield Pair(Elastic(cluster.url, index))
    cluster.forget(index)


@st.composite
def questions(draw):
    """Draw a window, most often of part of what there is and seldom of whole milliseconds, and filters."""
    days = made.DAYS * 86_400_000_000
    start, end = sorted(draw(st.tuples(*[st.integers(-days // 10, days)] * 2)))
    unit = draw(st.sampled_from([1, 1000, 3_600_000_000]))
    edges = [made.START + timedelta(microseconds=us // unit * unit) for us in (start, end + unit)]
    return draw(st.sampled_from([None, Window(*edges)])), Filters.parse(draw(st.sampled_from(CONDITIONS)))


@settings(max_examples=EXAMPLES)
@given(asked=questions())
def test_counts_are_those_of_the_events(pair, asked):
    theirs, ours = pair.table.count(*asked), pair.elastic.count(*asked)
    for name in type(ours).__dataclass_fields__.keys() - {"account"}:
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.account.closes()
    assert (ours.account.pieces, ours.account.events) == (pair.table.account.pieces, pair.table.account.events)


@settings(max_examples=EXAMPLES)
@given(asked=questions(), field=st.sampled_from(FIELDS), n=st.integers(1, 8))
def test_lists_are_those_of_the_events(pair, asked, field, n):
    theirs, ours = (store.top(field, asked[0], n, asked[1]) for store in (pair.table, pair.elastic))
    assert (ours.rest, ours.events, ours.distinct) == (theirs.rest, theirs.events, theirs.distinct)
    for mine, other in zip(ours.rows, theirs.rows, strict=True):
        assert (mine.key, mine.events, mine.last_us) == (other.key, other.events, other.last_us)
        assert mine.by_category == other.by_category


@pytest.mark.parametrize("conditions", [{}, {"country": {"not": ["US"]}}])
def test_lists_of_many_values_are_those_of_the_events(pair, monkeypatch, conditions):
    monkeypatch.setattr(counts, "FEW", 5)
    filters, half = Filters.parse(conditions), Window(made.START, made.START + timedelta(days=3))
    for field, n in (("address", 1), ("address", COUNT), ("src_port", 40)):
        theirs, ours = (store.top(field, half, n, filters) for store in (pair.table, pair.elastic))
        assert (ours.rest, ours.events, ours.distinct) == (theirs.rest, theirs.events, theirs.distinct)
        for mine, other in zip(ours.rows, theirs.rows, strict=True):
            assert (mine.key, mine.events, mine.last_us) == (other.key, other.events, other.last_us)
            assert mine.by_category == other.by_category


@settings(max_examples=EXAMPLES)
@given(asked=questions(), bins=st.integers(1, 300), by=st.sampled_from([None, "country", "port", "category"]))
def test_timelines_are_those_of_the_events(pair, asked, bins, by):
    theirs, ours = (store.timeline(asked[0], bins, by, asked[1]) for store in (pair.table, pair.elastic))
    assert (ours.start_us, ours.seconds, ours.groups) == (theirs.start_us, theirs.seconds, theirs.groups)
    assert ours.events.tolist() == theirs.events.tolist()
    assert ours.rest.tolist() == theirs.rest.tolist()


def cells(cube) -> Counter:
    """Return events by all that a cell says; places to a metre."""
    found: Counter = Counter()
    for row in cube.table.to_pylist():
        count = row.pop("count")
        found[tuple(round(v, 4) if isinstance(v, float) else v for v in row.values())] += count
    return found


@settings(max_examples=EXAMPLES)
@given(asked=questions(), budget=st.sampled_from([500, 5_000, 200_000]))
def test_cubes_are_those_of_the_events(pair, asked, budget):
    theirs, ours = (store.cube(asked[0], budget, asked[1]) for store in (pair.table, pair.elastic))
    assert ours.grain == theirs.grain
    assert ours.totals == theirs.totals
    if ours.grain.place == "point":
        assert cells(ours) == cells(theirs)


def test_samples_are_of_the_window_and_the_same_each_time(pair):
    middle = pair.first + (pair.last - pair.first) / 2
    for window, filters in ((None, {}), (Window(pair.first, middle), {"country": {"in": ["CN"]}})):
        asked = window, 50, Filters.parse(filters)
        one, other = pair.elastic.sample(*asked), pair.elastic.sample(*asked)
        assert one.table.equals(other.table)
        assert one.table.num_rows == 50
        theirs = pair.table.count(window, asked[2])
        assert one.left == theirs.events - 50
        assert set(one.table["src_country"].to_pylist()) <= (
            {"CN"} if filters else {*one.table["src_country"].to_pylist()}
        )


def scripts(cluster: Cluster) -> bool:
    """Return whether a cluster takes scripts: then it can tell which documents hold lists."""
    with suppress(OSError):
        return bool(cluster.ask("POST", "/_search", {"query": listing([])}))
    return False


def test_what_cannot_be_counted_is_read_and_said(pair, cluster, monkeypatch):
    if pair.elastic.documents.form.name == "ecs":
        ours, theirs = pair.elastic.top("rule", n=30), pair.table.top("rule", n=30)
        assert [(row.key, row.events) for row in ours.rows] == [(row.key, row.events) for row in theirs.rows]
        assert not pair.elastic.top("category").account.notes
        if scripts(cluster):
            assert not ours.account.notes  # those alone were read
        else:
            assert ours.account.notes == ["counted here, not by the cluster: some documents hold lists in rule.name"]
        monkeypatch.setattr(asking, "READ", 1 if scripts(cluster) else COUNT // 2)
        with pytest.raises(UsageError, match=r"and they are too many to be read: "):
            pair.elastic.top("rule")
        monkeypatch.setattr(asking, "READ", COUNT // 2)
        # A shorter window has fewer.
        assert pair.elastic.top("rule", Window(made.START, made.START + timedelta(hours=1))).rows
    assert not pair.elastic.timeline(None, 10, "port").account.notes


def listed(chance: random.Random, count: int, *more: str) -> Iterator[dict]:
    """Yield documents with lists of words as Beats write them, and as somebody could."""
    words = ["network", "intrusion_detection", "web", *more]
    for _, document in made.ecs(count):
        event = document["event"]
        event["category"] = chance.sample(words, chance.randrange(4))
        event["type"] = chance.choice([None, "info", ["denied", "end"], ["end", "denied"], ["start", "start"]])
        document["rule"]["name"] = "one"
        yield document


def test_lists_of_words_are_counted_once_in_whatever_order(elastic, index, monkeypatch):
    chance = random.Random(1)
    elastic.create(index, made.ECS_MAPPING)
    one = Elastic(elastic.url, index)
    # Then come lists, and words, that were not known; and at last more different ones than are counted.
    for more in ((), ("session",), ("session", "malware")):
        elastic.fill(index, listed(chance, 150, *more))
        read = one.read()
        table = EventTable(read.table, read.account)
        if len(more) == 2:
            monkeypatch.setattr(lists, "MOST", 3)
            one = Elastic(elastic.url, index)
        for field in ("category", "verdict"):
            ours, theirs = one.top(field), table.top(field)
            assert (ours.rows, ours.events) == (theirs.rows, theirs.events)
            assert ours.account.closes()
            if len(more) < 2 or scripts(elastic):
                assert not ours.account.notes
            else:
                assert "lists in event.category" in ours.account.notes[0]


def test_many_combinations_come_page_by_page(pair, monkeypatch):
    whole = pair.elastic.top("address", n=20)
    monkeypatch.setattr(asking, "PAGE", 100)
    assert pair.elastic.top("address", n=20).rows == whole.rows


def test_the_most_frequent_of_too_many_are_exact_and_the_rest_is_said(elastic, index, monkeypatch):
    sources = [f"192.0.2.{k % 250}" for k in range(600)] + [f"198.51.100.{k % 7}" for k in range(200)] + [None] * 50
    times = pa.array([1739836800 * 10**6 + k for k in range(850)], pa.timestamp("us", tz="UTC"))
    one = Elastic(elastic.url, index)
    one.write(pa.table({"time": times, "src_ip": sources, "category": ["ssh", "web"] * 425}))
    elastic.ask("POST", f"/{index}/_refresh")
    read = one.read()
    theirs = EventTable(read.table, read.account).top("address", n=3)
    monkeypatch.setattr(asking, "PAGE", 50)
    monkeypatch.setattr(asking, "MOST", 200)
    ours = one.top("address", n=3)
    assert ours.rows == theirs.rows
    assert (ours.events, ours.rest, ours.distinct) == (850, theirs.rest, None)
    elastic.forget(f"{index}-000001")


@pytest.mark.parametrize("budget", [300, 2_000, 200_000])
def test_much_is_counted_some_time_after_the_other(pair, monkeypatch, budget):
    theirs = pair.table.cube(None, budget)
    for module in (asking, moment, cubes):
        monkeypatch.setattr(module, "HOLD", 100)
    monkeypatch.setattr(asking, "PAGE", 40)
    ours = pair.elastic.cube(None, budget)
    assert ours.totals == theirs.totals
    assert sum(cells(ours).values()) == theirs.totals["in_recording"]
    assert len(ours) <= budget
    # It may be a step coarser: how many cells there are is estimated.
    assert ours.grain.seconds >= theirs.grain.seconds
    by_hour, wanted = (Counter() for _ in range(2))
    for cube, found in ((ours, by_hour), (theirs, wanted)):
        for row in cube.table.to_pylist():
            found[row["time"].timestamp() // max(86_400, ours.grain.seconds), row["category"]] += row["count"]
    assert by_hour == wanted
    lines = pair.elastic.timeline(None, 50, "port")
    assert lines.events.tolist() == pair.table.timeline(None, 50, "port").events.tolist()


def test_very_much_takes_no_more_requests(pair, gate, monkeypatch):
    for module in (asking, moment, cubes):
        monkeypatch.setattr(module, "HOLD", 5)
    for module in (asking, cubes):
        monkeypatch.setattr(module, "SPANS", 4)
    ours, theirs = Elastic(gate.url, pair.elastic.index).cube(), pair.table.cube(None, 200_000)
    assert ours.totals == theirs.totals
    # By slices of 5 there would be some two hundred.
    assert gate.seen["POST /_search"] < 60


def test_an_answer_whose_moment_breaks_is_asked_for_again(pair, gate, cluster):
    def close(method: str, path: str, body: bytes, before: int) -> None:
        if path == "/_search" and before == 2:
            cluster.ask("DELETE", "/_pit", {"id": json.loads(body)["pit"]["id"]})

    gate.fault = close
    found = Elastic(gate.url, pair.elastic.index).count()
    assert found.by_verdict == pair.table.count().by_verdict
    assert gate.seen[f"POST /{pair.elastic.index}/_pit"] > 1


def test_too_many_addresses_are_counted_within_a_bound(elastic, index, monkeypatch):
    documents = [{**each, "rule": {"name": "x"}} for _, each in made.ecs(1500)]
    elastic.create(index, made.ECS_MAPPING)
    elastic.fill(index, documents)
    one = Elastic(elastic.url, index)
    exact = one.count()
    monkeypatch.setattr(asking, "PAGE", 100)
    monkeypatch.setattr(asking, "MOST", 200)
    rough = one.count()
    assert abs(rough.sources - exact.sources) <= rough.bounds["sources"]
    assert (rough.events, rough.all, exact.bounds) == (exact.events, exact.all, {})


def test_addresses_are_located_where_documents_have_no_places(elastic, index):
    elastic.create(index, made.ECS_MAPPING)
    documents = [each for _, each in made.ecs(500)]
    for each in documents:
        each.get("source", {}).pop("geo", None)
    elastic.fill(index, documents)
    one = Elastic(elastic.url, index)
    assert not one.located
    one.database = open_database("embedded")
    theirs = EventTable(enrich(one.read().table, one.database)).cube(None, 100_000)
    ours = one.cube(None, 100_000)
    assert cells(ours) == cells(theirs)
    assert ours.totals == theirs.totals
    assert ours.totals["unlocated"] < 500


def documents_of(properties: dict, form: str = "ecs", **mapping: object) -> Documents:
    fields = fields_of({"a": {"mappings": {"properties": properties, **mapping}}})
    return Documents("a", FORMATS[form], "@timestamp", fields, mapping.get("dynamic") == "false")


WORD = {"type": "keyword"}


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"rule": {"type": "nested", "properties": {"id": WORD}}}, "does not keep rule.id"),
        ({"rule": {"properties": {"id": {"type": "text"}}}}, "rule.id is text without a keyword"),
        ({"rule": {"properties": {"id": {**WORD, "normalizer": "lowercase"}}}}, "does not keep rule.id"),
        ({"rule": {"properties": {"id": {**WORD, "null_value": "none"}}}}, "does not keep rule.id"),
        ({"rule": {"properties": {"id": {**WORD, "doc_values": False}}}}, "does not keep rule.id"),
        ({"rule": {"properties": {"id": {"type": "date"}}}}, "does not keep rule.id"),
        ({"rule": {"properties": {"id": {"type": "constant_keyword"}}}}, "does not keep rule.id"),
        ({"rule": {"type": "flattened"}}, "rule is no object everywhere"),
        ({"rule": {"properties": {"id": {"properties": {"number": WORD}}}}}, "rule.id is an object"),
        ({"rule": {"properties": {"id": WORD}}, "other": {**WORD, "copy_to": "rule.id"}}, "does not keep rule.id"),
    ],
)
def test_an_index_that_keeps_something_else_is_not_asked_to_count(properties, said):
    with pytest.raises(UncountableError, match=said):
        sources(documents_of(properties), ["rule.id"])


def test_a_field_that_no_document_has_counts_for_nothing():
    assert sources(documents_of({"rule": {"properties": {"name": WORD}}}), ["rule.id"]) == ()
    with pytest.raises(UncountableError, match="documents may have it"):
        sources(documents_of({}, dynamic="false"), ["rule.id"])


def test_a_point_is_one_field_and_a_text_its_keyword():
    place = {"source": {"properties": {"geo": {"properties": {"location": {"type": "geo_point"}}}}}}
    [source] = sources(documents_of(place), needed(FORMATS["ecs"], ("src_lat", "src_lon")))
    assert (source.asked, source.paths[1], source.origin) == (
        "source.geo.location",
        "source.geo.location.lon",
        True,
    )
    text = {"rule": {"properties": {"id": {"type": "text", "fields": {"raw": WORD}}}}}
    assert sources(documents_of(text), ["rule.id"])[0].asked == "rule.id.raw"


def test_new_fields_are_seen_by_the_next_answer(elastic, index):
    elastic.create(index, made.ECS_MAPPING)
    base = {"@timestamp": "2025-02-18T00:00:00Z", "source": {"ip": "192.0.2.1"}, "ecs": {"version": "8"}}
    elastic.fill(index, [base])
    one = Elastic(elastic.url, index)
    assert one.top("rule").rows[0].key == ""
    elastic.fill(index, [{**base, "event": {"action": "knock"}}] * 2)
    assert [(row.key, row.events) for row in one.top("rule").rows] == [("knock", 2), ("", 1)]


def test_one_value_in_a_list_or_another_spelling_is_found_out(elastic, index):
    elastic.create(index, made.ECS_MAPPING)
    documents = [json.loads(json.dumps(each)) for _, each in made.ecs(300)]
    for each in documents:
        each["rule"]["id"] = [each["rule"]["id"]]
        each["event"]["category"] = "network"
    elastic.fill(index, documents)
    one = Elastic(elastic.url, index)
    found, read = one.top("rule_id", n=50), one.read()
    assert found.rows == EventTable(read.table, read.account).top("rule_id", n=50).rows
    assert "other values than documents hold" in found.account.notes[0]


def test_an_empty_index_has_nothing_to_count(elastic, index):
    one = Elastic(elastic.url, index)
    one.write(pa.table({"time": pa.array([], pa.timestamp("us", tz="UTC"))}))
    assert one.count().all == 0
    assert one.count().first_us is None
    assert one.timeline().total == len(one.cube()) == one.sample().table.num_rows == 0
    assert one.top("address").rows == ()
    elastic.forget(f"{index}-000001")


def test_where_to_look_is_the_same(pair: Pair) -> None:
    middle = pair.first + (pair.last - pair.first) / 2
    window = Window(pair.first, pair.last)
    for by in ("address", "org"):
        asked, read = (attackers(store, window, by=by, n=4) for store in (pair.elastic, pair.table))
        same = ["events", "mitigated", "first", "last", "active_hours", "by_rule", "by_target"]
        assert asked[[by, *same]].to_dict("list") == read[[by, *same]].to_dict("list")
        assert asked.attrs == read.attrs
    halves = Window(pair.first, middle), Window(middle, pair.last)
    asked_for, read_for = (compare(store, *halves, field="network", n=5) for store in (pair.elastic, pair.table))
    for name in ("new", "gone", "grown"):
        assert getattr(asked_for, name).to_dict("list") == getattr(read_for, name).to_dict("list")
    asked_bursts, read_bursts = (bursts(store, window, factor=1.1) for store in (pair.elastic, pair.table))
    assert [one.to_dict() for one in asked_bursts] == [one.to_dict() for one in read_bursts]
