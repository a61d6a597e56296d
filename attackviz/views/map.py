"""Where events come from: a ring a place, its area by how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import data
from .basemap import SEAM, extent, land
from .dress import dress, ground
from .style import colours
from .style import theme as look_of
from .title import honest

if TYPE_CHECKING:
    import holoviews as hv
    import pandas as pd

__all__ = ["map"]

WORLD_M = 2 * np.pi * data.EARTH_M


def map(events: pd.DataFrame, color_by: str = "category", theme: str = "dark") -> hv.Overlay:  # noqa: A001
    """Draw where events come from, over the shipped map.

    Every located event is in exactly one mark: a mark is one place and one
    category. The title says how many events there are and how many have no place.

    Parameters
    ----------
    events : pandas.DataFrame
        An event table with ``src_lat`` and ``src_lon`` in degrees.
    color_by : str
        The column that colours.
    theme : {"dark", "light"}

    Returns
    -------
    holoviews.Overlay
        For Bokeh and Matplotlib, in Web Mercator; the last element is a
        ``geoviews.Points`` with ``events``, ``place`` and ``category``.

    Raises
    ------
    SchemaError
        If there are no coordinates, or no column `color_by`.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"time": pd.to_datetime(["2025-02-18"] * 3, utc=True), "category": ["ssh"] * 3,
    ...                        "src_lat": [50.1, 50.1, None], "src_lon": [14.4, 14.4, None]})
    >>> marks = map(events).get(len(map(events)) - 1)
    >>> marks.dimension_values("events").tolist()
    [2]
    """
    import cartopy.crs as ccrs
    import geoviews as gv
    import holoviews as hv

    data.column_of(events, "src_lat")
    data.column_of(events, "src_lon")
    look = look_of(theme)
    places = data.by_place(events, color_by)
    legend = colours((color_by in events.columns and data.by_value(events, color_by)) or ["events"], look)
    places["category"] = places["category"].astype(object).replace({n: label for n, (label, _) in legend.items()})
    # West of the seam the map goes on in the east.
    places["x"] += np.where(places["x"] < np.radians(SEAM) * data.EARTH_M, WORLD_M, 0.0)
    places["radius"] = np.clip(1.1 * np.sqrt(places["events"].to_numpy(np.float64)), 2.5, 24)
    cmap = dict(legend.values())
    marks = gv.Points(places, ["x", "y"], ["events", "place", "category", "radius"], crs=ccrs.GOOGLE_MERCATOR)
    marks = dress(
        marks,
        bokeh={
            "color": "category",
            "cmap": cmap,
            "size": hv.dim("radius") * 2,
            "fill_alpha": 0.3,
            "line_width": 1.25,
            "tools": ["hover"],
            "hover_tooltips": [("place", "@place"), ("category", "@category"), ("events", "@events{0,0}")],
            "show_legend": True,
            "legend_position": "bottom_left",
        },
        matplotlib={"color": "category", "cmap": cmap, "s": (hv.dim("radius") * 1.5) ** 2, "alpha": 0.6},
    )
    x, y = extent()
    title = honest(events, "unlocated")
    return dress(
        land(theme) * marks,
        bokeh={
            "responsive": True,
            "min_height": 420,
            "aspect": 2,
            "xaxis": None,
            "yaxis": None,
            "xlim": x,
            "ylim": y,
            "bgcolor": look.sea,
            "title": title,
            "active_tools": ["pan", "wheel_zoom"],
            "hooks": [ground(look)],
        },
        matplotlib={
            "projection": ccrs.GOOGLE_MERCATOR,
            "xaxis": None,
            "yaxis": None,
            "xlim": x,
            "ylim": y,
            "bgcolor": look.sea,
            "title": title,
            "fig_inches": (12, 6),
        },
    )
