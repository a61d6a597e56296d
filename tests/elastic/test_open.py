"""An index is an address like any other: read, scan, export and serve give what the same documents in a file give."""

from __future__ import annotations

import base64
import gzip
import io
import json
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import attackviz as av
from attackviz.analysis import FILTERED, EventTable
from attackviz.cli.app import app
from attackviz.dashboard import loading, worker
from attackviz.dashboard.answers import Answers
from attackviz.dashboard.job import Job
from attackviz.dashboard.loading import load_events, record
from attackviz.dashboard.reading import Reading
from attackviz.elastic import located
from attackviz.elastic.located import Located
from attackviz.errors import ElasticError, FormatError, UsageError
from attackviz.filters import Filters
from attackviz.replay import Recording, load
from attackviz.sources import Progress
from attackviz.store import Store
from attackviz.window import Window

from . import made
from .cluster import Cluster
from .gate import Gate

COUNT = 3_000
WINDOW = "2025-02-11..2025-02-13"
NAME = "attackviz-open"
OWN = "45.1.0.0/16"


class Both:
    """Hold the same documents as an index and as a file."""

    def __init__(self, cluster: Cluster, directory: Path, name: str = NAME, placed: bool = True) -> None:
        documents = dict(made.tpot(COUNT))
        if not placed:
            for document in documents.values():
                document.pop("geoip", None)
        self.file = directory / "tpot.json"
        self.file.write_text("".join(json.dumps(each) + "\n" for each in documents.values()))
        self.own = directory / "own.txt"
        self.own.write_text(f"{OWN}\n")
        self.targets = directory / "where.csv"
        self.targets.write_text("host,name,lat,lon,country\nhive,Prague,50.08,14.42,CZ\n")
        self.url = cluster.url
        self.address = f"es+{cluster.url}/{name}"
        cluster.forget(name)
        settings = {"number_of_replicas": 0, "number_of_shards": 2}
        cluster.ask("PUT", f"/{name}", {"settings": settings, "mappings": made.TPOT_MAPPING})
        cluster.fill(name, documents.values(), documents)


@pytest.fixture(scope="module")
def both(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    yield Both(cluster, tmp_path_factory.mktemp("both"))
    cluster.forget(NAME)


@pytest.fixture(scope="module")
def bare(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Yield documents that have addresses, and no places."""
    yield Both(cluster, tmp_path_factory.mktemp("bare"), f"{NAME}-bare", placed=False)
    cluster.forget(f"{NAME}-bare")


def rows(frame: pd.DataFrame) -> Counter[tuple]:
    """Return rows whatever their order, with nulls that equal each other."""
    plain = frame[sorted(frame.columns)].astype(object)
    return Counter(plain.where(plain.notna(), None).itertuples(index=False, name=None))


def run(*args: object, code: int = 0, **env: str) -> str:
    done = CliRunner().invoke(app, list(map(str, args)), env=env)
    assert done.exit_code == code, done.stderr
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.stderr


@pytest.mark.parametrize("window", [None, WINDOW])
def test_read_is_that_of_the_file(both: Both, window: str | None) -> None:
    seen: list[Progress] = []
    found = av.read(
        both.address, window=window, progress=lambda p: seen.append(Progress(**{**p.to_dict(), "items": []}))
    )
    expected = av.read(both.file, window=window)
    assert rows(found) == rows(expected)
    account, other = av.account_of(found), av.account_of(expected)
    assert account.closes()
    if window is None:  # what lies outside of one stays where it is
        assert account.left_out == other.left_out
    assert account.files == {NAME: "tpot"}
    assert found.attrs["attackviz_source"] == NAME
    assert seen[0].documents_done == 0
    assert seen[-1].documents_done == seen[-1].documents > 0


def test_files_and_indices_at_once_with_networks_left_out(both: Both) -> None:
    columns = ["src_ip", "dst_port"]
    with av.scan([both.address, both.file], columns=columns, exclude=both.own) as batches:
        found = pd.concat([table.to_pandas() for table in batches])
    alone = av.read(both.file, columns=columns, exclude=both.own)
    assert rows(found) == Counter({row: 2 * n for row, n in rows(alone).items()})
    assert batches.account.closes()
    assert batches.account.excluded == 2 * av.account_of(alone).excluded > 0
    assert batches.formats == ["tpot"]


def test_the_command_reads_an_index(both: Both, tmp_path: Path) -> None:
    asked = '{"category": {"in": ["ssh"]}, "country": {"in": ["CN"]}}'
    how = ["--window", WINDOW, "--exclude", both.own, "--filter", asked]
    tables = [tmp_path / f"{name}.parquet" for name in ("index", "file", "url", "set")]
    run("read", both.address, "-o", tables[0], *how)
    run("read", both.file, "-o", tables[1], *how)
    run("read", f"es:///{NAME}", "--url", both.url, "-o", tables[2], *how)
    run("read", f"es:///{NAME}", "-o", tables[3], *how, ES_URL=both.url)
    frames = [rows(pd.read_parquet(path)) for path in tables]
    assert frames[0] == frames[1] == frames[2] == frames[3]
    assert frames[0].total() > 10


@pytest.mark.parametrize("query", ["dest_port:22", '{"term": {"dest_port": 22}}'])
def test_a_query_of_ones_own(both: Both, tmp_path: Path, query: str) -> None:
    found, other = tmp_path / "found.parquet", tmp_path / "other.parquet"
    run("read", both.address, "--query", query, "-o", found)
    run("read", both.file, "--filter", '{"port": {"in": [22]}}', "-o", other)
    assert rows(pd.read_parquet(found)) == rows(pd.read_parquet(other))
    with_both = f"{both.address}?q=dest_port:22"
    assert "two queries" in run("read", with_both, "--query", query, code=2)
    assert "no index" in run("read", both.file, "--query", query, code=2)
    assert "no index" in run("read", both.file, "--url", both.url, code=2)


def exported(path: Path, *args: object) -> Recording:
    run("export", *args, "-o", path)
    return load(path.read_bytes())


def test_export_is_that_of_the_file(both: Both, tmp_path: Path) -> None:
    how = ["--window", WINDOW, "--exclude", both.own, "--targets", both.targets, "--title", "One"]
    found = exported(tmp_path / "index.avrec", both.address, *how)
    expected = exported(tmp_path / "file.avrec", both.file, *how)
    for name in ("title", "start_us", "tick_us", "end", "window", "categories", "formats", "attribution"):
        assert found.header[name] == expected.header[name], name
    totals, others = found.header["totals"], expected.header["totals"]
    # What lies outside the window stays in the cluster.
    assert {**totals, "events": 0, "outside": 0, "untimed": 0, "untimed_by_reason": {}} == {
        **others,
        "events": 0,
        "outside": 0,
        "untimed": 0,
        "untimed_by_reason": {},
    }
    assert totals["in_recording"] > 100
    assert totals["excluded"] > 0
    assert found.header["source"] == NAME
    assert set(found.tables["targets"]["name"].to_pylist()) == {"Prague"}
    for column in ("t", "dst_port"):
        assert sorted(found.tables["events"][column].to_pylist()) == sorted(
            expected.tables["events"][column].to_pylist()
        )


def test_a_reading_tells_documents_and_no_password(both: Both) -> None:
    secret = base64.b64encode(b"me:pa55word").decode()
    with Gate(both.url, authorization=f"Basic {secret}") as gate:
        address = f"es+{gate.url}/{NAME}".replace("://", "://me:pa55word@")
        said: list[str] = []
        reading = Reading(Job((address,)))
        assert reading.job.name == NAME
        reading.subscribe(lambda: said.append(json.dumps(reading.status)))
        reading.start().wait(120)
        assert reading.status["kind"] == "ready"
        recording = gzip.decompress(reading.recording)
        # Two more in this process, as the other one would do it.
        for job in (
            Job((address,), window="2001-01-01"),
            Job((address.replace("pa55word", "pa55word2"),)),
        ):
            out = io.BytesIO()
            assert worker.read(job, out) is None
            said.append(out.getvalue().decode().splitlines()[-1])
        assert [json.loads(line)["kind"] for line in said[-2:]] == ["empty", "error"]
    steps = [json.loads(line) for line in said if '"documents"' in line]
    assert {step["documents"] for step in steps} >= {COUNT}
    assert load(recording).header["totals"]["events"] == len(av.read(both.file))
    assert "pa55word" not in "".join(said)
    assert b"pa55word" not in recording
    assert secret not in "".join(said)


def test_what_goes_wrong_is_a_sentence(both: Both, tmp_path: Path) -> None:
    there = f"es+{both.url}"
    for args, code, words in (
        ([f"{there}/attackviz-nothing"], 1, "there is no index"),
        ([there], 2, "no index is named"),
        ([both.url + f"/{NAME}"], 2, "es+https://host:9200/index"),
        ([both.address, "--format", "cowrie.sessions"], 2, "documents are JSON"),
        ([both.address, "--bad", tmp_path / "bad"], 2, "bad pieces"),
        ([f"{both.address}?q=a:("], 1, "query"),
    ):
        said = run("read", *args, code=code)
        assert words in said
        assert said.count("\n") == 1
    for page in (f"{there}/attackviz-nothing", f"{both.address}?q=a:("):
        assert run("export", page, "-o", tmp_path / "x.html", code=1).startswith("attackviz: ")
    assert "no index is named" in run("serve", there, "--no-browser", code=2)
    with pytest.raises(ElasticError, match="no index"):
        av.read(f"{there}/attackviz-nothing")
    with pytest.raises(UsageError, match="no format"):
        av.read(both.address, format="none such")


def test_an_index_of_nothing_known(elastic: Cluster, index: str) -> None:
    elastic.create(index)
    elastic.fill(index, [{"nothing": "known"}])
    with pytest.raises(FormatError):
        av.read(f"es+{elastic.url}/{index}")


def test_nothing_of_an_index_is_loss(both: Both) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_events(Job((both.address,), window=WINDOW)).many > 0


PART = "2025-02-11T00:00:00Z..2025-02-11T12:00:00Z"


def asked(answers: Answers, what: str, **filters: object) -> tuple[dict, bytes]:
    return answers({"what": what, "window": PART.split(".."), "filters": filters})


def test_more_than_a_recording_holds_stays_in_the_cluster(bare: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = '{"verdict": {"not": ["benign"]}, "port": {"not": [21]}}'
    how = {"window": WINDOW, "exclude": (str(bare.own),), "targets": str(bare.targets), "filters": kept}
    from_file = load_events(Job((str(bare.file),), **how))
    expected = EventTable(from_file.events)
    job = Job((bare.address,), **how)
    monkeypatch.setattr(loading, "BUDGET", 400)
    found = load_events(job)
    assert isinstance(found.events, Store)
    assert found.many > len(expected) > 400
    cells = record(job, found)
    header = cells.header
    assert header["grain"]["cells"] <= 400
    assert header["totals"]["in_recording"] == len(expected)
    assert header["totals"]["excluded"] == from_file.account.excluded > 0
    assert header["totals"]["filtered"] == from_file.account.left_out[FILTERED] > 0
    assert header["totals"]["unlocated"] == expected.count().unlocated
    assert header["formats"] == ["tpot"]
    assert "stay in the cluster" in header["notice"]
    assert set(cells.tables["targets"]["name"].to_pylist()) == {"Prague"}
    # As one zooms: the events, located as those of the file.
    answers = Answers(found.store(), cells)
    head, body = asked(answers, "recording", country={"in": ["US", "CN"]})
    assert head == {}
    events = load(gzip.decompress(body))
    part = Window.parse(PART)
    assert events.header["grain"] is None
    assert len(events) == expected.count(part, Filters.parse({"country": {"in": ["US", "CN"]}})).events > 10
    assert {row["country"] for row in events.tables["places"].to_pylist()} <= {"US", "CN"}
    head, _ = asked(answers, "lists")
    for name, field in (("addresses", "address"), ("ports", "port")):
        top = expected.top(field, part, 5)
        assert [(row["key"], row["events"]) for row in head["lists"][name][:5]] == [(r.key, r.events) for r in top.rows]


def test_places_of_the_documents_are_kept_where_the_cluster_counts(
    both: Both, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(loading, "BUDGET", 400)
    job = Job((both.address,), window=WINDOW, targets=str(both.targets))
    found = load_events(job)
    cells = record(job, found)
    expected = EventTable(av.read(both.file, window=WINDOW))
    assert cells.header["totals"]["unlocated"] == expected.count().unlocated
    answers = Answers(found.store(), cells)
    events = load(gzip.decompress(asked(answers, "recording")[1]))
    countries = {row.key for row in expected.top("country", Window.parse(PART), 20).rows}
    assert {row["country"] for row in events.tables["places"].to_pylist()} <= countries | {""}
    assert {row["name"] for row in events.tables["targets"].to_pylist()} == {"Prague"}
    page = exported(tmp_path / "cells.avrec", both.address, "--window", WINDOW, "--targets", both.targets)
    assert page.header["totals"] == cells.header["totals"]
    assert page.header["grain"] == cells.header["grain"]


def test_what_documents_do_not_say_is_counted_here_or_refused(bare: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Located(av.Elastic(bare.address))
    expected = EventTable(av.enrich(av.read(bare.file)))
    window, asked = Window.parse(WINDOW), Filters.parse({"country": {"in": ["US"]}})
    found, there = store.count(window, asked), expected.count(window, asked)
    for name in ("events", "filtered", "outside", "untimed", "all", "sources", "by_category"):
        assert getattr(found, name) == getattr(there, name), name
    assert there.events > 10
    assert (
        store.timeline(window, 10, filters=asked).events.tolist()
        == expected.timeline(window, 10, filters=asked).events.tolist()
    )
    assert store.top("address", window, 5, asked).rows == expected.top("address", window, 5, asked).rows
    assert store.read(window, asked).table.num_rows == there.events
    monkeypatch.setattr(located, "BUDGET", 100)
    with pytest.raises(UsageError, match="do not say country"):
        store.count(window, asked)


def test_networks_that_a_cluster_cannot_tell_are_left_out_here(
    both: Both, elastic: Cluster, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elastic.create(index, {"properties": {"@timestamp": {"type": "date"}, "src_ip": {"type": "keyword"}}})
    elastic.fill(index, (document for _, document in made.tpot(500)))
    monkeypatch.setattr(loading, "BUDGET", 100)
    found = load_events(Job((f"es+{elastic.url}/{index}",), exclude=(str(both.own),)))
    assert isinstance(found.events, pa.Table)
    assert found.account.excluded > 0


def test_a_replay_of_an_index(both: Both) -> None:
    replay = av.Replay(av.Elastic(both.address), WINDOW)
    events = av.read(both.file, window=WINDOW)
    assert replay.recording.header["title"] == f"Replay of {NAME}"
    assert replay.recording.header["formats"] == ["tpot"]
    assert replay.recording.header["totals"]["in_recording"] == len(events)
