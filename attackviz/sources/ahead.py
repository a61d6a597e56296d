"""Fetch the next small objects while one is read; memory stays bounded."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, Protocol, TypeVar

from ..errors import ReadError

__all__ = ["Ahead"]

_THREADS = 8
_MOST = 32  # objects
_BUDGET = 32 << 20  # bytes held
_SMALL = 8 << 20  # larger objects are streamed in their turn
_PIECE = 1 << 20


class Fetched(Protocol):
    """Something that takes time to fetch."""

    @property
    def size(self) -> int:
        """Bytes of it."""

    def fetch(self, size: int) -> Iterator[bytes]:
        """Give its bytes, in pieces of a size."""


T = TypeVar("T", bound=Fetched)


class Ahead(Generic[T]):
    """Fetch objects in the order in which they will be asked for.

    One that is asked for out of turn, a second time, or in another process is
    fetched right then.

    Examples
    --------
    >>> class Slow:
    ...     size = 2
    ...     def fetch(self, size):
    ...         yield b"ab"
    >>> one, two, ahead = Slow(), Slow(), Ahead()
    >>> ahead.plan([one, two])
    >>> [list(ahead.pieces(each, 1)) for each in (one, two, one)]
    [[b'ab'], [b'ab'], [b'ab']]
    """

    def __init__(self) -> None:
        self._order: Sequence[T] = ()
        self._place: dict[int, int] = {}
        self._running: dict[int, Future[tuple[list[bytes], ReadError | None]]] = {}
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Ahead, ()

    def plan(self, order: Sequence[T]) -> None:
        """Say what will be asked for, in order."""
        self._order = order
        self._place = {id(item): number for number, item in enumerate(order)}

    def pieces(self, item: T, size: int) -> Iterator[bytes]:
        """Give the bytes of an object.

        Parameters
        ----------
        item : object
            With a method ``fetch`` and a size.
        size : int
            Bytes of a piece, if it must be fetched now.

        Yields
        ------
        bytes

        Raises
        ------
        ReadError
            As its ``fetch`` does, after what could be had of it.
        """
        waiting = self._turn(item)
        if waiting is None:
            yield from item.fetch(size)
            return
        pieces, error = waiting.result()
        yield from pieces
        if error is not None:
            raise error

    def _turn(self, item: T) -> Future[tuple[list[bytes], ReadError | None]] | None:
        """Take an object out of those that are on their way, and send for more."""
        number = self._place.get(id(item))
        if number is None:
            return None
        with self._lock:
            mine = self._running.pop(number, None)
            held = sum(self._order[n].size for n in self._running)
            for n in range(number + 1, min(number + 1 + _MOST, len(self._order))):
                held += 0 if n in self._running else self._order[n].size
                if held > _BUDGET:
                    break
                if n not in self._running and self._order[n].size <= _SMALL:
                    self._threads = self._threads or ThreadPoolExecutor(_THREADS, "attackviz-ahead")
                    self._running[n] = self._threads.submit(_whole, self._order[n])
        return mine


def _whole(item: Fetched) -> tuple[list[bytes], ReadError | None]:
    pieces: list[bytes] = []
    try:
        pieces.extend(item.fetch(_PIECE))  # what came before an error stays
    except ReadError as error:
        return pieces, error
    return pieces, None
