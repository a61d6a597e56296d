"""Find the files behind paths, globs and directories."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from glob import glob, has_magic
from pathlib import Path
from typing import Protocol

from ..account import Account
from ..errors import AddressError, ReadError
from ..window import Window
from .standard import StandardInput, read_on

__all__ = ["STDIN", "InputFile", "Stored", "find", "no_log", "outside"]

STDIN = "-"

_TIMES = re.compile(r"(\d{8}T\d{6}Z)_(\d{8}T\d{6}Z)")
# A file is named after the times its requests ended at; they may have begun earlier.
_LONGEST_REQUEST = timedelta(hours=1)
_CHALLENGE = re.compile(r"ownership-challenge.*\.txt")


class Stored(Protocol):
    """Something that can be read as a log, wherever it lies."""

    @property
    def name(self) -> str:
        """What it is called in accounts."""

    @property
    def size(self) -> int:
        """Bytes as stored; 0 if nobody can tell."""

    @property
    def explicit(self) -> bool:
        """Whether the user named it; one found in a directory may be skipped."""

    @property
    def modified(self) -> datetime | None:
        """When it was last written (UTC), if known: it gives times without a year their year."""

    def pieces(self, account: Account, size: int) -> Iterator[bytes]:
        """Give the stored bytes in order, from the beginning, each time it is asked.

        Parameters
        ----------
        account : Account
            Told (`Account.cut_short`) if reading stops before the end.
        size : int
            Bytes of a piece; the last may be shorter.

        Yields
        ------
        bytes

        Raises
        ------
        ReadError
            If nothing of it can be read.
        """


@dataclass(frozen=True, slots=True)
class InputFile:
    """Hold a file of this machine to read; it is a `Stored`.

    Attributes
    ----------
    path : Path
        Where it is.
    name : str
        What it is called in accounts: relative to the directory asked for.
    size : int
        Bytes on disk.
    explicit : bool
        Whether the user named it; one found in a directory may be skipped.
    modified : datetime or None
        When it was last written (UTC).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = Path(directory, "a.log")
    ...     _ = path.write_bytes(b"one, two")
    ...     list(InputFile(path, "a.log", 8, True).pieces(Account(), 5))
    [b'one, ', b'two']
    """

    path: Path
    name: str
    size: int
    explicit: bool
    modified: datetime | None = None

    def pieces(self, account: Account, size: int) -> Iterator[bytes]:
        """Give the bytes on disk, as `Stored.pieces` says."""
        try:
            file = self.path.open("rb", buffering=0)
        except OSError as error:
            raise ReadError(
                f"it cannot be read: {error.strerror}", where=str(self.path), hint="check the path and permissions"
            ) from None
        with file:
            yield from read_on(file.read, size, self.name, account)


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Hold a directory that would not say what is in it; a `Stored` nothing can be read of, and so counted as such."""

    path: Path
    name: str
    why: str
    size: int = 0
    explicit: bool = False
    modified: datetime | None = None

    def pieces(self, account: Account, size: int) -> Iterator[bytes]:
        """Raise, as `Stored.pieces` may."""
        raise ReadError(f"it cannot be listed: {self.why}", where=str(self.path), hint="check permissions")


def find(addresses: Iterable[str | os.PathLike[str]]) -> tuple[list[Stored], dict[str, str]]:
    """Return the files behind paths, globs and directories, in order.

    Directories are walked whole; hidden files and ownership challenges are no
    logs. A file that is reached twice is given once. One inside that cannot be
    listed is given, too, and fails when it is read: that is then counted.

    Parameters
    ----------
    addresses : iterable of path
        A ``~`` at the beginning is the home directory; ``-`` is standard input.

    Returns
    -------
    files : list of Stored
    skipped : dict of str to str
        Files that cannot be logs, and why.

    Raises
    ------
    AddressError
        If nothing is found at an address.
    ReadError
        If an address is no regular file, or may not be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     Path(directory, "a.json").write_text("{}") and None
    ...     [f.name for f in find([directory])[0]]
    ['a.json']
    """
    files: dict[str, Stored] = {}
    skipped: dict[str, str] = {}
    paths: dict[str, Path] = {}
    for address in addresses:
        if address == STDIN:
            files[STDIN] = StandardInput()
            continue
        for path, root, explicit, unlisted in _expand(os.fspath(address)):
            if unlisted:
                files[str(path)] = Unlisted(path, f"{path.relative_to(root)}/", unlisted)
                continue
            reason = None if explicit else no_log(path.name)
            name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
            if paths.setdefault(name, path) != path:
                name = str(path)  # two directories hold a file of that name
            if reason is None:
                _add(files, skipped, path, name, explicit)
            else:
                skipped[name] = reason
    return list(files.values()), skipped


def outside(name: str, window: Window | None) -> bool:
    """Return whether a file's name says that it holds nothing of a window.

    Parameters
    ----------
    name : str
        Names such as ``20250211T000000Z_20250211T000500Z_1b2c3d4e.log.gz``
        carry times; others never tell.
    window : Window or None

    Examples
    --------
    >>> w = Window.parse("2025-02-12")
    >>> outside("20250211T000000Z_20250211T000500Z_1b2c3d4e.log.gz", w)
    True
    >>> outside("anything.json", w)
    False
    """
    match = _TIMES.search(Path(name).name)
    if not match or window is None:
        return False
    try:
        first, last = (datetime.strptime(t, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for t in match.groups())
    except ValueError:
        return False
    return last < window.start or first - _LONGEST_REQUEST >= window.end


def _expand(text: str) -> list[tuple[Path, Path, bool, str]]:
    """Return (path, root of names, explicit, why it cannot be listed) of all behind one address."""
    path = _home(Path(text))
    if path.is_dir():
        return [(inner, path, False, why) for inner, why in _walk(path)]
    if path.exists() or path.is_symlink():
        return [(path, path.parent, True, "")]
    if not has_magic(text):
        raise AddressError("there is no such file or directory", where=text, hint="check the path")
    root = _root(path)
    found: list[tuple[Path, Path, bool, str]] = []
    for match in sorted(glob(str(path), recursive=True)):  # noqa: PTH207 - absolute patterns are welcome
        if Path(match).is_dir():
            found += [(inner, root, False, why) for inner, why in _walk(Path(match))]
        else:
            found.append((Path(match), root, False, ""))
    if not found:
        raise AddressError("no file matches", where=text, hint="check the pattern, and quote it on a command line")
    return found


def _home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # no such user: then it is a name like any other
        return path


def _root(pattern: Path) -> Path:
    """Return the part of a glob before its first wildcard."""
    parts = pattern.parts
    return Path(*parts[: next(n for n, part in enumerate(parts) if has_magic(part))])


def _walk(directory: Path) -> list[tuple[Path, str]]:
    """Return the files in a directory, and the directories that cannot be listed with the reason."""
    found: list[tuple[Path, str]] = []

    def refuse(error: OSError) -> None:
        path, why = Path(error.filename), error.strerror or str(error)
        if path == directory:
            raise ReadError(f"it cannot be listed: {why}", where=str(path), hint="check permissions")
        found.append((path, why))

    for base, folders, names in os.walk(directory, onerror=refuse):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        found += [(Path(base, name), "") for name in sorted(names)]
    return found


def no_log(name: str) -> str | None:
    """Return why a file of this name cannot be a log, None if it may be one.

    Examples
    --------
    >>> no_log("ownership-challenge-1b2c.txt")
    'an ownership challenge'
    """
    if name.startswith("."):
        return "hidden"
    return "an ownership challenge" if _CHALLENGE.fullmatch(name) else None


def _add(files: dict[str, Stored], skipped: dict[str, str], path: Path, name: str, explicit: bool) -> None:
    try:
        status = path.stat()
        wrong = None if stat.S_ISREG(status.st_mode) else "it is no regular file"
    except OSError as error:
        wrong = f"it cannot be read: {error.strerror}"
    if wrong is None:
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        files.setdefault(os.path.realpath(path), InputFile(path, name, status.st_size, explicit, modified))
    elif explicit:
        raise ReadError(wrong, where=str(path), hint="check the path and permissions")
    else:
        skipped[name] = wrong
