"""Dask: the same rows as pandas, by the same functions, in this process or on a cluster."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import attackviz as av
from attackviz.account import account_of
from attackviz.errors import DataLossWarning, UsageError
from attackviz.sources import dask as parts

LONG = 120  # seconds a loaded machine may take; nothing is ever measured by it


@pytest.fixture
def archive(tmp_path):
    for number in range(6):
        rows = [
            {"timestamp": f"2025-02-{1 + number:02}T00:00:{n % 60:02}", "src_ip": f"10.0.{number}.{n % 250}"}
            for n in range(200)
        ]
        lines = [json.dumps(r | {"payload_printable": f"GET /{number}"}) for r in rows] + ['{"cut'] * number
        (tmp_path / f"{number}.json").write_text("\n".join(lines) + "\n")
    (tmp_path / "README").write_text("not a log")
    (tmp_path / ".hidden").write_text("x")
    return tmp_path


def same(got, wanted):
    assert len(got) == len(wanted)
    for name in wanted.columns:
        left, right = got[name].reset_index(drop=True), wanted[name].reset_index(drop=True)
        if isinstance(right.dtype, pd.CategoricalDtype):
            left, right = left.astype(object), right.astype(object)
        pd.testing.assert_series_equal(left, right, check_names=False)


def test_rows_and_account_are_those_of_pandas(archive, monkeypatch):
    monkeypatch.setattr(parts, "_PART", 1)
    with pytest.warns(DataLossWarning):
        wanted = av.read(archive)
    frame = av.read(archive, engine="dask")
    assert frame.npartitions == 7
    with pytest.warns(DataLossWarning):
        got = frame.compute(scheduler="synchronous")
    same(got, wanted)
    assert got["src_country"].isna().all()
    assert got["severity"].dtype == wanted["severity"].dtype
    with pytest.warns(DataLossWarning):
        assert account_of(frame) == account_of(wanted)


def test_a_cluster_gives_the_same(samples, monkeypatch):
    import dask
    from distributed import Client, LocalCluster

    monkeypatch.setattr(parts, "_PART", 1 << 20)
    address = samples / "tpot-2025"
    columns = ["event_id", "src_ip", "category", "severity", "dst_port", "connection.protocol"]
    with pytest.warns(DataLossWarning):
        wanted = av.read(address, columns=columns, window="2025-02-17..2025-02-21")
    frame = av.read(address, columns=columns, window="2025-02-17..2025-02-21", engine="dask")
    assert frame.npartitions > 1
    patience = {"distributed.comm.timeouts.connect": LONG, "distributed.comm.timeouts.tcp": LONG}
    with (
        dask.config.set(patience),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster, timeout=LONG),
    ):
        got = frame.compute()
        assert int(frame["dst_port"].count().compute()) == int(wanted["dst_port"].count())
        account = account_of(frame)
    same(got, wanted)
    assert account == account_of(wanted)


def test_parts_that_hold_no_log(archive):
    frame = av.read([archive / "0.json", archive / "README*"], window="2024-01-01", engine="dask")
    frame = frame.compute(scheduler="sync")
    assert len(frame) == 0
    assert frame.columns[0] == "time"


def test_wrong_questions(archive):
    with pytest.raises(UsageError, match="no engine"):
        av.read(archive, engine="spark")
    with pytest.raises(UsageError, match="not for engine"):
        av.read(archive, engine="dask", processes=2)
