"""Numbers, times and addresses straight from columns of text.

What is plainly one is read here; the rest is left to `attackviz.formats.casts`,
so that both give the same for every value.
"""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN202
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .. import casts
from ..written import Written, offsets_of, valid_where
from .kernel import BOOL, NULL, NUMBER, STRING
from .memory import byte, entry, helper

__all__ = ["addresses", "numbers", "times"]

_NONE, _GOOD, _NAIVE, _NOWHERE, _ODD = range(5)


def numbers(written: Written) -> pa.Array:
    """Return a field as `attackviz.formats.casts.numbers` does.

    Examples
    --------
    >>> numbers(Written.of([1, "2", 3.0, 3.5, None, "x"])).to_pylist()
    [1, 2, 3, None, None, None]
    """
    values, state = np.zeros(len(written), np.int64), np.zeros(len(written), np.uint8)
    _numbers(*_tables(written), written.kind, values, state)
    valid = state == _GOOD
    odd = np.flatnonzero(state == _ODD)
    if len(odd):
        rest = casts.numbers(_at(written, odd).values())
        values[odd] = pc.fill_null(rest, 0).to_numpy()
        valid[odd] = pc.is_valid(rest).to_numpy(zero_copy_only=False)
    return _column(values, valid, pa.int64())


def times(written: Written, tz: str) -> casts.Times:
    """Return a field as `attackviz.formats.casts.times` does.

    Examples
    --------
    >>> times(Written.of(["2025-02-22T08:05:15Z", 1740211515, None]), "UTC").column.to_pylist()[1].isoformat()
    '2025-02-22T08:05:15+00:00'
    """
    values, state = np.zeros(len(written), np.int64), np.zeros(len(written), np.uint8)
    _times(*_tables(written), written.kind, values, state)
    naive = state == _NAIVE
    if tz != "UTC":
        state[naive] = _ODD
        naive[:] = False
    valid = (state == _GOOD) | naive
    missing = state == _NONE
    odd = np.flatnonzero(state == _ODD)
    if len(odd):
        rest = casts.times(_at(written, odd).values(), tz)
        values[odd] = pc.fill_null(rest.column.cast(pa.int64()), 0).to_numpy()
        for whole, part in ((valid, pc.is_valid(rest.column)), (missing, rest.missing), (naive, rest.naive)):
            whole[odd] = part.to_numpy(zero_copy_only=False)
    return casts.Times(_column(values, valid, casts.TIME), pa.array(missing), pa.array(naive))


def addresses(written: Written) -> casts.Addresses:
    """Return a field as `attackviz.formats.casts.addresses` does.

    Examples
    --------
    >>> addresses(Written.of(["1.2.3.4", "2001:db8::1", "0.0.0.0", "host"])).column.to_pylist()
    ['1.2.3.4', '2001:db8::1', None, None]
    """
    state = np.zeros(len(written), np.uint8)
    _addresses(*_tables(written), written.kind, state)
    column = written.text
    masks = [state == _NONE, np.zeros(len(state), bool), state == _NOWHERE]
    odd = state == _ODD
    good = state == _GOOD
    if odd.any():
        rest = casts.addresses(_at(written, np.flatnonzero(odd)).plain())
        for whole, part in zip(masks, rest[1:], strict=True):
            whole[odd] = part.to_numpy(zero_copy_only=False)
        column = pc.replace_with_mask(column, pa.array(odd), rest.column)
        good[odd] = pc.is_valid(rest.column).to_numpy(zero_copy_only=False)
    return casts.Addresses(valid_where(column, good), *map(pa.array, masks))


def _at(written: Written, rows: NDArray[np.int64]) -> Written:
    return Written(written.text.take(pa.array(rows)), written.kind[rows])


def _tables(written: Written) -> tuple[int, NDArray[np.int32]]:
    """Return the address of the bytes of a column, and its offsets."""
    data = written.text.buffers()[2] if len(written) else None
    return (data.address if data is not None else 0), offsets_of(written.text)


def _column(values: NDArray[np.int64], valid: NDArray[np.bool_], kind: pa.DataType) -> pa.Array:
    nulls = len(values) - int(np.count_nonzero(valid))
    bits = pa.py_buffer(np.packbits(valid, bitorder="little")) if nulls else None
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(values)], nulls)


@helper
def _whole_number(at, end):
    """Return the value of at most 19 digits, -1 if there is anything else."""
    if end - at > 19 or at == end:
        return -1
    value = 0
    while at < end:
        digit = byte(at) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
        at += 1
    return value  # above 2**63 it has become negative: nineteen digits are below 2**64


@entry
def _numbers(data, offsets, kind, values, state):
    for row in range(kind.size):
        what = kind[row]
        at, end = data + offsets[row], data + offsets[row + 1]
        if what <= NULL or what == BOOL:
            state[row] = _NONE
            continue
        state[row] = _ODD
        if what in (NUMBER, STRING):
            negative = at < end and byte(at) == 45
            value = _whole_number(at + 1 if negative else at, end)
            if value >= 0:
                values[row] = -value if negative else value
                state[row] = _GOOD


@helper
def _digits(at, count):
    value = 0
    for n in range(count):
        digit = byte(at + n) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@helper
def _moment(at, end):
    """Read ``2025-02-22T08:05:15.141628Z``, or with a blank, an offset or no zone.

    Returns
    -------
    state : int
        `_GOOD`, `_NAIVE` or `_ODD`.
    micros : int
        Since 1970.
    """
    if end - at < 19 or byte(at + 4) != 45 or byte(at + 7) != 45 or byte(at + 13) != 58 or byte(at + 16) != 58:
        return _ODD, 0
    between = byte(at + 10)
    year, month, day = _digits(at, 4), _digits(at + 5, 2), _digits(at + 8, 2)
    hour, minute, second = _digits(at + 11, 2), _digits(at + 14, 2), _digits(at + 17, 2)
    if (between != 84 and between != 32) or year < 1970 or year > 2200 or month < 1 or month > 12 or day < 1:
        return _ODD, 0
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return _ODD, 0
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = (29 if leap else 28) if month == 2 else 30 + ((month + (month >> 3)) & 1)
    if day > longest:
        return _ODD, 0
    # Days since 1970, counted in years that begin in March.
    years = year - (1 if month <= 2 else 0)
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    days = 365 * years + years // 4 - years // 100 + years // 400 + of_year - 719468
    at += 19
    micros = 0
    if at < end and byte(at) == 46:
        at += 1
        places = 0
        while at < end and 48 <= byte(at) <= 57:
            if places < 6:
                micros = micros * 10 + byte(at) - 48
            places += 1
            at += 1
        if places == 0 or places > 9:
            return _ODD, 0
        for _ in range(places, 6):
            micros *= 10
    state = _NAIVE
    east = 0
    if at < end:
        sign = byte(at)
        state = _GOOD
        if sign == 90 and at + 1 == end:
            at += 1
        elif (sign == 43 or sign == 45) and (at + 5 == end or (at + 6 == end and byte(at + 3) == 58)):
            hours, minutes = _digits(at + 1, 2), _digits(end - 2, 2)
            if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:
                return _ODD, 0
            east = (hours * 60 + minutes) * (60 if sign == 43 else -60)
        else:
            return _ODD, 0
    return state, (days * 86400 + hour * 3600 + minute * 60 + second - east) * 1000000 + micros


@entry
def _times(data, offsets, kind, values, state):
    for row in range(kind.size):
        what = kind[row]
        at, end = data + offsets[row], data + offsets[row + 1]
        if what <= NULL or (what == STRING and at == end):
            state[row] = _NONE
            continue
        state[row] = _ODD
        number = _whole_number(at, end) if what == NUMBER or (what == STRING and end - at >= 9) else -1
        if number >= 0:
            if number < 100_000_000_000:
                number *= 1000000
            elif number < 100_000_000_000_000:
                number *= 1000
            elif number >= 100_000_000_000_000_000:
                number //= 1000
            values[row] = number
            state[row] = _GOOD
        elif what == STRING:
            state[row], values[row] = _moment(at, end)


@helper
def _ipv4(at, end):
    """Return `_GOOD` for a dotted quad, `_NOWHERE` for zeros, else `_ODD`."""
    dots = digits = value = total = 0
    while at < end:
        c = byte(at)
        if c == 46:
            if digits == 0 or dots == 3:
                return _ODD
            dots += 1
            digits = value = 0
        else:
            if c < 48 or c > 57 or (digits > 0 and value == 0):
                return _ODD
            value = value * 10 + c - 48
            total |= value
            digits += 1
            if value > 255:
                return _ODD
        at += 1
    if dots != 3 or digits == 0:
        return _ODD
    return _GOOD if total else _NOWHERE


@helper
def _ipv6(at, end):
    """Return `_GOOD` for groups of hexadecimal digits, perhaps with one gap, that are not all zeros; else `_ODD`."""
    if end - at < 3 or end - at > 39:
        return _ODD
    groups = digits = gap = total = 0
    if byte(at) == 58:
        if byte(at + 1) != 58:
            return _ODD
        gap = 1
        at += 2
    while at < end:
        c = byte(at) | 32
        if 48 <= c <= 57 or 97 <= c <= 102:
            if byte(at) < 48:
                return _ODD
            total |= c != 48
            digits += 1
            if digits > 4:
                return _ODD
        elif byte(at) == 58 and digits > 0 and at + 1 < end:
            groups += 1
            digits = 0
            if byte(at + 1) == 58:
                if gap:
                    return _ODD
                gap = 1
                at += 1
        else:
            return _ODD
        at += 1
    groups += digits > 0
    if not total or groups > 8 - gap or (not gap and groups != 8):
        return _ODD
    return _GOOD


@entry
def _addresses(data, offsets, kind, state):
    for row in range(kind.size):
        at, end = data + offsets[row], data + offsets[row + 1]
        if kind[row] <= NULL or (kind[row] == STRING and at == end):
            state[row] = _NONE
        elif kind[row] == STRING:
            state[row] = _ipv4(at, end)
            if state[row] == _ODD:
                state[row] = _ipv6(at, end)
        else:
            state[row] = _ODD
