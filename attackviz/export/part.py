"""A part of a recording: those of its events that meet conditions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..account import Account
from ..analysis import EventTable, bursts
from ..errors import UsageError
from ..filters import Filters
from ..replay import Recording, detail
from ..replay.coarse import BURSTS
from ..window import Window
from .data import table_of

__all__ = ["between", "events_of", "filtered", "span_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAME = ("source", "formats", "attribution", "notice", "category_title")


def events_of(recording: Recording) -> EventTable:
    """Return the events of a recording as a store, with what became of its input.

    Parameters
    ----------
    recording : Recording
        Of single events.
    """
    account = recording.header["account"]
    return EventTable(table_of(recording), Account.from_dict(account) if account else None)


def between(start_us: int, end_us: int) -> Window:
    """Return a window of microseconds since the epoch.

    Raises
    ------
    UsageError
        If it is empty, or beyond the calendar.
    """
    try:
        return Window(*(_EPOCH + timedelta(microseconds=us) for us in (start_us, end_us)))
    except OverflowError:
        raise UsageError("the window is beyond the calendar", hint="choose another one") from None


def span_of(recording: Recording, opening: bool = False) -> Window:
    """Return the time that a recording covers, or only what it opens on.

    Parameters
    ----------
    recording : Recording
    opening : bool
    """
    header = recording.header
    ticks = header["window"] if opening else (0, header["end"])
    return between(*(header["start_us"] + t * header["tick_us"] for t in ticks))


def filtered(recording: Recording, filters: Mapping[str, Any]) -> Recording:
    """Return a recording without the events that do not meet conditions; they are counted.

    Colours and times stay as they are.

    Parameters
    ----------
    recording : Recording
        Of single events.
    filters : mapping
        In the form of the player.

    Raises
    ------
    UsageError
        If the filters are not of their form.

    Examples
    --------
    >>> import pandas as pd
    >>> from attackviz.replay import build
    >>> times = pd.to_datetime(["2025-02-18T10:00Z", "2025-02-18T11:00Z"])
    >>> whole = build(pd.DataFrame({"time": times, "category": ["ssh", "web"]}))
    >>> totals = filtered(whole, {"category": {"in": ["ssh"]}}).header["totals"]
    >>> totals["events"], totals["in_recording"], totals["filtered"]
    (2, 1, 1)
    """
    if not Filters.parse(filters):
        return recording
    header = recording.header
    told = {name: header[name] for name in _SAME}
    store = events_of(recording)
    made = detail(store, header["title"], span_of(recording), filters, header["categories"], **told)
    part = made.header
    gone = header["totals"]["in_recording"] - part["totals"]["in_recording"]
    totals = {**header["totals"], **{name: part["totals"][name] for name in ("in_recording", "unlocated")}}
    told = {"totals": {**totals, "filtered": gone + totals.get("filtered", 0)}, "window": header["window"]}
    found = bursts(events_of(made), span_of(recording, opening=True), n=BURSTS)
    told["bursts"] = [burst.to_dict() for burst in found]
    told |= {name: header[name] for name in ("notes",) if name in header}
    return Recording({**part, **told}, made.tables)
