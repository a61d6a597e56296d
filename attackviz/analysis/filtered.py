"""A store of which only what meets conditions is asked."""

from __future__ import annotations

from collections.abc import Sequence

from ..filters import Filters
from ..store import BUDGET, Counts, Cube, Events, Store, Timeline, Top
from ..window import Window

__all__ = ["Filtered"]


class Filtered:
    """Answer for those events of a store that meet conditions; a `attackviz.store.Store`.

    Parameters
    ----------
    store : Store
    filters : Filters
        They hold for every question, beside its own.

    Examples
    --------
    >>> import pandas as pd
    >>> from attackviz import EventTable
    >>> times = pd.to_datetime(["2025-02-18T10:00Z", "2025-02-18T11:00Z"])
    >>> store = EventTable(pd.DataFrame({"time": times, "category": ["ssh", "web"]}))
    >>> counts = Filtered(store, Filters.parse({"category": {"in": ["ssh"]}})).count()
    >>> counts.events, counts.filtered
    (1, 1)
    """

    def __init__(self, store: Store, filters: Filters) -> None:
        self._store, self._filters = store, filters

    def __repr__(self) -> str:
        return f"<Filtered {self._store!r}>"

    def read(
        self, window: Window | None = None, filters: Filters | None = None, columns: Sequence[str] | None = None
    ) -> Events:
        """Return the events themselves."""
        return self._store.read(window, self._all(filters), columns)

    def count(self, window: Window | None = None, filters: Filters | None = None) -> Counts:
        """Return how many there are, and of what kind."""
        return self._store.count(window, self._all(filters))

    def timeline(
        self, window: Window | None = None, bins: int = 200, by: str | None = None, filters: Filters | None = None
    ) -> Timeline:
        """Return events by at most `bins` bins of time, and by the values of a field."""
        return self._store.timeline(window, bins, by, self._all(filters))

    def top(self, field: str, window: Window | None = None, n: int = 10, filters: Filters | None = None) -> Top:
        """Return the most frequent values of a field."""
        return self._store.top(field, window, n, self._all(filters))

    def cube(self, window: Window | None = None, budget: int = BUDGET, filters: Filters | None = None) -> Cube:
        """Return counts at the finest grain whose cells fit the budget."""
        return self._store.cube(window, budget, self._all(filters))

    def sample(self, window: Window | None = None, n: int = 200, filters: Filters | None = None) -> Events:
        """Return n events that stand for the rest."""
        return self._store.sample(window, n, self._all(filters))

    def _all(self, filters: Filters | None) -> Filters:
        return Filters((*self._filters.conditions, *(filters.conditions if filters else ())))
