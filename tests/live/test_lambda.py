"""The function that sends logs from S3: with a real bucket before it and a real server behind."""

from __future__ import annotations

import gzip
import importlib.util
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import attackviz as av

from ..conftest import ROOT
from ..sources.live import line
from .servers import Server

TOKEN = "the-token-that-is-in-the-secret"
MALICIOUS = {"mitigated", "detected", "suspicious"}


class Context:
    """Time is up when it is said to be."""

    def __init__(self, left: float = 60.0) -> None:
        self.left = left

    def get_remaining_time_in_millis(self) -> int:
        return int(self.left * 1000)


@pytest.fixture
def function(amazon, monkeypatch):
    path = ROOT / "deploy" / "lambda" / "handler.py"
    spec = importlib.util.spec_from_file_location("attackviz_lambda", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FIRST_WAIT", 0.01)
    for name in ("ATTACKVIZ_TOKEN_SECRET", "ATTACKVIZ_PUSH_TOKEN", "ATTACKVIZ_FORMAT", "ATTACKVIZ_FORWARD"):
        monkeypatch.delenv(name, raising=False)
    return module


def put_event(bucket: str, key: str) -> dict:
    """Return the event of S3 for an object, as Amazon documents it."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": "us-east-1",
                "eventTime": "2025-02-24T08:04:37.000Z",
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                    "object": {"key": key, "size": 1, "eTag": "0f", "sequencer": "00"},
                },
            }
        ]
    }


def kept(server: Server, address: str) -> list[str]:
    """Return the names of the lines of one address that are on the tape."""
    table = server.live.tape.since(0, 10_000_000)
    return sorted(row["detail"] for row in table.select(["detail", "src_ip"]).to_pylist() if row["src_ip"] == address)


def test_an_object_is_sent_once_however_often_it_is_told_of(function, amazon, server, monkeypatch):
    monkeypatch.setenv("ATTACKVIZ_URL", f"http://127.0.0.1:{server.port}")
    monkeypatch.setattr(function, "PART", 300)
    bucket = amazon.bucket()
    names = [*sorted(f"l{number}" for number in range(40)), "same", "same"]
    halves = [gzip.compress(b"".join(line(name, "203.0.113.1") for name in some)) for some in (names[:20], names[20:])]
    amazon.put(bucket, "day=1/a b+ü.json.gz", b"".join(halves))
    event = put_event(bucket, "day%3D1/a+b%2B%C3%BC.json.gz")
    first = function.handler(event, Context())
    assert first == {
        "objects": 1, "skipped": 0, "lines": 42, "kept_back": 0, "accepted": 42, "duplicates": 0, "rejected": 0,
    }  # fmt: skip
    again = function.handler(event, Context())
    assert (again["accepted"], again["duplicates"]) == (0, 42)
    assert kept(server, "203.0.113.1") == names


def test_challenges_folders_deletions_and_what_is_gone(function, amazon, server, monkeypatch):
    monkeypatch.setenv("ATTACKVIZ_URL", f"http://127.0.0.1:{server.port}")
    bucket = amazon.bucket()
    amazon.put(bucket, "by-bridge.json", line("by bridge", "203.0.113.2") + b"\n{rubbish")
    detail = {"bucket": {"name": bucket}, "object": {"key": "by-bridge.json"}}
    bridge = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    done = function.handler(bridge, Context())
    assert (done["accepted"], done["rejected"], done["lines"]) == (1, 1, 3)
    assert function.handler(bridge | {"detail-type": "Object Deleted"}, Context())["objects"] == 0
    for key in ("logs/ownership-challenge-0a1b.txt", "logs/", "gone.json"):
        assert function.handler(put_event(bucket, key), Context())["skipped"] == 1
    assert function.handler({"Service": "Amazon S3", "Event": "s3:TestEvent"}, Context())["objects"] == 0


def test_nothing_that_the_server_takes_for_an_attack_is_kept_back(function, samples, tmp_path):
    for kind in ("http_requests", "firewall_events"):
        lines = [
            line
            for path in sorted((samples / "cloudflare" / kind).glob("2025*/*.gz"))
            for line in gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        ]
        back = [line for line in lines if not function.malicious(line)]
        assert len(lines) > len(back) > 50
        (tmp_path / kind).write_bytes(b"".join(back))
        verdicts = set(av.read(tmp_path / kind)["verdict"])
        assert not verdicts & MALICIOUS


def test_what_cannot_be_told_is_taken_for_an_attack(function):
    assert function.malicious(b"{rubbish")
    assert function.malicious(b'{"src_ip": "192.0.2.7"}')
    assert not function.malicious(b'{"action": "ALLOW", "nonTerminatingMatchingRules": []}')
    assert function.malicious(b'{"action": "ALLOW", "nonTerminatingMatchingRules": [{"action": "COUNT"}]}')
    assert not function.malicious(b"\n")


def test_only_attacks_are_sent_where_that_is_asked_for(function, amazon, server, monkeypatch, samples):
    monkeypatch.setenv("ATTACKVIZ_URL", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("ATTACKVIZ_FORWARD", "malicious")
    bucket = amazon.bucket()
    path = sorted((samples / "cloudflare" / "http_requests").glob("*/*.gz"))[0]
    amazon.put(bucket, path.name, path.read_bytes())
    done = function.handler(put_event(bucket, path.name), Context())
    assert done["kept_back"] > 0
    taken = done["accepted"] + done["duplicates"] + done["rejected"]
    assert taken >= done["lines"] - done["kept_back"] > 0  # on a broken line there is more than one piece


class Moody:
    """A server that answers as it is told, and keeps what it was asked."""

    def __init__(self, *answers: int | None) -> None:
        self.asked: list[tuple[str, bytes, dict]] = []
        moody, waiting = self, list(answers)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                moody.asked.append((self.path, body, dict(self.headers)))
                status = waiting.pop(0) if waiting else 200
                if status is None:
                    self.close_connection = True
                    return
                text = b'{"accepted": 1, "error": "said so"}' if status != 502 else b"<html>"
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/under"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def moody():
    made: list[Moody] = []

    def make(*answers):
        made.append(Moody(*answers))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_what_passes_is_tried_again_with_the_same_key(function, amazon, moody, monkeypatch):
    server = moody(503, None, 429, 502)
    secret = amazon.client("secretsmanager").create_secret(Name=amazon.name, SecretString=f"{TOKEN}\n")["ARN"]
    monkeypatch.setenv("ATTACKVIZ_URL", server.url)
    monkeypatch.setenv("ATTACKVIZ_TOKEN_SECRET", secret)
    monkeypatch.setenv("ATTACKVIZ_FORMAT", "ciscoasa")
    bucket = amazon.bucket()
    amazon.put(bucket, "a.json", line("one"))
    assert function.handler(put_event(bucket, "a.json"), Context())["accepted"] == 1
    assert len(server.asked) == 5
    assert len({(path, body, headers["Idempotency-Key"]) for path, body, headers in server.asked}) == 1
    path, body, headers = server.asked[0]
    assert (path, gzip.decompress(body)) == ("/under/api/events?format=ciscoasa", line("one"))
    assert headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("status", [400, 401, 403, 413, 415, 302])
def test_what_is_refused_for_good_ends_it_and_tells_no_secret(function, amazon, moody, monkeypatch, status):
    server = moody(status)
    monkeypatch.setenv("ATTACKVIZ_URL", server.url)
    monkeypatch.setenv("ATTACKVIZ_PUSH_TOKEN", TOKEN)
    bucket = amazon.bucket()
    amazon.put(bucket, "a.json", line("one"))
    with pytest.raises(function.RefusedError, match=f"the server answers {status}: said so") as wrong:
        function.handler(put_event(bucket, "a.json"), Context())
    assert TOKEN not in str(wrong.value)
    assert len(server.asked) == 1


def test_it_gives_up_before_time_is_up(function, amazon, moody, monkeypatch):
    server = moody(*[503] * 1000)
    monkeypatch.setenv("ATTACKVIZ_URL", server.url)
    bucket = amazon.bucket()
    amazon.put(bucket, "a.json", line("one"))
    with pytest.raises(function.RefusedError, match="not to be reached in time: said so"):
        function.handler(put_event(bucket, "a.json"), Context(left=10.005))


def test_a_line_without_an_end_and_a_bomb_stay_small(function, amazon, moody, monkeypatch):
    monkeypatch.setenv("ATTACKVIZ_URL", moody().url)
    bucket = amazon.bucket()
    amazon.put(bucket, "bomb.gz", gzip.compress(b"\0" * (64 << 20)))
    with pytest.raises(function.RefusedError, match="more than 1 MB"):
        function.handler(put_event(bucket, "bomb.gz"), Context())


def test_the_template_grants_what_the_function_needs_and_no_more():
    import yaml

    class Loader(yaml.SafeLoader):
        """Know the short forms of functions."""

    Loader.add_multi_constructor("!", lambda loader, tag, node: {tag: node.value})
    template = yaml.load((ROOT / "deploy" / "lambda" / "template.yaml").read_text(), Loader)
    (policy,) = template["Resources"]["Role"]["Properties"]["Policies"]
    granted = {}
    for each in policy["PolicyDocument"]["Statement"]:
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        granted |= dict.fromkeys(actions, json.dumps(each["Resource"]))
    assert set(granted) == {
        "s3:GetObject",
        "s3:GetObjectVersion",
        "secretsmanager:GetSecretValue",
        "sqs:SendMessage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert not [action for action in granted if "*" in action]
    assert not [where for where in granted.values() if where == '"*"']
    assert template["Resources"]["Forwarder"]["Properties"]["Handler"] == "handler.handler"
