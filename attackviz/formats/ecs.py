"""Documents in the Elastic Common Schema, as Beats, Elastic Agent and integrations write them.

Fields: https://www.elastic.co/docs/reference/ecs
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import pyarrow as pa
import pyarrow.compute as pc

from .cloudflare import request_column
from .columns import Columns, joined, mapped
from .format import OF_TPOT, Format
from .values import asn, both, country, first, point
from .words import folded

__all__ = ["ECS", "ECS_EXPORT"]

_STOPPED = (
    *("block", "blocked", "deny", "denied", "drop", "dropped", "reject", "rejected", "prevent", "prevented"),
    *("quarantine", "quarantined", "reset", "challenge", "managed_challenge"),
)
_SEEN = ("alert", "alerted", "detect", "detected", "log", "logged", "monitor")
_ACTIONS = {**dict.fromkeys(_STOPPED, "mitigated"), **dict.fromkeys(_SEEN, "detected")}
"""Verdict of words of ``event.action`` that leave no doubt, casefolded; ECS has no list of them."""

_SEVERITY_WORDS = {
    **dict.fromkeys(["info", "informational", "notice", "debug", "unknown", "0"], "info"),
    **dict.fromkeys(["low", "minor"], "low"),
    **dict.fromkeys(["medium", "moderate", "warning"], "medium"),
    **dict.fromkeys(["high", "major", "severe", "error"], "high"),
    **dict.fromkeys(["critical", "very-high", "emergency", "fatal"], "critical"),
}
_PRIORITIES = {"1": "high", "2": "medium", "3": "low", "4": "info"}
_BY_PRIORITY = {"suricata", "snort"}  # their integrations copy a priority, where 1 is the worst
_BROAD = {"network", "host"}
_ATTACKS = ("intrusion_detection", "malware", "threat", "vulnerability")


def _build(c: Columns, within: str = "") -> dict[str, pa.Array | Callable[[], pa.Array]]:
    @cache
    def text(*names: str) -> pa.Array:
        return pc.coalesce(*(c.text(within + name) for name in names))

    def category() -> pa.Array:
        return pc.coalesce(text("rule.category"), mapped(text("event.category"), _telling))

    def rule() -> pa.Array:
        method, path = pc.utf8_upper(text("http.request.method")), text("url.path", "url.original")
        request = pc.if_else(pc.is_valid(path), request_column(method, path), None)
        return pc.coalesce(first(text("rule.name")), request, text("event.action"))

    def verdict() -> pa.Array:
        action, outcome = folded(text("event.action")), text("event.outcome")
        return _verdicts(text("event.kind"), text("event.category"), text("event.type"), action, outcome)

    def detail() -> pa.Array:
        status = c.number(within + "http.response.status_code").cast(pa.string())
        path = text("url.original", "url.path")
        request = joined(pc.utf8_upper(text("http.request.method")), path, status, between=" ")
        return pc.coalesce(request, text("message"))

    return {
        "time": lambda: c.time(within + "@timestamp"),
        "event_id": lambda: pc.coalesce(text("event.id"), c.text("_id")) if within else text("event.id"),
        "src_ip": lambda: c.source(within + "source.ip"),
        "src_port": lambda: c.port(within + "source.port"),
        "dst_ip": lambda: c.address(within + "destination.ip"),
        "dst_port": lambda: c.port(within + "destination.port"),
        "dst_host": lambda: pc.utf8_lower(text("destination.domain", "url.domain", "host.name")),
        "protocol": lambda: pc.utf8_lower(text("network.protocol", "network.application", "network.transport")),
        "category": category,
        "rule": rule,
        "rule_id": lambda: text("rule.id"),
        "action": lambda: folded(text("event.action")),
        "verdict": verdict,
        "severity": lambda: _severities(c, within),
        "bytes": lambda: _bytes(c, within),
        "sensor": lambda: first(text("observer.name", "observer.hostname", "host.name", "agent.name")),
        "detail": detail,
        **_places(c, within),
        "direction": lambda: _direction(text("network.direction")),
    }


def _telling(text: str) -> str | None:
    """Return the category that says most, whatever the order: intrusion_detection rather than network."""
    words = sorted(word for word in text.strip("[]").replace('"', "").replace(" ", "").split(",") if word)
    attacks = (word for word in _ATTACKS if word in words)
    return next(attacks, next((word for word in words if word not in _BROAD), words[0] if words else None))


def _has(text: pa.Array, word: str) -> pa.Array:
    return pc.match_substring_regex(text, rf'(?:^|[\[", ]){word}(?:$|[\]", ])').fill_null(False)


def _verdicts(kind: pa.Array, category: pa.Array, of_type: pa.Array, action: pa.Array, outcome: pa.Array) -> pa.Array:
    """Judge by what was done; else an alert or an attack was seen, and a failed login is one."""
    attack = _has(kind, "alert")
    for word in _ATTACKS:
        attack = pc.or_(attack, _has(category, word))
    login = _has(category, "authentication")
    denied, allowed = _has(of_type, "denied"), _has(of_type, "allowed")
    failed, succeeded = (pc.equal(outcome, word).fill_null(False) for word in ("failure", "success"))
    return pc.coalesce(
        mapped(action, _ACTIONS.get),
        pc.if_else(denied, "mitigated", None),
        pc.if_else(pc.or_(attack, pc.and_(login, failed)), "detected", None),
        pc.if_else(pc.or_(allowed, pc.and_(login, succeeded)), "benign", None),
    ).fill_null("unknown")


def _severities(c: Columns, within: str) -> pa.Array:
    """Rank by words, else by the scale of the product that gave the number.

    ECS leaves the scale to the source. Suricata's and Snort's priorities run
    from 1, the worst; numbers to 10 are read as in CEF (9 is the worst), larger
    ones as Elastic's risk scores (to 21 low, to 47 medium, to 73 high).
    """
    written = folded(pc.coalesce(c.text(within + "event.severity"), c.text(within + "log.level")))
    words = mapped(written, _SEVERITY_WORDS.get)
    by_priority = pc.is_in(pc.utf8_lower(c.text(within + "event.module")), pa.array(sorted(_BY_PRIORITY)))
    scale = pc.if_else(by_priority, mapped(written, _PRIORITIES.get), mapped(written, _ranked))
    return pc.coalesce(words, scale)


def _ranked(text: str) -> str | None:
    try:
        number = float(text)
    except ValueError:
        return None
    low, medium, high = (3, 6, 8) if number <= 10 else (21, 47, 73)
    return (
        "info" if number <= 0
        else "low" if number <= low
        else "medium" if number <= medium
        else "high" if number <= high
        else "critical"
    )  # fmt: skip


def _bytes(c: Columns, within: str) -> pa.Array:
    sent, got = (c.number(f"{within}{end}.bytes") for end in ("source", "destination"))
    return pc.coalesce(c.number(within + "network.bytes"), both(sent, got))


def _direction(written: pa.Array) -> pa.Array:
    words = {"inbound": "inbound", "ingress": "inbound", "outbound": "outbound", "egress": "outbound"}
    return mapped(written, lambda word: words.get(word, word if word in ("internal", "external") else None))


def _places(c: Columns, within: str) -> dict[str, Callable[[], pa.Array]]:
    def at(end: str, field: str) -> str:
        return f"{within}{end}.geo.{field}"

    @cache
    def where(end: str, name: str) -> dict[str, pa.Array]:
        return point(c, at(end, "location.lat"), at(end, "location.lon"), name)

    return {
        "src_country": lambda: country(c.text(at("source", "country_iso_code"))),
        "src_region": lambda: c.text(at("source", "region_name")),
        "src_city": lambda: c.text(at("source", "city_name")),
        "src_asn": lambda: asn(c, f"{within}source.as.number"),
        "src_org": lambda: c.text(f"{within}source.as.organization.name"),
        "src_lat": lambda: where("source", "src")["src_lat"],
        "src_lon": lambda: where("source", "src")["src_lon"],
        "dst_country": lambda: country(c.text(at("destination", "country_iso_code"))),
        "dst_lat": lambda: where("destination", "dst")["dst_lat"],
        "dst_lon": lambda: where("destination", "dst")["dst_lon"],
        "dst_name": lambda: c.text(at("destination", "name")),
    }


_FIELDS = (
    "@timestamp",
    "event.id",
    "event.kind",
    "event.category",
    "event.type",
    "event.action",
    "event.outcome",
    "event.severity",
    "event.module",
    "log.level",
    "message",
    "source.ip",
    "source.port",
    "source.bytes",
    "source.geo.country_iso_code",
    "source.geo.region_name",
    "source.geo.city_name",
    "source.geo.location.lat",
    "source.geo.location.lon",
    "source.as.number",
    "source.as.organization.name",
    "destination.ip",
    "destination.port",
    "destination.bytes",
    "destination.domain",
    "destination.geo.country_iso_code",
    "destination.geo.location.lat",
    "destination.geo.location.lon",
    "destination.geo.name",
    "network.protocol",
    "network.application",
    "network.transport",
    "network.bytes",
    "network.direction",
    "rule.category",
    "rule.id",
    "rule.name",
    "observer.name",
    "observer.hostname",
    "host.name",
    "agent.name",
    "http.request.method",
    "http.response.status_code",
    "url.domain",
    "url.original",
    "url.path",
)
_KNOWN_BY = (frozenset({"@timestamp", "source.ip"}),)
_FOREIGN = OF_TPOT | {"attackviz"}

ECS = Format(
    name="ecs",
    title="Elastic Common Schema",
    kind="json",
    fields=_FIELDS,
    known_by=_KNOWN_BY,
    build=_build,
    clock=("@timestamp",),
    dotted=True,
    foreign=_FOREIGN,
    plain=(
        *(("src_ip", "source.ip"), ("src_port", "source.port"), ("src_country", "source.geo.country_iso_code")),
        *(("src_asn", "source.as.number"), ("src_org", "source.as.organization.name")),
        *(("dst_ip", "destination.ip"), ("dst_port", "destination.port"), ("rule_id", "rule.id")),
    ),
    sets=("event.kind", "event.category", "event.type"),
)

ECS_EXPORT = Format(
    name="ecs.export",
    title="Elastic Common Schema as Elasticsearch exports it",
    kind="json",
    fields=("_id", *(f"_source.{name}" for name in _FIELDS)),
    known_by=(
        frozenset({"_source.@timestamp", "_source.source.ip"}),
        frozenset({"_source.@timestamp", "_source.source", "_source.event"}),
        frozenset({"_source.@timestamp", "_source.source", "_source.ecs"}),
    ),
    build=partial(_build, within="_source."),
    clock=("_source.@timestamp",),
    foreign=frozenset(f"_source.{key}" for key in _FOREIGN),
)
