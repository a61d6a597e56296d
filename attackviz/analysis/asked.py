"""What the analyses are asked of: any store, or an event table as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..filters import Filters
from ..store import Store
from .table import EventTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pyarrow as pa

__all__ = ["also", "as_filters", "as_store"]


def as_store(events: pd.DataFrame | pa.Table | Store) -> Store:
    """Return a store as it is, and an event table as one.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table or Store

    Raises
    ------
    SchemaError
        If it is neither.
    """
    return events if isinstance(events, Store) else EventTable(events)


def as_filters(filters: Filters | Mapping[str, Any] | str | None) -> Filters:
    """Return conditions in whatever form they were given.

    Raises
    ------
    UsageError
        If it is none.
    """
    return Filters.parse(filters)


def also(filters: Filters, field: str, keys: list[Any]) -> Filters:
    """Return conditions, and one more: that a field has one of some values."""
    return Filters((*filters.conditions, *Filters.parse({field: {"in": keys}}).conditions))
