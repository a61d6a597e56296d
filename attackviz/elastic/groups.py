"""Combinations of values as the cluster counts them, and as rows of an event table.

What a cluster counts by are values of fields. They go through the same code as
documents that are read, so that a count and a reading cannot tell of different
events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from ..analysis.coding import distinct, sums
from ..analysis.grouped import Grouped
from ..analysis.times import times, weights
from ..formats import Batch, Options
from ..formats.written import Kind, Written
from ..schema import COLUMNS, arrow_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .documents import Documents
    from .needs import Source

__all__ = ["TILE", "Answer", "Bucket", "answer_of", "asked_of", "from_buckets", "from_events"]

TILE = 29
"""Zoom of the smallest tiles: 7 cm at the equator."""

_ROW = "row of the answer"  # a column of no log
_FINE = 6  # decimals of a degree: a tenth of a metre, and more than an index keeps


class _Number(msgspec.Struct, gc=False):
    value: float | None = None


class _Location(msgspec.Struct, gc=False):
    lat: float
    lon: float


_SOMEWHERE = _Location(0.0, 0.0)


class _Centre(msgspec.Struct, gc=False):
    location: _Location | None = None


Key = TypeVar("Key")


class Bucket(msgspec.Struct, Generic[Key], gc=False):
    """Hold one combination: its values, how many documents have it, and what else was asked for."""

    key: Key
    doc_count: int
    first: _Number | None = None
    last: _Number | None = None
    p0: _Centre | None = None
    p1: _Centre | None = None


class _Groups(msgspec.Struct, Generic[Key]):
    buckets: list[Bucket[Key]]
    after_key: dict[str, Any] | None = None


class _Aggregations(msgspec.Struct, Generic[Key]):
    groups: _Groups[Key] = msgspec.field(default_factory=lambda: _Groups([]))
    first: _Number | None = None
    last: _Number | None = None


class _Total(msgspec.Struct):
    value: int = 0


class _Hits(msgspec.Struct):
    total: _Total = msgspec.field(default_factory=_Total)


class Answer(msgspec.Struct, Generic[Key]):
    """Hold one page of combinations, and how many documents there are in all."""

    hits: _Hits
    aggregations: _Aggregations[Key] = msgspec.field(default_factory=_Aggregations)


@lru_cache(maxsize=64)
def _decoder(fields: int) -> msgspec.json.Decoder[Answer[Any]]:
    """Return what decodes combinations of so many values: a class of its own is sooner than a dict each."""
    values: list[tuple[str, Any, Any]] = [("time", int, 0), *((f"k{number}", Any, None) for number in range(fields))]
    key = msgspec.defstruct("Key", values, gc=False)
    return msgspec.json.Decoder(Answer[key])  # type: ignore[valid-type]  # made here


def answer_of(body: bytes, fields: int = 0) -> Answer[Any]:
    """Return the answer to aggregations of `asked_of`.

    Parameters
    ----------
    body : bytes
        JSON.
    fields : int
        How many fields were asked for.
    """
    return _decoder(fields).decode(body)


def asked_of(asked: Sequence[Source], time: str, seconds: int, tile: int, size: int, moments: bool) -> dict[str, Any]:
    """Return the aggregations to ask for.

    Parameters
    ----------
    asked : sequence of Source
        What to tell apart.
    time : str
        The field of times.
    seconds : int
        Width of bins of time; none if 0.
    tile : int
        Zoom of the tiles by which sources are told apart; 0 for whether there is one.
    size : int
        How many combinations to give at once.
    moments : bool
        Whether to ask for the first and the last time of each.
    """
    ends = {"first": {"min": {"field": time}}, "last": {"max": {"field": time}}} if moments else {}
    listed: list[dict[str, Any]] = []
    if seconds:
        listed.append({"time": {"date_histogram": {"field": time, "fixed_interval": f"{seconds}s"}}})
    inner: dict[str, Any] = dict(ends)
    for number, one in enumerate(asked):
        kind: dict[str, Any] = {"field": one.asked, "missing_bucket": True}
        if one.is_point:
            zoom = tile if one.origin else TILE
            listed.append({f"k{number}": {"geotile_grid": {**kind, "precision": zoom}}})
            if zoom:
                inner[f"p{sum(each.is_point for each in asked[:number])}"] = {"geo_centroid": {"field": one.asked}}
        else:
            listed.append({f"k{number}": {"terms": kind}})
    if not listed:
        return ends
    groups: dict[str, Any] = {"composite": {"size": size, "sources": listed}}
    return {"groups": {**groups, "aggs": inner} if inner else groups}


def from_buckets(
    documents: Documents,
    buckets: list[Bucket[Any]],
    asked: Sequence[Source],
    columns: tuple[str, ...],
    seconds: int,
    listed: Mapping[str, list[str]],
) -> tuple[Grouped, int]:
    """Make rows of combinations; also return how many of their documents are events.

    Parameters
    ----------
    documents : Documents
        Say what makes events of them.
    buckets : list of Bucket
    asked : sequence of Source
        What they were asked by.
    columns : tuple of str
        What is wanted of them.
    seconds : int
        Width of bins of time; none if 0.
    listed : mapping of str to list of str
        What all of their documents hold besides, by field.
    """
    rows = pa.array(np.arange(len(buckets)))
    written: dict[str, list[Any] | Written] = {_ROW: Written.strings(rows.cast(pa.string()))}
    written |= {path: [values] * len(buckets) for path, values in listed.items()}
    points = 0
    for number, one in enumerate(asked):
        values = list(map(attrgetter(f"key.k{number}"), buckets))
        if one.is_point:
            centres = list(map(attrgetter(f"p{points}"), buckets))
            written |= dict(zip(one.paths, _places(values, centres), strict=True))
            points += 1
        elif any(value is not None for value in values):
            written[one.paths[0]] = _column(values)
    batch = Batch(len(buckets), written)
    table = documents.events(batch, Account(), Options(columns=(*columns, "count", _ROW)))
    row = np.asarray(table[_ROW].cast(pa.int64()))
    counts = np.array([bucket.doc_count for bucket in buckets], np.int64)[row]
    if seconds:
        first = last = np.array([bucket.key.time * 1000 for bucket in buckets], np.int64)[row]
    else:
        first, last = (_moments(buckets, name)[row] for name in ("first", "last"))
    return Grouped(_only(table, columns), counts * weights(table), first, last), int(counts.sum())


def _column(values: list[Any]) -> list[Any] | Written:
    try:
        return Written.strings(pa.array(values, pa.string()))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return values  # numbers


def _places(tiles: list[str | None], centres: list[_Centre | None]) -> tuple[Written, Written]:
    """Return latitudes and longitudes, of the middle of what is in each tile."""
    found: list[_Location | None] = [
        None if tile is None else _SOMEWHERE if one is None or one.location is None else one.location
        for tile, one in zip(tiles, centres, strict=True)
    ]
    lat, lon = ([None if at is None else getattr(at, name) for at in found] for name in ("lat", "lon"))
    return _degrees(lat), _degrees(lon)


def _degrees(values: list[float | None]) -> Written:
    text = pc.round(pa.array(values, pa.float64()), _FINE).cast(pa.string())
    valid = pc.is_valid(text).to_numpy(zero_copy_only=False)
    return Written(text, np.where(valid, np.uint8(Kind.NUMBER), np.uint8(Kind.NULL)))


def _moments(buckets: list[Bucket[Any]], name: str) -> NDArray[np.int64]:
    found = (getattr(bucket, name) for bucket in buckets)
    return np.array([0 if each is None or each.value is None else round(each.value * 1000) for each in found], np.int64)


def _only(table: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """Return some columns of a table, whether it has them or not."""
    found = {}
    for name in columns:
        kind = arrow_type(name) if name in COLUMNS else pa.string()
        found[name] = table[name] if name in table.column_names else pa.nulls(table.num_rows, kind)
    return pa.table(found) if found else pa.table({_ROW: pa.nulls(table.num_rows)})


def from_events(table: pa.Table, columns: tuple[str, ...], seconds: int) -> tuple[Grouped, int]:
    """Count events that were read by combinations of values; also return those without a usable time.

    Parameters
    ----------
    table : pyarrow.Table
        An event table.
    columns : tuple of str
        What to tell apart.
    seconds : int
        Width of bins of time that are told apart, too; none if 0.
    """
    time_us, known, far = times(table)
    every = weights(table)
    usable = known & ~far
    untimed = int(every[~usable].sum())
    kept, weight, time_us = _only(table.filter(pa.array(usable)), columns), every[usable], time_us[usable]
    bins = time_us // (seconds * 1_000_000) if seconds else np.zeros(len(time_us), np.int64)
    parts = [_whole(kept[name]) for name in kept.column_names]
    codes, first = distinct([*parts, pa.array(bins)])
    begin, end = np.full(len(first), np.iinfo(np.int64).max), np.full(len(first), np.iinfo(np.int64).min)
    np.minimum.at(begin, codes, time_us)
    np.maximum.at(end, codes, time_us)
    return Grouped(kept.take(pa.array(first)), sums(codes, weight, len(first)), begin, end), untimed


def _whole(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks()
