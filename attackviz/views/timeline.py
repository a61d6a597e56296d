"""Events over time: bars stacked by category."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import data
from .dress import backends, dress, ground
from .style import colours
from .style import theme as look_of
from .title import honest

if TYPE_CHECKING:
    import holoviews as hv
    import pandas as pd

__all__ = ["timeline"]


def timeline(events: pd.DataFrame, by: str | None = "category", bins: int = 200, theme: str = "dark") -> hv.Overlay:
    """Draw how many events there were over time.

    Every timed event is in exactly one bar. The title says how many events there
    are and how many have no usable time.

    Parameters
    ----------
    events : pandas.DataFrame
        An event table.
    by : str or None
        The column to part and colour bars by.
    bins : int
        At most how many bars; a bar covers whole seconds, minutes, hours or days.
    theme : {"dark", "light"}

    Returns
    -------
    holoviews.Overlay
        Of one ``holoviews.Rectangles`` a category, stacked, for Bokeh and
        Matplotlib: from ``time`` to ``end`` (UTC) and from ``base`` to ``top``,
        with ``category`` and ``events``.

    Raises
    ------
    SchemaError
        If there is no column `by`.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.to_datetime(["2025-02-18T10:00:00Z", "2025-02-18T10:00:01Z", "2025-02-18T10:03:00Z"])
    >>> bars = timeline(pd.DataFrame({"time": times}), by=None, bins=4)
    >>> bars.get(0).dimension_values("events").tolist()
    [2, 1]
    """
    import holoviews as hv

    backends()
    look = look_of(theme)
    totals, width = data.by_time(events, by, bins)
    legend = colours((by and by in events.columns and data.by_value(events, by)) or ["events"], look)
    rank = {name: i for i, name in enumerate(legend)}
    totals = totals.assign(rank=totals["category"].astype(object).map(rank)).sort_values(["time", "rank"])
    totals["top"] = totals.groupby("time")["events"].cumsum()
    totals["base"] = totals["top"] - totals["events"]
    totals["end"] = totals["time"] + width
    limits = (totals["time"].min(), totals["end"].max())
    bars = [
        dress(
            hv.Rectangles(
                rows.assign(category=label), ["time", "base", "end", "top"], ["category", "events"], label=label
            ),
            bokeh={
                "color": colour,
                "line_color": None,
                "tools": ["hover"],
                "hover_tooltips": [("time", "@time{%F %T}"), ("category", "@category"), ("events", "@events{0,0}")],
                "hover_formatters": {"@time": "datetime"},
            },
            matplotlib={"facecolor": colour, "color": colour, "linewidth": 0, "hooks": [_days(limits)]},
        )
        for name, (label, colour) in legend.items()
        for rows in [totals[(totals["category"] == name) & (totals["events"] > 0)]]
    ]
    axes = {"xlabel": "UTC", "ylabel": f"events per {_words(width)}", "title": honest(events, "untimed")}
    return dress(
        hv.Overlay(bars),
        bokeh={
            **axes,
            "responsive": True,
            "height": 260,
            "bgcolor": look.panel,
            "show_grid": True,
            "legend_position": "right",
            "ylim": (0, None),
            "yformatter": "%d",
            "hooks": [ground(look)],
        },
        matplotlib={
            **axes,
            "aspect": 4,
            "fig_inches": (12, 3),
            "bgcolor": look.panel,
            "ylim": (0, None),
            "legend_position": "right",
        },
    )


def _days(limits: tuple[Any, Any]) -> Any:
    # HoloViews hands Matplotlib microseconds where the axis counts days.
    def hook(plot: Any, element: hv.Rectangles) -> None:
        if not len(element):
            return
        from matplotlib.dates import date2num
        from matplotlib.patches import Rectangle

        x0, y0, x1, y1 = (element.dimension_values(i) for i in range(4))
        x0, x1 = date2num(x0), date2num(x1)
        corners = zip(x0, y0, strict=True)
        plot.handles["artist"].set_paths([Rectangle(*r) for r in zip(corners, x1 - x0, y1 - y0, strict=True)])
        plot.handles["axis"].xaxis_date()
        plot.handles["axis"].set_xlim(date2num(limits))

    return hook


def _words(width: pd.Timedelta) -> str:
    seconds = int(width.total_seconds())
    unit, name = next((u, n) for u, n in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")) if seconds % u == 0)
    return f"{seconds // unit} {name}"
