"""The most frequent values of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import data
from .dress import backends, dress, ground
from .style import theme as look_of

if TYPE_CHECKING:
    import holoviews as hv
    import pandas as pd

__all__ = ["top"]


def top(events: pd.DataFrame, field: str = "src_country", n: int = 10, theme: str = "dark") -> hv.Bars:
    """Draw the most frequent values of a column.

    What is missing is a value of its own, ``unknown``, in its true rank. The
    title says how many values there are and how many events the bars leave out.

    Parameters
    ----------
    events : pandas.DataFrame
        An event table.
    field : str
        The column, such as ``"src_country"``, ``"src_org"``, ``"src_ip"``,
        ``"rule"`` or ``"dst_port"``.
    n : int
        How many values to show.
    theme : {"dark", "light"}

    Returns
    -------
    holoviews.Bars
        For Bokeh and Matplotlib; ``events`` by `field`, the most frequent first.

    Raises
    ------
    SchemaError
        If there is no column `field`.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"time": pd.to_datetime(["2025-02-18"] * 3, utc=True), "rule": ["a", None, "a"]})
    >>> top(events, "rule").dimension_values("events").tolist()
    [2, 1]
    """
    import holoviews as hv

    backends()
    look = look_of(theme)
    ranked = data.by_value(events, field)
    shown = list(ranked.items())[:n]
    total, drawn = sum(ranked.values()), sum(count for _, count in shown)
    title = f"{len(shown):,} of {len(ranked):,} values, {drawn:,} of {total:,} events"
    return dress(
        hv.Bars(shown, field, "events"),
        bokeh={
            "color": look.slots[0],
            "line_color": None,
            "invert_axes": True,
            "invert_yaxis": True,
            "responsive": True,
            "height": 60 + 26 * max(len(shown), 1),
            "bgcolor": look.panel,
            "title": title,
            "ylabel": "events",
            "xlabel": "",
            "tools": ["hover"],
            "hooks": [ground(look)],
        },
        matplotlib={
            "color": look.slots[0],
            "invert_axes": True,
            "invert_yaxis": True,
            "title": title,
            "bgcolor": look.panel,
            "fig_inches": (8, 0.6 + 0.3 * max(len(shown), 1)),
            "aspect": None,
        },
    )
