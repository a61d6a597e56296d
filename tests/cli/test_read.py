"""``attackviz read``: tables written batch by batch, standard input, the file of bad pieces, flat memory."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

from attackviz.errors import ExportError
from attackviz.tables import Spool, write_table

TIME = pa.timestamp("us", "UTC")


def words(*values):
    return pa.array(values).dictionary_encode()


def batches():
    """Give batches as logs of two formats give them: other columns, other dictionaries."""
    yield pa.table({"time": pa.array([1, 2], TIME), "rule": words("a", "b"), "x": ["=1", None]})
    yield pa.table({"time": pa.array([3] * 70_000, TIME), "rule": words(*["c", "a"] * 35_000)})
    yield pa.table({"src_ip": ["1.2.3.4"], "rule": words("d"), "time": pa.array([4], TIME), "bytes": [7]})


def load(path):
    if path.suffix == ".parquet":
        return parquet.read_table(path)
    with pa.ipc.open_file(path) as reader:
        return reader.read_all()


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_batches_of_other_columns_make_one_table(tmp_path, suffix):
    path = tmp_path / f"events{suffix}"
    assert write_table(batches(), path) == 70_003
    table = load(path)
    assert table.column_names == ["time", "src_ip", "rule", "bytes", "x"]
    whole = pa.concat_tables(batches(), promote_options="default").select(table.column_names)
    assert table.to_pylist() == whole.to_pylist()
    assert pa.types.is_dictionary(table.schema.field("rule").type)


def test_csv_and_ndjson_hold_the_same(tmp_path):
    for suffix in (".csv", ".ndjson"):
        assert write_table(batches(), tmp_path / f"events{suffix}") == 70_003
    with (tmp_path / "events.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "events.ndjson").read_text().splitlines()]
    assert [row["rule"] for row in rows] == [line["rule"] for line in lines]
    assert (rows[0]["x"], rows[-1]["src_ip"], rows[-1]["bytes"], rows[1]["bytes"]) == ("'=1", "1.2.3.4", "7", "")
    assert (lines[0]["x"], lines[-1]["src_ip"], lines[-1]["bytes"], "bytes" in lines[1]) == ("=1", "1.2.3.4", 7, False)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".csv"])
def test_no_batch_makes_a_table_without_rows(tmp_path, suffix):
    assert write_table([], tmp_path / f"events{suffix}") == 0
    if suffix != ".csv":
        assert "src_ip" in load(tmp_path / f"events{suffix}").column_names


def test_files_that_disagree_about_a_column_are_an_error(tmp_path):
    tables = [pa.table({"x": [1] * 70_000}), pa.table({"x": ["a"]})]
    with pytest.raises(ExportError, match="disagree about a column"):
        write_table(tables, tmp_path / "a.parquet")
    with pytest.raises(ExportError, match="disagree about a column"):
        write_table([tables[0].slice(0, 1), tables[1]], tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


def test_small_batches_are_joined():
    tables = [pa.table({"n": [n], "w": words(str(n % 3))}) for n in range(1000)]
    with Spool(tables, words=True) as spool:
        (table,) = spool
    assert table["n"].to_pylist() == list(range(1000))
    assert table["w"].to_pylist() == [str(n % 3) for n in range(1000)]


def line(n):
    event = {"EdgeStartTimestamp": 1_739_232_000_000_000_000 + n * 1_000_000, "ClientIP": f"10.{n % 199}.0.{n % 251}"}
    event |= {"ClientRequestHost": f"host{n % 40}.example.com", "ClientRequestURI": f"/path/{n % 977}"}
    event |= {"RayID": f"{n:016x}", "SecurityAction": "block", "filler": "x" * 300}
    return json.dumps(event).encode() + b"\n"


def attackviz(*args, **options):
    code = "from attackviz.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, *map(str, args)], capture_output=True, check=False, **options)


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress])
def test_standard_input_is_read_whatever_it_is_packed_in(tmp_path, squeeze):
    data = squeeze(b"".join(map(line, range(50))) + b"not JSON\n")
    out, bad, stats = tmp_path / "o.csv", tmp_path / "bad.txt", tmp_path / "stats.json"
    done = attackviz("read", "-", "-o", out, "--bad", bad, "--stats", stats, input=data)
    assert done.returncode == 0, done.stderr
    assert len(out.read_text().splitlines()) == 51
    assert bad.read_bytes() == b"-:51\tnot JSON\tnot JSON\n"
    account = json.loads(stats.read_text())
    assert (account["pieces"], account["events"], account["bad"]) == (51, 50, {"not JSON": 1})
    again = attackviz("read", "-", "-o", out, input=data)
    assert (again.returncode, b"--force" in again.stderr) == (2, True)


def test_standard_input_stands_beside_files(tmp_path):
    (tmp_path / "a.json").write_bytes(b"".join(map(line, range(3))))
    done = attackviz("read", tmp_path / "a.json", "-", "-o", "-", input=b"".join(map(line, range(3, 5))))
    assert [json.loads(row)["src_ip"] for row in done.stdout.splitlines()] == [f"10.{n}.0.{n}" for n in range(5)]


def test_nothing_on_standard_input_is_said():
    done = attackviz("read", "-", input=b"")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        b"attackviz: -: it is empty; check what was meant to write it",
    )
    done = attackviz("serve", "-", input=b"")
    assert (done.returncode, b"standard input cannot be served" in done.stderr) == (2, True)


def test_nothing_for_a_named_format_is_said():
    done = attackviz("read", "-", "--format", "openssh", input=b"")
    assert (done.returncode, b"warning: nothing became an event; it is empty" in done.stderr) == (0, True)


def test_two_results_need_two_names(tmp_path):
    done = attackviz("read", "-", "-o", tmp_path / "a.csv", "--bad", tmp_path / "a.csv", input=line(1))
    assert (done.returncode, b"two files" in done.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--stats", "--bad"])
def test_standard_output_takes_events_only(tmp_path, option):
    done = attackviz("read", "-", option, "-", input=line(1), cwd=tmp_path)
    assert (done.returncode, b"standard output takes events only" in done.stderr) == (2, True)
    assert not list(tmp_path.iterdir())


# 10 GB of log lines in soak; in the ordinary run enough to tell flat from growing.
FULL = bool(os.environ.get("ATTACKVIZ_SOAK"))
SIZE = 10_000_000_000 if FULL else 150_000_000
# Not `ru_maxrss` where there is better: on Linux a process begins with its parent's.
PROGRAM = """
import resource, sys
from pathlib import Path
from attackviz.cli.app import app
import numba, pyarrow.compute, pyarrow.parquet
import attackviz.tables, attackviz.open, attackviz.formats.scanreader

def peak():
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))

before = peak()
try:
    app(sys.argv[1:])
finally:
    print("KB", peak() - before, file=sys.stderr)
"""


@pytest.mark.parametrize("suffix", [".parquet"] if not FULL else [".parquet", ".arrow", ".csv", ".ndjson"])
def test_memory_stays_flat_however_long_the_stream(tmp_path, suffix):
    block = b"".join(map(line, range(20_000)))
    times = SIZE // len(block)
    out = tmp_path / f"o{suffix}"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "read", "-", "-o", out],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with process.stdin, process.stderr:
        for _ in range(times):
            process.stdin.write(block)
        process.stdin.close()
        said = process.stderr.read().decode()
    assert process.wait() == 0, said
    assert f"{20_000 * times:,} events written" in said
    grown = int(said.rpartition("KB ")[2])
    assert grown < 250_000, grown
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name]
    if suffix == ".parquet":
        table = parquet.read_table(out, columns=["src_ip", "dst_host"])
        assert table.num_rows == 20_000 * times
        assert pc.count_distinct(table["src_ip"].combine_chunks()).as_py() == 20_000
