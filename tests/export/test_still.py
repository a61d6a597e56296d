"""Stills: drawn without a browser, the same each time, and nothing in a text is ever more than text."""

from __future__ import annotations

import struct
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import attackviz as av
from attackviz.errors import UsageError
from attackviz.export import still
from attackviz.export.data import table_of
from attackviz.export.flows import flows_of
from attackviz.replay import build

HOSTILE = "</text><script>alert(1)</script>$\\frac{1}{0}$\x00\x1b[31m\u202e--> " + "x" * 500


@pytest.fixture
def events():
    rng = np.random.default_rng(3)
    n = 300
    lat, lon = np.array([(50.1, 14.4), (-33.9, 151.2), (64.1, -172.0), (np.nan, np.nan)])[rng.integers(0, 4, n)].T
    return pd.DataFrame(
        {
            "time": pd.Timestamp("2025-02-20", tz="UTC") + pd.to_timedelta(rng.integers(0, 86_400, n), unit="s"),
            "category": rng.choice(["ssh", "web", HOSTILE], n),
            "src_lat": lat,
            "src_lon": lon,
            "dst_lat": 40.7,
            "dst_lon": -74.0,
        }
    )


def size_of_png(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", data[16:24])


def test_an_svg_is_the_same_each_time_and_holds_no_text_of_a_log(events):
    recording = build(events, title=HOSTILE)
    drawn = still(recording, size="640x400")
    assert still(recording, size="640x400") == drawn
    tree = ElementTree.fromstring(drawn)
    tags = {element.tag.split("}")[1] for element in tree.iter()}
    assert not tags & {"script", "text", "image", "foreignObject", "a"}
    assert float(tree.get("width").removesuffix("pt")) == pytest.approx(640 / 0.6 * 72 / 100, abs=0.01)
    assert b"<script" not in drawn


def test_a_png_has_the_size_that_was_asked_for(events, tmp_path):
    replay = av.Replay(events, theme="light")
    path = replay.save(tmp_path / "a.png", still=True, size="480x300", scale=2, at="2025-02-20T12:00")
    assert size_of_png(path.read_bytes()) == (960, 600)


def test_every_event_is_in_a_ring_or_counted(events):
    recording = build(events)
    shown = flows_of(recording, table_of(recording))
    assert shown.events == len(events)
    assert shown.unlocated == int(events["src_lat"].isna().sum())
    assert sum(n for _, _, n in shown.legend) == len(events)
    rings = np.sort((shown.radius / 1.1) ** 2).round().astype(int)
    assert rings.tolist() == sorted(events.dropna().groupby("src_lat").size())
    assert shown.flowing == len(events) - shown.unlocated
    # The flow from beyond the seam takes the short way.
    ends = [path[0, 0] for path in shown.paths.values()]
    assert np.isfinite(ends).all()


@pytest.mark.parametrize(
    "odd",
    [
        {"time": ["2025-02-20T10:00Z"], "src_lat": [50.1], "src_lon": [14.4]},
        {"time": ["2025-02-20T10:00Z", "2025-02-20T11:00Z"], "src_lat": [None, None], "src_lon": [None, None]},
        {"time": ["2024-02-20T10:00Z", "2025-02-20T11:00Z"], "src_lat": [0.0, 85.0], "src_lon": [180.0, -180.0]},
    ],
    ids=["one event", "all unlocated", "a year"],
)
def test_odd_windows_are_drawn(odd):
    frame = pd.DataFrame(odd).assign(time=lambda f: pd.to_datetime(f["time"]))
    assert size_of_png(still(frame, size="480x300", format="png")) == (480, 300)


def test_no_browser_is_asked_and_nobody_s_plots_are_changed(events, tmp_path):
    events.to_parquet(tmp_path / "events.parquet")
    code = """
import sys
sys.modules["playwright"] = None
import holoviews as hv, pandas as pd, attackviz as av
hv.extension("bokeh")
from matplotlib import pyplot
av.Replay(pd.read_parquet(sys.argv[1])).save(sys.argv[2], size="320x240")
assert hv.Store.current_backend == "bokeh"
assert pyplot.get_fignums() == []
"""
    line = [sys.executable, "-W", "error", "-c", code, str(tmp_path / "events.parquet"), str(tmp_path / "a.svg")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.svg").stat().st_size > 10_000


def test_other_forms_are_refused(events):
    with pytest.raises(UsageError, match="a still cannot be 'pdf'; choose svg or png"):
        still(events, format="pdf")
