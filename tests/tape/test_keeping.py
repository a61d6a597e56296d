"""Merging beside readers, retention, and what is found of damage."""

from __future__ import annotations

import random
import shutil
import threading
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from attackviz import Tape, Window
from attackviz.errors import TapeError, UsageError

from ..browser.pages import until
from .made import DAY, HOUR_US, START_US, events, ids


def segments(path) -> list[str]:
    return sorted(str(each.relative_to(path)) for each in path.glob("*/*.parquet"))


def filled(path, commits=30, hours=3) -> list[str]:
    """Make a tape of many small segments over several hours, with an extra column that some lack."""
    rnd = random.Random(5)
    made = []
    with Tape(path) as tape:
        for k in range(commits):
            names = [f"{k}-{i}" for i in range(rnd.randrange(1, 6))]
            us = [START_US + rnd.randrange(hours) * HOUR_US + i for i in range(len(names))]
            extra = {"own": [f"own {name}" for name in names]} if k % 2 else {}
            tape.append(events(names, us, src_ip=["192.0.2.1"] * len(names), **extra))
            made += names
    return made


def test_merging_changes_nothing_but_the_number_of_files(tmp_path):
    path = tmp_path / "t"
    made = filled(path)
    with Tape(path) as tape:
        before, counts = tape.since(0), tape.count()
        assert len(segments(path)) > 3
        tape.compact()
        assert len(segments(path)) == 3
        assert tape.since(0).equals(before)
        assert (ids(tape), ids(tape, 10, 5)) == (made, made[10:15])
        assert tape.count() == counts
        assert tape.compact() == 0
        assert not tape.verify().damaged
        assert tape.append(events(made[:3], [START_US] * 3)).duplicates <= 3


def test_the_writer_merges_by_itself(tmp_path):
    path = tmp_path / "t"
    with Tape(path) as tape:
        for k in range(40):
            tape.append(events([f"e{k}"], [START_US + k]))
        until(lambda: any(int(name.split("-")[-2]) >= 12 for name in segments(path)), "merging")
        assert ids(tape) == [f"e{k}" for k in range(40)]
    # What was superseded goes with the writer.
    assert len(segments(path)) < 30
    with Tape(path, readonly=True) as tape:
        assert ids(tape) == [f"e{k}" for k in range(40)]


def test_readers_see_every_event_once_while_segments_are_merged(tmp_path):
    path = tmp_path / "t"
    wrong, stop = [], threading.Event()
    made = filled(path)

    def read() -> None:
        with Tape(path, readonly=True) as reader:
            while not stop.is_set():
                seen = ids(reader)
                counted = reader.count().events
                if seen[: len(made)] != made or len(set(seen)) != len(seen) or counted < len(seen):
                    wrong.append((len(seen), counted))

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    with Tape(path) as tape:
        for k in range(15):
            tape.append(events([f"more {k}"], [START_US + k % 3 * HOUR_US]))
            tape.compact()
        stop.set()
        for thread in threads:
            thread.join()
        assert not wrong
        assert ids(tape) == made + [f"more {k}" for k in range(15)]


def test_a_wider_segment_supersedes_those_it_contains_from_the_moment_it_is_there(tmp_path):
    """As a writer leaves it that is killed after merging, before it removed what it merged."""
    path = tmp_path / "t"
    made = filled(path)
    shutil.copytree(path, tmp_path / "before")
    with Tape(path) as tape:
        tape.compact()
    shutil.copytree(tmp_path / "before", path, dirs_exist_ok=True)
    assert len(segments(path)) > 3
    with Tape(path, readonly=True) as reader:
        assert ids(reader) == made
        assert reader.count().events == len(made) == len(reader.read().table)
    with Tape(path) as tape:
        assert len(segments(path)) == 3
        assert ids(tape) == made


def test_hours_go_when_their_time_is_over(tmp_path):
    path, now = tmp_path / "t", datetime.now(UTC)
    with Tape(path) as tape:
        tape.append(events("abcd", [START_US, START_US + HOUR_US, START_US + 2 * HOUR_US, None]))
    with Tape(path, keep=timedelta(days=36_500)) as tape:
        assert tape.retire() == []
    # As of now the first hour has been over for half an hour longer than events are kept.
    with Tape(path, keep=now - DAY - timedelta(hours=1, minutes=30)) as tape:
        tape.retire()
        assert ids(tape) == ["b", "c", "d"]
        assert tape.retire(now + timedelta(minutes=29)) == []
        assert tape.retire(now + timedelta(minutes=31)) == [DAY + timedelta(hours=1)]
        assert ids(tape) == ["c", "d"]
        # Its ids are forgotten with it; what has no time goes by when it came.
        assert tape.append(events("bc", [START_US + HOUR_US, START_US + 2 * HOUR_US])).events == 1
        tape.retire(now + timedelta(days=36_500))
        assert ids(tape) == []
    with Tape(path) as tape:
        assert tape.append(events("e", [START_US])).first == 6
    assert sorted(each.name for each in path.iterdir() if each.is_dir()) == ["2025-02-18"]


def test_the_oldest_hours_go_where_there_is_too_much(tmp_path):
    path = tmp_path / "t"
    with Tape(path) as tape:
        tape.append(events("abc", [START_US, START_US + HOUR_US, START_US + 2 * HOUR_US]))
        tape.append(events("d", [None]))
    size = max(each.stat().st_size for each in path.glob("*/*.parquet"))
    with Tape(path, max_bytes=2 * size) as tape:
        gone = tape.retire()
        assert gone in ([], [datetime.min.replace(tzinfo=UTC), DAY])  # opening it may have been quicker
        assert ids(tape) == ["b", "c"]
    with Tape(path, max_bytes=1) as tape:
        tape.retire()
        assert ids(tape) == ["c"]
    for wrong in ({"keep": timedelta(0)}, {"max_bytes": 0}):
        with pytest.raises(UsageError):
            Tape(path, **wrong)


def test_every_flipped_byte_is_found_and_its_hour_named(tmp_path):
    path = tmp_path / "t"
    filled(path)
    with Tape(path) as tape:
        tape.compact()
        assert tape.verify().segments == 3
        assert tape.verify().hours == []
    rnd = random.Random(2)
    files = [path / name for name in segments(path)] + sorted(path.glob("schema-*")) + [path / "head"]
    with Tape(path, readonly=True) as reader:
        for file in files:
            whole = file.read_bytes()
            places = range(len(whole)) if len(whole) < 100 else rnd.sample(range(len(whole)), 60)
            for at in places:
                file.write_bytes(whole[:at] + bytes([whole[at] ^ rnd.randrange(1, 256)]) + whole[at + 1 :])
                damaged = reader.verify().damaged
                assert [each.path for each in damaged] == [str(file.relative_to(path))]
                if file.parent != path:
                    hour = DAY + timedelta(hours=int(file.name[:2]))
                    assert reader.verify().hours == [hour]
            file.write_bytes(whole[:-1])
            assert len(reader.verify().damaged) == 1
            file.write_bytes(whole)
        assert not reader.verify().damaged


def test_a_damaged_segment_is_named_when_it_is_read(tmp_path):
    path = tmp_path / "t"
    filled(path)
    with Tape(path) as tape:
        tape.compact()
        first = path / segments(path)[0]
        first.write_bytes(b"PAR1" + b"\0" * 200 + b"PAR1")
        for ask in (lambda: tape.since(0), tape.read, tape.count, lambda: tape.append(events(["new"], [START_US]))):
            with pytest.raises(TapeError, match="attackviz tape verify"):
                ask()
        assert tape.append(events(["new"], [START_US + HOUR_US])).events == 1
        # Other hours are read as before.
        assert tape.read(Window(DAY + timedelta(hours=1), DAY + timedelta(hours=3))).table.num_rows


def test_half_written_files_of_a_killed_writer_are_nobodys(tmp_path):
    path = tmp_path / "t"
    made = filled(path)
    (path / ".77-1.part").write_bytes(b"half")
    (path / "head").write_text("7")  # half of it, after a loss of power
    (path / "inputs").mkdir()
    (path / "inputs" / "a.json").write_text("{}")
    with Tape(path, readonly=True) as reader:
        assert ids(reader) == made
        assert reader.last == len(made)
    with Tape(path) as tape:
        assert not (path / ".77-1.part").exists()
        assert tape.append(events(["new"])).first == len(made) + 1
    assert (path / "inputs" / "a.json").read_text() == "{}"


def test_names_that_differ_in_case_only_are_refused(tmp_path):
    from attackviz.errors import SchemaError

    with Tape(tmp_path / "t") as tape:
        with pytest.raises(SchemaError, match="'Action' and 'action' differ only in case"):
            tape.append(events("a", Action=["x"]))
        tape.append(events("a", Own=["x"]))
        with pytest.raises(SchemaError, match="differ only in case"):
            tape.append(events("b", OWN=["x"]))
        assert pa.types.is_string(tape.since(0)["Own"].type)
