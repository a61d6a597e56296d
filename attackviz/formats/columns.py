"""Columns of a log as it wrote them, cast to what the event table asks for.

Casts are columnar (Arrow); a value that cannot be cast is null and counted in
the account by reason. Single values are looked at only where a whole column
refuses, or once for each distinct value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from ..window import zone

__all__ = ["Columns", "joined", "mapped"]

_TIME = pa.timestamp("us", tz="UTC")
# Honeypots and broken clocks write 1970; nothing before 1995 was logged by what we read.
_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
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
    coded = column.dictionary_encode()
    values = pa.array([function(value) for value in coded.dictionary.to_pylist()], pa.string())
    return values.take(coded.indices)


def joined(*columns: pa.Array, between: str) -> pa.Array:
    """Join columns of strings row by row, leaving nulls out.

    Parameters
    ----------
    *columns : pyarrow.Array of string
    between : str
        What to put between two values.

    Returns
    -------
    pyarrow.Array of string
        Null where every column is null.

    Examples
    --------
    >>> joined(pa.array(["GET", None, None]), pa.array(["/", "/a", None]), between=" ").to_pylist()
    ['GET /', '/a', None]
    """
    # Pair by pair: with null_handling="skip" Arrow 26 drops the rows that are all null.
    whole = columns[0]
    for column in columns[1:]:
        whole = pc.coalesce(pc.binary_join_element_wise(whole, column, between), whole, column)
    return whole


class Columns:
    """Hand out the columns of one batch of a log, cast.

    Parameters
    ----------
    written : mapping of str to list
        Values by path, as the log wrote them.
    length : int
        Number of rows.
    account : Account
        Its flags count the values that could not be used.
    tz : str
        Zone of times that carry none.
    year : int, optional
        Year of times that carry none, if the user told.
    reference : datetime, optional
        When the log was last written to (UTC): the latest a time without a year can be.

    Attributes
    ----------
    left_out : dict of str to pyarrow.BooleanArray
        Rows that are no events here, by kind.

    Examples
    --------
    >>> c = Columns({"t": ["2025-02-22 08:05:15"], "ip": ["0.0.0.0"]}, 1, Account(), "UTC")
    >>> c.time("t").to_pylist()[0].isoformat(), c.source("ip").to_pylist()
    ('2025-02-22T08:05:15+00:00', [None])
    >>> dict(c.account.flags)
    {'time without a zone, read as UTC': 1, 'source address 0.0.0.0': 1}
    """

    def __init__(
        self,
        written: Mapping[str, list[Any]],
        length: int,
        account: Account,
        tz: str,
        year: int | None = None,
        reference: datetime | None = None,
    ) -> None:
        self._written, self.length, self.account, self.tz = written, length, account, tz
        self.year, self.reference = year, reference
        self.left_out: dict[str, pa.Array] = {}

    def values(self, path: str) -> list[Any]:
        """Return a field as the log wrote it."""
        values = self._written.get(path)
        return [None] * self.length if values is None else values

    def derive(self, path: str, text: pa.Array) -> None:
        """Add a field made from others, so that it is cast as if the log had it.

        Parameters
        ----------
        path : str
            Its name from now on; no field of the log should have it.
        text : pyarrow.Array of string
        """
        self._written = {**self._written, path: text.to_pylist()}

    def flag(self, reason: str, mask: pa.Array) -> None:
        """Count the rows of a mask under a reason; those left out by then are not looked at."""
        for gone in self.left_out.values():
            mask = pc.and_not(mask, gone)
        count = pc.sum(mask).as_py() or 0
        if count:
            self.account.flags[reason] += count

    def leave_out(self, kind: str, mask: pa.Array) -> None:
        """Drop the rows of a mask: they are whole, but not what this format reads.

        To be called before other columns are asked for, so that nothing is
        counted against rows that are dropped.

        Parameters
        ----------
        kind : str
            What they are, in the plural; they are counted under it.
        mask : pyarrow.BooleanArray
            Nulls are rows that stay; a row is dropped under the first kind that names it.
        """
        mask = pc.fill_null(mask, False)
        for earlier in self.left_out.values():
            mask = pc.and_not(mask, earlier)
        if kind in self.left_out:
            mask = pc.or_(mask, self.left_out[kind])
        self.left_out[kind] = mask

    def constant(self, value: str) -> pa.Array:
        """Return a column that holds one value."""
        return pa.repeat(pa.scalar(value, pa.string()), self.length)

    def text(self, path: str) -> pa.Array:
        """Return a field as strings; null where it is missing or empty."""
        values = self.values(path)
        try:
            column = pa.array(values, pa.string())
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
            column = pa.array([_as_text(value) for value in values], pa.string())
        return pc.if_else(pc.equal(column, ""), None, column)

    def number(self, path: str) -> pa.Array:
        """Return a field as int64; null where it is no whole number."""
        values = self.values(path)
        try:
            return pa.array(values, pa.int64())
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            return pa.array([_as_number(value) for value in values], pa.int64())

    def port(self, path: str) -> pa.Array:
        """Return a field as ports (uint16); null for 0 and what is none."""
        column = self.number(path)
        good = pc.and_(pc.greater(column, 0), pc.less_equal(column, 65535))
        return pc.if_else(good, column, None).cast(pa.uint16())

    def lists(self, path: str) -> pa.Array:
        """Return a field as lists of strings; null where it is no list."""
        values = self.values(path)
        kind = pa.list_(pa.string())
        try:
            return pa.array(values, kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
            clean = [[_as_text(v) for v in value] if isinstance(value, list) else None for value in values]
            return pa.array(clean, kind)

    def address(self, path: str) -> pa.Array:
        """Return a field as addresses; null where it is none, or is all zeros."""
        return self._addresses(path, None)

    def source(self, path: str) -> pa.Array:
        """Return the source addresses; what is missing is counted by reason."""
        return self._addresses(path, "source address")

    def _addresses(self, path: str, called: str | None) -> pa.Array:
        column = pc.utf8_trim_whitespace(self.text(path))
        column = pc.if_else(pc.equal(column, ""), None, column)
        if called:
            self.flag(f"no {called}", pc.is_null(column))
        regular = pc.match_substring_regex(column, _IPV4)
        if not pc.all(regular, skip_nulls=True).as_py():
            other = pc.if_else(regular, None, column)
            found = mapped(other, _valid_address)
            if called:
                self.flag(f"{called} not understood", pc.and_(pc.is_valid(other), pc.is_null(found)))
            column = pc.if_else(regular, column, found)
        nowhere = pc.is_in(column, pa.array(["0.0.0.0", "::"]))  # noqa: S104 - nobody listens here
        if called:
            self.flag(f"{called} 0.0.0.0", nowhere)
        return pc.if_else(nowhere, None, column)

    def time(self, path: str, otherwise: str | None = None, flag: str = "") -> pa.Array:
        """Return a field as times, UTC, microseconds.

        ISO 8601 with or without zone, and seconds, milliseconds, microseconds
        and nanoseconds since the epoch (told apart by their digits, as numbers
        or text) are understood, mixed too. What is missing, not understood or
        impossible (before 1995 or after 2099) is null and counted.

        Parameters
        ----------
        path : str
            The field.
        otherwise : str, optional
            The field to take where that one is missing.
        flag : str
            Reason under which taking it is counted; not counted if empty.
        """
        column, missing = self._times(self.values(path))
        if otherwise is not None and pc.any(missing).as_py():
            second, gone = self._times(
                [v if m else None for v, m in zip(self.values(otherwise), missing.to_pylist(), strict=True)]
            )
            if flag:
                self.flag(flag, pc.and_(missing, pc.invert(gone)))
            column, missing = pc.coalesce(column, second), pc.and_(missing, gone)
        return self.possible(column, missing)

    def possible(self, column: pa.Array, missing: pa.Array) -> pa.Array:
        """Return times without the impossible ones (before 1995, after 2099), which are counted.

        Parameters
        ----------
        column : pyarrow.Array of timestamp[us, UTC]
        missing : pyarrow.BooleanArray
            Where nothing was written.
        """
        self.flag("no time", missing)
        odd = pc.or_(pc.less(column, pa.scalar(_EARLIEST, _TIME)), pc.greater_equal(column, pa.scalar(_LATEST, _TIME)))
        odd = pc.fill_null(odd, False)
        self.flag("impossible time", odd)
        return pc.if_else(odd, None, column)

    def local(self, naive: pa.Array) -> pa.Array:
        """Return times without a zone as UTC; they are read in the user's zone, and counted.

        Parameters
        ----------
        naive : pyarrow.Array of timestamp[us]
        """
        self.flag(f"time without a zone, read as {self.tz}", pc.is_valid(naive))
        if self.tz == "UTC":
            return naive.cast(_TIME)
        zone(self.tz)
        return pc.assume_timezone(naive, self.tz, ambiguous="earliest", nonexistent="latest").cast(_TIME)

    def _times(self, values: list[Any]) -> tuple[pa.Array, pa.Array]:
        """Return times and a mask of where nothing was written."""
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
        times = pc.coalesce(self._text_times(text), _number_times(number))
        self.flag("time not understood", pc.and_(pc.is_null(times), pc.invert(missing)))
        return times, missing

    def _text_times(self, text: pa.Array) -> pa.Array:
        if text.null_count == len(text):
            return pa.nulls(len(text), _TIME)
        zoned = pc.match_substring_regex(text, _ZONED)
        if pc.all(zoned, skip_nulls=True).as_py():
            return _cast(text, _TIME)
        number = pc.match_substring_regex(text, _NUMBER)
        naive = pc.invert(pc.or_(zoned, number))
        local = _cast(pc.if_else(naive, text, None), pa.timestamp("us"))
        local = self.local(local)
        if pc.any(number).as_py():
            digits = pc.if_else(number, text, None).to_pylist()
            counted = _number_times(pa.array([_as_micros(d) if d else None for d in digits], pa.int64()))
            local = pc.coalesce(local, counted)
        return pc.coalesce(_cast(pc.if_else(zoned, text, None), _TIME), local)


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
        return pa.nulls(len(number), _TIME)
    size = pc.abs(number)
    micros = pc.case_when(
        pc.make_struct(pc.less(size, 10**11), pc.less(size, 10**14), pc.less(size, 10**17)),
        pc.multiply(pc.if_else(pc.less(size, 10**11), number, 0), 10**6),
        pc.multiply(pc.if_else(pc.less(size, 10**14), number, 0), 10**3),
        number,
        pc.divide(number, 1000),
    )
    return pc.if_else(pc.is_valid(number), micros, None).cast(pa.int64()).cast(_TIME)


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
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = json.dumps(value) if isinstance(value, list | dict) else str(value)
    return text.encode("utf-8", "replace").decode("utf-8")


def _as_number(value: Any) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = int(value) if not isinstance(value, float) or value.is_integer() else None
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and abs(number) < 2**63 else None


def _valid_address(text: str) -> str | None:
    try:
        ip_address(text)
    except ValueError:
        return None
    return text
