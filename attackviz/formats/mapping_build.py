"""From a mapping to a format: the columns of the event table from the fields it names."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import pyarrow as pa
import pyarrow.compute as pc

from ..schema import COLUMNS
from . import timeformat
from .columns import Columns, mapped
from .format import Format
from .mapping import Condition, Mapping, Origin
from .packed import ADDRESS_READERS
from .stamps import stamps
from .values import floats
from .words import folded, meaning
from .written import Written

__all__ = ["make_format"]

# Compared without regard to case everywhere, so kept in one.
_FOLDED = ("action", "dst_host", "protocol")
_LIMITS = {"src_lat": 90, "dst_lat": 90, "src_lon": 180, "dst_lon": 180}


@lru_cache(maxsize=256)
def make_format(mapping: Mapping) -> Format:
    """Return the format that a mapping describes.

    Parameters
    ----------
    mapping : Mapping

    Examples
    --------
    >>> shop = Mapping.from_dict("shop", {"kind": "json", "columns": {"time": "ts", "src_ip": "client.ip"}})
    >>> make_format(shop).knows({"ts", "client.ip", "total"})
    True
    """
    return Format(
        name=mapping.name,
        title=mapping.title,
        kind="text" if mapping.kind == "regex" else mapping.kind,
        fields=mapping.fields,
        known_by=(frozenset(map(_two_deep, mapping.detect or _certain(mapping))),),
        build=partial(_build, mapping),
        leave_out=partial(_leave_out, mapping) if mapping.only else None,
        dotted=mapping.kind == "json" and any("." in field for field in mapping.fields),
        pattern=_unanchored(mapping.pattern),
        delimiter=mapping.delimiter,
        names=mapping.header,
        clock=_clock(mapping),
        detected=not mapping.header,
        plain=tuple((name, origin.fields[0]) for name, origin in mapping.columns if _is_plain(name, origin)),
        mapping=mapping,
    )


def _is_plain(name: str, origin: Origin) -> bool:
    return len(origin.fields) == 1 and origin == Origin(fields=origin.fields) and name not in ("time", *_FOLDED)


def _certain(mapping: Mapping) -> list[str]:
    """Return the fields that a row is sure to have: those without an alternative."""
    origins = [origin for _, origin in (*mapping.columns, *mapping.extra)]
    alone = [origin.fields[0] for origin in origins if len(origin.fields) == 1 and origin.constant is None]
    return [*alone, *(c.field for c in mapping.only if (c.test, c.values) != ("null", ("true",)))]


def _unanchored(pattern: str) -> str:
    """Return an expression for a whole line without the anchors that say so again."""
    end = len(pattern) - 1
    slashes = end - len(pattern[:end].rstrip("\\"))
    return (pattern[:end] if pattern.endswith("$") and slashes % 2 == 0 else pattern).removeprefix("^")


def _two_deep(path: str) -> str:
    # Detection looks that deep into an object.
    return ".".join(path.split(".")[:2])


def _clock(mapping: Mapping) -> tuple[str, ...]:
    """Return the fields of times that are read as any format's; none where there is more to it."""
    origin = dict(mapping.columns)["time"]
    return origin.fields if _plain_time(origin) else ()


def _plain_time(origin: Origin) -> bool:
    return origin == Origin(fields=origin.fields) and len(origin.fields) in (1, 2)


def _build(mapping: Mapping, c: Columns) -> dict[str, pa.Array | Callable[[], pa.Array]]:
    return {
        **{name: partial(_column, name, origin, c) for name, origin in mapping.columns},
        **{name: partial(_extra, origin, c) for name, origin in mapping.extra},
    }


def _leave_out(mapping: Mapping, c: Columns) -> None:
    c.leave_out(f"rows the filter of {mapping.name!r} refuses", _refused(mapping.only, c))


def _refused(only: tuple[Condition, ...], c: Columns) -> pa.Array:
    kept = pa.repeat(True, c.length)
    for condition in only:
        kept = pc.and_(kept, _fulfilled(condition, c))
    return pc.invert(kept)


def _fulfilled(condition: Condition, c: Columns) -> pa.Array:
    """Return where a row fulfils a condition, never null: what is missing fulfils only ``not`` and ``null``."""
    text, (first, *_) = c.text(condition.field), condition.values or ("",)
    if condition.test == "null":
        return pc.is_null(text) if first == "true" else pc.is_valid(text)
    if condition.test in ("in", "not"):
        among = pc.is_in(text, pa.array(condition.values, pa.string()))
        return among if condition.test == "in" else pc.invert(among)
    if condition.test == "range":
        low, high = map(float, condition.values)
        number = floats(text)
        inside = pc.and_(pc.greater_equal(number, low), pc.less_equal(number, high))
    elif condition.test == "contains":
        inside = pc.match_substring(text, first, ignore_case=True)
    else:
        inside = pc.match_substring_regex(text, first)
    return pc.fill_null(inside, False)


def _column(name: str, origin: Origin, c: Columns) -> pa.Array:
    column = COLUMNS[name]
    if not origin.fields:
        return _constant(name, origin, c)
    if name == "time":
        return _time(origin, c)
    if name in ("src_ip", "dst_ip"):
        read = ADDRESS_READERS.get(origin.address)
        text = _text(origin, c)
        if read is not None:
            # What cannot be read stays as it is written, to be counted as not understood.
            text = pc.coalesce(mapped(pc.utf8_trim_whitespace(text), read), text)
        d = _derived(c, text)
        return d.source("value") if name == "src_ip" else d.address("value")
    if column.kind == "uint16":
        return _number(origin, c).port("value")
    if column.kind in ("uint32", "int64"):
        number = _number(origin, c).number("value")
        if column.kind == "int64":
            return number
        good = pc.and_(pc.greater_equal(number, 0), pc.less(number, 1 << 32))
        return pc.if_else(good, number, None).cast(pa.uint32())
    text = _text(origin, c)
    if column.kind == "float32":
        degrees = floats(text)
        c.flag(f"{name} not understood", pc.and_(pc.is_valid(text), pc.is_null(degrees)))
        beyond = pc.fill_null(pc.greater(pc.abs(degrees), _LIMITS[name]), False)
        c.flag(f"{name} beyond {_LIMITS[name]} degrees", beyond)
        return pc.if_else(beyond, None, degrees).cast(pa.float32())
    if column.values is not None:
        return _closed(name, column.values, text, c)
    return pc.utf8_lower(text) if name in _FOLDED else text


def _constant(name: str, origin: Origin, c: Columns) -> pa.Array:
    assert origin.constant is not None
    kind = COLUMNS[name].kind
    if kind in ("string", "category") and name not in ("src_ip", "dst_ip"):
        return c.constant(origin.constant.casefold() if name in _FOLDED else origin.constant)
    return _column(
        name, Origin(fields=("value",), time=origin.time, tz=origin.tz), _derived(c, c.constant(origin.constant))
    )


def _closed(name: str, allowed: tuple[str, ...], text: pa.Array, c: Columns) -> pa.Array:
    """Return a column of which only some words are allowed; others are counted and named."""
    table = {word: word for word in allowed}
    return meaning(c, folded(text), table, name, "unknown" if name == "verdict" else None)


def _extra(origin: Origin, c: Columns) -> pa.Array:
    text = _text(origin, c)
    return floats(text) if origin.type == "number" else text


def _text(origin: Origin, c: Columns) -> pa.Array:
    """Return what an origin gives as text: the first field that is not empty, translated, else the constant."""
    text = c.text(origin.fields[0]) if origin.fields else pa.nulls(c.length, pa.string())
    for field in origin.fields[1:]:
        text = pc.coalesce(text, c.text(field))
    if origin.values or origin.otherwise is not None:
        meaning = dict(origin.values)
        other = origin.otherwise
        text = mapped(text, lambda word: meaning.get(word.casefold(), word if other is None else other) or None)
    return text if origin.constant is None else pc.fill_null(text, origin.constant)


def _number(origin: Origin, c: Columns) -> Columns:
    return _derived(c, _text(origin, c))


def _time(origin: Origin, c: Columns) -> pa.Array:
    if _plain_time(origin):
        return c.time(*origin.fields)
    text = pc.utf8_trim_whitespace(_text(origin, c))
    if origin.time in timeformat.UNITS:
        text = timeformat.iso_of_epoch(text, origin.time)
    elif origin.time != "auto":
        text = timeformat.iso(text, origin.time)
        yearless = timeformat.layout(origin.time)
        if yearless is not None:
            return stamps(_derived(c, text, origin.tz), text, yearless)
    return _derived(c, text, origin.tz).time("value")


def _derived(c: Columns, text: pa.Array, tz: str | None = None) -> Columns:
    """Return one column of text, to be cast as if the log had written it."""
    made = Columns({"value": Written.strings(text)}, c.length, c.account, tz or c.tz, c.year, c.reference)
    made.left_out = c.left_out
    return made
