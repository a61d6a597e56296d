"""Columns as small integers: the distinct rows of some columns, and which row each event is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["combine", "distinct", "sums", "text_of", "whole"]

_KEYS = 2**62
TEXT_LIMIT = 400


def whole(table: pa.Table, name: str, absent: pa.DataType) -> pa.Array:
    """Return one column of a table as one array.

    Parameters
    ----------
    table : pyarrow.Table
    name : str
    absent : pyarrow.DataType
        The type of the nulls to return where the table has no such column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> whole(pa.table({"a": [1, 2]}), "b", pa.int8()).null_count
    2
    """
    if name not in table.column_names:
        return pa.nulls(table.num_rows, absent)
    column = table[name].combine_chunks()
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def distinct(columns: Sequence[pa.Array]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the distinct combinations of values, in order of first appearance.

    Parameters
    ----------
    columns : sequence of pyarrow.Array, each of length n
        Of any type; a null is a value like any other.

    Returns
    -------
    codes : ndarray of int64, shape (n,)
        The number of each row's combination.
    first : ndarray of int64, shape (k,)
        The row at which each combination appears first.

    Examples
    --------
    >>> import pyarrow as pa
    >>> codes, first = distinct([pa.array(["x", "y", "x"]), pa.array([1, 1, 1])])
    >>> codes.tolist(), first.tolist()
    ([0, 1, 0], [0, 1])
    """
    return combine([_codes(column) for column in columns])


def combine(parts: Sequence[tuple[NDArray[Any], int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the distinct combinations of codes, as `distinct` does those of values.

    Parameters
    ----------
    parts : sequence of (ndarray of int, shape (n,), int)
        Codes from 0, and how many there are.

    Returns
    -------
    codes : ndarray of int64, shape (n,)
    first : ndarray of int64, shape (k,)

    Examples
    --------
    >>> codes, first = combine([(np.array([0, 1, 0]), 2), (np.array([5, 5, 5]), 6)])
    >>> codes.tolist(), first.tolist()
    ([0, 1, 0], [0, 1])
    """
    key, size = parts[0][0].astype(np.int64), parts[0][1]
    for codes, more in parts[1:]:
        if size * more >= _KEYS:
            key, size = _codes(pa.array(key))
        key, size = key * more + codes, size * more
    codes, size = _codes(pa.array(key))
    first = np.empty(size, np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, first


def sums(codes: NDArray[Any], weight: NDArray[np.int64] | None, size: int) -> NDArray[np.int64]:
    """Add up weights by code, exactly.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Each in [0, size).
    weight : ndarray of int64, shape (n,), or None
        None for 1 throughout.
    size : int

    Returns
    -------
    ndarray of int64, shape (size,)

    Examples
    --------
    >>> sums(np.array([0, 2, 0]), np.array([1, 5, 2**60]), 3).tolist()
    [1152921504606846977, 0, 5]
    """
    if weight is None:
        return np.bincount(codes, minlength=size)
    if not len(weight) or float(weight.sum(dtype=np.float64)) < 2**52:
        return np.bincount(codes, weight, size).astype(np.int64)
    # bincount adds in floats, which are exact up to 2**53 only.
    low, high = np.bincount(codes, weight & 0xFFFF, size), np.bincount(codes, weight >> 16, size)
    return (high.astype(np.int64) << 16) + low.astype(np.int64)


def _codes(column: pa.Array) -> tuple[NDArray[np.int64], int]:
    if pa.types.is_dictionary(column.type):
        names = column.dictionary
        if names.null_count or pc.count_distinct(names).as_py() < len(names):
            column = column.cast(column.type.value_type)
        else:
            codes = column.indices.cast(pa.int64()).fill_null(len(names))
            return codes.to_numpy(zero_copy_only=False), len(names) + 1
    column = column.dictionary_encode(null_encoding="encode")
    return column.indices.to_numpy(zero_copy_only=False).astype(np.int64), len(column.dictionary)


def text_of(column: pa.Array, rows: NDArray[np.int64], absent: str | None = "") -> pa.Array:
    """Return some rows of a column as text, the longest cut.

    Parameters
    ----------
    column : pyarrow.Array
        Of any type that casts to a string.
    rows : ndarray of int64, shape (k,)
    absent : str or None
        What stands for null.

    Returns
    -------
    pyarrow.StringArray, shape (k,)
        At most 400 characters each, with an ellipsis where cut: a list has no
        room for more, and a page should not weigh what a hostile log wants.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> text_of(pa.array(["a", None]), np.array([1, 0])).to_pylist()
    ['', 'a']
    """
    taken = column.take(pa.array(rows)).cast(pa.string())
    long = pc.greater(pc.utf8_length(taken), TEXT_LIMIT)
    if pc.any(long).as_py():
        cut = pc.binary_join_element_wise(pc.utf8_slice_codeunits(taken, 0, TEXT_LIMIT - 1), "…", "")
        taken = pc.if_else(long, cut, taken)
    return taken if absent is None else taken.fill_null(absent)
