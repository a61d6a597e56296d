"""The bursts that a recording tells of are those of the window it opens on, of events and of cells alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

import attackviz as av
from attackviz.replay import load, record
from attackviz.window import Window


def flooded() -> pd.DataFrame:
    """Return a day of one event a minute, and a flood of ten minutes at 14:00."""
    seconds = np.concatenate([np.arange(0, 86_400, 60), 14 * 3600 + np.arange(600)])
    times = pd.Timestamp("2025-02-18", tz="UTC") + pd.to_timedelta(np.sort(seconds), unit="s")
    return pd.DataFrame({"time": times, "category": "ssh", "src_ip": "192.0.2.1"})


def test_a_recording_tells_of_its_bursts_and_keeps_them() -> None:
    recording = record(flooded())
    (burst,) = recording.header["bursts"]
    (found,) = av.bursts(flooded())
    assert burst == found.to_dict()
    assert load(recording.to_bytes()).header["bursts"] == [burst]


def test_cells_tell_when_but_not_who() -> None:
    cells = record(flooded(), budget=100)
    grain = cells.header["grain"]["seconds"]
    assert grain > 1
    (burst,) = cells.header["bursts"]
    assert burst["source"] is None
    assert abs(burst["start_us"] - av.bursts(flooded())[0].to_dict()["start_us"]) <= grain * 10**6
    assert burst["events"] >= 600


def test_none_outside_of_the_window() -> None:
    morning = Window.parse("2025-02-18T00:00Z/2025-02-18T12:00Z")
    assert record(flooded(), window=morning).header["bursts"] == []
    assert record(flooded().head(0)).header["bursts"] == []
