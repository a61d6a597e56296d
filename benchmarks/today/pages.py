"""The same events as a still map in one page: ``python -m benchmarks.today.pages PARQUET PAGE``."""

from __future__ import annotations

import sys

import geoviews as gv
import holoviews as hv
import pandas as pd


def main() -> None:
    """Make the page."""
    events = pd.read_parquet(sys.argv[1])
    gv.extension("bokeh")
    points = gv.Points(events, ["src_lon", "src_lat"], ["category", "time"]).opts(
        color="category", width=1100, height=600
    )
    hv.save(points, sys.argv[2], backend="bokeh", resources="inline")


if __name__ == "__main__":
    main()
