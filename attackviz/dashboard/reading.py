"""Reading as a server does it: once, in the background, for all sessions."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any, ClassVar

from .job import Job

__all__ = ["Reading", "shared", "stop_all"]

Listener = Callable[[], None]
Reply = Callable[[dict[str, Any], bytes], None]
GONE = "The process that holds the events has ended; load the page again."
STARTING: dict[str, Any] = {
    "kind": "loading",
    "files": 0,
    "files_done": 0,
    "bytes": 0,
    "bytes_done": 0,
    "events": 0,
    "bad": 0,
    "items": [],
}

_PUBLIC: dict[str, dict[str, Any]] = {
    "error": {"title": "There is nothing to show at present", "detail": "", "hints": []},
    "empty": {"title": "Nothing to play", "detail": "", "hints": []},
}


class Reading:
    """Read a job in a process of its own and keep what comes of it.

    Attributes
    ----------
    status : dict
        What there is to say: kind ``loading`` (with its figures), ``ready``,
        ``empty`` or ``error`` (with title, detail and hints).
    recording : bytes
        The recording, gzipped; empty until it is ready. One object, shared by
        every player that shows it. One of cells leaves the process running: it
        holds the events, and answers questions about them (`ask`).
    program : tuple of str
        What Python runs to read.
    """

    program: ClassVar = ("-m", "attackviz.dashboard.worker")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.status: dict[str, Any] = {**STARTING, "source": job.source}
        self.recording = b""
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._ended = threading.Event()
        self._asked: dict[int, Reply] = {}
        self._number = 0

    def start(self) -> Reading:
        """Begin to read; return at once."""
        command = [sys.executable, *self.program]
        # In a session of its own: Ctrl-C in the terminal is for the server, which then ends the reader.
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self._thread = threading.Thread(target=self._follow, args=(self._process,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End reading and wait until its process is gone."""
        if self._process is None:
            return
        self._stopped = True
        self._process.terminate()
        self._process.wait()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until reading has ended, or for some seconds."""
        if self._thread is not None:
            self._ended.wait(timeout)

    @property
    def shown(self) -> dict[str, Any]:
        """What viewers may know of `status`: of a public job, neither what is read nor why it cannot be."""
        status = self.status
        if not self.job.public:
            return status
        told = {name: value for name, value in status.items() if name == "kind" or not isinstance(value, str | list)}
        return {**told, "items": [], "source": "", **_PUBLIC.get(status["kind"], {})}

    @property
    def failed(self) -> bool:
        """Whether reading came to an end without anything to show."""
        return self.status["kind"] in ("error", "empty")

    def ask(self, question: Mapping[str, Any], who: str, reply: Reply) -> None:
        """Ask something of the events behind a recording of cells.

        Parameters
        ----------
        question : mapping
            As `Answers` takes it.
        who : str
            The asker; of several questions that wait, only the last is answered.
        reply : callable
            Given the answer and, maybe, a recording, in a thread of its own; or
            an answer with ``error`` where nobody is there to answer.
        """
        with self._lock:
            self._number += 1
            number = self._number
            self._asked[number] = reply
        line = json.dumps({**question, "id": number, "who": who}).encode() + b"\n"
        try:
            if self._process is None or self._process.stdin is None:
                raise BrokenPipeError
            with self._lock:
                self._process.stdin.write(line)
                self._process.stdin.flush()
        except (OSError, ValueError):  # it has ended, or its pipe is closed
            self._reply(number, {"error": GONE})

    def _reply(self, number: int, answer: dict[str, Any], body: bytes = b"") -> None:
        with self._lock:
            reply = self._asked.pop(number, None)
        if reply is not None:
            reply(answer, body)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have a function called, in a thread of its own, on every change.

        Parameters
        ----------
        listener : callable
            Takes nothing; it looks at `status` and `recording`.

        Returns
        -------
        callable
            Ends the subscription; may be called more than once.
        """
        with self._lock:
            self._listeners.add(listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners.discard(listener)

        return unsubscribe

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        # To close a pipe that was written to may fail as writing does, when the process has been stopped.
        with contextlib.suppress(BrokenPipeError), process.stdout as frames, process.stdin:
            process.stdin.write(json.dumps(self.job.to_dict()).encode() + b"\n")
            process.stdin.flush()
            while self.status["kind"] == "loading" and self._take(frames):
                pass
            if self.status["kind"] != "loading":
                self._ended.set()
            while self.status.get("store") and self._take(frames):
                pass
        code = process.wait()
        for number in list(self._asked):
            self._reply(number, {"error": GONE})
        if self.status["kind"] == "loading" and not self._stopped:
            self._tell(
                {"kind": "error", "title": "Reading was ended from outside", "detail": f"exit code {code}", "hints": []}
            )
        self._ended.set()  # whoever waited finds the last word said

    def _take(self, frames: IO[bytes]) -> bool:
        line = frames.readline()
        if not line.endswith(b"\n"):
            return False  # the process ended, maybe in the middle of a word
        status = json.loads(line)
        length = status.pop("length")
        body = frames.read(length)
        if len(body) < length:
            return False
        if status["kind"] == "answer":
            self._reply(status.pop("id"), status, body)
            return True
        self.recording = body
        self._tell(status)
        return True

    def _tell(self, status: dict[str, Any]) -> None:
        self.status = {**status, "source": self.job.source}
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()


_shared: dict[Job, Reading] = {}
_shared_lock = threading.Lock()


def shared(job: Job) -> Reading:
    """Return the reading of a job, begun if it is the first to ask for it.

    Parameters
    ----------
    job : Job

    Returns
    -------
    Reading
        The same for all who ask; begun anew where the last one failed, so that
        to load the page again is to try again.
    """
    with _shared_lock:
        reading = _shared.get(job)
        if reading is None or reading.failed:
            reading = _shared[job] = Reading(job).start()
        return reading


def stop_all() -> None:
    """End all shared readings, and forget them."""
    with _shared_lock:
        readings = list(_shared.values())
        _shared.clear()
    for reading in readings:
        reading.stop()
