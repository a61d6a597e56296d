"""Walk the search tree of an MMDB file, compiled."""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN201
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba
import numpy as np

from .table import MAPPED, SIX_TO_FOUR, TEREDO

__all__ = ["TOO_DEEP", "TOO_MANY", "walk"]

TOO_DEEP = -1
TOO_MANY = -2


@numba.njit(cache=True, nogil=True)
def walk(nodes, bits, limit):
    """Return the leaves of an MMDB search tree in address order.

    Parameters
    ----------
    nodes : ndarray of uint32, shape (n, 2)
        Children: another node, or n for nothing, or n + 16 + an offset of the data.
    bits : int
        32 or 128; addresses of a 32-bit tree stand in the lowest 32 bits.
    limit : int
        Most leaves there may be.

    Returns
    -------
    hi, lo : ndarray of uint64
        Where each leaf starts.
    offset : ndarray of int64
        Of its data; -1 for nothing.
    n : int
        How many leaves there are; `TOO_DEEP` or `TOO_MANY`.
    aliases : int
        Flags of `attackviz.geo.table`: where the IPv4 side is found a second
        time. Such a leaf is left empty.
    """
    count = nodes.shape[0]
    one = np.uint64(1)
    hi = np.empty(limit, np.uint64)
    lo = np.empty(limit, np.uint64)
    offset = np.empty(limit, np.int64)
    n = 0
    aliases = 0
    # The IPv4 side of an IPv6 tree hangs under 96 zero bits; other ways into the same node are aliases.
    ipv4 = np.int64(0)
    depth = 0
    while bits == 128 and depth < 96 and ipv4 < count:
        ipv4 = np.int64(nodes[ipv4, 0])
        depth += 1
    if bits == 32 or depth < 96 or ipv4 >= count:
        ipv4 = np.int64(-1)
    stack_node = np.empty(132, np.int64)
    stack_hi = np.empty(132, np.uint64)
    stack_lo = np.empty(132, np.uint64)
    stack_depth = np.empty(132, np.int64)
    top = 1
    stack_node[0] = 0
    stack_hi[0] = 0
    stack_lo[0] = 0
    stack_depth[0] = 0
    while top > 0:
        top -= 1
        node = stack_node[top]
        h = stack_hi[top]
        low = stack_lo[top]
        d = stack_depth[top]
        alias = 0
        if node == ipv4:
            if d == 16 and h == np.uint64(0x2002) << np.uint64(48):
                alias = SIX_TO_FOUR
            elif d == 32 and h == np.uint64(0x20010000) << np.uint64(32):
                alias = TEREDO
            elif d == 96 and h == 0 and low == np.uint64(0xFFFF) << np.uint64(32):
                alias = MAPPED
        if node >= count or alias:
            if n == limit:
                return hi, lo, offset, TOO_MANY, aliases
            hi[n] = h
            lo[n] = low
            offset[n] = -1 if alias or node == count else node - count - 16
            n += 1
            aliases |= alias
            continue
        if d == bits:
            return hi, lo, offset, TOO_DEEP, aliases
        position = 128 - bits + d
        if position < 64:
            right_hi = h | (one << np.uint64(63 - position))
            right_lo = low
        else:
            right_hi = h
            right_lo = low | (one << np.uint64(127 - position))
        stack_node[top] = nodes[node, 1]
        stack_hi[top] = right_hi
        stack_lo[top] = right_lo
        stack_depth[top] = d + 1
        stack_node[top + 1] = nodes[node, 0]
        stack_hi[top + 1] = h
        stack_lo[top + 1] = low
        stack_depth[top + 1] = d + 1
        top += 2
    return hi, lo, offset, n, aliases
