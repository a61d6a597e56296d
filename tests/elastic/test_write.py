"""Writing into a real cluster: every event once, whatever happens on the way."""

import json
import signal
import subprocess
import sys
import time
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from attackviz.cli.app import app
from attackviz.elastic import Connection, Elastic, Wire
from attackviz.elastic.bulk import documents
from attackviz.elastic.letters import DeadLetters
from attackviz.elastic.template import find, setup
from attackviz.elastic.write import Writer, write
from attackviz.errors import DataLossWarning, ElasticError, UsageError
from attackviz.schema import conform

from ..conftest import FULL

COUNT = 200_000 if FULL else 12_000


def events(count, start=0, **more):
    numbers = range(start, start + count)
    columns = {
        "time": pa.array([1_739_232_000_123_456 + n * 1_000_003 for n in numbers], pa.timestamp("us", "UTC")),
        "event_id": [f"e{n}" for n in numbers],
        "src_ip": [f"198.51.{n % 100}.{n % 251}" for n in numbers],
        "src_lat": [float(n % 90) for n in numbers],
        "src_lon": [float(n % 180) for n in numbers],
        "dst_port": [n % 65536 for n in numbers],
        "category": pa.array([f"kind {n % 7}" for n in numbers]).dictionary_encode(),
        "verdict": pa.array(["mitigated"] * count).dictionary_encode(),
        "severity": pa.array(["high"] * count).dictionary_encode(),
        "detail": [f'line "{n}"\n' for n in numbers],
    }
    return conform(pa.table({**columns, **more}))


def wire_to(url, **options):
    return Wire(Connection.find(url), seed=1, **options)


@pytest.fixture
def wire(elastic):
    return wire_to(elastic.url)


@pytest.fixture
def name(request, elastic):
    """Return the name of an alias or data stream of this test's own, gone afterwards.

    Never one that was there before: small distributions cannot remove data streams.
    """
    words = "".join(c if c.isalnum() else "-" for c in request.node.name.lower())[:50].strip("-")
    made = f"w-{words}-{uuid4().hex[:8]}"

    def remove():
        found = find(wire_to(elastic.url), made)
        targets = [f"/_data_stream/{made}"] if found.kind == "data stream" else [f"/{each}" for each in found.indices]
        for path in (*targets, f"/_index_template/{made}"):
            try:
                elastic.ask("DELETE", path)
            except OSError:
                continue

    yield made
    remove()


def count(elastic, name):
    elastic.ask("POST", f"/{name}/_refresh")
    return elastic.ask("GET", f"/{name}/_count")["count"]


def stored(elastic, name, ids):
    elastic.ask("POST", f"/{name}/_refresh")
    body = {"query": {"ids": {"values": ids}}, "size": len(ids)}
    hits = elastic.ask("POST", f"/{name}/_search", body)["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def of_bodies(fault, sizes=None):
    """Return a fault of a gate that is told of bulk requests alone: their documents, and how many came before."""

    def at(method, path, body, before):
        if not path.endswith("/_bulk"):
            return None
        documents = body.count(b"\n") // 2
        if sizes is not None:
            sizes.append(documents)
        return fault(documents, before)

    return at


@pytest.mark.parametrize("stream", [False, True])
def test_setting_up_twice_changes_nothing(elastic, wire, name, stream):
    first = setup(wire, name, stream=stream)
    assert "template" in first.made
    assert first.kind == ("data stream" if stream else "alias")
    before = elastic.ask("GET", f"/_index_template/{name}")
    again = setup(wire, name, stream=stream)
    assert again.made == ()
    assert elastic.ask("GET", f"/_index_template/{name}") == before
    assert write(wire, name, [events(100)]).created == 100
    assert setup(wire, name, stream=stream).made == ()
    with pytest.raises(ElasticError, match="already; load into it as it is"):
        setup(wire, name, stream=not stream)
    (mapped,) = elastic.ask("GET", f"/{name}/_mapping").values()
    fields = mapped["mappings"]["properties"]
    assert fields["@timestamp"]["type"] == "date_nanos"
    assert fields["source"]["properties"]["geo"]["properties"]["location"]["type"] == "geo_point"
    assert fields["source"]["properties"]["ip"]["type"] == "ip"
    assert fields["attackviz"]["properties"]["verdict"]["type"] == "keyword"


def test_a_template_changed_by_hand_stays(elastic, wire, name):
    setup(wire, name)
    body = elastic.ask("GET", f"/_index_template/{name}")["index_templates"][0]["index_template"]
    body["template"]["settings"]["index"]["number_of_replicas"] = "0"
    body = {key: value for key, value in body.items() if not key.endswith(("_date", "_date_millis"))}
    elastic.ask("PUT", f"/_index_template/{name}", body)
    assert setup(wire, name).made == ()
    after = elastic.ask("GET", f"/_index_template/{name}")["index_templates"][0]["index_template"]
    assert after["template"]["settings"]["index"]["number_of_replicas"] == "0"


def test_names_that_are_not_of_one_index_are_refused(elastic, wire, index):
    for bad in ("logs-*", "a,b", "Logs", "<a-{now}>", "-a", "_a", "a/b", ".."):
        with pytest.raises(UsageError):
            setup(wire, bad)
        with pytest.raises(UsageError):
            write(wire, bad, [events(1)])
    elastic.create(index)
    with pytest.raises(ElasticError, match="is an index already"):
        setup(wire, index)


@pytest.mark.parametrize("stream", [False, True])
def test_a_second_load_doubles_nothing(elastic, wire, name, stream):
    setup(wire, name, stream=stream)
    table = events(COUNT)
    first = write(wire, name, [table.slice(0, 7), table.slice(7)], size=1 << 20)
    assert (first.documents, first.created, first.existing) == (COUNT, COUNT, 0)
    second = write(wire, name, [table])
    assert (second.documents, second.created, second.existing) == (COUNT, 0, COUNT)
    assert first.closes()
    assert second.closes()
    assert count(elastic, name) == COUNT
    expected = json.loads(documents(table.slice(5, 1))[0].as_py())
    assert stored(elastic, name, ["e5"]) == {"e5": expected}


@pytest.mark.parametrize("stream", [False, True])
def test_a_second_load_after_a_rollover_doubles_nothing(elastic, wire, name, stream):
    setup(wire, name, stream=stream)
    write(wire, name, [events(12_000)])
    elastic.ask("POST", f"/{name}/_rollover")
    assert len(find(wire, name).indices) == 2
    again = write(wire, name, [events(13_000)])
    assert (again.created, again.existing) == (1_000, 12_000)
    assert count(elastic, name) == 13_000
    elastic.ask("POST", f"/{name}/_rollover")
    assert write(wire, name, [events(13_000)]).existing == 13_000
    assert count(elastic, name) == 13_000


def test_refused_documents_are_kept_with_the_reason(elastic, wire, name, tmp_path):
    path = tmp_path / "dead.ndjson"
    odd = {"src_ip": ["x" if n % 1000 == 7 else "192.0.2.1" for n in range(5000)]}
    table = events(5000, **odd)
    for _ in range(2):
        with DeadLetters(path) as letters:
            done = write(wire, name, [table], letters=letters)
        assert done.closes()
        assert done.refused_total == 5
        letters = [json.loads(line) for line in path.read_text().splitlines()]
        assert [each["id"] for each in letters] == ["e7", "e1007", "e2007", "e3007", "e4007"]
    for each in letters:
        assert (each["index"], each["status"]) == (name, 400)
        assert "'x' is not an IP string literal" in each["reason"]
        assert each["document"]["event"]["id"] == each["id"]
    assert count(elastic, name) == 4995


def test_what_was_written_is_pulled_as_it_was(elastic, wire, name):
    table = events(3000)
    table = conform(table.append_column("count", pa.array([n % 3 + 1 for n in range(3000)], pa.uint32())))
    write(wire, name, [table])
    elastic.ask("POST", f"/{name}/_refresh")
    cluster = Elastic(elastic.url, index=name)
    assert cluster.documents.form.name.startswith("attackviz")
    pulled = cluster.read(columns=table.column_names).table.select(table.column_names)
    key = [("time", "ascending")]
    assert pulled.sort_by(key).to_pylist() == table.sort_by(key).to_pylist()
    severe = cluster.read(filters={"severity": {"in": ["high"]}, "verdict": {"in": ["mitigated"]}})
    assert severe.table.num_rows == 3000


def test_a_data_stream_refuses_events_without_a_time(elastic, wire, name):
    setup(wire, name, stream=True)
    table = events(10)
    table = table.set_column(0, "time", pa.nulls(10, table["time"].type))
    done = write(wire, name, [table])
    assert done.refused_total == 10
    assert "timestamp field [@timestamp] is missing" in next(iter(done.samples.values()))[0].reason


def test_a_body_that_is_too_much_is_halved(elastic, gate, name):
    wire = wire_to(gate.url)
    setup(wire, name)
    waits, sizes = [], []
    gate.fault = of_bodies(lambda documents, before: 429 if documents > 700 else None, sizes)
    with Writer(wire, name, seed=1, pause=waits.append) as writer:
        writer.write(events(5000))
    assert (writer.written.created, writer.written.closes()) == (5000, True)
    assert writer.written.halved >= 3
    assert max(sizes) > 700 >= sizes[-1]
    assert waits
    assert count(elastic, name) == 5000


def test_one_document_that_is_too_large_is_a_dead_letter(elastic, gate, name, tmp_path):
    wire = wire_to(gate.url)
    gate.fault = of_bodies(lambda documents, before: 413)
    with DeadLetters(tmp_path / "dead") as letters:
        done = write(wire, name, [events(3)], letters=letters, pause=lambda seconds: None)
    assert dict(done.refused) == {"too large": 3}
    assert len((tmp_path / "dead").read_text().splitlines()) == 3


def test_a_cluster_that_stays_busy_is_an_error_to_go_on_from(elastic, gate, name):
    wire = wire_to(gate.url)
    gate.fault = of_bodies(lambda documents, before: 429 if before >= 2 else None)
    with pytest.raises(ElasticError, match="run it again") as raised:
        write(wire, name, [events(5000)], size=1 << 17, pause=lambda seconds: None)
    assert raised.value.status == 429
    gate.fault = lambda method, path, body, before: None
    assert write(wire, name, [events(5000)]).closes()
    assert count(elastic, name) == 5000


def test_a_lost_answer_doubles_nothing(elastic, gate, name):
    wire = wire_to(gate.url)
    setup(wire, name)
    gate.fault = of_bodies(lambda documents, before: "lost" if before % 3 == 1 else None)
    done = write(wire, name, [events(5000)], size=1 << 17, pause=lambda seconds: None)
    assert done.documents == 5000
    assert done.existing > 0
    assert done.closes()
    assert count(elastic, name) == 5000


def test_a_read_only_index_ends_the_work_at_once(elastic, wire, index):
    elastic.create(index)
    elastic.ask("PUT", f"/{index}/_settings", {"index.blocks.write": True})
    with pytest.raises(ElasticError, match="read-only"):
        write(wire, index, [events(10)])


def test_an_alias_that_takes_nothing_is_said(elastic, wire, index, name):
    elastic.create(index)
    elastic.create(f"{index}-2")
    actions = [{"add": {"index": each, "alias": name, "is_write_index": False}} for each in (index, f"{index}-2")]
    elastic.ask("POST", "/_aliases", {"actions": actions})
    with pytest.raises(ElasticError, match="has no index to write to"):
        write(wire, name, [events(1)])
    elastic.sweep()


def test_updates_that_conflict_are_sent_again(elastic, wire, name):
    write(wire, name, [events(50)])
    from attackviz.elastic.bulk import actions

    ids = pa.array(["e1"] * 40 + ["e2", "gone"])
    changes = pa.array(['{"doc":{"rule":{"name":"seen"}}}'] * 42)
    with Writer(wire, name, op="update", size=1 << 10, workers=4) as writer:
        writer.send(actions(ids, changes, "update"), ids)
    assert writer.written.closes()
    assert dict(writer.written.refused) == {"document_missing_exception": 1}
    assert {each["rule"]["name"] for each in stored(elastic, name, ["e1", "e2"]).values()} == {"seen"}


def test_a_frame_is_written(elastic, name, tmp_path):
    cluster = Elastic(elastic.url, index=name)
    frame = pd.DataFrame(
        {
            "time": pd.to_datetime(["2025-02-18T00:00:00.000001Z"] * 3),
            "src_ip": ["192.0.2.1", "192.0.2.1", "no address"],
            "cart.total": [1.5, 1.5, 2.5],
        }
    )
    with pytest.warns(DataLossWarning, match="not an IP string literal"):
        done = cluster.write(frame, dead_letters=tmp_path / "dead")
    assert (done.created, done.refused_total) == (2, 1)
    with pytest.warns(DataLossWarning):
        assert cluster.write(frame).existing == 2
    assert count(elastic, name) == 2
    hit = elastic.ask("POST", f"/{name}/_search", {"size": 1})["hits"]["hits"][0]["_source"]
    assert hit["attackviz"]["cart.total"] == 1.5
    assert hit["@timestamp"] == "2025-02-18T00:00:00.000001Z"


LINE = '{"src_ip":"198.51.100.%d","timestamp":"2025-02-18T00:%02d:%02d.%06d","payload_printable":"GET /%d"}\n'


def log(path, lines):
    path.write_text("".join(LINE % (n % 250, n // 60 % 60, n % 60, n, n) for n in range(lines)))
    return path


def attackviz(*args):
    return [sys.executable, "-m", "attackviz", *map(str, args)]


@pytest.mark.slow
def test_a_load_that_was_killed_is_done_again_and_every_event_is_there_once(elastic, name, tmp_path):
    lines = 200_000 if FULL else 24_000
    source = log(tmp_path / "asa.json", lines)
    command = attackviz("elastic", "load", source, "--index", name, "--url", elastic.url)
    command += ["--dead-letters", str(tmp_path / "dead")]
    seen = 0
    for share in (0.0, 0.5) if FULL else (0.3,):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            until = time.monotonic() + 120
            while process.poll() is None and time.monotonic() < until:
                if find(wire_to(elastic.url), name).kind and count(elastic, name) > max(seen, share * lines):
                    break
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        seen = count(elastic, name)
        assert seen > 0
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{lines:,} documents" in done.stderr
    assert count(elastic, name) == lines
    assert not (tmp_path / "dead").exists()


def run(*args):
    done = CliRunner().invoke(app, [*map(str, args)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def test_the_commands_say_what_they_did(elastic, name, tmp_path):
    arguments = ("--index", name, "--url", elastic.url)
    done = run("elastic", "setup", *arguments)
    assert done.exit_code == 0, done.stderr
    assert f"alias {name}: " in done.stdout
    assert "made" in done.stdout
    assert "all is there already" in run("elastic", "setup", *arguments).stdout
    source = log(tmp_path / "a.json", 5)
    with source.open("a") as file:
        file.write("not JSON\n")
    done = run("elastic", "load", source, *arguments, "--dead-letters", tmp_path / "dead")
    assert done.exit_code == 0, done.stderr
    assert "5 documents: 5 written" in done.stderr
    assert "1 of 6 pieces could not be read" in done.stderr
    found = stored(elastic, name, ids_of(elastic, name))
    assert {each["observer"]["name"] for each in found.values()} == {"ciscoasa"}
    assert run("elastic", "load", source, "--index", "A*", *arguments[2:]).exit_code == 2


def ids_of(elastic, name):
    elastic.ask("POST", f"/{name}/_refresh")
    return [hit["_id"] for hit in elastic.ask("POST", f"/{name}/_search", {"size": 100})["hits"]["hits"]]
