"""Filters as masks: which rows of an event table meet the conditions.

A condition is tried once on each distinct value, and rows look their answer up.
"""

from __future__ import annotations

from functools import reduce
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from ..errors import UsageError
from ..filters import Condition, Filters
from ..schema import COLUMNS, arrow_type
from .fields import Coded, Fields
from .words import country_name, label_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["FILTERED", "keep", "mask", "where"]

FILTERED = "not meant by the filter"
"""What the account calls pieces that filters left out when they were read."""


def mask(fields: Fields, filters: Filters, rows: Any = slice(None)) -> NDArray[np.bool_]:
    """Return which rows meet all conditions.

    Parameters
    ----------
    fields : Fields
        Of the event table.
    filters : Filters
    rows : slice or ndarray of int
        The rows to look at; all by default.

    Returns
    -------
    ndarray of bool, shape (rows,)

    Raises
    ------
    UsageError
        If a condition names a field that the events have not, or compares it
        with what it cannot hold.

    Examples
    --------
    >>> fields = Fields(pa.table({"dst_port": pa.array([22, None, 443], pa.uint16())}))
    >>> mask(fields, Filters.parse({"port": {"not": [443]}})).tolist()
    [True, True, False]
    """
    met = [_rows(fields, one, rows) for one in filters.conditions]
    if met:
        return np.asarray(reduce(np.logical_and, met))
    return np.ones(len(range(*rows.indices(fields.table.num_rows))) if isinstance(rows, slice) else len(rows), bool)


def keep(table: pa.Table, filters: Filters, account: Account) -> pa.Table:
    """Return the rows of a batch that meet all conditions, and count the others.

    Parameters
    ----------
    table : pyarrow.Table
        An event table. A column of it that this batch lacks holds nothing.
    filters : Filters
    account : Account
        Whose ``events`` the rows are counted in: those that go become ``left_out``.

    Raises
    ------
    UsageError
        As for `mask`.

    Examples
    --------
    >>> account = Account(pieces=2, events=2)
    >>> keep(pa.table({"src_ip": ["192.0.2.9", "8.8.8.8"]}), Filters.parse({"cidr": "8.0.0.0/8"}), account).num_rows
    1
    >>> account.events, account.left_out[FILTERED], account.closes()
    (1, 1, True)
    """
    seen = table
    for name in sorted(filters.columns() & COLUMNS.keys() - set(table.column_names)):
        seen = seen.append_column(name, pa.nulls(table.num_rows, arrow_type(name)))
    met = mask(Fields(seen), filters)
    gone = len(met) - int(met.sum())
    if not gone:
        return table
    account.events -= gone
    account.left_out[FILTERED] += gone
    return table.filter(pa.array(met))


def where(events: pd.DataFrame, filters: Any) -> pd.DataFrame:
    """Return the rows of a data frame that meet all conditions.

    Parameters
    ----------
    events : pandas.DataFrame
        An event table.
    filters : Filters, mapping or str
        Conditions; see `attackviz.filters`.

    Raises
    ------
    UsageError
        As for `mask`.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18"] * 2, utc=True), "src_ip": ["192.0.2.1", "8.8.8.8"]})
    >>> where(frame, {"cidr": ["192.0.2.0/24"]})["src_ip"].tolist()
    ['192.0.2.1']
    """
    from ..schema import from_pandas

    parsed = Filters.parse(filters)
    wanted = {"time", "src_lat", "src_lon"} | parsed.columns()
    fields = Fields(from_pandas(events[[name for name in events.columns if name in wanted]]))
    return events[mask(fields, parsed)]


def _rows(fields: Fields, one: Condition, rows: Any) -> NDArray[np.bool_]:
    if one.field == "text":
        found = [met[coded.codes[rows]] for coded, met in _texts(fields, one.values[0]) if met.any()]
        return (
            np.asarray(reduce(np.logical_or, found)) if found else np.zeros(len(fields["category"].codes[rows]), bool)
        )
    coded = fields[one.field]
    return np.asarray(_met(one, coded)[coded.codes[rows]])


def _met(one: Condition, coded: Coded) -> NDArray[np.bool_]:
    """Return which of the distinct values meet a condition."""
    values = coded.values
    if one.op in ("in", "not"):
        found = _among(one, coded)
        return found if one.op == "in" else ~found
    if one.op == "null":
        return _unknown(coded) if one.values[0] else ~_unknown(coded)
    if one.op == "cidr":
        return _inside(values, one.values)
    if one.op == "contains":
        met = _containing(values.to_pylist(), one.values[0])
        return met if coded.also is None else met | _containing(coded.also.to_pylist(), one.values[0])
    met = np.ones(len(values), bool)
    for limit, compare in zip(one.values, (pc.greater_equal, pc.less_equal), strict=True):
        if limit is not None:
            try:
                met &= _bools(compare(values, pa.scalar(limit)))
            except (OverflowError, pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
                raise _unlike(one, limit, values) from None
    return met


def _bools(array: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(array.fill_null(False).to_numpy(zero_copy_only=False), bool)


def _unknown(coded: Coded) -> NDArray[np.bool_]:
    missing = coded.values.is_null(nan_is_null=True)
    if isinstance(coded.unknown, str) and coded.unknown:
        missing = pc.or_(missing, pc.equal(coded.values, coded.unknown).fill_null(False))
    return _bools(missing)


def _among(one: Condition, coded: Coded) -> NDArray[np.bool_]:
    values = coded.values
    wanted = []
    for value in one.values:
        if value is None:
            continue
        try:
            wanted.append(pa.scalar(value, values.type).as_py())
        except (OverflowError, pa.ArrowInvalid) as error:
            if isinstance(value, str):
                raise _unlike(one, value, values) from error
            # A number that the column cannot hold is in no row.
        except pa.ArrowTypeError:
            raise _unlike(one, value, values) from None
    found = _bools(pc.is_in(values, pa.array(wanted, values.type)))
    if coded.also is not None:
        found |= _bools(pc.is_in(coded.also, pa.array(wanted, values.type)))
    if None in one.values:
        found |= _unknown(coded)
    return found


def _unlike(one: Condition, value: Any, values: pa.Array) -> UsageError:
    return UsageError(f"{value!r} is no {values.type}", where=f"filter {one.field!r}", hint="it holds such values only")


def _inside(values: pa.Array, networks: Iterable[str]) -> NDArray[np.bool_]:
    from ..geo.database import locate_strings
    from ..geo.networks import compile_networks

    table = compile_networks([(ip_network(text), i) for i, text in enumerate(networks)])
    return np.asarray(locate_strings(table, values) >= 0)


def _containing(values: list[Any], text: str) -> NDArray[np.bool_]:
    needle = text.lower()
    return np.array([value is not None and needle in str(value).lower() for value in values], bool)


def _texts(fields: Fields, text: str) -> Iterable[tuple[Coded, NDArray[np.bool_]]]:
    """Give every field in which a text is looked for, with which of its values contain it."""

    def met(values: list[str | None]) -> NDArray[np.bool_]:
        return _containing(values, text)

    for name in ("address", "target", "rule"):
        coded = fields[name]
        found = met(coded.values.to_pylist())
        yield coded, found if coded.also is None else found | met(coded.also.to_pylist())
    org = fields.column("src_org")
    yield org, met(org.values.to_pylist())
    number = fields["network"]
    yield number, met([f"AS{n}" if n is not None else None for n in number.values.to_pylist()])
    category = fields["category"]
    names = category.values.to_pylist()
    yield category, met(names) | met([label_of(name) for name in names])
    places = fields.places
    country = [code or "" for code in places.country.to_pylist()]
    known = places.located | _bools(places.country.is_valid())
    found = met([country_name(code) for code in country]) | met(country)
    found |= met(places.region.to_pylist()) | met(places.city.to_pylist())
    yield Coded(places.codes, places.country), found & known
