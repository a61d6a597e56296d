"""The line over every view that says what it counts and what it cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import data

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["honest", "share"]

_WORDS = {"unlocated": "without a location", "untimed": "without a time"}


def share(part: int, whole: int) -> str:
    """Return a share in per cent with one decimal.

    Parameters
    ----------
    part, whole : int

    Examples
    --------
    >>> share(1, 3), share(1, 10_000), share(0, 10)
    ('33.3 %', '< 0.1 %', '0 %')
    """
    if not part:
        return "0 %"
    percent = 100 * part / whole
    return "< 0.1 %" if percent < 0.1 else f"{percent:.1f} %"


def honest(events: pd.DataFrame, missing: str) -> str:
    """Say how many events there are, and how many a view cannot show.

    Parameters
    ----------
    events : pandas.DataFrame
    missing : {"unlocated", "untimed"}
        What keeps an event out of this view.

    Examples
    --------
    >>> import pandas as pd
    >>> honest(pd.DataFrame({"time": pd.to_datetime(["2025-02-18", None], utc=True)}), "untimed")
    '2 events, 1 (50.0 %) without a time'
    """
    total = int(data.weights(events).sum())
    lacking = data.located(events) if missing == "unlocated" else events["time"].notna().to_numpy()
    out = int(data.weights(events)[~lacking].sum())
    noun = "event" if total == 1 else "events"
    return f"{total:,} {noun}, {out:,} ({share(out, total)}) {_WORDS[missing]}"
