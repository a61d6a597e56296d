"""Turn UTF-16 and UTF-32, as Windows writes logs, into UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from ..account import Account
from .inflate import peek

__all__ = ["as_utf8"]

# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What is appended to a file by `>>` in PowerShell, or cut from one, has no mark.
_LITTLE = re.compile(rb"(?:[\t\r\n -~]\x00){8}")
_BIG = re.compile(rb"(?:\x00[\t\r\n -~]){8}")


def as_utf8(chunks: Iterator[bytes], name: str, account: Account) -> Iterator[bytes]:
    r"""Give a stream in UTF-8, whichever Unicode encoding it is in.

    It is told by the byte-order mark, or by the zeros between plain letters.
    Halves of surrogate pairs stay what they are, so that the reader finds and
    counts them; anything that is no text is given as it is.

    Parameters
    ----------
    chunks : iterator of bytes
        The decompressed stream.
    name : str
        What it is called in the account.
    account : Account
        Told if the stream ends within a character.

    Yields
    ------
    bytes

    Examples
    --------
    >>> b"".join(as_utf8(iter(["\ufeffé\n".encode("utf-16-le")]), "x", Account()))
    b'\xc3\xa9\n'
    """
    head, chunks = peek(chunks, 16)
    mark, encoding = next((pair for pair in _MARKS if head.startswith(pair[0])), (b"", ""))
    if not mark:
        encoding = "utf-16-le" if _LITTLE.match(head) else "utf-16-be" if _BIG.match(head) else ""
    if not encoding:
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    skip = len(mark)
    try:
        for chunk in chunks:
            yield decoder.decode(chunk[skip:]).encode("utf-8", "surrogatepass")
            skip = max(skip - len(chunk), 0)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        account.cut_short(name)
