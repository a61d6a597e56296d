"""Read many files, in order; over processes where that pays."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from ..account import Account
from ..formats import Format, Options
from ..saving import replacing
from .badpieces import BadPieces
from .files import Stored
from .pool import Pool
from .reading import tables
from .standard import StandardInput

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FileProgress", "Progress", "spread"]

# Starting a process costs as much as reading this many compressed bytes.
_WORTH_A_PROCESS = 16 << 20
_SMALL = 128 << 10


@dataclass(slots=True)
class FileProgress:
    """Hold how far one file is: its name, bytes on disk and bytes read of them."""

    name: str
    bytes: int
    bytes_done: int = 0
    done: bool = False


@dataclass(slots=True)
class Progress:
    """Hold how far reading is.

    Attributes
    ----------
    files, files_done : int
        Files in all, and read to the end.
    bytes, bytes_done : int
        Bytes on disk (compressed) in all, and read.
    documents, documents_done : int
        While an index is read: its documents in all, and read.
    events, bad : int
        Events and bad pieces so far.
    rate : float
        Events a second so far.
    eta_s : float or None
        Seconds until the end at the rate so far; None until it can be said.
    items : list of FileProgress
        Each file, in reading order; of an index, its documents in place of bytes.
    """

    files: int
    bytes: int
    files_done: int = 0
    bytes_done: int = 0
    documents: int = 0
    documents_done: int = 0
    events: int = 0
    bad: int = 0
    rate: float = 0.0
    eta_s: float | None = None
    items: list[FileProgress] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the progress as plain data, ready for JSON."""
        # Not `asdict`: it copies deeply, and of a hundred thousand files this is asked 20 times a second.
        plain = {name: getattr(self, name) for name in self.__slots__}
        plain["items"] = [
            {"name": f.name, "bytes": f.bytes, "bytes_done": f.bytes_done, "done": f.done} for f in self.items
        ]
        return plain


class Tracker:
    """Keep the progress of files and tell whoever asked, at most 20 times a second.

    Parameters
    ----------
    files : sequence of Stored
    tell : callable or None
        Called with a `Progress`.
    """

    def __init__(self, files: Sequence[Stored], tell: Callable[[Progress], None] | None) -> None:
        items = [FileProgress(f.name, f.size) for f in files]
        self.progress = Progress(files=len(files), bytes=sum(f.size for f in files), items=items)
        self._tell = tell
        self._began = self._told = time.monotonic()
        if tell:
            tell(self.progress)

    def advance(self, index: int, size: int) -> None:
        """Count bytes read of a file."""
        item = self.progress.items[index]
        item.bytes_done += size
        self.progress.bytes_done += size
        self.say()

    def counted(self, events: int, bad: int) -> None:
        """Count events and bad pieces."""
        self.progress.events += events
        self.progress.bad += bad
        self.say()

    def finished(self, index: int) -> None:
        """Count a file as read."""
        item = self.progress.items[index]
        self.progress.bytes_done += item.bytes - item.bytes_done
        item.bytes_done, item.done = item.bytes, True
        self.progress.files_done += 1
        self.say(always=True)

    def say(self, always: bool = False) -> None:
        """Tell the progress, if it is time to."""
        now = time.monotonic()
        if self._tell is None or (not always and now - self._told < 0.05):
            return
        self._told = now
        progress, spent = self.progress, now - self._began
        progress.rate = progress.events / spent if spent > 0 else 0.0
        left = progress.bytes - progress.bytes_done
        progress.eta_s = spent * left / progress.bytes_done if progress.bytes_done and spent > 0.2 else None
        self._tell(progress)


def spread(
    files: Sequence[Stored],
    form: Format | None,
    options: Options,
    account: Account,
    tell: Callable[[Progress], None] | None = None,
    processes: int | None = None,
    bad: str | os.PathLike[str] | None = None,
) -> Iterator[pa.Table]:
    """Read files in order into event tables.

    Several large files are read ahead by other processes; the tables and the
    account are the same as without.

    Parameters
    ----------
    files : sequence of Stored
        What to read.
    form : Format or None
        Their format; told by content if None.
    options : Options
        What is wanted.
    account : Account
        Told of every file when it has been read.
    tell : callable, optional
        Called with a `Progress` now and then.
    processes : int, optional
        How many processes, this one among them; by default as many as there
        are cores and files that are worth one.
    bad : path, optional
        Where to write all bad pieces; the file appears when all is read.

    Yields
    ------
    pyarrow.Table
    """
    tracker = Tracker(files, tell)
    if processes is None:
        # Small ones are read together here sooner than each by itself elsewhere.
        worth = sum(f.size for f in files if f.size >= _SMALL) // _WORTH_A_PROCESS
        processes = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, len(files), worth)
    if any(isinstance(file, StandardInput) for file in files):
        processes = 1  # no other process has ours
    with nullcontext() if bad is None else replacing(bad) as kept:
        if processes > 1:
            from .processes import read_ahead

            yield from read_ahead(files, form, options, account, tracker, processes, kept)
        else:
            yield from _one_by_one(files, form, options, account, tracker, kept)


def _one_by_one(
    files: Sequence[Stored],
    form: Format | None,
    options: Options,
    account: Account,
    tracker: Tracker,
    kept: IO[bytes] | None,
) -> Iterator[pa.Table]:
    pool = Pool(options)
    try:
        for index, file in enumerate(files):
            yield from _one(file, form, options, account, partial(tracker.advance, index), tracker.counted, pool, kept)
            tracker.finished(index)
        yield from pool.flush()
    finally:
        account.take(pool.account)


def _one(
    file: Stored,
    form: Format | None,
    options: Options,
    account: Account,
    advance: Callable[[int], None],
    counted: Callable[[int, int], None],
    pool: Pool,
    kept: IO[bytes] | None,
) -> Iterator[pa.Table]:
    keeper = None if kept is None else BadPieces(kept)
    own = Account(keeper=keeper)
    told = (0, 0)
    try:
        for table in tables(file, form, options, own, advance, pool):
            counted(own.events - told[0], own.bad_total - told[1])
            told = (own.events, own.bad_total)
            yield table
    finally:
        if keeper is not None:
            keeper.close()
        account.take(own)
    counted(own.events - told[0], own.bad_total - told[1])
