"""Copy what was found into columns of text, with escapes resolved."""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from .grammar import hex4
from .kernel import ESCAPED, NULL, STRING
from .memory import byte, copy64, entry, helper, put, put32

__all__ = ["gather", "measure"]


@helper
def _put_character(to, code):
    """Write a code point as UTF-8."""
    if code < 0x80:
        put(to, code)
        return to + 1
    if code < 0x800:
        put(to, 0xC0 | code >> 6)
        put(to + 1, 0x80 | code & 63)
        return to + 2
    if code < 0x10000:
        put(to, 0xE0 | code >> 12)
        put(to + 1, 0x80 | code >> 6 & 63)
        put(to + 2, 0x80 | code & 63)
        return to + 3
    put(to, 0xF0 | code >> 18)
    put(to + 1, 0x80 | code >> 12 & 63)
    put(to + 2, 0x80 | code >> 6 & 63)
    put(to + 3, 0x80 | code & 63)
    return to + 4


@helper
def _unescape(to, at, end):
    r"""Write a string without its escapes; half a surrogate pair stays ``\udXXX``, as it is no character."""
    while at < end:
        c = byte(at)
        if c != 92:
            put(to, c)
            to += 1
            at += 1
            continue
        c = byte(at + 1)
        if c != 117:
            if c == 98:
                c = 8
            elif c == 102:
                c = 12
            elif c == 110:
                c = 10
            elif c == 114:
                c = 13
            elif c == 116:
                c = 9
            put(to, c)
            to += 1
            at += 2
            continue
        code = hex4(at + 2)
        if 0xD800 <= code < 0xDC00 and at + 12 <= end and byte(at + 6) == 92 and byte(at + 7) == 117:
            low = hex4(at + 8)
            if 0xDC00 <= low < 0xE000:
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
                at += 6
        if 0xD800 <= code < 0xE000:
            for n in range(6):
                c = byte(at + n)
                put(to + n, c + 32 if 65 <= c <= 70 else c)
            to += 6
        else:
            to = _put_character(to, code)
        at += 6
    return to


@entry
def measure(length, kind, rows):
    """Return how many bytes the values of each column take at most."""
    sizes = np.zeros(kind.shape[0], np.int64)
    for column in range(kind.shape[0]):
        for row in range(rows):
            if kind[column, row] > NULL:
                sizes[column] += length[column, row]
    return sizes


@entry
def gather(start, length, kind, rows, room, have):
    """Append values to columns of text.

    Parameters
    ----------
    start, length, kind : ndarray, shape (columns, rows)
        Where the values stand, and what they are; at least 64 readable bytes follow each.
    rows : int
        How many there are.
    room : ndarray of int64, shape (columns, 4)
        Addresses of each column's bytes, 32-bit offsets and kinds, and how
        many bytes it has; there is room for all values, and 64 bytes more.
    have : int
        How many values each column has.
    """
    for column in range(kind.shape[0]):
        data, offsets, kinds = room[column, 0], room[column, 1], room[column, 2]
        to = data + room[column, 3]
        for row in range(rows):
            what = kind[column, row]
            if what == ESCAPED:
                to = _unescape(to, start[column, row], start[column, row] + length[column, row])
                what = STRING
            elif what > NULL:
                at, size = start[column, row], length[column, row]
                done = 0
                while done < size:
                    copy64(to + done, at + done)
                    done += 64
                to += size
            put(kinds + have + row, what)
            put32(offsets + 4 * (have + row + 1), to - data)
        room[column, 3] = to - data
