"""Times in a notation of one's own: a ``strptime`` format read column by column.

The format becomes one regular expression, and what it finds becomes ISO 8601,
which `Columns.time` reads. Names of months are English; no locale matters.
"""

from __future__ import annotations

import re
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import MappingError
from .columns import mapped

__all__ = ["UNITS", "check", "iso", "iso_of_epoch", "layout"]

UNITS = ("s", "ms", "us", "ns")
"""Units of numbers since 1970."""

_MICROS = {"s": 1_000_000, "ms": 1000, "us": 1}
_DIGITS = {"s": r"^-?\d{1,11}$", "ms": r"^-?\d{1,14}$", "us": r"^-?\d{1,17}$", "ns": r"^-?1?\d{1,18}$"}

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: f"{n:02d}" for n, name in enumerate(_NAMES, 1)}
_SHORT = "(?i:" + "|".join(_MONTHS) + ")"
_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "b": rf"(?P<b>{_SHORT})",
    "B": rf"(?P<b>{_SHORT})[a-z]*",
    "d": r"(?P<d>\d{1,2})",
    "e": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
    "z": r"(?P<z>Z|[+-]\d{2}:?(?:\d{2})?)",
    "Z": r"(?P<z>UTC|GMT|Z)",
    "a": r"[A-Za-z]{3}",
    "A": r"[A-Za-z]+",
    "%": "%",
}
_SHORTHAND = {"T": "%H:%M:%S", "R": "%H:%M", "F": "%Y-%m-%d", "D": "%m/%d/%y"}


@lru_cache
def _pattern(form: str) -> tuple[str, frozenset[str]]:
    form = re.sub(r"%([TRFD])", lambda m: _SHORTHAND[m[1]], form)
    out, seen = [r"^\s*"], set[str]()
    for literal, directive in re.findall(r"([^%]+)|%(.?)", form):
        if literal:
            # Logs pad days with a second space, and mean the same.
            out.append(r"\s+".join(map(re.escape, re.split(r"\s+", literal))))
            continue
        if directive not in _DIRECTIVES:
            known = " ".join(f"%{d}" for d in [*_DIRECTIVES, *_SHORTHAND])
            raise MappingError(f"the time format {form!r} has %{directive}", hint=f"known are {known}")
        found = re.search(r"\?P<(\w)>", _DIRECTIVES[directive])
        if found and found[1] in seen:
            raise MappingError(f"the time format {form!r} says %{directive} twice", hint="say each part once")
        seen |= {found[1]} if found else set()
        out.append(_DIRECTIVES[directive])
    for needed, words in (({"m", "b"}, "a month"), ({"d"}, "a day"), ({"H", "I"}, "an hour")):
        if not needed & seen:
            raise MappingError(f"the time format {form!r} lacks {words}", hint="write it as for strptime")
    return "".join(out) + r"\s*$", frozenset(seen)


def check(form: str) -> None:
    """Refuse a format that cannot be read.

    Parameters
    ----------
    form : str
        As for ``datetime.strptime``.

    Raises
    ------
    MappingError
        If a directive is not known, or month, day or hour are missing.
    """
    _pattern(form)


def layout(form: str) -> str | None:
    """Return what `iso` makes of a format without a year, as `stamps` takes it; None for one with a year.

    Examples
    --------
    >>> layout("%b %d %H:%M:%S"), layout("%Y-%m-%d %H:%M")
    ('MM-DDThh:mm:ss', None)
    """
    _, seen = _pattern(form)
    if {"Y", "y"} & seen:
        return None
    return "MM-DDThh:mm:ss" + (".ffffff" if "f" in seen else "") + ("+zzzz" if "z" in seen else "")


def iso(text: pa.Array, form: str) -> pa.Array:
    """Return times written in a notation of one's own as ISO 8601.

    Parameters
    ----------
    text : pyarrow.Array of string
    form : str
        As for ``datetime.strptime``: ``%d/%b/%Y:%H:%M:%S %z``.

    Returns
    -------
    pyarrow.Array of string
        Where a value is not of the format it stays as it is, so that it is
        counted as not understood, or read if it is ISO 8601 itself. Without a
        year it begins with the month.

    Examples
    --------
    >>> iso(pa.array(["22/Feb/2025:08:05:15 +0100", "x", None]), "%d/%b/%Y:%H:%M:%S %z").to_pylist()
    ['2025-02-22T08:05:15+0100', 'x', None]
    """
    pattern, seen = _pattern(form)
    found = pc.extract_regex(text, pattern)

    def part(name: str) -> pa.Array:
        return pc.struct_field(found, name)

    def two(name: str, otherwise: str = "00") -> pa.Array:
        if name not in seen:
            return pa.repeat(pa.scalar(otherwise), len(text))
        return pc.utf8_lpad(part(name), 2, "0")

    if "Y" in seen:
        years = part("Y")
    elif "y" in seen:  # as POSIX has it: 69 to 99 are of the last century
        years = pc.binary_join_element_wise(pc.if_else(pc.less(part("y"), "69"), "20", "19"), part("y"), "")
    else:
        years = None
    months = mapped(part("b"), lambda name: _MONTHS.get(name.lower())) if "b" in seen else two("m")
    hours = two("H") if "H" in seen else _of_twelve(two("I"), pc.utf8_lower(part("p")) if "p" in seen else None)
    date = pc.binary_join_element_wise(*([] if years is None else [years]), months, two("d"), "-")
    clock = pc.binary_join_element_wise(hours, two("M"), two("S"), ":")
    whole = pc.binary_join_element_wise(date, clock, "T")
    if "f" in seen:
        whole = pc.binary_join_element_wise(whole, pc.utf8_slice_codeunits(pc.utf8_rpad(part("f"), 6, "0"), 0, 6), ".")
    if "z" in seen:
        zone = part("z")
        utc = pc.is_in(zone, pa.array(["UTC", "GMT", "Z"]))
        digits = pc.utf8_rpad(pc.replace_substring(zone, ":", ""), 5, "0")
        whole = pc.binary_join_element_wise(whole, pc.if_else(utc, "+0000", digits), "")
    return pc.coalesce(whole, text)


def _of_twelve(hours: pa.Array, half: pa.Array | None) -> pa.Array:
    twelve = pc.equal(hours, "12")
    first = pc.if_else(twelve, "00", hours)
    if half is None:
        return hours
    number = pc.add(first.cast(pa.int16()), pc.if_else(pc.equal(half, "p"), pa.scalar(12, pa.int16()), 0))
    return pc.utf8_lpad(number.cast(pa.string()), 2, "0")


def iso_of_epoch(text: pa.Array, unit: str) -> pa.Array:
    """Return numbers since 1970 as ISO 8601.

    Parameters
    ----------
    text : pyarrow.Array of string
        Whole or decimal numbers.
    unit : str
        One of `UNITS`.

    Returns
    -------
    pyarrow.Array of string
        What is no number stays as it is.

    Examples
    --------
    >>> iso_of_epoch(pa.array(["1740211515.25", "soon"]), "s").to_pylist()
    ['2025-02-22 08:05:15.250000Z', 'soon']
    """
    number = pc.match_substring_regex(text, r"^-?\d{1,19}(?:\.\d+)?$")
    exact = pc.if_else(number, text, None)
    whole = _micros(pc.replace_substring_regex(exact, r"\..*", ""), unit)
    if unit in ("s", "ms"):  # a fraction of theirs is microseconds; one of smaller units is dropped
        fraction = pc.replace_substring_regex(exact, r"^[^.]*(?:\.|$)", "")
        digits = 6 if unit == "s" else 3
        padded = pc.utf8_slice_codeunits(pc.utf8_rpad(fraction, digits, "0"), 0, digits).cast(pa.int64())
        whole = pc.add(whole, pc.if_else(pc.starts_with(exact, "-"), pc.negate(padded), padded))
    sane = pc.less(pc.abs(whole), pa.scalar(8_000_000_000_000_000, pa.int64()))  # up to the year 2223
    times = pc.if_else(sane, whole, None).cast(pa.timestamp("us")).cast(pa.string())
    return pc.coalesce(pc.binary_join_element_wise(times, "Z", ""), text)


def _micros(whole: pa.Array, unit: str) -> pa.Array:
    # More digits than times of this unit have would overflow; they are no times.
    fits = pc.match_substring_regex(whole, _DIGITS[unit])
    number = pc.if_else(fits, whole, None).cast(pa.int64())
    return pc.divide(number, 1000) if unit == "ns" else pc.multiply(number, _MICROS[unit])
