"""Cowrie's own log, Dionaea in its three forms, sshesame: known answers."""

import json
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


def lines(path, *objects):
    path.write_text("".join(json.dumps(o) + "\n" for o in objects))
    return path


def test_cowrie_every_line_is_an_event():
    frame = corpus("cowrie__deroux-2021.json")
    account = account_of(frame)
    assert (account.pieces, account.events, account.bad_total) == (17, 17, 0)
    assert frame.rule.value_counts().to_dict() == {
        "command": 4,
        "ssh key exchange": 2,
        "ssh banner": 2,
        "failed login": 2,
        "session closed": 2,
        "connect": 2,
        "login accepted": 1,
        "session parameters": 1,
        "tunnel request": 1,
    }
    assert frame.severity.value_counts().to_dict() == {"high": 5, "info": 7, "medium": 3, "low": 2, "critical": 0}
    assert set(frame.verdict) == {"detected"} and set(frame.category) == {"ssh"} and set(frame.sensor) == {"cowrie"}


def test_cowrie_says_what_was_tried():
    frame = corpus("cowrie__deroux-2021.json")
    accepted = frame[frame.rule == "login accepted"].iloc[0]
    assert (accepted.detail, accepted.src_ip, accepted.severity) == ("tried root:Aa123654", "101.32.218.36", "high")
    assert accepted.time == pd.Timestamp("2021-05-01T14:52:18.426335Z")
    assert set(frame[frame.rule == "command"].detail) == {"cat /proc/cpuinfo | grep name | wc -l"}


def test_cowrie_fills_a_session_from_its_connect_line():
    frame = corpus("cowrie__deroux-2021.json")
    failed = frame[frame.rule == "failed login"]
    assert plain(failed, "src_port", "dst_ip", "dst_port") == [
        [33706, "104.248.245.133", 2222],
        [49292, "104.248.245.133", 2222],
    ]


def test_cowrie_a_tunnel_leads_elsewhere_than_to_the_honeypot():
    tunnel = corpus("cowrie__deroux-2021.json").query("rule == 'tunnel request'").iloc[0]
    assert pd.isna(tunnel.dst_ip) and pd.isna(tunnel.dst_port)
    assert "ya.ru:80" in tunnel.detail


def test_cowrie_telnet_is_told_by_the_session_or_the_writer(tmp_path):
    base = {"timestamp": "2021-05-01T10:00:00Z", "src_ip": "198.51.100.7", "sensor": "s"}
    frame = read(
        lines(
            tmp_path / "a.json",
            base | {"eventid": "cowrie.login.failed", "session": "a", "username": "root", "password": "x"},
            base | {"eventid": "cowrie.session.connect", "session": "a", "protocol": "telnet"},
            base | {"eventid": "cowrie.login.failed", "session": "b", "system": "CowrieTelnetTransport,1,1.2.3.4"},
            base | {"eventid": "cowrie.login.failed", "session": "c"},
        )
    )
    assert frame.protocol.tolist() == ["telnet", "telnet", "telnet", "ssh"]


def test_cowrie_an_event_in_no_table_speaks_for_itself(tmp_path):
    base = {"timestamp": "2021-05-01T10:00:00Z", "src_ip": "198.51.100.7", "session": "a"}
    frame = read(lines(tmp_path / "a.json", base | {"eventid": "cowrie.greynoise.result"}))
    assert plain(frame, "rule", "severity") == [["greynoise result", "info"]]


def test_dionaea_reads_lists_of_objects_as_it_does_flattened_ones(tmp_path):
    frame = corpus("dionaea__documented.json")
    assert plain(frame, "protocol", "rule", "severity", "detail") == [
        ["smb", "connect", "low", None],
        ["mssql", "login attempt", "medium", "tried sa:, sa:sa"],
        ["ftp", "login attempt", "medium", "tried anonymous:a@; USER QUIT"],
        ["http", "connection rejected", "low", None],
    ]
    flat = []
    for line in (CORPUS / "dionaea__documented.json").read_text().splitlines():
        value = json.loads(line)
        if "credentials" in value:
            value["credentials"] = {k: [c[k] for c in value["credentials"]] for k in ("username", "password")}
        if "ftp" in value:
            commands = value["ftp"]["commands"]
            value["ftp"]["commands"] = {
                "command": [c["command"] for c in commands],
                "arguments": [" ".join(c["arguments"]) for c in commands],
            }
        flat.append(value)
    pd.testing.assert_frame_equal(read(lines(tmp_path / "flat.json", *flat)), frame)


def test_dionaea_incidents_leave_out_what_no_visitor_did():
    frame = corpus("dionaea.incident__documented.json")
    assert plain(frame, "rule", "severity", "detail", "dst_port") == [
        ["connect", "low", None, 445],
        ["smb request", "medium", None, 445],
        ["download offered", "high", "http://203.0.113.5/x.exe", 445],
        ["login attempt", "medium", "tried sa:1", 1433],
        ["connection closed", "info", None, 445],
    ]
    account = account_of(frame)
    assert dict(account.left_out) == {"listeners of the honeypot": 1, "links between connections": 1}
    assert account.pieces == 7 and account.closes() and not account.flags["no source address"]


def test_sshesame_lines():
    frame = corpus("sshesame__crowdsec.log")
    account = account_of(frame)
    assert account.events == account.pieces == 90
    assert dict(account.flags) == {"time without a zone, read as UTC": 90}
    first = frame.iloc[0]
    assert (first.src_ip, first.src_port, first.rule) == ("190.2.139.67", 58629, "tunnel request")
    assert first.time == pd.Timestamp("2022-05-06T04:53:57Z")
    assert "[channel" not in first.detail
    assert set(frame[frame.severity == "high"].rule) == {"login accepted", "command"}
    assert frame.rule.notna().all() and "other" not in set(frame.rule)


def test_sshesame_json():
    frame = corpus("sshesame.json__documented.json")
    assert plain(frame, "src_ip", "src_port", "rule", "severity", "detail")[:3] == [
        ["198.51.100.40", 40001, "login without credentials", "low", "tried root:"],
        ["198.51.100.40", 40001, "login accepted", "high", "tried root:hunter2"],
        ["2001:db8::1", 40002, "failed login", "medium", "tried root:x"],
    ]
    assert frame.rule.tolist()[3:] == [
        "ssh banner",
        "session",
        "command",
        "tunnel request",
        "channel closed",
        "session closed",
    ]


@pytest.mark.parametrize(
    ("entry", "rule", "severity"),
    [
        ('authentication for user "a accepted" with password "b" rejected', "failed login", "medium"),
        ('authentication for user "a" with public key "SHA256:x" accepted', "login accepted", "high"),
        ('authentication for user "a" with keyboard interactive answers ["x"] rejected', "failed login", "medium"),
        ("TCP/IP forwarding on 0.0.0.0:80 requested", "tunnel request", "medium"),
        ('[channel 3] PTY using terminal "xterm" (size 80x24) requested', "terminal", "info"),
        ("[channel 3] something new", "other", "low"),
    ],
)
def test_sshesame_entries(tmp_path, entry, rule, severity):
    path = tmp_path / "sshesame.log"
    path.write_text(f"2022/05/06 04:53:57 [[2001:db8::7]:22] {entry}\n")
    frame = read(path, format="sshesame")
    assert plain(frame, "src_ip", "rule", "severity") == [["2001:db8::7", rule, severity]]
