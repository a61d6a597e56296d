"""A store that answers with what is left of another's events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError
from ..filters import Filters
from ..store import BUDGET, Counts, Cube, Events, Group, Store, Timeline, Top
from .table import EventTable
from .words import UNKNOWN

if TYPE_CHECKING:
    from ..window import Window
    from .redaction import Redactor

__all__ = ["Redacted"]

LOOK = 10_000
"""How many values are looked at where events are too many to be read."""

_SAME = ("category", "verdict", "severity", "country", "network", "port")
"""Fields that say the same before and after."""


class Redacted:
    """Answer with what is left of a store's events; a `attackviz.store.Store`.

    The events of a window are read, redacted and asked, if there are not more
    than a recording holds. Of more, cubes are cut and figures are asked of the
    store, by what is the same before and after.

    Parameters
    ----------
    store : Store
    redactor : Redactor
    """

    def __init__(self, store: Store, redactor: Redactor) -> None:
        self._store, self._redactor = store, redactor
        self._latest: tuple[object, EventTable] | None = None

    def __repr__(self) -> str:
        return f"<Redacted {self._store!r}>"

    def read(
        self, window: Window | None = None, filters: Filters | None = None, columns: Sequence[str] | None = None
    ) -> Events:
        """Return the events themselves."""
        held = self._held(window)
        if held is None:
            raise self._too_many("read")
        return held.read(window, filters, columns)

    def count(self, window: Window | None = None, filters: Filters | None = None) -> Counts:
        """Return how many there are, and of what kind."""
        held = self._held(window)
        if held is None:
            counts = self._store.count(window, self._asked(filters))
            kinds = self._named(counts.by_category)
            return replace(counts, by_category=kinds, account=self._redactor.account(counts.account))
        whole = self._store.count(window)
        counts = held.count(window, filters)
        return replace(counts, outside=whole.outside, untimed=whole.untimed, all=whole.all)

    def timeline(
        self, window: Window | None = None, bins: int = 200, by: str | None = None, filters: Filters | None = None
    ) -> Timeline:
        """Return events by at most `bins` bins of time, and by the values of a field."""
        held = self._held(window)
        if held is not None:
            return held.timeline(window, bins, by, filters)
        if by is not None and by not in _SAME:
            raise self._too_many(f"told apart by {by!r}")
        line = self._store.timeline(window, bins, by, self._asked(filters))
        account = self._redactor.account(line.account)
        if by != "category":
            return replace(line, account=account)
        names = [self._redactor.words(name) or UNKNOWN for name in line.groups]
        groups = tuple(dict.fromkeys(names))
        events = np.stack([line.events[:, [name == one for name in names]].sum(axis=1) for one in groups], axis=1)
        return replace(line, groups=groups, events=events, account=account)

    def top(self, field: str, window: Window | None = None, n: int = 10, filters: Filters | None = None) -> Top:
        """Return the most frequent values of a field; of very many events, `Group.error` says what they lack."""
        held = self._held(window)
        if held is not None:
            return held.top(field, window, n, filters)
        if field not in (*_SAME, "address", "rule"):
            raise self._too_many(f"ranked by {field!r}")
        look = n if field in _SAME and field != "category" else max(n, LOOK)
        return self._merged(self._store.top(field, window, look, self._asked(filters)), n)

    def cube(self, window: Window | None = None, budget: int = BUDGET, filters: Filters | None = None) -> Cube:
        """Return counts at the finest grain whose cells fit the budget."""
        return self._redactor.cube(self._store.cube(window, budget, self._asked(filters)))

    def sample(self, window: Window | None = None, n: int = 200, filters: Filters | None = None) -> Events:
        """Return n events that stand for the rest."""
        held = self._held(window)
        if held is not None:
            return held.sample(window, n, filters)
        some = self._store.sample(window, n, self._asked(filters))
        return replace(some, table=self._redactor.table(some.table), account=self._redactor.account(some.account))

    def _held(self, window: Window | None) -> EventTable | None:
        """Return what is left of the events of a window; None of too many."""
        asked = window, getattr(self._store, "last", None)  # a tape grows, and says how far it has come
        latest = self._latest  # of another thread, the next moment
        if latest is not None and latest[0] == asked:
            return latest[1]
        if self._store.timeline(window, 1).total > BUDGET:
            return None
        events = self._store.read(window)
        table = EventTable(self._redactor.table(events.table), self._redactor.account(events.account))
        self._latest = asked, table
        return table

    def _asked(self, filters: Filters | None) -> Filters | None:
        for one in filters.conditions if filters else ():
            if one.field not in _SAME:
                raise self._too_many(f"filtered by {one.field!r}")
        return filters

    def _too_many(self, what: str) -> UsageError:
        return UsageError(
            f"more than {BUDGET:,} redacted events cannot be {what}", hint="narrow the window, or filter first"
        )

    def _merged(self, top: Top, n: int) -> Top:
        """Return a list whose keys are redacted, those that have become the same as one."""
        found: dict[Any, list[Group]] = {}
        for row in top.rows:
            found.setdefault(self._key(top.field, row.key), []).append(row)
        lacking = 0 if top.field in _SAME else top.rest
        rows = [self._one(key, parts, lacking) for key, parts in found.items()]
        rows.sort(key=lambda row: (-row.events, str(row.key)))
        rest = top.events - sum(row.events for row in rows[:n])
        distinct = top.distinct if top.field in _SAME else None if top.rest else sum(bool(row.key) for row in rows)
        return replace(
            top, rows=tuple(rows[:n]), rest=rest, distinct=distinct, account=self._redactor.account(top.account)
        )

    def _key(self, field: str, key: Any) -> Any:
        if not key or field in ("verdict", "severity", "country", "network", "port"):
            return key
        if field == "address":
            return self._redactor.address(key) or ""
        return self._redactor.words(key) or (UNKNOWN if field == "category" else "")

    def _one(self, key: Any, parts: list[Group], lacking: int) -> Group:
        kinds: Counter[str] = Counter()
        for part in parts:
            kinds.update(part.by_category)
        last = max((part.last_us for part in parts if part.last_us is not None), default=None)
        said = {name: value for name, value in parts[0].words.items() if name != "city"} if key else {}
        events, error = sum(part.events for part in parts), sum(part.error for part in parts)
        return Group(key, events, last, self._named(kinds), said, error + lacking)

    def _named(self, kinds: Mapping[str, int]) -> dict[str, int]:
        """Return counts by category with redacted names."""
        found: Counter[str] = Counter()
        for name, events in kinds.items():
            found[self._redactor.words(name) or UNKNOWN] += events
        return dict(found.most_common())
