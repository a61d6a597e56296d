"""Where there are too many values to count each: the most frequent ones, and about how many there are.

Terms aggregations: https://www.elastic.co/docs/reference/aggregations/search-aggregations-bucket-terms-aggregation
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from ..filters import FIELDS, Condition, Filters
from .needs import UncountableError, needed, sources
from .query import all_of, conditions, exactly, without

if TYPE_CHECKING:
    from ..window import Window
    from .asking import Asking
    from .needs import Source

__all__ = ["Frequent", "about_how_many", "frequent", "roughly"]

PRECISION = 40_000
"""Values up to which a cluster counts nearly exactly; the most it can."""

ERROR = 0.06
"""How far it may be off beyond, by what its makers measured: one in twenty, and a little."""

_MORE = 20  # times as many candidates as lines
_LEAST = 5_000  # candidates of a shard


@dataclass(frozen=True, slots=True)
class Frequent:
    """Hold the values that may be the most frequent.

    Attributes
    ----------
    condition : Condition
        That a value is one of them; or not known, where some are not.
    bound : int
        How many documents another value may have.
    """

    condition: Condition
    bound: int


def frequent(asking: Asking, field: str, n: int, window: Window | None, filters: Filters) -> Frequent:
    """Return the values of a field that may be among the n most frequent.

    Parameters
    ----------
    asking : Asking
    field : str
        A field or column.
    n : int
    window, filters
        What the events have to meet.

    Raises
    ------
    UncountableError
        If the field is made of several, or rows stand for several events.
    """
    column = FIELDS.get(field, (field,))
    source = _plain(asking, column[0]) if len(column) == 1 else None
    if source is None or _weighted(asking):
        raise UncountableError(f"there are too many values of {field}, and none of the index's fields is just that")
    terms = {"field": source.asked, "size": _MORE * n, "shard_size": max(2 * _MORE * n, _LEAST)}
    found = _ask(asking, window, filters, {"terms": terms})
    keys = tuple(bucket["key"] for bucket in found["buckets"])
    # What is not known cannot be asked for: it costs to look at everything, so only where there is such.
    exact = asking.documents.exact(column[0])
    whole = exact is not None and exact.kind == "ip" and not asking.total(without(source.asked))
    return Frequent(Condition(field, "in", keys if whole else (*keys, None)), int(found["doc_count_error_upper_bound"]))


def about_how_many(asking: Asking, column: str, window: Window | None, filters: Filters) -> tuple[int, int]:
    """Return about how many known values a column has, and how far that may be off.

    Raises
    ------
    UncountableError
        If that cannot be said of these documents and filters.
    """
    documents = asking.documents
    if documents.form.leave_out is not None or not exactly(filters, documents):
        raise UncountableError(
            f"there are too many values of {column}, and the filters look at more than the index has"
        )
    many = roughly(asking, column, window, filters)
    return many, round(many * ERROR)


def roughly(asking: Asking, column: str, window: Window | None, filters: Filters) -> int:
    """Return about how many values the documents have that may meet the filters: to choose how to count.

    Raises
    ------
    UncountableError
        If the column is no field as it is.
    """
    source = _plain(asking, column)
    if source is None:
        raise UncountableError(f"there are too many values of {column}, and none of the index's fields is just that")
    found = _ask(asking, window, filters, {"cardinality": {"field": source.asked, "precision_threshold": PRECISION}})
    return int(found["value"])


def _plain(asking: Asking, column: str) -> Source | None:
    """Return what a column is counted by, where it is one field unchanged."""
    form = asking.documents.form
    if column not in dict(form.plain):
        return None
    own = {*needed(form, (column,))} - {*needed(form, ())}
    found = sources(asking.documents, sorted(own))
    return found[0] if len(found) == 1 else None


def _weighted(asking: Asking) -> bool:
    """Whether some documents stand for several events."""
    form = asking.documents.form
    paths = {*needed(form, ("count",))} - {*needed(form, ())}
    return any(asking.total({"exists": {"field": path}}) for path in paths)


def _ask(asking: Asking, window: Window | None, filters: Filters, agg: dict[str, Any]) -> dict[str, Any]:
    where = all_of([asking.query, asking.spans(window)[0], *conditions(filters, asking.documents)])
    answer = msgspec.json.decode(asking.post({"size": 0, "query": where, "aggs": {"found": agg}}))
    found: dict[str, Any] = answer["aggregations"]["found"]
    return found
