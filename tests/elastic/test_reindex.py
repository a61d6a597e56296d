"""Every document of a real index is enriched or changed, where it is or in another index."""

from __future__ import annotations

import itertools
import json
import pickle
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from attackviz.cli.app import app
from attackviz.elastic import Elastic
from attackviz.elastic.reindex.merging import merged
from attackviz.elastic.reindex.processors import Failed, Processor, load, name_of
from attackviz.elastic.reindex.task import Task
from attackviz.elastic.write import write
from attackviz.errors import ElasticError, FormatError, ReadError, UsageError
from attackviz.geo import enrich

from ..conftest import FULL
from . import made
from .cluster import Cluster
from .gate import Gate

COUNT = 100_000 if FULL else 2_000

MINE = """
import asyncio, os, threading

met = threading.Barrier(20)
arrived = []


def note(document):
    return {"note": {"of": document["src_ip"], "known": "source" in document}}


def poison(document):
    number = int(document["unread"]["headers"][1])
    if number % 100 == 7:
        raise ValueError(f"no {number}")
    if number % 100 == 8:
        return {"dest_ip": "nowhere"}
    if number % 100 == 9:
        return ["no", "dict"]
    if number % 100 == 10:
        return {"odd": object()}
    return None if number % 100 == 11 else {"number": number}


def together(document):
    met.wait(60)
    return {"seen": True}


async def at_once(document):
    arrived.append(document)
    while len(arrived) < 20:
        await asyncio.sleep(0)
    return {"seen": True}


def leave(document):
    os._exit(7)


def meddle(document):
    document["geoip"] = None
    document["unread"]["headers"].clear()
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a module of processors."""
    (tmp_path / "reindex_mine.py").write_text(MINE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "reindex_mine"


@pytest.fixture
def filled(elastic: Cluster, index: str) -> dict[str, dict]:
    """Return documents that are in the index, by their ids."""
    elastic.create(index, made.TPOT_MAPPING, number_of_shards=2)
    documents = dict(made.tpot(COUNT))
    elastic.fill(index, documents.values(), documents)
    return documents


def all_of(elastic: Cluster, index: str) -> dict[tuple[str, str], dict]:
    """Return all documents of an index, by index and id."""
    elastic.ask("POST", f"/{index}/_refresh")
    found: dict[tuple[str, str], dict] = {}
    body = {"size": 10_000, "sort": ["_doc"], "query": {"match_all": {}}}
    answer = elastic.ask("POST", f"/{index}/_search?scroll=1m", body)
    while hits := answer["hits"]["hits"]:
        found |= {(hit["_index"], hit["_id"]): hit["_source"] for hit in hits}
        answer = elastic.ask("POST", "/_search/scroll", {"scroll": "1m", "scroll_id": answer["_scroll_id"]})
    elastic.ask("DELETE", "/_search/scroll", {"scroll_id": answer["_scroll_id"]})
    return found


def by_id(elastic: Cluster, index: str) -> dict[str, dict]:
    return {name: each for (_, name), each in all_of(elastic, index).items()}


def letters(path: Path) -> dict[tuple[str, str], dict]:
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert len({(each["index"], each["id"]) for each in found}) == len(found)
    return {(each["index"], each["id"]): each for each in found}


def test_documents_get_the_places_that_events_get(elastic: Cluster, index: str, filled, tmp_path: Path) -> None:
    cluster = Elastic(elastic.url, index)
    events = enrich(cluster.read(columns=["event_id", "src_ip", "verdict"]).table)
    expected = {row["event_id"]: row for row in events.to_pylist()}
    told = []
    job = cluster.reindex(enrich="geo,verdict", hold=COUNT // 7)
    done = job.run(tmp_path / "job", workers=2, progress=told.append)
    assert done.closes()
    assert (done.documents, done.written, done.refused_total) == (COUNT, len(expected), 0)
    assert not (tmp_path / "job").exists()
    assert told
    after = by_id(elastic, index)
    assert after.keys() == filled.keys()
    for name, before in filled.items():
        document = dict(after[name])
        added, labels = document.pop("source", {}), document.pop("labels", {})
        assert document == before
        if name not in expected:
            assert (added, labels) == ({}, {})
            continue
        row = expected[name]
        place = added.get("geo", {})
        assert place.get("country_iso_code") == row["src_country"]
        assert place.get("city_name") == row["src_city"]
        assert place.get("location", {}).get("lat") == pytest.approx(row["src_lat"])
        assert added.get("as", {}).get("number") == row["src_asn"]
        assert labels["verdict"] == row["verdict"]
    assert any("location" in each.get("source", {}).get("geo", {}) for each in after.values())
    fields = elastic.ask("GET", f"/{index}/_mapping")[index]["mappings"]["properties"]
    assert fields["source"]["properties"]["geo"]["properties"]["location"]["type"] == "geo_point"
    assert fields["labels"]["properties"]["verdict"]["type"] == "keyword"
    # The documents are still what they were, and doing it again adds nothing new.
    assert Elastic(elastic.url, index).documents.form.name == "tpot"
    assert cluster.reindex(enrich="geo,verdict").run(tmp_path / "job").written == done.written
    assert by_id(elastic, index) == after


def test_fields_keep_the_manner_in_which_they_are_written(elastic: Cluster, index: str, tmp_path: Path) -> None:
    elastic.create(index, made.ECS_MAPPING)
    start = {"@timestamp": "2025-02-11T00:00:00Z"}
    documents = {
        "flat": {**start, "source.ip": "8.8.8.8", "source.geo.country_iso_code": "XX", "source.geo.location": "1,1"},
        "half": {**start, "source": {"ip": "8.8.8.8", "geo.location": {"lat": 1, "lon": 1}}},
        "nested": {**start, "source": {"ip": "8.8.8.8", "geo": {"location": "1,1", "name": "kept"}}},
    }
    elastic.fill(index, documents.values(), documents)
    assert Elastic(elastic.url, index).reindex(enrich=["geo"]).run(tmp_path / "job").written == 3
    after = by_id(elastic, index)
    assert after["flat"]["source.geo.country_iso_code"] == "US"
    assert after["half"]["source"]["geo.location"].keys() == {"lat", "lon"}
    assert after["nested"]["source"]["geo"]["name"] == "kept"
    for field in ("source.geo.location", "source.geo.country_iso_code"):
        body = {"fields": [field], "_source": False, "size": 10}
        for hit in elastic.ask("POST", f"/{index}/_search", body)["hits"]["hits"]:
            assert len(hit["fields"][field]) == 1


def test_our_own_documents_keep_their_manner(elastic: Cluster, index: str, tmp_path: Path) -> None:
    rows = {"event_id": ["a"], "src_ip": ["8.8.8.8"], "verdict": ["mitigated"], "severity": ["high"]}
    table = pa.table({"time": pa.array([1_739_232_000_000_000], pa.timestamp("us", "UTC")), **rows})
    elastic.create(index)
    cluster = Elastic(elastic.url, index)
    write(cluster.wire, index, [table])
    elastic.ask("POST", f"/{index}/_refresh")
    cluster.reindex(enrich="geo,verdict").run(tmp_path / "job")
    document = by_id(elastic, index)["a"]
    assert document["attackviz"] == {"schema": 1, "verdict": "mitigated", "severity": "high"}
    assert document["source"]["geo"]["country_iso_code"] == "US"
    assert Elastic(elastic.url, index).read(columns=["src_country"]).table["src_country"].to_pylist() == ["US"]


def test_documents_are_copied_and_changed(elastic: Cluster, index: str, filled, mine: str, tmp_path: Path) -> None:
    to = f"{index}-to"
    elastic.forget(to)
    elastic._made.append(to)
    cluster = Elastic(elastic.url, index)
    job = cluster.reindex(to, enrich="geo", processor=f"{mine}:leave")
    with pytest.raises(ReadError, match="a process of the job ended"):
        job.run(tmp_path / "left", workers=1)
    idle = f"/{to}/_settings/index.search.idle.after?flat_settings=true"
    # Until all is done it is refreshed for those who search it alone; nobody has to know.
    assert elastic.ask("GET", idle)[to]["settings"] == {"index.search.idle.after": "1ms"}
    done = cluster.reindex(to, enrich="geo", processor=f"{mine}:note").run(tmp_path / "job", workers=2)
    assert to not in elastic.ask("GET", idle)
    assert (done.documents, done.written, done.closes()) == (COUNT, COUNT, True)
    after, before = by_id(elastic, to), by_id(elastic, index)
    assert before == filled
    assert after.keys() == filled.keys()
    for name, document in filled.items():
        copied = dict(after[name])
        assert copied.pop("note") == {"of": document["src_ip"], "known": "source" in copied}
        copied.pop("source", None)
        assert copied == document
    kinds = [elastic.ask("GET", f"/{each}/_mapping")[each]["mappings"]["properties"] for each in (index, to)]
    assert kinds[1]["type"] == kinds[0]["type"]
    assert kinds[1]["geoip"]["properties"]["as_org"] == kinds[0]["geoip"]["properties"]["as_org"]
    assert kinds[1]["source"]["properties"]["geo"]["properties"]["location"]["type"] == "geo_point"
    # A pattern that finds the target, too: it is not read again.
    done = Elastic(elastic.url, f"{index}*").reindex(to).run(tmp_path / "job")
    assert done.written == COUNT
    assert by_id(elastic, to) == filled
    with pytest.raises(UsageError, match="they are there"):
        Elastic(elastic.url, to).reindex(to).run(tmp_path / "job")


def test_poison_is_kept_with_the_reason(elastic: Cluster, index: str, filled, mine: str, tmp_path: Path) -> None:
    file = tmp_path / "dead.ndjson"
    cluster = Elastic(elastic.url, index)
    for _ in range(2):
        done = cluster.reindex(processor=f"{mine}:poison").run(tmp_path / "job", dead_letters=file)
        assert done.closes()
        per = COUNT // 100
        assert dict(done.refused) == {"processor": 3 * per, "document_parsing_exception": per}
        assert done.unchanged == per
        found = letters(file)
        assert sorted(int(name[1:]) % 100 for _, name in found) == sorted([7, 8, 9, 10] * per)
    first = found[index, "t0000007"]
    assert (first["type"], first["reason"], first["document"]) == ("processor", "ValueError: no 7", filled["t0000007"])
    assert "'nowhere' is not an IP string literal" in found[index, "t0000008"]["reason"]
    assert "neither a dict nor None" in found[index, "t0000009"]["reason"]
    assert "no JSON" in found[index, "t0000010"]["reason"]
    after = by_id(elastic, index)
    assert after["t0000012"]["number"] == 12
    assert all(after[name] == filled[name] for _, name in found)


@pytest.mark.parametrize("how", ["together", "at_once"])
def test_slow_functions_are_called_at_once(elastic: Cluster, index: str, mine: str, tmp_path: Path, how: str) -> None:
    elastic.create(index, made.TPOT_MAPPING)
    elastic.fill(index, [document for _, document in made.tpot(20)])
    # None of the calls ends before all twenty have begun.
    done = Elastic(elastic.url, index).reindex(processor=f"{mine}:{how}", at_once=20).run(tmp_path / "job", workers=1)
    assert (done.written, done.refused_total) == (20, 0)


def test_what_a_function_does_to_its_document_stays_its_affair(elastic, index, filled, mine, tmp_path) -> None:
    done = Elastic(elastic.url, index).reindex(processor=f"{mine}:meddle").run(tmp_path / "job")
    assert done.unchanged == COUNT
    assert by_id(elastic, index) == filled


def test_the_same_id_in_several_indices(elastic: Cluster, index: str, tmp_path: Path, mine: str) -> None:
    documents = dict(made.tpot(300))
    for name in ("a", "b"):
        elastic.create(f"{index}-{name}", made.TPOT_MAPPING)
        elastic.fill(f"{index}-{name}", documents.values(), documents)
    elastic.ask("POST", "/_aliases", {"actions": [{"add": {"index": f"{index}-*", "alias": index}}]})
    done = (
        Elastic(elastic.url, index)
        .reindex(processor=f"{mine}:poison")
        .run(tmp_path / "job", dead_letters=tmp_path / "dead")
    )
    assert done.documents == 600
    assert len(letters(tmp_path / "dead")) == done.refused_total == 24
    assert sum("number" in each for each in all_of(elastic, index).values()) == done.written == 570


def test_documents_with_a_routing_of_their_own(elastic: Cluster, index: str, tmp_path: Path, mine: str) -> None:
    elastic.create(index, made.TPOT_MAPPING, number_of_shards=3)
    lines = b""
    for number, (name, document) in enumerate(made.tpot(60)):
        lines += json.dumps({"create": {"_id": name, "routing": f"r{number % 5}"}}).encode() + b"\n"
        lines += json.dumps(document).encode() + b"\n"
    assert not elastic.ask("POST", f"/{index}/_bulk?refresh=true", lines)["errors"]
    assert Elastic(elastic.url, index).reindex(processor=f"{mine}:note").run(tmp_path / "job").written == 60
    assert len(all_of(elastic, index)) == 60
    assert all("note" in each for each in all_of(elastic, index).values())


def test_only_what_a_window_and_a_query_say(elastic: Cluster, index: str, filled, mine: str, tmp_path: Path) -> None:
    cluster = Elastic(elastic.url, index, query="type.keyword:Cowrie")
    cluster.reindex(processor=f"{mine}:note", window="2025-02-13", hold=10).run(tmp_path / "job")
    wanted = {
        name
        for name, each in filled.items()
        if each["type"] == "Cowrie" and each.get("@timestamp", "").startswith("2025-02-13")
    }
    assert wanted
    assert {name for name, each in by_id(elastic, index).items() if "note" in each} == wanted


def test_a_busy_cluster_gets_less_and_conflicts_are_met_again(
    elastic: Cluster, gate: Gate, index: str, filled, mine: str, tmp_path: Path
) -> None:
    def fault(method: str, path: str, body: bytes, before: int) -> object:
        if not path.endswith("/_bulk"):
            return None
        count = body.count(b"\n") // 2
        if before == 0:
            item = {"update": {"status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "-"}}}
            return 200, json.dumps({"errors": True, "items": [item] * count}).encode()
        return 429 if len(body) > 150_000 else None

    gate.fault = fault
    done = Elastic(gate.url, index).reindex(processor=f"{mine}:note").run(tmp_path / "job", workers=1)
    assert done.closes()
    assert done.written == COUNT
    assert done.conflicts > 0
    assert done.halved > 0
    assert all("note" in each for each in by_id(elastic, index).values())


def test_changes_by_others_stay(elastic: Cluster, index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reindex_race.py").write_text(
        "from tests.elastic.node import ask\n\n\ndef process(document):\n"
        f"    path = f'/{index}/_update/{{document[\"name\"]}}'\n"
        f"    ask({elastic.url!r}, 'POST', path, {{'doc': {{'theirs': {{'a': 1}}, 'ours': {{'b': 2}}}}}})\n"
        "    return {'ours': {'c': 3}}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    elastic.create(index, made.TPOT_MAPPING)
    names = [f"n{number}" for number in range(30)]
    elastic.fill(index, [{"@timestamp": "2025-02-11T00:00:00Z", "name": name} for name in names], names)
    done = (
        Elastic(elastic.url, index, time="@timestamp").reindex(processor="reindex_race:process").run(tmp_path / "job")
    )
    assert (done.written, done.conflicts, done.closes()) == (30, 30, True)
    for document in by_id(elastic, index).values():
        assert (document["theirs"], document["ours"]) == ({"a": 1}, {"b": 2, "c": 3})


def test_a_point_in_time_that_breaks_calls_nothing_twice(
    elastic: Cluster, gate: Gate, index: str, filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    (tmp_path / "reindex_calls.py").write_text(
        f"def note(document):\n    with open({str(calls)!r}, 'a') as file:\n"
        "        file.write(document['unread']['headers'][1] + '\\n')\n    return {'seen': True}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    gone = json.dumps({"error": {"type": "search_context_missing_exception", "reason": "No search context"}}).encode()
    later = itertools.count()  # of the pages after the first

    def fault(method: str, path: str, body: bytes, before: int) -> object:
        return (404, gone) if path == "/_search" and b'"search_after"' in body and next(later) in (0, 2) else None

    gate.fault = fault
    job = Elastic(gate.url, index).reindex(processor="reindex_calls:note")
    assert job.run(tmp_path / "job", workers=1).written == COUNT
    assert gate.seen[f"POST /{index}/_pit"] >= 2 + 2  # to plan, to read, and after each break
    assert sorted(map(int, calls.read_text().split())) == list(range(COUNT))


def test_the_command(elastic: Cluster, index: str, filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    address = elastic.url.replace("http://", "es+http://") + f"/{index}"
    run = CliRunner().invoke(app, ["elastic", "reindex", address, "--enrich", "geo", "--dry-run"])
    assert run.exit_code == 0, run.output
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(lines) == 10
    for line in lines:
        assert line["before"] == filled[line["_id"]]
        assert merged(line["before"], line["after"]) == line["after"]
    assert "nothing was written" in run.stderr
    assert by_id(elastic, index) == filled

    Path("mine.py").write_text(
        "import os\ndef fail(document):\n    raise KeyError('x')\ndef leave(document):\n    os._exit(1)\n"
    )
    bad = CliRunner().invoke(app, ["elastic", "reindex", address, "--processor", "mine:fails"])
    assert (bad.exit_code, "cannot be loaded: AttributeError" in bad.stderr) == (2, True)
    file = Path(f"{index}.checkpoint")
    assert not file.exists()
    bad = CliRunner().invoke(app, ["elastic", "reindex", address, "--processor", "mine:leave"])
    assert (bad.exit_code, f"kept in {file}: go on with --resume" in bad.stderr) == (1, True)
    again = CliRunner().invoke(app, ["elastic", "reindex", address, "--enrich", "geo"])
    assert (again.exit_code, "half done" in again.stderr) == (2, True)
    other = CliRunner().invoke(app, ["elastic", "reindex", address, "--enrich", "geo", "--resume"])
    assert (other.exit_code, "of another job: enrich, processor differ" in other.stderr) == (2, True)
    file.unlink()
    run = CliRunner().invoke(app, ["elastic", "reindex", address, "--enrich", "geo"])
    assert run.exit_code == 0, run.output
    assert f"{COUNT:,} documents: " in run.stderr
    assert not file.exists()
    run = CliRunner().invoke(app, ["elastic", "reindex", address, "--processor", "mine:fail", "--window", "2025-02-13"])
    assert run.exit_code == 1
    assert "dead-letters.ndjson" in run.stderr
    assert {each["reason"] for each in letters(Path("dead-letters.ndjson")).values()} == {"KeyError: 'x'"}


def test_a_process_that_ends_is_told(elastic: Cluster, index: str, filled, mine: str, tmp_path: Path) -> None:
    job = Elastic(elastic.url, index).reindex(processor=f"{mine}:leave")
    with pytest.raises(ReadError, match="a process of the job ended"):
        job.run(tmp_path / "job")
    assert (tmp_path / "job").exists()


def test_an_index_that_is_not_there_or_has_what_is_in_the_way(elastic: Cluster, index: str, tmp_path: Path) -> None:
    with pytest.raises(ElasticError, match="there is no index"):
        Elastic(elastic.url, f"{index}-none").reindex(enrich="geo").run(tmp_path / "job")
    elastic.create(index, {"properties": {"@timestamp": {"type": "date"}, "source": {"type": "keyword"}}})
    elastic.fill(index, [{**document, "source": "x"} for _, document in made.tpot(20)])
    with pytest.raises(ElasticError, match="source"):
        Elastic(elastic.url, index).reindex(enrich="geo").run(tmp_path / "job")
    elastic.create(f"{index}-odd", {"properties": {"when": {"type": "date"}}})
    elastic.fill(f"{index}-odd", [{"when": "2025-02-11", "a": n} for n in range(5)])
    with pytest.raises(FormatError):
        Elastic(elastic.url, f"{index}-odd").reindex(enrich="geo").run(tmp_path / "other")


def test_documents_of_any_kind_with_a_time(elastic: Cluster, index: str, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "reindex_any.py").write_text("def double(document):\n    return {'b': 2 * document['a']}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    elastic.create(index, {"properties": {"when": {"type": "date"}}})
    elastic.fill(index, [*({"when": "2025-02-11", "a": n} for n in range(5)), {"a": 5}])
    done = Elastic(elastic.url, index, time="when").reindex(processor="reindex_any:double").run(tmp_path / "job")
    assert done.written == 6
    assert sorted(each["b"] for each in by_id(elastic, index).values()) == [0, 2, 4, 6, 8, 10]


def test_what_cannot_be_asked_for_is_said() -> None:
    cluster = Elastic("http://127.0.0.1:1", "a")
    for options, said in (
        ({}, "nothing is to be done"),
        ({"enrich": "wind"}, "no enrichment 'wind'"),
        ({"processor": "mine"}, "names no processor"),
        ({"processor": lambda document: None}, "cannot find the processor"),
        ({"to": "a-*"}, "not the name of one index"),
        ({"enrich": "geo", "hold": 0}, "hold is 0"),
        ({"enrich": "geo", "window": "tomorrowish"}, "window"),
    ):
        with pytest.raises(UsageError, match=said):
            cluster.reindex(**options)
    for name in ("no_such_module:f", "json:nothing", "json:__doc__"):
        with pytest.raises(UsageError):
            load(name)
    assert load(name_of(json.dumps)) is json.dumps


def test_a_function_that_fails_for_some_documents() -> None:
    def process(document: dict) -> dict:
        return {"half": 1 / document["n"]}

    for at_once in (1, 4):
        processor = Processor(process, at_once)
        found = processor([{"n": n} for n in (1, 0, 2)])
        assert found == [{"half": 1.0}, Failed("ZeroDivisionError: division by zero"), {"half": 0.5}]
        processor.close()


def test_a_task_goes_to_another_process() -> None:
    cluster = Elastic("http://127.0.0.1:1", "a", api_key="secret:key")
    task = Task(cluster.wire, "a", "@timestamp", enrich=("geo",), form=None)
    assert pickle.loads(pickle.dumps(task)).wire.connection == cluster.connection
    assert "secret" not in repr(task)
