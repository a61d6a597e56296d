"""Our own documents: the event table as `attackviz.elastic` keeps it in Elasticsearch.

Each column stands at its field of the Elastic Common Schema; what ECS has no
honest place for (our words for verdict and severity, the count, extra columns)
stands in one object, ``attackviz``, whose ``schema`` marks the document as ours.

``events.json`` are lines under the columns' own names: what programs that know
nothing of ECS push to a live server. Its name must be given, for other logs
have such fields, too. (`table` has the event table itself, `events`.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial

import pyarrow as pa
import pyarrow.compute as pc

from ..schema import COLUMNS, arrow_type
from .columns import Columns, mapped
from .format import Format
from .values import point

__all__ = ["EVENTS", "FIELDS", "MARK", "OWN", "SCHEMA", "STORED", "STORED_EXPORT"]

OWN = "attackviz"
"""The object that holds what ECS has no place for."""

MARK = f"{OWN}.schema"
"""The field that every document of ours has."""

SCHEMA = 1
"""The value of `MARK`: the version of this layout."""

FIELDS: dict[str, str] = {
    name: f"{OWN}.{name}" if column.ecs is None or name in ("verdict", "severity") else column.ecs
    for name, column in COLUMNS.items()
}
"""The field of every column of the event table, in the order of the columns."""

_POINTS = {"src_lat", "src_lon", "dst_lat", "dst_lon"}


def _build(
    c: Columns, within: str = "", fields: Mapping[str, str] = FIELDS
) -> dict[str, pa.Array | Callable[[], pa.Array]]:
    built: dict[str, pa.Array | Callable[[], pa.Array]] = {
        name: partial(_column, c, name, within, fields) for name in COLUMNS if name not in _POINTS
    }
    for end in ("src", "dst"):
        both = cache(partial(point, c, within + fields[f"{end}_lat"], within + fields[f"{end}_lon"], end))
        built |= {name: partial(_half, both, name) for name in (f"{end}_lat", f"{end}_lon")}
    return built


def _half(both: Callable[[], dict[str, pa.Array]], name: str) -> pa.Array:
    return both()[name]


def _column(c: Columns, name: str, within: str, fields: Mapping[str, str]) -> pa.Array:
    column, path = COLUMNS[name], within + fields[name]
    if name == "time":
        return c.time(path)
    if name == "src_ip":
        return c.source(path)
    if name == "dst_ip":
        return c.address(path)
    if name == "event_id" and within:
        return pc.coalesce(c.text(path), c.text("_id"))
    if column.kind in ("uint16", "uint32", "int64"):
        return _whole(c.number(path), arrow_type(name))
    if column.values is not None:
        return mapped(c.text(path), partial(_one_of, column.values))
    return c.text(path)


def _one_of(values: tuple[str, ...], word: str) -> str | None:
    """Return a word that the event table knows; another may stand there, for anybody may change a document."""
    return word if word in values else ("unknown" if "unknown" in values else None)


def _whole(numbers: pa.Array, kind: pa.DataType) -> pa.Array:
    if kind == pa.int64():
        return numbers
    good = pc.and_(pc.greater_equal(numbers, 0), pc.less(numbers, 2**kind.bit_width))
    return pc.if_else(good, numbers, None).cast(kind)


STORED = Format(
    name="attackviz",
    title="attackviz documents",
    kind="json",
    fields=tuple(FIELDS.values()),
    known_by=(frozenset({MARK}),),
    build=_build,
    clock=("@timestamp",),
    plain=tuple((name, path) for name, path in FIELDS.items() if name not in ("time", "event_id", *_POINTS)),
)

STORED_EXPORT = Format(
    name="attackviz.export",
    title="attackviz documents as Elasticsearch exports them",
    kind="json",
    fields=("_id", *(f"_source.{path}" for path in FIELDS.values())),
    known_by=(frozenset({f"_source.{OWN}"}),),
    build=partial(_build, within="_source."),
    clock=("_source.@timestamp",),
)

EVENTS = Format(
    name="events.json",
    title="Events under the names of the event table",
    kind="json",
    fields=tuple(COLUMNS),
    known_by=(frozenset({"time", "src_ip"}),),
    build=partial(_build, fields={name: name for name in COLUMNS}),
    clock=("time",),
    detected=False,
)
