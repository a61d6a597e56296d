"""Checkpoints: a job that was killed goes on where it was, and no two processes do the same."""

import os
import signal
import subprocess
import sys

import pytest

from attackviz.elastic.checkpoint import Checkpoint
from attackviz.errors import ExportError, UsageError

JOB = {"from": "a", "enrich": ["geo"], "window": None}
SLICES = [["2025-02-18", n] for n in range(5)]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "jobs").mkdir()
    return tmp_path / "jobs" / "job.checkpoint"


def left(path):
    with Checkpoint(path, JOB, [], resume=True) as checkpoint:
        return [number for number, _ in checkpoint.open()], dict(checkpoint.counts)


def test_a_job_goes_on_where_it_was(path):
    with Checkpoint(path, JOB, SLICES) as checkpoint:
        assert [each for _, each in checkpoint.open()] == SLICES
        checkpoint.done(3, {"documents": 7, "dead": 1})
        checkpoint.done(0, {"documents": 5})
        checkpoint.done(0, {"documents": 5})
    assert left(path) == ([1, 2, 4], {"documents": 12, "dead": 1})
    with Checkpoint(path, JOB, SLICES, resume=True) as checkpoint:
        for number, _ in list(checkpoint.open()):
            checkpoint.done(number, {})
        assert checkpoint.finished
        checkpoint.remove()
    assert list(path.parent.iterdir()) == []


def test_a_line_cut_anywhere_is_a_slice_to_be_done_again(path):
    with Checkpoint(path, JOB, SLICES) as checkpoint:
        begun = path.stat().st_size
        checkpoint.done(2, {"documents": 7})
        checkpoint.done(4, {"documents": 1})
    whole = path.read_bytes()
    for cut in range(begun, len(whole)):
        path.write_bytes(whole[:cut])
        numbers, counts = left(path)
        done = whole[begun:cut].count(b"\n")
        assert numbers == [n for n in range(5) if n not in [2, 4][:done]]
        assert counts == [{}, {"documents": 7}][done]
        with Checkpoint(path, JOB, [], resume=True) as checkpoint:
            for number in numbers:
                checkpoint.done(number, {"documents": 1})
        assert left(path)[0] == []


def test_what_is_not_meant_is_refused(path):
    with Checkpoint(path, JOB, SLICES), pytest.raises(ExportError, match="another process is at that job"):
        Checkpoint(path, JOB, SLICES, resume=True)
    with pytest.raises(UsageError, match="a job half done"):
        Checkpoint(path, JOB, SLICES)
    with pytest.raises(UsageError, match="of another job: enrich, to differ"):
        Checkpoint(path, {**JOB, "enrich": [], "to": "b"}, SLICES, resume=True)
    for text in ("", "{}\n", "oh\n", "oh", '{"attackviz_checkpoint":9,"job":{},"slices":[]}\n'):
        path.write_text(text)
        with pytest.raises(UsageError, match="no checkpoint of this version"):
            Checkpoint(path, JOB, SLICES, resume=True)
        assert path.read_text() == text
    with pytest.raises(ExportError):
        Checkpoint(path.parent / "no" / "job", JOB, SLICES)


PROGRAM = """
import sys
from attackviz.elastic.checkpoint import Checkpoint
with Checkpoint(sys.argv[1], {"n": 1}, list(range(100000)), resume=True) as checkpoint:
    for number, _ in list(checkpoint.open()):
        checkpoint.done(number, {"documents": 1})
        print(number, flush=True)
"""


def test_what_was_said_to_be_done_is_done_after_a_kill(path):
    said = -1
    for stop in (3, 40, 200):
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, path], stdout=subprocess.PIPE, text=True)
        with process, process.stdout:
            for line in process.stdout:
                said = int(line)
                if said >= stop:
                    process.send_signal(signal.SIGKILL)
                    break
        with Checkpoint(path, {"n": 1}, [], resume=True) as checkpoint:
            first = next(checkpoint.open())[0]
            assert first >= said + 1
            assert checkpoint.counts["documents"] == first
    assert os.listdir(path.parent) == [path.name]
