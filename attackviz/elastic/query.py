"""From a window, filters and a user's own query to what Elasticsearch is asked.

The cluster is asked for no less than what is wanted: a condition becomes part
of the question only where every event that meets it is sure to be found so.
What comes back is tried by the conditions themselves.

Query DSL: https://www.elastic.co/docs/explore-analyze/query-filter/languages/querydsl
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv6Network, ip_address, ip_network
from itertools import product
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..filters import FIELDS, Condition, Filters
from ..window import Window

if TYPE_CHECKING:
    from .documents import Documents

__all__ = ["Query", "all_of", "between", "conditions", "exactly", "own_query", "within", "without"]

Query = dict[str, Any]

_COLUMNS = {"address": "src_ip", "port": "dst_port", "network": "src_asn", "country": "src_country"}
"""Fields of the player that are a column as it is."""

_WORDS = {"category", "verdict", "severity"}  # where what is not known is called so
_MOST = 10_000  # terms of one condition; a cluster takes 65,536
_V4_IN_V6 = IPv6Network("::ffff:0:0/96")
_HINT = 'write text such as "source.port:22", or the JSON of a query such as {"term": {"source.port": 22}}'


def own_query(given: str | Mapping[str, Any] | None) -> Query | None:
    """Return a user's own query as one of the conditions.

    Parameters
    ----------
    given : str, mapping or None
        The query language of Elasticsearch as data or JSON (with or without
        ``{"query": ...}`` around it), or a text as for Kibana's Lucene search.

    Returns
    -------
    dict or None

    Raises
    ------
    UsageError
        If it is neither.

    Examples
    --------
    >>> own_query("source.port:22")
    {'query_string': {'query': 'source.port:22'}}
    >>> own_query('{"query": {"term": {"source.port": 22}}}')
    {'term': {'source.port': 22}}
    """
    if given is None:
        return None
    if isinstance(given, str):
        text = given.strip()
        if not text:
            return None
        if not text.startswith("{"):
            return {"query_string": {"query": text}}
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            raise UsageError("the query looks like JSON and is none", hint=_HINT) from None
    if not isinstance(given, Mapping):
        raise UsageError("the query is neither text nor an object", hint=_HINT)
    inner = given.get("query", given) if len(given) == 1 else given
    if not isinstance(inner, Mapping) or len(inner) != 1 or not isinstance(next(iter(inner.values())), Mapping):
        kinds = ", ".join(repr(str(key)) for key in list(given)[:5])
        raise UsageError(f"the query has {kinds or 'nothing'} where one kind of query stands", hint=_HINT)
    return dict(inner)


def all_of(parts: Sequence[Query | None]) -> Query:
    """Return the query for what meets all of some.

    Examples
    --------
    >>> all_of([None, {"term": {"a": 1}}])
    {'bool': {'filter': [{'term': {'a': 1}}]}}
    >>> all_of([])
    {'match_all': {}}
    """
    met = [part for part in parts if part]
    return {"bool": {"filter": met}} if met else {"match_all": {}}


def within(time: str, window: Window) -> Query:
    """Return the query for the milliseconds that a window touches.

    A field of type ``date`` keeps no more than milliseconds, so what is asked
    for begins and ends at whole ones; the rest is for whoever reads the times.

    Parameters
    ----------
    time : str
        The field.
    window : Window

    Examples
    --------
    >>> within("t", Window.parse("1970-01-01T00:00:00.0015Z/1970-01-01T00:00:00.0025Z"))
    {'range': {'t': {'gte': 1, 'lt': 3, 'format': 'epoch_millis'}}}
    """
    return between(time, window.start_us // 1000, -(-window.end_us // 1000))


def between(time: str, start: int, end: int) -> Query:
    """Return the query for a span of milliseconds since the epoch, its end not included."""
    return {"range": {time: {"gte": start, "lt": end, "format": "epoch_millis"}}}


def without(time: str) -> Query:
    """Return the query for documents without a time."""
    return {"bool": {"must_not": [{"exists": {"field": time}}]}}


def conditions(filters: Filters, documents: Documents) -> Iterator[Query]:
    """Return queries that find at least what meets the filters.

    Parameters
    ----------
    filters : Filters
    documents : Documents
        Say which columns are a field as it is.

    Yields
    ------
    dict
        To be met all.
    """
    for one in filters.conditions:
        asked = _asked(one, documents)
        if asked is not None:
            yield asked


def exactly(filters: Filters, documents: Documents) -> bool:
    """Return whether `conditions` find what meets the filters and nothing else, but for lists in documents.

    Parameters
    ----------
    filters : Filters
    documents : Documents
    """
    return all(_asked(one, documents) is not None and _is_exact(one) for one in filters.conditions)


def _is_exact(one: Condition) -> bool:
    if one.op == "cidr":
        return not any(ip_network(text).overlaps(_V4_IN_V6) for text in one.values if ":" in text)
    # Countries are asked for in either case, and 0 is no number to the player.
    return one.field not in ("country", "src_country", "dst_country") and (one.op == "in" or one.field not in FIELDS)


def _asked(one: Condition, documents: Documents) -> Query | None:
    if one.field in FIELDS and one.field not in (*_COLUMNS, *_WORDS):
        return None  # made of several columns
    field = documents.exact(_COLUMNS.get(one.field, one.field))
    if field is None:
        return None
    name, kind = field.terms, field.kind
    if one.op == "cidr" and kind == "ip":
        return {"terms": {name: list(one.values)}} if len(one.values) <= _MOST else None
    if one.op == "range" and kind == "number":
        limits = {key: limit for key, limit in zip(("gte", "lte"), one.values, strict=True) if limit is not None}
        return {"range": {name: limits}}
    if one.op != "in" or None in one.values or len(one.values) > _MOST:
        return None
    if one.field in _WORDS and "unknown" in one.values:
        return None
    if kind == "number":
        return {"terms": {name: list(one.values)}} if all(map(_is_whole, one.values)) else None
    texts = [value for value in one.values if isinstance(value, str) and _fits(value, field.limit)]
    # A list in a document is one value to us, and several to the cluster.
    if len(texts) < len(one.values) or any(text.startswith(("[", "{")) for text in texts):
        return None
    if kind == "ip":
        # A document may hold what is no address, and the cluster refuses to look for it.
        return {"terms": {name: texts}} if all(map(_is_address, texts)) else None
    if one.field in ("country", "src_country", "dst_country"):
        return {"terms": {name: sorted(set().union(*map(_cases, texts)))}}
    return {"terms": {name: texts}} if kind == "keyword" else None


def _fits(text: str, limit: int) -> bool:
    """Whether a text is found by a field of a limit, which Java counts: there a character may be two."""
    try:
        return len(text.encode("utf-16-le")) // 2 <= limit
    except UnicodeEncodeError:
        return False  # half a character, which no request can hold


def _cases(text: str) -> set[str]:
    return {"".join(letters) for letters in product(*({each.upper(), each.lower()} for each in text[:2]))}


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text
