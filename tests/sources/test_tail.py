"""Tails: every line of a log once, whatever happens to its files."""

from __future__ import annotations

import json
import os
import random

import pytest

from attackviz.account import Account
from attackviz.errors import ReadError
from attackviz.sources.position import Position
from attackviz.sources.rotated import generations
from attackviz.sources.tail import Tail

from .logwriter import LogWriter

RUNS = 2000 if os.environ.get("ATTACKVIZ_SOAK") else 40
ACTIONS = (
    *("write", "write", "write", "poll", "poll", "rename", "copytruncate", "compress", "restart"),
    *("truncate after a look", "rewrite after a look"),
)


def read(tail):
    return b"".join(lines.data for lines in tail.lines())


@pytest.mark.parametrize("seed", range(0, RUNS, 20))
def test_every_line_once_through_any_rotation(tmp_path, seed):
    for number in range(seed, seed + 20):
        folder = tmp_path / str(number)
        folder.mkdir()
        got, written = _life_of_a_log(folder / "a.log", number)
        assert b"".join(got) == written, f"seed {number}"
        assert all(data.endswith(b"\n") for data in got), f"seed {number}"


def _life_of_a_log(path, seed):
    chance, log = random.Random(seed), LogWriter(path, seed)
    tail, got = Tail(path), []

    def look(most=None):
        for number, lines in enumerate(tail.lines()):
            got.append(lines.data)
            if number == most:
                return

    look()
    for _ in range(60):
        action = chance.choice(ACTIONS)
        if action == "poll":
            look()
        elif action == "restart":
            look(most=0)
            position = tail.position
            tail.close()
            tail = Tail(path, Position.from_dict(json.loads(json.dumps(position.to_dict()))))
        elif action.endswith("after a look"):
            log.finish_line()
            look()
            log.truncate()
            if action.startswith("rewrite"):
                log.write()
        else:
            getattr(log, action)()
    log.finish_line()
    look()
    tail.close()
    log.file.close()
    return got, b"".join(log.written)


def test_a_line_waits_for_its_end(tmp_path):
    log = tmp_path / "a.log"
    tail = Tail(log)
    assert read(tail) == b""
    log.write_bytes(b"one\ntw")
    assert read(tail) == b"one\n"
    with log.open("ab") as file:
        file.write(b"o\n")
    assert read(tail) == b"two\n"
    tail.close()


def test_a_last_line_without_end_is_handed_over_when_the_file_was_left(tmp_path):
    log = tmp_path / "a.log"
    log.write_bytes(b"one\ntwo")
    tail = Tail(log)
    assert read(tail) == b"one\n"
    log.rename(tmp_path / "a.log.1")
    log.write_bytes(b"")
    assert read(tail) == b""  # nothing says yet that the writer has left the old file
    log.write_bytes(b"three\n")
    assert read(tail) == b"twothree\n"
    tail.close()


def test_lines_say_where_they_stand(tmp_path):
    log = tmp_path / "a.log"
    log.write_bytes(b"one\ntwo\n")
    tail = Tail(log)
    next(tail.lines())
    with log.open("ab") as file:
        file.write(b"three\n")
    lines = next(tail.lines())
    assert (lines.path, lines.offset, lines.line, lines.data) == (log, 8, 2, b"three\n")
    assert (lines.position.offset, lines.position.line) == (14, 3)
    tail.close()


def test_a_long_line_is_handed_over_in_parts(tmp_path):
    log = tmp_path / "a.log"
    line = b"x" * (20 << 20) + b"\n"
    log.write_bytes(line)
    tail = Tail(log)
    parts = [lines.data for lines in tail.lines()]
    assert b"".join(parts) == line
    assert max(map(len, parts)) < 10 << 20
    tail.close()


def test_what_may_be_lost_is_said(tmp_path):
    log = tmp_path / "a.log"
    log.write_bytes(b"one\n" * 2000)
    account = Account()
    tail = Tail(log, account=account)
    position = next(tail.lines()).position
    log.write_bytes(b"two\n")
    assert read(tail) == b"two\n"
    assert account.notes == [f"{log} was truncated; lines written right before that may be lost"]
    tail.close()

    account = Account()
    log.unlink()
    (tmp_path / "b").write_bytes(b"")  # so that the number on disk is not given out again
    log.write_bytes(b"three\n")
    tail = Tail(log, position, account)
    assert read(tail) == b"three\n"
    assert account.truncated == [str(log)]
    assert account.lost()
    tail.close()


def test_only_what_rotation_makes_is_read(tmp_path):
    for name in ("eve.json", "eve-20250211.json.gz", "eve.json.1", "eve.json.bak", "eve-2.json", "eve.json.1.gz", "x"):
        (tmp_path / name).write_bytes(b"")
    found = [one.path.name for one in generations(tmp_path / "eve.json")]
    assert sorted(found) == ["eve-20250211.json.gz", "eve.json", "eve.json.1"]
    assert found[-1] == "eve.json"


def test_a_rotation_in_the_midst_of_a_look_hides_no_file(tmp_path, monkeypatch):
    log = tmp_path / "a.log"
    for n, name in enumerate(("a.log.3", "a.log.2", "a.log.1", "a.log")):
        (tmp_path / name).write_bytes(b"%d" % n)
        os.utime(tmp_path / name, (n, n))
    (tmp_path / "a.log.old").symlink_to("nothing")
    listdir, moves = os.listdir, [("a.log.3", "a.log.4"), ("a.log.2", "a.log.3")]

    def listed(path):
        names = listdir(path)
        while moves:
            old, new = moves.pop(0)
            (tmp_path / old).rename(tmp_path / new)
        return names

    monkeypatch.setattr(os, "listdir", listed)
    assert [one.path.read_bytes() for one in generations(log)] == [b"0", b"1", b"2", b"3"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"offset": 1}', '{"offset": "1"}', json.dumps(Position().to_dict())[:-9]]
)
def test_a_spoilt_position_is_an_error(tmp_path, text):
    path = tmp_path / "a.position"
    assert Position.load(path) is None
    path.write_text(text)
    with pytest.raises(ReadError, match="holds no position"):
        Position.load(path)


def test_a_position_is_saved_whole(tmp_path):
    path = tmp_path / "a.position"
    position = Position(offset=7, line=2, origin="ab")
    position.save(path)
    position.save(path)
    assert Position.load(path) == position
    assert [each.name for each in tmp_path.iterdir()] == ["a.position"]
    with pytest.raises(ReadError):
        position.save(tmp_path / "no" / "a.position")


def test_a_log_that_may_not_be_read_is_an_error(tmp_path, monkeypatch):
    log = tmp_path / "a.log"
    log.mkdir()
    assert read(Tail(log)) == b""
    with pytest.raises(ReadError, match="cannot be listed"):
        list(Tail(log.parent / ("x" * 300) / "a.log").lines())


def test_a_line_that_was_half_read_is_found_whole_in_the_copy(tmp_path):
    log = tmp_path / "a.log"
    log.write_bytes(b"one\ntw")
    tail = Tail(log)
    assert read(tail) == b"one\n"
    (tmp_path / "a.log.1").write_bytes(b"one\ntwo\nthree\n")
    log.write_bytes(b"four\n")
    assert [lines.data for lines in tail.lines()] == [b"two\nthree\n", b"four\n"]
    tail.close()


def test_a_first_line_that_was_half_read_is_found_whole_in_the_copy(tmp_path):
    log = tmp_path / "a.log"
    log.write_bytes(b"zero\n")
    tail = Tail(log)
    assert read(tail) == b"zero\n"
    log.rename(tmp_path / "a.log.2")
    log.write_bytes(b"{on")
    assert read(tail) == b""
    (tmp_path / "a.log.1").write_bytes(b"{one\n{two\n")
    log.write_bytes(b"{three\n")
    assert read(tail) == b"{one\n{two\n{three\n"
    tail.close()
