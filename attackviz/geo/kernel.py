"""Parse addresses and look them up, compiled, straight over Arrow string buffers.

What counts as an address is what Python's `ipaddress` accepts, to the letter.
"""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba
import numpy as np

from .table import COMPATIBLE, FINE, MAPPED, SIX_TO_FOUR, TEREDO

__all__ = ["gather", "locate", "mark", "occurring", "renumber"]

_BLOCK = 4096


@numba.njit(inline="always")
def _parse4(data, start, end):
    """Return whether data[start:end] is a dotted quad, and its value."""
    size = end - start
    value = np.uint32(0)
    if size < 7 or size > 15:
        return False, value
    octet = np.uint32(0)
    digits = 0
    dots = 0
    for p in range(start, end):
        c = data[p]
        d = np.uint32(c) - np.uint32(48)
        if d <= np.uint32(9):
            if digits > 0 and octet == 0:  # a leading zero
                return False, value
            octet = octet * np.uint32(10) + d
            digits += 1
            if octet > np.uint32(255):
                return False, value
        elif c == 46:
            if digits == 0 or dots == 3:
                return False, value
            value = (value << np.uint32(8)) | octet
            octet = np.uint32(0)
            digits = 0
            dots += 1
        else:
            return False, value
    if dots != 3 or digits == 0:
        return False, value
    return True, (value << np.uint32(8)) | octet


@numba.njit
def _parse6(data, start, end):
    """Return whether data[start:end] is an IPv6 address, and its two words; a zone is dropped."""
    zero = np.uint64(0)
    zone = False
    stop = end
    for p in range(start, end):
        c = data[p]
        if c == 47:  # a slash is refused even in a zone
            return False, zero, zero
        if c == 37:
            if zone or p + 1 == end:
                return False, zero, zero
            zone = True
            stop = p
    end = stop
    size = end - start
    if size < 2 or size > 45:
        return False, zero, zero
    head_hi = head_lo = tail_hi = tail_lo = zero  # groups before and after '::'
    head = tail = 0
    gap = False
    p = start
    if data[p] == 58:
        if data[p + 1] != 58:
            return False, zero, zero
        gap = True
        p += 2
    while p < end:
        group = zero
        digits = 0
        q = p
        while q < end and digits < 5:
            c = data[q]
            if 48 <= c <= 57:
                d = c - 48
            elif 97 <= c <= 102:
                d = c - 87
            elif 65 <= c <= 70:
                d = c - 55
            else:
                break
            group = (group << np.uint64(4)) | np.uint64(d)
            digits += 1
            q += 1
        words = 1
        if q < end and data[q] == 46:
            ok, quad = _parse4(data, p, end)
            if not ok:
                return False, zero, zero
            group = np.uint64(quad)
            words = 2
            q = end
        elif digits == 0 or digits > 4:
            return False, zero, zero
        shift = np.uint64(16 * words)
        if gap:
            tail_hi = (tail_hi << shift) | (tail_lo >> (np.uint64(64) - shift))
            tail_lo = (tail_lo << shift) | group
            tail += words
        else:
            head_hi = (head_hi << shift) | (head_lo >> (np.uint64(64) - shift))
            head_lo = (head_lo << shift) | group
            head += words
        if head + tail > 8:
            return False, zero, zero
        p = q
        if p == end:
            break
        if data[p] != 58:
            return False, zero, zero
        p += 1
        if p == end:  # a single colon at the end
            return False, zero, zero
        if data[p] == 58:
            if gap:
                return False, zero, zero
            gap = True
            p += 1
    if not gap:
        return head == 8, head_hi, head_lo
    if head + tail > 7:
        return False, zero, zero
    if head == 0:
        return True, tail_hi, tail_lo
    shift = np.uint64(16 * (8 - head))
    if shift >= np.uint64(64):
        return True, (head_lo << (shift - np.uint64(64))) | tail_hi, tail_lo
    head_hi = (head_hi << shift) | (head_lo >> (np.uint64(64) - shift))
    return True, head_hi | tail_hi, (head_lo << shift) | tail_lo


@numba.njit(inline="always")
def _find6(index, starts_hi, starts_lo, ids, hi, lo):
    p = np.int64(hi >> np.uint64(44))
    low = np.int64(index[p])
    high = np.int64(index[p + 1])
    wide = starts_lo.size > 0
    while low < high:
        middle = (low + high + 1) >> 1
        start = starts_hi[middle]
        if start < hi or (start == hi and (not wide or starts_lo[middle] <= lo)):
            low = middle
        else:
            high = middle - 1
    return ids[low]


@numba.njit(cache=True, nogil=True)
def locate(offsets, data, bitmap, bit_offset, top, pages, fine, index, starts_hi, starts_lo, ids, flags, out):
    """Write the identifier of every string into `out`.

    Parameters
    ----------
    offsets : ndarray of int32 or int64, shape (n + 1,)
        Bounds of the strings in `data`.
    data : ndarray of uint8
    bitmap : ndarray of uint8
        Validity, least bit first; empty if all are valid.
    bit_offset : int
        Bit of the first string.
    top, pages, fine, index, starts_hi, starts_lo, ids, flags
        The fields of `attackviz.geo.table.Table`.
    out : ndarray of int32, shape (n,)
    """
    # Passes over a block keep each loop small; one fused loop is several times slower.
    rows = np.empty(_BLOCK, np.int64)
    quads = np.empty(_BLOCK, np.uint32)
    is_quad = np.empty(_BLOCK, np.bool_)
    places = np.empty(_BLOCK, np.int64)
    found = np.empty(_BLOCK, np.int32)
    n = out.size
    for first in range(0, n, _BLOCK):
        size = min(_BLOCK, n - first)
        others = 0
        for j in range(size):
            i = first + j
            ok, quad = _parse4(data, offsets[i], offsets[i + 1])
            quads[j] = quad
            is_quad[j] = ok
            rows[others] = j
            others += not ok
        for k in range(others):
            j = rows[k]
            i = first + j
            if bitmap.size > 0 and not (bitmap[(i + bit_offset) >> 3] >> ((i + bit_offset) & 7)) & 1:
                out[i] = -3
                continue
            ok, hi, lo = _parse6(data, offsets[i], offsets[i + 1])
            if not ok:
                out[i] = -2
            elif hi == 0 and (
                (flags & MAPPED and lo >> np.uint64(32) == np.uint64(0xFFFF))
                or (flags & COMPATIBLE and lo >> np.uint64(32) == 0)
            ):
                quads[j] = np.uint32(lo & np.uint64(0xFFFFFFFF))
                is_quad[j] = True
            elif flags & SIX_TO_FOUR and hi >> np.uint64(48) == np.uint64(0x2002):
                quads[j] = np.uint32((hi >> np.uint64(16)) & np.uint64(0xFFFFFFFF))
                is_quad[j] = True
            elif flags & TEREDO and hi >> np.uint64(32) == np.uint64(0x20010000):
                quads[j] = np.uint32(hi & np.uint64(0xFFFFFFFF))
                is_quad[j] = True
            else:
                out[i] = _find6(index, starts_hi, starts_lo, ids, hi, lo)
        if bitmap.size > 0:
            for j in range(size):
                i = first + j
                # What stands under a null is not to be looked at, even if it looks like an address.
                if not (bitmap[(i + bit_offset) >> 3] >> ((i + bit_offset) & 7)) & 1:
                    is_quad[j] = False
                    out[i] = -3
        # Steps apart: reads that do not wait for each other overlap. What is no quad reads along, and is not used.
        for j in range(size):
            quad = quads[j]
            places[j] = np.int64(top[quad >> np.uint32(16)]) * 256 + np.int64((quad >> np.uint32(8)) & np.uint32(255))
        for j in range(size):
            found[j] = pages[places[j]]
        for j in range(size):
            if is_quad[j]:
                place = found[j]
                if place <= FINE:
                    place = fine[(np.int64(FINE) - place) * 256 + np.int64(quads[j] & np.uint32(255))]
                out[first + j] = place


@numba.njit(cache=True, nogil=True)
def mark(ids, seen):
    """Mark the records that occur.

    Parameters
    ----------
    ids : ndarray of int32, shape (n,)
        As `locate` wrote them.
    seen : ndarray of bool, shape (records in the database,)
        Set to True where an identifier occurs.
    """
    for i in range(ids.size):
        if ids[i] >= 0:
            seen[ids[i]] = True


@numba.njit(cache=True, nogil=True)
def occurring(rows, used, occurs):
    """Mark the texts that some records name.

    Parameters
    ----------
    rows : ndarray of int32, shape (records in the database, 8)
        Columns of `attackviz.geo.places`.
    used : ndarray of int64, shape (k,)
        The records.
    occurs : ndarray of bool, shape (4, longest dictionary)
        Set to True where a code occurs.
    """
    for k in range(used.size):
        for c in range(4):
            code = rows[used[k], c]
            if code >= 0:
                occurs[c, code] = True


@numba.njit(cache=True, nogil=True)
def renumber(rows, used, numbers, out):
    """Copy some records, with other codes for their texts.

    Parameters
    ----------
    rows, used
        As for `occurring`.
    numbers : ndarray of int32, shape (4, longest dictionary)
        The new code of each.
    out : ndarray of int32, shape (at least k, 8)
        Its first k rows are filled.
    """
    for k in range(used.size):
        for c in range(8):
            out[k, c] = rows[used[k], c]
        for c in range(4):
            if out[k, c] >= 0:
                out[k, c] = numbers[c, out[k, c]]


@numba.njit(cache=True, nogil=True)
def gather(ids, rank, rows, absent, out, validity):
    """Write the columns of located rows.

    Parameters
    ----------
    ids : ndarray of int32, shape (n,)
        As `locate` wrote them.
    rank : ndarray of int32, shape (records in the database,)
        Where in `rows` each identifier stands.
    rows : ndarray of int32, shape (k + 1, 8)
        Columns of `attackviz.geo.places`; the last row is absent throughout.
    absent : ndarray of int32, shape (8,)
        The value of each column that stands for null.
    out : ndarray of int32, shape (7, n)
        Filled with the columns; 0 under a null.
    validity : ndarray of uint8, shape (7, ceil(n / 8))
        Filled with their bitmaps, least bit first.
    """
    n = ids.size
    last = rows.shape[0] - 1
    row = np.empty(_BLOCK, np.int64)
    there = np.zeros(_BLOCK, np.uint8)
    for first in range(0, n, _BLOCK):
        size = min(_BLOCK, n - first)
        for j in range(size):
            row[j] = rank[ids[first + j]] if ids[first + j] >= 0 else last
        for c in range(7):
            column = out[c]
            bits = validity[c]
            for j in range(size):
                value = rows[row[j], c]
                known = value != absent[c]
                column[first + j] = value if known else np.int32(0)
                there[j] = known
            for j in range(size, (size + 7) // 8 * 8):
                there[j] = 0
            for k in range((size + 7) // 8):
                byte = np.uint8(0)
                for b in range(8):
                    byte |= there[8 * k + b] << b
                bits[(first >> 3) + k] = byte
