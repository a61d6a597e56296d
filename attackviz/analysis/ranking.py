"""Ranked lists: the most frequent values of a field, and what else is known of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from ..store import Group, Top
from .coding import sums
from .cube import capped
from .fields import Coded, Fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["rank"]

# What is said beside a value: the column, at its latest event.
_WORDS = {
    "address": {"country": "src_country", "city": "src_city", "network": "src_asn", "org": "src_org"},
    "network": {"org": "src_org"},
    "rule": {"rule_id": "rule_id"},
    "target": {"country": "dst_country"},
}


def rank(
    fields: Fields,
    field: str,
    rows: Any,
    time_us: NDArray[np.int64],
    weight: NDArray[np.int64] | None,
    n: int,
    account: Account,
) -> Top:
    """Rank the values of a field among some rows.

    Parameters
    ----------
    fields : Fields
        Of the event table.
    field : str
    rows : slice or ndarray of int
        The rows, by time.
    time_us : ndarray of int64, shape (rows,)
    weight : ndarray of int64, shape (rows,), or None
        None for 1 throughout.
    n : int
        How many lines.
    account : Account
        What became of the input.

    Returns
    -------
    Top
    """
    coded = fields[field].merged()
    codes = coded.codes[rows]
    total = sums(codes, weight, len(coded.values))
    met = np.flatnonzero(total)
    best = _best(coded, total, met, n)
    events = int(total.sum())
    last = np.full(len(total), -1)
    last[codes] = np.arange(len(codes))  # of several, the last put down stays: rows are by time
    last = last[best]
    words = _words(fields, field, np.arange(fields.table.num_rows)[rows][last])
    kinds = _by_category(fields, rows, codes, weight, best, len(total))
    groups = tuple(
        Group(coded.key(code), int(total[code]), int(time_us[at]), kind, said if coded.values[code].is_valid else {})
        for code, at, kind, said in zip(best.tolist(), last.tolist(), kinds, words, strict=True)
    )
    known = int(np.asarray(coded.values.is_valid())[met].sum())
    return Top(field, groups, events - sum(group.events for group in groups), events, known, account)


def _best(coded: Coded, total: NDArray[np.int64], met: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    if len(met) > n:
        met = met[total[met] >= np.partition(total[met], len(met) - n)[len(met) - n]]
    names = coded.values.take(pa.array(met))
    order = pc.sort_indices(
        pa.table({"events": total[met], "key": names}),
        sort_keys=[("events", "descending"), ("key", "ascending")],
    )
    return np.asarray(met[np.asarray(order)[:n]])


def _words(fields: Fields, field: str, at: NDArray[np.int64]) -> list[dict[str, str | int]]:
    found: list[dict[str, str | int]] = [{} for _ in at]
    for word, name in _WORDS.get(field, {}).items():
        column = fields.column(name)
        values = column.values.take(pa.array(column.codes[at])).to_pylist()
        for said, value in zip(found, values, strict=True):
            if value is not None:
                said[word] = value
    return found


def _by_category(
    fields: Fields,
    rows: Any,
    codes: NDArray[np.int32],
    weight: NDArray[np.int64] | None,
    best: NDArray[np.int64],
    size: int,
) -> list[dict[str, int]]:
    category = capped(fields["category"], None)
    names = category.values.to_pylist()
    line = np.full(size, -1)
    line[best] = np.arange(len(best))
    own = line[codes]
    mine = own >= 0
    key = own[mine] * len(names) + category.codes[rows][mine]
    cells = sums(key, None if weight is None else weight[mine], len(best) * len(names)).reshape(len(best), len(names))
    return [{names[c]: int(row[c]) for c in np.argsort(-row, kind="stable") if row[c]} for row in cells]
