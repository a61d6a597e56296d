"""The least that plots logs in a browser today: ``panel serve plot_app.py --args FILE...``."""

from __future__ import annotations

import sys
from pathlib import Path

import holoviews as hv
import pandas as pd
import panel as pn

from benchmarks.today.map import read

pn.extension()
hv.extension("bokeh")


def load() -> pd.DataFrame:
    """Return the events of all files."""
    frame = pd.concat([read(Path(f)) for f in sys.argv[1:]], ignore_index=True)
    frame["time"] = pd.to_datetime(frame["time"], utc=True, format="mixed").dt.tz_localize(None)
    return frame[frame["time"] > "2000"]


events = pn.state.as_cached("events", load)
hours = events.set_index("time").resample("1h").size().rename("events").reset_index()
pn.Column(hv.Area(hours, "time", "events").opts(width=1100, height=400)).servable()
