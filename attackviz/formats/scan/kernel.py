"""The scanner's core: check every line to the letter, and note where the wanted values stand.

A line is taken if it is one strict JSON object (and perhaps a comma) in which
no wanted key occurs twice or is escaped, nested no deeper than `DEEPEST`, and
with a value for at least one wanted field. Any other line is handed on as it
is. Nothing is copied or converted here.
"""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .grammar import QUOTE, number_end, skip_space, string_end
from .keys import LONGEST, find_key
from .memory import byte, change, differing, entry, first, get, helper, newlines, put, word32

__all__ = ["ESCAPED", "Found", "Room", "scan"]

MISSING, NULL, STRING, NUMBER, BOOL, ARRAY, OBJECT, ESCAPED = range(8)
"""Kinds as in `attackviz.formats.written.Kind`; `ESCAPED` is a string that holds escapes."""

DEEPEST = 60  # a bit of a word each

_FIRST_KEY, _KEY, _FIRST_VALUE, _VALUE = range(4)
_UNKNOWN, _NONE, _REFUSED = -1, -2, -3
_TRUE, _NULL, _FALS = 0x65757274, 0x6C6C756E, 0x736C6166


class Found(NamedTuple):
    """Hold where the values of some lines stand, as addresses of tables.

    Attributes
    ----------
    start, length : int
        Address and size of each value, column by row; of the text within the quotes for strings.
    kind : int
        Of each value, a byte each.
    line : int
        Where the line of each row begins and ends, without its newline.
    odd : int
        Lines that are handed on: begin, end, number of rows before, number of the line.
    stack : int
        What the scanner is within, `DEEPEST` deep: object, last key, column and beginning of the value.
    columns, rows, most_odd : int
        How much room there is.
    """

    start: int
    length: int
    kind: int
    line: int
    odd: int
    stack: int
    columns: int
    rows: int
    most_odd: int


class Room:
    """Hold the tables that `Found` points into.

    Parameters
    ----------
    columns : int
    rows : int
        Such that columns are kept apart in the processor's cache.
    odd : int
        How many lines may be handed on at once.

    Attributes
    ----------
    start, length : ndarray of int64, shape (columns, rows)
    kind : ndarray of uint8, shape (columns, rows)
    line : ndarray of int64, shape (rows, 2)
    odd : ndarray of int64, shape (odd, 4)
    found : Found
        Good as long as this lives.
    """

    def __init__(self, columns: int, rows: int = 4104, odd: int = 1024) -> None:
        self.start = np.zeros((columns, rows), np.int64)
        self.length = np.zeros((columns, rows), np.int64)
        self.kind = np.zeros((columns, rows), np.uint8)
        self.line = np.zeros((rows, 2), np.int64)
        self.odd = np.zeros((odd, 4), np.int64)
        self._stack = np.zeros((DEEPEST + 1, 4), np.int64)
        tables: tuple[NDArray[Any], ...] = (self.start, self.length, self.kind, self.line, self.odd, self._stack)
        start, length, kind, line, handed_on, stack = (table.ctypes.data for table in tables)
        self.found = Found(start, length, kind, line, handed_on, stack, columns, rows, odd)


@helper
def _note(column, row, at, length, kind, found):
    number = column * found.rows + row
    change(found.start, number, at)
    change(found.length, number, length)
    put(found.kind + number, kind)


@helper
def _read_key(at, parent, last, keys):
    """Read a key and its colon, or the brace of an empty object.

    Returns
    -------
    at : int
        Address of what follows.
    key : int
        Its number; `_UNKNOWN` if it is of no interest, `_NONE` for a brace, `_REFUSED`.
    """
    if parent >= 0:
        guess = get(keys.opener, parent) if last < 0 else get(keys.follower, last)
        if guess >= 0:
            size = get(keys.length, guess)
            if differing(at, keys.text + guess * 64) & ((1 << size) - 1) == 0:
                return at + size, guess
    if byte(at) != QUOTE:
        return at + 1, (_NONE if byte(at) == 125 else _REFUSED)
    end, escaped = string_end(at + 1)
    if end < 0 or (escaped and parent >= 0):
        return at, _REFUSED
    key = _UNKNOWN
    size = end - at + 1
    if parent >= 0 and size <= LONGEST:
        key = find_key(at, size, parent, keys)
        if key >= 0:
            if last >= 0:
                change(keys.follower, last, key)
            else:
                change(keys.opener, parent, key)
    at = skip_space(end + 1)
    return at + 1, (key if byte(at) == 58 else _REFUSED)


@helper
def _object(at, row, serial, keys, found):
    """Check the object that begins at an address, and note its wanted values.

    Returns
    -------
    at : int
        Address after it; -1 if it is refused.
    useful : int
        1 if a wanted field has a value.
    """
    depth = useful = 0
    objects = 1  # bit n: what is open at depth n is an object, not an array
    parent, last = 0, -1
    state = _FIRST_KEY
    at += 1
    while True:
        column = child = -1
        closing = False
        at = skip_space(at)
        if state <= _KEY:
            at, key = _read_key(at, parent, last, keys)
            if key == _REFUSED or (key == _NONE and state == _KEY):
                return -1, useful
            closing = key == _NONE
            if key >= 0:
                last, column, child = key, get(keys.column, key), get(keys.child, key)
                if column >= 0 and byte(found.kind + column * found.rows + row) != MISSING:
                    return -1, useful
                if child >= 0:
                    if get(keys.seen, child) == serial:
                        return -1, useful
                    change(keys.seen, child, serial)
            if not closing:
                at = skip_space(at)
        elif state == _FIRST_VALUE and byte(at) == 93:
            at += 1
            closing = True
        if not closing:
            c = byte(at)
            begin = at
            if c == QUOTE:
                end, escaped = string_end(at + 1)
                if end < 0:
                    return -1, useful
                at = end + 1
                if column >= 0:
                    useful = 1
                    _note(column, row, begin + 1, end - begin - 1, ESCAPED if escaped else STRING, found)
            elif c == 45 or 48 <= c <= 57:
                at = number_end(at)
                if at < 0:
                    return -1, useful
                if column >= 0:
                    useful = 1
                    _note(column, row, begin, at - begin, NUMBER, found)
            elif c == 123 or c == 91:
                depth += 1
                if depth > DEEPEST:
                    return -1, useful
                change(found.stack, 4 * depth, parent)
                change(found.stack, 4 * depth + 1, last)
                change(found.stack, 4 * depth + 2, column)
                change(found.stack, 4 * depth + 3, begin)
                at += 1
                last = -1
                if c == 123:
                    objects |= 1 << depth
                    parent, state = child, _FIRST_KEY
                else:
                    objects &= ~(1 << depth)
                    parent, state = -1, _FIRST_VALUE
                continue
            else:
                word = word32(at)
                if word == _TRUE or (word == _FALS and byte(at + 4) == 101):
                    at += 4 if word == _TRUE else 5
                    kind = BOOL
                elif word == _NULL:
                    at += 4
                    kind = NULL
                else:
                    return -1, useful
                if column >= 0:
                    useful |= kind == BOOL
                    _note(column, row, begin, at - begin, kind, found)
        while True:  # what is open may end here, and what that stood in, too
            if not closing:
                at = skip_space(at)
                c = byte(at)
                at += 1
                inside = (objects >> depth) & 1
                if c == 44:
                    state = _KEY if inside else _VALUE
                    break
                if c != (125 if inside else 93):
                    return -1, useful
            closing = False
            if depth == 0:
                return at, useful
            parent = get(found.stack, 4 * depth)
            last = get(found.stack, 4 * depth + 1)
            column = get(found.stack, 4 * depth + 2)
            if column >= 0:
                useful = 1
                begin = get(found.stack, 4 * depth + 3)
                _note(column, row, begin, at - begin, OBJECT if (objects >> depth) & 1 else ARRAY, found)
            depth -= 1


@helper
def _line_end(at):
    """Return the address of the next newline."""
    found = newlines(at)
    while found == 0:
        at += 64
        found = newlines(at)
    return at + first(found)


@entry
def scan(at, end, line, keys, found):
    """Scan lines until they end, or what was found fills its room.

    Parameters
    ----------
    at, end : int
        Addresses of the first line, and after the last newline; at least `PAD`
        readable bytes follow.
    line : int
        Number of the first line.
    keys : Keys
        Those wanted; others are learned.
    found : Found
        Where to note what is found; its kinds are all `MISSING`.

    Returns
    -------
    at, line : int
        Where to go on.
    rows, odd, blank : int
        How many lines were taken, handed on, and empty.
    """
    row = odd = blank = 0
    serial = get(keys.count, 1)
    while at < end and row < found.rows and odd < found.most_odd:
        begin = at
        at = skip_space(at)
        if byte(at) == 10:
            at += 1
            line += 1
            blank += 1
            continue
        useful = 0
        if byte(at) == 123:
            serial += 1
            at, useful = _object(at, row, serial, keys, found)
            if at > 0:
                at = skip_space(at)
                if byte(at) == 44:
                    at = skip_space(at + 1)
        if useful and at > 0 and byte(at) == 10:
            change(found.line, 2 * row, begin)
            change(found.line, 2 * row + 1, at)
            row += 1
        else:
            at = _line_end(begin)
            for column in range(found.columns):
                put(found.kind + column * found.rows + row, MISSING)
            change(found.odd, 4 * odd, begin)
            change(found.odd, 4 * odd + 1, at)
            change(found.odd, 4 * odd + 2, row)
            change(found.odd, 4 * odd + 3, line)
            odd += 1
        at += 1
        line += 1
    change(keys.count, 1, serial)
    return at, line, row, odd, blank
