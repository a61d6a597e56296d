"""Read files ahead in other processes, and in a thread of this one.

The thread begins at once, while the processes still load what they need; the
heavy part of its work lets other threads run. Processes are started afresh (no fork: threads of Arrow would not survive
it; no re-import of the user's main program either). Each reader writes the tables of
a file to a temporary Arrow stream, which is read when its turn comes.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from ..account import Account
from ..errors import AttackvizError, ReadError
from ..formats import Format, Mapping, Options, choose
from .badpieces import BadPieces
from .files import Stored
from .reading import tables
from .spread import Tracker

__all__ = ["main", "read_ahead"]

_Task = tuple[Stored, Mapping | str | None, Options, Path, Path | None]
_Made = tuple[Account, BaseException | None]

_PATIENCE = 10  # seconds; a reader of this process that waits for a network hears late that it shall stop

_START = "from attackviz.sources.processes import main; main()"


@dataclass(slots=True)
class _Job:
    """What a process made of one file."""

    account: Account = field(default_factory=Account)
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class _StoppedError(Exception):
    """Nobody waits for more."""


def read_ahead(
    files: Sequence[Stored],
    form: Format | None,
    options: Options,
    account: Account,
    tracker: Tracker,
    processes: int,
    kept: IO[bytes] | None = None,
) -> Iterator[pa.Table]:
    """Read files in order while processes work on the next ones.

    Parameters
    ----------
    files, form, options, account
        As for `attackviz.sources.spread`.
    tracker : Tracker
        Told of the progress, by threads.
    processes : int
        How many are to read, this one among them.
    kept : binary file, optional
        Given all bad pieces, in the order of the files.

    Yields
    ------
    pyarrow.Table
    """
    jobs = [_Job() for _ in files]
    lock = threading.Lock()
    ahead = threading.Semaphore(2 * processes)
    order = iter(range(len(files)))
    workers: list[subprocess.Popen[bytes]] = []
    stopping = threading.Event()
    # A function cannot go to another process; what one's own format is made of can.
    meant = (form.mapping or form.name) if form else None

    with tempfile.TemporaryDirectory(prefix="attackviz-", ignore_cleanup_errors=True) as directory:

        def spool(index: int) -> Path:
            return Path(directory, f"{index}.arrow")

        def spoilt(index: int) -> Path | None:
            return None if kept is None else Path(directory, f"{index}.bad")

        def hear(index: int, kind: str, *values: int) -> None:
            with lock:
                if stopping.is_set():
                    raise _StoppedError
                tracker.advance(index, *values) if kind == "read" else tracker.counted(*values)

        def work(worker: subprocess.Popen[bytes] | None) -> None:
            while True:
                ahead.acquire()
                with lock:
                    index = None if stopping.is_set() else next(order, None)
                if index is None:
                    return
                job = jobs[index]
                task = files[index], meant, options, spool(index), spoilt(index)
                try:
                    said = partial(hear, index)
                    job.account, job.error = _spooled(task, said) if worker is None else _ask(worker, task, said)
                except (OSError, EOFError, pickle.UnpicklingError) as wrong:
                    what, hint = "the process that read it died", "try again"
                    if worker is None:
                        what, hint = f"its events cannot be kept aside: {wrong}", "make room where TMPDIR is"
                    job.error = ReadError(what, where=files[index].name, hint=hint)
                except Exception as wrong:  # for whoever waits: nothing is lost silently
                    job.error = wrong
                finally:
                    job.done.set()

        threads = []
        try:
            workers += (_start() for _ in range(processes - 1))
            for worker in (None, *workers):
                thread = threading.Thread(target=work, args=(worker,), daemon=True)
                thread.start()
                threads.append(thread)
            for index, job in enumerate(jobs):
                job.done.wait()
                account.take(job.account)
                _keep(spoilt(index), kept)
                if job.error is not None:
                    raise job.error
                yield from _tables(spool(index))
                with lock:
                    tracker.finished(index)
                ahead.release()
        finally:
            stopping.set()
            for worker in workers:
                worker.kill()
                worker.wait()
            for _ in threads:
                ahead.release()
            for thread in threads:
                thread.join(_PATIENCE)
            # Only now: to close a pipe under a thread that reads from it is an error of its own.
            for worker in workers:
                for pipe in (worker.stdin, worker.stdout):
                    with contextlib.suppress(BrokenPipeError):
                        if pipe:
                            pipe.close()


def _start() -> subprocess.Popen[bytes]:
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(  # noqa: S603 - the arguments are our own
        [sys.executable, "-c", _START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    )


def _ask(worker: subprocess.Popen[bytes], task: _Task, said: Callable[..., None]) -> _Made:
    assert worker.stdin is not None and worker.stdout is not None
    pickle.dump(task, worker.stdin)
    worker.stdin.flush()
    while True:
        kind, *values = pickle.load(worker.stdout)  # noqa: S301 - our own process wrote it
        if kind == "done":
            account, error = values
            return account, error
        said(kind, *values)


def _keep(spoilt: Path | None, kept: IO[bytes] | None) -> None:
    if spoilt is not None and kept is not None and spoilt.exists():
        with spoilt.open("rb") as part:
            shutil.copyfileobj(part, kept, 1 << 20)
        spoilt.unlink()


def _tables(path: Path) -> Iterator[pa.Table]:
    if not path.exists():
        return
    with pa.OSFile(str(path), "rb") as source:
        while source.tell() < source.size():
            with pa.ipc.open_stream(source) as reader:
                for batch in reader:
                    yield pa.Table.from_batches([batch])
    path.unlink()


def main() -> None:
    """Answer tasks on standard input until it is closed."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else may write among the answers
    while True:
        try:
            task = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
        except EOFError:
            return
        _say(answers, "done", *_spooled(task, partial(_say, answers)))


def _spooled(task: _Task, said: Callable[..., None]) -> _Made:
    """Read a file into a stream of Arrow; say what became of it, and what went wrong."""
    file, meant, options, spool, spoilt = task
    account = Account()
    error: AttackvizError | None = None
    try:
        with nullcontext() if spoilt is None else spoilt.open("wb") as kept:
            keeper = None if kept is None else BadPieces(kept)
            account.keeper = keeper
            _write(file, choose(meant, options.own) if meant else None, options, spool, account, said)
            if keeper is not None:
                keeper.close()
    except AttackvizError as wrong:
        error = wrong
    account.keeper = None  # it cannot leave a process
    return account, error


def _write(
    file: Stored, form: Format | None, options: Options, spool: Path, account: Account, said: Callable[..., None]
) -> None:
    writer = schema = sink = None
    told = (0, 0)
    try:
        for table in tables(file, form, options, account, partial(said, "read")):
            if writer is None or table.schema != schema:  # the members of an archive may be of several formats
                sink = sink or pa.OSFile(str(spool), "wb")
                if writer is not None:
                    writer.close()
                writer, schema = pa.ipc.new_stream(sink, table.schema), table.schema
            writer.write_table(table.combine_chunks())
            said("made", account.events - told[0], account.bad_total - told[1])
            told = (account.events, account.bad_total)
    finally:
        for each in (writer, sink):
            if each is not None:
                each.close()
    said("made", account.events - told[0], account.bad_total - told[1])


def _say(answers: IO[bytes], *message: Any) -> None:
    pickle.dump(message, answers)
    answers.flush()
