"""Conditions on events, in one JSON form for every place that takes them.

::

    {"country": {"not": ["US"]}, "dst_port": {"range": [1, 1023]}, "cidr": ["192.0.2.0/24"], "text": "ssh"}

All must hold. A name is a field of the player or a column of the event table,
extra columns included; the player's field wins where both are called the same.
What a condition may say of it:

==========  ==================================================================
in          a list; null in it finds what is not known
not         a list; what is not known is kept unless null is in it
range       ``[low, high]``, both included, null for no limit
cidr        a list of networks such as ``192.0.2.0/24``, or of addresses; an
            IPv4 address in IPv6 clothes (``::ffff:192.0.2.1``) is that address
null        true for what is not known only, false for what is known only
contains    a text, in whatever case
==========  ==================================================================

``cidr`` by itself is a list of networks of the source address, ``text`` a text
that any of the fields a reader sees contains. For a field of the player, what
is not known may also be written as it writes it: ``""``, or 0 for numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from .errors import UsageError
from .schema import COLUMNS, SEVERITIES, VERDICTS

__all__ = ["FIELDS", "OPERATORS", "TEXT", "Condition", "Filters", "network"]

FIELDS: dict[str, tuple[str, ...]] = {
    "category": ("category",),
    "verdict": ("verdict",),
    "severity": ("severity",),
    "country": ("src_country",),
    "network": ("src_asn",),
    "address": ("src_ip",),
    "place": ("src_country", "src_region", "src_city"),
    "rule": ("rule", "rule_id"),
    "port": ("dst_port",),
    "target": ("dst_name", "dst_host", "sensor", "dst_ip"),
}
"""The player's fields, and the columns of the event table they are made of."""

OPERATORS = ("in", "not", "range", "cidr", "null", "contains")

_NUMBERS = {"network", "port"}
_ADDRESSES = {"address", "src_ip", "dst_ip"}
_NUMERIC = {"uint16", "uint32", "int64", "float32"}
_V4_IN_V6 = 0xFFFF << 32
_HINT = 'write conditions like {"country": {"in": ["CN"]}}; see attackviz.filters'


@dataclass(frozen=True, slots=True)
class Condition:
    """Hold one condition.

    Attributes
    ----------
    field : str
        A field of `FIELDS`, a column, or ``text``.
    op : str
        One of `OPERATORS`.
    values : tuple
        What it compares with; None stands for what is not known. Of ``range``
        the two limits, of ``null`` one bool, of ``contains`` one text.
    """

    field: str
    op: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """Hold conditions, all of which must hold; hashable.

    Attributes
    ----------
    conditions : tuple of Condition
        In the order of their fields, so that the same filters are equal.

    Examples
    --------
    >>> Filters.parse('{"port": {"in": [22, 0]}}').conditions
    (Condition(field='port', op='in', values=(22, None)),)
    """

    conditions: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions)

    @classmethod
    def parse(cls, value: Filters | Mapping[str, Any] | str | None) -> Filters:
        """Read filters from their JSON form.

        Parameters
        ----------
        value : Filters, mapping, str or None
            The form, as text or as data; None for no conditions.

        Returns
        -------
        Filters

        Raises
        ------
        UsageError
            If it is not of that form; with what is wrong where.

        Examples
        --------
        >>> Filters.parse({"cidr": "192.0.2.7", "country": {"in": []}}).to_dict()
        {'cidr': ['192.0.2.7/32']}
        >>> Filters.parse({"colour": {"is": 1}})
        Traceback (most recent call last):
        ...
        attackviz.errors.UsageError: filter 'colour': there is no 'is'; there are in, not, range, cidr, null, contains
        """
        if isinstance(value, Filters):
            return value
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                raise UsageError("the filters are no JSON", hint=_HINT) from None
        if value is None:
            return cls()
        if not isinstance(value, Mapping):
            raise UsageError("filters are an object of conditions", hint=_HINT)
        found = [one for name, condition in value.items() for one in _conditions(str(name), condition)]
        return cls(tuple(sorted(found, key=lambda c: (c.field, OPERATORS.index(c.op)))))

    def to_dict(self) -> dict[str, Any]:
        """Return the filters in their JSON form."""
        out: dict[str, Any] = {}
        for one in self.conditions:
            if one.field == "text":
                out["text"] = one.values[0]
            elif (one.field, one.op) == ("address", "cidr"):
                out["cidr"] = list(one.values)
            else:
                single = one.op in ("null", "contains")
                out.setdefault(one.field, {})[one.op] = one.values[0] if single else list(one.values)
        return out

    def named(self, categories: Sequence[Mapping[str, Any]], column: str = "category") -> Filters:
        """Return the filters with the legend's slots as the categories they stand for.

        Slots belong to a recording: another may give a category another one. A
        store is asked for names.

        Parameters
        ----------
        categories : sequence of mapping
            The ``categories`` of the recording's header: ``name`` and ``slot``.
        column : str
            The column that colours.

        Examples
        --------
        >>> legend = [{"name": "ssh", "slot": 2}, {"name": "irc", "slot": 7}, {"name": "dns", "slot": 7}]
        >>> Filters.parse({"slot": {"not": [2]}}).named(legend).to_dict()
        {'category': {'not': ['ssh']}}
        """
        changed = []
        for one in self.conditions:
            if one.field == "slot":
                slots = {c["slot"] for c in categories if c["name"] in one.values} | set(one.values)
                names = tuple(c["name"] for c in categories if c["slot"] in slots)
                one = Condition(column, one.op, names)
            changed.append(one)
        return Filters(tuple(changed))

    def columns(self) -> set[str]:
        """Return the columns that the conditions look at; ``text`` looks at what there is of `TEXT`."""
        return {
            name
            for one in self.conditions
            for name in (TEXT if one.field == "text" else FIELDS.get(one.field, (one.field,)))
        }


TEXT = (
    *("src_ip", "src_org", "src_asn", "src_country", "src_region", "src_city"),
    *("rule", "rule_id", "category", *FIELDS["target"]),
)
"""Columns in which ``text`` is looked for."""


def _conditions(name: str, condition: Any) -> Iterable[Condition]:
    if condition is None or condition == "":
        return
    if name == "text":
        yield Condition("text", "contains", (str(condition),))
        return
    if name == "cidr":
        condition = {"cidr": condition}
        name = "address"
    if not isinstance(condition, Mapping):
        raise _wrong(name, f"{condition!r} is no condition", _HINT)
    for op, value in condition.items():
        if op not in OPERATORS:
            raise _wrong(name, f"there is no {op!r}", f"there are {', '.join(OPERATORS)}")
        values = _READERS[op](name, value)
        if values:
            yield Condition(name, op, values)


def _wrong(name: str, what: str, hint: str) -> UsageError:
    return UsageError(what, where=f"filter {name!r}", hint=hint)


def _list(name: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise _wrong(name, f"{value!r} is no list", "put the values in brackets")
    # The same value twice says no more than once; the order is the writer's.
    return tuple(dict.fromkeys(_value(name, each) for each in value))


def _value(name: str, value: Any) -> Any:
    """Return a value as the column has it, None for what is not known."""
    kind = COLUMNS[FIELDS[name][0]].kind if name in FIELDS else COLUMNS[name].kind if name in COLUMNS else None
    if name in FIELDS and (value is None or value == "" or (name in _NUMBERS and value == 0)):
        return None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and math.isinf(value):
        raise _wrong(name, f"{value!r} is no number", "leave it out, or write null for no limit")
    if name in ("verdict", "severity"):
        return _word(name, value, VERDICTS if name == "verdict" else SEVERITIES)
    if kind in _NUMERIC:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong(name, f"{value!r} is no number", "it holds numbers")
        return int(value) if value == int(value) and kind != "float32" else value
    if kind == "time":
        return _moment(name, value)
    if kind is not None and not isinstance(value, str):
        raise _wrong(name, f"{value!r} is no text", "it holds texts")
    if not isinstance(value, str | int | float | bool):
        raise _wrong(name, f"{value!r} is neither text nor number", _HINT)
    return value


def _word(name: str, value: Any, words: tuple[str, ...]) -> str:
    # The player counts verdicts and severities; the names are the same for all recordings.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(words):
        return words[value]
    if value not in words:
        raise _wrong(name, f"there is no {value!r}", f"there are {', '.join(words)}")
    return str(value)


def _moment(name: str, value: Any) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong(name, f"{value!r} is no time", "write it like 2025-02-20T05:00Z") from None
    if moment.tzinfo is None:
        raise _wrong(name, f"{value!r} names no zone", "write it like 2025-02-20T05:00Z")
    return moment


def _range(name: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise _wrong(name, f"{value!r} is no range", "write [low, high], null for no limit")
    if name in FIELDS and name not in _NUMBERS:
        raise _wrong(name, "it has no order", "give the values with in or not")
    # Zero is a number here, not the absence of one.
    column = FIELDS[name][0] if name in FIELDS else name
    low, high = (None if each is None else _value(column, each) for each in value)
    return () if low is None and high is None else (low, high)


def _cidr(name: str, value: Any) -> tuple[str, ...]:
    if name not in _ADDRESSES:
        raise _wrong(name, "it holds no addresses", f"cidr is for {', '.join(sorted(_ADDRESSES))}")
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple | set | frozenset):
        raise _wrong(name, f"{value!r} is no list of networks", "write it like 192.0.2.0/24")
    try:
        return tuple(dict.fromkeys(str(network(str(each))) for each in listed))
    except ValueError as error:
        raise _wrong(name, str(error), "write it like 192.0.2.0/24 or 2001:db8::/32") from None


def _null(name: str, value: Any) -> tuple[bool, ...]:
    if not isinstance(value, bool):
        raise _wrong(name, f"{value!r} is neither true nor false", _HINT)
    return (value,)


def _contains(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, str):
        raise _wrong(name, f"{value!r} is no text", _HINT)
    return (value,) if value else ()


_READERS = {"in": _list, "not": _list, "range": _range, "cidr": _cidr, "null": _null, "contains": _contains}


def network(text: str) -> IPv4Network | IPv6Network:
    """Return a network, or an address as a network of its own.

    Parameters
    ----------
    text : str
        Bits beyond the prefix are ignored. An IPv4 network in IPv6 clothes is
        that IPv4 network.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> network("192.0.2.77/24"), network("::ffff:192.0.2.0/120")
    (IPv4Network('192.0.2.0/24'), IPv4Network('192.0.2.0/24'))
    """
    try:
        found = ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no network") from None
    first = int(found.network_address)
    if found.version == 6 and found.prefixlen >= 96 and first >> 32 == _V4_IN_V6 >> 32:
        return IPv4Network((first & 0xFFFFFFFF, found.prefixlen - 96))
    return found
