"""Hand over the lines of a growing log once each, through rotation and truncation.

What was read counts only after the file was seen, afterwards, to hold still
what stood before it: a file that is truncated under the reader and grows again
beyond the place it had reached is noticed, and nothing that was read across
the cut is handed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..account import Account
from .position import PRINT_BYTES, Position, fingerprint
from .rotated import Generation, Opened, generations, locate, opened

__all__ = ["Lines", "Tail"]

_CHUNK = 1 << 20
_LINE_LIMIT = 8 << 20


@dataclass(frozen=True, slots=True)
class Lines:
    """Hold lines of a log that were not handed over before.

    Attributes
    ----------
    data : bytes
        Whole lines. The last may lack its newline where the file was left for
        good without one, or where it is longer than 8 MB.
    path : Path
        The file they stand in now.
    offset, line : int
        Bytes and lines of it before them.
    position : Position
        Where a tail stands behind them.
    """

    data: bytes
    path: Path
    offset: int
    line: int
    position: Position


class Tail:
    r"""Read a log that grows, line by line, each line once.

    One process may write the log; when it begins a new file, it writes to the
    old one no more. The old one is read to its end before the new one begins.

    Parameters
    ----------
    path : Path
        The log; it need not be there yet.
    position : Position, optional
        Where an earlier tail stood; at the beginning of the log by default.
    account : Account, optional
        Told, in notes, of what may have been lost before it could be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     log = Path(directory, "a.log")
    ...     _ = log.write_bytes(b"one\ntwo\nthr")
    ...     tail = Tail(log)
    ...     first = [lines.data for lines in tail.lines()]
    ...     with log.open("ab") as file:
    ...         _ = file.write(b"ee\n")
    ...     first, [lines.data for lines in tail.lines()], tail.close()
    ([b'one\ntwo\n'], [b'three\n'], None)
    """

    def __init__(self, path: Path, position: Position | None = None, account: Account | None = None) -> None:
        self.path = path
        self.account = Account() if account is None else account
        self._position = position
        self._file: Opened | None = None
        self._offset = self._line = 0
        self._head = self._before = self._rest = b""
        self._seen = (-1, -1)  # size and time of change when the file was last compared with what was read
        self._newer = self._first = False  # whether the file is another than before, and nothing was read of it yet

    def lines(self) -> Iterator[Lines]:
        """Give what is there now and was not handed over before.

        Yields
        ------
        Lines
            At most about 1 MB each, but for longer lines.

        Raises
        ------
        ReadError
            If the log may not be read.
        """
        while self._file is not None or self._begin():
            data = self._more()
            if data is None and self._went_elsewhere():
                continue
            if data == b"":
                if not self._left():
                    return
                data = self._more()  # written between our last look and its being left
                if data == b"":
                    data = None
                elif data is None:
                    continue
            if data:
                yield self._hand_over(data)
                continue
            if self._rest:
                yield self._hand_over(self._rest)
            self.close()

    def beginning(self, size: int) -> bytes:
        """Return the first bytes of the file that is being read."""
        return self._file.read(0, size) if self._file is not None else b""

    @property
    def position(self) -> Position | None:
        """Where the tail stands; None before it has looked for the log."""
        return self._here() if self._file is not None and self._offset else self._position

    def close(self) -> None:
        """Let go of the file; `lines` would find it again."""
        if self._file is not None:
            if self._offset:
                self._position = self._here()
            self._file.close()
            self._file = None

    def _here(self) -> Position:
        """Return the position behind what was handed over of the open file."""
        assert self._file is not None
        status = self._file.now()
        size = min(self._offset, PRINT_BYTES)
        return Position(
            offset=self._offset,
            line=self._line,
            device=status.st_dev,
            inode=status.st_ino,
            modified_ns=self._seen[1],
            head=fingerprint(self._head[:size]),
            tail=fingerprint(self._before[len(self._before) - size :]),
        )

    def _hand_over(self, data: bytes) -> Lines:
        assert self._file is not None
        offset, line = self._offset, self._line
        self._offset += len(data)
        self._line += data.count(b"\n")
        self._rest = self._rest[len(data) :]
        self._before = (self._before + data[-PRINT_BYTES:])[-PRINT_BYTES:]
        return Lines(data, self._file.path, offset, line, self._here())

    # Finding the file

    def _begin(self) -> bool:
        """Open the file that is to be read next; return whether there is one."""
        among = generations(self.path)
        if self._position is None:
            older = [one.status.st_mtime_ns for one in among if one.path != self.path]
            self._position = Position(modified_ns=max(older, default=-1))
        position = self._position
        found = locate(position, among) if position.offset else None
        after = _next(position, found, among, self.path)
        if found and found[1] and not (after and _drained(among[found[0]], position.offset)):
            return self._open(among[found[0]], position)
        if position.offset and not found and after:
            self._tell_loss(after.is_at(position))
        return after is not None and self._open(after, None)

    def _tell_loss(self, truncated: bool) -> None:
        if truncated:
            self.account.note(f"{self.path} was truncated; lines written right before that may be lost")
        else:
            self.account.note(f"{self.path}: the file that was being read is gone; lines at its end may be lost")
            self.account.cut_short(str(self.path))

    def _open(self, generation: Generation, position: Position | None) -> bool:
        file = opened(generation)
        if file is None:
            return False
        self._offset, self._line = (position.offset, position.line) if position else (0, 0)
        size = min(self._offset, PRINT_BYTES)
        self._head = file.read(0, size) if size else b""
        self._before = file.read(self._offset - size, size) if size else b""
        self._rest = b""
        if position and (fingerprint(self._head), fingerprint(self._before)) != (position.head, position.tail):
            file.close()
            return False
        self._file, self._seen = file, (-1, file.status.st_mtime_ns)
        self._first = self._newer = position is None
        return True

    # Reading it

    def _more(self) -> bytes | None:
        """Return whole lines, nothing if there are none; None if the file is not what it was."""
        assert self._file is not None
        if not self._offset:
            # The beginning of a first line is too little to tell a file from the one that comes after it.
            self._head = self._rest = b""
            self._first = self._newer
        while True:
            read_to = self._offset + len(self._rest)
            raw = self._file.read(read_to, _CHUNK)
            if not self._holds(read_to) or (raw and self._first and not self._still_next()):
                return None
            if not raw:
                return b""
            self._first = False
            self._head = (self._head + raw)[:PRINT_BYTES] if len(self._head) < PRINT_BYTES else self._head
            cut = raw.rfind(b"\n") + 1
            cut += len(self._rest) if cut else 0
            self._rest += raw
            if cut or len(self._rest) > _LINE_LIMIT:
                return self._rest[: cut or len(self._rest)]

    def _holds(self, read_to: int) -> bool:
        """Return whether the file still holds what was read of it."""
        assert self._file is not None
        if self._file.packed:
            return True
        status = self._file.now()
        if status.st_size < read_to:
            return False
        if self._seen != (status.st_size, status.st_mtime_ns):
            last = (self._before + self._rest)[-PRINT_BYTES:]
            head = self._head[:read_to]
            if self._file.read(0, len(head)) != head or self._file.read(read_to - len(last), len(last)) != last:
                return False
            self._seen = (status.st_size, status.st_mtime_ns)
        return True

    def _still_next(self) -> bool:
        """Return whether no other file has come between the last one and this one, just begun.

        It may have been copied and truncated before its first bytes were read.
        """
        assert self._file is not None and self._position is not None
        among = generations(self.path)
        found = locate(self._position, among) if self._position.offset else None
        after = _next(self._position, found, among, self.path)
        return after is None or os.path.samestat(after.status, self._file.status)

    def _left(self) -> bool:
        """Return whether the log goes on in another file."""
        assert self._file is not None and self._position is not None
        if self._offset:
            with suppress(OSError):
                if os.path.samestat(self.path.stat(), self._file.now()):
                    return False
        here = self._here() if self._offset else self._position
        among = generations(self.path)
        found = locate(here, among) if here.offset else None
        after = _next(here, found, among, self.path)
        return after is not None and not os.path.samestat(after.status, self._file.status)

    def _went_elsewhere(self) -> bool:
        """Go on in the copy of a file that was truncated, if there is one that holds all that was read."""
        assert self._file is not None
        read_to = self._offset + len(self._rest)
        if not read_to:
            return False
        size = min(read_to, PRINT_BYTES)
        last = (self._before + self._rest)[-size:]
        probe = replace(self._here(), offset=read_to, head=fingerprint(self._head[:size]), tail=fingerprint(last))
        among = generations(self.path)
        found = locate(probe, among)
        copy = opened(among[found[0]]) if found and found[1] else None
        if copy is None:
            return False
        self._file.close()
        self._file, self._seen = copy, (-1, copy.status.st_mtime_ns)
        return True


def _next(position: Position, found: tuple[int, bool] | None, among: list[Generation], log: Path) -> Generation | None:
    """Return what was written to after the file of a position, wherever that was found; files without content aside."""
    if found:
        rest = among[found[0] + 1 :]
    else:
        rest = [one for one in among if one.path == log or one.status.st_mtime_ns > position.modified_ns]
    return next((one for one in rest if one.status.st_size and not _drained(one, 0)), None)


def _drained(generation: Generation, offset: int) -> bool:
    """Return whether nothing follows a place in a file."""
    file = opened(generation)
    if file is None:
        return False
    try:
        return not file.read(offset, 1)
    finally:
        file.close()
