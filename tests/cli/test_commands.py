"""The commands, as a user types them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import attackviz as av
from attackviz.cli.app import app
from attackviz.replay import load

HONEYTRAP = "honeytrap_5k.json.tar.gz"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command in this process, away from any settings file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATTACKVIZ_SETTINGS", raising=False)
    runner = CliRunner()
    return lambda *args: runner.invoke(app, [str(arg) for arg in args], catch_exceptions=False)


@pytest.fixture
def honeytrap(samples) -> Path:
    return samples / "tpot-2025" / HONEYTRAP


def test_help_names_every_command_and_gives_examples(run):
    result = run("--help")
    assert result.exit_code == 0
    for name in ("demo", "serve", "export", "report", "read", "formats", "geo"):
        assert f"\n  {name} " in result.output
        shown = run(name, "--help").output
        assert f"attackviz {name}" in shown or name == "geo"


def test_help_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['attackviz', '--help']\n"
        "from attackviz.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'pandas', 'pyarrow', 'numpy', 'numba', 'panel', 'bokeh', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version_is_that_of_the_package(run):
    assert run("--version").output == f"attackviz {av.__version__}\n"


def test_read_writes_the_same_table_as_read_in_python(run, honeytrap, tmp_path):
    result = run("read", honeytrap, "-o", tmp_path / "events.parquet", "--stats", tmp_path / "account.json")
    assert result.exit_code == 0, result.output
    wanted = av.read(honeytrap)
    got = pd.read_parquet(tmp_path / "events.parquet")
    assert list(got.columns) == list(wanted.columns)
    for name in ("src_ip", "category", "rule", "verdict"):
        assert got[name].astype(str).tolist() == wanted[name].astype(str).tolist(), name
    pd.testing.assert_series_equal(got["time"], wanted["time"])
    account = json.loads((tmp_path / "account.json").read_text())
    assert account["events"] == len(wanted) == 4999
    assert account["closes"]


@pytest.mark.parametrize("suffix", ["arrow", "csv", "ndjson"])
def test_read_writes_every_kind_of_table(run, honeytrap, tmp_path, suffix):
    path = tmp_path / f"events.{suffix}"
    assert run("read", honeytrap, "-o", path).exit_code == 0
    readers = {
        "arrow": pd.read_feather,
        "csv": lambda p: pd.read_csv(p, low_memory=False),
        "ndjson": lambda p: pd.DataFrame(map(json.loads, p.read_text().splitlines())),
    }
    table = readers[suffix](path)
    assert len(table) == 4999
    assert set(table["sensor"].dropna()) == set(av.read(honeytrap)["sensor"].dropna())
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # nothing unfinished is left behind


def test_read_to_stdout_is_ndjson_and_nothing_else(honeytrap, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "attackviz", "read", str(honeytrap), "-o", "-"], capture_output=True, cwd=tmp_path
    )
    assert done.returncode == 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 4999
    assert b"4,999 events" in done.stderr


def test_a_reader_that_has_enough_ends_it_quietly(honeytrap, tmp_path):
    command = f'"{sys.executable}" -m attackviz read "{honeytrap}" -o - | head -n 1'
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, cwd=tmp_path)
    assert json.loads(done.stdout)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_read_without_output_says_the_account(run, honeytrap):
    assert "4,999 events, 0 bad" in run("read", honeytrap).stdout


def test_window_is_obeyed(run, honeytrap, tmp_path):
    assert run("read", honeytrap, "--window", "2025-02-12", "-o", tmp_path / "day.parquet").exit_code == 0
    wanted = av.read(honeytrap, window="2025-02-12")
    assert 0 < len(pd.read_parquet(tmp_path / "day.parquet")) == len(wanted) < 4999


def test_a_loss_is_said_and_is_no_failure(run, tmp_path, samples):
    result = run("read", samples / "tpot-2025" / "dioneae_20k.json.tar.gz", "-o", tmp_path / "d.parquet")
    assert result.exit_code == 0
    assert "29" in result.stderr
    assert "could not be read" in result.stderr


def test_a_log_that_gives_no_event_at_all_is_not_passed_over(run, honeytrap, tmp_path):
    words = "warning: nothing became an event; attackviz formats explain FILE shows"
    result = run("read", honeytrap, "--format", "access.common")
    assert result.exit_code == 0
    assert words in result.stderr
    assert words not in run("read", honeytrap).stderr


def test_many_files_that_are_no_logs_do_not_flood_the_terminal(run, honeytrap, tmp_path):
    for number in range(40):
        (tmp_path / f"{number}.txt").write_text("Dear diary,\n")
    result = run("read", honeytrap, tmp_path)
    assert result.stderr.count("was not read") == 10
    assert "30 more files were not read; read --stats FILE names them all" in result.stderr


def test_many_files_that_are_cut_do_not_flood_the_terminal(run, tmp_path):
    whole = gzip.compress(b'192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 23\n' * 60)
    for number in range(12):
        (tmp_path / f"{number:02}.gz").write_bytes(whole[:-6])
    result = run("read", tmp_path, "--stats", tmp_path / "stats.json")
    assert result.exit_code == 0
    assert result.stderr.count("ends before it should") == 10
    assert "2 more files end before they should; read --stats FILE names them" in result.stderr
    assert len(json.loads((tmp_path / "stats.json").read_text())["truncated"]) == 12


def test_a_file_that_is_there_is_kept_unless_forced(run, honeytrap, tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("mine")
    refused = run("read", honeytrap, "-o", path)
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert path.read_text() == "mine"
    assert run("read", honeytrap, "-o", path, "--force").exit_code == 0
    assert path.read_text() != "mine"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["read", "nothing-here"], 2, "check the path"),
        (["read", "."], 2, "no logs"),
        (["read", "noise.bin"], 1, "format"),
        (["read", "log.json", "-o", "x.xlsx"], 2, ".parquet"),
        (["read", "log.json", "--window", "whenever"], 2, "time window"),
        (["read", "log.json", "--tz", "Mars/Olympus"], 2, "time zone"),
        (["read", "log.json", "-o", "no/such/place.csv"], 1, "cannot be written"),
        (["read", "log.json", "--filter", "ssh"], 2, "no JSON"),
        (["read", "log.json", "--filter", '{"port": {"is": 1}}'], 2, "there is no 'is'"),
        (["serve", "log.json", "--filter", '{"port": 1}'], 2, "no condition"),
        (["export", "nothing-here", "-o", "x.html"], 2, "nothing there"),
        (["export", "log.json", "-o", "x.pdf"], 2, ".html"),
        (["export", "log.json", "-o", "x.html", "--theme", "pink"], 2, "dark or light"),
        (["export", "log.json", "-o", "x.html", "--geoip", "noise.bin"], 1, "MMDB"),
        (["serve", "nothing-here"], 2, "nothing there"),
        (["serve", "log.json", "--window", "2025-02-30"], 2, "time window"),
        (["serve", "log.json", "--address", "198.51.100.7"], 1, "no address of this machine"),
        (["serve", "log.json", "--address", "a..b"], 1, "no address of this machine"),
        (["geo", "lookup", "999.1.1.1"], 2, "IP address"),
        (["geo", "info", "--geoip", "missing.mmdb"], 1, "missing.mmdb"),
        (["geo", "info", "--geoip", "noise.bin"], 1, "MMDB"),
    ],
)
def test_misuse_and_failure_are_one_sentence(run, tmp_path, args, code, words):
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "log.json").write_text('{"a": 1}\n')
    result = run(*args)
    assert (result.exit_code, words in result.stderr) == (code, True), result.stderr
    assert len([line for line in result.stderr.splitlines() if line.startswith("attackviz: ")]) == 1
    assert "Traceback" not in result.output


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_no_permission_is_a_sentence(run, honeytrap, tmp_path):
    locked = tmp_path / "locked.json"
    locked.write_text("{}")
    locked.chmod(0)
    result = run("read", locked)
    assert result.exit_code in (1, 2)
    assert "ermission" in result.stderr


def test_names_of_files_cannot_command_the_terminal(run, tmp_path):
    hostile = tmp_path / "a\x1b[2Jb\u202e.json"
    hostile.write_bytes(b"\x00\x01\x02" * 200)
    result = run("read", hostile)
    assert result.exit_code != 0
    assert "\x1b" not in result.output + result.stderr
    assert "\u202e" not in result.output + result.stderr
    assert "\\x1b[2J" in result.stderr


def test_export_writes_a_page_and_says_how_much_is_in_it(run, honeytrap, tmp_path):
    path = tmp_path / "replay.html"
    result = run("export", honeytrap, "-o", path, "--title", "Five <b>pots</b>", "--theme", "light")
    assert result.exit_code == 0, result.stderr
    assert "4,314 of 4,999 events" in result.stderr
    text = path.read_text()
    assert "Five &lt;b&gt;pots" in text
    assert "<b>pots" not in text


def test_a_window_without_events_is_said_and_makes_no_page(run, honeytrap, tmp_path):
    path = tmp_path / "replay.html"
    result = run("export", honeytrap, "-o", path, "--window", "1999-01-01")
    assert (result.exit_code, path.exists()) == (1, False)
    assert "none of 4,999 events is in the window 1999-01-01; ask for another" in result.stderr
    told = run("read", honeytrap, "--window", "1999-01-01")
    assert told.exit_code == 0
    assert "no event is in the window 1999-01-01" in told.stderr
    assert "outside the window" in told.stdout


def test_a_filter_keeps_what_pandas_keeps_and_counts_the_rest(run, honeytrap, tmp_path):
    path, stats = tmp_path / "low.parquet", tmp_path / "stats.json"
    result = run("read", honeytrap, "--filter", '{"dst_port": {"range": [1024, 9999]}}', "-o", path, "--stats", stats)
    assert result.exit_code == 0, result.stderr
    events = av.read(honeytrap)
    wanted = int(events["dst_port"].between(1024, 9999).sum())
    account = json.loads(stats.read_text())
    assert 0 < wanted == len(pd.read_parquet(path)) == account["events"]
    assert account["left_out"] == {"not meant by the filter": len(events) - wanted}
    assert account["closes"]


def test_a_filter_by_place_is_for_events_that_are_located(run, honeytrap, tmp_path):
    filters = '{"country": {"in": ["US"]}}'
    told = run("read", honeytrap, "--filter", filters)
    assert "none of 4,999 events meets the filter; most logs name no country" in told.stderr
    result = run("export", honeytrap, "--filter", filters, "-o", tmp_path / "us.avrec")
    here = av.enrich(av.read(honeytrap)).query("src_country == 'US'")
    assert f"{here['time'].notna().sum():,} of {len(here):,} events" in result.stderr
    header = load((tmp_path / "us.avrec").read_bytes()).header
    assert header["account"]["left_out"] == {"not meant by the filter": 4_999 - len(here)}
    refused = run("export", honeytrap, "--filter", '{"country": {"in": ["XX"]}}', "-o", tmp_path / "none.html")
    assert (refused.exit_code, (tmp_path / "none.html").exists()) == (1, False)
    assert "none of 4,999 events meets the filter" in refused.stderr


def test_a_filter_by_a_field_that_is_not_there_says_which_was_meant(run, honeytrap):
    result = run("read", honeytrap, "--filter", '{"contry": {"in": ["US"]}}')
    assert result.exit_code == 2
    assert "no field 'contry'; is 'country' meant?" in result.stderr


def test_a_page_of_events_without_time_is_refused(run, tmp_path):
    (tmp_path / "log.json").write_text('{"timestamp": "?", "src_ip": "8.8.8.8", "payload_printable": ""}\n')
    result = run("export", "log.json", "-o", "x.html")
    assert result.exit_code == 1
    assert "nothing to play: 1 events have no usable time; attackviz read" in result.stderr
    assert not (tmp_path / "x.html").exists()


def test_a_pipe_that_is_named_as_output_stays_a_pipe(run, honeytrap, tmp_path):
    pipe = tmp_path / "account.json"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        assert run("read", honeytrap, "--stats", pipe, "--force").exit_code == 0
        told = reader.communicate(timeout=120)[0]
    assert json.loads(told)["events"] == 4_999
    assert pipe.is_fifo()


def test_lookup_says_the_same_as_python(run):
    result = run("geo", "lookup", "8.8.8.8", "2001:4860:4860::8888", "--json")
    assert result.exit_code == 0
    wanted = [av.lookup(ip).to_dict() for ip in ("8.8.8.8", "2001:4860:4860::8888")]
    assert [json.loads(line) for line in result.stdout.splitlines()] == wanted


def test_lookup_answers_what_it_can_and_refuses_the_rest(run):
    result = run("geo", "lookup", "nonsense", "8.8.8.8")
    assert result.exit_code == 2
    assert result.stdout.startswith("8.8.8.8  ")
    assert "nonsense" in result.stderr


def test_info_names_database_and_credit(run):
    shown = run("geo", "info").stdout
    about = av.open_database().describe()
    assert about["built"] in shown
    assert about["attribution"][0]["text"] in shown


def test_demo_says_where_it_looked_for_the_samples(run, tmp_path, monkeypatch):
    monkeypatch.setenv("ATTACKVIZ_SAMPLES", str(tmp_path))
    result = run("demo", "--no-browser")
    assert result.exit_code == 2
    assert str(tmp_path) in result.stderr
    assert "ATTACKVIZ_SAMPLES" in result.stderr
