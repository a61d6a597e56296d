"""Sorted address ranges: the one form every location database is brought to.

A family is covered from its first address to its last: range ``i`` goes from
start ``i`` to just before start ``i + 1``. Identifier -1 means nothing is known.
IPv6 starts are 128-bit, as two words; compared as integers, never through floats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Ranges", "Starts", "merge", "overlay"]

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Starts:
    """Hold the ranges of one family.

    Attributes
    ----------
    hi : ndarray of uint64, shape (n,)
        First address of each range, ascending, the first 0: IPv4 addresses
        whole, of IPv6 addresses the upper 64 bits.
    lo : ndarray of uint64, shape (n,) or (0,)
        The lower 64 bits; empty where all are 0.
    ids : ndarray of int32, shape (n,)
        What is known of the range; -1 for nothing.
    """

    hi: U64
    lo: U64
    ids: I32


@dataclass(frozen=True, slots=True)
class Ranges:
    """Hold both families.

    Attributes
    ----------
    v4, v6 : Starts
        The ranges of each.
    flags : int
        Which embedded IPv4 forms the IPv6 side leaves to the IPv4 side; see
        `attackviz.geo.table`.
    """

    v4: Starts
    v6: Starts
    flags: int = 0


def merge(starts: Starts) -> Starts:
    """Join neighbours that know the same.

    Parameters
    ----------
    starts : Starts

    Examples
    --------
    >>> s = Starts(np.array([0, 5, 9], np.uint64), np.empty(0, np.uint64), np.array([1, 1, 2], np.int32))
    >>> merge(s).hi.tolist()
    [0, 9]
    """
    keep = np.ones(len(starts.ids), bool)
    keep[1:] = starts.ids[1:] != starts.ids[:-1]
    lo = starts.lo[keep] if len(starts.lo) else starts.lo
    if len(lo) and not lo.any():
        lo = np.empty(0, np.uint64)
    return Starts(starts.hi[keep], lo, starts.ids[keep])


def overlay(first: Ranges, second: Ranges) -> tuple[Ranges, I32]:
    """Lay one set of ranges over another.

    Parameters
    ----------
    first, second : Ranges

    Returns
    -------
    ranges : Ranges
        Identifiers are rows of `pairs`, -1 where neither knows anything.
    pairs : ndarray of int32, shape (k, 2)
        The identifier in `first` and in `second`, sorted, each pair once.

    Examples
    --------
    >>> none = np.empty(0, np.uint64)
    >>> six = Starts(np.zeros(1, np.uint64), none, np.array([-1], np.int32))
    >>> a = Ranges(Starts(np.array([0, 8], np.uint64), none, np.array([-1, 0], np.int32)), six)
    >>> b = Ranges(Starts(np.array([0, 9], np.uint64), none, np.array([-1, 0], np.int32)), six)
    >>> both, pairs = overlay(a, b)
    >>> both.v4.hi.tolist(), pairs.tolist()
    ([0, 8, 9], [[0, -1], [0, 0]])
    """
    width = np.int64(max(second.v4.ids.max(initial=-1), second.v6.ids.max(initial=-1))) + 2
    sides = [_join(a, b, width) for a, b in ((first.v4, second.v4), (first.v6, second.v6))]
    keys = np.sort(np.concatenate([key for _, _, key in sides]))
    # Sorted and compared: several times faster than numpy.unique. The first is met anew unless it is nothing.
    keys = keys[np.diff(keys, prepend=np.int64(0)) > 0]
    v4, v6 = (
        merge(Starts(hi, lo, np.where(key > 0, np.searchsorted(keys, key), -1).astype(np.int32)))
        for hi, lo, key in sides
    )
    pairs = np.stack([keys // width - 1, keys % width - 1], axis=1).astype(np.int32)
    return Ranges(v4, v6, first.flags | second.flags), pairs


def _join(a: Starts, b: Starts, width: np.int64) -> tuple[U64, U64, npt.NDArray[np.int64]]:
    from .join import join

    wide = bool(len(a.lo) or len(b.lo))
    a_lo, b_lo = (s.lo if len(s.lo) or not wide else np.zeros(len(s.hi), np.uint64) for s in (a, b))
    hi, lo, key, n = join(a.hi, a_lo, a.ids, b.hi, b_lo, b.ids, width)
    return hi[:n], lo[:n], key[:n]
