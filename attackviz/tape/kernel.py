"""A set of event ids, compiled: 96 bits of each, straight over Arrow string buffers.

Ids are hashed with two seeds that a process draws at random: that two of a
billion ids of an hour share 96 bits has a chance of 1 in 10**10, and nobody can
make ids that do.
"""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba
import numpy as np

__all__ = ["absorb", "moved"]

_A = np.uint64(0x87C37B91114253D5)
_B = np.uint64(0x4CF5AD432745937F)
_C = np.uint64(0xFF51AFD7ED558CCD)
_D = np.uint64(0xC4CEB9FE1A85EC53)


@numba.njit(inline="always")
def _turned(value, bits):
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


@numba.njit(inline="always")
def _mixed(value):
    # The finaliser of MurmurHash3 (Austin Appleby, public domain).
    value ^= value >> np.uint64(33)
    value *= _C
    value ^= value >> np.uint64(33)
    value *= _D
    return value ^ (value >> np.uint64(33))


@numba.njit
def _hashed(data, start, end, seeds):
    low, high = seeds[0], seeds[1]
    at = start
    while at < end:
        word = np.uint64(0)
        stop = min(at + 8, end)
        for k in range(at, stop):
            word |= np.uint64(data[k]) << np.uint64(8 * (k - at))
        low = _turned(low ^ (word * _A), 31) * _B
        high = _turned(high + (word * _B), 27) * _A
        high ^= high >> np.uint64(29)
        at = stop
    size = np.uint64(end - start)
    low, high = _mixed(low ^ size), _mixed(high + size)
    return (low if low != 0 else np.uint64(1)), np.uint32(high >> np.uint64(32))


@numba.njit(cache=True, nogil=True)
def absorb(data, offsets, rows, seeds, low, high, fresh):
    """Put ids into a set that has room for them.

    Parameters
    ----------
    data : ndarray of uint8
        The bytes of all ids.
    offsets : ndarray of int32, shape (n + 1,)
        Where each begins.
    rows : ndarray of int64
        Which of them.
    seeds : ndarray of uint64, shape (2,)
    low : ndarray of uint64, shape (slots,)
        The set; 0 where a slot is free. A power of two.
    high : ndarray of uint32, shape (slots,)
    fresh : ndarray of bool, shape (n,)
        Set where an id was not in it.

    Returns
    -------
    int
        How many were not.
    """
    mask = np.uint64(low.size - 1)
    added = 0
    for row in rows:
        first, second = _hashed(data, offsets[row], offsets[row + 1], seeds)
        slot = first & mask
        while low[slot] != 0 and (low[slot] != first or high[slot] != second):
            slot = (slot + np.uint64(1)) & mask
        if low[slot] == 0:
            low[slot] = first
            high[slot] = second
            fresh[row] = True
            added += 1
    return added


@numba.njit(cache=True, nogil=True)
def moved(low, high, to_low, to_high):
    """Put a set into a larger one.

    Parameters
    ----------
    low, high : ndarray
        The set, as for `absorb`.
    to_low, to_high : ndarray
        An empty one.
    """
    mask = np.uint64(to_low.size - 1)
    for at in range(low.size):
        if low[at] != 0:
            slot = low[at] & mask
            while to_low[slot] != 0:
                slot = (slot + np.uint64(1)) & mask
            to_low[slot] = low[at]
            to_high[slot] = high[at]
