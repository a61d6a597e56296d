"""Open files as streams of decompressed bytes: plain, gzip, tar, and tar in gzip."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any

from isal import isal_zlib

from ..account import Account
from .files import Stored

__all__ = ["Stream", "streams"]

# Larger pieces cost the inflater twice the time (it copies what is left over).
_PIECE = 16 << 10
_CHUNK = 1 << 18
_GZIP = b"\x1f\x8b"
_TAR_MAGIC_AT = 257
_CORRUPT: Any = isal_zlib.IsalError


@dataclass(frozen=True, slots=True)
class Stream:
    """Hold one log: a file, or a member of an archive.

    Attributes
    ----------
    name : str
        The file's name, with ``/member`` for a member of an archive.
    chunks : iterator of bytes
        Its decompressed bytes; to be read before the next stream.
    """

    name: str
    chunks: Iterator[bytes]


def streams(file: Stored, account: Account, advance: Callable[[int], None]) -> Iterator[Stream]:
    r"""Open a file; compression and archives are told by content.

    A stream that is cut short, or corrupt from some byte on, ends there: what
    came before is given, and the account says so.

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
    chunks = _inflated(_counted(file.pieces(account, _CHUNK), advance), file.name, account, file)
    head, chunks = _peek(chunks, 512)
    if head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        yield from _members(chunks, file.name, account)
    else:
        yield Stream(file.name, chunks)


def _counted(pieces: Iterator[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
    for piece in pieces:
        advance(len(piece))
        yield piece


def _peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, and the stream as if they had not been taken."""
    taken: list[bytes] = []
    length = 0
    for chunk in chunks:
        taken.append(chunk)
        length += len(chunk)
        if length >= size:
            break
    return b"".join(taken)[:size], chain(taken, chunks)


def _inflated(pieces: Iterable[bytes], name: str, account: Account, file: Stored | None = None) -> Iterator[bytes]:
    """Inflate gzip of any number of members; give anything else as it is."""
    source = iter(pieces)
    first, source = _peek(source, 2)
    if first != _GZIP:
        yield from source
        return
    inflater = None
    members = 0
    waiting: list[bytes] = []
    length = given = 0
    for piece in source:
        at = 0
        while at < len(piece):
            data = piece[at : at + _PIECE]
            at += len(data)
            while data:
                if inflater is None:
                    data = data.lstrip(b"\0")
                    if not data:
                        break
                    if members and data[:1] != _GZIP[:1]:
                        account.note(f"{name}: bytes after the end of the gzip data were left out")
                        account.cut_short(name)
                        yield from waiting
                        return
                    inflater = isal_zlib.decompressobj(wbits=31)
                    members += 1
                try:
                    out = inflater.decompress(data)
                except _CORRUPT:
                    account.cut_short(name)
                    yield from waiting
                    if file is not None:
                        yield from _rescued(file, given + length)
                    return
                if out:
                    waiting.append(out)
                    length += len(out)
                if length >= _CHUNK:
                    yield b"".join(waiting)
                    given += length
                    waiting, length = [], 0
                data, inflater = (inflater.unused_data, None) if inflater.eof else (b"", inflater)
    if inflater is not None:
        account.cut_short(name)
    yield from waiting


def _rescued(file: Stored, given: int) -> Iterator[bytes]:
    """Give what is left before a corrupt byte, after the first `given` bytes.

    The fast inflater drops the output of the piece that fails. The standard
    one can be copied, so that the failing piece is repeated byte by byte.
    """
    inflater = zlib.decompressobj(wbits=31)
    at = 0
    for data in file.pieces(Account(), _PIECE):
        before = inflater.copy()
        try:
            out = _whole_members(inflater, data)
            failed = False
        except zlib.error:
            out, failed = _bytewise(before, data), True
        inflater, text = out
        if at + len(text) > given:
            yield text[max(given - at, 0) :]
        at += len(text)
        if failed:
            return


def _whole_members(inflater: Any, data: bytes) -> tuple[Any, bytes]:
    parts = []
    while data:
        parts.append(inflater.decompress(data))
        data = inflater.unused_data.lstrip(b"\0") if inflater.eof else b""
        if inflater.eof:
            inflater = zlib.decompressobj(wbits=31)
    return inflater, b"".join(parts)


def _bytewise(inflater: Any, data: bytes) -> tuple[Any, bytes]:
    parts = []
    for number in range(len(data)):
        try:
            inflater, part = _whole_members(inflater, data[number : number + 1])
        except zlib.error:
            break
        parts.append(part)
    return inflater, b"".join(parts)


class _Pipe:
    """Give a stream of chunks the one method that tarfile asks of a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int) -> bytes:
        parts, length = [self._rest], len(self._rest)
        while length < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            length += len(chunk)
        data = b"".join(parts)
        self._rest = data[size:]
        return data[:size]


def _members(chunks: Iterator[bytes], name: str, account: Account) -> Iterator[Stream]:
    try:
        with tarfile.open(fileobj=_Pipe(chunks), mode="r|", bufsize=_CHUNK) as archive:  # type: ignore[call-overload]
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None and not member.name.rpartition("/")[2].startswith("."):
                    inner = f"{name}/{member.name}"
                    yield Stream(inner, _inflated(_content(content, inner, account), inner, account))
    except (tarfile.TarError, EOFError):
        account.cut_short(name)


def _content(content: IO[bytes], name: str, account: Account) -> Iterator[bytes]:
    while True:
        try:
            chunk = content.read(_CHUNK)
        except (tarfile.TarError, EOFError):
            account.cut_short(name)
            return
        if not chunk:
            return
        yield chunk
