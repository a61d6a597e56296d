"""The grammar of JSON (RFC 8259) to the letter: strings, numbers, UTF-8.

Each function is given the address of a byte and says where the value that
begins there ends, or that it is none. Nothing is accepted that
``json.loads`` would refuse; what is rare may be refused though it is legal.
"""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from .memory import byte, controls, first, helper, highs, nondigits

__all__ = ["BACKSLASH", "QUOTE", "hex4", "number_end", "skip_space", "string_end", "utf8_holds"]

QUOTE, BACKSLASH = 34, 92


@helper
def skip_space(at):
    """Return the address of the next byte that is no space, tab or carriage return."""
    c = byte(at)
    while c == 32 or c == 9 or c == 13:
        at += 1
        c = byte(at)
    return at


@helper
def utf8_holds(at, end):
    """Return whether the bytes are UTF-8: shortest forms, no surrogates, nothing above U+10FFFF."""
    while at < end:
        high = highs(at)
        if high == 0:
            at += 64
            continue
        at += first(high)
        if at >= end:
            return True
        lead = byte(at)
        low, top = 0x80, 0xBF
        if lead < 0xC2:
            return False
        if lead < 0xE0:
            more = 1
        elif lead < 0xF0:
            more = 2
            if lead == 0xE0:
                low = 0xA0
            elif lead == 0xED:
                top = 0x9F
        elif lead < 0xF5:
            more = 3
            if lead == 0xF0:
                low = 0x90
            elif lead == 0xF4:
                top = 0x8F
        else:
            return False
        if at + more >= end:
            return False
        second = byte(at + 1)
        if second < low or second > top:
            return False
        for n in range(2, more + 1):
            c = byte(at + n)
            if c < 0x80 or c > 0xBF:
                return False
        at += more + 1
    return True


@helper
def hex4(at):
    """Return the value of four hexadecimal digits, -1 if they are none."""
    value = 0
    for n in range(4):
        c = byte(at + n)
        if 48 <= c <= 57:
            digit = c - 48
        elif 97 <= c <= 102:
            digit = c - 87
        elif 65 <= c <= 70:
            digit = c - 55
        else:
            return -1
        value = value * 16 + digit
    return value


@helper
def string_end(at):
    """Return where a string ends whose text begins at an address.

    Returns
    -------
    end : int
        Address of the closing quote; -1 if it is no string.
    escaped : int
        1 if it holds escapes.
    """
    start = at
    escaped = high = 0
    while True:
        stops = controls(at)
        if stops == 0:
            high |= highs(at)
            at += 64
            continue
        plain = first(stops)
        high |= highs(at) & ((1 << plain) - 1)
        at += plain
        c = byte(at)
        if c == QUOTE:
            return (-1 if high != 0 and not utf8_holds(start, at) else at), escaped
        if c != BACKSLASH:
            return -1, escaped
        escaped = 1
        c = byte(at + 1)
        if c == 117:  # u
            if hex4(at + 2) < 0:
                return -1, escaped
            at += 6
        elif c == 34 or c == 92 or c == 47 or c == 98 or c == 102 or c == 110 or c == 114 or c == 116:
            at += 2
        else:
            return -1, escaped


@helper
def _digits_end(at):
    """Return the address after the digits at an address; -1 if there are none, or more than 63."""
    rest = nondigits(at)
    if rest == 0 or rest & 1:
        return -1
    return at + first(rest)


@helper
def number_end(at):
    """Return the address after the number at an address; -1 if it is none or very long."""
    if byte(at) == 45:  # -
        at += 1
    leading = byte(at)
    end = _digits_end(at)
    if end < 0 or (leading == 48 and end - at > 1):
        return -1
    at = end
    c = byte(at)
    if c == 46:  # .
        at = _digits_end(at + 1)
        if at < 0:
            return -1
        c = byte(at)
    if c == 101 or c == 69:  # e E
        at += 1
        c = byte(at)
        if c == 43 or c == 45:
            at += 1
        at = _digits_end(at)
    return at
