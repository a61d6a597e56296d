"""Above the budget a recording holds cells: the same totals, with lists and a sample beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from attackviz import Window
from attackviz.analysis import EventTable
from attackviz.errors import RecordingError, TooManyEventsError, UsageError
from attackviz.replay import Recording, detail, lists, load, record

N = 6_000
DAY = Window.parse("2025-02-02")


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    place = rng.integers(0, 4, N)
    return pd.DataFrame(
        {
            "time": pd.Timestamp("2025-02-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 3 * 86_400_000, N), "ms"),
            "src_ip": [f"192.0.2.{k}" for k in rng.integers(0, 250, N)],
            "src_country": np.array(["CZ", "FJ", "NZ", None], object)[place],
            "src_lat": np.array([50.1, -18.1, -36.9, np.nan], np.float32)[place],
            "src_lon": np.array([14.4, 178.4, 174.8, np.nan], np.float32)[place],
            "category": rng.choice(["ssh", "irc", "web"], N, p=[0.2, 0.5, 0.3]),
            "verdict": rng.choice(["detected", "benign"], N),
            "rule": rng.choice(["login", "</script>", "x" * 900], N),
            "dst_port": rng.choice([22, 80], N).astype("uint16"),
            "count": rng.integers(1, 4, N).astype("uint32"),
        }
    )


@pytest.fixture(scope="module")
def cells(events: pd.DataFrame) -> Recording:
    return record(events, "many", budget=500)


def weight_of(recording: Recording) -> int:
    table = recording.tables["events"]
    return int(pc.sum(table["weight"]).as_py()) if "weight" in table.column_names else table.num_rows


def test_cells_hold_every_event(cells: Recording, events: pd.DataFrame) -> None:
    total = int(events["count"].sum())
    header = cells.header
    assert len(cells) <= 500
    assert header["grain"]["events"] == header["totals"]["in_recording"] == weight_of(cells) == total
    assert header["totals"]["unlocated"] == int(events.loc[events["src_country"].isna(), "count"].sum())


def test_lists_and_sample_lie_beside_them(cells: Recording, events: pd.DataFrame) -> None:
    opening = [cells.header["start_us"] + tick * cells.header["tick_us"] for tick in cells.header["window"]]
    time = events["time"].dt.as_unit("us").astype("int64")
    inside = events[(time >= opening[0]) & (time < opening[1])]
    ports = inside.groupby("dst_port")["count"].sum()
    assert {row["key"]: row["events"] for row in cells.header["lists"]["ports"]} == ports.to_dict()
    assert cells.header["lists"]["distinct"]["addresses"] == inside["src_ip"].nunique()
    sample = cells.tables["sample"]
    assert 0 < sample.num_rows <= 1000
    assert sample["t"].to_pylist() == sorted(sample["t"].to_pylist())
    known = set(zip(events["src_ip"], events["dst_port"], strict=True))
    assert set(zip(sample["ip"].to_pylist(), sample["dst_port"].to_pylist(), strict=True)) <= known
    assert pc.max(pc.utf8_length(sample["rule"])).as_py() <= 400


def test_bytes_and_back(cells: Recording) -> None:
    assert load(cells.to_bytes()) == cells


def test_a_sample_that_points_beyond_is_refused(cells: Recording) -> None:
    sample = cells.tables["sample"]
    wrong = sample.set_column(
        sample.schema.get_field_index("verdict"), "verdict", pa.array([99] * sample.num_rows, pa.uint8())
    )
    with pytest.raises(RecordingError, match=r"sample\.verdict points beyond"):
        load(Recording(cells.header, {**cells.tables, "sample": wrong}).to_bytes())


def test_a_window_of_it_is_every_event_or_finer_cells(cells: Recording, events: pd.DataFrame) -> None:
    store = EventTable(events)
    found = events[(events["time"] >= DAY.start) & (events["time"] < DAY.end)]
    ssh = found[found["category"] == "ssh"]
    categories = cells.header["categories"]
    slot = next(one["slot"] for one in categories if one["name"] == "ssh")
    whole = detail(store, "a day", DAY, {}, categories)
    assert whole.header["grain"] is None
    assert len(whole) == len(found)
    assert weight_of(whole) == int(found["count"].sum())
    only = detail(store, "a day", DAY, {"slot": {"in": [slot]}}, categories)
    assert weight_of(only) == int(ssh["count"].sum())
    assert only.header["filters"] == {"slot": {"in": [slot]}}
    assert only.header["categories"] == [{"name": "ssh", "label": "SSH", "slot": slot}]
    totals = only.header["totals"]
    assert totals["in_recording"] + totals["filtered"] + totals["outside"] + totals["untimed"] == totals["events"]
    coarse = detail(store, "a day", DAY, {"port": {"in": [22]}}, categories, budget=100)
    assert coarse.header["grain"]["cells"] <= 100
    assert weight_of(coarse) == int(found.loc[found["dst_port"] == 22, "count"].sum())
    assert {one["name"]: one["slot"] for one in coarse.header["categories"]}.items() <= {
        one["name"]: one["slot"] for one in categories
    }.items()


def test_lists_of_a_window(cells: Recording, events: pd.DataFrame) -> None:
    told = lists(EventTable(events), DAY, {"port": {"in": [22]}}, cells.header["categories"])
    found = events[(events["time"] >= DAY.start) & (events["time"] < DAY.end) & (events["dst_port"] == 22)]
    rules = found.groupby("rule")["count"].sum().to_dict()
    assert {row["key"]: row["events"] for row in told["rules"]} == rules
    with pytest.raises(UsageError):
        lists(EventTable(events), DAY, {"colour": {"is": 1}}, [])


def test_cells_are_coloured_by_category_only(events: pd.DataFrame) -> None:
    with pytest.raises(TooManyEventsError):
        record(events, budget=500, color_by="rule")


def test_a_store_gives_every_event_or_its_cells(events: pd.DataFrame) -> None:
    store, window = EventTable(events), Window.parse("2025-02-01..2025-02-02")
    for span in (None, window):
        every, direct = (record(source, "One", window=span) for source in (store, events))
        assert every.header["totals"].items() >= direct.header["totals"].items()
        assert every.tables["events"] == direct.tables["events"]
        cells = record(store, "One", window=span, budget=500)
        assert cells == record(events, "One", window=span, budget=500, store=store)
        assert cells.header["grain"]["events"] == every.header["totals"]["in_recording"]
    with pytest.raises(TooManyEventsError, match="coloured by category"):
        record(store, budget=500, color_by="rule")
