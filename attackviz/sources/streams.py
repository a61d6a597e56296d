"""Open a stored log as streams of text: unpacked, taken out of archives, in UTF-8."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ..account import Account
from .archives import is_tar, is_zip, tar_members, zip_members
from .encodings import as_utf8
from .files import Stored
from .inflate import CHUNK, inflated, peek, squeezed

__all__ = ["Stream", "streams"]

# An archive in an archive is common, more are not; a file can even hold itself.
_DEEP = 8


@dataclass(frozen=True, slots=True)
class Stream:
    """Hold one log: a file, or a member of an archive.

    Attributes
    ----------
    name : str
        The file's name, with ``/member`` for a member of an archive.
    chunks : iterator of bytes
        Its bytes, unpacked and in UTF-8; to be read before the next stream.
    modified : datetime or None
        When it was last written, as the archive or the file system says.
    """

    name: str
    chunks: Iterator[bytes]
    modified: datetime | None = None


def streams(file: Stored, account: Account, advance: Callable[[int], None]) -> Iterator[Stream]:
    r"""Open a file; compression, archives and encoding are told by content.

    Gzip, bzip2, xz and zstd of any number of members, tar and zip archives and
    these in one another are unpacked as they are read; UTF-16 and UTF-32 become
    UTF-8. A stream that is cut short, or corrupt from some byte on, ends there:
    what came before is given, and the account says so.

    Parameters
    ----------
    file : Stored
        A local file, or anything else that gives its bytes.
    account : Account
        Told of what is truncated.
    advance : callable
        Called with the number of stored bytes read, piece by piece.

    Yields
    ------
    Stream

    Raises
    ------
    ReadError
        If the file cannot be opened.

    Examples
    --------
    >>> import gzip, tempfile
    >>> from pathlib import Path
    >>> from attackviz.sources import find
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     _ = Path(directory, "a.gz").write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    ...     (file,), _ = find([directory])
    ...     [b"".join(s.chunks) for s in streams(file, Account(), lambda n: None)]
    [b'one\ntwo\n']
    """

    def again() -> Iterator[bytes]:
        return file.pieces(Account(), CHUNK)

    chunks = _counted(file.pieces(account, CHUNK), advance)
    yield from _opened(chunks, file.name, account, file.modified, again, 0)


def _counted(pieces: Iterator[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
    for piece in pieces:
        advance(len(piece))
        yield piece


def _opened(
    chunks: Iterator[bytes],
    name: str,
    account: Account,
    modified: datetime | None,
    again: Callable[[], Iterator[bytes]] | None,
    deep: int,
) -> Iterator[Stream]:
    head, chunks = peek(chunks, 512)
    while squeezed(head) and deep < _DEEP:
        head, chunks = peek(inflated(chunks, name, account, again), 512)
        again, deep = None, deep + 1
    if deep < _DEEP and (is_tar(head) or is_zip(head)):
        members = (tar_members if is_tar(head) else zip_members)(chunks, name, account)
        for member in members:
            yield from _opened(member.chunks, member.name, account, member.modified or modified, None, deep + 1)
    else:
        yield Stream(name, as_utf8(chunks, name, account), modified)
