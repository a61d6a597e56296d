"""Ids of events whose lines were decoded apart from the file they stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from ..formats.places import made_id, origin_of

__all__ = ["keyed", "placed"]

_MARK = b"\xef\xbb\xbf"


def placed(ids: pa.ChunkedArray, data: bytes, origin: str, offset: int) -> tuple[pa.ChunkedArray, str]:
    r"""Return the ids that the events would have, had their file been read as a whole.

    Ids are made of the first line of the file that holds an event, and of
    where the line of the event stands; here of the lines at hand alone. Those
    a product gave are left as they are.

    Parameters
    ----------
    ids : pyarrow.ChunkedArray of string
        Of the events that were decoded from `data`.
    data : bytes
        Whole lines.
    origin : str
        Hash of the first line of the file that held an event, in hexadecimal;
        empty if none did yet.
    offset : int
        Where the lines begin in the file.

    Returns
    -------
    ids : pyarrow.ChunkedArray of string
    origin : str

    Examples
    --------
    >>> at_once = made_id(origin_of(b"a"), 2, 0, b"b")
    >>> apart = pa.chunked_array([[made_id(origin_of(b"b"), 0, 0, b"b")]])
    >>> placed(apart, b"b\n", origin_of(b"a").hex(), 2)[0].to_pylist() == [at_once]
    True
    """
    made = set(ids.to_pylist())
    here: bytes | None = None
    true: dict[str, str] = {}
    for at, line in _lines(data):
        if here is None:
            own = origin_of(line)
            if made_id(own, at, 0, line) not in made:
                continue
            here, origin = own, origin or own.hex()
        index = 0
        while (found := made_id(here, at, index, line)) in made:
            true[found] = made_id(bytes.fromhex(origin), offset + at, index, line)
            index += 1
    return pa.chunked_array([[true.get(each, each) for each in ids.to_pylist()]], pa.string()), origin


def keyed(ids: pa.ChunkedArray, pieces: Sequence[tuple[str, bytes]]) -> pa.ChunkedArray:
    r"""Return the ids that the events of pieces have however the pieces were put together.

    Parameters
    ----------
    ids : pyarrow.ChunkedArray of string
        Of the events that were decoded from the pieces, joined by newlines.
    pieces : sequence of (str, bytes)
        For each its key, which takes the place of the first line of a file,
        and its lines.

    Examples
    --------
    >>> together = pa.chunked_array([[made_id(origin_of(b"a"), 0, 0, b"a"), made_id(origin_of(b"a"), 2, 0, b"a")]])
    >>> apart = pa.chunked_array([[made_id(origin_of(b"a"), 0, 0, b"a")]])
    >>> keyed(together, [("1", b"a"), ("2", b"a")])[1] == keyed(apart, [("2", b"a")])[0]
    True
    """
    made = set(ids.to_pylist())
    here: bytes | None = None
    true: dict[str, str] = {}
    before = 0
    for key, piece in pieces:
        origin = origin_of(key.encode())
        for at, line in _lines(piece):
            if here is None:
                own = origin_of(line)
                if made_id(own, before + at, 0, line) not in made:
                    continue
                here = own
            index = 0
            while (found := made_id(here, before + at, index, line)) in made:
                true[found] = made_id(origin, at, index, line)
                index += 1
        before += len(piece) + 1
    return pa.chunked_array([[true.get(each, each) for each in ids.to_pylist()]], pa.string())


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = len(_MARK) if data.startswith(_MARK) else 0
    for line in data[at:].split(b"\n"):
        yield at, line
        at += len(line) + 1
