"""Events from addresses of one's own are left out, counted, and shown."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

import attackviz as av
from attackviz.account import account_of
from attackviz.analysis import read_exclusion
from attackviz.dashboard.job import Job
from attackviz.dashboard.loading import load
from attackviz.errors import SettingsError

OWN = """
# our scanners
192.0.2.0/24   # lab
2001:db8::7

198.51.100.9
"""
ADDRESSES = ["192.0.2.1", "192.0.3.1", "::ffff:192.0.2.200", "2001:db8::7", "2001:db8::8", "198.51.100.9", None, "x"]
LEFT = ["192.0.3.1", "2001:db8::8", None, "x"]


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text(OWN)
    return path


@pytest.fixture
def logs(tmp_path):
    """Write our own event table: each address once, the first standing for ten events."""
    times = pa.array([1739836800 + k for k in range(len(ADDRESSES))], pa.timestamp("s", tz="UTC"))
    counts = pa.array([10] + [1] * (len(ADDRESSES) - 1), pa.uint32())
    table = pa.table({"time": times, "src_ip": ADDRESSES, "count": counts})
    path = tmp_path / "events.parquet"
    pa.parquet.write_table(table, path)
    return path


def test_what_is_excluded_is_left_out_and_counted(own, logs):
    events = av.read(logs, exclude=own)
    assert [None if pd.isna(a) else a for a in events["src_ip"]] == LEFT
    account = account_of(events)
    assert account.closes()
    assert (account.events, account.left_out["excluded address"], account.excluded) == (4, 4, 13)
    assert not account.lost()


def test_columns_that_were_not_asked_for_do_not_come_back(own, logs):
    assert list(av.read(logs, columns=["src_ip"], exclude=own)) == ["time", "src_ip"]
    events = av.read(logs, columns=["count"], exclude=[own])
    assert list(events) == ["time", "count"]
    assert account_of(events).excluded == 13
    assert len(events) == 4


def test_settings_exclude_where_the_call_says_nothing(own, logs, monkeypatch):
    monkeypatch.setenv("ATTACKVIZ_EXCLUDE", str(own))
    assert len(av.read(logs)) == 4
    assert len(av.read(logs, exclude=[])) == 8


def test_settings_file_names_one_or_several(own, logs, monkeypatch, tmp_path):
    (tmp_path / "attackviz.toml").write_text('exclude = "own.txt"\n')
    monkeypatch.chdir(tmp_path)
    assert len(av.read(logs)) == 4
    (tmp_path / "more.txt").write_text("192.0.3.0/24\n")
    (tmp_path / "attackviz.toml").write_text('exclude = ["own.txt", "more.txt"]\n')
    assert len(av.read(logs)) == 3


def test_a_recording_says_how_many_events_were_excluded(own, logs):
    recording = load(Job((str(logs),), exclude=(str(own),)))
    totals = recording.header["totals"]
    assert (totals["events"], totals["in_recording"], totals["excluded"]) == (4, 4, 13)
    assert recording.header["account"]["left_out"] == {"excluded address": 4}


def test_commands_take_the_file(own, logs, tmp_path):
    from typer.testing import CliRunner

    from attackviz.cli.app import app

    stats = tmp_path / "account.json"
    result = CliRunner().invoke(app, ["read", str(logs), "--exclude", str(own), "--stats", str(stats)])
    assert result.exit_code == 0, result.output
    assert "4 excluded address left out" in result.output
    assert "13 events from excluded addresses" in result.output
    assert json.loads(stats.read_text())["excluded"] == 13
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["export", str(logs), "--exclude", str(own), "-o", str(page)])
    assert result.exit_code == 0, result.output
    assert "13 events from excluded addresses" in result.output
    result = CliRunner().invoke(app, ["export", str(logs), "--exclude", str(tmp_path / "no"), "-o", str(page)])
    assert result.exit_code == 2


@pytest.mark.parametrize("line", ["192.0.2.0/33", "example.org", "192.0.2.1-192.0.2.9", "1.2.3"])
def test_a_line_that_is_no_network_is_named(own, line):
    own.write_text(f"192.0.2.0/24\n{line}\n")
    with pytest.raises(SettingsError, match=r"own\.txt, line 2: .* is no network"):
        read_exclusion([own])


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.txt"):
        av.read("data/samples/tpot-2025/*.csv", exclude=tmp_path / "none.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="no text"):
        read_exclusion([tmp_path / "binary.txt"])
