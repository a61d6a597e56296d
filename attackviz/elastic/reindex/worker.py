"""A process that changes documents: it is told of slices, and says what became of them.

It is started afresh (no fork: threads would not survive it; no re-import of
the user's main program either), and gone when whoever started it is.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any

from ...errors import AttackvizError
from ..slices import Slice
from .work import Work

if TYPE_CHECKING:
    from ..letters import Letter
    from .task import Task

__all__ = ["Said", "Worker", "main", "started"]

Said = SimpleQueue[tuple["Worker", str, Any]]
"""What processes say: which one, what kind of thing, and the thing."""

_START = "from attackviz.elastic.reindex.worker import main; main()"


class Worker:
    """Start such a process, and listen to it; it loads what it needs before it is told what to do.

    Parameters
    ----------
    said : SimpleQueue
        Given ``(worker, kind, value)`` of all that it says: ``ready``, ``read``
        (a count), ``letters``, ``done`` (a Counter), ``preview`` (a list of
        `Change`), ``error``, and ``gone`` when it has ended.

    Attributes
    ----------
    number : int or None
        Of the slice it is at.
    """

    def __init__(self, said: Said) -> None:
        self.number: int | None = None
        self._said = said
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(  # noqa: S603 - the arguments are our own
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def begin(self, task: Task) -> None:
        """Tell it what is to be done; it says when it is ready."""
        self._tell(task)

    def do(self, number: int, piece: Slice) -> None:
        """Let it do a slice."""
        self.number = number
        self._tell(piece)

    def preview(self, count: int, piece: Slice) -> None:
        """Let it say what would become of some documents of a slice."""
        self._tell((count, piece))

    def stop(self) -> None:
        """End it, wherever it is."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                if pipe:
                    pipe.close()

    def _tell(self, value: Any) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it says itself that it is gone
            pickle.dump(value, self._process.stdin)
            self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(EOFError, pickle.UnpicklingError, OSError):
            while True:
                kind, value = pickle.load(self._process.stdout)  # noqa: S301 - our own process wrote it
                self._said.put((self, kind, value))
        self._said.put((self, "gone", None))


@contextlib.contextmanager
def started(count: int, said: Said) -> Iterator[list[Worker]]:
    """Start processes, and end them at last.

    Parameters
    ----------
    count : int
    said : SimpleQueue
        Where they say it.

    Yields
    ------
    list of Worker
    """
    workers: list[Worker] = []
    try:
        workers.extend(Worker(said) for _ in range(count))
        yield workers
    finally:
        for worker in workers:
            worker.stop()


class _Letters:
    """Hand refused documents to whoever keeps them."""

    def __init__(self, answers: _Answers) -> None:
        self._answers = answers

    def keep(self, letters: Iterable[Letter]) -> None:
        self._answers.say("letters", list(letters))


class _Answers:
    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._lock = file, threading.Lock()

    def say(self, kind: str, value: Any) -> None:
        with self._lock:
            pickle.dump((kind, value), self._file)
            self._file.flush()


def main() -> None:
    """Answer on standard output what is told on standard input, until that is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    answers = _Answers(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what a processor prints must not come among the answers
    told: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_hear, args=(told,), daemon=True).start()
    try:
        work = Work(told.get(), _Letters(answers))
        answers.say("ready", None)
        while True:
            wanted = told.get()
            if isinstance(wanted, Slice):
                answers.say("done", work.do(wanted, lambda count: answers.say("read", count)))
            else:
                answers.say("preview", work.preview(*wanted))
    except AttackvizError as error:
        answers.say("error", error)
    threading.Event().wait()


def _hear(told: SimpleQueue[Any]) -> None:
    # When the other end is gone, so is this process, whatever it is doing: the job is resumed by another.
    try:
        while True:
            told.put(pickle.load(sys.stdin.buffer))  # noqa: S301 - our own parent wrote it
    except (EOFError, pickle.UnpicklingError):
        os._exit(0)
