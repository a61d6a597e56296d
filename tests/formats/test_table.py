"""Our own event table in files: what is written is read back, and what is damaged is said."""

import io
import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account, account_of
from attackviz.errors import DataLossWarning, FormatError
from attackviz.formats import Options, by_name, decode
from attackviz.open import read

CORPUS = Path(__file__).parent / "corpus"
TIME = pa.timestamp("us", "UTC")


def table(rows=10, **more):
    columns = {
        "time": pa.array([1_700_000_000_000_000 + 60_000_000 * n for n in range(rows)], TIME),
        "src_ip": pa.array([f"198.51.100.{n % 250}" for n in range(rows)]),
        "dst_port": pa.array([n % 60000 + 1 for n in range(rows)], pa.uint16()),
        "category": pa.array([("ssh", "web", None)[n % 3] for n in range(rows)]).dictionary_encode(),
    }
    return pa.table(columns | more)


def stored(events, kind, rows=4):
    sink = io.BytesIO()
    if kind == "parquet":
        pq.write_table(events, sink, row_group_size=rows)
    else:
        make = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
        with make(sink, events.schema) as writer:
            writer.write_table(events, max_chunksize=rows)
    return sink.getvalue()


def pieces(data, size):
    return (data[at : at + size] for at in range(0, len(data), size))


def read_bytes(data, options=None, size=1 << 16):
    account = Account()
    tables = list(decode(pieces(data, size), by_name("events"), account, "x", options))
    return pa.concat_tables(tables) if tables else None, account


KINDS = pytest.mark.parametrize("kind", ["parquet", "arrow", "stream"])


@pytest.mark.parametrize("name", ["events__generated.parquet", "events__generated.arrow", "events__stream.arrow"])
def test_samples_in_three_kinds_are_equal(name):
    frame = read(CORPUS / name)
    account = account_of(frame)
    assert (account.pieces, account.events) == (5, 5) and account.closes()
    assert frame.src_ip.tolist()[-1] == "2001:db8::70"
    assert frame["count"].tolist()[:4] == [1, 2, 3, 4]
    pd.testing.assert_frame_equal(frame, read(CORPUS / "events__generated.parquet"))


@KINDS
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_what_is_written_is_read_back(kind, size):
    events = table()
    found, account = read_bytes(stored(events, kind), size=size)
    assert found.to_pylist() == events.to_pylist()
    assert (account.pieces, account.events) == (10, 10) and not account.lost()


def test_a_read_log_survives_the_way_through_a_file(tmp_path, samples):
    frame = read(samples / "cloudflare" / "real")
    frame.to_parquet(tmp_path / "events.parquet")
    again = read(tmp_path / "events.parquet")
    pd.testing.assert_frame_equal(again.reset_index(drop=True), frame.reset_index(drop=True))


@KINDS
def test_compressed_and_in_an_archive(kind, tmp_path):
    import gzip
    import tarfile

    data = stored(table(), kind)
    (tmp_path / "a.gz").write_bytes(gzip.compress(data))
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        info = tarfile.TarInfo("inner")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    assert len(read(tmp_path / "a.gz")) == len(read(tmp_path / "b.tar")) == 10


@KINDS
def test_window_and_columns(kind):
    from attackviz.window import Window

    events = table(100)
    window = Window(pd.Timestamp("2023-11-14T22:30:00Z"), pd.Timestamp("2023-11-14T22:40:00Z"))
    found, account = read_bytes(stored(events, kind), Options(window=window, columns=("dst_port",)))
    assert found.column_names == ["time", "dst_port"]
    inside = [r for r in events.to_pylist() if window.start <= r["time"] < window.end]
    assert found["dst_port"].to_pylist() == [r["dst_port"] for r in inside]
    assert (account.pieces, account.events, account.outside) == (100, 100, 100 - len(inside))


@KINDS
@given(cut=st.integers(0, 3000))
def test_a_cut_file_gives_what_came_before_and_says_so(kind, cut):
    whole = stored(table(), kind)
    data = whole[: min(max(cut, 8), len(whole) - 1)]
    found, account = read_bytes(data)
    rows = 0 if found is None else found.num_rows
    assert account.closes() and account.events == rows <= 10
    # A stream may lack its end mark: after its last batch it can be cut unnoticed.
    assert account.truncated == ["x"] or (kind == "stream" and rows % 4 in (0, 2))
    if found is not None:
        assert found.to_pylist() == table().to_pylist()[:rows]


@KINDS
@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_reader(kind, at, value):
    data = bytearray(stored(table(), kind))
    data[8 + at % (len(data) - 8)] = value
    try:
        _, account = read_bytes(bytes(data))
    except FormatError:
        return
    assert account.closes()


def test_a_damaged_table_warns_and_the_other_files_are_read(tmp_path):
    (tmp_path / "a.parquet").write_bytes(stored(table(), "parquet")[:-20])
    (tmp_path / "b.parquet").write_bytes(stored(table(), "parquet"))
    with pytest.warns(DataLossWarning):
        frame = read(tmp_path)
    account = account_of(frame)
    assert len(frame) == 10 and dict(account.bad) == {"damaged table": 1} and account.truncated == ["a.parquet"]


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (pa.table({"when": [1], "who": ["x"]}), "no event table: it has no column 'time', but 'when', 'who'"),
        (pa.table({"time": pa.array([True])}), "its column 'time' holds bool"),
        (table(1, dst_port=["http"]), "dst_port"),
        (table(1, dst_port=[70000]), "dst_port"),
    ],
)
@KINDS
def test_what_is_no_event_table_is_named(kind, events, message, tmp_path):
    path = tmp_path / "a.table"
    path.write_bytes(stored(events, kind))
    with pytest.raises(FormatError, match=r"a\.table") as error:
        read(path)
    assert message in str(error.value)


def test_what_is_no_event_table_is_skipped_in_a_directory(tmp_path):
    (tmp_path / "a.parquet").write_bytes(stored(pa.table({"when": [1]}), "parquet"))
    (tmp_path / "b.parquet").write_bytes(stored(table(), "parquet"))
    account = account_of(read(tmp_path))
    assert list(account.files) == ["b.parquet"] and "no column 'time'" in account.skipped["a.parquet"]


def test_values_a_column_may_not_hold_are_counted():
    events = table(
        3,
        verdict=pa.array(["mitigated", "zapped", None]),
        severity=pa.array(["high", "awful", "low"]),
        src_lat=pa.array([1.0, 91.0, None]),
        src_lon=pa.array([1.0, 2.0, 3.0]),
        src_ip=pa.array(["198.51.100.1", None, "198.51.100.2"]),
    )
    found, account = read_bytes(stored(events, "arrow"))
    assert found["verdict"].to_pylist() == ["mitigated", "unknown", None]
    assert found["severity"].to_pylist() == ["high", None, "low"]
    assert found["src_lat"].to_pylist() == [1.0, None, None] and found["src_lon"].to_pylist() == [1.0, None, None]
    assert dict(account.flags) == {
        "no source address": 1,
        "unknown verdict": 1,
        "unknown severity": 1,
        "impossible place": 2,
    }
    assert account.notes == ["unknown verdict 'zapped'", "unknown severity 'awful'"]


@pytest.mark.parametrize(
    "times",
    [
        pa.array(["2023-11-14T22:13:20Z", None]),
        pa.array([1_700_000_000, None]),
        pa.array([1_700_000_000_000_000_000, None]),
        pa.array([1_700_000_000_000_000_000, None], pa.timestamp("ns", "UTC")),
        pa.array([1_700_000_000, None], pa.timestamp("s", "America/Chicago")),
    ],
)
def test_times_of_many_kinds(times):
    found, account = read_bytes(stored(pa.table({"time": times}), "parquet"))
    assert found["time"].to_pylist() == [pd.Timestamp("2023-11-14T22:13:20Z"), None]
    assert account.flags["no time"] == 1


def test_times_without_a_zone_are_read_in_the_one_given():
    events = pa.table({"time": pa.array([1_700_000_000], pa.timestamp("s"))})
    found, account = read_bytes(stored(events, "arrow"), Options(tz="Europe/Berlin"))
    assert found["time"].to_pylist() == [pd.Timestamp("2023-11-14T21:13:20Z")]
    assert account.flags["time without a zone, read as Europe/Berlin"] == 1


@KINDS
def test_ids_are_kept_or_made_the_same_again(kind):
    own = table(10, event_id=pa.array(["a", None, "", *"bcdefgh"]))
    options = Options(columns=("event_id",))
    first, second = (read_bytes(stored(own, kind), options)[0]["event_id"].to_pylist() for _ in range(2))
    assert first == second and first[0] == "a" and first[3:] == list("bcdefgh")
    assert len(set(first)) == 10 and all(first)


def test_other_columns_are_had_by_name_and_not_lost_in_silence():
    events = table(2, score=[1.5, None], tags=[["a"], []])
    plain, account = read_bytes(stored(events, "parquet"))
    assert "score" not in plain.column_names
    assert account.notes == ["x: columns not read: score, tags; name them to have them"]
    asked, account = read_bytes(stored(events, "parquet"), Options(columns=("src_ip", "score", "tags")))
    assert asked["score"].to_pylist() == ["1.5", None] and asked["tags"].to_pylist() == ["['a']", "[]"]
    assert account.notes == []


def test_forced_upon_something_else_it_says_so(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"time": 1}\n')
    with warnings.catch_warnings(), pytest.raises(FormatError, match="neither Parquet nor Arrow"):
        warnings.simplefilter("error")
        read(path, format="events")
