"""JSON spread over lines, put back to one object a line while it streams.

Objects are told by how they are indented, not by counting braces: a line that
holds nothing but a brace begins or ends one. So an object that is cut spoils
none but itself. Newlines become blanks, so every byte keeps its offset.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

__all__ = ["indentation", "one_a_line", "unfolded"]

_HEAD = 1 << 12
_MARK = b"\xef\xbb\xbf"
_KEY = re.compile(rb'\s*"([^"\\]*)"\s*:\s*\[\s*')
_ONLY_STRUCTURE = re.compile(rb"\s*[\[\]{},][\[\]{},\s]*")
_CLOSING = re.compile(rb"\}[\]},\s]*")


def indentation(head: bytes, keys: Collection[str] = ()) -> bytes | None:
    r"""Return what stands before the braces of objects that are spread over lines.

    Parameters
    ----------
    head : bytes
        The first bytes of a log.
    keys : collection of str
        Outermost fields of the events: an object whose first is none of these,
        and holds objects in an array, is a wrapper.

    Returns
    -------
    bytes or None
        None if objects are not spread over lines, each brace on its own.

    Examples
    --------
    >>> indentation(b'[\n  {\n    "a": 1\n  }\n]\n'), indentation(b'{"a": 1}\n{"a": 2}\n')
    (b'  ', None)
    """
    lines = [line for line in head.removeprefix(_MARK).split(b"\n") if line.strip()]
    at = 0
    while at < len(lines) and lines[at].strip() == b"[":
        at += 1
    if at + 1 >= len(lines) or lines[at].strip() != b"{":
        return None
    key = _KEY.fullmatch(lines[at + 1])
    inner = indentation(b"\n".join(lines[at + 2 :]), keys) if key else None
    if key and inner is not None and key[1].decode("utf-8", "replace") not in keys:
        return inner
    return lines[at].rstrip()[:-1]


def unfolded(chunks: Iterable[bytes], indent: bytes, limit: int) -> Iterator[bytes]:
    r"""Put the objects of a stream on one line each.

    Parameters
    ----------
    chunks : iterable of bytes
        The decompressed stream.
    indent : bytes
        As `indentation` gives it.
    limit : int
        Longest object in bytes; what is longer is given as it is.

    Yields
    ------
    bytes
        As many as were taken.

    Examples
    --------
    >>> text = b'[\n  {\n    "a": 1\n  },\n  {\n    "a": 2\n  }\n]\n'
    >>> b"".join(unfolded([text], b"  ", 100)).split(b"\n")
    [b'[', b'  {     "a": 1   },', b'  {     "a": 2   }', b']', b'']
    """
    opening, closing = indent + b"{", indent + b"}"
    held: list[bytes] = []
    size = 0
    inside = False
    for line in _lines(chunks):
        bare = line.rstrip().removeprefix(_MARK)
        if bare == opening:
            if held:
                yield _joined(held)
            held, size, inside = [line], len(line), True
        elif inside:
            held.append(line)
            size += len(line)
            ends = bare.startswith(closing) and _CLOSING.fullmatch(bare, len(indent))
            if ends or size > limit:
                yield _joined(held) if ends else b"".join(held)
                held, size, inside = [], 0, False
        elif _ONLY_STRUCTURE.fullmatch(bare) or _KEY.fullmatch(bare):
            held.append(line)  # a wrapper's opening or end may be spread over lines, too
            size += len(line)
            if size > limit:
                yield _joined(held)
                held, size = [], 0
        else:
            yield _joined(held) + line
            held, size = [], 0
    if held:
        yield _joined(held)


def one_a_line(chunks: Iterable[bytes], keys: Collection[str], limit: int) -> tuple[Iterator[bytes], bool]:
    r"""Return a stream with one object a line, and whether it had to be made so.

    Parameters
    ----------
    chunks : iterable of bytes
        The decompressed stream.
    keys : collection of str
        As for `indentation`.
    limit : int
        As for `unfolded`.

    Examples
    --------
    >>> stream, made = one_a_line([b'{\n"a": 1\n}\n'], ["a"], 100)
    >>> b"".join(stream), made
    (b'{ "a": 1 }\n', True)
    """
    stream = iter(chunks)
    head: list[bytes] = []
    for chunk in stream:
        head.append(chunk)
        if sum(map(len, head)) >= _HEAD:
            break
    indent = indentation(b"".join(head)[:_HEAD], keys)
    stream = chain(head, stream)
    return (stream, False) if indent is None else (unfolded(stream, indent, limit), True)


def _joined(lines: list[bytes]) -> bytes:
    whole = b"".join(lines)
    return whole[:-1].replace(b"\n", b" ") + whole[-1:]


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest: list[bytes] = []
    for chunk in chunks:
        *lines, last = chunk.split(b"\n")
        for line in lines:
            yield b"".join((*rest, line, b"\n"))
            rest = []
        rest.append(last)
    if last := b"".join(rest):
        yield last
