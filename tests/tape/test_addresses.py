"""``tape:DIR`` wherever an address is taken, and the commands for tapes."""

from __future__ import annotations

import json
import warnings

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import attackviz as av
from attackviz import Tape, scan
from attackviz.cli.app import app
from attackviz.dashboard.job import Job
from attackviz.dashboard.loading import load_events, record
from attackviz.errors import AddressError, AttackvizWarning, UsageError
from attackviz.replay import load

from .made import HOUR_US, START_US, events

EVENTS = 5


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command in this process, away from any settings file."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *args: runner.invoke(app, [str(arg) for arg in args], catch_exceptions=False)


@pytest.fixture
def tape(tmp_path):
    """Return the directory of a tape of three hours and an event without a time."""
    us = [START_US, START_US + 1, START_US + HOUR_US, START_US + 2 * HOUR_US, None]
    with Tape(tmp_path / "events.tape") as made:
        made.append(events("abcde", us, src_ip=["8.8.8.8", "1.1.1.1", "8.8.8.8", None, "9.9.9.9"], own=list("vwxyz")))
    return tmp_path / "events.tape"


def test_events_are_read_like_those_of_files(tape):
    frame = av.read(f"tape:{tape}")
    assert list(frame.columns) == ["time", "src_ip", "own"]
    assert len(frame) == EVENTS
    account = av.account_of(frame)
    assert (account.pieces, account.closes(), account.files) == (EVENTS, True, {str(tape): "tape"})
    named = av.read(f"tape:{tape}", columns=["event_id", "sequence", "src_asn"], window="2025-02-18T01:00Z..2025-02-19")
    assert named["event_id"].tolist() == ["c", "d"]
    assert named["sequence"].tolist() == [3, 4]
    assert named["src_asn"].isna().all()
    with pytest.warns(AttackvizWarning, match="no event has a field 'nothing'"):
        assert av.read(f"tape:{tape}", columns=["nothing"])["nothing"].isna().all()
    with pytest.raises(UsageError, match="leave the format out"):
        scan(f"tape:{tape}", format="cowrie")
    with pytest.raises(UsageError, match="an index or a tape"):
        av.read(f"tape:{tape}", engine="dask")
    with pytest.raises(AddressError, match="no tape"):
        av.read("tape:nowhere")
    with pytest.raises(AddressError, match="write tape:DIR"):
        av.read("tape:")
    with pytest.raises(AddressError, match="tape, not files"):
        av.open_address(f"tape:{tape}")


def test_tapes_and_files_together_with_progress(tape, samples):
    said = []
    log = samples / "tpot-2025" / "cowrie_sessions_20k.csv"
    with scan([log, f"tape:{tape}"], progress=said.append, exclude=[]) as batches:
        rows = sum(table.num_rows for table in batches)
    assert rows == 20_000 + EVENTS == batches.account.events
    assert batches.account.closes()
    assert said[-1].bytes_done <= said[-1].bytes
    assert said[-1].events == rows


def test_what_is_excluded_is_left_out_of_a_tape_too(tape, tmp_path):
    (tmp_path / "own.txt").write_text("8.8.8.0/24\n")
    frame = av.read(f"tape:{tape}", exclude=tmp_path / "own.txt")
    assert frame["own"].tolist() == ["z", "w", "y"]
    assert av.account_of(frame).excluded == 2


def test_a_recording_of_many_events_is_counted_on_the_tape(tape, monkeypatch):
    job = Job((f"tape:{tape}",), filters='{"port": {"null": true}}')
    job.check()
    whole = record(job, load_events(job))
    import attackviz.dashboard.loading as loading

    monkeypatch.setattr(loading, "BUDGET", 2)
    counted = record(job, load_events(job))
    assert counted.header["grain"]["events"] == EVENTS - 1
    assert "on the tape" in counted.header["notice"]
    assert counted.header["totals"]["events"] == whole.header["totals"]["events"] == EVENTS
    with pytest.raises(AddressError, match="no tape"):
        Job(("tape:nowhere",)).check()
    with Tape(tape, readonly=True) as reader:
        replay = av.Replay(reader, title="of a tape")
    assert replay.recording.header["totals"]["in_recording"] == EVENTS - 1


def test_commands_bring_logs_onto_a_tape_once(run, samples, tmp_path):
    log = samples / "tpot-2025" / "cowrie_sessions_20k.csv"
    first = run("tape", "import", log, "--tape", "t")
    assert first.exit_code == 0
    assert "20,000 events put onto t" in first.output
    assert "20,000 were there already" in run("tape", "import", log, "--tape", "t").output
    with Tape(tmp_path / "t", readonly=True) as tape:
        assert tape.count().all == 20_000
        assert tape.count(None, {"country": {"null": False}}).events > 10_000
    assert "20,000 events in" in run("tape", "verify", "t").output
    compacted = run("tape", "compact", "t")
    assert "20,000 events in" in compacted.output
    said = run("tape", "info", "t").output
    assert said.startswith("events    20,000 in")
    assert "writer    none" in said
    assert json.loads(run("tape", "info", "t", "--json").output)["rows"] == 20_000
    assert "20,000 events written to out.parquet" in run("tape", "export", "t", "-o", "out.parquet").output
    table = pq.read_table(tmp_path / "out.parquet")
    assert len(set(table["event_id"].to_pylist())) == 20_000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AttackvizWarning)
        frame = av.read(f"tape:{tmp_path / 't'}")
    again = av.read(log)
    shared = [name for name in again.columns if name in frame.columns]
    order = ["time", "src_ip", "dst_port", "rule"]
    left, right = (each[shared].sort_values(order).reset_index(drop=True).astype(str) for each in (frame, again))
    pd.testing.assert_frame_equal(left, right)
    page = run("export", "tape:t", "-o", "t.avrec")
    assert page.exit_code == 0
    assert load((tmp_path / "t.avrec").read_bytes()).header["totals"]["events"] == 20_000


def test_commands_say_what_is_wrong(run, tape, tmp_path):
    for args, code, words in (
        (("info", "nowhere"), 2, "there is no tape"),
        (("compact", "nowhere"), 2, "there is no tape"),
        (("export", tape, "-o", "x.txt"), 2, "no kind of table"),
        (("import", "nowhere", "--tape", tape), 2, "nowhere"),
    ):
        done = run("tape", *args)
        assert done.exit_code == code
        assert words in done.output
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "x.csv").write_text("mine")
    assert "--force" in run("tape", "export", tape, "-o", "x.csv").output
    assert run("tape", "export", tape, "-o", "-").output.count("\n") == EVENTS + 1
    with Tape(tape):
        assert "writer    process" in run("tape", "info", tape).output
        done = run("tape", "compact", tape)
        assert done.exit_code == 1
        assert "it is written to by process" in done.output
    segment = next(tape.glob("2025-02-18/01-*"))
    segment.write_bytes(segment.read_bytes()[:-3])
    done = run("tape", "verify", tape)
    assert done.exit_code == 1
    assert "hours: 2025-02-18 01:00" in done.output
    assert json.loads(run("tape", "verify", tape, "--json").output.splitlines()[0])["damaged"][0]["hour"]
