"""Make few segments of many, and let go of what is too old or too much, while others read and one writes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from ..errors import TapeError
from .columns import schema_of
from .files import ROWS, damaged, part_of, read_rows, settle, writer
from .segments import HOUR_US, UNDATED, Segment, Shelf, digest

__all__ = ["FEW", "due", "merged", "outlived", "remove", "runs"]

FEW = 12
"""How many neighbours of about a size are merged into one."""

LARGEST = 4_000_000
"""Rows beyond which a segment is not merged any more."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def due(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Return the neighbours of an hour that are worth merging by now: a dozen or more of about a size.

    So each row is written again once for each power of eight or so of rows.

    Parameters
    ----------
    segments : sequence of Segment
        Those of one hour that count, by sequence.

    Examples
    --------
    >>> small = [Segment(0, k, k, 1, "") for k in range(1, 13)]
    >>> [len(run) for run in due([Segment(0, 0, 0, 5000, ""), *small])], due(small[:-1])
    ([12], [])
    """
    for tier in range(8):
        found = [run for run in runs(segments, 8 ** (tier + 1)) if len(run) >= FEW]
        if found:
            return found
    return []


def runs(segments: Sequence[Segment], below: int) -> Iterator[list[Segment]]:
    """Yield neighbours of fewer rows than so many each, and no more together than a segment shall have."""
    run: list[Segment] = []
    rows = 0
    for each in segments:
        if each.rows >= below or rows + each.rows > LARGEST:
            if len(run) > 1:
                yield run
            run, rows = [], 0
        if each.rows < below:
            run.append(each)
            rows += each.rows
    if len(run) > 1:
        yield run


def merged(root: Path, run: Sequence[Segment], extra: Mapping[str, pa.DataType]) -> Segment:
    """Write the segment that supersedes neighbours, with their rows in the same order.

    Parameters
    ----------
    root : Path
    run : sequence of Segment
        Neighbours of one hour, by sequence.
    extra : mapping
        The columns beside those of the event table.

    Raises
    ------
    TapeError
        If one is damaged, or the result cannot be written.
    """
    path = part_of(root)
    rows = 0
    try:
        with path.open("wb") as file:
            schema = schema_of(extra)
            with writer(file, schema) as parquet:
                for table in _grouped(part for each in run for part in _parts(root, each, extra)):
                    parquet.write_table(table, row_group_size=ROWS)
                    rows += table.num_rows
            file.flush()
            os.fsync(file.fileno())
        found = Segment(run[0].hour, run[0].first, run[-1].last, rows, digest(path))
        settle(root, [(path, root / found.name)])
        return found
    except FileNotFoundError:
        raise
    except OSError as error:
        hint = "free some space; all events are still there"
        raise TapeError(f"segments cannot be merged: {error.strerror or error}", where=str(root), hint=hint) from None
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _parts(root: Path, segment: Segment, extra: Mapping[str, pa.DataType]) -> Iterator[pa.Table]:
    """Yield the rows of a segment, a row group at a time, for it may be millions.

    Every byte is as it was written: what is damaged gets no new name.
    """
    if digest(root / segment.name) != segment.check:
        raise damaged(root, segment, "it is not as it was written")
    for group in range(-(-segment.rows // ROWS)):
        yield read_rows(root, segment, extra, groups=[group])


def _grouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the rows of tables in tables of as many as a row group has."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= ROWS:
            whole = pa.concat_tables(waiting).unify_dictionaries()
            kept = rows // ROWS * ROWS
            yield whole.slice(0, kept)
            waiting, rows = [whole.slice(kept)], rows - kept
    if rows:
        yield pa.concat_tables(waiting).unify_dictionaries()


def outlived(shelf: Shelf, keep: timedelta | None, max_bytes: int | None, now: datetime) -> list[int]:
    """Return the hours whose time is over, and the oldest of those that are too much together.

    The latest hour stays, whatever its size. Events without a usable time go
    by when they came; where there is too much, they go first.

    Parameters
    ----------
    shelf : Shelf
    keep : timedelta or None
    max_bytes : int or None
    now : datetime
    """
    sizes: dict[int, int] = {}
    came: dict[int, float] = {}
    for each in shelf.every():
        with suppress(FileNotFoundError):
            found = (shelf.root / each.name).stat()
            sizes[each.hour] = sizes.get(each.hour, 0) + found.st_size
            came[each.hour] = max(came.get(each.hour, 0.0), found.st_mtime)
    gone: list[int] = []
    if keep is not None:
        limit = now - keep
        end_us = (limit - _EPOCH) // timedelta(microseconds=1)
        for hour in sizes:
            over = came[hour] < limit.timestamp() if hour == UNDATED else (hour + 1) * HOUR_US <= end_us
            if over:
                gone.append(hour)
    if max_bytes is not None:
        left = sorted(hour for hour in sizes if hour not in gone)
        total = sum(sizes[hour] for hour in left)
        for hour in left[:-1]:
            if total <= max_bytes:
                break
            gone.append(hour)
            total -= sizes[hour]
    return sorted(gone)


def remove(root: Path, segments: Iterable[Segment]) -> None:
    """Remove files, and days that are empty then."""
    days = set()
    for each in segments:
        path = root / each.name
        with suppress(FileNotFoundError):
            path.unlink()
            days.add(path.parent)
    for day in days:
        with suppress(OSError):  # it is not empty
            day.rmdir()
