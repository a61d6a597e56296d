"""Times of fixed width, as programs write them that were made for people.

``10/Oct/2000:13:55:36 -0700``, ``07/11/2022-10:29:01.860293`` or
``Jul  1 10:29:01``: every character has its place, so a whole column is read as
one table of bytes, by arithmetic.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .columns import Columns

__all__ = ["NO_YEAR", "stamps"]

NO_YEAR = "time without a year, and none was told"
_MONTHS = {name: n for n, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_DAY = 86_400
_LENGTHS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_AHEAD = 1  # days: clocks differ, and files are copied between zones


def stamps(c: Columns, text: pa.Array, *layouts: str, within: pa.Array | None = None) -> pa.Array:
    """Read a column of times of fixed width.

    In a layout ``Y`` stands for the digits of the year (four or two), ``M``
    of the month (three letters: its English name), ``D`` of the day, ``h``,
    ``m``, ``s``, ``f`` of hour, minute, second and microseconds, ``+zzzz`` for
    the zone; anything else for itself. Where the year is not written, the user's
    is taken, else the latest that does not lie after the last change of the file.

    Parameters
    ----------
    c : Columns
        Gives zone, year and the file's time; its account is told of what is
        missing, not understood or impossible, and of years and zones that were
        taken from elsewhere.
    text : pyarrow.Array of string
    *layouts : str
        What the times look like; each is tried where those before it do not fit.
    within : pyarrow.BooleanArray, optional
        Where a time is expected; everywhere by default.

    Returns
    -------
    pyarrow.Array of timestamp[us, UTC]

    Examples
    --------
    >>> from attackviz.account import Account
    >>> c = Columns({}, 2, Account(), "UTC", reference=datetime(2022, 1, 5, tzinfo=UTC))
    >>> stamps(c, pa.array(["Dec 31 23:59:58", "Jan  4 00:00:01"]), "MMM DD hh:mm:ss").to_pylist()[0].isoformat()
    '2021-12-31T23:59:58+00:00'
    >>> list(c.account.flags)[0]
    'time without a year, read as 2021'
    """
    text = pc.utf8_trim_whitespace(text)
    text = pc.if_else(pc.equal(text, ""), None, text)
    missing = pc.is_null(text) if within is None else pc.and_(pc.is_null(text), within)
    micros = np.zeros(len(text), np.int64)
    known = np.zeros(len(text), bool)
    zoned = np.zeros(len(text), bool)
    yearless = np.zeros(len(text), bool)
    lengths = pc.binary_length(text).fill_null(-1).to_numpy(zero_copy_only=False)
    for layout in layouts:
        rows = np.flatnonzero((lengths == len(layout)) & ~known)
        if not len(rows):
            continue
        digits = _table(text.take(pa.array(rows)), len(layout))
        good, values = _fields(digits, layout)
        if "Y" not in layout:
            values["Y"] = _years(c, values)
            yearless[rows[good & (values["Y"] == 0)]] = True
            good &= values["Y"] > 0
        found, fits = _micros(values)
        good &= fits
        micros[rows[good]] = found[good]
        known[rows[good]] = True
        zoned[rows[good]] = "z" in layout
        if "Y" not in layout:
            _say_years(c, rows[good], values["Y"][good], len(text))
    times = pa.array(micros, pa.int64(), mask=~known).cast(pa.timestamp("us"))
    absolute = pa.array(micros, pa.int64(), mask=~(known & zoned)).cast(pa.timestamp("us", tz="UTC"))
    local = c.local(pc.if_else(pa.array(zoned), None, times))
    c.flag(NO_YEAR, pa.array(yearless))
    c.flag("time not understood", pc.and_(pc.is_valid(text), pa.array(~known & ~yearless)))
    return c.possible(pc.coalesce(absolute, local), missing)


def _table(text: pa.Array, width: int) -> NDArray[np.uint8]:
    """Return the characters of texts of one width, a row each."""
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    start, end = np.frombuffer(text.buffers()[1], np.int32)[[text.offset, text.offset + len(text)]]
    return np.frombuffer(text.buffers()[2], np.uint8)[start:end].reshape(len(text), width)


def _fields(table: NDArray[np.uint8], layout: str) -> tuple[NDArray[np.bool_], dict[str, NDArray[np.int64]]]:
    """Return which rows are of a layout, and the numbers in them by letter."""
    good = np.ones(len(table), bool)
    values: dict[str, NDArray[np.int64]] = {}
    for at, letter in enumerate(layout):
        column = table[:, at]
        if letter == "M" and "MMM" in layout:
            continue
        if letter in "YMDhmsfz":
            value = column.astype(np.int64) - 0x30
            if letter == "D" and at == layout.index("D"):
                value[column == 0x20] = 0  # a day below ten may be padded with a blank
            good &= (value >= 0) & (value <= 9)
            values[letter] = values.get(letter, 0) * 10 + value
        elif letter == "+":
            good &= (column == 0x2B) | (column == 0x2D)
            values["+"] = np.where(column == 0x2D, -1, 1)
        else:
            good &= column == ord(letter)
    if "MMM" in layout:
        at = layout.index("MMM")
        names = np.ascontiguousarray(table[:, at : at + 3] | 0x20)
        values["M"] = np.zeros(len(table), np.int64)
        for name, number in _MONTHS.items():
            values["M"][(names == np.frombuffer(name, np.uint8)).all(axis=1)] = number
    if layout.count("Y") == 2:
        values["Y"] = values["Y"] + 2000
    return good, values


def _days(year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return days since 1970 of dates of the Gregorian calendar."""
    # The year begins in March here, so that the odd day comes last.
    year = year - (month <= 2)
    shifted = (month + 9) % 12
    in_year = (153 * shifted + 2) // 5 + day - 1
    result: NDArray[np.int64] = 365 * year + year // 4 - year // 100 + year // 400 + in_year - 719_468
    return result


def _leap(year: NDArray[np.int64]) -> NDArray[np.bool_]:
    leap: NDArray[np.bool_] = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return leap


def _micros(values: dict[str, NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return microseconds since 1970, and which rows name a time there is."""
    year, month, day = values["Y"], values["M"], values["D"]
    good = (month >= 1) & (month <= 12) & (day >= 1)
    month = np.where(good, month, 1)
    good &= day <= _LENGTHS[month] + ((month == 2) & _leap(year))
    good &= (values["h"] <= 23) & (values["m"] <= 59) & (values["s"] <= 60)
    seconds = _days(year, month, day) * _DAY + values["h"] * 3600 + values["m"] * 60 + values["s"]
    if "z" in values:
        ahead = values["z"]
        good &= ahead % 100 <= 59
        seconds = seconds - values["+"] * (ahead // 100 * 3600 + ahead % 100 * 60)
    return seconds * 1_000_000 + values.get("f", 0), good


def _years(c: Columns, values: dict[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the year of each row; 0 where none can be told."""
    month, day = values["M"], values["D"]
    if c.year is not None:
        return np.full(len(month), c.year, np.int64)
    if c.reference is None:
        return np.zeros(len(month), np.int64)
    latest = (c.reference - datetime(1970, 1, 1, tzinfo=UTC)).days + _AHEAD
    year = np.full(len(month), c.reference.year + 1, np.int64)
    for _ in range(9):  # the 29th of February may be eight years back
        late = _days(year, month, day) > latest
        late |= (month == 2) & (day == 29) & ~_leap(year)
        if not late.any():
            break
        year -= late
    return year


def _say_years(c: Columns, rows: NDArray[np.int64], years: NDArray[np.int64], length: int) -> None:
    for year in np.unique(years).tolist():
        mask = np.zeros(length, bool)
        mask[rows[years == year]] = True
        c.flag(f"time without a year, read as {year}", pa.array(mask))
