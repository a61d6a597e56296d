"""A thread that keeps a tape in shape while it is written to."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from ..errors import AttackvizError
from .append import Writer
from .merge import due, merged, outlived, remove, runs
from .segments import Segment, effective

__all__ = ["Keeper"]

ROUND = 60.0
"""Seconds between looks at what is too old."""

GRACE = 30.0
"""Seconds for which superseded segments stay, for those who read them."""


class Keeper:
    """Merge what was written, and let go of what is too old or too much.

    Parameters
    ----------
    writer : Writer
    keep : timedelta or None
    max_bytes : int or None

    Attributes
    ----------
    trouble : str or None
        Why the latest look at the tape failed; events are taken in all the same.
    """

    def __init__(self, writer: Writer, keep: timedelta | None, max_bytes: int | None) -> None:
        self.trouble: str | None = None
        self._writer, self._keep, self._max_bytes = writer, keep, max_bytes
        self._old: list[tuple[float, Segment]] = []
        self._hours: set[int] = set()
        self._working = threading.Lock()
        self._ended = False
        every = writer.shelf.every()
        remove(writer.shelf.root, set(every) - set(effective(every)))
        self._hours |= {each.hour for each in every}
        self._thread = threading.Thread(target=self._run, name="attackviz tape", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop; what was superseded goes at once."""
        self._ended = True
        self._writer.grown.set()
        self._thread.join()
        remove(self._writer.shelf.root, (each for _, each in self._old))

    def compact(self) -> int:
        """Merge all small segments of every hour; return how many became fewer."""
        shelf, less = self._writer.shelf, 0
        with self._working:
            for hour in sorted({each.hour for each in shelf.segments()}):
                for run in list(runs(shelf.of(hour), 2**62)):
                    self._merge(run)
                    less += len(run) - 1
            remove(shelf.root, (each for _, each in self._old))
            self._old.clear()
        return less

    def retire(self, now: datetime | None = None) -> list[int]:
        """Let go of hours that are too old or too much; return them."""
        shelf = self._writer.shelf
        with self._working:
            if self._keep is None and self._max_bytes is None:
                return []
            gone = outlived(shelf, self._keep, self._max_bytes, now or datetime.now(UTC))
            self._writer.forget(gone)
            remove(shelf.root, [each for each in shelf.every() if each.hour in gone])
            return gone

    def _run(self) -> None:
        looked = 0.0
        while not self._ended:
            self._writer.grown.clear()
            try:
                trouble = self._tend()
                if time.monotonic() - looked > ROUND or not looked:
                    looked = time.monotonic()
                    self.retire()
                self.trouble = trouble
            except (AttackvizError, OSError) as error:
                self.trouble = str(error)
            self._writer.grown.wait(GRACE / 3 if self._old else ROUND)

    def _tend(self) -> str | None:
        """Merge what is due; return why an hour cannot be, which is tried again the next time."""
        trouble = None
        while self._writer.written:
            self._hours.add(self._writer.written.pop().hour)
        for hour in sorted(self._hours):
            try:
                while not self._ended and self._merge_due(hour):
                    pass
                self._hours.discard(hour)
            except AttackvizError as error:
                trouble = str(error)
        with self._working:
            limit = time.monotonic() - GRACE
            remove(self._writer.shelf.root, [each for when, each in self._old if when < limit])
            self._old = [(when, each) for when, each in self._old if when >= limit]
        return trouble

    def _merge_due(self, hour: int) -> bool:
        """Merge what is worth it in an hour, and say whether there was something."""
        with self._working:
            found = due(self._writer.shelf.of(hour))
            for run in found:
                self._merge(run)
            return bool(found)

    def _merge(self, run: list[Segment]) -> None:
        try:
            merged(self._writer.shelf.root, run, self._writer.catalogue.extra)
        except FileNotFoundError:
            return  # its hour was retired
        now = time.monotonic()
        self._old += [(now, each) for each in run]
