"""T-Pot's and ECS documents, plain and as Elasticsearch exports them: known answers."""

import json
from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest

from attackviz.account import account_of
from attackviz.open import read

CORPUS = Path(__file__).parent / "corpus"


def corpus(name, **options):
    return read(CORPUS / name, **options)


def plain(frame, *names):
    return frame[list(names)].astype(object).where(frame[list(names)].notna(), None).to_numpy().tolist()


def test_tpot_documents_of_many_honeypots():
    frame = corpus("tpot__documented.json")
    assert plain(frame, "sensor", "category", "protocol", "rule", "severity") == [
        ["cowrie", "ssh", "ssh", "failed login", "medium"],
        ["cowrie", "ssh", "ssh", "login accepted", "high"],
        ["cowrie", "ssh", "ssh", "tunnel request", "medium"],
        ["dionaea", "database", "mssql", "login attempt", "medium"],
        ["honeytrap", "web", "http", "connect", "low"],
        ["heralding", "vnc", "vnc", "login attempt", "medium"],
        ["tanner", "web", "http", "GET /wp-login.php", "medium"],
        ["ciscoasa", "vpn", "https", "GET /+CSCOE+/logon.html", "medium"],
        ["suricata", "smb", "smb", "ET SCAN example", "medium"],
        ["redishoneypot", "database", "redis", "connect", "low"],
    ]
    account = account_of(frame)
    assert dict(account.left_out) == {"Suricata's flows and protocol records": 1, "passive fingerprints": 1}
    assert account.pieces == 12 and account.closes()


def test_tpot_tells_both_ends():
    frame = corpus("tpot__documented.json")
    first = frame.iloc[0]
    assert (first.src_country, first.src_city, first.src_asn, first.src_org) == ("NL", "Amsterdam", 64500, "EXAMPLE-AS")
    assert (first.dst_country, first.dst_name, first.dst_host) == ("DE", "funnyotter", "funnyotter")
    assert first.dst_lat == pytest.approx(50.1188) and first.src_lon == pytest.approx(4.8975)
    assert plain(frame, "dst_ip", "dst_port")[:4] == [
        ["172.20.0.2", 22],
        [None, None],
        [None, None],  # a tunnel leads elsewhere
        ["172.21.0.2", 1433],
    ]
    assert frame.src_port.tolist()[5] == 40500 and frame.dst_port.tolist()[5] == 5900  # written as text


def test_an_export_holds_the_same_documents_and_their_ids():
    for name in ("tpot", "ecs"):
        documents = corpus(f"{name}__documented.json")
        exported = corpus(f"{name}.export__documented.json")
        pd.testing.assert_frame_equal(documents, exported)
    ids = corpus("tpot.export__documented.json", columns=["event_id"]).event_id.tolist()
    assert ids[:2] == ["b4Zk0000", "b4Zk0001"]


def test_ecs_verdict_category_and_severity():
    frame = corpus("ecs__documented.json")
    assert plain(frame, "verdict", "category", "rule", "severity", "action") == [
        ["detected", "Attempted Information Leak", "ET SCAN example", "high", None],
        ["detected", "authentication", "ssh_login", None, "ssh_login"],
        ["benign", "authentication", "ssh_login", None, "ssh_login"],
        ["mitigated", "network", "block-rdp", "high", "deny"],
        ["unknown", "web", "GET /users/*", None, None],
    ]
    assert plain(frame, "bytes", "direction", "dst_host", "sensor") == [
        [1200, None, None, "sensor1"],
        [None, None, "web1", "web1"],
        [None, None, "web1", "web1"],
        [60, "inbound", None, None],
        [None, None, "www.example.com", None],
    ]
    assert frame.detail.tolist()[4] == "GET /users/12345678?x=1 200"


def test_ecs_nested_and_dotted_are_equal():
    pd.testing.assert_frame_equal(corpus("ecs__documented.json"), corpus("ecs__dotted.json"))


@pytest.mark.parametrize(
    ("event", "verdict"),
    [
        ({"action": "Blocked"}, "mitigated"),
        ({"action": "detected"}, "detected"),
        ({"kind": "alert"}, "detected"),
        ({"kind": "alert", "action": "dropped"}, "mitigated"),
        ({"category": "malware"}, "detected"),
        ({"category": ["threat"], "type": ["indicator"]}, "detected"),
        ({"category": ["network"], "type": ["connection", "allowed"]}, "benign"),
        ({"category": ["network"], "type": ["denied"]}, "mitigated"),
        ({"category": ["authentication"], "outcome": "failure"}, "detected"),
        ({"category": ["network"], "outcome": "failure"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_ecs_verdicts(tmp_path, event, verdict):
    document = {"@timestamp": "2024-05-06T07:08:00Z", "source": {"ip": "198.51.100.7"}, "event": event}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document) + "\n")
    assert read(path).verdict.tolist() == [verdict]


def test_the_order_of_ecs_categories_makes_no_difference(tmp_path):
    path, words = tmp_path / "a.json", ["network", "web", "malware", "authentication"]
    lines = [
        {"@timestamp": "2024-05-06T07:08:00Z", "source": {"ip": "198.51.100.7"}, "event": {"category": list(order)}}
        for order in permutations(words)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert set(read(path).category) == {"malware"}


@pytest.mark.parametrize(
    ("module", "written", "severity"),
    [
        ("suricata", 1, "high"),
        ("suricata", 3, "low"),
        ("snort", "2", "medium"),
        ("cef", 10, "critical"),
        ("cef", 8, "high"),
        ("cef", 5, "medium"),
        ("cef", 0, "info"),
        ("endpoint", 21, "low"),
        ("endpoint", 47, "medium"),
        ("endpoint", 73, "high"),
        ("endpoint", 99, "critical"),
        (None, "Critical", "critical"),
        (None, "odd", None),
        (None, None, None),
    ],
)
def test_ecs_severities(tmp_path, module, written, severity):
    event = {"module": module, "severity": written}
    document = {"@timestamp": "2024-05-06T07:08:00Z", "source": {"ip": "198.51.100.7"}, "event": event}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document) + "\n")
    assert plain(read(path), "severity") == [[severity]]
