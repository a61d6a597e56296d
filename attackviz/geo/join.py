"""Merge two sets of sorted ranges, compiled."""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN201
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba
import numpy as np

__all__ = ["join"]


@numba.njit(cache=True, nogil=True)
def join(a_hi, a_lo, a_ids, b_hi, b_lo, b_ids, width):
    """Return where the union of two range sets changes.

    Parameters
    ----------
    a_hi, a_lo, a_ids, b_hi, b_lo, b_ids : ndarray
        The fields of two `attackviz.geo.ranges.Starts`; the lower words both or neither empty.
    width : int
        One more than the largest identifier of the second, plus one.

    Returns
    -------
    hi, lo, key : ndarray
        Starts, and ``(id in a + 1) * width + (id in b + 1)``; more room than used.
    n : int
        How many are used.
    """
    wide = a_lo.size > 0
    size = a_hi.size + b_hi.size
    hi = np.empty(size, np.uint64)
    lo = np.empty(size if wide else 0, np.uint64)
    key = np.empty(size, np.int64)
    i = j = n = 0
    while i < a_hi.size or j < b_hi.size:
        if i == a_hi.size:
            order = 1
        elif j == b_hi.size:
            order = -1
        elif a_hi[i] != b_hi[j]:
            order = -1 if a_hi[i] < b_hi[j] else 1
        elif wide and a_lo[i] != b_lo[j]:
            order = -1 if a_lo[i] < b_lo[j] else 1
        else:
            order = 0
        if order <= 0:
            hi[n] = a_hi[i]
            if wide:
                lo[n] = a_lo[i]
            i += 1
        else:
            hi[n] = b_hi[j]
            if wide:
                lo[n] = b_lo[j]
        if order >= 0:
            j += 1
        # Both families start at 0, so both sides have a current range from the first step on.
        value = np.int64(a_ids[i - 1] + 1) * width + np.int64(b_ids[j - 1] + 1)
        if n == 0 or value != key[n - 1]:
            key[n] = value
            n += 1
    return hi, lo, key, n
