"""The machine operations of the scanner in plain Python: slow, but without a compiler.

With them the scanner's own source runs as it stands, also with a mistake in it.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable

PAD = 128
_STOPS = re.compile(rb'["\\\x00-\x1f]')
_OTHER = re.compile(rb"[^0-9]")
_HIGH = re.compile(rb"[\x80-\xff]")


def helper(function):
    return function


entry = helper


def byte(at: int) -> int:
    return ctypes.string_at(int(at), 1)[0]


def _word(size: int) -> Callable[[int], int]:
    return lambda at: int.from_bytes(ctypes.string_at(int(at), size), "little", signed=size == 8)


word32, word64 = _word(4), _word(8)


def _mask(pattern: re.Pattern[bytes]) -> Callable[[int], int]:
    return lambda at: sum(1 << found.start() for found in pattern.finditer(ctypes.string_at(int(at), 64)))


controls, highs, newlines, nondigits = map(_mask, (_STOPS, _HIGH, re.compile(rb"\n"), _OTHER))


def differing(one: int, other: int) -> int:
    pairs = zip(ctypes.string_at(int(one), 64), ctypes.string_at(int(other), 64), strict=True)
    return sum(1 << n for n, (a, b) in enumerate(pairs) if a != b)


def first(mask: int) -> int:
    return (int(mask) & -int(mask)).bit_length() - 1


def _store(size: int) -> Callable[[int, int], None]:
    top = (1 << (8 * size)) - 1
    return lambda at, value: ctypes.memmove(int(at), (int(value) & top).to_bytes(size, "little"), size)


put, put32, _put64 = _store(1), _store(4), _store(8)


def copy64(to: int, source: int) -> None:
    ctypes.memmove(int(to), ctypes.string_at(int(source), 64), 64)


def get(table: int, number: int) -> int:
    return word64(table + 8 * number)


def change(table: int, number: int, value: int) -> None:
    _put64(table + 8 * number, value)
