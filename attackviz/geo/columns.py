"""Between Arrow and the kernel: string buffers in, columns out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .places import ABSENT, FIELDS, TEXTS, Places

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Strings", "gather_columns", "string_buffers", "to_arrow"]

_NO_BITMAP = np.empty(0, np.uint8)
_NO_BITMAP.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Strings:
    """Hold the buffers of a string array, without copying the text.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n + 1,)
    data : ndarray of uint8
    bitmap : ndarray of uint8
        Empty where nothing is null.
    bit_offset : int
    size : int
        n.
    """

    offsets: npt.NDArray[np.int64]
    data: npt.NDArray[np.uint8]
    bitmap: npt.NDArray[np.uint8]
    bit_offset: int
    size: int


def to_arrow(values: pa.Array | pa.ChunkedArray | pd.Series | Sequence[str | None]) -> pa.ChunkedArray:
    """Return a column as Arrow; what is neither text nor null becomes an empty text, which is no address.

    Parameters
    ----------
    values : pyarrow.Array, pyarrow.ChunkedArray, pandas.Series or sequence of str
    """
    if isinstance(values, pa.ChunkedArray):
        return values
    if isinstance(values, pa.Array):
        return pa.chunked_array([values])
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # A column of mixed objects.
        array = pa.array(
            [v if isinstance(v, str) else None if v is None or v != v else "" for v in values], pa.large_string()
        )
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def string_buffers(
    values: pa.Array | pa.ChunkedArray | pd.Series | Sequence[str | None],
) -> Iterator[tuple[Strings, npt.NDArray[np.int32] | None]]:
    """Give the string buffers of a column, chunk by chunk.

    Parameters
    ----------
    values : pyarrow.Array, pyarrow.ChunkedArray, pandas.Series or sequence of str

    Yields
    ------
    strings : Strings
        Of the chunk, or of its dictionary.
    codes : ndarray of int32 or None
        Rows of the dictionary, -1 for null, where the chunk has one.
    """
    for chunk in to_arrow(values).chunks:
        if pa.types.is_dictionary(chunk.type):
            codes = chunk.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
            yield _buffers(chunk.dictionary), codes
        else:
            yield _buffers(chunk), None


def _buffers(array: pa.Array) -> Strings:
    kind = array.type
    if pa.types.is_string_view(kind):
        array = array.cast(pa.large_string())
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        # Numbers and bytes are no addresses; nulls stay what they are.
        blank = pa.array(np.zeros(len(array), "U1"), pa.string())
        array = pc.if_else(array.is_valid(), blank, pa.scalar(None, pa.string()))
    bitmap, offsets, data = array.buffers()
    wide = np.int64 if pa.types.is_large_string(array.type) else np.int32
    if offsets is None or len(array) == 0:
        bounds = np.zeros(1, np.int64)
    else:
        bounds = np.frombuffer(offsets, wide)[array.offset : array.offset + len(array) + 1].astype(np.int64, copy=False)
    text = _frozen(np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8))
    valid = _frozen(np.frombuffer(bitmap, np.uint8)) if bitmap is not None and array.null_count else _NO_BITMAP
    return Strings(_frozen(bounds), text, valid, array.offset, len(array))


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    # Read-only throughout, so that the kernel is compiled for one kind of array.
    view = array.view()
    view.flags.writeable = False
    return view


def gather_columns(places: Places, ids: npt.NDArray[np.int32]) -> dict[str, pa.Array]:
    """Make the columns of located rows.

    Parameters
    ----------
    places : Places
    ids : ndarray of int32, shape (n,)

    Returns
    -------
    dict of str to pyarrow.Array
        As `attackviz.geo.Database.columns`.
    """
    from .kernel import gather, mark, occurring, renumber

    met = np.zeros(len(places.rows), np.bool_)
    mark(ids, met)
    used = np.flatnonzero(met)
    rank = np.empty(len(places.rows), np.int32)
    rank[used] = np.arange(len(used), dtype=np.int32)
    # Dictionaries hold what occurs, not all the cities of the world.
    occurs = np.zeros((len(TEXTS), max(map(len, places.texts))), np.bool_)
    occurring(places.rows, used, occurs)
    rows = np.empty((len(used) + 1, places.rows.shape[1]), np.int32)
    renumber(places.rows, used, np.cumsum(occurs, axis=1, dtype=np.int32) - np.int32(1), rows)
    rows[-1] = ABSENT
    texts = [text.take(pa.array(np.flatnonzero(seen))) for text, seen in zip(places.texts, occurs, strict=True)]
    size = len(ids)
    out = np.empty((len(FIELDS), size), np.int32)
    validity = np.empty((len(FIELDS), (size + 7) // 8), np.uint8)
    gather(ids, rank, rows, ABSENT, out, validity)
    columns: dict[str, pa.Array] = {}
    kinds = dict.fromkeys(TEXTS, pa.int32()) | {"asn": pa.uint32(), "lat": pa.float32(), "lon": pa.float32()}
    for c, name in enumerate(FIELDS):
        buffers = [pa.py_buffer(validity[c]), pa.py_buffer(out[c])]
        column = pa.Array.from_buffers(kinds[name], size, buffers)
        columns[name] = pa.DictionaryArray.from_arrays(column, texts[c]) if c < len(TEXTS) else column
    return columns
