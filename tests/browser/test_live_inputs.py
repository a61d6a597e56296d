"""Every way in, to the eye: an event happens there, and the browser shows it by its own id, with an arc, counted."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from attackviz.dashboard.server import free_port
from attackviz.tape import Tape

from ..conftest import ROOT
from ..elastic.cluster import Cluster
from ..live.servers import Process
from ..sources.amazon import SECRET, Amazon
from .pages import Live, open_live, until, watched

BUCKET = "live-inputs-logs"
AMAZON = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

HOME = {"ATTACKVIZ_HOME": "50.11,8.68"}  # arcs end there


def now() -> datetime:
    return datetime.now(UTC)


def eve(address: str) -> bytes:
    """Return an alert as Suricata writes it."""
    row = {
        "timestamp": now().isoformat(),
        "flow_id": int.from_bytes(socket.inet_aton(address)),
        "event_type": "alert",
        "src_ip": address,
        "src_port": 4711,
        "dest_ip": "10.0.0.1",
        "dest_port": 22,
        "proto": "TCP",
        "alert": {"action": "allowed", "gid": 1, "signature_id": 2001219, "rev": 20, "signature": f"scan of {address}",
                  "category": "Attempted Information Leak", "severity": 2},
    }  # fmt: skip
    return json.dumps(row).encode() + b"\n"


def snort(address: str) -> bytes:
    """Return an alert as Snort writes it to a file of one line each."""
    return (
        f'{now():%m/%d-%H:%M:%S.%f} [**] [1:2019401:7] "probe of {address}" [**] '
        f"[Classification: Attempted Information Leak] [Priority: 2] {{TCP}} {address}:4711 -> 10.0.0.1:22\n"
    ).encode()


def cowrie(address: str) -> bytes:
    """Return a failed login as Cowrie writes it."""
    row = {
        "eventid": "cowrie.login.failed",
        "username": "root",
        "password": "admin",
        "message": "login attempt [root/admin] failed",
        "sensor": "trap",
        "timestamp": now().isoformat().replace("+00:00", "Z"),
        "src_ip": address,
        "session": f"{address}-1",
    }
    return json.dumps(row).encode() + b"\n"


def warmed(process: Process, live: Live) -> Live:
    """Have server and page show an event: the first takes long where much else runs."""
    event = {"time": now().isoformat(), "src_ip": "1.1.1.1", "category": "ssh", "event_id": "the-first"}
    assert process.server.post(json.dumps(event)).json["accepted"] == 1
    until(lambda: live.state["drawn"] > 0, "the first arc", 240)
    return live


class Stage:
    """A live server with all its sources, and a browser that looks on."""

    def __init__(self, directory: Path, process: Process, live: Live, moto: str, port: int) -> None:
        self.directory, self.server, self.live, self.moto = directory, process.server, live, moto
        self.url, self.port = f"http://127.0.0.1:{process.port}", port

    def append(self, name: str, line: bytes) -> None:
        with (self.directory / name).open("ab") as file:
            file.write(line)

    def client(self, service: str) -> Any:
        return Amazon(self.moto, "").client(service)

    def sees(self, address: str) -> None:
        """Wait until the one event of an address is on the tape, and the browser shows it by its id."""

        def found() -> str | None:
            with Tape(self.directory / "tape", readonly=True) as tape:
                table = tape.since(0, 1_000_000)
                rows = table.select(["src_ip", "event_id"]).to_pylist() if table.num_rows else []
            return next((row["event_id"] for row in rows if row["src_ip"] == address), None)

        self.live.sees(until(found, f"the event of {address} on the tape"))


@pytest.fixture(scope="module")
def stage(moto: str, chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Yield a server that takes events from everywhere, and its page."""
    directory = tmp_path_factory.mktemp("inputs")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in AMAZON.items():
            patch.setenv(name, value)
        amazon = Amazon(moto, "")
        amazon.client("kinesis").create_stream(StreamName="live-inputs", ShardCount=1)
        sqs, s3 = amazon.client("sqs"), amazon.client("s3")
        queue = sqs.create_queue(QueueName="live-inputs")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        s3.create_bucket(Bucket=BUCKET)
        told = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
        s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=told)
        s3.create_bucket(Bucket=f"{BUCKET}-listed")
        port = free_port("127.0.0.1", 0)
        sources = (
            *(str(directory / name) for name in ("eve.json", "alert_fast.txt", "cowrie.json")),
            "sqs://live-inputs",
            "kinesis://live-inputs",
            f"s3://{BUCKET}-listed/in/",
            f"syslog+tcp://127.0.0.1:{port}",
        )
        arguments = [word for each in sources for word in ("--from", each)]
        environment = os.environ | HOME | AMAZON | {"AWS_ENDPOINT_URL": moto}
        tape = str(directory / "tape")
        with (
            Process("--tape", tape, *arguments, cwd=directory, env=environment) as process,
            watched(chromium, offline=False) as watch,
        ):
            url = f"http://localhost:{process.port}/"
            yield Stage(directory, process, warmed(process, open_live(watch, url)), moto, port)
            watch.assert_quiet()


@pytest.mark.parametrize(
    ("name", "line", "address"),
    [
        ("eve.json", eve, "185.220.101.7"),
        ("alert_fast.txt", snort, "45.83.64.1"),
        ("cowrie.json", cowrie, "103.231.72.29"),
    ],
    ids=["suricata", "snort", "cowrie"],
)
def test_a_line_appended_to_a_log(stage: Stage, name: str, line: Callable[[str], bytes], address: str) -> None:
    stage.append(name, line(address))
    stage.sees(address)


def test_a_push(stage: Stage) -> None:
    event = {"time": now().isoformat(), "src_ip": "177.54.144.10", "category": "ssh", "event_id": "pushed-1"}
    assert stage.server.post(json.dumps(event)).json["accepted"] == 1
    stage.live.sees("pushed-1")


def test_an_object_put_into_a_bucket_with_a_queue(stage: Stage) -> None:
    stage.client("s3").put_object(Bucket=BUCKET, Key="a b.json.gz", Body=gzip.compress(eve("196.251.118.91")))
    stage.sees("196.251.118.91")


def test_an_object_put_into_a_bucket_without_one(stage: Stage) -> None:
    stage.client("s3").put_object(Bucket=f"{BUCKET}-listed", Key="in/a.json", Body=eve("8.8.8.8"))
    stage.sees("8.8.8.8")


def test_a_record_of_a_stream(stage: Stage) -> None:
    stage.client("kinesis").put_record(StreamName="live-inputs", Data=eve("193.0.6.139"), PartitionKey="x")
    stage.sees("193.0.6.139")


def test_the_function_called_with_the_event_of_an_object(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("attackviz_lambda", ROOT / "deploy" / "lambda" / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    function = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(function)
    for name, value in {**AMAZON, "AWS_ENDPOINT_URL": stage.moto, "ATTACKVIZ_URL": stage.url}.items():
        monkeypatch.setenv(name, value)
    stage.client("s3").create_bucket(Bucket=f"{BUCKET}-function")
    stage.client("s3").put_object(Bucket=f"{BUCKET}-function", Key="a.json", Body=eve("91.240.118.172"))
    item = {"bucket": {"name": f"{BUCKET}-function"}, "object": {"key": "a.json", "size": 9, "eTag": "0f"}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": now().isoformat(), "s3": item}
    assert function.handler({"Records": [record]}, None)["accepted"] == 1
    stage.sees("91.240.118.172")


def test_a_message_of_syslog(stage: Stage) -> None:
    with socket.create_connection(("127.0.0.1", stage.port)) as one:
        one.sendall(b"<13>1 - wall suricata - - - " + eve("45.83.66.1"))
    stage.sees("45.83.66.1")


def test_the_page_and_health_say_how_the_sources_do(stage: Stage) -> None:
    def sources() -> dict[str, Any]:
        return {each["name"]: each for each in stage.server.get("/health").json["sources"]}

    def running() -> bool:
        return all(each["state"] == "running" for each in sources().values())

    until(running, "all sources running")
    assert len(sources()) >= 7
    said = stage.server.get("/health").body
    assert SECRET.encode() not in said


def test_a_document_of_an_index(elastic: Cluster, chromium: Any, tmp_path: Path) -> None:
    index = "live-browser"
    elastic.create(index)
    row = {"type": "Cowrie", "src_ip": "112.85.42.1", "dest_port": 22, "t-pot_hostname": "h"}

    def put(name: str) -> None:
        stamp = now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        elastic.ask("PUT", f"/{index}/_doc/{name}?refresh=true", {"@timestamp": stamp, **row})

    put("before")
    address = f"es+{elastic.url}/{index}?format=tpot"
    with (
        Process("--tape", str(tmp_path / "tape"), "--from", address, cwd=tmp_path, env=os.environ | HOME) as process,
        watched(chromium, offline=False) as watch,
    ):
        live = warmed(process, open_live(watch, f"http://localhost:{process.port}/"))
        running = lambda: process.server.get("/health").json["sources"][0]["state"] == "running"  # noqa: E731
        until(running, "the tail")
        put("of-now")
        live.sees("of-now")
        watch.assert_quiet()
