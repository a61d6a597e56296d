"""Attackers and compared windows, beside the same worked out by hand in pandas."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

import attackviz as av
from attackviz.analysis import EventTable
from attackviz.errors import UsageError
from tests.store.conftest import as_table, made_up

from .traffic import SCANNER, slow_scan, traffic

DAYS = "2025-03-03..2025-03-17"


@pytest.fixture(scope="module")
def odd() -> pa.Table:
    """Return events with gaps of every kind."""
    return as_table(made_up(11, 600))


def plain(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas()
    frame["n"] = frame["count"].fillna(1).astype("int64")
    return frame[frame["time"].notna()]


@pytest.mark.parametrize(("by", "column"), [("address", "src_ip"), ("network", "src_asn"), ("org", "src_org")])
def test_each_row_is_what_pandas_counts(odd: pa.Table, by: str, column: str) -> None:
    found = av.attackers(odd, by=by)
    frame = plain(odd)
    own = frame.groupby(column)["n"].sum()
    assert dict(zip(found[by], found["events"], strict=True)) == own.to_dict()
    assert found["events"].is_monotonic_decreasing
    for row in found.itertuples():
        mine = frame[frame[column] == getattr(row, by)]
        assert row.first == mine["time"].min()
        assert row.last == mine["time"].max()
        assert row.active_hours == mine["time"].dt.floor("h").nunique()
        assert row.addresses == mine["src_ip"].nunique()
        assert row.mitigated == mine.loc[mine["verdict"] == "mitigated", "n"].sum()
        assert row.ports == mine.loc[mine["dst_port"] != 0, "dst_port"].nunique()
        assert sum(row.by_rule.values()) <= row.events
    assert found.attrs == {
        "events": frame["n"].sum(),
        "unknown": frame.loc[frame[column].isna(), "n"].sum(),
        "rest": 0,
    }


def test_what_is_not_listed_is_counted(odd: pa.Table) -> None:
    found = av.attackers(odd, n=3)
    assert len(found) == 3
    assert found["events"].sum() + found.attrs["rest"] + found.attrs["unknown"] == found.attrs["events"]


def test_a_slow_scan_stands_out_by_its_hours_and_ports() -> None:
    """It has a thousandth of the events; in a list by hours it comes first."""
    events = pa.concat_tables([traffic(1)[0], slow_scan()])
    found = av.attackers(events, DAYS, n=20).sort_values("active_hours", ascending=False)
    first = found.iloc[0]
    assert (first["address"], first["active_hours"], first["ports"]) == (SCANNER, 336, 1008)
    assert found["active_hours"].iloc[1] < 100


def test_window_and_filters_hold(odd: pa.Table) -> None:
    found = av.attackers(odd, "2025-02-18", filters={"category": {"in": ["ssh"]}})
    frame = plain(odd)
    mine = frame[(frame["time"] < pd.Timestamp("2025-02-19", tz="UTC")) & (frame["category"] == "ssh")]
    assert found["events"].sum() == mine.loc[mine["src_ip"].notna(), "n"].sum()


def test_nobody(odd: pa.Table) -> None:
    found = av.attackers(odd, "2031-01-01")
    assert len(found) == 0
    assert list(found.columns)[:3] == ["address", "country", "org"]


def test_no_such_row(odd: pa.Table) -> None:
    with pytest.raises(UsageError, match="address, network, org"):
        av.attackers(odd, by="planet")


A, B = "2025-02-18T00:00Z/2025-02-18T12:00Z", "2025-02-18T12:00Z/2025-02-19T00:00Z"
WEEKS = "2025-03-03..2025-03-10", "2025-03-10..2025-03-17"


@pytest.mark.parametrize("n", [1, 5, 5000])
def test_compared_is_what_pandas_says(n: int) -> None:
    events = traffic(2, per_minute=0.3)[0]
    frame = events.to_pandas()
    week = frame["time"] < pd.Timestamp("2025-03-10", tz="UTC")
    before, after = (frame.loc[rows, "src_ip"].value_counts() for rows in (week, ~week))
    found = av.compare(events, *WEEKS, n=n)
    for told, here, there in ((found.new, after, before), (found.gone, before, after)):
        expected = here[~here.index.isin(there.index)]
        assert told["events"].tolist() == expected.sort_values(ascending=False).tolist()[:n]
        assert (expected[told["src_ip"]].to_numpy() == told["events"]).all()
    both = sorted(set(before.index) & set(after.index))
    growth = {ip: 2 * ((after[ip] + 0.375) ** 0.5 - (before[ip] + 0.375) ** 0.5) for ip in both}
    expected = sorted((ip for ip in both if growth[ip] > 3), key=lambda ip: (-growth[ip], ip))[:n]
    assert found.grown["src_ip"].tolist() == expected
    for row in found.grown.itertuples():
        assert (row.before, row.after) == (before[row.src_ip], after[row.src_ip])
        assert row.factor == row.after / row.before


def test_grown_goes_by_the_length_of_the_windows() -> None:
    times = pd.date_range("2025-02-18", periods=480, freq="h", tz="UTC")
    events = pd.DataFrame({"time": times, "src_ip": "192.0.2.1"})
    assert len(av.compare(events, "2025-02-18", "2025-02-20..2025-03-01").grown) == 0
    more = pd.concat([events, pd.DataFrame({"time": [times[60]] * 200, "src_ip": "192.0.2.1"})])
    grown = av.compare(more, "2025-02-18", "2025-02-20..2025-03-01").grown.iloc[0]
    assert (grown["before"], grown["after"], grown["expected"]) == (24, 416, 216)


def test_a_field_of_the_player_carries_its_words() -> None:
    events = pd.DataFrame(
        {
            "time": pd.to_datetime(["2025-02-18T01:00Z", "2025-02-18T13:00Z"]),
            "src_asn": pd.array([None, 4134], "UInt32"),
            "src_org": [None, "Chinanet"],
        }
    )
    found = av.compare(EventTable(events), A, B, "network")
    assert found.new[["network", "events", "org"]].values.tolist() == [[4134, 1, "Chinanet"]]
    assert len(found.gone) == 0  # what is not known is nobody
    assert list(found.gone.columns) == ["network", "events", "last"]


def test_windows_are_needed(odd: pa.Table) -> None:
    with pytest.raises(UsageError, match="two windows"):
        av.compare(odd, A, None)
    with pytest.raises(UsageError, match="no field 'nothing'"):
        av.compare(odd, A, B, "nothing")
