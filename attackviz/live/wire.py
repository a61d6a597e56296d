"""Events as they travel: packed Arrow for the player, one line of JSON for everybody else.

The player's columns have no nulls, so that a browser reads numbers in place:
what is not known is an empty text, 0, or for degrees NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..analysis.conditions import mask
from ..analysis.fields import Fields
from ..schema import COLUMNS, SEVERITIES, VERDICTS, arrow_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..filters import Filters

__all__ = ["TEXTS", "chosen", "events", "packed", "server_sent"]

TEXTS = (
    *("src_ip", "src_country", "src_region", "src_city", "src_org", "dst_name", "dst_ip", "dst_host", "sensor"),
    *("dst_country", "category", "rule", "rule_id", "protocol", "detail"),
)
"""Columns of text, each with a dictionary of its own in every message."""

_DEGREES = ("src_lat", "src_lon", "dst_lat", "dst_lon")
_NUMBERS = {"src_asn": pa.uint32(), "dst_port": pa.uint16()}
_DETAIL = 200
_TEXT = pa.dictionary(pa.int32(), pa.string())
_NO_SEVERITY = 255
_encode = msgspec.json.Encoder().encode


def chosen(table: pa.Table, filters: Filters | None) -> pa.Table:
    """Return the rows that meet conditions.

    Parameters
    ----------
    table : pyarrow.Table
        An event table, with whatever columns.
    filters : Filters or None

    Raises
    ------
    UsageError
        If a condition compares a column with what it cannot hold.
    """
    if not filters:
        return table
    seen = table
    for name in sorted(filters.columns() - set(table.column_names)):
        seen = seen.append_column(name, pa.nulls(table.num_rows, arrow_type(name) if name in COLUMNS else pa.string()))
    return table.filter(pa.array(mask(Fields(seen), filters)))


def packed(table: pa.Table, filters: Filters | None = None) -> bytes:
    """Return rows as the player reads them: an Arrow IPC stream of one record batch.

    Parameters
    ----------
    table : pyarrow.Table
        An event table with ``sequence``.
    filters : Filters, optional
        Only rows that meet them.

    Returns
    -------
    bytes
        Empty where no row is left.

    Examples
    --------
    >>> data = packed(pa.table({"sequence": [7], "time": pa.array([1], pa.timestamp("s")), "event_id": ["a"]}))
    >>> pa.ipc.open_stream(data).read_all().select(["sequence", "time", "src_ip", "src_lat", "count"]).to_pylist()
    [{'sequence': 7.0, 'time': 1000000.0, 'src_ip': '', 'src_lat': nan, 'count': 1}]
    """
    table = chosen(table, filters)
    if not table.num_rows:
        return b""
    rows = table.num_rows

    def get(name: str) -> pa.ChunkedArray | None:
        return table[name] if name in table.column_names else None

    columns: dict[str, pa.Array] = {
        "sequence": _plain(table["sequence"], pa.float64(), 0.0),
        "time": pa.array(_micros(table["time"])),
        "event_id": _texts(get("event_id"), rows),
    }
    for name in TEXTS:
        columns[name] = _dictionary(get(name), rows, _DETAIL if name == "detail" else None)
    for name in _DEGREES:
        columns[name] = _number(get(name), rows, pa.float32(), float("nan"))
    for name, kind in _NUMBERS.items():
        columns[name] = _number(get(name), rows, kind, 0)
    columns["count"] = _number(get("count"), rows, pa.uint32(), 1)
    columns["verdict"] = _code(get("verdict"), rows, VERDICTS, VERDICTS.index("unknown"))
    columns["severity"] = _code(get("severity"), rows, SEVERITIES, _NO_SEVERITY)
    batch = pa.record_batch(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def _plain(column: pa.ChunkedArray, kind: pa.DataType, unknown: Any) -> pa.Array:
    whole = _whole(column)
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    whole = whole.cast(kind, safe=False)
    return whole.fill_null(unknown) if whole.null_count else whole


def _number(column: pa.ChunkedArray | None, rows: int, kind: pa.DataType, unknown: Any) -> pa.Array:
    if column is None:
        return pa.array(np.full(rows, unknown), kind)
    return _plain(column, kind, unknown)


def _micros(column: pa.ChunkedArray) -> Any:
    whole = _whole(column).cast(pa.timestamp("us", "UTC"))
    micros = whole.cast(pa.int64()).fill_null(0).to_numpy().astype(np.float64)
    if whole.null_count:
        micros[whole.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return micros


def _texts(column: pa.ChunkedArray | None, rows: int) -> pa.Array:
    return pa.array([""] * rows) if column is None else _plain(column, pa.string(), "")


def _dictionary(column: pa.ChunkedArray | None, rows: int, longest: int | None) -> pa.DictionaryArray:
    if column is None:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([""]))
    # Of a dictionary that many batches share, a message holds only what it uses.
    coded = _plain(column, pa.string(), "").dictionary_encode()
    if longest is None:
        return coded
    return pa.DictionaryArray.from_arrays(coded.indices, pc.utf8_slice_codeunits(coded.dictionary, 0, longest))


def _code(column: pa.ChunkedArray | None, rows: int, words: Sequence[str], unknown: int) -> pa.Array:
    if column is None:
        return pa.array(np.full(rows, unknown), pa.uint8())
    coded = column.cast(_TEXT) if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()
    coded = _whole(coded.unify_dictionaries())
    table = np.array([words.index(w) if w in words else unknown for w in coded.dictionary.to_pylist()] + [unknown])
    return pa.array(table[coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)].astype(np.uint8))


def events(table: pa.Table) -> list[dict[str, Any]]:
    """Return rows as plain data: what is not known is left out, times are ISO 8601.

    Examples
    --------
    >>> events(pa.table({"sequence": [1], "time": pa.array([0], pa.timestamp("us", "UTC")), "rule": [None]}))
    [{'sequence': 1, 'time': '1970-01-01T00:00:00.000000Z'}]
    """
    at = table.column_names.index("time")
    times = pc.strftime(table["time"].cast(pa.timestamp("us", "UTC")), "%Y-%m-%dT%H:%M:%SZ")
    table = table.set_column(at, "time", times)
    for name in (name for name in _DEGREES if name in table.column_names):  # a double, or 37.42 becomes 37.419998
        degrees = pc.round(table[name].cast(pa.float64()), 4)
        table = table.set_column(table.column_names.index(name), name, degrees)
    lists = [column.to_pylist() for column in table.columns]  # by rows Arrow takes three times as long
    names = table.column_names
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in zip(*lists, strict=True)
    ]


def server_sent(table: pa.Table, filters: Filters | None = None) -> bytes:
    r"""Return rows as server-sent events: each with its sequence as id.

    Parameters
    ----------
    table : pyarrow.Table
        An event table with ``sequence``.
    filters : Filters, optional
        Only rows that meet them.

    Examples
    --------
    >>> server_sent(pa.table({"sequence": [7], "time": pa.array([None], pa.timestamp("us", "UTC"))}))
    b'id: 7\ndata: {"sequence":7}\n\n'
    """
    # JSON escapes line ends, so that no text of a log can end a message, or forge one.
    return b"".join(b"id: %d\ndata: %b\n\n" % (row["sequence"], _encode(row)) for row in events(chosen(table, filters)))
