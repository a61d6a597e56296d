"""An index as it is shown: with the places of addresses, without excluded networks, and only what meets conditions."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec

from ..errors import UsageError
from ..filters import Filters
from ..store import BUDGET, Counts, Cube, Events, Store, Timeline, Top
from ..window import Window
from .counting import AT_ONCE, CELLS
from .query import all_of, own_query, within
from .wire import path

if TYPE_CHECKING:
    from ..analysis import EventTable, Exclusion
    from ..geo import Database, Targets
    from .cluster import Elastic

__all__ = ["Located", "excludes"]

_ORIGIN = frozenset(f"src_{name}" for name in ("country", "region", "city", "asn", "org", "lat", "lon"))
_ARRIVAL = frozenset({"direction", *(f"dst_{name}" for name in ("country", "lat", "lon", "name"))})
"""Columns that locating makes, or makes anew, of sources and of targets."""


class Located:
    """Answer for an index as `attackviz.geo.enrich` would have its events; a `attackviz.store.Store`.

    Where its documents have places of their own these are what is shown; else
    addresses are located here.

    Parameters
    ----------
    index : Elastic
    database : Database, optional
        What locates addresses.
    targets : Targets, optional
        Where attacks arrive; by default what the settings say.
    filters : Filters, optional
        Conditions that hold for every question.
    exclusion : Exclusion, optional
        What is left out, and counted.

    Attributes
    ----------
    at_once : int
        How many questions it answers at the same time.

    Raises
    ------
    UsageError
        If the cluster cannot tell what is to be left out.
    """

    at_once = AT_ONCE

    def __init__(
        self,
        index: Elastic,
        database: Database | None = None,
        targets: Targets | None = None,
        filters: Filters | None = None,
        exclusion: Exclusion | None = None,
    ) -> None:
        from ..geo.targets import default_targets

        known = default_targets() if targets is None else targets
        self.index = copy(index)
        self.index.database, self.index.targets = database, known if known.rows else None
        self._filters = filters or Filters()
        self._every: Elastic | None = None
        if exclusion is not None:
            self._every = copy(self.index)
            self.index._query = all_of([own_query(index._query), _without(index, exclusion)])
        self._latest: tuple[Window | None, EventTable] | None = None
        self._reading = Lock()

    @cached_property
    def _placed(self) -> bool:
        return self.index.located

    def size(self, window: Window | None = None) -> int:
        """Return how many documents there are to read, events or not, whatever the conditions."""
        documents = self.index.documents
        inside = None if window is None else within(documents.time, window)
        body = msgspec.json.encode({"query": all_of([own_query(self.index._query), inside])})
        answer = self.index.wire.post(path(documents.index, "_count"), body=body)
        return int(msgspec.json.decode(answer)["count"])

    def read(
        self, window: Window | None = None, filters: Filters | None = None, columns: Sequence[str] | None = None
    ) -> Events:
        """Return the events themselves, with their places."""
        asked = self._all(filters)
        if self._placed and self.index.targets is None:
            return self.index.read(window, asked, columns)
        from ..analysis import keep
        from ..geo import enrich

        late = self._late(asked)
        found = self.index.read(window, Filters(tuple(one for one in asked.conditions if one not in late.conditions)))
        table = enrich(found.table, self.index.database, self.index.targets)
        for name in _ORIGIN & set(found.table.column_names) if self._placed else ():
            table = table.set_column(table.schema.get_field_index(name), name, found.table[name])
        if late:
            table = keep(table, late, found.account)
        return Events(table if columns is None else table.select(["time", *columns]), found.account, found.left)

    def count(self, window: Window | None = None, filters: Filters | None = None) -> Counts:
        """Return how many there are, and of what kind."""
        asked = self._all(filters)
        if (here := self._here(window, asked)) is None:
            return self.index.count(window, asked)
        known = self.index.count(window)
        return replace(here.count(window, asked), outside=known.outside, untimed=known.untimed, all=known.all)

    def timeline(
        self, window: Window | None = None, bins: int = 200, by: str | None = None, filters: Filters | None = None
    ) -> Timeline:
        """Return events by bins of time, and by the values of a field."""
        asked = self._all(filters)
        return self._answering(window, asked).timeline(window, bins, by, asked)

    def top(self, field: str, window: Window | None = None, n: int = 10, filters: Filters | None = None) -> Top:
        """Return the most frequent values of a field."""
        asked = self._all(filters)
        return self._answering(window, asked).top(field, window, n, asked)

    def cube(self, window: Window | None = None, budget: int = BUDGET, filters: Filters | None = None) -> Cube:
        """Return counts at the finest grain whose cells fit the budget, and `CELLS` where the cluster counts."""
        asked = self._all(filters)
        if (here := self._here(window, asked)) is None:
            found = self.index.cube(window, min(budget, CELLS), asked)
        else:
            found, known = here.cube(window, budget, asked), self.index.count(window)
            totals = {"events": known.all, "untimed": known.untimed, **({"outside": known.outside} if window else {})}
            found = replace(found, totals={**found.totals, **totals})
        if self._every is None:
            return found
        # What a window leaves out is not counted a second time.
        left = self._every.timeline(window, 1).total - self.index.timeline(window, 1).total
        return replace(found, account=replace(found.account, excluded=left))

    def sample(self, window: Window | None = None, n: int = 200, filters: Filters | None = None) -> Events:
        """Return n events that stand for the rest, by time."""
        asked = self._all(filters)
        return self._answering(window, asked).sample(window, n, asked)

    def _all(self, filters: Filters | None) -> Filters:
        return Filters((*self._filters.conditions, *(filters or Filters()).conditions))

    def _late(self, filters: Filters) -> Filters:
        """Return the conditions on what documents do not say: what locating makes."""
        made = _ARRIVAL if self._placed else _ARRIVAL | _ORIGIN
        if self._placed and self.index.targets is None:
            return Filters()
        return Filters(tuple(one for one in filters.conditions if Filters((one,)).columns() & made))

    def _answering(self, window: Window | None, filters: Filters) -> Store:
        here = self._here(window, filters)
        return self.index if here is None else here

    def _here(self, window: Window | None, filters: Filters) -> EventTable | None:
        """Return the events of a window, located, where documents do not say what is asked for."""
        late = self._late(filters)
        if not late:
            return None
        if self.size(window) > BUDGET:
            names = ", ".join(sorted({one.field for one in late.conditions}))
            hint = "narrow the window, or let attackviz elastic reindex write places into the documents"
            raise UsageError(f"the documents do not say {names}, and are too many to be read", hint=hint)
        from ..analysis import EventTable

        with self._reading:  # once, for all who ask at the same time
            if self._latest is None or self._latest[0] != window:
                self._latest = None  # two need not be held at a time
                found = Located(self.index, self.index.database, self.index.targets).read(window)
                self._latest = window, EventTable(found.table, found.account)
            return self._latest[1]


def excludes(index: Elastic) -> bool:
    """Return whether the cluster can tell networks, so that events from some can be left out."""
    field = index.documents.exact("src_ip")
    return field is not None and field.kind == "ip"


def _without(index: Elastic, exclusion: Exclusion) -> dict[str, Any]:
    """Return the query for what comes from none of some networks."""
    field = index.documents.exact("src_ip")
    if field is None or not excludes(index):
        hint = "map source addresses as ip, or leave the exclusion out"
        raise UsageError("the cluster cannot tell the networks that are to be left out", where=index.index, hint=hint)
    return {"bool": {"must_not": [{"terms": {field.terms: list(map(str, exclusion.networks))}}]}}
