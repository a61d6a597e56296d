"""AWS WAF: verdicts, the rule that decided, and what the samples hold."""

import json
from pathlib import Path

import pandas as pd
import pytest

from attackviz.account import account_of
from attackviz.open import read

CORPUS = Path(__file__).parent / "corpus"
MANAGED = "AWS#AWSManagedRulesCommonRuleSet"


def request(**more):
    return {
        "timestamp": 1748208718574,
        "webaclId": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/a1b2",
        "action": "ALLOW",
        "terminatingRuleId": "Default_Action",
        "terminatingRuleType": "REGULAR",
        "httpRequest": {
            "clientIp": "198.51.100.7",
            "country": "-",
            "uri": "/a/1234",
            "httpMethod": "GET",
            "args": "b=1",
        },
    } | more


def read_one(tmp_path, **more):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(request(**more)) + "\n")
    frame = read(path)
    row = frame.iloc[0]
    return {name: None if pd.isna(row[name]) else row[name] for name in frame.columns} | {"account": account_of(frame)}


def test_samples_of_a_real_and_a_documented_request():
    frame = read(CORPUS / "aws.waf__otel.json")
    first, second = (row for _, row in frame.iterrows())
    assert (first.verdict, first.category, first.rule, first.severity) == ("benign", "none", "GET /favicon.ico", "info")
    assert (first.dst_host, first.protocol, first.src_country) == ("dsx88tsajqz63.cloudfront.net", "https", "NL")
    assert first.time == pd.Timestamp("2025-05-25T21:31:58.574Z")
    assert (second.verdict, second.category, second.rule) == ("mitigated", "rate limit", "RateBasedRule")
    assert second.dst_host == "rjvegx5guh.execute-api.eu-west-3.amazonaws.com"
    assert set(frame.sensor) == {"open-telemetry-waf"}


def test_samples_of_managed_rules():
    frame = read(CORPUS / "aws.waf__panther.json")
    assert len(frame) == 50 and frame.time.notna().all() and frame.src_ip.notna().all()
    assert frame.verdict.value_counts()[lambda n: n > 0].to_dict() == {"mitigated": 32, "detected": 10, "benign": 8}
    inner = frame[frame.rule == "SQLi_QUERYARGUMENTS"].iloc[0]
    assert (inner.rule_id, inner.category) == ("AWS-AWSManagedRulesSQLiRuleSet", "managed rules")


@pytest.mark.parametrize(
    ("fields", "verdict", "category", "rule"),
    [
        ({}, "benign", "none", "GET /a/*"),
        ({"action": "BLOCK", "terminatingRuleId": "mine"}, "mitigated", "custom rules", "mine"),
        ({"action": "block", "terminatingRuleId": "mine"}, "mitigated", "custom rules", "mine"),
        ({"action": "CAPTCHA", "terminatingRuleId": "mine"}, "mitigated", "custom rules", "mine"),
        ({"action": "CHALLENGE", "terminatingRuleId": "mine"}, "mitigated", "custom rules", "mine"),
        ({"action": "BLOCK"}, "mitigated", "default action", "GET /a/*"),
        ({"action": "ALLOW", "terminatingRuleId": "friends"}, "benign", "custom rules", "friends"),
        (
            {"action": "BLOCK", "terminatingRuleId": "many", "terminatingRuleType": "RATE_BASED"},
            "mitigated",
            "rate limit",
            "many",
        ),
        (
            {
                "action": "BLOCK",
                "terminatingRuleId": "common",
                "terminatingRuleType": "MANAGED_RULE_GROUP",
                "ruleGroupList": [{"ruleGroupId": MANAGED, "terminatingRule": {"ruleId": "XSS", "action": "BLOCK"}}],
            },
            "mitigated",
            "managed rules",
            "XSS",
        ),
        (
            {"nonTerminatingMatchingRules": [{"ruleId": "watch", "action": "COUNT"}]},
            "detected",
            "custom rules",
            "watch",
        ),
        (
            {
                "ruleGroupList": [
                    {
                        "ruleGroupId": MANAGED,
                        "terminatingRule": None,
                        "nonTerminatingMatchingRules": [{"ruleId": "LFI", "action": "COUNT"}],
                    }
                ]
            },
            "detected",
            "managed rules",
            "LFI",
        ),
        (
            {
                "ruleGroupList": [
                    {"ruleGroupId": MANAGED, "excludedRules": [{"exclusionType": "EXCLUDED_AS_COUNT", "ruleId": "RFI"}]}
                ]
            },
            "detected",
            "managed rules",
            "RFI",
        ),
        ({"nonTerminatingMatchingRules": [{"ruleId": "human", "action": "CAPTCHA"}]}, "benign", "none", "GET /a/*"),
        ({"action": "TELEPORT", "terminatingRuleId": "new"}, "unknown", "custom rules", "new"),
    ],
)
def test_verdict_category_and_rule(tmp_path, fields, verdict, category, rule):
    row = read_one(tmp_path, **fields)
    assert (row["verdict"], row["category"], row["rule"]) == (verdict, category, rule)


def test_an_action_in_no_table_is_counted_and_named(tmp_path):
    account = read_one(tmp_path, action="TELEPORT")["account"]
    assert account.flags["unknown action"] == 1
    assert account.notes == ["unknown action 'teleport'"]


def test_fields(tmp_path):
    headers = [{"name": "accept", "value": 'a "quoted" host'}, {"name": "HOST", "value": "Shop.Example.com"}]
    row = read_one(tmp_path, httpRequest=request()["httpRequest"] | {"headers": headers, "scheme": "https"})
    assert (row["dst_host"], row["protocol"], row["sensor"]) == ("shop.example.com", "https", "shop")
    assert (row["detail"], row["src_country"]) == ("GET /a/1234?b=1", None)
