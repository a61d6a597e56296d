"""What is appended is on the tape once, in order, whatever comes late, twice or at the same time."""

from __future__ import annotations

import random
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from attackviz import Tape
from attackviz.errors import AddressError, SchemaError, TapeError, UsageError
from attackviz.tape import Appended

from .made import HOUR_US, START_US, events, ids


def test_events_are_numbered_and_given_in_the_order_they_came(tmp_path):
    with Tape(tmp_path / "t") as tape:
        assert tape.last == 0
        assert tape.append(events("abc")) == Appended(1, 3, 0)
        assert tape.append(events("de", [START_US - 5 * HOUR_US, None])) == Appended(4, 2, 0)
        assert tape.last == 5
        assert ids(tape) == list("abcde")
        assert tape.append(events("")) == Appended(6, 0, 0)
        assert ids(tape, 2, 2) == ["c", "d"]
        assert tape.since(3, 1)["sequence"].to_pylist() == [4]
        assert tape.since(5, 10).num_rows == tape.since(0, 0).num_rows == 0
    with Tape(tmp_path / "t") as tape:
        assert tape.append(events("f", [START_US])) == Appended(6, 1, 0)
        assert ids(tape) == list("abcdef")


def test_an_id_is_on_the_tape_once(tmp_path):
    with Tape(tmp_path / "t") as tape:
        assert tape.append(events("aba", [START_US] * 3)) == Appended(1, 2, 1)
        assert tape.append(events("bca", [START_US] * 3)) == Appended(3, 1, 2)
        assert tape.append(events("ab", [START_US] * 2)) == Appended(4, 0, 2)
    with Tape(tmp_path / "t") as tape:
        # Another hour is another event: equal ids have equal times.
        assert tape.append(events("ad", [START_US, START_US])) == Appended(4, 1, 1)
        assert tape.append(events("a", [START_US + HOUR_US])) == Appended(5, 1, 0)
        assert tape.append(events(["x"] * 3, [None, 2**60, START_US])) == Appended(6, 2, 1)
        assert ids(tape) == ["a", "b", "c", "d", "a", "x", "x"]


def test_ids_of_any_length_are_told_apart(tmp_path):
    rnd = random.Random(3)
    made = sorted({"".join(rnd.choices("ab\0é", k=rnd.randrange(1, 40))) for _ in range(20_000)})
    with Tape(tmp_path / "t") as tape:
        half = len(made) // 2
        assert tape.append(events(made[:half], [START_US] * half)).events == half
        assert tape.append(events(made, [START_US] * len(made))) == Appended(half + 1, len(made) - half, half)
        assert sorted(ids(tape)) == made


def test_late_events_lie_in_their_hour_in_files_that_any_tool_reads(tmp_path):
    with Tape(tmp_path / "t") as tape:
        tape.append(events("ab", [START_US, START_US + HOUR_US], payload=["x", None], src_ip=["192.0.2.1", None]))
        tape.append(events("c", [START_US - 1]))
        tape.append(events("d", [None]))
    hours = {
        path.parent.name + "/" + path.name[:2]: pq.read_table(path) for path in (tmp_path / "t").glob("*/*.parquet")
    }
    assert {hour: table["event_id"].to_pylist() for hour, table in hours.items()} == {
        "2025-02-18/00": ["a"],
        "2025-02-18/01": ["b"],
        "2025-02-17/23": ["c"],
        "undated/00": ["d"],
    }
    assert hours["2025-02-18/00"]["payload"].to_pylist() == ["x"]
    assert hours["2025-02-18/00"].schema.field("time").type == pa.timestamp("us", tz="UTC")
    assert {table["sequence"].to_pylist()[0] for table in hours.values()} == {1, 2, 3, 4}


def test_columns_of_ones_own_are_kept_with_one_type_each(tmp_path):
    with Tape(tmp_path / "t") as tape:
        tape.append(events("a", status=pa.array([200], pa.int16()), sequence=[77]))
        tape.append(events("b", status=["404"], took=[0.5]))
        with pytest.raises(SchemaError, match="column 'status' is string, and int64 on the tape"):
            tape.append(events("c", status=["not found"]))
        found = tape.since(0, 10)
        assert found["status"].to_pylist() == [200, 404]
        assert found["took"].to_pylist() == [None, 0.5]
        assert found["sequence"].to_pylist() == [1, 2]
    with Tape(tmp_path / "t", readonly=True) as tape:
        assert tape.since(0, 10).equals(found)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (pa.table({"time": pa.array([0], pa.timestamp("s"))}), "without event_id"),
        (events(["a", None, ""]), "2 events have no event_id"),
        (pa.table({"event_id": ["a"]}), "no column 'time'"),
        (events("a", dst_port=["ssh"]), "column 'dst_port' has the wrong type"),
        ([{"event_id": "a"}], "not list"),
    ],
)
def test_what_is_no_event_table_is_refused(tmp_path, table, what):
    with Tape(tmp_path / "t") as tape:
        with pytest.raises(SchemaError, match=what):
            tape.append(table)
        assert tape.append(events("a")).first == 1


def test_appends_at_once_share_commits_and_lose_nothing(tmp_path):
    told = []
    with Tape(tmp_path / "t") as tape:
        end = tape.subscribe(lambda table: told.append(table))
        said = {}

        def work(worker: int) -> None:
            for k in range(10):
                name = f"{worker}-{k}"
                said[name] = tape.append(events([f"{name}-{i}" for i in range(7)]))
                tape.append(events([f"shared-{k}"], [START_US]))

        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        end()
        tape.append(events(["after"]))
        stored = tape.since(0, 10**6)
        at = dict(zip(stored["event_id"].to_pylist(), stored["sequence"].to_pylist(), strict=True))
    assert stored["sequence"].to_pylist() == list(range(1, 8 * 10 * 7 + 10 + 2))
    assert len(at) == stored.num_rows
    for name, one in said.items():
        assert [at[f"{name}-{i}"] for i in range(7)] == list(range(one.first, one.first + 7))
    # Listeners are told of every event once, in order.
    assert [n for table in told for n in table["sequence"].to_pylist()] == list(range(1, stored.num_rows))
    assert [i for table in told for i in table["event_id"].to_pylist()] == stored["event_id"].to_pylist()[:-1]


def test_a_listener_that_fails_harms_nobody(tmp_path):
    def fail(table):
        raise RuntimeError("no")

    with Tape(tmp_path / "t") as tape:
        tape.subscribe(fail)
        assert tape.append(events("ab")).events == 2
        assert ids(tape) == ["a", "b"]


def test_one_writes_and_others_read(tmp_path):
    path = tmp_path / "t"
    with Tape(path) as tape, Tape(path, readonly=True) as reader:
        with pytest.raises(TapeError, match=r"written to by process \d+ on .* since .*; one process writes"):
            Tape(path)
        assert reader.last == 0
        tape.append(events("ab"))
        assert (reader.last, ids(reader)) == (2, ["a", "b"])
        tape.append(events("c", [START_US - HOUR_US], own=["x"]))
        assert reader.since(2, 5)["own"].to_pylist() == ["x"]
        with pytest.raises(UsageError, match="read only"):
            reader.append(events("d"))
    with Tape(path) as tape:
        pass
    with pytest.raises(UsageError, match="closed"):
        tape.append(events("d"))


def test_what_is_no_tape_is_left_alone(tmp_path):
    with pytest.raises(AddressError, match="no tape"):
        Tape(tmp_path / "none", readonly=True)
    assert not (tmp_path / "none").exists()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"meow")
    with pytest.raises(AddressError, match=r"something else \('cat.png'\)"):
        Tape(tmp_path / "photos")
    assert [each.name for each in (tmp_path / "photos").iterdir()] == ["cat.png"]
    with pytest.raises(TapeError, match="no tape can be made there"):
        Tape(tmp_path / "photos" / "cat.png")


def test_a_disk_that_is_full_loses_nothing_acknowledged(tmp_path, monkeypatch):
    import attackviz.tape.files as files

    with Tape(tmp_path / "t") as tape:
        tape.append(events("ab", [START_US] * 2))

        def full(fd: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(files.os, "fsync", full)
        with pytest.raises(TapeError, match="No space left on device"):
            tape.append(events("bc", [START_US] * 2))
        monkeypatch.undo()
        assert not list((tmp_path / "t").rglob("*.part"))
        assert tape.append(events("bcd", [START_US] * 3)) == Appended(3, 2, 1)
        assert ids(tape) == list("abcd")
