"""Records that Amazon's producer library (KPL) put together into one.

Source: ``aggregation-format.md`` of amazon-kinesis-producer: four bytes, a
message of Protocol Buffers, and its MD5. The message is two tables of keys and
the records, each with its data and the numbers of its keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import md5

__all__ = ["MAGIC", "within"]

MAGIC = b"\xf3\x89\x9a\xc2"

_CHECK = 16  # bytes of the MD5
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # how a field is written
_KEYS, _HASH_KEYS, _RECORDS = 1, 2, 3  # fields of the whole
_KEY, _HASH_KEY, _DATA = 1, 2, 3  # and of a record


def within(packed: bytes, first: int, last: int) -> tuple[list[bytes], int]:
    """Return the records that were put together into one.

    Where one of them belongs to another shard, because shards were split or
    merged meanwhile, the producer sends all of them again: then there are none,
    as for Amazon's own reader.

    Parameters
    ----------
    packed : bytes
        Begins with `MAGIC`.
    first, last : int
        The hash keys of the shard it came from, both included.

    Returns
    -------
    records : list of bytes
    again : int
        How many are left out, for they are sent again.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    body, check = packed[len(MAGIC) : -_CHECK], packed[-_CHECK:]
    if len(packed) < len(MAGIC) + _CHECK or md5(body, usedforsecurity=False).digest() != check:
        raise ValueError("its check does not hold")
    tables: dict[int, list[bytes]] = {_KEYS: [], _HASH_KEYS: [], _RECORDS: []}
    for number, value in _fields(body):
        if number in tables and isinstance(value, bytes):
            tables[number].append(value)
    found, strays = [], 0
    for each in tables[_RECORDS]:
        record = dict(_fields(each))
        try:
            if _HASH_KEY in record:
                key = int(tables[_HASH_KEYS][int(record[_HASH_KEY])])
            else:
                named = tables[_KEYS][int(record[_KEY])]
                key = int.from_bytes(md5(named, usedforsecurity=False).digest())
            data = record[_DATA]
        except (KeyError, IndexError):
            raise ValueError("a record lacks its data or its key") from None
        if not isinstance(data, bytes):
            raise ValueError("a record's data is a number")
        found.append(data)
        strays += not first <= key <= last
    return ([], len(found)) if strays else (found, 0)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of the fields of a message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        size, at = _varint(data, at) if kind == _BYTES else ({_EIGHT: 8, _FOUR: 4}.get(kind, len(data)), at)
        if at + size > len(data):
            raise ValueError("a field reaches beyond its end")
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
    raise ValueError("a number has no end")
