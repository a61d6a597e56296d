"""Following a log: the events that reading gives, once each, through rotations and kills."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

import attackviz as av
from attackviz.errors import AddressError, FormatError, ReadError, UsageError
from attackviz.sources import Position

from .logwriter import LogWriter

KILLS = 100 if os.environ.get("ATTACKVIZ_SOAK") else 5

# Keeps the position in the same commit as the events: what lies behind it in the file is cut off again.
# It waits for more until it is killed, or ends when nothing is left at the last of some looks.
CONSUMER = """
import itertools, json, os, sys
import attackviz as av
from attackviz.sources import Position
log, out, state, looks = sys.argv[1:]
saved = json.load(open(state)) if os.path.exists(state) else {"length": 0, "position": Position().to_dict()}
os.truncate(out, saved["length"])
with av.follow(log, position=saved["position"], columns=["event_id", "payload_printable"]) as tail:
    for table, position in itertools.chain(*(tail.available() for _ in range(int(looks)))) if int(looks) else tail:
        with open(out, "a") as file:
            for each in table.to_pylist():
                file.write(each["event_id"] + " " + each["payload_printable"] + chr(10))
            length = file.tell()
        with open(state + ".part", "w") as file:
            json.dump({"length": length, "position": position.to_dict()}, file)
        os.replace(state + ".part", state)
"""


def line(number):
    moment = f"2025-02-24T08:04:{number % 60:02}"
    return (
        json.dumps({"timestamp": moment, "src_ip": f"10.0.0.{number % 250}", "payload_printable": str(number)}) + "\n"
    )


def test_every_event_once_through_rotations_and_kills(tmp_path):
    path, out, state = tmp_path / "log.json", tmp_path / "out", tmp_path / "state"
    out.write_bytes(b"")
    chance, log = random.Random(7), LogWriter(path, 7, watched=True)

    def busy(until):
        while not until():
            for _ in range(chance.randrange(3, 8)):
                log.write()
            getattr(log, chance.choice(("rename", "copytruncate", "compress", "write")))()

    def progress():
        return state.stat().st_mtime_ns if state.exists() else 0

    command = [sys.executable, "-c", CONSUMER, str(path), str(out), str(state)]
    for _ in range(KILLS):
        before, deadline = progress(), time.monotonic() + 60
        consumer = subprocess.Popen([*command, "0"])
        busy(lambda before=before, deadline=deadline: progress() != before or time.monotonic() > deadline)
        enough = time.monotonic() + chance.random() * 0.4
        busy(lambda enough=enough: time.monotonic() > enough)
        assert consumer.poll() is None
        consumer.send_signal(signal.SIGKILL)
        consumer.wait()
        for _ in range(chance.randrange(3)):  # nobody looks on
            log.write()
            log.rename()
    log.finish_line()
    wanted = [json.loads(each)["payload_printable"] for each in log.written]
    log.file.close()
    subprocess.run([*command, "3"], check=True)  # the second and third look would find what is doubled
    got = [each.partition(" ") for each in out.read_text().splitlines()]
    assert [payload for _, _, payload in got] == wanted
    assert len({event for event, _, _ in got}) == len(wanted)


@pytest.mark.parametrize(("name", "count"), [("ciscoasa", 300), ("cowrie_sessions_20k.csv", 300), ("heralding", 300)])
def test_what_is_followed_is_what_is_read(tmp_path, samples, name, count):
    """Line by line or at once, from the beginning or a position: rows, ids and account are those of `read`."""
    if name == "ciscoasa":
        text = "".join(line(n) for n in range(count))
    else:
        from attackviz.sources import find, streams

        (file,) = (f for f in find([samples / "tpot-2025"])[0] if name in f.name)
        stream = next(iter(streams(file, av.Account(), lambda size: None)))
        text = "".join(b"".join(stream.chunks).decode().splitlines(keepends=True)[:count])
    log = tmp_path / "log"
    wanted = tmp_path / "whole"
    wanted.write_text(text)
    columns = ["event_id", "src_ip", "detail", "severity"]
    whole = av.read(wanted, columns=columns)
    chance, parts, position = random.Random(1), text.splitlines(keepends=True), None
    rows, account = [], av.Account()
    while parts:
        with log.open("a") as file:
            file.writelines(parts[: (size := chance.randrange(1, 60))])
        parts = parts[size:]
        with av.follow(log, position=position, columns=columns) as tail:
            for table, place in tail.available():
                rows += table.to_pylist()
                position = json.loads(json.dumps(place.to_dict()))
            account += tail.account
            assert tail.account.closes()
    assert [row["event_id"] for row in rows] == whole["event_id"].tolist()
    assert [row["src_ip"] for row in rows] == [None if v is None or v != v else v for v in whole["src_ip"].tolist()]
    read = av.account.account_of(whole)
    assert (account.pieces, account.events, account.flags) == (read.pieces, read.events, read.flags)


def test_bad_lines_are_counted_where_they_stand(tmp_path):
    log = tmp_path / "log.json"
    log.write_text(line(1) + line(2))
    with av.follow(log) as tail:
        assert [table.num_rows for table, _ in tail.available()] == [2]
        with log.open("a") as file:
            file.write(line(3) + "broken\n" + line(4))
        assert [table.num_rows for table, _ in tail.available()] == [2]
        with log.open("a") as file:
            file.write("nothing\n")
        ((table, position),) = tail.available()
    assert (table.num_rows, position.line) == (0, 6)
    assert (tail.account.events, tail.account.bad_total, tail.account.closes()) == (4, 2, True)
    assert sorted(piece.line for pieces in tail.account.samples.values() for piece in pieces) == [4, 6]


def test_a_state_file_keeps_the_position(tmp_path):
    log, state = tmp_path / "log.json", tmp_path / "state"
    log.write_text(line(1))
    for number in range(2, 5):
        with av.follow(log, state=state) as tail:
            assert sum(table.num_rows for table, _ in tail.available()) == 1
        with log.open("a") as file:
            file.write(line(number))
    assert Position.load(state).line == 3
    state.write_text("nonsense")
    with pytest.raises(ReadError, match="no position"):
        av.follow(log, state=state)


def test_iteration_waits_and_ends_when_closed(tmp_path):
    log = tmp_path / "log.json"
    tail = av.follow(log)
    seen = []

    def consume():
        for table, _ in tail:
            seen.append(table.num_rows)

    thread = threading.Thread(target=consume)
    thread.start()
    log.write_text(line(1))
    deadline = time.monotonic() + 120
    while not seen and time.monotonic() < deadline:
        time.sleep(0.01)
    tail.close()
    thread.join(120)
    assert not thread.is_alive()
    assert seen == [1]


def test_the_format_waits_for_lines_that_tell_it(tmp_path):
    log = tmp_path / "log.json"
    log.write_text("\n")
    with av.follow(log) as tail:
        assert list(tail.available()) == []
        assert "waiting for lines that tell its format" in tail.account.notes[0]
        with log.open("a") as file:
            file.write(line(1))
        assert sum(table.num_rows for table, _ in tail.available()) == 1
        assert (tail.account.pieces, tail.account.blank) == (2, 1)
        with log.open("a") as file:
            file.write(line(2))
        assert tail.format.name == "ciscoasa"
    log.write_text("what is this\n" * 10_000)
    with av.follow(log) as tail, pytest.raises(FormatError, match="no known format"):
        list(tail.available())


def test_wrong_questions(tmp_path):
    with pytest.raises(AddressError, match="no regular file"):
        av.follow(tmp_path)
    with pytest.raises(UsageError, match="both"):
        av.follow(tmp_path / "a", position={}, state="x")
    with pytest.raises(UsageError, match="list of names"):
        av.follow(tmp_path / "a", columns="src_ip")
    with pytest.raises(UsageError):
        av.follow(tmp_path / "a", format="nonsense")
    with pytest.raises(ReadError, match="no position"):
        av.follow(tmp_path / "a", position={"offset": 1})
