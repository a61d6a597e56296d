"""Suricata: real and documented lines have known answers."""

import json
from pathlib import Path

import pandas as pd
import pytest

from attackviz.account import account_of
from attackviz.errors import FormatError
from attackviz.formats import by_name, detect
from attackviz.open import read

CORPUS = Path(__file__).parent / "corpus"
ALERT = {
    "timestamp": "2022-07-10T23:50:05.533101+0000",
    "flow_id": 7,
    "event_type": "alert",
    "src_ip": "192.0.2.1",
    "src_port": 1024,
    "dest_ip": "10.0.0.1",
    "dest_port": 80,
    "proto": "TCP",
    "alert": {
        "action": "allowed",
        "gid": 1,
        "signature_id": 9,
        "rev": 2,
        "signature": "S",
        "category": "C",
        "severity": 1,
    },
}


def log(tmp_path, *records):
    path = tmp_path / "eve.json"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def alert(**changes):
    return ALERT | {"alert": ALERT["alert"] | changes}


def test_real_alerts_of_a_honeypot():
    events = read(CORPUS / "suricata__honeypot-2019.json")
    account = account_of(events)
    assert len(events) == 44
    assert account.flags == {"time without a zone, read as UTC": 44}
    assert account.structure == 2 and not account.bad
    assert events.src_ip.nunique() == 35
    assert events.time.min() == pd.Timestamp("2019-01-02T03:50:09.097718Z")
    assert (events.verdict == "detected").all()
    assert (events.action == "allowed").all()
    assert (events.rule.nunique(), events.rule_id.nunique()) == (43, 44)
    first = events.iloc[0]
    assert (first.src_ip, first.src_port, first.dst_ip, first.dst_port) == ("8.42.77.171", 49678, "138.68.3.71", 22)
    assert (first.rule, first.rule_id) == ("ET SCAN Potential SSH Scan", "1:2001219:19")
    assert (first.category, first.severity) == ("Attempted Information Leak", "medium")
    assert (first.protocol, first.sensor) == ("tcp", "eth0")


def test_real_records_that_are_no_alerts_are_left_out_by_kind():
    events = read(CORPUS / "suricata__crowdsec.json")
    account = account_of(events)
    assert len(events) == account.events == 4
    assert account.left_out == {"flow records": 2, "stats records": 2}
    assert list(events.protocol) == ["http"] * 4
    assert list(events.severity) == ["high", "medium", "high", "high"]
    assert events.time.iloc[0] == pd.Timestamp("2022-07-10T23:50:05.533101Z")


def test_flows_are_read_when_asked_for():
    path = CORPUS / "suricata__crowdsec.json"
    flows = read(path, format="suricata.flows")
    account = account_of(flows)
    assert len(flows) == 2 and account.files == {path.name: "suricata.flows"}
    assert account.left_out == {"alert records": 4, "stats records": 2}
    first = flows.iloc[0]
    assert first.time == pd.Timestamp("2022-07-11T05:48:21.714860Z")
    assert (first.bytes, first.dst_port, first.verdict) == (162, 2352, "unknown")


def test_flows_of_a_directory_are_read_when_asked_for(tmp_path):
    log(tmp_path, ALERT)
    (tmp_path / "other.json").write_text('{"session_id":"x","source_ip":"1.2.3.4","num_auth_attempts":0}\n')
    flows = read(tmp_path, format="suricata.flows")
    assert account_of(flows).left_out == {"alert records": 1}
    assert set(account_of(flows).skipped) == {"other.json"}


def test_flows_are_never_guessed():
    flow = ALERT | {"event_type": "flow", "flow": {"start": "2022-07-10T23:50:05Z"}}
    assert detect(json.dumps(flow).encode(), "x").name == "suricata"
    assert by_name("suricata.flows").same_log(by_name("suricata"))


def test_the_rule_tells_who_attacks_whom():
    events = read(CORPUS / "suricata__documented.json")
    blocked = events.iloc[2]
    assert (blocked.src_ip, blocked.src_port, blocked.dst_ip) == ("10.0.0.5", 51000, "198.51.100.3")
    assert (blocked.verdict, blocked.category) == ("mitigated", "unclassified")
    assert (blocked.dst_host, blocked.detail, blocked.bytes) == ("www.example.com", "GET /a?b=c 200", 1496)


def test_anomalies_are_suspicious():
    anomalies = read(CORPUS / "suricata__documented.json").iloc[:2]
    assert list(anomalies.category) == ["protocol anomaly"] * 2
    assert list(anomalies.verdict) == ["suspicious"] * 2
    assert list(anomalies.rule) == ["APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION", "decoder.udp.pkt_too_small"]
    assert anomalies.dst_port.isna().tolist() == [False, True]
    assert anomalies.time.iloc[0] == pd.Timestamp("2016-01-11T13:10:54.612110Z")


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        ("allowed", "detected"),
        ("Blocked", "mitigated"),
        ("drop", "mitigated"),
        ("reject", "mitigated"),
        (None, "detected"),
    ],
)
def test_verdicts(tmp_path, action, verdict):
    events = read(log(tmp_path, alert(action=action)))
    assert list(events.verdict) == [verdict]
    assert not account_of(events).notes


def test_an_unknown_action_is_counted_and_named(tmp_path):
    events = read(log(tmp_path, alert(action="Teleport"), alert(action="teleport"), ALERT))
    account = account_of(events)
    assert list(events.verdict) == ["unknown", "unknown", "detected"]
    assert account.flags == {"unknown action": 2}
    assert account.notes == ["unknown action 'teleport'"]


@pytest.mark.parametrize(
    ("severity", "expected"),
    [(1, "high"), (2, "medium"), ("3", "low"), (4, "info"), (255, "info"), (0, None), (None, None)],
)
def test_severities(tmp_path, severity, expected):
    events = read(log(tmp_path, alert(severity=severity)))
    assert [None if pd.isna(value) else value for value in events.severity] == [expected]
    assert account_of(events).flags == ({"unknown priority": 1} if severity == 0 else {})


def test_a_status_may_be_a_number_or_text(tmp_path):
    path = log(tmp_path, ALERT | {"http": {"url": "/", "status": 200}}, ALERT | {"http": {"url": "/", "status": "404"}})
    assert list(read(path).detail) == ["/ 200", "/ 404"]


def test_ids_are_those_of_flow_signature_and_time(tmp_path):
    path = log(tmp_path, ALERT, ALERT | {"tx_id": 1}, {k: v for k, v in ALERT.items() if k != "flow_id"})
    ids = list(read(path, columns=["event_id"]).event_id)
    assert ids[:2] == ["7/9/2022-07-10T23:50:05.533101+0000", "7/9/2022-07-10T23:50:05.533101+0000/1"]
    assert len(ids[2]) == 32


def test_the_application_is_the_protocol_where_it_is_known(tmp_path):
    path = log(tmp_path, *(ALERT | {"app_proto": name} for name in ("http", "failed", "unknown")), ALERT)
    assert list(read(path).protocol) == ["http", "tcp", "tcp", "tcp"]


def test_records_of_unknown_kinds_are_left_out_together(tmp_path):
    path = log(
        tmp_path,
        ALERT,
        *({"event_type": f"new{n}"} | {k: v for k, v in ALERT.items() if k != "event_type"} for n in range(9)),
    )
    assert account_of(read(path)).left_out == {"other records": 9}


def test_a_record_without_a_kind_is_no_alert(tmp_path):
    path = log(tmp_path, ALERT, {"timestamp": "2022-07-10T23:50:05Z"})
    assert account_of(read(path)).left_out == {"records without event_type": 1}


def test_records_of_a_tpot_are_not_taken_for_plain_ones():
    with_sensor = ALERT | {"t-pot_hostname": "x", "t-pot_ip_ext": "1.2.3.4"}
    assert not by_name("suricata").knows(with_sensor)


def test_fast_log():
    events = read(CORPUS / "suricata.fast__crowdsec.log")
    assert account_of(events).flags == {"time without a zone, read as UTC": 4}
    assert list(events.src_ip) == ["2.57.122.209", "89.248.163.216", "172.31.18.55", "185.7.214.104"]
    assert list(events.src_port) == [28487, 5116, 57194, 36288]
    assert list(events.severity) == ["low", "medium", "medium", "high"]
    assert list(events.protocol) == ["tcp", "udp", "tcp", "tcp"]
    assert events.time.iloc[1] == pd.Timestamp("2022-07-11T10:29:32.251216Z")
    assert events.rule_id.iloc[3] == "1:2034125:4"
    assert events.rule.iloc[0] == "SURICATA TCPv4 invalid checksum"


def test_fast_log_with_actions_ipv6_icmp_and_packets_without_addresses():
    events = read(CORPUS / "suricata.fast__documented.log")
    assert list(events.verdict) == ["mitigated", "detected", "detected", "detected"]
    assert list(events.action.astype(object).fillna("")) == ["drop", "wdrop", "", ""]
    assert list(events.src_ip.fillna("")) == ["192.0.2.8", "2001:db8::8", "192.0.2.9", ""]
    assert [None if pd.isna(p) else p for p in events.dst_port] == [41224, 80, None, None]
    assert events.category.iloc[1] == "unclassified"
    assert events.rule.iloc[1] == "ET POLICY curl User-Agent [Outbound]"
    assert account_of(events).flags["no source address"] == 1


def test_a_file_of_both_is_not_guessed():
    both = json.dumps(ALERT).encode() + b"\n" + (CORPUS / "suricata.fast__crowdsec.log").read_bytes()[:400] + b"\n"
    with pytest.raises(FormatError, match=r"more than one format: suricata.* \(1\)"):
        detect(both, "x")


@pytest.mark.parametrize("name", ["suricata__crowdsec.json", "suricata.fast__crowdsec.log", "openssh__rfc3339.log"])
@pytest.mark.parametrize("ids", [False, True])
def test_a_window_changes_nothing_of_what_is_left_out(name, ids):
    columns = ["src_ip", "event_id"] if ids else None
    whole = read(CORPUS / name, columns=columns)
    middle = whole.time.sort_values().iloc[len(whole) // 2]
    part = read(CORPUS / name, window=f"{middle.isoformat()}..2030-01-01", columns=columns)
    one, other = account_of(part), account_of(whole)
    assert (one.left_out, one.events, one.pieces) == (other.left_out, other.events, other.pieces)
    assert one.outside == (whole.time < middle).sum() > 0
    assert part.to_dict("records") == whole[whole.time >= middle].to_dict("records")
