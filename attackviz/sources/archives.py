"""Read the members of tar and zip archives as they stream by.

Neither needs to be seekable or whole: members before a cut are read, and so is
the beginning of the one that is cut.
"""

from __future__ import annotations

import struct
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from ..account import Account
from .inflate import CHUNK, Pipe, deflated

__all__ = ["Member", "is_tar", "is_zip", "tar_members", "zip_members"]

_TAR_MAGIC_AT = 257
# APPNOTE.TXT of PKWARE, 4.3: signatures of the records of a zip archive.
_LOCAL = b"PK\x03\x04"
_DESCRIPTOR = b"PK\x07\x08"
_ENDS = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08")
_HEADER = struct.Struct("<5H3I2H")
_ENCRYPTED, _LENGTH_LATER, _UTF8 = 1, 8, 0x800
_STORED, _DEFLATE = 0, 8
# Methods whose data are a stream that tells what it is: bzip2, zstd, xz.
_BY_CONTENT = (12, 93, 95)
_ZIP64 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """Hold one file of an archive.

    Attributes
    ----------
    name : str
        The archive's name, ``/``, and its own.
    chunks : iterator of bytes
        Its bytes, to be read before the next member.
    modified : datetime or None
        When it was last written, as the archive says.
    """

    name: str
    chunks: Iterator[bytes]
    modified: datetime | None


def is_tar(head: bytes) -> bool:
    """Return whether a stream is a tar archive, by its first 512 bytes."""
    return head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar"


def is_zip(head: bytes) -> bool:
    """Return whether a stream is a zip archive, by its first bytes."""
    return head.startswith((_LOCAL, b"PK\x05\x06"))


def tar_members(chunks: Iterator[bytes], name: str, account: Account) -> Iterator[Member]:
    """Give the files of a tar archive, without hidden ones.

    Parameters
    ----------
    chunks : iterator of bytes
        The archive.
    name : str
        What it is called.
    account : Account
        Told if it is cut short.

    Yields
    ------
    Member
    """
    try:
        with tarfile.open(fileobj=Pipe(chunks), mode="r|", bufsize=CHUNK) as archive:  # type: ignore[call-overload]
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None and not _hidden(member.name):
                    inner = f"{name}/{member.name}"
                    yield Member(inner, _content(content, inner, account), _moment(member.mtime))
    except (tarfile.TarError, EOFError):
        account.cut_short(name)


def zip_members(chunks: Iterator[bytes], name: str, account: Account) -> Iterator[Member]:
    """Give the files of a zip archive in the order they stand in it, without hidden ones.

    Parameters
    ----------
    chunks : iterator of bytes
        The archive.
    name : str
        What it is called.
    account : Account
        Told if it is cut short, and of members that cannot be unpacked.

    Yields
    ------
    Member
    """
    pipe = Pipe(chunks)
    inner = ""
    while True:
        signature = pipe.read(4)
        if signature in _ENDS or (not signature and inner in account.truncated):
            return
        header = pipe.read(_HEADER.size)
        if signature != _LOCAL or len(header) < _HEADER.size:
            account.cut_short(name)
            return
        _, flags, method, clock, date, checksum, packed, _, name_size, extra_size = _HEADER.unpack(header)
        text, extra = pipe.read(name_size), pipe.read(extra_size)
        if len(text) + len(extra) < name_size + extra_size:
            account.cut_short(name)
            return
        own = text.decode("utf-8" if flags & _UTF8 else "cp437", "replace")
        packed = _length(packed, extra)
        inner = f"{name}/{own}"
        later = bool(flags & _LENGTH_LATER)
        reason = _reason(flags, method, later)
        if reason:
            account.skipped[inner] = reason
            if later:
                account.cut_short(name)
                return
            _drain(_slice(pipe, packed, inner, account))
            continue
        body = iter(()) if later else _slice(pipe, packed, inner, account)
        content = body if method != _DEFLATE else deflated(pipe if later else Pipe(body), inner, account)
        checked = _checked(content, inner, account, None if later or method in _BY_CONTENT else checksum)
        if not own.endswith("/") and not _hidden(own):
            yield Member(inner, checked, _dos_moment(date, clock))
        _drain(checked)
        _drain(body)  # what damage kept from being unpacked
        if later:
            _skip_descriptor(pipe)


def _hidden(name: str) -> bool:
    return name.rpartition("/")[2].startswith(".")


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _dos_moment(date: int, clock: int) -> datetime | None:
    """Return a time as MS-DOS kept it; its zone is nowhere said."""
    try:
        return datetime(
            1980 + (date >> 9), date >> 5 & 15, date & 31, clock >> 11, clock >> 5 & 63, (clock & 31) * 2, tzinfo=UTC
        )
    except ValueError:
        return None


def _content(content: IO[bytes], name: str, account: Account) -> Iterator[bytes]:
    while True:
        try:
            chunk = content.read(CHUNK)
        except (tarfile.TarError, EOFError):
            account.cut_short(name)
            return
        if not chunk:
            return
        yield chunk


def _reason(flags: int, method: int, later: bool) -> str:
    """Say why a member cannot be unpacked, if so."""
    if flags & _ENCRYPTED:
        return "it is encrypted"
    if method not in (_STORED, _DEFLATE, *_BY_CONTENT):
        return f"it is packed by method {method}, which is not understood"
    if later and method != _DEFLATE:
        return "the archive does not say where it ends"
    return ""


def _length(packed: int, extra: bytes) -> int:
    """Return the packed length, from the zip64 field where it is there."""
    if packed != _ZIP64:
        return packed
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == 1 and size >= 16:
            return int(struct.unpack_from("<Q", extra, at + 12)[0])
        at += 4 + size
    return packed


def _slice(pipe: Pipe, size: int, name: str, account: Account) -> Iterator[bytes]:
    while size:
        data = pipe.some()
        if not data:
            account.cut_short(name)
            return
        if len(data) > size:
            pipe.back(data[size:])
            data = data[:size]
        size -= len(data)
        yield data


def _checked(chunks: Iterator[bytes], name: str, account: Account, checksum: int | None) -> Iterator[bytes]:
    found = 0
    for chunk in chunks:
        if checksum is not None:
            found = zlib.crc32(chunk, found)
        yield chunk
    if checksum is not None and found != checksum and name not in account.truncated:
        account.note(f"{name}: its checksum is wrong; some of it may have changed on its way")


def _drain(chunks: Iterator[bytes]) -> None:
    for _ in chunks:
        pass


def _skip_descriptor(pipe: Pipe) -> None:
    """Skip checksum and lengths after a member; they may have a signature, and the lengths 8 bytes each."""
    data = pipe.read(26)
    lengths = (16, 24) if data.startswith(_DESCRIPTOR) else (12, 20)
    end = next((n for n in lengths if data[n : n + 2] == b"PK"), lengths[0])
    pipe.back(data[end:])
