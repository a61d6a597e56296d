"""Combinations of values as the cluster counts them, and as rows of an event table.

What a cluster counts by are values of fields. They go through the same code as
documents that are read, so that a count and a reading cannot tell of different
events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from ..account import Account
from ..analysis.coding import distinct, sums
from ..analysis.grouped import Grouped
from ..analysis.times import times, weights
from ..formats import Batch, Options
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


class _Centre(msgspec.Struct, gc=False):
    location: _Location | None = None


class Bucket(msgspec.Struct, gc=False):
    """Hold one combination: its values, how many documents have it, and what else was asked for."""

    key: dict[str, Any]
    doc_count: int
    first: _Number | None = None
    last: _Number | None = None
    p0: _Centre | None = None
    p1: _Centre | None = None


class _Groups(msgspec.Struct):
    buckets: list[Bucket]
    after_key: dict[str, Any] | None = None


class _Aggregations(msgspec.Struct):
    groups: _Groups = msgspec.field(default_factory=lambda: _Groups([]))
    first: _Number | None = None
    last: _Number | None = None


class _Total(msgspec.Struct):
    value: int = 0


class _Hits(msgspec.Struct):
    total: _Total = msgspec.field(default_factory=_Total)


class Answer(msgspec.Struct):
    """Hold one page of combinations, and how many documents there are in all."""

    hits: _Hits
    aggregations: _Aggregations = msgspec.field(default_factory=_Aggregations)


answer_of = msgspec.json.Decoder(Answer).decode


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
    buckets: list[Bucket],
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
    written: dict[str, list[Any]] = {_ROW: [str(row) for row in range(len(buckets))]}
    written |= {path: [values] * len(buckets) for path, values in listed.items()}
    points = 0
    for number, one in enumerate(asked):
        values = [bucket.key[f"k{number}"] for bucket in buckets]
        if one.is_point:
            places = [
                _place(value, getattr(bucket, f"p{points}")) for value, bucket in zip(values, buckets, strict=True)
            ]
            written |= dict(zip(one.paths, map(list, zip(*places, strict=True)), strict=True)) if places else {}
            points += 1
        else:
            written[one.paths[0]] = values
    batch = Batch(len(buckets), written)  # type: ignore[arg-type]  # lists are what a log wrote
    table = documents.events(batch, Account(), Options(columns=(*columns, "count", _ROW)))
    row = np.array([int(text) for text in table[_ROW].to_pylist()], np.int64)
    counts = np.array([bucket.doc_count for bucket in buckets], np.int64)[row]
    if seconds:
        first = last = np.array([bucket.key["time"] * 1000 for bucket in buckets], np.int64)[row]
    else:
        first, last = (_moments(buckets, name)[row] for name in ("first", "last"))
    return Grouped(_only(table, columns), counts * weights(table), first, last), int(counts.sum())


def _place(tile: str | None, centre: _Centre | None) -> tuple[float | None, float | None]:
    if tile is None:
        return None, None
    if centre is None or centre.location is None:
        return 0.0, 0.0  # somewhere
    return round(centre.location.lat, _FINE), round(centre.location.lon, _FINE)


def _moments(buckets: list[Bucket], name: str) -> NDArray[np.int64]:
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
