"""AWS WAF: one line a request that a web ACL looked at.

Fields: https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .cloudflare import request_column
from .columns import Columns, joined, mapped
from .format import Format
from .values import country
from .words import folded, meaning
from .written import decoded

__all__ = ["AWS_WAF", "AWS_WAF_VERDICTS"]

AWS_WAF_VERDICTS = {
    "allow": "benign",
    "count": "detected",
    "block": "mitigated",
    "captcha": "mitigated",
    "challenge": "mitigated",
    "excluded_as_count": "detected",
}
"""Verdict of each action, casefolded. A request that is allowed but was counted by some rule is detected."""

_SEVERITIES = {"mitigated": "medium", "detected": "low", "benign": "info"}
_CATEGORIES = {
    "managed_rule_group": "managed rules",
    "rate_based": "rate limit",
    "group": "custom rules",
    "regular": "custom rules",
}
_DEFAULT = "Default_Action"
# The name stands before the value, as AWS writes it.
_HOST = r'"name"\s*:\s*"(?i:host)"\s*,\s*"value"\s*:\s*"(?P<host>[^"\\]*)"'
_COUNTED = r'"COUNT"|"EXCLUDED_AS_COUNT"'
_MANAGED = r'"AWS[#-]AWSManagedRules'


def _build(c: Columns) -> dict[str, pa.Array]:
    action = folded(c.text("action"))
    groups, others = c.text("ruleGroupList"), c.text("nonTerminatingMatchingRules")
    counted = pc.or_(_holds(groups, _COUNTED), _holds(others, _COUNTED))
    verdict = meaning(c, action, AWS_WAF_VERDICTS, "action", "unknown").fill_null("unknown")
    verdict = pc.if_else(pc.and_(pc.equal(verdict, "benign"), counted), "detected", verdict)
    terminating = c.text("terminatingRuleId")
    default = pc.equal(terminating, _DEFAULT).fill_null(True)
    inner = mapped(groups, _inner_rule)
    of_group = mapped(groups, _counting_rule)
    counting = pc.coalesce(mapped(others, _counting_rule), of_group)
    rule_id = pc.if_else(default, pc.if_else(pc.equal(verdict, "detected"), counting, None), terminating)
    method, uri = c.text("httpRequest.httpMethod"), c.text("httpRequest.uri")
    query = c.text("httpRequest.args")
    asked = pc.coalesce(pc.binary_join_element_wise(uri, query, "?"), uri)
    kind = mapped(folded(c.text("terminatingRuleType")), lambda word: _CATEGORIES.get(word, word))
    own = pc.coalesce(mapped(terminating, _category_of_id), kind)
    managed = pc.and_(pc.is_valid(of_group), _holds(groups, _MANAGED))
    by_default = pc.case_when(
        pc.make_struct(pc.equal(verdict, "mitigated"), pc.and_(pc.equal(verdict, "detected"), managed)),
        "default action",
        "managed rules",
        pc.if_else(pc.equal(verdict, "detected"), "custom rules", "none"),
    )
    category = pc.if_else(default, by_default, own)
    return {
        "time": c.time("timestamp"),
        "event_id": c.text("httpRequest.requestId"),
        "src_ip": c.source("httpRequest.clientIp"),
        "dst_host": pc.utf8_lower(pc.coalesce(c.text("httpRequest.host"), _host(c.text("httpRequest.headers")))),
        "protocol": pc.utf8_lower(c.text("httpRequest.scheme")).fill_null("http"),
        "category": category.fill_null("custom rules"),
        "rule": pc.coalesce(pc.if_else(default, None, inner), rule_id, request_column(method, uri)),
        "rule_id": rule_id,
        "action": action,
        "verdict": verdict,
        "severity": mapped(verdict, _SEVERITIES.get).fill_null("low"),
        "sensor": mapped(c.text("webaclId"), _name_of_acl),
        "detail": joined(method, asked, between=" "),
        "src_country": country(c.text("httpRequest.country")),
    }


def _holds(text: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(text, pattern).fill_null(False)


def _host(headers: pa.Array) -> pa.Array:
    found = pc.struct_field(pc.extract_regex(headers, _HOST), "host")
    return pc.if_else(pc.equal(found, ""), None, found)


def _inner_rule(groups: str) -> str | None:
    """Return the rule of a group that ended the matter."""
    for group in _objects(groups):
        rule = group.get("terminatingRule")
        if isinstance(rule, dict) and isinstance(rule.get("ruleId"), str):
            return str(rule["ruleId"])
    return None


def _counting_rule(text: str) -> str | None:
    """Return the first rule that counted a request: of a web ACL, or of a group in it."""
    for item in _objects(text):
        if item.get("action") == "COUNT" and isinstance(item.get("ruleId"), str):
            return str(item["ruleId"])
        for rule in item.get("nonTerminatingMatchingRules") or []:
            if isinstance(rule, dict) and rule.get("action") == "COUNT" and isinstance(rule.get("ruleId"), str):
                return str(rule["ruleId"])
        for rule in item.get("excludedRules") or []:
            if isinstance(rule, dict) and isinstance(rule.get("ruleId"), str):
                return str(rule["ruleId"])
    return None


def _objects(text: str) -> list[dict[str, Any]]:
    try:
        values = decoded(text)
    except (ValueError, RecursionError):
        return []
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _category_of_id(rule: str) -> str | None:
    """Tell managed groups by their names, for lines without a rule type."""
    return "managed rules" if rule.startswith(("AWS-AWSManagedRules", "AWS#AWSManagedRules")) else None


def _name_of_acl(arn: str) -> str:
    """Return the name of a web ACL from its ARN: ``...:global/webacl/<name>/<id>``."""
    parts = arn.split("/")
    return parts[parts.index("webacl") + 1] if "webacl" in parts[:-1] else arn


AWS_WAF = Format(
    name="aws.waf",
    title="AWS WAF",
    kind="json",
    fields=(
        "timestamp",
        "webaclId",
        "action",
        "terminatingRuleId",
        "terminatingRuleType",
        "ruleGroupList",
        "nonTerminatingMatchingRules",
        "httpRequest.clientIp",
        "httpRequest.country",
        "httpRequest.headers",
        "httpRequest.host",
        "httpRequest.httpMethod",
        "httpRequest.uri",
        "httpRequest.args",
        "httpRequest.scheme",
        "httpRequest.requestId",
    ),
    known_by=(frozenset({"webaclId", "httpRequest.clientIp"}),),
    build=_build,
    clock=("timestamp",),
)
