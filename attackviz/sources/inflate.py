"""Decompress gzip, bzip2, xz and zstd as streams; keep what comes before any damage."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from isal import igzip_lib

from ..account import Account

__all__ = ["CHUNK", "Pipe", "deflated", "inflated", "peek", "squeezed"]

CHUNK = 1 << 18
# What is left of a piece is copied at the end of each member, and members may be small.
_PIECE = 64 << 10
_ISAL: Any = igzip_lib.IsalError
_CORRUPT = (_ISAL, zlib.error, lzma.LZMAError, OSError, EOFError)
# What one call may give: a few bytes can hold a hundred million.
_STEP = 1 << 18
_ZSTD_STEP = 4 << 10
_ZSTD_LAST_STEP = 64


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one compression is known and undone.

    Attributes
    ----------
    name : str
        What notes call it.
    magic : bytes
        What its streams begin with.
    make : callable
        Makes a decompressor that is fed.
    careful : callable or None
        Makes one that gives all it can of every single byte, where `make`'s
        keeps back what it has until more comes.
    """

    name: str
    magic: bytes
    make: Callable[[], Any]
    careful: Callable[[], Any] | None = None


class _Zlib:
    """The standard gzip inflater, asked as the others are."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inflater.unconsumed_tail

    def decompress(self, data: bytes, most: int) -> bytes:
        return self._inflater.decompress(self._inflater.unconsumed_tail + data, most)


_KINDS = (
    _Kind("gzip", b"\x1f\x8b", partial(igzip_lib.IgzipDecompressor, igzip_lib.DECOMP_GZIP), _Zlib),
    _Kind("bzip2", b"BZh", bz2.BZ2Decompressor),
    _Kind("xz", b"\xfd7zXZ\x00", lzma.LZMADecompressor),
)
_ZSTD = b"\x28\xb5\x2f\xfd"
# RFC 8878, 3.1.2: frames to be skipped begin with 0x184D2A50 to 0x184D2A5F.
_ZSTD_SKIPPED = b"\x2a\x4d\x18"


class _DamagedError(Exception):
    """The data end, or go wrong, here; all before has been given but for `lost`.

    Parameters
    ----------
    note : str
        What to say of it, if it is worth a sentence.
    fed : int or None
        Bytes that went in without damage, where the output of some bytes
        after them was lost.
    """

    def __init__(self, note: str = "", fed: int | None = None) -> None:
        self.note, self.fed = note, fed


class Pipe:
    """Give a stream of chunks the one method that readers ask of a file.

    Examples
    --------
    >>> pipe = Pipe(iter([b"ab", b"cd"]))
    >>> pipe.read(3), pipe.read(3), pipe.read(3)
    (b'abc', b'd', b'')
    """

    closed = False

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""
        self.ended = False

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer only at the end."""
        parts, length = [self._rest], len(self._rest)
        while length < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.ended = True
                break
            parts.append(chunk)
            length += len(chunk)
        data = b"".join(parts)
        self._rest = data[size:]
        return data[:size]

    def some(self) -> bytes:
        """Return the bytes at hand; none only at the end."""
        data, self._rest = self._rest, b""
        while not data and not self.ended:
            chunk = next(self._chunks, None)
            self.ended = chunk is None
            data = chunk or b""
        return data

    def close(self) -> None:
        """Do nothing: whoever made the chunks ends them."""

    def back(self, data: bytes) -> None:
        """Take back bytes that were read but not used."""
        self._rest = data + self._rest


def peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, and the stream as if they had not been taken.

    Examples
    --------
    >>> head, chunks = peek(iter([b"one", b"two", b"three"]), 4)
    >>> head, list(chunks)
    (b'onet', [b'one', b'two', b'three'])
    """
    taken: list[bytes] = []
    length = 0
    for chunk in chunks:
        taken.append(chunk)
        length += len(chunk)
        if length >= size:
            break
    return b"".join(taken)[:size], chain(taken, chunks)


def squeezed(head: bytes) -> bool:
    """Return whether a stream is compressed, by its first bytes.

    Examples
    --------
    >>> import gzip
    >>> squeezed(gzip.compress(b"x")), squeezed(b"x")
    (True, False)
    """
    return _is_zstd(head) or _kind(head) is not None


def inflated(
    chunks: Iterator[bytes], name: str, account: Account, again: Callable[[], Iterator[bytes]] | None = None
) -> Iterator[bytes]:
    r"""Decompress a stream of any number of members; give anything else as it is.

    Parameters
    ----------
    chunks : iterator of bytes
        The stored bytes.
    name : str
        What they are called in the account.
    account : Account
        Told if they are cut short or damaged.
    again : callable, optional
        Gives the stored bytes once more, so that the last bytes before some
        damage are found, too.

    Yields
    ------
    bytes

    Examples
    --------
    >>> b"".join(inflated(iter([bz2.compress(b"one\n"), bz2.compress(b"two\n")]), "x", Account()))
    b'one\ntwo\n'
    """
    head, chunks = peek(chunks, 6)
    kind = _kind(head)
    if kind is None and not _is_zstd(head):
        yield from chunks
        return
    given = 0
    try:
        for chunk in _joined(_zstd(chunks) if kind is None else _fed(kind, kind.make, _recut(chunks))):
            given += len(chunk)
            yield chunk
    except _DamagedError as damage:
        account.cut_short(name)
        if damage.note:
            account.note(f"{name}: {damage.note}")
        if again is not None and damage.fed is not None:
            once_more = _exact_zstd(again(), given) if kind is None else _careful(kind, again(), damage.fed)
            yield from _after(once_more, given)


def deflated(pipe: Pipe, name: str, account: Account) -> Iterator[bytes]:
    """Inflate raw deflate up to its end, and leave what follows in the pipe.

    Parameters
    ----------
    pipe : Pipe
        Where it stands, as in a zip archive.
    name : str
        What it is called in the account.
    account : Account
        Told if it is cut short or damaged.

    Yields
    ------
    bytes
    """
    decoder: Any = igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_DEFLATE)
    while data := pipe.some():
        try:
            yield from _steps(decoder, data)
        except _CORRUPT:
            account.cut_short(name)
            return
        if decoder.eof:
            pipe.back(decoder.unused_data)
            return
    account.cut_short(name)


def _steps(decoder: Any, data: bytes) -> Iterator[bytes]:
    """Decompress some bytes, a bounded step at a time."""
    yield decoder.decompress(data, _STEP)
    while not (decoder.eof or decoder.needs_input):
        yield decoder.decompress(b"", _STEP)


def _kind(head: bytes) -> _Kind | None:
    return next((kind for kind in _KINDS if head.startswith(kind.magic)), None)


def _is_zstd(head: bytes) -> bool:
    return head.startswith(_ZSTD) or (head[1:4] == _ZSTD_SKIPPED and head[0] & 0xF0 == 0x50)


def _joined(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Join small parts to chunks, large ones need no copy; give what waits before any error."""
    waiting: list[bytes] = []
    length = 0
    try:
        for part in parts:
            if not length and len(part) >= CHUNK // 4:
                yield part
                continue
            waiting.append(part)
            length += len(part)
            if length >= CHUNK:
                yield b"".join(waiting)
                waiting, length = [], 0
    except _DamagedError:
        if length:
            yield b"".join(waiting)
        raise
    if length:
        yield b"".join(waiting)


def _recut(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for at in range(0, len(chunk), _PIECE):
            yield chunk[at : at + _PIECE]


def _fed(kind: _Kind, make: Callable[[], Any], pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Feed a decompressor, member after member."""
    decoder: Any = None
    members = fed = 0
    for piece in pieces:
        data = piece
        while data:
            if decoder is None:
                data = data.lstrip(b"\0")  # padding, as tapes and xz have it
                if not data:
                    break
                if members and data[: len(kind.magic)] != kind.magic[: len(data)]:
                    raise _DamagedError(f"bytes after the end of the {kind.name} data were left out")
                decoder = make()
                members += 1
            try:
                yield from _steps(decoder, data)
            except _CORRUPT:
                raise _DamagedError(fed=fed) from None
            data, decoder = (decoder.unused_data, None) if decoder.eof else (b"", decoder)
        fed += len(piece)
    if decoder is not None:
        raise _DamagedError(fed=fed if kind.careful else None)


def _careful(kind: _Kind, chunks: Iterator[bytes], fed: int) -> Iterator[bytes]:
    """Decompress again; byte by byte from where it went wrong."""

    def pieces() -> Iterator[bytes]:
        at = 0
        for piece in _recut(chunks):
            cut = min(max(fed - at, 0), len(piece))
            if cut:
                yield piece[:cut]
            for n in range(cut, len(piece)):
                yield piece[n : n + 1]
            at += len(piece)

    return _fed(kind, kind.careful or kind.make, pieces())


def _after(chunks: Iterator[bytes], given: int) -> Iterator[bytes]:
    """Give what comes after the first bytes, up to any damage."""
    at = 0
    try:
        for chunk in chunks:
            if at + len(chunk) > given:
                yield chunk[max(given - at, 0) :]
            at += len(chunk)
    except _DamagedError:
        return


def _zstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress zstd by Arrow's streams.

    They drop what a call had before it fails, as it does at a cut: so the
    calls are small, smaller still when the input has been taken whole.
    """
    pipe, stream = _arrow_zstd(chunks)
    while True:
        try:
            data = stream.read(_ZSTD_LAST_STEP if pipe.ended else _ZSTD_STEP)
        except _CORRUPT:
            raise _DamagedError(fed=0) from None
        if not data:
            return
        yield data


def _exact_zstd(chunks: Iterator[bytes], given: int) -> Iterator[bytes]:
    """Decompress again; byte by byte after the first bytes."""
    _, stream = _arrow_zstd(chunks)
    at = 0
    while True:
        try:
            data = stream.read(min(given - at, _STEP) if at < given else 1)
        except _CORRUPT:
            raise _DamagedError from None
        if not data:
            return
        at += len(data)
        yield data


def _arrow_zstd(chunks: Iterator[bytes]) -> tuple[Pipe, Any]:
    import pyarrow as pa

    pipe = Pipe(chunks)
    return pipe, pa.CompressedInputStream(pa.PythonFile(pipe, mode="r"), "zstd")
