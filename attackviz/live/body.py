"""Bodies of requests, unpacked within limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..account import Account
from ..errors import AttackvizError
from ..sources.inflate import inflated, squeezed

__all__ = ["ENCODINGS", "BodyError", "unpacked"]

ENCODINGS = ("", "identity", "gzip", "x-gzip", "zstd")
"""What ``Content-Encoding`` may say."""


class BodyError(AttackvizError):
    """A body cannot be taken; `status` is the one of the answer."""

    def __init__(self, status: int, what: str, hint: str = "") -> None:
        super().__init__(what, hint=hint or None)
        self.status = status


def unpacked(chunks: Sequence[bytes], encoding: str, limit: int) -> Iterator[bytes]:
    r"""Return a body unpacked, piece by piece, once all of it is known to be sound and small enough.

    It is unpacked twice: to hold it would cost as much memory as somebody cares to ask for.

    Parameters
    ----------
    chunks : sequence of bytes
        As they came.
    encoding : str
        What ``Content-Encoding`` says; bytes that are packed are unpacked all the same.
    limit : int
        Bytes, unpacked.

    Raises
    ------
    BodyError
        If it is larger, damaged, or packed in a way that is not known.

    Examples
    --------
    >>> import gzip
    >>> b"".join(unpacked([gzip.compress(b"one\n")], "gzip", 100))
    b'one\n'
    """
    if encoding.lower() not in ENCODINGS:
        raise BodyError(415, "this content encoding is not known", "send gzip, zstd or plain bytes")
    head = b"".join(chunks[:4])[:8] if len(chunks) < 4 or len(chunks[0]) < 8 else chunks[0][:8]
    if not squeezed(head):
        if encoding.lower() not in ("", "identity") and head:
            raise BodyError(400, f"the body is not {encoding.lower()}", "send what Content-Encoding says")
        _bounded(sum(map(len, chunks)), limit)
        return iter(chunks)
    account, size = Account(), 0
    for piece in inflated(iter(chunks), "body", account):
        size += len(piece)
        _bounded(size, limit)
    if account.truncated:
        raise BodyError(400, "the body is damaged, or ends before it should", "send it again")
    return inflated(iter(chunks), "body", Account())


def _bounded(size: int, limit: int) -> None:
    if size > limit:
        raise BodyError(413, f"the body is larger than {limit:,} bytes when unpacked", "send it in parts")
