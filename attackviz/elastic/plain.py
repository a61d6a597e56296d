"""Whatever a cluster or the way to it answers, in one plain sentence with what to do."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ..errors import ElasticError

__all__ = ["PASSING", "explain", "no_answer", "not_elastic", "partial", "reason"]

PASSING = frozenset({429, 502, 503, 504})
"""The answers after which the same request may succeed."""

_GONE = ("context", "the point in time is gone", "read that slice again")
_SHARDS = (
    "shards",
    "some shards of {index} are not available (the cluster is red)",
    "see GET /_cluster/allocation/explain, and try again when they are back",
)

# Type of the error -> code, what it means, what to do. `{index}` is the index it is about.
_TYPES: dict[str, tuple[str, str, str]] = {
    "index_not_found_exception": ("index", "there is no index {index}", "check its name; GET /_cat/indices lists all"),
    "index_closed_exception": ("closed", "the index {index} is closed", "open it: POST /{index}/_open"),
    "search_context_missing_exception": _GONE,
    "search_context_missing_nodes_exception": _GONE,
    "no_shard_available_action_exception": _SHARDS,
    "unavailable_shards_exception": _SHARDS,
    "master_not_discovered_exception": ("unavailable", "the cluster has no master", "start enough of its nodes"),
    "circuit_breaking_exception": ("busy", "the cluster's memory is full", "ask for less at once, or try again later"),
    "es_rejected_execution_exception": ("busy", "the cluster has too much to do", "try again later"),
    "too_many_buckets_exception": ("buckets", "the answer has too many buckets", "ask for a shorter window"),
    "query_shard_exception": ("query", "the query is not understood: {reason}", "check the query"),
    "parsing_exception": ("query", "the query is not understood: {reason}", "check the query"),
    "x_content_parse_exception": ("query", "the query is not understood: {reason}", "check the query"),
    "named_object_not_found_exception": ("query", "the query is not understood: {reason}", "check the query"),
    "version_conflict_engine_exception": ("conflict", "the document was changed by others", "do it again"),
    "document_missing_exception": ("missing", "there is no such document", "index it first"),
    "resource_already_exists_exception": ("exists", "it is there already: {index}", "choose another name"),
    "invalid_index_name_exception": ("index", "{index} cannot be the name of an index", "use small letters"),
    "media_type_header_exception": ("product", "it is too old a server", "attackviz talks to Elasticsearch 8 and 9"),
    "strict_dynamic_mapping_exception": (
        "mapping",
        "the mapping of {index} takes no new fields: {reason}",
        "add them to it, or set dynamic to true",
    ),
    "document_parsing_exception": (
        "document",
        "a document does not fit the mapping: {reason}",
        "mend it, or the mapping",
    ),
    "mapper_parsing_exception": (
        "document",
        "a document does not fit the mapping: {reason}",
        "mend it, or the mapping",
    ),
}

# A part of the reason, where the type says too little.
_REASONS: list[tuple[str, tuple[str, str, str]]] = [
    (r"missing shards", _SHARDS),
    (
        r"disk usage exceeded flood-stage watermark|FORBIDDEN/12/",
        (
            "disk",
            "the disk of the cluster is full: its watermark made {index} read-only",
            "free space; the block goes by itself, or with index.blocks.read_only_allow_delete: null",
        ),
    ),
    (
        r"FORBIDDEN/(?:5|13)/",
        (
            "readonly",
            "the index {index} is read-only",
            "lift it: PUT /{index}/_settings with index.blocks.read_only: null",
        ),
    ),
    (
        r"FORBIDDEN/8/|index read-only|index write",
        ("readonly", "the index {index} is read-only", "lift it: PUT /{index}/_settings with index.blocks.write: null"),
    ),
    (
        r"Text fields are not optimised|Fielddata is disabled",
        ("text", "a field is text without a keyword to count or sort by: {reason}", "add a keyword sub-field to it"),
    ),
    (
        r"No mapping found for \[",
        ("field", "a field to sort by is not there: {reason}", "check the name of the time field"),
    ),
    (
        r"mapper \[.*\] cannot be changed from type|different type",
        ("mapping", "indices map a field in different ways: {reason}", "ask for indices that agree, or index anew"),
    ),
    (
        r"Expected (?:numeric|date)|not supported for aggregation",
        ("mapping", "a field is mapped in a way that cannot be counted by: {reason}", "map it anew"),
    ),
    (r"Failed to parse query", ("query", "the query is not understood: {reason}", "check the query")),
    (r"failed to create query", ("query", "the query is not understood: {reason}", "check the query")),
]

_STATUSES: dict[int, tuple[str, str, str]] = {
    400: ("refused", "it refuses the request: {reason}", "check index and query"),
    401: ("password", "it does not know who you are", "check ES_API_KEY, or ES_USERNAME and ES_PASSWORD"),
    403: (
        "forbidden",
        "you may not do that there",
        "ask for the index privileges read and view_index_metadata; write to load",
    ),
    404: ("url", "there is nothing at that path", "check the URL, and the path the cluster lies under"),
    405: ("url", "it does not know that request", "check the URL, and that it is Elasticsearch 8 or 9"),
    406: ("product", "it does not speak as Elasticsearch 8 and 9 do", "check the URL and the server's version"),
    408: ("timeout", "it took too long", "ask for less at once, or raise the timeout"),
    413: ("large", "the request is too large for it", "send smaller bodies, or raise http.max_content_length"),
    429: ("busy", "it has too much to do", "try again later"),
    502: ("unavailable", "a proxy before it cannot reach it", "try again when it is up"),
    503: ("unavailable", "it is not available (red, or starting)", "see GET /_cluster/health, and try again later"),
    504: ("timeout", "a proxy before it waited too long", "ask for less at once, or try again later"),
}


def explain(status: int, body: bytes, where: str, index: str = "") -> ElasticError:
    """Return the error for an answer that is none.

    Parameters
    ----------
    status : int
        Of the HTTP answer.
    body : bytes
        What it says: JSON of the server, or whatever a proxy wrote.
    where : str
        The cluster, and what was asked about.
    index : str
        What was asked about, where the answer does not say it.

    Returns
    -------
    ElasticError

    Examples
    --------
    >>> print(explain(401, b"", "localhost:9200"))
    localhost:9200: it does not know who you are; check ES_API_KEY, or ES_USERNAME and ES_PASSWORD
    >>> explain(404, b'{"error":{"type":"index_not_found_exception","index":"a"}}', "host").code
    'index'
    """
    kinds, told, about = _parts(body)
    words = reason(told)
    found = next((given for pattern, given in _REASONS if re.search(pattern, told)), None)
    if found is None:
        found = next((_TYPES[kind] for kind in kinds if kind in _TYPES), None)
    if found is None and status == 400 and any(kind.endswith("parse_exception") for kind in kinds):
        found = _TYPES["parsing_exception"]
    if found is None and status == 503 and "search_phase_execution_exception" in kinds:
        found = _SHARDS  # whatever became of the nodes that had them
    if found is None:
        found = _STATUSES.get(status)
    if found is None and 300 <= status < 400:
        found = ("url", "it sends us elsewhere", "give the URL it really has")
    if found is None:
        found = ("other", f"it answers {status}: {{reason}}", "see the logs of the cluster")
    code, what, hint = found
    names = {"index": about or index or "asked for", "reason": words or "it does not say why"}
    return ElasticError(
        what.format(**names),
        where=where,
        hint=hint.format(**names),
        code=code,
        status=status,
        passing=status in PASSING or code in ("busy", "context", "shards", "unavailable", "disk"),
    )


def reason(text: str) -> str:
    r"""Return the words of a server in at most 200 characters, on one line.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> reason("no such index\n  [a]")
    'no such index [a]'
    """
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _parts(body: bytes) -> tuple[list[str], str, str]:
    """Return the types of an error, the innermost first, its own words, and the index it is about."""
    try:
        error = msgspec.json.decode(body)["error"]
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return [], "", ""
    if isinstance(error, str):
        return [], error, ""
    kinds: list[str] = []
    told: list[str] = []
    about: list[str] = []

    def walk(part: Any, depth: int) -> None:
        if not isinstance(part, dict) or depth > 8:
            return
        for inner in ("caused_by", "failed_shards", "root_cause", "reason"):
            below = part.get(inner)
            for each in below if isinstance(below, list) else [below]:
                walk(each, depth + 1)
        if isinstance(part.get("type"), str):
            kinds.append(part["type"])
            told.append(str(part.get("reason") or ""))
        if isinstance(part.get("index"), str):
            about.append(part["index"])

    walk(error, 0)
    return kinds, next(filter(None, told), ""), next(iter(about), "")


def partial(failed: int, timed_out: bool, where: str, skipped: int = 0) -> ElasticError:
    """Return the error for an answer that holds only a part.

    Parameters
    ----------
    failed : int
        Shards that did not answer.
    timed_out : bool
        Whether the server stopped before the end.
    where : str
    skipped : int
        Remote clusters that did not answer.

    Examples
    --------
    >>> partial(2, False, "host").code
    'partial'
    """
    if failed:
        what = f"{failed:,} shards did not answer"
    elif skipped:
        what = f"{skipped:,} remote clusters did not answer"
    else:
        what = "it stopped before the end, for want of time"
    hint = "nothing of that answer is used; try again"
    return ElasticError(what, where=where, hint=hint, code="partial", status=200, passing=True)


def not_elastic(head: dict[str, Any] | None, where: str) -> ElasticError:
    """Return the error for a server that is not Elasticsearch 8 or 9.

    Parameters
    ----------
    head : dict or None
        What it answers at its root, if that is JSON.
    where : str

    Examples
    --------
    >>> head = {"version": {"distribution": "opensearch", "number": "2.11.0"}}
    >>> print(not_elastic(head, "host"))
    host: it is OpenSearch 2.11.0; attackviz talks to Elasticsearch 8 and 9
    """
    version = head.get("version") if isinstance(head, dict) else None
    number = str(version.get("number", "")) if isinstance(version, dict) else ""
    number = number if re.fullmatch(r"[\w.-]{1,30}", number) else ""
    hint = "attackviz talks to Elasticsearch 8 and 9"
    if isinstance(version, dict) and version.get("distribution") == "opensearch":
        what = f"it is OpenSearch {number}".strip()
    elif number:
        what = f"it is Elasticsearch {number}, or something that calls itself so"
    else:
        what, hint = "what answers there is not Elasticsearch", "check the URL: Kibana, say, has another port"
    return ElasticError(what, where=where, hint=hint, code="product")


def no_answer(error: Exception, where: str) -> ElasticError:
    """Return the error for a cluster that did not answer at all.

    Parameters
    ----------
    error : Exception
        What the client raised; its words may hold addresses and are left out.
    where : str
    """
    from elastic_transport import ConnectionTimeout, TlsError

    text = " ".join(str(each) for each in (error, *getattr(error, "errors", ())))
    if isinstance(error, ConnectionTimeout):
        hint = "check the network, or raise the timeout"
        return ElasticError("it does not answer in time", where=where, hint=hint, code="timeout", passing=True)
    if isinstance(error, TlsError) or "SSL" in text:
        if re.search(r"WRONG_VERSION_NUMBER|record layer failure", text):
            return ElasticError(
                "it does not speak TLS", where=where, hint="write http:// instead of https://", code="tls"
            )
        if "hostname" in text.lower() or "IP address mismatch" in text:
            hint = "use the name the certificate has"
            return ElasticError("its certificate is for another name", where=where, hint=hint, code="tls")
        if "expired" in text:
            return ElasticError("its certificate has expired", where=where, hint="renew it", code="tls")
        hint = "name the file of its authority: ES_CA_CERTS=/path/to/http_ca.crt"
        return ElasticError("its certificate is not trusted", where=where, hint=hint, code="tls")
    if re.search(
        r"Name or service not known|nodename nor servname|Temporary failure in name|getaddrinfo|NameRes", text
    ):
        hint = "check the URL"
        return ElasticError("there is no host of that name", where=where, hint=hint, code="unreachable", passing=True)
    if "refused" in text:
        hint = "check host and port, and that it is up"
        return ElasticError("nothing listens there", where=where, hint=hint, code="unreachable", passing=True)
    hint = "check the URL (https:// or http://), the network, and that it is up"
    return ElasticError("the connection broke", where=where, hint=hint, code="unreachable", passing=True)
