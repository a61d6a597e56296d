"""Decode the data section of an MMDB file without trusting a byte of it.

Work is bounded: by nesting, and by as many values as the section has bytes,
so cyclic, overlapping or self-multiplying records end in an error.
"""

from __future__ import annotations

import struct
from typing import Any

from ..errors import GeoDatabaseError

__all__ = ["Decoder"]

_MAX_DEPTH = 64
_DOUBLE = struct.Struct(">d")
_FLOAT = struct.Struct(">f")
_POINTER_BASE = (0, 2048, 526336, 0)
_UNSIGNED = {5: 2, 6: 4, 9: 8, 10: 16}


class Decoder:
    """Decode values of one data section.

    Parameters
    ----------
    buffer : bytes
        The file.
    start, end : int
        Bounds of the section in bytes; pointers count from `start`.
    where : str
        The file's name, for messages.

    Examples
    --------
    >>> Decoder(bytes([0xE1, 0x41, 0x61, 0xC1, 0x07]), 0, 5, "x").value(0)
    {'a': 7}
    """

    def __init__(self, buffer: bytes, start: int, end: int, where: str) -> None:
        self._buffer, self._start, self._end, self._where = buffer, start, end, where
        self._seen: dict[int, Any] = {}
        # Honest files hold every value once, so this is never reached by them.
        self._left = 4 * (end - start) + 1000

    def value(self, offset: int) -> Any:
        """Return the value at an offset of the section.

        Parameters
        ----------
        offset : int
            Bytes from the start of the section.

        Raises
        ------
        GeoDatabaseError
            If the bytes there are no value.
        """
        return self._value(self._start + offset, 0)[0]

    def _corrupt(self, what: str) -> GeoDatabaseError:
        return GeoDatabaseError(
            f"the database is corrupt: {what}",
            where=self._where,
            hint="download it again, or give another with --geoip",
        )

    def _value(self, at: int, depth: int) -> tuple[Any, int]:
        buffer, end = self._buffer, self._end
        self._left -= 1
        if self._left < 0:
            raise self._corrupt("its records overlap")
        if depth > _MAX_DEPTH:
            raise self._corrupt(f"its records nest deeper than {_MAX_DEPTH} levels")
        if not self._start <= at < end:
            raise self._corrupt("a record lies outside the file")
        control = buffer[at]
        at += 1
        kind = control >> 5
        if kind == 1:
            return self._pointer(control, at, depth)
        if kind == 0:
            if at >= end:
                raise self._corrupt("a record is cut off")
            kind = buffer[at] + 7
            at += 1
        size = control & 31
        if size > 28:
            n = size - 28
            if at + n > end:
                raise self._corrupt("a record is cut off")
            size = (0, 29, 285, 65821)[n] + int.from_bytes(buffer[at : at + n], "big")
            at += n
        if kind == 7:
            return self._map(size, at, depth)
        if kind == 11:
            items = []
            for _ in range(size):
                item, at = self._value(at, depth + 1)
                items.append(item)
            return items, at
        if kind == 14:
            if size > 1:
                raise self._corrupt("a boolean has a size")
            return bool(size), at
        if at + size > end:
            raise self._corrupt("a value is longer than the file")
        return self._scalar(kind, buffer[at : at + size]), at + size

    def _pointer(self, control: int, at: int, depth: int) -> tuple[Any, int]:
        form = (control >> 3) & 3
        if at + form + 1 > self._end:
            raise self._corrupt("a pointer is cut off")
        offset = int.from_bytes(self._buffer[at : at + form + 1], "big")
        if form < 3:
            offset |= (control & 7) << (8 * (form + 1))
        offset += _POINTER_BASE[form]
        if offset not in self._seen:
            self._seen[offset] = self._value(self._start + offset, depth + 1)[0]
        return self._seen[offset], at + form + 1

    def _map(self, size: int, at: int, depth: int) -> tuple[dict[str, Any], int]:
        result: dict[str, Any] = {}
        for _ in range(size):
            key, at = self._value(at, depth + 1)
            if not isinstance(key, str):
                raise self._corrupt("a key is not text")
            result[key], at = self._value(at, depth + 1)
        return result, at

    def _scalar(self, kind: int, raw: bytes) -> Any:
        size = len(raw)
        if kind == 2:
            try:
                return raw.decode("utf-8")
            except UnicodeDecodeError:
                raise self._corrupt("a text is not UTF-8") from None
        if kind == 4:
            return raw
        if kind in _UNSIGNED and size <= _UNSIGNED[kind]:
            return int.from_bytes(raw, "big")
        if kind == 8 and size <= 4:
            number = int.from_bytes(raw, "big")
            return number - (1 << 32) if number >= 1 << 31 else number
        if kind == 3 and size == 8:
            return _DOUBLE.unpack(raw)[0]
        if kind == 15 and size == 4:
            return _FLOAT.unpack(raw)[0]
        raise self._corrupt(f"a value of type {kind} has {size} bytes")
