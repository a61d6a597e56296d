"""Sources beside the server: whatever becomes of them, every event is on the tape once, and they say how they do."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from attackviz.errors import AddressError, ReadError, TapeError, UsageError
from attackviz.live import inputs
from attackviz.live.addresses import opener
from attackviz.live.inputs import Inputs
from attackviz.live.intake import Intake
from attackviz.sources import Arrived, aws, bucket, kinesis, sqs
from attackviz.tape import Tape

from ..conftest import FULL
from ..elastic.cluster import Cluster
from ..sources.amazon import SECRET
from ..sources.faultyproxy import FaultyProxy
from ..sources.live import line
from .servers import until

KILLS = 20 if FULL else 2

# What a server does with its sources, without the server.
WRITER = """
import sys, time
from attackviz.live.inputs import Inputs
from attackviz.live.intake import Intake
from attackviz.tape import Tape
tape, *addresses = sys.argv[1:]
with Tape(tape) as kept:
    inputs = Inputs(addresses, Intake(kept).take, kept.path / "inputs")
    inputs.start()
    print("ready", flush=True)
    sys.stdin.read()
    inputs.stop()
"""


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(inputs, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(inputs, "LONGEST_WAIT", 0.2)
    monkeypatch.setattr(sqs, "_WAIT", 0)
    monkeypatch.setattr(kinesis, "_EVERY", 0.05)


class Running:
    """Sources, and the tape that their events go to."""

    def __init__(self, path, *addresses, take=None, **how):
        self.tape = Tape(path)
        self.inputs = Inputs(addresses, take or Intake(self.tape).take, path / "inputs", **how)

    def __enter__(self):
        self.inputs.start()
        return self

    def __exit__(self, *_):
        self.inputs.stop()
        self.tape.close()

    def names(self):
        table = self.tape.since(0, 1_000_000)
        return sorted(table["detail"].to_pylist()) if table.num_rows else []

    @property
    def status(self):
        return self.inputs.status()[0]

    def waits(self, why):
        """Wait until it says that it waits, and why."""
        until(lambda: (found := self.status)["state"] == "waiting" and why in (found["error"] or ""))


def fixed(open_, monkeypatch, name="a source"):
    """Let every address be a source that is made here."""
    made = inputs.Opener(name, "file", open_)
    monkeypatch.setattr(inputs, "opener", lambda *_: made)


def test_every_line_once_through_kills(tmp_path):
    log, tape, chance = tmp_path / "log.json", tmp_path / "tape", random.Random(3)
    wanted = 0

    def write(file, count):
        nonlocal wanted
        for _ in range(count):
            file.write(line(str(wanted)))
            wanted += 1
        file.flush()

    def start():
        command = [sys.executable, "-c", WRITER, str(tape), str(log)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        return process

    def kept():
        with Tape(tape, readonly=True) as reader:
            return reader.last

    with log.open("ab") as file:
        for _ in range(KILLS):
            write(file, 50)
            before = kept() if tape.exists() else 0
            process = start()
            until(lambda before=before: kept() > before, 120)
            for _ in range(chance.randrange(5)):
                write(file, chance.randrange(1, 400))
            process.send_signal(signal.SIGKILL)
            process.communicate()
        write(file, 10)
        process = start()
        until(lambda: kept() >= wanted, 120)
        assert process.communicate(b"")[0] == b""
        assert process.returncode == 0
    with Tape(tape, readonly=True) as reader:
        got = reader.since(0, 1_000_000)["detail"].to_pylist()
    assert sorted(map(int, got)) == list(range(wanted))


def test_a_file_that_comes_later_is_rubbish_at_first_and_sends_the_future(tmp_path):
    log = tmp_path / "log.json"
    with Running(tmp_path / "tape", str(log)) as running:
        running.waits("not there yet")
        future = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        late = json.dumps({"timestamp": future, "src_ip": "192.0.2.7", "payload_printable": "future"})
        with log.open("wb") as file:
            file.write(line("one") + b"{rubbish\n" + late.encode() + b"\n")
        until(lambda: running.names() == ["future", "one"])
        until(lambda: running.status["state"] == "running" and running.status["ahead"] == 1)
        found = running.status
        assert (found["bad"], found["events"], found["error"], found["kind"]) == (1, 2, None, "file")
        assert found["lag"] is not None


def test_struck_off_the_queue_only_when_the_tape_has_it(tmp_path, amazon):
    bucket_, url = amazon.bucket(), amazon.queue()
    amazon.put(bucket_, "a.json", line("one"))
    etag = amazon.client("s3").head_object(Bucket=bucket_, Key="a.json")["ETag"].strip('"')
    notice = {
        "eventName": "ObjectCreated:Put",
        "eventTime": "2025-02-24T08:04:37Z",
        "s3": {"bucket": {"name": bucket_}, "object": {"key": "a.json", "size": len(line("one")), "eTag": etag}},
    }
    amazon.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"Records": [notice]}))
    full = [True]

    def take(table, name):
        if full[0]:
            raise TapeError("the disk is full", where="the tape", hint="make room")
        return intake.take(table, name=name)

    running = Running(tmp_path / "tape", f"sqs://{amazon.name}", take=take)
    intake = Intake(running.tape)
    with running:
        running.waits("the disk is full; make room")
        assert amazon.waiting(url) == 1
        full[0] = False
        until(lambda: amazon.waiting(url) == 0)
        assert running.names() == ["one"]
        until(lambda: running.status["state"] == "running")


def test_a_stream_from_where_it_was_left(tmp_path, amazon):
    client, tape = amazon.client("kinesis"), tmp_path / "tape"
    address = f"kinesis://{amazon.name}"
    with Running(tape, address) as running:
        running.waits("there is no such stream")
        client.create_stream(StreamName=amazon.name, ShardCount=1)
        client.put_record(StreamName=amazon.name, Data=line("one"), PartitionKey="x")
        until(lambda: running.names() == ["one"])
        until(lambda: running.status["state"] == "running")
    client.put_record(StreamName=amazon.name, Data=line("two"), PartitionKey="x")
    with Running(tape, address) as running:
        until(lambda: running.names() == ["one", "two"])
        until(lambda: running.status["events"] == 1)
        assert running.status["duplicates"] == 0


def test_new_objects_where_there_is_no_queue(tmp_path, amazon):
    name = amazon.bucket()
    with Running(tmp_path / "tape", f"s3://{name}/in/") as running:
        amazon.put(name, "in/a.json", line("one"))
        until(lambda: running.names() == ["one"])


def test_a_bucket_that_goes_away_and_comes_back(tmp_path, amazon, monkeypatch):
    bucket_, proxy = amazon.bucket(), FaultyProxy(amazon.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    monkeypatch.setattr(aws, "TRIES", 1)
    monkeypatch.setattr(bucket, "_EVERY", 0.05)
    aws.client.cache_clear()
    try:
        with Running(tmp_path / "tape", f"s3://{bucket_}/in/") as running:
            until(lambda: running.status["state"] == "running")
            for round_, (fault, said) in enumerate((("gone", "does not answer"), ("deny", "access is denied")), 1):
                proxy.fault = lambda path, before, fault=fault: fault
                until(
                    lambda said=said: said in (running.status["error"] or "") and running.status["state"] == "waiting"
                )
                amazon.put(bucket_, f"in/{round_}.json", line(str(round_)))
                proxy.fault = lambda path, before: None
                until(lambda round_=round_: running.tape.last == round_)
                until(lambda: running.status["state"] == "running" and running.status["error"] is None)
        assert SECRET not in json.dumps(running.inputs.status())
    finally:
        proxy.close()


def test_documents_of_an_index_that_comes_later(tmp_path, elastic: Cluster):
    index = "live-inputs"
    elastic.forget(index)

    def put(name):
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        row = {"@timestamp": now, "type": "Cowrie", "src_ip": "192.0.2.7", "dest_port": 22, "t-pot_hostname": "h"}
        elastic.ask("PUT", f"/{index}/_doc/{name}?refresh=true", row)

    with Running(tmp_path / "tape", f"es+{elastic.url}/{index}?format=tpot") as running:
        running.waits("")
        elastic.create(index)
        put("1")
        until(lambda: running.tape.last == 1, 120)
        put("2")
        until(lambda: running.tape.last == 2, 120)
        until(lambda: running.status["state"] == "running")
    put("3")
    with Running(tmp_path / "tape", f"es+{elastic.url}/{index}?format=tpot") as running:
        until(lambda: running.tape.last == 3, 120)
        assert running.tape.since(0, 10)["event_id"].to_pylist() == ["1", "2", "3"]


def test_a_cluster_that_does_not_answer(tmp_path):
    with Running(tmp_path / "tape", f"es+http://me:{SECRET}@127.0.0.1:9/attacks") as running:
        until(lambda: running.status["state"] == "waiting")
        assert running.status["error"]
        assert SECRET not in json.dumps(running.inputs.status())
        assert not any(SECRET in each.name for each in (tmp_path / "tape").rglob("*"))


def test_a_log_played_as_if_live(tmp_path):
    log = tmp_path / "log.json"
    log.write_bytes(b"".join(line(str(n)).replace(b"08:04:37", b"08:%02d:37" % (n % 60)) for n in range(300)))
    for round_ in (1, 2):  # played twice, events happen twice
        with Running(tmp_path / "tape", f"simulate:{log}?speed=10000") as running:
            until(lambda: running.status["state"] == "ended", 120)
            until(lambda: (running.status["events"], running.status["error"]) == (300, None))
            assert running.tape.last == 300 * round_
            played = running.tape.since(0, 1000)["time"].to_pylist()
    assert timedelta(0) <= datetime.now(UTC) - min(played) < timedelta(minutes=30)
    assert timedelta(seconds=0.3) < max(played[:300]) - min(played[:300]) < timedelta(seconds=0.4)


def test_a_source_that_fails_in_a_way_nobody_thought_of(tmp_path, monkeypatch):
    opened = []

    class Odd:
        def __init__(self, position):
            from attackviz.account import Account

            self.account = Account()
            opened.append(position)

        def __iter__(self):
            yield Arrived(None, {"at": len(opened)})
            if len(opened) < 3:
                raise KeyError("secret")
            yield None

        def close(self):
            pass

    fixed(Odd, monkeypatch)
    with Running(tmp_path / "tape", "x") as running:
        until(lambda: running.status["state"] == "ended")
        assert opened == [None, {"at": 1}, {"at": 2}]


def test_it_waits_longer_each_time_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "FIRST_WAIT", 1000.0)
    monkeypatch.setattr(inputs, "LONGEST_WAIT", 4000.0)

    def refuse(position):
        raise ReadError("it does not answer", where="there", hint="wait")

    fixed(refuse, monkeypatch)
    with Running(tmp_path / "tape", "x") as running:
        until(lambda: running.status["state"] == "waiting" and running.status["retry_s"])
        assert running.status["error"] == "there: it does not answer; wait"
        assert 400 < running.status["retry_s"] <= 1000


def test_a_position_that_is_none_is_said_and_what_to_do(tmp_path):
    log = tmp_path / "log.json"
    log.write_bytes(line("one"))
    with Running(tmp_path / "tape", str(log)) as running:
        until(lambda: running.names() == ["one"])
    (kept,) = (tmp_path / "tape" / "inputs").glob("*.json")
    kept.write_text("{}")
    with Running(tmp_path / "tape", str(log)) as running:
        running.waits("no position of this source; remove it")
        kept.unlink()
        until(lambda: running.status["state"] == "running")
        assert running.names() == ["one"]
        until(lambda: running.status["duplicates"] == 1)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("kinesis://a/b", "no address of a stream"),
        ("sqs://", "no address of a queue"),
        ("s3://me:pw@x", "no address of a bucket"),
        ("syslog+udp://nowhere", "no address to listen on"),
        ("syslog+tcp://127.0.0.1:99999", "no address to listen on"),
        ("syslog://127.0.0.1:514", "no address to listen on"),
        ("es+http://host:x/i", "host"),
        ("ftp://host/x", "events cannot be taken from there; write PATH, es+"),
        ("https://me:pw@host/x", "events cannot be taken from there"),
        ("/tmp", "no regular file"),
        ("log.json?format=nonsense", "nonsense"),
        ("kinesis://a?since=sometime", "no time"),
        ("simulate:nowhere.csv", "nowhere.csv"),
        ("simulate:data/samples/tpot-2025?speed=fast", "no speed"),
        ("simulate:data/samples/tpot-2025?speed=0", "no speed"),
        ("log.json?format=tpot&speek=3", "no word 'speek'"),
    ],
)
def test_wrong_addresses_are_refused_before_anything_starts(address, said):
    with pytest.raises((AddressError, UsageError), match=said) as wrong:
        opener(address)
    assert "pw" not in str(wrong.value)


def test_a_source_named_twice(tmp_path):
    with pytest.raises(UsageError, match="named twice"):
        Inputs(["a.log", "a.log"], lambda *_: None, tmp_path)
