"""Ids for events that have none of their own, made from where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

__all__ = ["IdMaker", "Places", "made_id", "origin_of"]


def origin_of(line: bytes) -> bytes:
    """Return what tells a file from others: a hash of its first line with an event."""
    return blake2b(line, digest_size=16).digest()


def made_id(origin: bytes, offset: int, index: int, line: bytes) -> str:
    """Return the id of an event.

    Parameters
    ----------
    origin : bytes
        As from `origin_of`.
    offset : int
        Of its line in the decompressed stream.
    index : int
        Of the event within the line.
    line : bytes
        Without its newline.
    """
    return blake2b(b"%b%d:%d:%b" % (origin, offset, index, line), digest_size=16).hexdigest()


class IdMaker:
    """Make the ids of a file's events line by line, in their order.

    Examples
    --------
    >>> first, second = IdMaker().of(b"two events", offset=0, count=2)
    >>> len(first), first == second, IdMaker().of(b"two events", 0) == [first]
    (32, False, True)
    """

    def __init__(self) -> None:
        self._origin = b""

    def of(self, line: bytes, offset: int, count: int = 1) -> list[str]:
        """Return the ids of the events on a line.

        Parameters
        ----------
        line : bytes
            Without its newline.
        offset : int
            Where it begins in the decompressed stream.
        count : int
            How many events it holds, at least one.
        """
        self._origin = self._origin or origin_of(line)
        return [made_id(self._origin, offset, index, line) for index in range(count)]


@dataclass(slots=True)
class Places:
    """Hold where the events of a batch stand, to make ids of those that need one.

    Most products give an id of their own, and a hash of a line costs as much
    as reading it: so it is made only where it is asked for.

    Attributes
    ----------
    origin : bytes
        As from `origin_of`.
    buffers : list of bytes
        What the lines stand in.
    spans : list of ndarray of int64, shape (n, 3)
        For each buffer its events: begin and end of the line in it, and index within the line.
    offsets : list of int
        Where each buffer stands in the decompressed stream.
    """

    origin: bytes = b""
    buffers: list[bytes] = field(default_factory=list)
    spans: list[NDArray[np.int64]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    def add(self, buffer: bytes, offset: int, spans: NDArray[np.int64]) -> None:
        """Add the events of one buffer."""
        if not self.origin and len(spans):
            begin, end, _ = spans[0].tolist()
            self.origin = origin_of(buffer[begin:end])
        self.buffers.append(buffer)
        self.offsets.append(offset)
        self.spans.append(spans)

    def made(self, rows: Iterable[int]) -> list[str]:
        """Return the ids of some events, by their row in the batch, ascending."""
        wanted = np.fromiter(rows, np.int64)
        ids = []
        first = 0
        for buffer, offset, spans in zip(self.buffers, self.offsets, self.spans, strict=True):
            here = wanted[(wanted >= first) & (wanted < first + len(spans))] - first
            for begin, end, index in spans[here].tolist():
                ids.append(made_id(self.origin, offset + begin, index, buffer[begin:end]))
            first += len(spans)
        return ids

    def following(self) -> Places:
        """Return the places of the next batch of the same file: none yet."""
        return Places(self.origin)
