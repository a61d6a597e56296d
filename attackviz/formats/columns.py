"""Columns of a log as it wrote them, cast to what the event table asks for.

Casts are columnar (Arrow); a value that cannot be cast is null and counted in
the account by reason. Single values are looked at only where a whole column
refuses, or once for each distinct value.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import compress
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from . import casts
from .casts import TIME, mapped
from .scan import usable
from .written import Written

__all__ = ["EARLIEST", "LATEST", "Columns", "joined", "mapped"]

# Honeypots and broken clocks write 1970; nothing before 1995 was logged by what we read.
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""No event is before; a time that is, is none."""

LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""No event is at it, or after."""

# Fewer rows are cast sooner one by one than the compiler is loaded.
_WORTH = 20_000


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
        if column.null_count == len(column):
            continue
        both = pc.binary_join_element_wise(whole, column, between)
        whole = pc.coalesce(both, whole, column) if both.null_count else both
    return whole


class Columns:
    """Hand out the columns of one batch of a log, cast.

    Parameters
    ----------
    written : mapping of str to list or Written
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
        written: Mapping[str, list[Any] | Written],
        length: int,
        account: Account,
        tz: str,
        year: int | None = None,
        reference: datetime | None = None,
    ) -> None:
        self._written, self.length, self.account, self.tz = written, length, account, tz
        self.year, self.reference = year, reference
        self.left_out: dict[str, pa.Array] = {}
        self._clock: dict[tuple[str, str | None, str], pa.Array] = {}

    def values(self, path: str) -> list[Any]:
        """Return a field as the log wrote it."""
        values = self._written.get(path)
        if values is None:
            return [None] * self.length
        return values.values() if isinstance(values, Written) else values

    def keep(self, mask: pa.BooleanArray) -> Columns:
        """Return the columns of the rows of a mask; times that were read are not counted again."""
        kept = {
            path: values.keep(mask) if isinstance(values, Written) else list(compress(values, mask.to_pylist()))
            for path, values in self._written.items()
        }
        columns = Columns(kept, mask.true_count, self.account, self.tz, self.year, self.reference)
        columns._clock = {asked: time.filter(mask) for asked, time in self._clock.items()}
        return columns

    def without(self, path: str) -> Columns:
        """Return the columns as if the log lacked a field."""
        rest = {name: values for name, values in self._written.items() if name != path}
        made = Columns(rest, self.length, self.account, self.tz, self.year, self.reference)
        made.left_out = self.left_out  # what is dropped of one is dropped of both
        return made

    def derive(self, path: str, text: pa.Array) -> None:
        """Add a field made from others, so that it is cast as if the log had it.

        Parameters
        ----------
        path : str
            Its name from now on; no field of the log should have it.
        text : pyarrow.Array of string
        """
        self._written = {**self._written, path: Written.strings(text)}

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
        values = self._written.get(path)
        if isinstance(values, Written):
            return values.plain()
        return pa.nulls(self.length, pa.string()) if values is None else casts.texts(values)

    def number(self, path: str) -> pa.Array:
        """Return a field as int64; null where it is no whole number."""
        values = self._written.get(path)
        if isinstance(values, Written) and (compiled := _compiled(values)):
            return compiled.numbers(values)
        return casts.numbers(self.values(path))

    def port(self, path: str) -> pa.Array:
        """Return a field as ports (uint16); null for 0 and what is none."""
        column = self.number(path)
        good = pc.and_(pc.greater(column, 0), pc.less_equal(column, 65535))
        return pc.if_else(good, column, None).cast(pa.uint16())

    def lists(self, path: str) -> pa.Array:
        """Return a field as lists of strings; null where it is no list."""
        values = self._written.get(path)
        if isinstance(values, Written):
            arrays, rows = values.arrays()
            return casts.lists(arrays).take(rows) if arrays else pa.nulls(self.length, pa.list_(pa.string()))
        return casts.lists(self.values(path))

    def address(self, path: str) -> pa.Array:
        """Return a field as addresses; null where it is none, or is all zeros."""
        return self._addresses(path, None)

    def source(self, path: str) -> pa.Array:
        """Return the source addresses; what is missing is counted by reason."""
        return self._addresses(path, "source address")

    def _addresses(self, path: str, called: str | None) -> pa.Array:
        values = self._written.get(path)
        if isinstance(values, Written) and (compiled := _compiled(values)):
            found = compiled.addresses(values)
        else:
            found = casts.addresses(self.text(path))
        if called:
            self.flag(f"no {called}", found.missing)
            self.flag(f"{called} not understood", found.strange)
            self.flag(f"{called} 0.0.0.0", found.nowhere)
        return found.column

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
        asked = (path, otherwise, flag)
        if asked not in self._clock:
            self._clock[asked] = self._read_time(path, otherwise, flag)
        return self._clock[asked]

    def _read_time(self, path: str, otherwise: str | None, flag: str) -> pa.Array:
        column, missing, naive = self._times(path)
        strange = pc.and_(pc.is_null(column), pc.invert(missing))
        if otherwise is not None and pc.any(missing).as_py():
            second = self._times(otherwise)
            taken = pc.and_not(missing, second.missing)
            if flag:
                self.flag(flag, taken)
            column = pc.if_else(missing, second.column, column)
            naive = pc.or_(naive, pc.and_(missing, second.naive))
            strange = pc.or_(strange, pc.and_(taken, pc.is_null(second.column)))
            missing = pc.and_(missing, second.missing)
        self.flag(f"time without a zone, read as {self.tz}", naive)
        self.flag("time not understood", strange)
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
        odd = pc.or_(pc.less(column, pa.scalar(EARLIEST, TIME)), pc.greater_equal(column, pa.scalar(LATEST, TIME)))
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
        return casts.localized(naive, self.tz)

    def _times(self, path: str) -> casts.Times:
        values = self._written.get(path)
        if isinstance(values, Written) and (compiled := _compiled(values)):
            return compiled.times(values, self.tz)  # type: ignore[no-any-return]
        return casts.times(self.values(path), self.tz)


def _compiled(written: Written) -> ModuleType | None:
    """Return the compiled casts where they can be used and are worth it."""
    if not usable() or (len(written) < _WORTH and "numba" not in sys.modules):
        return None
    from .scan import cast

    return cast
