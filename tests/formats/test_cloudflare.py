"""Cloudflare logs: the generated sample's known answers, real lines, and the tables of words."""

import json
import warnings

import pandas as pd
import pytest

from attackviz.account import account_of
from attackviz.errors import DataLossWarning, FormatError
from attackviz.open import read


def lines(path, *objects):
    path.write_text("".join(json.dumps(o) + "\n" for o in objects))
    return path


def request(**more):
    return {"ClientIP": "198.51.100.7", "EdgeStartTimestamp": "2025-03-11T10:00:00Z", "RayID": "8e5c"} | more


@pytest.mark.parametrize("dataset", ["http_requests", "firewall_events"])
def test_generated_sample_has_the_answers_known_when_it_was_made(samples, dataset):
    known = json.loads((samples / "cloudflare" / "answers.json").read_text())[dataset]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataLossWarning)
        frame = read(samples / "cloudflare" / dataset)
    account = account_of(frame)
    assert (account.events, account.bad_total, account.blank, account.salvaged, len(account.files)) == (
        known["events"],
        known["bad"],
        known["blank"],
        known["salvaged"],
        known["files"],
    )
    for column, answer in (("verdict", "by_verdict"), ("category", "by_category"), ("dst_host", "by_host")):
        found = frame[column].value_counts()
        assert found[found > 0].to_dict() == known[answer]
    assert frame.src_ip.nunique() == known["sources"]
    assert account.closes()


def test_flood_and_scan_of_the_sample_are_there(samples):
    known = json.loads((samples / "cloudflare" / "answers.json").read_text())
    with pytest.warns(DataLossWarning):
        frame = read(samples / "cloudflare" / "http_requests")
    begin = pd.Timestamp(known["flood_begins"])
    during = frame[(frame.time >= begin) & (frame.time < begin + pd.Timedelta(minutes=known["flood_minutes"]))]
    assert (during.category == "DDoS").sum() == known["http_requests"]["flood"]
    scan = frame[frame.src_ip == known["scanner"]]
    assert len(scan) == known["http_requests"]["scan"]
    assert scan.time.max() - scan.time.min() > pd.Timedelta(hours=46)


def test_real_lines_read_without_loss(samples):
    frame = read(samples / "cloudflare" / "real")
    account = account_of(frame)
    assert len(frame) == account.events == account.pieces == 30
    assert frame.time.notna().all() and frame.src_ip.notna().all()
    ripe = frame[frame.dst_host == "www.ripe.net"].iloc[0]
    assert (ripe.src_ip, ripe.verdict, ripe.rule, ripe.time.isoformat()) == (
        "87.226.160.250",
        "benign",
        "HEAD /",
        "2022-10-30T00:00:02+00:00",
    )
    assert frame.verdict.value_counts().loc[["benign", "mitigated", "suspicious"]].tolist() == [22, 7, 1]


@pytest.mark.parametrize(
    ("fields", "verdict", "category"),
    [
        ({}, "benign", "none"),
        ({"SecurityAction": "block", "SecuritySources": ["firewallManaged"]}, "mitigated", "managed rules"),
        ({"SecurityAction": "managedChallenge", "SecuritySources": ["firewallCustom"]}, "mitigated", "custom rules"),
        ({"SecurityAction": "BLOCK", "SecuritySources": ["log", "rateLimit"]}, "mitigated", "rate limit"),
        ({"SecurityAction": "jschallenge", "SecuritySources": ["botFight"]}, "mitigated", "bot"),
        ({"SecurityAction": "block", "SecuritySources": ["l7ddos"]}, "mitigated", "DDoS"),
        ({"SecurityAction": "log", "SecuritySources": ["firewallManaged"]}, "detected", "managed rules"),
        ({"SecurityAction": "simulate"}, "detected", "none"),
        ({"SecurityAction": "challengeSolved", "SecuritySources": ["firewallCustom"]}, "benign", "custom rules"),
        ({"SecurityAction": "skip", "WAFAttackScore": 3}, "benign", "attack score"),
        ({"SecurityAction": "somethingNew"}, "unknown", "none"),
        ({"WAFAction": "drop", "WAFRuleID": "981176"}, "mitigated", "managed rules"),
        ({"WAFAction": 2}, "mitigated", "none"),
        ({"WAFAction": "unknown"}, "benign", "none"),
        ({"WAFAction": "block", "FirewallMatchesSources": ["firewallManaged"]}, "mitigated", "managed rules"),
        ({"WAFAttackScore": 20}, "suspicious", "attack score"),
        ({"WAFAttackScore": 50}, "suspicious", "attack score"),
        ({"WAFAttackScore": 51}, "benign", "none"),
        ({"WAFAttackScore": 0}, "benign", "none"),
        ({"BotScore": 29}, "suspicious", "bot"),
        ({"BotScore": 30}, "benign", "none"),
        ({"ClientIPClass": "badHost"}, "suspicious", "none"),
        ({"ClientIPClass": "tor"}, "suspicious", "none"),
        ({"EdgePathingSrc": "user", "EdgePathingOp": "ban", "EdgePathingStatus": "ip"}, "mitigated", "custom rules"),
        ({"EdgePathingSrc": "bic", "EdgePathingOp": "ban", "EdgePathingStatus": "unknown"}, "mitigated", "bot"),
        ({"EdgePathingSrc": "protect", "EdgePathingOp": "ban", "EdgePathingStatus": "l7ddos"}, "mitigated", "DDoS"),
        ({"EdgePathingSrc": "macro", "EdgePathingOp": "wl", "EdgePathingStatus": "nr"}, "benign", "none"),
        ({"EdgePathingSrc": "macro", "EdgePathingOp": "chl", "EdgePathingStatus": "captchaSucc"}, "benign", "other"),
    ],
)
def test_verdict_and_category_of_a_request(tmp_path, fields, verdict, category):
    frame = read(lines(tmp_path / "a.json", request(**fields)))
    assert (frame.verdict[0], frame.category[0]) == (verdict, category)


def test_unknown_actions_are_counted(tmp_path):
    account = account_of(read(lines(tmp_path / "a.json", request(SecurityAction="somethingNew"))))
    assert account.flags["unknown action"] == 1


def test_fields_of_a_request(tmp_path):
    frame = read(
        lines(
            tmp_path / "a.json",
            request(
                ClientSrcPort=4455,
                ClientRequestHost="WWW.Example.com",
                ClientRequestMethod="POST",
                ClientRequestPath="/users/12345678/login",
                ClientRequestURI="/users/12345678/login?next=%2F",
                ClientRequestScheme="https",
                ClientRequestBytes=100,
                EdgeResponseBytes=1000,
                EdgeResponseStatus=403,
                EdgeColoCode="FRA",
                SecurityAction="block",
                SecurityRuleID="r1",
                WAFAttackScore=7,
            ),
        ),
        columns=[
            "src_port", "dst_host", "rule", "rule_id", "protocol", "bytes", "sensor", "severity", "detail", "event_id",
        ],
    )  # fmt: skip
    assert frame.iloc[0].drop("time").to_dict() == {
        "event_id": "8e5c/r1",
        "src_port": 4455,
        "dst_host": "www.example.com",
        "protocol": "https",
        "rule": "POST /users/*/login",
        "rule_id": "r1",
        "severity": "high",
        "bytes": 1100,
        "sensor": "FRA",
        "detail": "POST /users/12345678/login?next=%2F 403",
    }


@pytest.mark.parametrize(
    "written",
    [
        "2025-03-11T10:00:00Z",
        "2025-03-11T11:00:00+01:00",
        1741687200,
        1741687200000,
        1741687200000000,
        1741687200000000000,
        "1741687200",
        "1741687200000000000",
        1741687200.0,
    ],
)
def test_every_timestamp_format_gives_the_same_time(tmp_path, written):
    frame = read(lines(tmp_path / "a.json", request(EdgeStartTimestamp=written)))
    assert frame.time[0] == pd.Timestamp("2025-03-11T10:00:00Z")


def test_timestamp_formats_mix_in_one_file(tmp_path):
    times = ["2025-03-11T10:00:00Z", 1741687200, "1741687200000", 1741687200.5, "2025-03-11 10:00:00", None, "soon"]
    frame = read(lines(tmp_path / "a.json", *(request(EdgeStartTimestamp=t) for t in times)))
    ten = pd.Timestamp("2025-03-11T10:00:00Z")
    assert frame.time.tolist()[:5] == [ten, ten, ten, ten + pd.Timedelta(milliseconds=500), ten]
    assert frame.time.isna().tolist() == [False] * 5 + [True] * 2
    assert dict(account_of(frame).flags) == {
        "no time": 1,
        "time not understood": 1,
        "time without a zone, read as UTC": 1,
    }


NESTED = {
    "timestamp": 1480000000123456789,
    "rayId": "abc",
    "client": {"ip": "8.8.8.8", "srcPort": 4455, "ipClass": "badHost"},
    "clientRequest": {"httpHost": "www.example.com", "httpMethod": "GET", "uri": "/wp-login.php?x=1"},
    "edge": {
        "colo": "fra",
        "pathingOp": "ban",
        "pathingSrc": "user",
        "pathingStatus": "ip",
        "waf": {"action": "unknown"},
        "rateLimit": {"ruleId": 0},
    },
    "edgeResponse": {"status": 403, "bytes": 1234},
}


def flat(value, before=""):
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from flat(inner, f"{before}{key}.")
        else:
            yield before + key, inner


def test_enterprise_log_share_nested_and_dotted_are_equal(tmp_path):
    nested = read(lines(tmp_path / "nested.json", NESTED, NESTED))
    dotted = read(lines(tmp_path / "dotted.json", dict(flat(NESTED)), dict(flat(NESTED))))
    pd.testing.assert_frame_equal(nested, dotted)
    first = nested.iloc[0]
    assert (first.verdict, first.category, first.rule, first.sensor, first.src_port, first.bytes) == (
        "mitigated",
        "custom rules",
        "GET /wp-login.php",
        "FRA",
        4455,
        1234,
    )
    assert first.time == pd.Timestamp("2016-11-24T15:06:40.123456Z")


def test_file_of_both_datasets_is_refused_with_counts(tmp_path):
    event = {"Action": "block", "ClientIP": "1.2.3.4", "Datetime": "2025-03-11T10:00:00Z", "Source": "waf"}
    file = lines(tmp_path / "a.json", request(), event, event)
    with pytest.raises(FormatError, match=r"more than one format: cloudflare.firewall_events \(2\)") as error:
        read(file)
    assert "format=" in str(error.value)
