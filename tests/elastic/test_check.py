"""``attackviz elastic check``: what an index holds, or why it cannot be read."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from attackviz.cli.app import app
from attackviz.elastic import Connection, Elastic
from attackviz.errors import UsageError

from ..conftest import ROOT
from .cluster import Cluster
from .gate import Gate

CORPUS = ROOT / "tests" / "formats" / "corpus"


def documents(name: str) -> list[dict]:
    return [json.loads(line) for line in (CORPUS / name).read_text().splitlines() if line.startswith("{")]


def run(*args: str, **env: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["elastic", "check", *args], env=env)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("file", "form", "time"),
    [
        ("tpot__documented.json", "tpot", "@timestamp"),
        ("ecs__documented.json", "ecs", "@timestamp"),
        ("cloudflare.http_requests__lnav.json", "cloudflare.http_requests", "EdgeStartTimestamp"),
        ("suricata__documented.json", "suricata", "timestamp"),
    ],
)
def test_what_an_index_holds(elastic: Cluster, index: str, file: str, form: str, time: str) -> None:
    wanted = documents(file)
    elastic.create(index, {"properties": {time: {"type": "date"}}})
    elastic.fill(index, wanted)
    found = Elastic(elastic.url, index=index).check()
    assert found.problem is None
    assert found.version == ".".join(map(str, elastic.version))
    assert (found.documents.form.name, found.documents.time) == (form, time)
    assert found.total == found.explanation.account.pieces == len(wanted)
    assert found.skew_s is None or abs(found.skew_s) < 60
    code, out, err = run(elastic.url.replace("http", "es+http") + f"/{index}")
    assert code == 0, err
    for words in (
        f"Elasticsearch {found.version}",
        f"format    {form}:",
        f"time      {time} (date)",
        f"{len(wanted):,}",
    ):
        assert words in out
    assert f"query     {json.dumps(found.query)}" in out
    assert run("--index", index, ES_URL=elastic.url)[1] == out


def test_a_window_and_a_query_are_part_of_what_is_asked(elastic: Cluster, index: str) -> None:
    times = [f"2025-01-0{day}T00:00:00Z" for day in range(1, 10)]
    ecs = {"ecs": {"version": "8"}, "event": {"category": ["network"]}}
    point = {"ip": "192.0.2.1", "port": 5, "geo": {"location": {"lat": 1.5, "lon": 2.5}}}
    kinds = {
        "@timestamp": {"type": "date"},
        "source": {"properties": {"geo": {"properties": {"location": {"type": "geo_point"}}}}},
    }
    elastic.create(index, {"properties": kinds})
    elastic.fill(index, [{"@timestamp": time, "source": point, **ecs} for time in times])
    there = Elastic(elastic.url, index=index, query="source.port:5")
    found = there.check("2025-01-03..2025-01-06")
    assert (found.total, str(found.first)[:10], str(found.last)[:10]) == (3, "2025-01-03", "2025-01-05")
    assert "source.geo.location.lat" in found.documents.found
    assert [row["src_lat"] for row in found.explanation.events.to_pylist()] == [1.5] * 3
    assert len(found.query["bool"]["filter"]) == 2
    code, out, _ = run(elastic.url.replace("http", "es+http") + f"/{index}?q=source.port:6", "--window", "2025")
    assert code == 2
    code, out, _ = run(elastic.url.replace("http", "es+http") + f"/{index}?q=source.port:6", "--window", "2025-01-03")
    assert code == 0
    assert "documents 0" in out


def test_what_works_less_well_is_remarked(elastic: Cluster, index: str) -> None:
    ahead = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)).isoformat()
    kinds = {"@timestamp": {"type": "date"}, "source": {"properties": {"ip": {"type": "text"}}}}
    elastic.create(index, {"properties": kinds})
    ecs = {"ecs": {"version": "8"}, "event": {"category": ["network"]}, "source": {"ip": "192.0.2.1"}}
    elastic.fill(index, [{"@timestamp": ahead, **ecs}, ecs])
    elastic.ask("PUT", f"/{index}/_settings", {"index.blocks.write": True})
    code, _, err = run("--url", elastic.url, "--index", index)
    assert code == 0
    assert "1 documents have no @timestamp" in err
    assert "lie in the future" in err
    assert "source.ip is text without a keyword" in err
    assert f"{index} takes no writes" in err


def test_why_it_cannot_be_read(elastic: Cluster, index: str) -> None:
    def said(*args: str, code: int = 1, **env: str) -> str:
        got, _, err = run(*args, **env)
        assert got == code, err
        assert err.startswith("attackviz: ")
        assert err.count("\n") == 1
        return err

    url = ("--url", elastic.url)
    assert "there is no index" in said(*url, "--index", index)
    assert "there is no index" in said(*url, "--index", f"{index}*")
    elastic.create(index, {"properties": {"@timestamp": {"type": "keyword"}}})
    assert "no documents" in said(*url, "--index", index)
    elastic.fill(index, [{"nothing": "known"}])
    assert "format" in said(*url, "--index", index)
    elastic.fill(index, documents("ecs__documented.json"))
    assert "of dates" in said(*url, "--index", index, "--format", "ecs")
    elastic.ask("POST", f"/{index}/_close")
    assert "is closed" in said(*url, "--index", index)
    assert "no cluster is named" in said("--index", index, code=2)
    assert "no index is named" in said(*url, code=2)
    assert "give one of them" in said("es+http://h/x", *url, code=2)
    assert "nothing listens there" in said("es+http://127.0.0.1:1/x")


def test_indices_that_do_not_agree(elastic: Cluster, index: str) -> None:
    for name, kind in ((f"{index}-a", "date"), (f"{index}-b", "keyword")):
        elastic.create(name, {"properties": {"@timestamp": {"type": kind}}})
        elastic.fill(name, documents("ecs__documented.json"))
    found = Elastic(elastic.url, index=f"{index}-*").check()
    assert "'@timestamp' is date in some and keyword in other" in str(found.problem)
    assert found.problem.hint


def test_who_may_only_read_is_told_what_they_may_see(elastic: Cluster, index: str) -> None:
    elastic.create(index, {"properties": {"@timestamp": {"type": "date"}}})
    elastic.fill(index, documents("ecs__documented.json"))
    with Gate(elastic.url) as gate:
        gate.fault = lambda method, path, body, before: (
            403 if path.startswith(("/_cluster", "/_nodes", "/_resolve")) or "_settings" in path else None
        )
        found = Elastic(gate.url, index=index).check()
    assert found.problem is None
    assert (found.status, found.skew_s, found.indices) == ("unknown", None, ())
    assert found.total == len(documents("ecs__documented.json"))


def test_secrets_are_not_said(elastic: Cluster, index: str, tmp_path: Path) -> None:
    with Gate(elastic.url, authorization="Bearer s3cr3t") as gate:
        env = {"ES_URL": gate.url, "ES_BEARER_TOKEN": "s3cr3t"}
        code, out, err = run("--index", index, **env)
        assert (code, "there is no index" in err) == (1, True)
        assert "s3cr3t" not in out + err
        code, out, err = run("--index", index, ES_URL=gate.url, ES_BEARER_TOKEN="s3cr3t-wrong")
        assert "does not know who you are" in err
        assert "s3cr3t" not in out + err


def test_a_query_that_is_none_is_told_before_anything_is_asked() -> None:
    with pytest.raises(UsageError, match="looks like JSON"):
        Elastic("es+http://127.0.0.1:1/x", query="{")
    assert Connection.find("http://h", environ={}).name == "h:9200"
