"""A slider over events as people build it today: ``panel serve scrub_app.py --args PARQUET TRAIL_MS``."""

from __future__ import annotations

import sys

import cartopy.crs as ccrs
import geoviews as gv
import holoviews as hv
import numpy as np
import pandas as pd
import panel as pn

pn.extension()
gv.extension("bokeh")
hv.renderer("bokeh").webgl = False  # slower, and loses glyphs, without a GPU

TRAIL = float(sys.argv[2])


def load() -> pd.DataFrame:
    """Return the events in Web Mercator, which spares projecting them for each frame."""
    events = pd.read_parquet(sys.argv[1])
    x, y, _ = ccrs.GOOGLE_MERCATOR.transform_points(
        ccrs.PlateCarree(), events["src_lon"].to_numpy(float), events["src_lat"].to_numpy(float)
    ).T
    at = events["time"].astype("datetime64[ms, UTC]").astype("int64").to_numpy()
    return pd.DataFrame({"x": x, "y": y, "category": events["category"].astype("category").cat.codes, "at": at})


events = pn.state.as_cached("events", load)
moments = events["at"].to_numpy()
slider = pn.widgets.IntSlider(
    name="time", start=0, end=int(moments[-1] - moments[0]), value=int(TRAIL), step=1000, width=900
)


def frame(offset: int) -> gv.Points:
    """Return what happened during the trail before a moment."""
    now = moments[0] + offset
    first, last = np.searchsorted(moments, [now - TRAIL, now])
    return gv.Points(events.iloc[first:last], ["x", "y"], ["category"], crs=ccrs.GOOGLE_MERCATOR)


shown = hv.DynamicMap(frame, streams={"offset": slider.param.value}).opts(
    color="category", cmap="Category10", size=5, width=1100, height=600, xlim=(-19e6, 19e6), ylim=(-7.4e6, 12.4e6)
)
pn.Column(slider, shown).servable()
