"""What is shown, as an event table again: the rows of a recording, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import schema

if TYPE_CHECKING:
    from ..replay import Recording

__all__ = ["table_of"]


def table_of(recording: Recording, start_us: int | None = None, end_us: int | None = None) -> pa.Table:
    """Return the events of a recording as an event table.

    Parameters
    ----------
    recording : Recording
        Of cells, each cell is a row: ``count`` is how many events it stands for,
        ``time`` the start of its bin.
    start_us, end_us : int, optional
        Only what is from then on, and before then, in microseconds since the
        epoch; all by default.

    Returns
    -------
    pyarrow.Table
        By time, with the names and types of `attackviz.schema`: what the player
        knows of an event, and no more. ``dst_name`` is the target.

    Examples
    --------
    >>> import pandas as pd
    >>> from attackviz.replay import build
    >>> events = pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z"]), "src_ip": ["8.8.8.8"], "rule": ["SQLi"]})
    >>> table_of(build(events)).select(["src_ip", "rule"]).to_pylist()
    [{'src_ip': '8.8.8.8', 'rule': 'SQLi'}]
    """
    header, parts = recording.header, recording.tables
    events = parts["events"]
    us = events["t"].to_numpy().astype(np.int64) * header["tick_us"] + header["start_us"]
    first = 0 if start_us is None else int(np.searchsorted(us, start_us))
    last = len(us) if end_us is None else int(np.searchsorted(us, end_us))
    events, us = events.slice(first, last - first), us[first:last]
    source = parts["sources"].take(events["source"])
    place = parts["places"].take(pa.chunked_array([_or_null(source["place"])]))
    target = parts["targets"].take(events["target"])
    rule = parts["rules"].take(events["rule"])
    columns = {
        "time": pa.array(us, pa.timestamp("us", "UTC")),
        "src_ip": source["ip"],
        "dst_port": _known(events["dst_port"]),
        "category": _named([str(each["name"]) for each in header["categories"]], events["category"]),
        "rule": _said(rule["rule"]),
        "rule_id": _said(rule["rule_id"]),
        "verdict": _named(header["verdicts"], events["verdict"]),
        "severity": _named(header["severities"], events["severity"]),
        "count": events["weight"] if "weight" in events.column_names else pa.array(np.ones(len(us), np.uint32)),
        "src_country": _said(place["country"]),
        "src_region": _said(place["region"]),
        "src_city": _said(place["city"]),
        "src_asn": _known(source["asn"]),
        "src_org": _said(source["org"]),
        "src_lat": place["lat"],
        "src_lon": place["lon"],
        "dst_country": _said(target["country"]),
        "dst_lat": target["lat"],
        "dst_lon": target["lon"],
        "dst_name": _said(target["name"]),
    }
    return schema.conform(pa.table(columns))


def _or_null(place: pa.ChunkedArray) -> pa.Array:
    whole = place.combine_chunks()
    return pc.if_else(pc.less(whole, 0), None, whole)


def _known(numbers: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(numbers, 0), None, numbers)


def _said(words: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(words, ""), None, words)


def _named(names: list[str], codes: pa.ChunkedArray) -> pa.Array:
    indices = codes.combine_chunks()
    indices = pc.if_else(pc.less(indices, len(names)), indices, None).cast(pa.int32())
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string())).dictionary_decode()
