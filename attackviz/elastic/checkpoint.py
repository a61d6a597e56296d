"""How far a long job has come, so that one that was killed goes on.

A job is cut into slices before it begins; the plan takes its place on disk
whole. Each slice that is done adds a line, which is on disk when that is said.
Half a line that a kill left behind counts as a slice that was not done.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from ..errors import ExportError, UsageError
from ..saving import replacing, whole_lines

__all__ = ["Checkpoint"]

VERSION = 1


class _Plan(msgspec.Struct):
    attackviz_checkpoint: int
    job: dict[str, Any]
    slices: list[Any]


class _Done(msgspec.Struct):
    slice: int
    counts: dict[str, int]


class Checkpoint:
    """Keep what is done of a job, slice by slice.

    Parameters
    ----------
    path : path
    job : mapping
        What the job is, as plain data; a file of another job is refused.
    slices : sequence
        The plan, as plain data; of a file that is there, its own plan counts.
    resume : bool
        Whether to go on with a file that is there; else it is an error.

    Attributes
    ----------
    slices : list
        The plan.
    counts : Counter
        Sums over the slices that are done.

    Raises
    ------
    UsageError
        If the file is of another job, or there without `resume`, or none of ours.
    ExportError
        If it cannot be written, or another process is at it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path, job = f"{directory}/job.checkpoint", {"from": "a", "to": "b"}
    ...     with Checkpoint(path, job, [[0, 10], [10, 20]]) as first:
    ...         first.done(1, {"documents": 7})
    ...     with Checkpoint(path, job, [], resume=True) as second:
    ...         list(second.open()), second.counts["documents"]
    ([(0, [0, 10])], 7)
    """

    def __init__(
        self, path: str | os.PathLike[str], job: Mapping[str, Any], slices: Sequence[Any], *, resume: bool = False
    ) -> None:
        self.path = Path(path)
        self.counts: Counter[str] = Counter()
        self._done: set[int] = set()
        there = self.path.exists()
        if there and not resume:
            raise UsageError(
                "there is a job half done", where=str(path), hint="say --resume to go on with it, or remove the file"
            )
        if not there:
            plan = {"attackviz_checkpoint": VERSION, "job": dict(job), "slices": list(slices)}
            with replacing(self.path) as file:
                file.write(msgspec.json.encode(plan) + b"\n")
        self._file = self._locked()
        try:
            self.slices = self._read(msgspec.to_builtins(dict(job)))
        except BaseException:
            self.close()
            raise

    @property
    def finished(self) -> bool:
        """Whether all slices are done."""
        return len(self._done) == len(self.slices)

    def open(self) -> Iterator[tuple[int, Any]]:
        """Give the slices that are not done, each with its number."""
        return ((number, each) for number, each in enumerate(self.slices) if number not in self._done)

    def done(self, number: int, counts: Mapping[str, int]) -> None:
        """Say that a slice is done; it is on disk when this returns.

        Parameters
        ----------
        number : int
            As `open` gave it.
        counts : mapping of str to int
            What came of it.
        """
        if number in self._done:
            return
        try:
            self._file.write(msgspec.json.encode(_Done(number, dict(counts))) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._error(error.strerror or str(error)) from None
        self._done.add(number)
        self.counts.update(counts)

    def remove(self) -> None:
        """Remove the file: the job is over."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, for others to go on with."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _locked(self) -> IO[bytes]:
        import fcntl

        try:
            file = self.path.open("r+b")
        except OSError as error:
            raise self._error(error.strerror or str(error)) from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise self._error("another process is at that job") from None
        return file

    def _read(self, job: Any) -> list[Any]:
        plan: _Plan | None = None
        try:
            for line in whole_lines(self._file, b'{"slice":'):
                if plan is None:
                    plan = msgspec.json.decode(line, type=_Plan)
                else:
                    done = msgspec.json.decode(line, type=_Done)
                    self._done.add(done.slice)
                    self.counts.update(done.counts)
        except (msgspec.DecodeError, ValueError):
            plan = None
        if plan is None or plan.attackviz_checkpoint != VERSION or not self._done <= {*range(len(plan.slices))}:
            raise UsageError("it is no checkpoint of this version", where=str(self.path), hint="name another file")
        if plan.job != job:
            changed = sorted(name for name in plan.job.keys() | job if plan.job.get(name) != job.get(name))
            raise UsageError(
                f"it is of another job: {', '.join(changed)} differ", where=str(self.path), hint="name another file"
            )
        return plan.slices

    def _error(self, why: str) -> ExportError:
        hint = "name a file you may write to"
        return ExportError(f"the progress of the job cannot be kept: {why}", where=str(self.path), hint=hint)
