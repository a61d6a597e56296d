"""Cloudflare logs: the generated sample's known answers, real lines, and the tables of words."""

import json
import warnings

import pandas as pd
import pytest

from attackviz.account import account_of
from attackviz.errors import DataLossWarning, FormatError, UsageError
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
        ({"SecurityAction": "", "SecurityActions": ["log"], "SecuritySources": ["waf"]}, "detected", "managed rules"),
        (
            {"FirewallMatchesActions": ["log", "block"], "FirewallMatchesSources": ["waf", "asn"]},
            "mitigated",
            "custom rules",
        ),
        ({"WAFAction": "unknown", "FirewallMatchesActions": ["challengeSolved"]}, "benign", "none"),
        ({"EdgeRateLimitAction": "ban", "EdgeRateLimitID": "17"}, "mitigated", "rate limit"),
        ({"EdgeRateLimitAction": "simulate", "EdgeRateLimitID": 17}, "detected", "rate limit"),
        ({"EdgeRateLimitAction": "", "EdgeRateLimitID": 0}, "benign", "none"),
        ({"EdgeRateLimitAction": "unknown", "EdgeRateLimitID": "0"}, "benign", "none"),
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
    assert account.notes == ["unknown action 'somethingnew'"]


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


@pytest.mark.parametrize(
    ("fields", "verdict", "category"),
    [
        ({"ruleId": 0, "mitigationId": "0"}, "benign", "none"),
        ({"ruleId": 12, "mitigationId": ""}, "detected", "rate limit"),
        ({"ruleId": 12, "mitigationId": "ab12"}, "mitigated", "rate limit"),
    ],
)
def test_enterprise_log_share_rate_limits(tmp_path, fields, verdict, category):
    line = {"timestamp": 1480000000123456789, "client": {"ip": "8.8.8.8"}, "edge": {"rateLimit": fields}}
    frame = read(lines(tmp_path / "a.json", line))
    assert (frame.verdict[0], frame.category[0]) == (verdict, category)


def test_country_is_a_code_or_null(tmp_path):
    frame = read(lines(tmp_path / "a.json", *(request(ClientCountry=c) for c in ("de", "US", "xx", "t1", "", None))))
    assert frame.src_country.astype(object).where(frame.src_country.notna(), None).tolist() == ["DE", "US"] + [None] * 4


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"SampleInterval": 10}, 10),
        ({"sampleInterval": "100"}, 100),
        ({"sample_rate": 0.1}, 10),
        ({"SampleRate": "0.25"}, 4),
        ({"SampleInterval": 1}, 1),
        ({"SampleInterval": 0}, 1),
        ({"sample_rate": 0}, 1),
    ],
)
@pytest.mark.parametrize("kind", ["http_requests", "firewall_events", "els"])
def test_a_sampled_line_counts_for_all_it_stands_for(tmp_path, kind, fields, count):
    line = {
        "http_requests": request(),
        "firewall_events": {"Action": "log", "ClientIP": "1.2.3.4", "Datetime": "2025-03-11T10:00:00Z"},
        "els": {"timestamp": 1480000000123456789, "client": {"ip": "8.8.8.8"}},
    }[kind]
    if kind == "els" and not {"sampleInterval", "sample_rate"} & fields.keys():
        fields, count = {"sampleInterval": 7}, 7
    frame = read(lines(tmp_path / "a.json", line | fields, line))
    assert frame["count"].tolist() == [count, 1]
    assert account_of(frame).flags["sample rate not understood"] == (0 in fields.values())


def test_lines_that_are_not_sampled_have_no_count(tmp_path):
    assert "count" not in read(lines(tmp_path / "a.json", request())).columns


FIELDS = (
    "ClientIP", "EdgeStartTimestamp", "RayID", "ClientRequestMethod", "ClientRequestPath", "EdgeResponseStatus",
    "SecurityAction", "SecuritySources", "ClientRequestBytes", "ClientCountry",
)  # fmt: skip
RECORDS = (
    ("198.51.100.50", 1714979289000000000, "a1", "GET", '/a,b|c;"d"\te', 403, "block", ["asn", "rateLimit"], 10, "nl"),
    ("2001:db8::51", 1714979290000000000, "a2", "POST", "/login", 200, "", [], 20, "xx"),
)


def csv(delimiter, header=True):
    def cell(value):
        text = json.dumps(value) if isinstance(value, list) else value
        return '"' + text.replace('"', '""') + '"' if isinstance(text, str) else str(text)

    body = [delimiter.join(map(cell, record)) for record in RECORDS]
    return "".join(f"{line}\n" for line in ([delimiter.join(FIELDS)] if header else []) + body)


DELIMITERS = pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", " ", "\x01", "||", "~|~"])


@DELIMITERS
def test_csv_reads_as_json_does(tmp_path, delimiter):
    as_json = read(lines(tmp_path / "a.json", *(dict(zip(FIELDS, record, strict=True)) for record in RECORDS)))
    (tmp_path / "a.csv").write_text(csv(delimiter) + csv(delimiter))  # each batch has its header
    frame = read(tmp_path / "a.csv")
    account = account_of(frame)
    assert account.files == {"a.csv": "cloudflare.http_requests.csv"}
    assert (account.events, account.structure, account.bad_total) == (4, 2, 0)
    pd.testing.assert_frame_equal(frame[:2], as_json)
    pd.testing.assert_frame_equal(frame[2:].reset_index(drop=True), as_json)


@DELIMITERS
def test_csv_without_a_header_takes_the_one_told(tmp_path, delimiter):
    (tmp_path / "with.csv").write_text(csv(delimiter))
    (tmp_path / "without.csv").write_text(csv(delimiter, header=False))
    name = "cloudflare.http_requests.csv:" + delimiter.join(FIELDS)
    pd.testing.assert_frame_equal(read(tmp_path / "without.csv", format=name), read(tmp_path / "with.csv"))


def test_csv_without_a_header_is_told_how_to_say_it(tmp_path):
    (tmp_path / "a.csv").write_text(csv(",", header=False))
    with pytest.raises(FormatError, match="csv without a header"):
        read(tmp_path / "a.csv")


def test_csv_of_firewall_events(tmp_path):
    header = "Datetime,Action,ClientIP,RayID,RuleID,MatchIndex,Source"
    (tmp_path / "a.csv").write_text(f"{header}\n2024-05-06T07:08:09Z,block,198.51.100.7,a1,r1,0,firewallcustom\n")
    frame = read(tmp_path / "a.csv", columns=["event_id", "verdict", "category"])
    assert frame.drop(columns="time").to_numpy().tolist() == [["a1/r1/0", "custom rules", "mitigated"]]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cloudflare.http_requests.csv:RayID,ClientIP", "its header lacks fields"),
        ("cloudflare.http_requests:ClientIP,EdgeStartTimestamp", "is no csv"),
        ("cloudflare.nothing:ClientIP", "there is no format"),
    ],
)
def test_a_header_that_cannot_be_is_refused(tmp_path, name, message):
    (tmp_path / "a.csv").write_text("x\n")
    with pytest.raises(UsageError, match=message):
        read(tmp_path / "a.csv", format=name)


def test_wrapper_of_the_documentation(tmp_path):
    body = ",".join("\n  " + json.dumps({"info": request(RayID=f"a{n}")}) for n in range(3))
    (tmp_path / "a.json").write_text('{"events":[' + body + "\n]}\n")
    frame = read(tmp_path / "a.json", columns=["event_id"])
    assert frame.event_id.tolist() == ["a0", "a1", "a2"]
    assert account_of(frame).closes() and not account_of(frame).bad_total
