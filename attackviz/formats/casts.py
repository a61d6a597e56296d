"""Casts of single values, whatever they are: what cannot be cast is null, never an error.

They are the measure of the compiled ones in `attackviz.formats.scan.cast`,
which leave everything out of the ordinary to these.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ..window import Window, zone
from .written import cell

__all__ = [
    "TIME",
    "Addresses",
    "Times",
    "addresses",
    "lists",
    "localized",
    "mapped",
    "numbers",
    "texts",
    "times",
    "within",
]

TIME = pa.timestamp("us", tz="UTC")
_ZONED = r"(?:[Zz]|:\d\d(?:[.,]\d+)?[+-]\d\d(?::?\d\d)?)$"
_NUMBER = r"^\d{9,19}(?:\.\d+)?$"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"^{_OCTET}(?:\.{_OCTET}){{3}}$"


def mapped(column: pa.Array, function: Callable[[str], str | None]) -> pa.Array:
    """Apply a function to each distinct value of a column of strings.

    Parameters
    ----------
    column : pyarrow.Array of string
    function : callable
        From a value to a value, or None. Nulls stay null.

    Returns
    -------
    pyarrow.Array of string

    Examples
    --------
    >>> mapped(pa.array(["smbd", None, "smbd"]), {"smbd": "smb"}.get).to_pylist()
    ['smb', None, 'smb']
    """
    if column.null_count == len(column):
        return column
    coded = column.dictionary_encode()
    values = pa.array([function(value) for value in coded.dictionary.to_pylist()], pa.string())
    return values.take(coded.indices)


def texts(values: list[Any]) -> pa.Array:
    """Return values as strings; null where they are None or empty."""
    try:
        column = pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        column = pa.array([_as_text(value) for value in values], pa.string())
    return pc.if_else(pc.equal(column, ""), None, column)


def numbers(values: list[Any]) -> pa.Array:
    """Return values as int64; null where they are no whole number."""
    try:
        column = pa.array(values)  # asked for integers at once, Arrow would make 5 of 5.5
        if pa.types.is_integer(column.type) or pa.types.is_null(column.type):
            return column.cast(pa.int64())
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
        pass  # of several types, or too large
    return pa.array([_as_number(value) for value in values], pa.int64())


def lists(values: list[Any]) -> pa.Array:
    """Return values as lists of strings; null where they are no list."""
    kind = pa.list_(pa.string())
    values = [value if isinstance(value, list) else None for value in values]  # Arrow takes a string for a list
    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        clean = [value and [_as_text(inner) for inner in value] for value in values]
        return pa.array(clean, kind)


class Addresses(NamedTuple):
    """Hold a column of addresses and what is wrong with it.

    Attributes
    ----------
    column : pyarrow.Array of string
        Null where there is none.
    missing, strange, nowhere : pyarrow.BooleanArray
        Where nothing was written, something that is no address, or zeros.
    """

    column: pa.Array
    missing: pa.Array
    strange: pa.Array
    nowhere: pa.Array


def addresses(text: pa.Array) -> Addresses:
    """Return texts as addresses.

    Parameters
    ----------
    text : pyarrow.Array of string
    """
    column = pc.utf8_trim_whitespace(text)
    column = pc.if_else(pc.equal(column, ""), None, column)
    missing = pc.is_null(column)
    regular = pc.match_substring_regex(column, _IPV4)
    other = pc.if_else(regular, None, column)
    found = mapped(other, _valid_address)
    column = pc.if_else(regular, column, found)
    nowhere = pc.fill_null(pc.is_in(column, pa.array(["0.0.0.0", "::"])), False)  # noqa: S104 - nobody listens here
    strange = pc.and_(pc.is_valid(other), pc.is_null(found))
    return Addresses(pc.if_else(nowhere, None, column), missing, strange, nowhere)


class Times(NamedTuple):
    """Hold a column of times and what is odd about it.

    Attributes
    ----------
    column : pyarrow.Array of timestamp[us, UTC]
        Null where there is none.
    missing, naive : pyarrow.BooleanArray
        Where nothing was written, or a time without a zone.
    """

    column: pa.Array
    missing: pa.Array
    naive: pa.Array


def times(values: list[Any], tz: str) -> Times:
    """Return values as times.

    Parameters
    ----------
    values : list
        ISO 8601, or time since the epoch as number or text.
    tz : str
        Zone of times that carry none.
    """
    try:
        column = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
        column = None
    if column is not None and pa.types.is_string(column.type):
        text, number = column, pa.nulls(len(values), pa.int64())
    elif column is not None and pa.types.is_integer(column.type):
        text, number = pa.nulls(len(values), pa.string()), column.cast(pa.int64(), safe=False)
    else:
        text = pa.array([_as_text(v) if not _is_number(v) else None for v in values], pa.string())
        number = pa.array([_as_micros(v) if _is_number(v) else None for v in values], pa.int64())
    text = pc.utf8_trim_whitespace(text)
    text = pc.if_else(pc.equal(text, ""), None, text)
    missing = pc.and_(pc.is_null(text), pc.is_null(number))
    written, naive = _text_times(text, tz)
    return Times(pc.coalesce(written, _number_times(number)), missing, naive)


def localized(naive: pa.Array, tz: str) -> pa.Array:
    """Return times without a zone as UTC; they are read in a zone."""
    if tz == "UTC":
        return naive.cast(TIME)
    zone(tz)
    return pc.assume_timezone(naive, tz, ambiguous="earliest", nonexistent="latest").cast(TIME)


def within(times: pa.Array, window: Window) -> pa.Array:
    """Return which times are within a window, never null: what has no time is in none.

    Parameters
    ----------
    times : pyarrow.Array of timestamp[us, UTC]
    window : Window
    """
    start, end = (pa.scalar(moment, TIME) for moment in (window.start, window.end))
    return pc.fill_null(pc.and_(pc.greater_equal(times, start), pc.less(times, end)), False)


def _text_times(text: pa.Array, tz: str) -> tuple[pa.Array, pa.Array]:
    nobody = pa.repeat(False, len(text))
    if text.null_count == len(text):
        return pa.nulls(len(text), TIME), nobody
    zoned = pc.match_substring_regex(text, _ZONED)
    if pc.all(zoned, skip_nulls=True).as_py():
        return _cast(text, TIME), nobody
    number = pc.match_substring_regex(text, _NUMBER)
    naive = _cast(pc.if_else(pc.invert(pc.or_(zoned, number)), text, None), pa.timestamp("us"))
    local = localized(naive, tz)
    if pc.any(number).as_py():
        digits = pc.if_else(number, text, None).to_pylist()
        counted = _number_times(pa.array([_as_micros(d) if d else None for d in digits], pa.int64()))
        local = pc.coalesce(local, counted)
    return pc.coalesce(_cast(pc.if_else(zoned, text, None), TIME), local), pc.is_valid(naive)


def _cast(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast texts to times; null where they are none."""
    for unit in ("us", "ns"):
        try:
            return text.cast(pa.timestamp(unit, tz=kind.tz)).cast(kind, safe=False)
        except pa.ArrowInvalid:
            continue
    return pa.array([_as_moment(value, kind.tz is not None) for value in text.to_pylist()], kind)


def _as_moment(text: str | None, zoned: bool) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if (moment.tzinfo is not None) != zoned:
            return None
        return moment.astimezone(UTC) if zoned else moment
    except (ValueError, OverflowError):
        return None


def _number_times(number: pa.Array) -> pa.Array:
    """Read whole numbers as time since the epoch in the unit their size tells."""
    if number.null_count == len(number):
        return pa.nulls(len(number), TIME)
    size = pc.abs(number)
    micros = pc.case_when(
        pc.make_struct(pc.less(size, 10**11), pc.less(size, 10**14), pc.less(size, 10**17)),
        pc.multiply(pc.if_else(pc.less(size, 10**11), number, 0), 10**6),
        pc.multiply(pc.if_else(pc.less(size, 10**14), number, 0), 10**3),
        number,
        pc.divide(number, 1000),
    )
    return pc.if_else(pc.is_valid(number), micros, None).cast(pa.int64()).cast(TIME)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_micros(value: Any) -> int | None:
    """Read a number, or its text, so that its digits tell the unit."""
    try:
        if isinstance(value, float) or (isinstance(value, str) and "." in value):
            number = float(value)
            # A fraction is of seconds, or of milliseconds: neither may be lost.
            scale = 10**6 if abs(number) < 10**11 else 10**3 if abs(number) < 10**14 else 1
            whole = round(number * scale)
            if abs(whole) < 10**14:
                return None
        else:
            whole = int(value)
    except (ValueError, OverflowError):
        return None
    return whole if abs(whole) < 2**63 else None


def _as_text(value: Any) -> str | None:
    return None if value is None else cell(value)[1].decode()


def _as_number(value: Any) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = int(value) if not isinstance(value, float) or value.is_integer() else None
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def _valid_address(text: str) -> str | None:
    try:
        ip_address(text)
    except ValueError:
        return None
    return text
