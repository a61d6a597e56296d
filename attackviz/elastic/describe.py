"""What is known of a cluster and an index before anything is read: ``attackviz elastic check``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from ..errors import AttackvizError, ElasticError, FormatError
from ..filters import Filters
from ..formats import FormatLike, known_formats, own_formats
from ..formats.explain import Explanation, explain
from ..window import Window
from .documents import Documents, page_of
from .plain import not_elastic
from .query import Query, all_of, conditions, own_query, within
from .recognise import recognise, sampled
from .wire import Wire, path

if TYPE_CHECKING:
    from .fields import Field

__all__ = ["Description", "describe"]

_SAMPLE = 64
_OLDEST = 8  # major version
_NEWEST = 9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCKS = {
    "read_only_allow_delete": "is read-only for its disk is full: nothing can be loaded until there is space",
    "read_only": "is read-only: nothing can be loaded into it",
    "write": "takes no writes: nothing can be loaded into it",
    "read": "is blocked for reading",
}


@dataclass(slots=True)
class Description:
    """Hold what could be learned; what came after a problem is missing.

    Attributes
    ----------
    cluster, version, status : str
        Its name; the server's version; ``green``, ``yellow``, ``red`` or ``unknown``.
    skew_s : float or None
        How many seconds the cluster's clock is ahead of this machine's; None if it may not be asked.
    skew_error_s : float
        How far that may be off.
    indices : tuple of str
        Those that the name stands for.
    documents : Documents or None
        What their documents are.
    explanation : Explanation or None
        What becomes of the fields of the newest documents.
    total, untimed : int
        Documents that match, and how many of them have no time.
    first, last : datetime or None
        When the first and the last of them happened (UTC).
    query : dict
        What would be asked for.
    remarks : list of str
        What works, but not as well as it could.
    problem : AttackvizError or None
        Why it cannot be read.
    """

    cluster: str = ""
    version: str = ""
    status: str = "unknown"
    skew_s: float | None = None
    skew_error_s: float = 0.0
    indices: tuple[str, ...] = ()
    documents: Documents | None = None
    explanation: Explanation | None = None
    total: int = 0
    untimed: int = 0
    first: datetime | None = None
    last: datetime | None = None
    query: Query = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    problem: AttackvizError | None = None


def describe(
    wire: Wire,
    index: str,
    *,
    form: FormatLike | None = None,
    time_field: str | None = None,
    query: str | Mapping[str, Any] | None = None,
    window: Window | None = None,
    filters: Filters | None = None,
) -> Description:
    """Learn what can be learned of an index.

    Parameters
    ----------
    wire : Wire
    index : str
        An index, an alias, a data stream or a pattern; several with commas.
    form : str, Mapping or path, optional
        The format of its documents; told by default.
    time_field : str, optional
        The field of dates to cut by; by default what the format takes time from.
    query : str or mapping, optional
        The user's own.
    window : Window, optional
        Only documents within.
    filters : Filters, optional
        Only documents that may meet them.

    Returns
    -------
    Description
        Errors of cluster and documents are in it.

    Raises
    ------
    UsageError
        If format or query are not understood.
    """
    found = Description()
    own = own_query(query)
    try:
        _cluster(wire, found)
        _indices(wire, index, found)
        try:
            found.documents = recognise(wire, index, form, time_field)
        except FormatError:
            found.explanation = explain(sampled(wire, index).lines, index, known_formats(own_formats()))
            raise
        parts = [own, *conditions(filters or Filters(), found.documents)]
        if window is not None:
            parts.append(within(found.documents.time, window))
        found.query = all_of(parts)
        _newest(wire, found, found.documents)
        _remarks(found, found.documents)
    except (ElasticError, FormatError) as error:
        found.problem = error
    return found


def _cluster(wire: Wire, found: Description) -> None:
    head = msgspec.json.decode(wire.get("/"))
    found.cluster, found.version = str(head["cluster_name"]), str(head["version"]["number"])
    major = found.version.partition(".")[0]
    if not (major.isdigit() and _OLDEST <= int(major) <= _NEWEST):
        raise not_elastic(head, wire.name)
    # Whoever may only read indices may not see these.
    with suppress(ElasticError):
        health = msgspec.json.decode(wire.request("GET", "/_cluster/health", tries=1))
        found.status = str(health["status"])
    with suppress(ElasticError):
        began = time.time()
        nodes = msgspec.json.decode(wire.request("GET", "/_nodes/_local/stats/process", tries=1))["nodes"]
        ended = time.time()
        found.skew_s = next(iter(nodes.values()))["timestamp"] / 1000 - (began + ended) / 2
        found.skew_error_s = (ended - began) / 2 + 0.001


def _indices(wire: Wire, index: str, found: Description) -> None:
    try:
        there = msgspec.json.decode(wire.get(path("_resolve", "index", index), {"expand_wildcards": "all"}))
    except ElasticError as error:
        if error.code == "forbidden":
            return
        raise
    kinds = {each["name"]: each["attributes"] for each in there["indices"]}
    others = [each["name"] for each in (*there["aliases"], *there["data_streams"])]
    closed = sorted(name for name, attributes in kinds.items() if "closed" in attributes)
    found.indices = tuple(sorted(name for name in (*kinds, *others) if name not in closed))
    if not found.indices and not closed:
        hint = "check its name; GET /_cat/indices lists all"
        raise ElasticError(f"there is no index {index}", where=wire.name, hint=hint, code="index", status=404)
    if closed and not found.indices:
        hint = f"open it: POST /{closed[0]}/_open"
        raise ElasticError(f"the index {closed[0]} is closed", where=wire.name, hint=hint, code="closed", status=400)
    if closed:
        found.remarks.append(f"{_few(closed)} {'is' if len(closed) == 1 else 'are'} closed, and left out")
    _blocks(wire, index, found)


def _blocks(wire: Wire, index: str, found: Description) -> None:
    with suppress(ElasticError):
        settings = msgspec.json.decode(
            wire.get(path(index, "_settings", "index.blocks.*"), {"flat_settings": True, "ignore_unavailable": True})
        )
        for name, each in settings.items():
            for block, meaning in _BLOCKS.items():
                if str(each["settings"].get(f"index.blocks.{block}", "false")).lower() == "true":
                    found.remarks.append(f"{name} {meaning}")


def _newest(wire: Wire, found: Description, documents: Documents) -> None:
    name = documents.time
    body = {
        "size": _SAMPLE,
        "track_total_hits": True,
        "query": found.query,
        "sort": [{name: {"order": "desc", "unmapped_type": "date"}}],
        "aggs": {
            "first": {"min": {"field": name}},
            "last": {"max": {"field": name}},
            "untimed": {"missing": {"field": name}},
        },
    }
    wanted = {"filter_path": "hits.total,hits.hits._source,aggregations"}
    answer = wire.search(path(documents.index, "_search"), wanted, msgspec.json.encode(body))
    page, counts = page_of(answer), msgspec.json.decode(answer)["aggregations"]
    found.total, found.untimed = page.total or 0, counts["untimed"]["doc_count"]
    found.first, found.last = (_moment(counts[each].get("value")) for each in ("first", "last"))
    if page.hits:
        found.explanation = explain(page.lines, documents.index, {}, documents.form)
        found.problem = found.explanation.refused


def _moment(millis: float | None) -> datetime | None:
    with suppress(OverflowError):
        return None if millis is None else _EPOCH + timedelta(milliseconds=millis)
    return None


def _remarks(found: Description, documents: Documents) -> None:
    if found.status == "red":
        found.remarks.append("the cluster is red: some shards are lost, and reading may fail")
    if found.untimed:
        found.remarks.append(f"{found.untimed:,} documents have no {documents.time}; they are in no window")
    now = datetime.now(UTC) + timedelta(seconds=found.skew_s or 0.0)
    if found.last is not None and found.last > now + timedelta(seconds=60):
        found.remarks.append("the newest documents lie in the future: their times may be of another zone")
    for name in documents.found:
        if name in documents.fields and (remark := _of_field(documents.fields[name])):
            found.remarks.append(f"{name} {remark}")


def _of_field(known: Field) -> str:
    if len(known.kinds) > 1:
        return f"is {' in some and '.join(known.kinds)} in other indices: filters on it are tried here, not there"
    if known.text_alone:
        return "is text without a keyword: filters on it are tried here, and the cluster cannot count by it"
    return ""


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:3])} and {len(names) - 3:,} more"
