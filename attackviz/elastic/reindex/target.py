"""Where documents go: fields that an index lacks, and a new index like the old ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ...errors import ElasticError, UsageError
from ...formats.stored import FIELDS
from ..fields import fields_of
from ..template import Place, find, mapping, one_name
from ..wire import path
from .merging import merged

if TYPE_CHECKING:
    from ..wire import Wire

__all__ = ["add_fields", "prepare", "settle", "without"]

_KEPT = ("number_of_shards", "number_of_replicas", "analysis", "codec", "mapping")
_IDLE = "index.search.idle.after"
_AT_ONCE = "1ms"  # nobody else writes this


def add_fields(wire: Wire, index: str, fields: Mapping[str, str]) -> None:
    """Map fields of ours in every index that does not know them; a place would be two numbers else.

    Parameters
    ----------
    wire : Wire
    index : str
        One, or several.
    fields : mapping of str to str
        The field of each column of the event table.

    Raises
    ------
    ElasticError
        If one may not, or an index has something else there.
    """
    wanted = dict(_kind(column, field) for column, field in fields.items())
    for name, each in msgspec.json.decode(wire.get(path(index, "_mapping"))).items():
        known = fields_of({name: each})
        lacking = {
            field: kind
            for field, kind in wanted.items()
            if field not in known and not any(other.startswith(f"{field}.") for other in known)
        }
        if lacking:
            wire.put(path(name, "_mapping"), None, msgspec.json.encode({"properties": lacking}))


def _kind(column: str, field: str) -> tuple[str, dict[str, Any]]:
    """Return a field, or the point it is half of, and how it is mapped."""
    node: dict[str, Any] = {"properties": mapping()["properties"]}
    for key in FIELDS[column].split("."):
        if node.get("type") == "geo_point":
            return field.rpartition(".")[0], node
        node = node["properties"][key]
    return field, node


def prepare(wire: Wire, index: str, to: str) -> Place:
    """Find the index that documents are copied to; make it like the others, if it is not there.

    One that is made is refreshed when somebody searches it, not each second,
    until `settle`: about a sixth of what the cluster has to do.

    Parameters
    ----------
    wire : Wire
    index : str
        Where they come from.
    to : str

    Raises
    ------
    ElasticError
        If it cannot be made, or is an alias without an index to write to.
    """
    place = find(wire, one_name(to, wire))
    if place.kind == "alias" and not place.writes_to:
        hint = "say which: POST /_aliases with is_write_index, or name an index"
        raise ElasticError(f"the alias {to} has no index to write to", where=wire.name, hint=hint, code="alias")
    if place.kind:
        return place
    found = msgspec.json.decode(wire.get(path(index)))
    body: dict[str, Any] = {"mappings": {}, "settings": {}}
    for each in found.values():
        body["mappings"] = merged(body["mappings"], each.get("mappings", {}))
        settings = each["settings"]["index"]
        body["settings"] = merged(body["settings"], {key: settings[key] for key in _KEPT if key in settings})
    body["mappings"].pop("_data_stream_timestamp", None)
    body["settings"][_IDLE] = _AT_ONCE
    wire.put(path(to), None, msgspec.json.encode(body))
    return find(wire, to)


def settle(wire: Wire, to: str) -> None:
    """Let an index that `prepare` made be like any other: all documents are there.

    Parameters
    ----------
    wire : Wire
    to : str
    """
    found = msgspec.json.decode(wire.get(path(to, "_settings", _IDLE), {"flat_settings": True}))
    for name, each in found.items():
        if each["settings"].get(_IDLE) == _AT_ONCE:
            wire.put(path(name, "_settings"), None, msgspec.json.encode({_IDLE: None}))


def without(wire: Wire, index: str, place: Place) -> str:
    """Return what is read, without the index that is written to.

    Raises
    ------
    UsageError
        If nothing is left.
    """
    read = msgspec.json.decode(wire.get(path(index, "_mapping")))
    both = sorted(read.keys() & set(place.indices))
    if not both:
        return index
    if len(both) == len(read) or "*" not in index:
        raise UsageError(
            f"documents of {index} cannot be copied to {place.name}: they are there",
            hint="leave the target out to change them where they are",
        )
    return ",".join([index, *(f"-{each}" for each in both)])
