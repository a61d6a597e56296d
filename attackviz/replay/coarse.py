"""Recordings of more events than one holds: cells, with lists and a sample beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..analysis import EventTable, bursts
from ..errors import TooManyEventsError
from ..filters import Filters
from ..store import BUDGET, LISTS, ManyAtOnce, Store, Top, as_lists
from ..window import Window
from .builder import build
from .sample import sample_part

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ..account import Account
    from .recording import Recording

__all__ = ["TOP", "detail", "lists", "record"]

TOP = 200
"""How many rows a list has beside cells."""

BURSTS = 8
"""How many bursts are marked: those with most events above the usual."""

SAMPLE = 1_000
"""How many single events stand for the rest in the feed."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def record(
    events: pd.DataFrame | pa.Table | Store,
    title: str = "Replay",
    *,
    store: Store | None = None,
    window: Window | None = None,
    account: Account | None = None,
    budget: int = BUDGET,
    filters: Filters | None = None,
    **told: Any,
) -> Recording:
    """Make a recording of events: of every one, or of cells where there are too many.

    Its header tells of the bursts in the window it opens on.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table or Store
        An event table; or a store, which is asked for its events only where
        there are not too many.
    title : str
        What it is called.
    store : Store, optional
        What answers for an event table; made of it by default.
    window : Window, optional
        Keep only its events.
    account : Account, optional
        What became of the input.
    budget : int
        How many rows a recording may hold.
    filters : Filters, optional
        Keep only what meets them; the rest is counted.
    **told
        What else `build` takes.

    Returns
    -------
    Recording

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00:01Z", "2025-02-18T10:00:02Z"])})
    >>> record(frame).header["grain"] is None, record(frame, budget=1).header["grain"]["events"]
    (True, 2)
    """
    recording, known = _recorded(events, title, store, window, account, budget, filters or Filters(), told)
    header = recording.header
    grain = header["grain"]["seconds"] if header["grain"] else 1
    header["bursts"] = [burst.to_dict() for burst in bursts(known, _opening(header), n=BURSTS, seconds=grain)]
    return recording


def _recorded(
    events: pd.DataFrame | pa.Table | Store,
    title: str,
    store: Store | None,
    window: Window | None,
    account: Account | None,
    budget: int,
    filters: Filters,
    told: Mapping[str, Any],
) -> tuple[Recording, Store]:
    """Return a recording, and a store in memory of what it was made of."""
    if filters and not isinstance(events, Store):
        events = store or EventTable(events, account)
    if isinstance(events, Store):
        many = events.timeline(window, 1, filters=filters).total
        if many <= budget:
            return _single(events, title, window, filters, {**told, "budget": budget, "filters": filters})
        if told.get("color_by", "category") != "category":
            what = f"{many:,} events are more than a recording holds ({budget:,}), and cells are coloured by category"
            raise TooManyEventsError(what, hint="narrow the window, such as '2025-02-18..2025-02-21'")
        return _cells(events, title, window, filters, budget, told)
    try:
        recording = build(events, title, window=window, account=account, budget=budget, **told)
        return recording, store or EventTable(events, account)
    except TooManyEventsError:
        if told.get("color_by", "category") != "category":
            raise  # cells are cut by category
    return _cells(store or EventTable(events, account), title, window, filters, budget, told)


def _opening(header: Mapping[str, Any]) -> Window:
    """Return the window that a recording opens on."""
    edges = (header["start_us"] + tick * header["tick_us"] for tick in header["window"])
    return Window(*(_EPOCH + timedelta(microseconds=us) for us in edges))


def detail(
    store: Store,
    title: str,
    window: Window,
    filters: Mapping[str, Any],
    categories: Sequence[Mapping[str, Any]],
    *,
    budget: int = BUDGET,
    **told: Any,
) -> Recording:
    """Return a window of a recording, event by event or in the finest cells that fit.

    Parameters
    ----------
    store : Store
    title : str
    window : Window
    filters : mapping
        Applied by the store, in the form of the player; the header repeats them as they are.
    categories : sequence of mapping
        Those of the whole recording's header: a category keeps its place in the legend.
    budget : int
        How many rows it may hold.
    **told
        What else `build` takes.

    Returns
    -------
    Recording

    Raises
    ------
    UsageError
        If the filters are not of their form.
    """
    conditions = Filters.parse(filters).named(categories)
    # Of very many events a bare total comes far sooner than all that `count` tells of them.
    if store.timeline(window, 1, filters=conditions).total <= budget:
        recording, _ = _single(store, title, window, conditions, told)
    else:
        recording, _ = _cells(store, title, window, conditions, budget, told)
    slots = {one["name"]: one["slot"] for one in categories}
    recording.header["categories"] = [
        {**one, "slot": slots.get(one["name"], one["slot"])} for one in recording.header["categories"]
    ]
    recording.header["filters"] = dict(filters)
    return recording


def lists(
    store: Store, window: Window, filters: Mapping[str, Any], categories: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the ranked lists of a window, as a recording's header has them.

    Parameters
    ----------
    store : Store
    window : Window
    filters : mapping
        In the form of the player.
    categories : sequence of mapping
        Those of the recording's header, whose slots the filters may name.

    Raises
    ------
    UsageError
        If the filters are not of their form.
    """
    return _lists(store, window, Filters.parse(filters).named(categories))


def _lists(store: Store, window: Window, filters: Filters) -> dict[str, Any]:
    def ranked(field: str) -> Top:
        return store.top(field, window, TOP, filters)

    if not isinstance(store, ManyAtOnce):
        return as_lists(map(ranked, LISTS.values()))
    with ThreadPoolExecutor(store.at_once) as pool:
        return as_lists(pool.map(ranked, LISTS.values()))


def _single(
    store: Store, title: str, window: Window | None, filters: Filters, told: Mapping[str, Any]
) -> tuple[Recording, Store]:
    """Return a recording of every event that a store has, with totals of all it was asked about."""
    counts = store.count(window, filters)
    events = store.read(window, filters)
    recording = build(events.table, title, window=window, account=events.account, **told)
    totals = recording.header["totals"]
    totals |= {"events": counts.all, "filtered": counts.filtered, "untimed": counts.untimed}
    if window is not None:
        totals["outside"] = counts.outside
    return recording, EventTable(events.table, events.account)


def _cells(
    store: Store, title: str, window: Window | None, filters: Filters, budget: int, told: Mapping[str, Any]
) -> tuple[Recording, Store]:
    cube = store.cube(window, budget, filters)
    recording = build(cube, title, budget=budget, filters=filters, **told)
    header = recording.header
    header["lists"] = _lists(store, _opening(header), filters)
    recording.tables["sample"] = sample_part(store.sample(window, SAMPLE, filters).table, header)
    return recording, EventTable(cube.table, cube.account)
