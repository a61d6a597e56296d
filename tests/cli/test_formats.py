"""`attackviz formats`, and formats of one's own on the other commands."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

import attackviz as av
from attackviz.cli.app import app
from attackviz.formats import FORMATS


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command in this process, away from any settings file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATTACKVIZ_SETTINGS", raising=False)
    runner = CliRunner()
    return lambda *args: runner.invoke(app, [str(arg) for arg in args], catch_exceptions=False)


@pytest.fixture
def shop(samples):
    return samples / "purchases"


def test_every_format_is_listed(run):
    result = run("formats")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == sorted(FORMATS)


def test_ones_own_are_listed_and_found(run, shop, tmp_path):
    (tmp_path / "attackviz.toml").write_text((shop / "shop.toml").read_text())
    assert "purchases" in run("formats").stdout
    assert "Purchases (json, yours)" in run("formats").stdout
    assert (
        "format    purchases: Purchases (told by at, client, request.path)"
        in run("formats", "explain", shop / "shop.ndjson.gz").stdout
    )
    assert "866 events" in run("read", shop / "shop.ndjson.gz").stdout


def test_of_several_files_the_first_is_explained_and_that_is_said(run, shop, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.log").write_text('192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 23\n')
    result = run("formats", "explain", tmp_path)
    assert result.stdout.splitlines()[0].endswith("a.log")
    assert "the first of 2 files is explained" in result.stderr
    assert "is explained" not in run("formats", "explain", tmp_path / "b.log").stderr


def test_a_log_of_no_known_format_is_told_what_to_do(run, tmp_path):
    (tmp_path / "diary.txt").write_text("Dear diary,\n")
    result = run("read", "diary.txt")
    assert result.exit_code == 1
    assert "a few lines of TOML describe a format of your own (--map FILE, format=FILE); known are" in result.stderr


def test_a_zone_that_is_none_is_named_where_it_stands(run, shop, tmp_path):
    text = (shop / "shop.toml").read_text().replace('kind = "json"', 'kind = "json"\ntz = "Mars/Olympus"')
    (tmp_path / "own.toml").write_text(text)
    result = run("read", shop / "shop.ndjson.gz", "--map", "own.toml")
    assert result.exit_code == 2
    assert "own.toml [formats.purchases.columns.time]: there is no time zone 'Mars/Olympus'" in result.stderr


def test_a_mapping_is_explained(run, shop):
    result = run("formats", "explain", shop / "shop.ndjson.gz", "--map", shop / "shop.toml")
    assert result.exit_code == 0
    lines = {line.split()[0]: line.split() for line in result.stdout.splitlines()[4:] if line.split()}
    assert lines["src_ip"][1] == "client"
    assert lines["category"][1] == "order.department"
    assert lines["verdict"][1:3] == ["-", "benign"]
    assert "which rows are events depends on request.method, request.path, status" in result.stdout


ACCESS = r"""
[formats.checkout]
pattern = '(?P<ip>\S+) \S+ \S+ \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+) [^"]*" (?P<status>\d+) .*'
only = { method = "POST", path = "/checkout/complete", status = 200 }
[formats.checkout.columns]
time = { field = "time", format = "%d/%b/%Y:%H:%M:%S %z" }
src_ip = "ip"
rule = "path"
"""
LINE = '192.0.2.1 - - [14/Mar/2025:04:42:50 +0100] "POST /checkout/complete HTTP/1.1" {} 99 "-" "Mozilla"\n'


def test_an_access_log_as_purchases(run, tmp_path):
    (tmp_path / "access.log").write_text(LINE.format(200) + LINE.format(402))
    (tmp_path / "shop.toml").write_text(ACCESS)
    explained = run("formats", "explain", "access.log", "--map", "shop.toml").stdout
    assert "rule    path     /checkout/complete" in explained
    assert "which rows are events depends on method, path, status" in explained
    assert "2 pieces: 1 events, 0 bad" in run("read", "access.log", "--map", "shop.toml").stdout
    (tmp_path / "attackviz.toml").write_text(ACCESS)
    told = run("read", "access.log")
    assert told.exit_code == 1
    assert "it is ambiguous: it may be access.combined or checkout" in told.stderr
    assert "2 pieces: 1 events" in run("read", "access.log", "--format", "checkout").stdout


def test_fields_that_are_not_used_are_named_with_an_example(run, tmp_path, samples):
    row = {"timestamp": "2025-02-24T08:04:37", "src_ip": "192.0.2.1", "payload_printable": "", "mood": "\x1b[31mred"}
    (tmp_path / "x.json").write_text(json.dumps(row) + "\n")
    result = run("formats", "explain", "x.json")
    assert "format    ciscoasa: Cisco ASA honeypot (told by payload_printable, src_ip, timestamp)" in result.stdout
    assert "mood  \\x1b[31mred" in result.stdout
    csv = run("formats", "explain", samples / "tpot-2025" / "cowrie_sessions_20k.csv").stdout
    assert "is_business_hours" in csv
    assert "63 events, 0 bad, 0 blank, 1 structure" in csv


def test_what_is_not_understood_is_explained_too(run, tmp_path):
    (tmp_path / "x.json").write_text('{"src_ip": "192.0.2.1", "timestamp": "x", "other": 1}\n')
    result = run("formats", "explain", "x.json")
    assert result.exit_code == 1
    assert "nearest   ciscoasa, but for the field payload_printable" in result.stdout
    assert "it is of no known format" in result.stderr


@pytest.mark.parametrize("name", ["access.combined__documented.log", "events__generated.parquet", "ecs__dotted.json"])
def test_any_kind_of_file_is_explained(run, name):
    from pathlib import Path

    result = run("formats", "explain", Path(__file__).parents[1] / "formats" / "corpus" / name)
    assert result.exit_code == 0
    assert f"format    {name.partition('__')[0]}: " in result.stdout


def test_read_export_and_python_agree(run, shop, tmp_path):
    log, form = shop / "shop.ndjson.gz", shop / "shop.toml"
    assert run("read", log, "--map", form, "-o", "sales.parquet").exit_code == 0
    wanted = av.read(log, format=form)
    got = pd.read_parquet(tmp_path / "sales.parquet")
    assert got["total"].tolist() == wanted["total"].tolist()
    assert got["src_ip"].tolist() == wanted["src_ip"].tolist()
    result = run("export", log, "--map", form, "--targets", shop / "targets.csv", "-o", "sales.html")
    assert (result.exit_code, "866 of 866 events" in result.stderr) == (0, True), result.output


@pytest.mark.parametrize("command", [("read",), ("export", "-o", "x.html"), ("serve", "--no-browser")])
def test_a_wrong_mapping_is_misuse(run, shop, tmp_path, command):
    (tmp_path / "wrong.toml").write_text("[formats.x]\nkind = 'json'\n[formats.x.columns]\ntime='a'\nsrcip='b'\n")
    name, *rest = command
    result = run(name, shop / "shop.ndjson.gz", "--map", "wrong.toml", *rest)
    assert result.exit_code == 2
    assert "wrong.toml [formats.x.columns]: there is no column 'srcip'; is 'src_ip' meant?" in result.stderr


def test_a_format_by_name_on_export(run, samples, tmp_path):
    log = samples / "tpot-2025" / "honeytrap_5k.json.tar.gz"
    assert run("export", log, "--format", "honeytrap", "-o", "x.html").exit_code == 0
    assert "there is no format 'nosuch'" in run("export", log, "--format", "nosuch", "-o", "y.html").stderr


@pytest.mark.parametrize("suffix", [".csv", ".ndjson"])
def test_a_table_for_other_programs_is_told_from_a_strange_log(run, shop, tmp_path, suffix):
    written = tmp_path / f"orders{suffix}"
    assert run("read", shop / "shop.ndjson.gz", "--map", shop / "shop.toml", "-o", written).exit_code == 0
    result = run("read", written)
    assert result.exit_code == 1
    assert "it looks like an event table in csv or NDJSON" in result.stderr
    assert "write it as .parquet or .arrow to read it again" in result.stderr
