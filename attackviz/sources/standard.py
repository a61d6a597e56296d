"""Read a log from standard input; or from any open file, piece by piece."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..account import Account
from ..errors import ReadError

__all__ = ["StandardInput", "read_on"]


@dataclass(frozen=True, slots=True)
class StandardInput:
    """Hold what is piped into this process; it is a `Stored` that can be read once.

    Attributes
    ----------
    name : str
        ``-``, as on the command line.
    size : int
        0: nobody can tell.
    explicit : bool
        True: the user named it.
    modified : datetime or None
        None.
    """

    name: str = "-"
    size: int = 0
    explicit: bool = True
    modified: datetime | None = None

    def pieces(self, account: Account, size: int) -> Iterator[bytes]:
        """Give what is piped in, as it comes; nothing when asked again."""
        if sys.stdin is None or sys.stdin.isatty():
            raise ReadError(
                "nothing is piped into standard input", where="-", hint="pipe a log into it, or name a file"
            )
        source: Any = sys.stdin.buffer  # a BufferedReader, or what a test or a host put there
        yield from read_on(source.read1, size, self.name, account)


def read_on(read: Callable[[int], bytes], size: int, name: str, account: Account) -> Iterator[bytes]:
    """Give what is read piece by piece, up to the end or to an error, which the account is told of.

    Parameters
    ----------
    read : callable
        Given the size of a piece in bytes, returns the next one; nothing at the end.
    size : int
        Bytes of a piece.
    name : str
        What it is called in the account.
    account : Account

    Yields
    ------
    bytes

    Examples
    --------
    >>> import io
    >>> list(read_on(io.BytesIO(b"one, two").read, 5, "x", Account()))
    [b'one, ', b'two']
    """
    while True:
        try:
            piece = read(size)
        except OSError as error:
            account.cut_short(name)
            account.note(f"{name}: reading stopped: {error.strerror}")
            return
        if not piece:
            return
        yield piece
