"""Files appear whole or not at all, and a kill leaves nothing that matters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from attackviz.errors import ExportError, RecordingError
from attackviz.saving import replacing
from attackviz.sources import find


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_the_new_takes_the_place_of_the_old_at_the_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert (path.read_text(), names(tmp_path)) == ("new", ["a.txt"])


def test_failure_leaves_the_old(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail():
        with replacing(path) as file:
            file.write(b"new")
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    assert (path.read_text(), names(tmp_path)) == ("old", ["a.txt"])


def test_a_place_that_cannot_be_written_is_an_error_of_the_kind_asked_for(tmp_path):
    for error in (ExportError, RecordingError):
        with pytest.raises(error, match=r"a\.txt: cannot be written: No such file"):  # noqa: SIM117
            with replacing(tmp_path / "none" / "a.txt", error):
                pass
    with pytest.raises(ExportError, match="Is a directory"), replacing(tmp_path):
        pass


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "link").symlink_to("a.txt")
    with replacing(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with replacing(tmp_path / "pipe") as file:
        file.write(b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert names(tmp_path) == ["pipe"]


def test_a_kill_leaves_the_old_and_no_log_and_the_next_write_clears_up(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    code = "import sys; from attackviz.saving import replacing\nwith replacing(sys.argv[1]) as f:\n"
    code += "    f.write(b'half'); f.flush(); print('there', flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"there\n"
    assert len(names(tmp_path)) == 2
    with replacing(tmp_path / "other.txt") as file:
        file.write(b"beside one at work")
    with replacing(path) as file:
        file.write(b"what runs is not cleared away")
    assert len(names(tmp_path)) == 3
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert path.read_text() == "what runs is not cleared away"
    assert [file.name for file in find([tmp_path])[0]] == ["a.txt", "other.txt"]
    with replacing(path) as file:
        file.write(b"new")
    assert (path.read_text(), names(tmp_path)) == ("new", ["a.txt", "other.txt"])
