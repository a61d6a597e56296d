"""Compile sorted ranges into what the kernel looks addresses up in.

IPv4 has two levels of pages of 2**16 and 2**8, and a third level of 2**8 for
the few blocks that are split below /24. IPv6 has an index of its upper 20 bits,
and a binary search between two entries of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .ranges import Ranges, Starts

__all__ = ["COMPATIBLE", "FINE", "MAPPED", "SIX_TO_FOUR", "TEREDO", "Table", "compile_table"]

# IPv6 forms that hold an IPv4 address and are answered by the IPv4 side.
COMPATIBLE = 1  # ::a.b.c.d
MAPPED = 2  # ::ffff:a.b.c.d
SIX_TO_FOUR = 4  # 2002:aabb:ccdd::
TEREDO = 8  # 2001:0:aabb:ccdd::, the server's address, as MMDB files alias it

# A page entry of FINE - k stands for page k of the third level.
FINE = -16

_INDEX_BITS = 20

I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Table:
    """Hold the compiled look-up structure.

    Attributes
    ----------
    top : ndarray of int32, shape (65536,)
        Page of each /16.
    pages : ndarray of int32, shape (256 * p,)
        Identifier of each /24 in the pages, or a page of `fine`.
    fine : ndarray of int32, shape (256 * k,)
        Identifier of each address of the split /24.
    index : ndarray of int32, shape (2**20 + 1,)
        Last IPv6 range that starts at or before each value of the upper 20 bits.
    hi, lo : ndarray of uint64
        IPv6 range starts; `lo` is empty where all are 0.
    ids : ndarray of int32
        Their identifiers.
    flags : int
        The IPv6 forms answered by the IPv4 side.
    """

    top: I32
    pages: I32
    fine: I32
    index: I32
    hi: npt.NDArray[np.uint64]
    lo: npt.NDArray[np.uint64]
    ids: I32
    flags: int

    def __post_init__(self) -> None:
        # One signature for the compiled code, whether the arrays are mapped or fresh.
        for array in (self.top, self.pages, self.fine, self.index, self.hi, self.lo, self.ids):
            array.flags.writeable = False


def compile_table(ranges: Ranges) -> Table:
    """Compile ranges.

    Parameters
    ----------
    ranges : Ranges

    Examples
    --------
    >>> none = np.empty(0, np.uint64)
    >>> v4 = Starts(np.array([0, 1 << 24, 1 << 25], np.uint64), none, np.array([-1, 7, -1], np.int32))
    >>> v6 = Starts(np.zeros(1, np.uint64), none, np.array([-1], np.int32))
    >>> t = compile_table(Ranges(v4, v6))
    >>> int(t.pages[256 * t.top[0x0100]])
    7
    """
    top, pages, fine = _pages(ranges.v4)
    v6 = ranges.v6
    return Table(top, pages, fine, _index(v6), v6.hi, v6.lo, v6.ids, ranges.flags)


def _pages(v4: Starts) -> tuple[I32, I32, I32]:
    # A /24 has the identifier its first address has, unless a range starts inside it.
    first = ((v4.hi + np.uint64(255)) >> np.uint64(8)).astype(np.int64)
    blocks = np.repeat(v4.ids, np.diff(first, append=1 << 24))
    split = np.unique(v4.hi[(v4.hi & np.uint64(255)) != 0] >> np.uint64(8))
    addresses = (split[:, None] << np.uint64(8)) | np.arange(256, dtype=np.uint64)
    fine = v4.ids[np.searchsorted(v4.hi, addresses.ravel(), "right") - 1]
    blocks[split.astype(np.int64)] = FINE - np.arange(len(split), dtype=np.int32)
    by_page = blocks.reshape(1 << 16, 256)
    uniform = (by_page == by_page[:, :1]).all(axis=1)
    shared, where = np.unique(by_page[uniform, 0], return_inverse=True)
    top = np.empty(1 << 16, np.int32)
    top[uniform] = where
    top[~uniform] = len(shared) + np.arange((~uniform).sum())
    pages = np.concatenate([np.repeat(shared, 256), by_page[~uniform].ravel()])
    return top, pages.astype(np.int32, copy=False), fine


def _index(v6: Starts) -> I32:
    heads = np.arange(1 << _INDEX_BITS, dtype=np.uint64) << np.uint64(64 - _INDEX_BITS)
    before = np.searchsorted(v6.hi, heads, "left")
    at = np.minimum(before, len(v6.hi) - 1)
    exact = v6.hi[at] == heads
    if len(v6.lo):
        exact &= v6.lo[at] == 0
    index = np.empty((1 << _INDEX_BITS) + 1, np.int32)
    index[:-1] = np.where(exact, at, before - 1)
    index[-1] = len(v6.hi) - 1
    return index
