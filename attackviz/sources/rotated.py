"""Find a log and what it was rotated into, oldest first."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..account import Account
from ..errors import ReadError
from .files import InputFile
from .position import Position, fingerprint
from .streams import streams

__all__ = ["Generation", "generations", "locate", "opened"]

_PACKED = (".gz", ".bz2", ".xz", ".zst")
_COUNTED = r"\.\d{1,5}|[._-]old"
_DATED = r"[._-]\d{4}[-_.]?\d\d(?:[-_.]?\d\d)?(?:[T_:.-]?\d[\dTZ_:.-]*)?|[._-]\d{9,}(?:\.\d+)?"
_PACKING = "(?:" + "|".join(map(re.escape, _PACKED)) + ")?"


class Opened:
    """Read a generation of a log at any place; plain files at once, packed ones from the front.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    status : os.stat_result
        Of the file when it was opened.
    packed : bool
        Whether it is compressed; then places are those of what it holds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb", buffering=0)
        self.status = os.fstat(self._file.fileno())
        self.packed = path.suffix in _PACKED
        self._chunks: Iterator[bytes] = iter(())
        self._rest = b""
        self._at = -1

    def read(self, at: int, size: int) -> bytes:
        """Return at most `size` bytes from a place on; none at the end."""
        return self._inflated(at, size) if self.packed else os.pread(self._file.fileno(), size, at)

    def now(self) -> os.stat_result:
        """Return the status of the file as it is now, whatever it is called."""
        return os.fstat(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _inflated(self, at: int, size: int) -> bytes:
        if self._at < 0 or at < self._at:
            stored = InputFile(self.path, self.path.name, self.status.st_size, True)
            self._chunks = (chunk for stream in streams(stored, Account(), _ignore) for chunk in stream.chunks)
            self._at, self._rest = 0, b""
        while self._at < at or not self._rest:
            drop = min(at - self._at, len(self._rest))
            self._at, self._rest = self._at + drop, self._rest[drop:]
            if not self._rest:
                self._rest = next(self._chunks, b"")
                if not self._rest:
                    return b""
        return self._rest[:size]


def _ignore(size: int) -> None:
    """Nobody waits for these bytes."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Hold one file a log was written to.

    Attributes
    ----------
    path : Path
    status : os.stat_result
    """

    path: Path
    status: os.stat_result

    def is_at(self, position: Position) -> bool:
        """Return whether this is the very file on disk of a position."""
        return (self.status.st_dev, self.status.st_ino) == (position.device, position.inode)


def generations(path: Path) -> list[Generation]:
    """Return what a log was rotated into, and the log itself as the last.

    Known are ``log.1``, ``log.old``, ``log-20250211``, ``log.2025-02-11``,
    ``log.1739232000``, the same before the last suffix (``eve-20250211.json``),
    and all of these compressed. They stand by when they were last written to:
    to rename or to compress a file does not change that.

    Parameters
    ----------
    path : Path
        The log that grows; it need not be there.

    Returns
    -------
    list of Generation

    Raises
    ------
    ReadError
        If its directory cannot be listed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     for name in ("a.log.2.gz", "a.log.1", "a.log", "a.log.bak"):
    ...         _ = Path(directory, name).write_bytes(b"")
    ...         os.utime(Path(directory, name), (0, 0))
    ...     [g.path.name for g in generations(Path(directory, "a.log"))]
    ['a.log.2.gz', 'a.log.1', 'a.log']
    """
    whole, stem, end = map(re.escape, (path.name, path.stem, path.suffix))
    inner = f"|{stem}(?:{_COUNTED}|{_DATED}){end}" if path.suffix else ""
    known = re.compile(f"(?:{whole}(?:{_COUNTED}|{_DATED}){inner}){_PACKING}")
    seen: set[str] | None = None
    while True:
        try:
            names = {name for name in os.listdir(path.parent) if known.fullmatch(name)}  # noqa: PTH208 - names only
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ReadError(f"its directory cannot be listed: {error.strerror}", where=str(path)) from None
        # While a file is being compressed, both are there: the plain one is whole.
        plain = {name for name in names if not name.endswith(_PACKED)}
        wanted = [name for name in names if name in plain or Path(name).stem not in plain]
        found = [one for name in wanted if (one := _generation(path.with_name(name)))]
        if len(found) == len(wanted) or names == seen:
            break
        seen = names  # something was renamed while we looked, and may have been missed: look again
    found.sort(key=lambda one: (one.status.st_mtime_ns, -_count(one.path.name)))
    last = _generation(path)
    return [*found, last] if last else found


def _generation(path: Path) -> Generation | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None  # it was renamed since it was listed
    except OSError as error:
        raise ReadError(f"it cannot be read: {error.strerror}", where=str(path), hint="check permissions") from None
    return Generation(path, status) if stat.S_ISREG(status.st_mode) else None


def _count(name: str) -> int:
    """Return how often a file was rotated, by its name; dates do not count."""
    match = re.search(r"\.(\d{1,5})(?=\.|$)", name)
    return int(match[1]) if match else 0


def opened(generation: Generation) -> Opened | None:
    """Open a generation; None if it is no longer what was listed.

    Raises
    ------
    ReadError
        If it may not be read.
    """
    try:
        file = Opened(generation.path)
    except FileNotFoundError:
        return None
    except OSError as error:
        where = str(generation.path)
        raise ReadError(f"it cannot be read: {error.strerror}", where=where, hint="check permissions") from None
    if not os.path.samestat(file.status, generation.status):
        file.close()
        return None
    return file


def locate(position: Position, among: list[Generation]) -> tuple[int, bool] | None:
    """Find the file of a position by what it holds.

    Parameters
    ----------
    position : Position
    among : list of Generation

    Returns
    -------
    (int, bool) or None
        Its index, and whether the file reaches to the position: a copy may
        have been made before the last lines that were read of it. None if the
        file is nowhere.
    """
    order = sorted(range(len(among)), key=lambda n: (not among[n].is_at(position), among[n].path.suffix in _PACKED, -n))
    shorter = None
    for index in order:
        file = opened(among[index])
        if file is None:
            continue
        try:
            size = position.print_size
            if fingerprint(_exactly(file, 0, size)) != position.head:
                continue
            before = _exactly(file, position.offset - size, size)
            if fingerprint(before) == position.tail:
                return index, True
            if len(before) < size and shorter is None and not among[index].is_at(position):
                shorter = index
        finally:
            file.close()
    return None if shorter is None else (shorter, False)


def _exactly(file: Opened, at: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (data := file.read(at, size)):
        parts.append(data)
        at, size = at + len(data), size - len(data)
    return b"".join(parts)
