"""Files that a viewer asks for: made in a process of its own, as ``attackviz export`` and ``report`` make them."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any

__all__ = ["MOST", "Ask", "Making", "Reply", "export"]

Reply = Callable[[dict[str, Any], bytes], None]
Ask = Callable[[Mapping[str, Any], Reply], None]

MOST = 8
"""How many files may be asked for at a time, of all viewers together."""

_GRACE_S = 10.0  # for what was told to end
_turn = threading.Lock()
_all: set[Making] = set()
_all_lock = threading.Lock()


def export(recording: bytes, asked: Mapping[str, Any], reply: Reply, ask: Ask | None = None) -> Callable[[], None]:
    """Make a file of a recording; return at once.

    Files are made one after the other, for a film takes both cores.

    Parameters
    ----------
    recording : bytes
        Gzipped.
    asked : mapping
        As `attackviz.dashboard.making.make` takes it.
    reply : callable
        Given, in a thread of its own, now and then ``{"progress": ...}``; at the
        end ``{"name": ...}`` and the file, or ``{"error": ...}``, or
        ``{"stopped": True}``.
    ask : callable, optional
        Where a recording of cells is but a part of what is known: takes a
        question and a function for the answer, which is what to make it of, or it.

    Returns
    -------
    callable
        Stops it, and takes away what was made of it; may be called at any time.
    """
    with _all_lock:
        busy = len(_all) >= MOST
        making = Making(recording, dict(asked), reply, ask)
        if not busy:
            _all.add(making)
    if busy:
        reply({"error": f"{MOST} files are being made already; try again in some minutes."}, b"")
        return lambda: None
    threading.Thread(target=making.run, daemon=True).start()
    return making.stop


class Making:
    """Make one file: wait for the turn, run the process, and tell how far it is."""

    def __init__(self, recording: bytes, asked: dict[str, Any], reply: Reply, ask: Ask | None) -> None:
        self._recording, self._asked, self._reply, self._ask = recording, asked, reply, ask
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Make it, and reply."""
        try:
            answer, body = self._made()
        except OSError as error:
            answer, body = {"error": f"The file cannot be made: {error.strerror or error}."}, b""
        finally:
            with _all_lock:
                _all.discard(self)
        self._reply({"stopped": True} if self._stopped.is_set() else answer, b"" if self._stopped.is_set() else body)

    def stop(self) -> None:
        """Give it up; whatever runs for it ends."""
        self._stopped.set()
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                _end(self._process, signal.SIGTERM)

    def _made(self) -> tuple[dict[str, Any], bytes]:
        asked, recording = self._asked, self._recording
        if self._ask is not None:
            self._reply({"progress": {"stage": "asking"}}, b"")
            answer, body = self._asked_for(self._ask)
            if "error" in answer or "name" in answer:
                return answer, body
            asked, recording = {**asked, "filters": None, "redact": None}, body  # both are done
        if not _turn.acquire(blocking=False):
            self._reply({"progress": {"stage": "waiting"}}, b"")
            while not _turn.acquire(timeout=0.2):
                if self._stopped.is_set():
                    return {}, b""
        try:
            # What is half made, by browsers and encoders, too, goes with the directory.
            with tempfile.TemporaryDirectory(prefix="attackviz-", ignore_cleanup_errors=True) as directory:
                return self._run(asked, recording, directory)
        finally:
            _turn.release()

    def _asked_for(self, ask: Ask) -> tuple[dict[str, Any], bytes]:
        there = threading.Event()
        found: list[tuple[dict[str, Any], bytes]] = []

        def take(answer: dict[str, Any], body: bytes) -> None:
            found.append((answer, body))
            there.set()

        ask({"export": self._asked}, take)
        while not there.wait(0.2):
            if self._stopped.is_set():
                return {"error": ""}, b""
        return found[0]

    def _run(self, asked: dict[str, Any], recording: bytes, directory: str) -> tuple[dict[str, Any], bytes]:
        command = [sys.executable, "-m", "attackviz.dashboard.making"]
        with self._lock:
            if self._stopped.is_set():
                return {}, b""
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "TMPDIR": directory},
                start_new_session=True,  # to be ended with all that it starts
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        self._reply({"progress": {"stage": "making"}}, b"")
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(json.dumps(asked).encode() + b"\n" + recording)
            with process.stdout as lines:
                found = self._follow(lines)
        finally:
            code = _wait(process)
        if found is None:
            return {"error": f"The process that made the file ended with code {code}."}, b""
        return found

    def _follow(self, lines: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
        """Tell how far it is until it is there; None if it ends before."""
        for line in lines:
            said = json.loads(line)
            if "progress" in said:
                self._reply(said, b"")
                continue
            body = lines.read(said.pop("length", 0))
            return said, body
        return None


def _end(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()


def _wait(process: subprocess.Popen[bytes]) -> int:
    try:
        code = process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        code = None
    if hasattr(signal, "SIGKILL"):
        _end(process, signal.SIGKILL)  # also what it may have left behind
    return process.wait() if code is None else code


@atexit.register
def _stop_all() -> None:
    with _all_lock:
        left = list(_all)
    for making in left:
        making.stop()
