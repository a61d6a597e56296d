"""A place for our documents: index template, rollover alias or data stream, lifecycle.

What is there already stays as it is; setting up twice changes nothing.

Index templates: https://www.elastic.co/docs/manage-data/data-store/templates
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from ..errors import ElasticError, UsageError
from ..formats.stored import FIELDS, MARK, OWN
from ..schema import COLUMNS
from .address import check_index
from .wire import Wire, path

__all__ = ["Place", "find", "mapping", "one_name", "setup", "template"]

LONGEST = 8191
"""Longest value, in characters, that can be asked for: Lucene takes 32,766 bytes."""

_PRIORITY = 500  # above the 100 and 200 of what comes with Elasticsearch
_LIFECYCLE = {"phases": {"hot": {"actions": {"rollover": {"max_primary_shard_size": "50gb", "max_age": "30d"}}}}}
_KINDS = {
    "time": {"type": "date_nanos"},  # a `date` would cut the microseconds off in every comparison
    "uint16": {"type": "integer"},
    "uint32": {"type": "long"},
    "int64": {"type": "long"},
}
_WORD: dict[str, Any] = {"type": "keyword", "ignore_above": LONGEST}


@dataclass(frozen=True, slots=True)
class Place:
    """Say what there is under a name.

    Attributes
    ----------
    name : str
    kind : str
        ``alias``, ``data stream`` or ``index``; empty where nothing is.
    indices : tuple of str
        The indices behind it, the oldest first.
    writes_to : str
        The one that takes new documents; empty where none does.
    made : tuple of str
        What setting up made or changed: ``template``, ``lifecycle``, ``index``.
    lifecycle : bool
        Whether the cluster rolls it over by itself.
    """

    name: str
    kind: str
    indices: tuple[str, ...] = ()
    writes_to: str = ""
    made: tuple[str, ...] = ()
    lifecycle: bool = False


def mapping() -> dict[str, Any]:
    """Return the mapping of our documents.

    Returns
    -------
    dict
        Every column at its field; texts as keywords, places as ``geo_point``.
        Extra columns become keywords, numbers or booleans by what they hold.

    Examples
    --------
    >>> mapping()["properties"]["source"]["properties"]["geo"]["properties"]["location"]
    {'type': 'geo_point'}
    """
    fields: dict[str, dict[str, Any]] = {
        FIELDS[name]: _KINDS.get(column.kind, _WORD) for name, column in COLUMNS.items()
    }
    fields |= {FIELDS[name]: {"type": "ip"} for name in ("src_ip", "dst_ip")}
    fields |= {"event.severity": {"type": "long"}, MARK: {"type": "byte"}}
    for end in ("src", "dst"):
        point = FIELDS[f"{end}_lat"].rpartition(".")[0]
        del fields[FIELDS[f"{end}_lat"]], fields[FIELDS[f"{end}_lon"]]
        fields[point] = {"type": "geo_point"}
    tree: dict[str, Any] = {}
    for field, kind in fields.items():
        *parents, leaf = field.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {"properties": {}})["properties"]
        node[leaf] = kind
    # Names of extra columns may hold dots: they are names all the same.
    tree[OWN] = {"type": "object", "subobjects": False, **tree[OWN]}
    words = {"strings": {"match_mapping_type": "string", "mapping": _WORD}}
    return {"dynamic_templates": [words], "date_detection": False, "properties": tree}


def template(name: str, *, stream: bool = False, lifecycle: bool = False) -> dict[str, Any]:
    """Return the index template for a name.

    Parameters
    ----------
    name : str
        Of the alias or the data stream.
    stream : bool
        Whether it is a data stream.
    lifecycle : bool
        Whether the cluster has lifecycles, and one of that name.

    Examples
    --------
    >>> template("attacks")["index_patterns"]
    ['attacks-0*']
    """
    settings: dict[str, Any] = {"index": {"codec": "best_compression"}}
    if lifecycle:
        settings["index"]["lifecycle"] = {"name": name} | ({} if stream else {"rollover_alias": name})
    body: dict[str, Any] = {
        "index_patterns": [name if stream else f"{name}-0*"],
        "priority": _PRIORITY,
        "template": {"settings": settings, "mappings": mapping()},
    }
    if stream:
        body["data_stream"] = {}
    digest = blake2b(msgspec.json.encode(body, order="sorted"), digest_size=8).hexdigest()
    return body | {"_meta": {"attackviz": digest}}


def one_name(name: str, wire: Wire) -> str:
    """Return a name that can be written to: of one index, alias or data stream, not a pattern.

    Raises
    ------
    UsageError
        If it is none.
    """
    check_index(name, wire.name)
    if any(mark in name for mark in "*,<>:") or name.startswith(("-", "+", ".")):
        raise UsageError(f"{name!r} is not the name of one index", where=wire.name, hint="use small letters, - and _")
    return name


def find(wire: Wire, name: str) -> Place:
    """Return what there is under a name.

    A data stream that was set up, but has no document yet, may be a template alone.

    Raises
    ------
    ElasticError
        If the cluster does not say.
    """
    found = _ask(wire, path(name))
    if found is None:
        planned = _template(wire, name)
        return Place(name, "data stream" if planned is not None and "data_stream" in planned else "")
    if name in found:
        return Place(name, "index", (name,), name)
    indices = tuple(sorted(found, key=lambda each: int(found[each]["settings"]["index"]["creation_date"])))
    if any("data_stream" in each for each in found.values()):
        # Its backing indices are numbered, and the last one takes what is new.
        ordered = tuple(sorted(indices, key=lambda each: each.rpartition("-")[2]))
        return Place(name, "data stream", ordered, ordered[-1])
    writing = [each for each in indices if found[each].get("aliases", {}).get(name, {}).get("is_write_index")]
    return Place(name, "alias", indices, writing[0] if writing else indices[0] if len(indices) == 1 else "")


def setup(wire: Wire, name: str, *, stream: bool = False) -> Place:
    """Make a place for our documents, as far as it is not there.

    Parameters
    ----------
    wire : Wire
    name : str
        Of a rollover alias (its indices are ``NAME-000001`` and so on), or of
        a data stream.
    stream : bool
        Whether to make a data stream: it takes only documents with a time.

    Returns
    -------
    Place

    Raises
    ------
    ElasticError
        If something else has that name, or another template wants it, or one
        may not.
    """
    place, wanted = find(wire, one_name(name, wire)), "data stream" if stream else "alias"
    if place.kind not in ("", wanted):
        an = "an" if place.kind[0] in "ai" else "a"
        raise ElasticError(
            f"{name} is {an} {place.kind} already",
            where=wire.name,
            hint=f"load into it as it is, or choose another name for the {wanted}",
        )
    made = []
    lifecycle, new = _lifecycle(wire, name)
    made += ["lifecycle"] * new
    body = template(name, stream=stream, lifecycle=lifecycle)
    if _template_differs(wire, name, body):
        wire.put(f"/_index_template{path(name)}", None, msgspec.json.encode(body))
        made.append("template")
    if not place.indices:
        made += ["index"] * _create(wire, name, stream)
        place = find(wire, name)
    # A data stream that cannot be asked for is made by its first document.
    return Place(name, wanted, place.indices, place.writes_to, tuple(made), lifecycle)


def _lifecycle(wire: Wire, name: str) -> tuple[bool, bool]:
    """Make the lifecycle if there is none of that name; return whether the cluster has them, and whether it is new."""
    target = f"/_ilm/policy{path(name)}"
    try:
        if _ask(wire, target) is not None:
            return True, False
        wire.put(target, None, msgspec.json.encode({"policy": _LIFECYCLE}))
    except ElasticError as error:
        if error.status in (400, 405):  # no such request: the cluster has no lifecycles
            return False, False
        raise
    return True, True


def _template_differs(wire: Wire, name: str, body: dict[str, Any]) -> bool:
    there = _template(wire, name)
    if there is None:
        return True
    mark = there.get("_meta", {}).get("attackviz")
    if mark is None:
        raise ElasticError(
            f"there is an index template {name} that is not ours",
            where=wire.name,
            hint="choose another name, or delete it: DELETE /_index_template/" + name,
        )
    return bool(mark != body["_meta"]["attackviz"])


def _template(wire: Wire, name: str) -> dict[str, Any] | None:
    found = _ask(wire, f"/_index_template{path(name)}")
    return None if found is None else found["index_templates"][0]["index_template"]


def _create(wire: Wire, name: str, stream: bool) -> bool:
    try:
        if stream:
            wire.put(f"/_data_stream{path(name)}")
        else:
            body = {"aliases": {name: {"is_write_index": True}}}
            wire.put(path(f"{name}-000001"), None, msgspec.json.encode(body))
    except ElasticError as error:
        if error.code == "exists":
            return False  # someone else was first
        if stream and error.status in (400, 405):
            return False  # small distributions make them by their first document alone
        raise
    return True


def _ask(wire: Wire, target: str) -> Any:
    """Return what is at a path as data, None if nothing is."""
    try:
        return msgspec.json.decode(wire.get(target))
    except ElasticError as error:
        if error.status == 404:
            return None
        raise
