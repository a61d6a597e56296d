"""The questions of a store, asked of a cluster."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..filters import Filters
from ..store import Counts, Cube, Events, Timeline, Top
from ..window import Window, as_window
from .query import own_query
from .wire import Wire

if TYPE_CHECKING:
    from ..geo import Database, Targets
    from .counts import Question
    from .documents import Documents
    from .moment import Known

__all__ = ["AT_ONCE", "CELLS", "Counting"]

CELLS = 200_000
"""How many cells a cube may have, unless told otherwise: what a cluster counts in seconds."""

AT_ONCE = 4
"""How many questions are asked at the same time."""

Conditions = Filters | Mapping[str, Any] | str | None


class Counting(ABC):
    """Let the cluster count, so that only figures travel.

    The figures are those of the event table that reading gives. Addresses are
    counted as addresses, however they are spelt. What the index does not keep
    as documents have it is read and counted here instead; the notes of the
    answer's account say what, and why.

    Attributes
    ----------
    database : Database or None
        What locates addresses for `cube`; by default as `attackviz.geo.open_database` finds it.
    targets : Targets or None
        Where attacks arrive, for `cube`.
    at_once : int
        How many questions it answers at the same time.
    """

    at_once = AT_ONCE
    database: Database | None = None
    targets: Targets | None = None
    wire: Wire
    _query: str | Mapping[str, Any] | None

    @property
    @abstractmethod
    def documents(self) -> Documents:
        """What the documents are."""

    def count(self, window: Window | str | None = None, filters: Conditions = None) -> Counts:
        """Return how many events there are, and of what kind; see `attackviz.store.Counts`.

        Parameters
        ----------
        window : Window or str, optional
        filters : Filters, mapping or str, optional

        Returns
        -------
        Counts
            ``bounds`` says where there are more addresses than can be counted exactly.

        Raises
        ------
        ElasticError
            If the cluster cannot be asked, or refuses.
        UsageError
            If window or filters are not understood.
        """
        from .counts import count

        return self._question(window, filters).answered(count)

    def timeline(
        self, window: Window | str | None = None, bins: int = 200, by: str | None = None, filters: Conditions = None
    ) -> Timeline:
        """Return events over time; see `attackviz.store.Timeline`.

        Parameters
        ----------
        window : Window or str, optional
            It is covered whole; by default all that there is.
        bins : int
            At most how many.
        by : str, optional
            A field or column: its most frequent values are told apart.
        filters : Filters, mapping or str, optional

        Raises
        ------
        ElasticError, UsageError
            As for `count`.
        """
        from .counts import timeline

        return self._question(window, filters).answered(timeline, bins, by)

    def top(self, field: str, window: Window | str | None = None, n: int = 10, filters: Conditions = None) -> Top:
        """Return the most frequent values of a field or column; see `attackviz.store.Top`.

        Parameters
        ----------
        field : str
        window : Window or str, optional
        n : int
            How many.
        filters : Filters, mapping or str, optional

        Raises
        ------
        ElasticError, UsageError
            As for `count`.
        """
        from .counts import top

        return self._question(window, filters).answered(top, field, n)

    def cube(self, window: Window | str | None = None, budget: int = CELLS, filters: Conditions = None) -> Cube:
        """Return counts by time, place, target, category and verdict; see `attackviz.store.Cube`.

        Where documents have no places, their addresses are located here.

        Parameters
        ----------
        window : Window or str, optional
        budget : int
            At most how many cells.
        filters : Filters, mapping or str, optional

        Raises
        ------
        ElasticError, UsageError
            As for `count`; if no cube has as few cells.
        """
        from .cells import cube

        return self._question(window, filters).answered(cube, budget, self.database, self.targets)

    def sample(self, window: Window | str | None = None, n: int = 200, filters: Conditions = None) -> Events:
        """Return n events that stand for the rest, by time: the same each time.

        Parameters
        ----------
        window : Window or str, optional
        n : int
        filters : Filters, mapping or str, optional

        Raises
        ------
        ElasticError, UsageError
            As for `count`.
        """
        from .samples import sample

        return self._question(window, filters).answered(sample, n)

    @property
    def located(self) -> bool:
        """Whether documents have places of their own; where not, `cube` locates their addresses."""
        from .counts import located

        return self._question(None, None).answered(located)

    @cached_property
    def _known(self) -> Known:
        from .moment import Known

        return Known(self.documents)

    def _question(self, window: Window | str | None, filters: Conditions) -> Question:
        from .counts import Question

        own = own_query(self._query)
        return Question(self.wire, self._known, own, as_window(window, "UTC"), Filters.parse(filters))
