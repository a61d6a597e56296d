"""Re-indexing: every document of an index changed where it is, or copied to another; killed and resumed at will.

The time is cut into slices. A process takes one after the other: it reads the
documents, changes them, writes them back, and only when all of a slice is
settled does the checkpoint say so. What was done before a kill is done again
for at most one slice a process; merging the same into a document twice changes
nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import msgspec

from ...errors import AttackvizError, ElasticError, ReadError, UsageError
from ...window import Window, as_window
from ..checkpoint import Checkpoint
from ..enrichment import enrichments, fields_of
from ..letters import DeadLetters
from ..pit import closed, opened
from ..pull import PullProgress
from ..query import all_of, own_query, within
from ..slices import Slice, plan
from ..template import Place, find, one_name
from ..wire import path
from .done import Reindexed
from .processors import name_of
from .target import add_fields, prepare, settle, without
from .task import Task
from .work import Change
from .worker import started

if TYPE_CHECKING:
    from ..documents import Documents
    from ..wire import Wire
    from .worker import Said, Worker

__all__ = ["AT_ONCE", "HOLD", "Reindex"]

AT_ONCE = 100
"""Calls of a processor under way at once in each process, unless told otherwise."""

HOLD = 20_000
"""Documents of a slice: what a kill may cause to be processed again, by each process."""

_SHARES = 4  # slices for each process, so that all end at about the same time
_SMALLEST = 500  # documents, of slices that are made smaller for that
_PAYS = 100_000  # documents that are enriched in the time a process takes to start


class Reindex:
    """Change every document of an index; made by `attackviz.elastic.Elastic.reindex`.

    Nothing is asked of the cluster until `preview` or `run`.

    Parameters
    ----------
    wire : Wire
    index : str
        What is read.
    documents : callable
        Says what the documents are; asked only if that matters.
    to : str, optional
        Where documents are copied to; made like the source if nothing is called
        so. By default they are changed where they are.
    enrich : str or sequence of str
        ``geo`` adds where events came from and went, ``verdict`` what became of
        them and how bad they are; see `attackviz.elastic.enrichment`.
    processor : str or callable, optional
        A function (or coroutine function) of a module, or its name
        ``module:function``. It is given each document as a dict, enriched
        already, and returns what is to be merged into it, or None. Threads call
        it at once. Where it raises an error, the document is refused.
    at_once : int
        How many calls of it each process has under way.
    window : Window or str, optional
        Only documents of this time, to the millisecond.
    tz : str
        Zone of times in a text that carry none.
    query : dict, optional
        The user's own.
    time : str, optional
        The field of times; what the format takes time from by default.
    geoip : path or sequence of path, optional
        Databases of places, see `attackviz.open_database`.
    targets : path, optional
        Where attacks arrive, see `attackviz.read_targets`.
    hold : int
        How many documents a slice of time may have.

    Raises
    ------
    UsageError
        If nothing is to be done, or something is not understood.
    """

    def __init__(
        self,
        wire: Wire,
        index: str,
        documents: Callable[[], Documents],
        to: str | None = None,
        *,
        enrich: str | Sequence[str] = (),
        processor: str | Callable[..., Any] | None = None,
        at_once: int = AT_ONCE,
        window: Window | str | None = None,
        tz: str = "UTC",
        query: Any = None,
        time: str | None = None,
        geoip: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
        targets: str | os.PathLike[str] | None = None,
        hold: int = HOLD,
    ) -> None:
        self._wire, self._index, self._documents, self._time = wire, index, documents, time
        self._to = None if to is None else one_name(to, wire)
        self._enrich = enrichments(enrich)
        self._processor = None if processor is None else name_of(processor)
        if not self._enrich and self._processor is None and self._to is None:
            raise UsageError("nothing is to be done", hint="name an enrichment, a processor, or an index to copy to")
        for name, value in (("at_once", at_once), ("hold", hold)):
            if not isinstance(value, int) or value < 1:
                raise UsageError(f"{name} is {value!r}, no number of one or more", hint="give a whole number")
        self._at_once, self._hold = at_once, hold
        self._window = as_window(window, tz)
        # What was said, not what it means now: "last 24h" is the same job tomorrow.
        self._said_window = str(window) if window is not None else None
        self._query = own_query(query)
        several = [geoip] if isinstance(geoip, str | os.PathLike) else geoip
        # Processes may stand elsewhere.
        self._geoip = tuple(Path(each).absolute() for each in several) if several else None
        self._targets = Path(targets).absolute() if targets is not None else None

    def __repr__(self) -> str:
        return f"<Reindex {self._index} to {self._to or 'itself'} on {self._wire.name}>"

    def preview(self, count: int = 10) -> list[Change]:
        """Return what would become of some documents; nothing is written.

        Parameters
        ----------
        count : int

        Raises
        ------
        ElasticError
            If the cluster cannot be asked.
        FormatError
            If the documents are of no known format, and have to be.
        UsageError
            If there is no such processor.
        """
        said: Said = SimpleQueue()
        with started(1, said) as (worker,):
            worker.begin(self._task(self._place()))
            start, end = self._limits() or (None, None)
            worker.preview(count, Slice(start, end, 0))
            while True:
                _, kind, value = said.get()
                if kind == "preview":
                    changes: list[Change] = value
                    return changes
                _raise(kind, value)

    def run(
        self,
        checkpoint: str | os.PathLike[str],
        *,
        resume: bool = False,
        dead_letters: str | os.PathLike[str] | None = None,
        workers: int | None = None,
        progress: Callable[[PullProgress], None] | None = None,
    ) -> Reindexed:
        """Change all documents that are there when it begins.

        Parameters
        ----------
        checkpoint : path
            File that keeps what is done, while the job lasts.
        resume : bool
            Whether to go on with a job that the file is of; without such a file
            it begins.
        dead_letters : path, optional
            File to append documents to that cannot be changed, with the reason.
        workers : int, optional
            How many processes. By default as many as there are cores; without a
            processor one for each 100,000 documents, if those are fewer.
        progress : callable, optional
            Called with a `PullProgress`, now and then.

        Returns
        -------
        Reindexed
            What became of every document, earlier runs included.

        Raises
        ------
        ElasticError
            If the cluster gives or takes no more; it can be resumed.
        ExportError
            If the progress or a dead letter cannot be kept.
        FormatError, UsageError
            As `preview`; also if the file is of another job.
        """
        if workers is not None and not (isinstance(workers, int) and 1 <= workers <= 256):
            raise UsageError(f"{workers!r} is no number of processes", hint="give one from 1 to 256")
        file = Path(checkpoint)
        said: Said = SimpleQueue()
        with ExitStack() as stack:
            # They get ready while the cluster is asked.
            processes = stack.enter_context(started(self._count(workers, 0), said))
            task = self._task(self._place())
            there = file.exists()
            planned = [] if there else self._planned(task, workers)
            kept = stack.enter_context(Checkpoint(file, self._job(task), planned, resume=resume))
            letters = stack.enter_context(DeadLetters(dead_letters)) if dead_letters is not None else None
            running = _Running(kept, letters, progress)
            try:
                if not kept.finished:
                    count = self._count(workers, sum(row[2] for _, row in kept.open()))
                    processes += stack.enter_context(started(count - len(processes), said))
                    self._prepare(task)
                    running.work(self._task(self._place()), processes, said)
            except AttackvizError:
                if not there and not running.begun:
                    kept.remove()  # there is nothing to go on with
                raise
            if self._to is not None:
                settle(self._wire, self._to)
            done = Reindexed.of(kept.counts)
            kept.remove()
        return done

    def _place(self) -> Place | None:
        return None if self._to is None else find(self._wire, self._to)

    def _job(self, task: Task) -> dict[str, Any]:
        """Return what makes this job another than others, as plain data."""
        return {
            "cluster": self._wire.name,
            "index": self._index,
            "to": self._to,
            "enrich": list(self._enrich),
            "processor": self._processor,
            "query": self._query,
            "window": self._said_window,
            "time": task.time,
        }

    def _task(self, place: Place | None) -> Task:
        documents = self._documents() if self._enrich or self._time is None else None
        assert documents is not None or self._time is not None
        stream = place is not None and place.kind == "data stream"
        return Task(
            wire=self._wire,
            index=self._index if place is None else without(self._wire, self._index, place),
            time=documents.time if documents is not None else str(self._time),
            query=self._query,
            enrich=self._enrich,
            form=documents.form if documents is not None and self._enrich else None,
            processor=self._processor,
            at_once=self._at_once,
            geoip=self._geoip,
            targets=self._targets,
            to=self._to,
            op="create" if stream else "index",
            earlier=() if place is None else tuple(each for each in place.indices if each != place.writes_to),
        )

    def _limits(self) -> tuple[int, int] | None:
        """Return the milliseconds that the window touches."""
        window = self._window
        return None if window is None else (window.start_us // 1000, -(-window.end_us // 1000))

    def _count(self, workers: int | None, documents: int) -> int:
        """Return how many processes pay for some documents; nobody knows what a processor takes."""
        if workers is not None or self._processor is not None:
            return workers or _cores()
        return max(1, min(_cores(), documents // _PAYS))

    def _planned(self, task: Task, workers: int | None) -> list[list[Any]]:
        """Return the slices, as plain data; enough of them for every process to have some."""
        wire, window, limits = self._wire, self._window, self._limits()
        pit = opened(wire, task.index, "5m")
        try:
            asked = within(task.time, window) if window is not None else None
            found = plan(wire, pit, all_of([task.query]), asked, task.time, self._hold)
            count = self._count(workers, found.total)
            share = max(found.total // (_SHARES * count), _SMALLEST)
            if count > 1 and share < self._hold:
                found = plan(wire, pit, all_of([task.query]), asked, task.time, share)
        finally:
            closed(wire, pit)
        return [_within(each, limits) for each in found.slices]

    def _prepare(self, task: Task) -> None:
        """Make the target what it has to be."""
        found = msgspec.json.decode(self._wire.get(path(task.index, "_mapping")))
        if any(each["mappings"].get("_source", {}).get("enabled") is False for each in found.values()):
            hint = "index them anew from where they came"
            raise ElasticError("its documents are kept without their source", where=task.index, hint=hint)
        if self._to is not None:
            prepare(self._wire, task.index, self._to)
        if self._enrich:
            add_fields(self._wire, self._to or task.index, fields_of(self._enrich, self._documents()))


class _Running:
    """Hand slices to processes, and keep what they say."""

    def __init__(
        self, kept: Checkpoint, letters: DeadLetters | None, progress: Callable[[PullProgress], None] | None
    ) -> None:
        self._kept, self._letters, self._progress = kept, letters, progress
        self.begun = False
        self._total = sum(row[2] for row in kept.slices)
        self._before = self._read = kept.counts["documents"]
        self._began = self._told = time.monotonic()

    def work(self, task: Task, workers: Sequence[Worker], said: Said) -> None:
        waiting = self._kept.open()
        left = sum(1 for _ in self._kept.open())
        busy = set(workers[:left])
        for worker in busy:
            worker.begin(task)
        while busy:
            worker, kind, value = said.get()
            if kind == "done":
                assert worker.number is not None
                self._kept.done(worker.number, value)
            if kind in ("ready", "done"):
                number, row = next(waiting, (None, None))
                if number is None or row is None:
                    busy.discard(worker)
                else:
                    self.begun = True
                    worker.do(number, Slice(*row))
            elif kind == "read":
                self._tell(value)
            elif kind == "letters":
                if self._letters is not None:
                    self._letters.keep(value)
            else:
                _raise(kind, value)

    def _tell(self, read: int) -> None:
        self._read += read
        now = time.monotonic()
        if self._progress is None or now - self._told < 0.05:
            return
        self._told = now
        rate = (self._read - self._before) / (now - self._began)
        left = max(self._total - self._read, 0)
        self._progress(PullProgress(self._total, self._read, rate, left / rate if rate else None))


def _within(piece: Slice, limits: tuple[int, int] | None) -> list[Any]:
    """Return a slice as plain data, and nothing of it beyond a window."""
    start, end = piece.start, piece.end
    if limits is not None:
        low, high = limits
        start, end = (low, high) if start is None or end is None else (max(start, low), min(end, high))
    return [start, end, piece.count, piece.timed]


def _raise(kind: str, value: Any) -> None:
    if kind == "error":
        raise value
    if kind == "gone":
        raise ReadError("a process of the job ended", hint="what it said stands above; resume the job")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
