"""The sample that stands in the feed of a recording of cells, which hold no single events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import schema
from ..analysis.coding import text_of, whole
from . import categories as legend

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SAMPLE", "sample_part"]

NO_SEVERITY = 255
_TEXT = pa.string()
SAMPLE = pa.schema(
    {
        "t": pa.uint32(),
        "ip": _TEXT,
        "asn": pa.uint32(),
        "org": _TEXT,
        "country": _TEXT,
        "region": _TEXT,
        "city": _TEXT,
        "target": _TEXT,
        "category": pa.uint8(),
        "verdict": pa.uint8(),
        "rule": _TEXT,
        "rule_id": _TEXT,
        "severity": pa.uint8(),
        "dst_port": pa.uint16(),
        "weight": pa.uint32(),
    }
)


def sample_part(events: pa.Table, header: Mapping[str, Any], color_by: str = "category") -> pa.Table:
    """Return events as the part ``sample`` of a recording of cells.

    Parameters
    ----------
    events : pyarrow.Table
        An event table: a few events that stand for the rest, such as a store's
        `sample` gives. In any order; those outside of the recording's time are
        left out.
    header : mapping
        The recording's: ``start_us``, ``tick_us``, ``end`` and ``categories``.
    color_by : str
        The column that colours.

    Returns
    -------
    pyarrow.Table
        By time, with the columns of `SAMPLE`.

    Examples
    --------
    >>> events = pa.table({"time": pa.array([5], pa.timestamp("s", tz="UTC")), "src_ip": ["1.2.3.4"]})
    >>> header = {"start_us": 0, "tick_us": 1000, "end": 9000, "categories": [{"name": "events", "slot": 0}]}
    >>> sample_part(events, header).to_pylist()[0]["t"]
    5000
    """
    events = schema.conform(events)
    time_us = whole(events, "time", pa.timestamp("us", tz="UTC")).cast(pa.int64())
    ticks = (time_us.fill_null(-1).to_numpy(zero_copy_only=False) - header["start_us"]) // header["tick_us"]
    known = time_us.is_valid().to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(known & (ticks >= 0) & (ticks < header["end"]))
    rows = rows[np.argsort(ticks[rows], kind="stable")]
    table, ticks = events.take(pa.array(rows)), ticks[rows]

    every = np.arange(table.num_rows)

    def text(*names: str, absent: str | None = "") -> pa.Array:
        columns = [text_of(whole(table, name, _TEXT), every, absent=None) for name in names]
        known = pc.coalesce(*columns)
        return known if absent is None else known.fill_null(absent)

    def number(name: str, kind: pa.DataType, absent: int) -> pa.Array:
        return whole(table, name, kind).fill_null(absent)

    columns = {
        "t": pa.array(ticks, pa.uint32()),
        "ip": text("src_ip", absent=None),
        "asn": number("src_asn", pa.uint32(), 0),
        "org": text("src_org"),
        "country": text("src_country"),
        "region": text("src_region"),
        "city": text("src_city"),
        "target": text("dst_name", "dst_host", "sensor", "dst_ip"),
        "category": pa.array(_categories(table, color_by, header["categories"]), pa.uint8()),
        "verdict": _ranks(text("verdict"), schema.VERDICTS, schema.VERDICTS.index("unknown")),
        "rule": text("rule"),
        "rule_id": text("rule_id"),
        "severity": _ranks(text("severity"), schema.SEVERITIES, NO_SEVERITY),
        "dst_port": number("dst_port", pa.uint16(), 0),
        "weight": number("count", pa.uint32(), 1),
    }
    return pa.table(columns, schema=SAMPLE)


def _categories(table: pa.Table, color_by: str, listed: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
    index = {str(one["name"]): i for i, one in enumerate(listed)}
    other = index.get(legend.OTHER, 0)
    if color_by not in table.column_names:
        return np.full(table.num_rows, index.get(legend.EVENTS, other), np.int64)
    names = whole(table, color_by, _TEXT).cast(_TEXT).fill_null(legend.UNKNOWN)
    return np.array([index.get(name, other) for name in names.to_pylist()], np.int64)


def _ranks(names: pa.Array, values: tuple[str, ...], absent: int) -> pa.Array:
    index = {name: i for i, name in enumerate(values)}
    return pa.array([index.get(name, absent) for name in names.to_pylist()], pa.uint8())
