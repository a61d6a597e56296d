"""Cloudflare Logpush: ``http_requests`` and ``firewall_events``."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from .cloudflare_words import VERDICT_OF, kind_of_pathing, kind_of_source, verdict_of_pathing
from .columns import Columns, joined, mapped
from .format import Format
from .honeypot import request_rule

__all__ = ["FIREWALL_EVENTS", "HTTP_REQUESTS", "action_column", "request_column", "severity_column", "verdict_column"]

_VARIABLE = re.compile(r"/(?=[^/]*\d)[^/]{8,}(?=/|$)|/\d+(?=/|$)")
_SUSPICIOUS_CLASSES = pa.array(["badhost", "tor", "scan"])


def _http_requests(c: Columns) -> dict[str, pa.Array]:
    action = action_column(c, pc.coalesce(c.text("SecurityAction"), c.text("WAFAction")))
    pathing = pc.binary_join_element_wise(
        *(c.text(f"EdgePathing{part}").fill_null("") for part in ("Src", "Op", "Status")), "."
    )
    attack, bot = _scores(c)
    shady = pc.is_in(pc.utf8_lower(c.text("ClientIPClass")), _SUSPICIOUS_CLASSES)
    suspicious = pc.or_(pc.or_(pc.less_equal(attack, 50).fill_null(False), bot), shady)
    verdict = verdict_column(c, action, pathing, suspicious)
    source = _last(pc.coalesce(c.lists("SecuritySources"), c.lists("FirewallMatchesSources")))
    rule_id = pc.coalesce(
        c.text("SecurityRuleID"),
        c.text("WAFRuleID"),
        _last(pc.coalesce(c.lists("SecurityRuleIDs"), c.lists("FirewallMatchesRuleIDs"))),
    )
    kind = pc.coalesce(
        mapped(source, kind_of_source),
        mapped(pathing, kind_of_pathing),
        pc.if_else(pc.and_(pc.is_valid(rule_id), pc.is_valid(action)), "managed rules", None),
        pc.if_else(pc.less_equal(attack, 50).fill_null(False), "attack score", None),
        pc.if_else(bot, "bot", None),
    ).fill_null("none")
    uri = pc.coalesce(c.text("ClientRequestPath"), c.text("ClientRequestURI"))
    return {
        "time": c.time("EdgeStartTimestamp", otherwise="EdgeEndTimestamp"),
        "event_id": joined(c.text("RayID"), rule_id, between="/"),
        "src_ip": c.source("ClientIP"),
        "src_port": c.port("ClientSrcPort"),
        "dst_host": pc.utf8_lower(c.text("ClientRequestHost")),
        "protocol": pc.utf8_lower(c.text("ClientRequestScheme")).fill_null("http"),
        "category": kind,
        "rule": pc.coalesce(
            c.text("SecurityRuleDescription"),
            c.text("WAFRuleMessage"),
            request_column(c.text("ClientRequestMethod"), uri),
        ),
        "rule_id": rule_id,
        "action": action,
        "verdict": verdict,
        "severity": severity_column(verdict, attack),
        "bytes": _sum(c.number("ClientRequestBytes"), c.number("EdgeResponseBytes")),
        "sensor": pc.utf8_upper(c.text("EdgeColoCode")),
        "detail": _detail(c, pc.coalesce(c.text("ClientRequestURI"), c.text("ClientRequestPath"))),
    }


def _firewall_events(c: Columns) -> dict[str, pa.Array]:
    action = action_column(c, c.text("Action"))
    verdict = verdict_column(c, action, pa.nulls(c.length, pa.string()), pa.repeat(False, c.length))
    query = c.text("ClientRequestQuery")
    path = c.text("ClientRequestPath")
    rule_id = c.text("RuleID")
    nobody = pa.nulls(c.length, pa.int64())
    return {
        "time": c.time("Datetime"),
        "event_id": joined(c.text("RayID"), rule_id, c.text("MatchIndex"), between="/"),
        "src_ip": c.source("ClientIP"),
        "dst_host": pc.utf8_lower(c.text("ClientRequestHost")),
        "protocol": pc.utf8_lower(c.text("ClientRequestScheme")).fill_null("http"),
        "category": mapped(c.text("Source"), kind_of_source).fill_null("none"),
        "rule": pc.coalesce(c.text("Description"), request_column(c.text("ClientRequestMethod"), path)),
        "rule_id": rule_id,
        "action": action,
        "verdict": verdict,
        "severity": severity_column(verdict, nobody),
        "sensor": pc.utf8_upper(c.text("EdgeColoCode")),
        "detail": _detail(c, pc.coalesce(pc.binary_join_element_wise(path, _marked(query), ""), path)),
    }


def action_column(c: Columns, written: pa.Array) -> pa.Array:
    """Return actions casefolded; null where nothing was done.

    Parameters
    ----------
    c : Columns
        Its account is told of words that are in no table.
    written : pyarrow.Array of string
        As the log wrote them.
    """
    folded = mapped(written, lambda word: None if word.casefold() in ("", "unknown", "none", "0") else word.casefold())
    strange = mapped(folded, lambda word: None if word in VERDICT_OF else word)
    c.flag("unknown action", pc.is_valid(strange))
    return folded


def verdict_column(c: Columns, action: pa.Array, pathing: pa.Array, suspicious: pa.Array) -> pa.Array:
    """Judge each request: by its action, else by its way through the edge, else by its scores.

    Parameters
    ----------
    c : Columns
    action : pyarrow.Array of string
        As from `action_column`.
    pathing : pyarrow.Array of string
        ``source.operation.status``.
    suspicious : pyarrow.Array of bool
        Whether a score or the client's class speaks against it.
    """
    by_action = mapped(action, lambda word: VERDICT_OF.get(word, "unknown"))
    by_score = pc.if_else(suspicious, "suspicious", "benign")
    return pc.coalesce(by_action, mapped(pathing, verdict_of_pathing), by_score)


def severity_column(verdict: pa.Array, attack: pa.Array) -> pa.Array:
    """Rank each request by its verdict and attack score (1 is certainly an attack)."""
    ranked = mapped(verdict, {"mitigated": "medium", "detected": "low", "suspicious": "low", "benign": "info"}.get)
    attacks = pc.less_equal(attack, 20).fill_null(False)
    likely = pc.less_equal(attack, 50).fill_null(False)
    return pc.if_else(attacks, "high", pc.if_else(likely, "medium", ranked))


def _scores(c: Columns) -> tuple[pa.Array, pa.Array]:
    """Return attack scores (null where not scored) and whether a bot is likely."""
    attack, bot = c.number("WAFAttackScore"), c.number("BotScore")
    scored = pc.and_(pc.greater(attack, 0), pc.less(attack, 100))
    automated = pc.and_(pc.greater(bot, 0), pc.less(bot, 30)).fill_null(False)
    return pc.if_else(scored, attack, None), automated


def _last(lists: pa.Array) -> pa.Array:
    """Return the last string of each list: the rule that ended the matter."""
    offsets, values = lists.offsets, lists.values
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    last = pc.if_else(pc.greater(lengths, 0), pc.subtract(offsets[1:], 1), None)
    taken = values.take(last)
    return pc.if_else(pc.equal(taken, ""), None, taken)


def request_column(method: pa.Array, path: pa.Array) -> pa.Array:
    """Say what was asked for, with ids in the path left out."""
    path = pc.replace_substring_regex(path, r"[?#].*", "")
    line = joined(method, path, between=" ")

    def shorten(text: str) -> str | None:
        verb, _, rest = text.partition(" ")
        return request_rule(verb, _VARIABLE.sub("/*", rest)) if rest else verb or None

    return mapped(line, shorten)


def _sum(first: pa.Array, second: pa.Array) -> pa.Array:
    known = pc.or_(pc.is_valid(first), pc.is_valid(second))
    return pc.if_else(known, pc.add(first.fill_null(0), second.fill_null(0)), None)


def _marked(query: pa.Array) -> pa.Array:
    return pc.if_else(pc.starts_with(query, "?"), query, pc.binary_join_element_wise("?", query, ""))


def _detail(c: Columns, uri: pa.Array) -> pa.Array:
    status = c.number("EdgeResponseStatus").cast(pa.string())
    return joined(c.text("ClientRequestMethod"), uri, status, between=" ")


HTTP_REQUESTS = Format(
    name="cloudflare.http_requests",
    title="Cloudflare http_requests",
    kind="json",
    fields=(
        "BotScore",
        "ClientIP",
        "ClientIPClass",
        "ClientRequestBytes",
        "ClientRequestHost",
        "ClientRequestMethod",
        "ClientRequestPath",
        "ClientRequestScheme",
        "ClientRequestURI",
        "ClientSrcPort",
        "EdgeColoCode",
        "EdgeEndTimestamp",
        "EdgePathingOp",
        "EdgePathingSrc",
        "EdgePathingStatus",
        "EdgeResponseBytes",
        "EdgeResponseStatus",
        "EdgeStartTimestamp",
        "FirewallMatchesRuleIDs",
        "FirewallMatchesSources",
        "RayID",
        "SecurityAction",
        "SecurityRuleDescription",
        "SecurityRuleID",
        "SecurityRuleIDs",
        "SecuritySources",
        "WAFAction",
        "WAFAttackScore",
        "WAFRuleID",
        "WAFRuleMessage",
    ),
    known_by=(frozenset({"ClientIP", "EdgeStartTimestamp"}), frozenset({"ClientIP", "EdgeEndTimestamp"})),
    build=_http_requests,
)

FIREWALL_EVENTS = Format(
    name="cloudflare.firewall_events",
    title="Cloudflare firewall_events",
    kind="json",
    fields=(
        "Action",
        "ClientIP",
        "ClientRequestHost",
        "ClientRequestMethod",
        "ClientRequestPath",
        "ClientRequestQuery",
        "ClientRequestScheme",
        "Datetime",
        "Description",
        "EdgeColoCode",
        "EdgeResponseStatus",
        "MatchIndex",
        "RayID",
        "RuleID",
        "Source",
    ),
    known_by=(frozenset({"Action", "ClientIP", "Datetime"}), frozenset({"Action", "Source", "RayID"})),
    build=_firewall_events,
)
