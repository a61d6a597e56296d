"""Cloudflare Logpush: ``http_requests`` and ``firewall_events``, as JSON and as csv.

Fields: developers.cloudflare.com/logs, "HTTP requests" and "Firewall events";
the names of before August 2023 in its change notice of 2023-02-01; csv, its
delimiters and wrappers in "Log output options". Where only a share of the
requests is logged, Instant Logs say so in ``sampleInterval`` (one of n). A
``sample_rate`` set for a Logpush job stands in no line, unless a template puts it
there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import pyarrow as pa
import pyarrow.compute as pc

from .cloudflare_words import SHADY, VERDICT_OF, kind_of_pathing, kind_of_source, verdict_of_pathing
from .columns import Columns, joined, mapped
from .format import Format
from .honeypot import request_rule
from .values import both, country, listed, sampled
from .words import meaning

__all__ = [
    "FIREWALL_EVENTS",
    "FIREWALL_EVENTS_CSV",
    "HTTP_REQUESTS",
    "HTTP_REQUESTS_CSV",
    "action_column",
    "count_column",
    "pathing_column",
    "request_column",
    "severity_column",
    "shady_column",
    "verdict_column",
]

# What is counted in the account (times, sources, verdicts, counts) is made at once; the rest when it is wanted.
Built = dict[str, "pa.Array | Callable[[], pa.Array]"]

_VARIABLE = re.compile(r"/(?=[^/]*\d)[^/]{8,}(?=/|$)|/\d+(?=/|$)")
_NOTHING = ("", "unknown", "none", "0")
_EVERY = ("SampleInterval", "sampleInterval")
_SHARE = ("SampleRate", "sample_rate")


def _http_requests(c: Columns, lists: Callable[[Columns, str], pa.Array] = Columns.lists) -> Built:
    said = cache(lambda: _action_said(c, lists))
    action = cache(lambda: action_column(said()))
    pathing = cache(lambda: pathing_column(c, "EdgePathing"))
    scores = cache(lambda: _scores(c))
    attacked = cache(lambda: pc.less_equal(scores()[0], 50).fill_null(False))
    verdict = cache(lambda: verdict_column(c, action(), pathing(), _suspicious(c, attacked(), scores()[1])))
    limit = cache(lambda: pc.if_else(pc.greater(c.number("EdgeRateLimitID"), 0), c.text("EdgeRateLimitID"), None))
    rule_id = cache(
        lambda: pc.coalesce(
            c.text("SecurityRuleID"),
            c.text("WAFRuleID"),
            _last(pc.coalesce(lists(c, "SecurityRuleIDs"), lists(c, "FirewallMatchesRuleIDs"))),
            limit(),
        )
    )

    def category() -> pa.Array:
        source = _last(pc.coalesce(lists(c, "SecuritySources"), lists(c, "FirewallMatchesSources")))
        limited = pc.or_(pc.is_valid(limit()), pc.is_valid(_said(c.text("EdgeRateLimitAction"))))
        return pc.coalesce(
            mapped(source, kind_of_source),
            mapped(pathing(), kind_of_pathing),
            pc.if_else(limited, "rate limit", None),
            pc.if_else(pc.and_(pc.is_valid(rule_id()), pc.is_valid(action())), "managed rules", None),
            pc.if_else(attacked(), "attack score", None),
            pc.if_else(scores()[1], "bot", None),
        ).fill_null("none")

    def rule() -> pa.Array:
        uri = pc.coalesce(c.text("ClientRequestPath"), c.text("ClientRequestURI"))
        asked = request_column(c.text("ClientRequestMethod"), uri)
        return pc.coalesce(c.text("SecurityRuleDescription"), c.text("WAFRuleMessage"), asked)

    return {
        "time": c.time("EdgeStartTimestamp", otherwise="EdgeEndTimestamp"),
        "event_id": lambda: joined(c.text("RayID"), rule_id(), between="/"),
        "src_ip": c.source("ClientIP"),
        "src_port": lambda: c.port("ClientSrcPort"),
        "dst_host": lambda: pc.utf8_lower(c.text("ClientRequestHost")),
        "protocol": lambda: pc.utf8_lower(c.text("ClientRequestScheme")).fill_null("http"),
        "category": category,
        "rule": rule,
        "rule_id": rule_id,
        "action": action,
        "verdict": verdict(),
        "severity": lambda: severity_column(verdict(), scores()[0]),
        "bytes": lambda: both(c.number("ClientRequestBytes"), c.number("EdgeResponseBytes")),
        **count_column(c),
        "sensor": lambda: pc.utf8_upper(c.text("EdgeColoCode")),
        "detail": lambda: _detail(c, pc.coalesce(c.text("ClientRequestURI"), c.text("ClientRequestPath"))),
        "src_country": lambda: country(c.text("ClientCountry")),
    }


def _action_said(c: Columns, lists: Callable[[Columns, str], pa.Array]) -> pa.Array:
    return pc.coalesce(
        *(_said(c.text(path)) for path in ("SecurityAction", "WAFAction")),
        # Of rules that end nothing (log, skip), and of custom rules before 2023, only the lists tell.
        *(_said(_last(lists(c, path))) for path in ("SecurityActions", "FirewallMatchesActions")),
        _said(c.text("EdgeRateLimitAction")),
    )


def pathing_column(c: Columns, before: str) -> pa.Array:
    """Return a request's way through the edge as ``source.operation.status``.

    Parameters
    ----------
    c : Columns
    before : str
        What the names of the three fields begin with.
    """
    parts = (c.text(before + part).fill_null("") for part in ("Src", "Op", "Status"))
    return pc.binary_join_element_wise(*parts, ".")


def _suspicious(c: Columns, attacked: pa.Array, bot: pa.Array) -> pa.Array:
    return pc.or_(pc.or_(attacked, bot), shady_column(c.text("ClientIPClass")))


def shady_column(kind: pa.Array) -> pa.Array:
    """Return whether the class of a client's address speaks against it."""
    return pc.is_in(pc.utf8_lower(kind), pa.array(sorted(SHADY)))


def _firewall_events(c: Columns) -> Built:
    action = cache(lambda: action_column(c.text("Action")))
    nothing = pa.nulls(c.length, pa.string())
    verdict = cache(lambda: verdict_column(c, action(), nothing, pa.repeat(False, c.length)))

    def detail() -> pa.Array:
        path, query = c.text("ClientRequestPath"), c.text("ClientRequestQuery")
        return _detail(c, pc.coalesce(pc.binary_join_element_wise(path, _marked(query), ""), path))

    return {
        "time": c.time("Datetime"),
        "event_id": lambda: joined(c.text("RayID"), c.text("RuleID"), c.text("MatchIndex"), between="/"),
        "src_ip": c.source("ClientIP"),
        "dst_host": lambda: pc.utf8_lower(c.text("ClientRequestHost")),
        "protocol": lambda: pc.utf8_lower(c.text("ClientRequestScheme")).fill_null("http"),
        "category": lambda: mapped(c.text("Source"), kind_of_source).fill_null("none"),
        "rule": lambda: pc.coalesce(
            c.text("Description"), request_column(c.text("ClientRequestMethod"), c.text("ClientRequestPath"))
        ),
        "rule_id": lambda: c.text("RuleID"),
        "action": action,
        "verdict": verdict(),
        "severity": lambda: severity_column(verdict(), pa.nulls(c.length, pa.int64())),
        **count_column(c),
        "sensor": lambda: pc.utf8_upper(c.text("EdgeColoCode")),
        "detail": detail,
        "src_country": lambda: country(c.text("ClientCountry")),
    }


def count_column(c: Columns) -> dict[str, pa.Array]:
    """Return the column ``count`` of logs that hold only a share of what happened, nothing of others."""
    count = sampled(c, every=_EVERY, share=_SHARE)
    return {} if count is None else {"count": count}


def _said(words: pa.Array) -> pa.Array:
    """Null the words for no action."""
    return mapped(words, lambda word: None if word.casefold() in _NOTHING else word)


def action_column(written: pa.Array) -> pa.Array:
    """Return actions casefolded; null where nothing was done.

    Parameters
    ----------
    written : pyarrow.Array of string
        As the log wrote them.
    """
    return mapped(written, lambda word: None if word.casefold() in _NOTHING else word.casefold())


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
    by_action = meaning(c, action, VERDICT_OF, "action", "unknown")
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
        "ClientCountry",
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
        "EdgeRateLimitAction",
        "EdgeRateLimitID",
        "EdgeResponseBytes",
        "EdgeResponseStatus",
        "EdgeStartTimestamp",
        "FirewallMatchesActions",
        "FirewallMatchesRuleIDs",
        "FirewallMatchesSources",
        "RayID",
        "SecurityAction",
        "SecurityActions",
        "SecurityRuleDescription",
        "SecurityRuleID",
        "SecurityRuleIDs",
        "SecuritySources",
        "WAFAction",
        "WAFAttackScore",
        "WAFRuleID",
        "WAFRuleMessage",
        *_EVERY,
        *_SHARE,
    ),
    known_by=(frozenset({"ClientIP", "EdgeStartTimestamp"}), frozenset({"ClientIP", "EdgeEndTimestamp"})),
    build=_http_requests,
    clock=("EdgeStartTimestamp", "EdgeEndTimestamp"),
)

FIREWALL_EVENTS = Format(
    name="cloudflare.firewall_events",
    title="Cloudflare firewall_events",
    kind="json",
    fields=(
        "Action",
        "ClientCountry",
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
        *_EVERY,
        *_SHARE,
    ),
    known_by=(frozenset({"Action", "ClientIP", "Datetime"}), frozenset({"Action", "Source", "RayID"})),
    build=_firewall_events,
    clock=("Datetime",),
)

HTTP_REQUESTS_CSV = replace(
    HTTP_REQUESTS,
    name="cloudflare.http_requests.csv",
    title="Cloudflare http_requests, csv",
    kind="csv",
    delimiter="",
    build=partial(_http_requests, lists=listed),
)

FIREWALL_EVENTS_CSV = replace(
    FIREWALL_EVENTS,
    name="cloudflare.firewall_events.csv",
    title="Cloudflare firewall_events, csv",
    kind="csv",
    delimiter="",
)
