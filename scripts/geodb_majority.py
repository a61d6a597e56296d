"""Coarsen address ranges to whole blocks."""

# numba infers the types here; annotations would say less than the docstrings do.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba
import numpy as np

from attackviz.geo.ranges import Starts

__all__ = ["majority"]


def majority(starts: Starts, shift: int, bits: int) -> Starts:
    """Coarsen ranges to whole blocks, each with the record most of its addresses have.

    Parameters
    ----------
    starts : Starts
        Without `lo`.
    shift : int
        A block holds ``2**shift`` units of `hi`.
    bits : int
        Width of `hi` in use: 32 or 64.

    Returns
    -------
    Starts
        Merged; of equal weights the record met first wins.

    Examples
    --------
    >>> s = Starts(np.array([0, 100, 300], np.uint64), np.empty(0, np.uint64), np.array([1, 2, 3], np.int32))
    >>> m = majority(s, 8, 32)
    >>> m.hi.tolist(), m.ids.tolist()
    ([0, 256], [2, 3])
    """
    hi, ids, n = _majority_kernel(starts.hi, starts.ids, np.uint64(shift), np.uint64((1 << bits) - 1))
    return Starts(hi[:n], np.empty(0, np.uint64), ids[:n])


@numba.njit(cache=True)
def _heaviest(weights, count):
    best = 0
    for k in range(1, count):
        if weights[k] > weights[best]:
            best = k
    return best


@numba.njit(cache=True)
def _emit(out_hi, out_id, n, start, name):
    if n > 0 and out_id[n - 1] == name:
        return n
    out_hi[n] = start
    out_id[n] = name
    return n + 1


@numba.njit(cache=True)
def _majority_kernel(hi, ids, shift, final):
    one = np.uint64(1)
    mask = (one << shift) - one
    size = 3 * hi.size + 2
    out_hi = np.empty(size, np.uint64)
    out_id = np.empty(size, np.int32)
    n = 0
    # Records and weights of the one block that several ranges share; a block has at most 2**shift of them.
    names = np.empty(1 << 16, np.int32)
    weights = np.empty(1 << 16, np.uint64)
    count = 0
    block = np.uint64(0)
    for i in range(hi.size + 1):
        done = i == hi.size
        start = np.uint64(0) if done else hi[i]
        if count > 0 and (done or (start >> shift) != block):
            n = _emit(out_hi, out_id, n, block << shift, names[_heaviest(weights, count)])
            count = 0
        if done:
            break
        last = hi[i + 1] - one if i + 1 < hi.size else final
        first_block = start >> shift
        last_block = last >> shift
        head = (start & mask) != 0
        tail = (last & mask) != mask
        if head or (first_block == last_block and tail):
            until = last if first_block == last_block else (first_block << shift) | mask
            block = first_block
            found = -1
            for k in range(count):
                if names[k] == ids[i]:
                    found = k
                    break
            if found < 0:
                names[count] = ids[i]
                weights[count] = until - start + one
                count += 1
            else:
                weights[found] += until - start + one
            if first_block == last_block:
                continue
            n = _emit(out_hi, out_id, n, block << shift, names[_heaviest(weights, count)])
            count = 0
            first_block += one
        if first_block < last_block or not tail:
            n = _emit(out_hi, out_id, n, first_block << shift, ids[i])
        if tail:
            block = last_block
            names[0] = ids[i]
            weights[0] = (last & mask) + one
            count = 1
    return out_hi, out_id, n
