"""Attackers: what each of the most frequent sources did, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError
from ..window import Window, as_window
from .asked import also, as_filters, as_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pyarrow as pa

    from ..filters import Filters
    from ..store import Group, Store, Top

__all__ = ["BY", "attackers"]

BY = {"address": "address", "network": "network", "org": "src_org"}
"""What attackers are told apart by, and the field of it."""

LISTED = 5
"""How many rules and targets are counted by name."""

_HOUR = 3600
_US = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def attackers(
    events: pd.DataFrame | pa.Table | Store,
    window: Window | str | None = None,
    by: str = "address",
    n: int = 50,
    filters: Filters | Mapping[str, Any] | str | None = None,
) -> pd.DataFrame:
    """Tell what the most frequent sources did, and when.

    A source is where a packet said it came from, which is not who sent it.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table or Store
        An event table, or what answers for one.
    window : Window or str, optional
        By default all of time.
    by : {"address", "network", "org"}
        What a row is: an address, an autonomous system or its organisation.
    n : int
        At most how many rows.
    filters : Filters, mapping or str, optional
        Look only at events that meet them.

    Returns
    -------
    pandas.DataFrame
        The most frequent first. Column `by` (str, of networks int64);
        ``country`` (str, of most of its events) and ``org`` (str), None where
        not known; ``events`` and, of them, ``mitigated`` (int64, sums of
        ``count``); ``first`` and ``last`` (datetime, UTC); ``active_hours``
        (int64): hours of the clock with an event; distinct ``addresses``,
        ``rules``, ``targets`` and ``ports`` (Int64, null where the store
        cannot tell); ``by_rule`` and ``by_target`` (dict of str to int): the
        five most frequent. ``attrs`` hold ``events``, and of them those of
        ``unknown`` sources and of the ``rest`` that is not listed.

    Raises
    ------
    UsageError
        If there is no such `by`, or the window or the filters are not of their form.

    Examples
    --------
    A slow scan has few events, and many hours and ports:

    >>> import pandas as pd
    >>> hours = pd.date_range("2025-02-18", periods=24, freq="h", tz="UTC")
    >>> events = pd.DataFrame({"time": hours, "src_ip": "192.0.2.1", "dst_port": range(24)})
    >>> attackers(events)[["address", "events", "active_hours", "ports"]].values.tolist()
    [['192.0.2.1', 24, 24, 23]]
    """
    import pandas as pd

    if by not in BY:
        raise UsageError(f"attackers are not told apart by {by!r}", hint=f"choose {', '.join(BY)}")
    store, conditions, span = as_store(events), as_filters(filters), as_window(window)
    top = store.top(BY[by], span, n + 1, conditions)  # what is not known may be one of them
    known = [row for row in top.rows if row.key][:n]
    unknown = sum(row.events for row in top.rows if not row.key)
    rows = [_row(store, span, by, row, conditions) for row in known]
    frame = pd.DataFrame(rows, columns=_columns(by))
    for name in ("rules", "targets", "ports", "addresses"):
        frame[name] = frame[name].astype("Int64")
    for name in ("first", "last"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    told = sum(row.events for row in known)
    frame.attrs = {"events": top.events, "unknown": unknown, "rest": top.events - told - unknown}
    return frame


def _columns(by: str) -> list[str]:
    return [
        *(by, "country", *(["org"] if by != "org" else []), "events", "mitigated", "first", "last", "active_hours"),
        *("addresses", "rules", "targets", "ports", "by_rule", "by_target"),
    ]


def _row(store: Store, window: Window | None, by: str, group: Group, filters: Filters) -> dict[str, Any]:
    own = also(filters, BY[by], [group.key])
    counts = store.count(window, own)
    assert counts.first_us is not None  # it is in the list, so it has an event
    assert counts.last_us is not None
    first, last = (_EPOCH + timedelta(microseconds=us) for us in (counts.first_us, counts.last_us))
    tops = {field: store.top(field, window, LISTED, own) for field in ("rule", "target", "port")}
    return {
        "country": _country(store, window, group, own),
        "org": group.words.get("org"),
        by: group.key,
        "events": counts.events,
        "mitigated": counts.by_verdict.get("mitigated", 0),
        "first": first,
        "last": last,
        "active_hours": _hours(store, Window(first, last + timedelta(microseconds=1)), own),
        "addresses": counts.sources,
        **{f"{field}s": top.distinct for field, top in tops.items()},
        "by_rule": _counted(tops["rule"]),
        "by_target": _counted(tops["target"]),
    }


def _counted(top: Top) -> dict[str, int]:
    return {str(row.key): row.events for row in top.rows if row.key}


def _country(store: Store, window: Window | None, group: Group, own: Filters) -> str | None:
    if "country" in group.words:
        return str(group.words["country"])
    rows = store.top("country", window, 2, own).rows
    return next((str(row.key) for row in rows if row.key), None)


def _hours(store: Store, span: Window, own: Filters) -> int:
    """Return in how many hours of the clock there are events."""
    many = (span.end_us - 1) // (_HOUR * _US) - span.start_us // (_HOUR * _US) + 1
    line = store.timeline(span, many, filters=own)
    met = np.flatnonzero(line.events.sum(axis=1) + line.rest)
    return len(np.unique((line.start_us // _US + met * line.seconds) // _HOUR))
