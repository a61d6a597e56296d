"""Read a log from standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..account import Account
from ..errors import ReadError

__all__ = ["StandardInput"]


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
        while True:
            try:
                piece = source.read1(size)
            except OSError as error:
                account.cut_short(self.name)
                account.note(f"{self.name}: reading stopped: {error.strerror}")
                return
            if not piece:
                return
            yield piece
