"""Stores: what keeps events by time and answers questions about them.

Every store answers the same five questions, and a sixth for a page without a
store behind it; the same question asked of any of them gets the same number.
Where a store can only bound a figure (a cluster that counts approximately), the
answer says by how much it may be off. Every answer carries the account of the
input it is about, and says what it leaves out: nothing is cut silently.

An event table is one (`attackviz.analysis.EventTable`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from .account import Account
from .window import Window

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from .filters import Filters

__all__ = [
    "BUDGET",
    "LISTS",
    "PLACES",
    "Counts",
    "Cube",
    "Events",
    "Grain",
    "Group",
    "ManyAtOnce",
    "Store",
    "Timeline",
    "Top",
    "as_lists",
]

BUDGET = 2_000_000
"""How many rows a recording, and so a cube, may hold."""

PLACES = ("point", "city", "region", "country", "none")
"""How finely a cube tells places apart, the finest first."""


@dataclass(frozen=True, slots=True)
class Events:
    """Hold rows of the event table.

    Attributes
    ----------
    table : pyarrow.Table
        In the order of the store.
    account : Account
        What became of the input they are from.
    left : int
        Events (sum of ``count``) that match, too, and are not in the table; 0
        unless only some were asked for.
    """

    table: pa.Table
    account: Account
    left: int = 0

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a data frame that carries the account."""
        from .account import ATTRS
        from .schema import to_pandas

        frame = to_pandas(self.table)
        frame.attrs[ATTRS] = self.account.to_dict()
        return frame


@dataclass(frozen=True, slots=True)
class Counts:
    """Hold how many events a window and filters let through, and of what kind.

    Every figure is a sum of ``count``, but `sources` and `countries`.
    ``all == events + filtered + outside + untimed`` holds.

    Attributes
    ----------
    events : int
        Events in the window that pass the filters.
    sources, countries : int
        Distinct known addresses and countries among them.
    unlocated : int
        Those without a place on the map.
    severe : int
        Those of high or critical severity.
    by_category, by_verdict : dict of str to int
        They add up to `events`; what is not known is ``unknown``.
    first_us, last_us : int or None
        When the first and the last of them happened, in microseconds since the
        epoch.
    filtered : int
        Events in the window that do not pass.
    outside : int
        Events outside the window.
    untimed : int
        Events without a usable time; they are in no window, nor in `events`.
    all : int
        Events in the store.
    bounds : dict of str to int
        Figures that are approximate, by name, and how far each may be off;
        empty where all are exact.
    account : Account
        What became of the input.
    """

    events: int
    sources: int
    countries: int
    unlocated: int
    severe: int
    by_category: Mapping[str, int]
    by_verdict: Mapping[str, int]
    first_us: int | None
    last_us: int | None
    filtered: int
    outside: int
    untimed: int
    all: int
    account: Account
    bounds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Hold events over time.

    Attributes
    ----------
    start_us : int
        Start of the first bin, in microseconds since the epoch: a multiple of
        the width, at or before the start of the window.
    seconds : int
        Width of a bin.
    groups : tuple of str
        Values of the column it is parted by, the most frequent first; one empty
        text where it is not parted.
    events : ndarray of int64, shape (bins, groups)
        Sums of ``count``.
    rest : ndarray of int64, shape (bins,)
        Events of values beyond `groups`.
    account : Account
        What became of the input.
    error : int
        How far a figure may be off; 0 where all are exact.
    """

    start_us: int
    seconds: int
    groups: tuple[str, ...]
    events: NDArray[np.int64]
    rest: NDArray[np.int64]
    account: Account
    error: int = 0

    @property
    def total(self) -> int:
        """Events in all bins."""
        return int(self.events.sum() + self.rest.sum())


@dataclass(frozen=True, slots=True)
class Group:
    """Hold one line of a ranked list.

    Attributes
    ----------
    key : str, int or None
        The value, such that ``{field: {"in": [key]}}`` finds its events.
    events : int
        How many there are.
    last_us : int or None
        When the last of them happened, in microseconds since the epoch.
    by_category : dict of str to int
        The same events by category.
    words : dict of str to (str or int)
        What else is known of it: ``country`` of an address, ``org`` of a
        network, and the like.
    error : int
        How many events it may have more than `events`; 0 where it is exact.
    """

    key: str | int | None
    events: int
    last_us: int | None
    by_category: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, str | int] = field(default_factory=dict)
    error: int = 0


@dataclass(frozen=True, slots=True)
class Top:
    """Hold the most frequent values of a field.

    Attributes
    ----------
    field : str
        A field of `attackviz.filters.FIELDS`, or a column.
    rows : tuple of Group
        The most frequent first; equal ones in the order of their keys. What is
        not known is a group like any other, in its true rank.
    rest : int
        Events of groups that are not listed: ``rest + sum of rows == events``.
    events : int
        Events in the window that pass the filters.
    distinct : int or None
        How many known values there are; None where the store cannot tell.
    account : Account
        What became of the input.
    """

    field: str
    rows: tuple[Group, ...]
    rest: int
    events: int
    distinct: int | None
    account: Account


@dataclass(frozen=True, slots=True)
class Grain:
    """Say how coarse a cube is.

    Attributes
    ----------
    seconds : int
        Width of a bin of time; bins start at multiples of it since the epoch.
    place : str
        One of `PLACES`: every place, or one a city, region or country, or none.
    targets : int or None
        How many targets have a name of their own, the rest being one; None
        where all have.

    Examples
    --------
    >>> str(Grain(900, "city"))
    '15 min, by city'
    """

    seconds: int
    place: str
    targets: int | None = None

    def __post_init__(self) -> None:
        if self.place not in PLACES or self.seconds < 1:
            raise ValueError(f"no grain: {self.seconds} s, {self.place!r}")

    def __str__(self) -> str:
        size, unit = next((s, u) for s, u in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")) if not self.seconds % s)
        where = "without places" if self.place == "none" else f"by {self.place}"
        return f"{self.seconds // size:,} {unit}, {where}"


@dataclass(frozen=True, slots=True)
class Cube:
    """Hold counts by time, place, target, category and verdict, for what is too much to show event by event.

    Attributes
    ----------
    table : pyarrow.Table
        An event table whose rows are cells: ``time`` (the start of the bin, or
        of the window where that is later), ``src_country``, ``src_region``,
        ``src_city``, ``src_lat`` and ``src_lon`` at the grain's level (null
        above it; a city, region or country stands at the point in it with most
        events, cells of events without a place have no coordinates),
        ``dst_name``, ``dst_country``, ``dst_lat``, ``dst_lon``, ``category``,
        ``verdict`` and ``count``. By time; no cell is above 2**32 - 1, a larger
        one is parted.
    grain : Grain
        The finest at which the cells fit the budget.
    window : Window or None
        What was asked for.
    totals : dict
        As a recording's header has them: ``events`` in the store and, of them,
        ``in_recording`` (the sum of the cells), ``untimed`` (and
        ``untimed_by_reason``), ``outside`` the window, ``filtered``; and
        ``unlocated`` of those in the recording.
    account : Account
        What became of the input; ``coarsened`` is the number of events in the cube.
    """

    table: pa.Table
    grain: Grain
    window: Window | None
    totals: Mapping[str, Any]
    account: Account

    def __len__(self) -> int:
        """Return the number of cells."""
        return int(self.table.num_rows)

    def header(self) -> dict[str, Any]:
        """Return the grain as a recording's header has it.

        Returns
        -------
        dict
            ``seconds``, ``place``, ``targets`` (as in `Grain`), ``cells`` (rows)
            and ``events`` (their sum).
        """
        return {
            "seconds": self.grain.seconds,
            "place": self.grain.place,
            "targets": self.grain.targets,
            "cells": len(self),
            "events": int(self.totals["in_recording"]),
        }


@runtime_checkable
class Store(Protocol):
    """Answer questions about events.

    A window is half-open and by default all of time; without one, events whose
    time is unknown are still in no answer but `read` and `Counts.untimed`.
    Filters are conditions, ANDed (`attackviz.filters.Filters.parse` says the
    form); none by default.
    """

    def read(
        self, window: Window | None = None, filters: Filters | None = None, columns: Sequence[str] | None = None
    ) -> Events:
        """Return the events themselves."""
        ...

    def count(self, window: Window | None = None, filters: Filters | None = None) -> Counts:
        """Return how many there are, and of what kind."""
        ...

    def timeline(
        self, window: Window | None = None, bins: int = 200, by: str | None = None, filters: Filters | None = None
    ) -> Timeline:
        """Return events by at most `bins` bins of time, and by the values of a field."""
        ...

    def top(self, field: str, window: Window | None = None, n: int = 10, filters: Filters | None = None) -> Top:
        """Return the most frequent values of a field."""
        ...

    def cube(self, window: Window | None = None, budget: int = BUDGET, filters: Filters | None = None) -> Cube:
        """Return counts at the finest grain whose cells fit the budget."""
        ...

    def sample(self, window: Window | None = None, n: int = 200, filters: Filters | None = None) -> Events:
        """Return n events that stand for the rest: the same each time, by time."""
        ...


@runtime_checkable
class ManyAtOnce(Protocol):
    """Be a store that answers several questions at the same time, from several threads."""

    at_once: int


LISTS = {"addresses": "address", "rules": "rule", "networks": "network", "ports": "port"}
"""Lists that a recording of cells carries, and the fields they rank."""


def as_lists(tops: Iterable[Top]) -> dict[str, Any]:
    """Return ranked lists as a recording's header has them.

    Parameters
    ----------
    tops : iterable of Top
        Of fields in `LISTS`.

    Returns
    -------
    dict
        A list by each of the names in `LISTS`; of each line ``key`` (null for
        what is not known), ``events``, ``last`` (microseconds since the epoch), ``by`` (events by category) and
        what else is known. ``rest`` and ``distinct`` say by the same names how
        many events are of groups not listed, and how many groups there are.
    """
    names = {name: key for key, name in LISTS.items()}
    out: dict[str, Any] = {"rest": {}, "distinct": {}}
    for top in tops:
        name = names[top.field]
        out[name] = [
            {
                "key": row.key or None,
                **row.words,
                "events": row.events,
                "last": row.last_us,
                "by": dict(row.by_category),
            }
            for row in top.rows
        ]
        out["rest"][name], out["distinct"][name] = top.rest, top.distinct
    return out
