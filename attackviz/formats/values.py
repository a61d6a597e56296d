"""Small casts that several formats share: decimals, countries, places, lists, sample rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from .columns import mapped
from .written import decoded

if TYPE_CHECKING:
    from .columns import Columns

__all__ = ["asn", "both", "country", "decimals", "first", "floats", "listed", "point", "sampled"]

_DECIMAL = r"^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$"
_NO_COUNTRY = {"XX", "T1", "A1", "A2"}


def decimals(c: Columns, path: str) -> pa.Array:
    """Return a field as float64; null where it is no number.

    Parameters
    ----------
    c : Columns
    path : str
        The field; numbers, or their text.

    Examples
    --------
    >>> from attackviz.account import Account
    >>> from attackviz.formats.columns import Columns
    >>> decimals(Columns({"lat": ["50.1", 8, None, "north"]}, 4, Account(), "UTC"), "lat").to_pylist()
    [50.1, 8.0, None, None]
    """
    return floats(c.text(path))


def floats(text: pa.Array) -> pa.Array:
    """Return texts as float64; null where they are no numbers, blanks around them do not matter.

    Parameters
    ----------
    text : pyarrow.Array of string

    Examples
    --------
    >>> floats(pa.array(["1.5", " -2e3 ", "nan", "", None])).to_pylist()
    [1.5, -2000.0, None, None, None]
    """
    number = pc.match_substring_regex(text, _DECIMAL)
    return pc.utf8_trim_whitespace(pc.if_else(number, text, None)).cast(pa.float64())


def both(one: pa.Array, other: pa.Array) -> pa.Array:
    """Add numbers of which one may be missing; null where both are.

    Parameters
    ----------
    one, other : pyarrow.Array of int64

    Examples
    --------
    >>> both(pa.array([1, None, None]), pa.array([2, 3, None])).to_pylist()
    [3, 3, None]
    """
    known = pc.or_(pc.is_valid(one), pc.is_valid(other))
    return pc.if_else(known, pc.add(one.fill_null(0), other.fill_null(0)), None)


def country(codes: pa.Array) -> pa.Array:
    """Return ISO 3166-1 codes, upper case; null for what is none, or no country.

    Parameters
    ----------
    codes : pyarrow.Array of string
        As written. Cloudflare writes XX for unknown and T1 for Tor, AWS a dash.

    Examples
    --------
    >>> country(pa.array(["us", "T1", "-", "DE", None])).to_pylist()
    ['US', None, None, 'DE', None]
    """

    def code(text: str) -> str | None:
        upper = text.strip().upper()
        return upper if len(upper) == 2 and upper.isascii() and upper.isalpha() and upper not in _NO_COUNTRY else None

    return mapped(codes, code)


def asn(c: Columns, path: str) -> pa.Array:
    """Return a field as numbers of autonomous systems (uint32); null for 0 and what is none."""
    number = c.number(path)
    good = pc.and_(pc.greater(number, 0), pc.less(number, 2**32))
    return pc.if_else(good, number, None).cast(pa.uint32())


def point(c: Columns, latitude: str, longitude: str, end: str) -> dict[str, pa.Array]:
    """Return ``<end>_lat`` and ``<end>_lon``; both null where either is none.

    Parameters
    ----------
    c : Columns
    latitude, longitude : str
        The fields, degrees.
    end : str
        ``src`` or ``dst``.
    """
    lat, lon = decimals(c, latitude), decimals(c, longitude)
    good = pc.and_(pc.less_equal(pc.abs(lat), 90), pc.less_equal(pc.abs(lon), 180))
    return {
        f"{end}_lat": pc.if_else(good, lat, None).cast(pa.float32()),
        f"{end}_lon": pc.if_else(good, lon, None).cast(pa.float32()),
    }


def first(column: pa.Array) -> pa.Array:
    """Return the first text of fields that hold one, or a list of them.

    Parameters
    ----------
    column : pyarrow.Array of string
        Lists as JSON.

    Examples
    --------
    >>> first(pa.array(["web", '["ids", "web"]', "[]", None])).to_pylist()
    ['web', 'ids', None, None]
    """
    return mapped(column, lambda text: next(iter(_strings(text)), None) if text.startswith("[") else text)


def listed(c: Columns, path: str) -> pa.Array:
    """Return a field of csv as lists of strings; it holds them as JSON.

    Parameters
    ----------
    c : Columns
    path : str
        The field.

    Examples
    --------
    >>> from attackviz.account import Account
    >>> from attackviz.formats.columns import Columns
    >>> listed(Columns({"a": ['["x","y"]', "", "z"]}, 3, Account(), "UTC"), "a").to_pylist()
    [['x', 'y'], None, ['z']]
    """
    coded = c.text(path).dictionary_encode()
    values = [_strings(value) if value.startswith("[") else [value] for value in coded.dictionary.to_pylist()]
    return pa.array(values, pa.list_(pa.string())).take(coded.indices)


def _strings(text: str) -> list[str]:
    try:
        values = decoded(text)
    except (ValueError, RecursionError):
        return [text]
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else [text]


def sampled(c: Columns, *, every: tuple[str, ...], share: tuple[str, ...]) -> pa.Array | None:
    """Return how many events each row stands for; None where no row says.

    Parameters
    ----------
    c : Columns
        Its account is told of rates that cannot be.
    every : tuple of str
        Fields that say n where one of n was logged.
    share : tuple of str
        Fields that say which share was logged, between 0 and 1.

    Returns
    -------
    pyarrow.Array of uint32, or None

    Examples
    --------
    >>> from attackviz.account import Account
    >>> from attackviz.formats.columns import Columns
    >>> c = Columns({"n": [10, None, 0], "r": [None, 0.25, None]}, 3, Account(), "UTC")
    >>> sampled(c, every=("n",), share=("r",)).to_pylist(), dict(c.account.flags)
    ([10, 4, 1], {'sample rate not understood': 1})
    """
    written = pc.coalesce(*(c.text(path) for path in (*every, *share)))
    if written.null_count == len(written):
        return None
    shares = [pc.divide(1.0, pc.if_else(pc.greater(rate, 0), rate, None)) for rate in (decimals(c, p) for p in share)]
    found = pc.round(pc.coalesce(*(decimals(c, path) for path in every), *shares))
    good = pc.and_(pc.greater_equal(found, 1), pc.less(found, 2**32)).fill_null(False)
    c.flag("sample rate not understood", pc.and_(pc.is_valid(written), pc.invert(good)))
    return pc.if_else(good, found, 1.0).fill_null(1.0).cast(pa.uint32())
