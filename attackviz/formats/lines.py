"""Cut a stream of bytes into blocks of whole lines, with bounded memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from ..account import SAMPLE_BYTES, Account, BadPiece

__all__ = ["LINE_LIMIT", "REPLACED", "Block", "blocks", "is_utf8", "line_text", "sample"]

BLOCK_BYTES = 1 << 20
LINE_LIMIT = 8 << 20
REPLACED = "bytes that are not UTF-8, replaced"
"""Flag of lines of text that are no text throughout."""

_BEHIND = b"\n" * 128
_ROOM = 3 * BLOCK_BYTES // 2
_MARK = b"\xef\xbb\xbf"
_OPENING = re.compile(r'\s*(?:\[|\{\s*"[^"\\]*"\s*:\s*\[)')
_BETWEEN = re.compile(r"[\s,]*")
_decoder = json.JSONDecoder()


@dataclass(slots=True)
class Block:
    """Hold whole lines.

    Attributes
    ----------
    buffer : bytes or bytearray
        Holds the lines until the next block is asked for; at least 128 bytes of
        other things follow them, so that they can be looked at in large steps.
    begin, end : int
        Where the lines stand in it; only the last line of a file may lack its newline.
    offset : int
        Where they begin in the decompressed stream.
    line : int
        Number of the first, from 1.
    lines : int or None
        How many newlines they hold; whoever has counted them may say so.
    """

    buffer: bytes | bytearray
    begin: int
    end: int
    offset: int
    line: int
    lines: int | None = None

    @classmethod
    def of(cls, data: bytes, offset: int, line: int) -> Block:
        """Return a block of these lines."""
        return cls(data + _BEHIND, 0, len(data), offset, line)

    @property
    def data(self) -> bytes:
        """The lines."""
        return bytes(memoryview(self.buffer)[self.begin : self.end])

    def numbered(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield each line without its newline, behind its number and where it begins in the stream."""
        data, offset = self.data, self.offset
        lines = data.split(b"\n")
        if data.endswith(b"\n"):
            lines.pop()
        for number, line in enumerate(lines, self.line):
            yield number, offset, line
            offset += len(line) + 1


def sample(file: str, line: int, data: bytes) -> BadPiece:
    """Return a bad piece for the account, with its beginning as a sample."""
    return BadPiece(file, line, data[:SAMPLE_BYTES].decode("utf-8", "backslashreplace"), data)


def is_utf8(data: bytes) -> bool:
    """Return whether bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def line_text(line: bytes, account: Account) -> str:
    """Return a line as text; where bytes of it are not UTF-8 they are replaced, and the line is counted."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        account.flags[REPLACED] += 1
        return line.decode("utf-8", "replace")


def blocks(chunks: Iterable[bytes], account: Account, file: str, limit: int = LINE_LIMIT) -> Iterator[Block]:
    r"""Cut a stream at newlines into blocks of about 1 MB.

    A line longer than `limit` bytes is cut after a whole JSON object, if it
    holds any; else it is counted as bad and dropped, so that no line can take
    all memory. A byte-order mark at the start is no data.

    Parameters
    ----------
    chunks : iterable of bytes
        The decompressed stream.
    account : Account
        Told of the lines that are too long.
    file : str
        Name for samples.
    limit : int
        Longest line in bytes, but for what one chunk adds.

    Yields
    ------
    Block

    Examples
    --------
    >>> [b.data for b in blocks([b"a\nb", b"c\n"], Account(), "x")]
    [b'a\nbc\n']
    """
    buffer = bytearray(_ROOM)
    size = offset = 0
    line = 1
    skipping = whole = False
    for chunk in chain(chunks, [b""]):
        if skipping:
            end = chunk.find(b"\n")
            account.spoil_more(chunk if end < 0 else chunk[:end])  # of the line that is too long
            if end < 0:
                offset += len(chunk)
                continue
            skipping = False
            offset += end + 1
            line += 1
            chunk = chunk[end + 1 :]
        if size + len(chunk) + len(_BEHIND) > len(buffer):
            buffer = buffer[:size] + bytes(size + len(chunk) + _ROOM)
        buffer[size : size + len(chunk)] = chunk
        size += len(chunk)
        whole = whole or b"\n" in chunk
        if chunk and size <= limit and (size < BLOCK_BYTES or not whole):
            continue
        buffer[size : size + len(_BEHIND)] = _BEHIND
        cut = buffer.rfind(b"\n", 0, size) + 1
        if cut:
            block = _block(buffer, cut, offset, line)
            yield block
            line += buffer.count(b"\n", 0, cut) if block.lines is None else block.lines
            offset += cut
        rest = bytes(memoryview(buffer)[cut:size])
        while len(rest) > limit and not skipping:
            cut = _whole_objects(rest[:limit])
            if cut:
                yield _block(rest[:cut] + _BEHIND, cut, offset, line)
            else:
                account.pieces += 1
                account.spoil("line too long", sample(file, line, rest))
                skipping, cut = True, len(rest)
            offset += cut
            rest = rest[cut:]
        size, whole = len(rest), False
        buffer[:size] = rest
    if size and buffer[:size] != _MARK:
        buffer[size : size + len(_BEHIND)] = _BEHIND
        yield _block(buffer, size, offset, line)


def _block(buffer: bytes | bytearray, end: int, offset: int, line: int) -> Block:
    begin = len(_MARK) if offset == 0 and buffer.startswith(_MARK) else 0
    return Block(buffer, begin, end, offset + begin, line)


def _whole_objects(data: bytes) -> int:
    """Return where the last whole object of a very long line ends; 0 if none does.

    Arrays are written on one line, too, and objects glued into one: such a
    line can be read in parts.
    """
    text = data.decode("latin-1")  # a character a byte; what strings hold does not matter here
    opening = _OPENING.match(text)
    at = opening.end() if opening else 0
    cut = 0
    while True:
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        try:
            value, at = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return cut
        if not isinstance(value, dict):
            return cut
        cut = at
