"""The keys of a log: which are wanted, and which follows which.

Keys are kept as the bytes ``"key":`` with the object they stand in. Those of
wanted fields are there from the start, others are learned, so that on a regular
line each key is told from the one before by a single compare.
"""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .memory import PAD, byte, change, differing, entry, get, helper, put, word64

__all__ = ["LONGEST", "Keys", "Tables", "find_key", "takes"]

LONGEST = 62
"""Longest key in bytes, quotes included; longer ones cannot be wanted, and are not learned."""

_ROOM = 4096
_SLOTS = 4 * _ROOM


class Keys(NamedTuple):
    """Hold what is known of keys, as addresses of tables; a key is known by its number.

    Attributes
    ----------
    text : int
        ``"key":``, 64 bytes each.
    length : int
        Of the text of each key.
    parent, child : int
        The object it stands in (0 is the line's), and the one that it opens, -1 if that is of no interest.
    column : int
        The wanted field it is, or -1.
    follower : int
        The key that came after it last time, or -1.
    opener : int
        The key that began each object last time, or -1.
    slot : int
        Hash table of keys.
    seen : int
        The line in which each object was met last.
    count : int
        How many keys there are, and how many lines were scanned with them.
    """

    text: int
    length: int
    parent: int
    child: int
    column: int
    follower: int
    opener: int
    slot: int
    seen: int
    count: int  # type: ignore[assignment]


@helper
def _hashed(at, size, parent):
    """Hash the key of `size` bytes, quotes included, that stands at an address."""
    head, tail = word64(at + 1), word64(at + size - 8)
    if size < 9:  # bytes beyond it are not its own
        head &= (1 << (8 * (size - 1))) - 1
        tail = 0
    mixed = (parent * 0x1E3779B97F4A7C15 + size + head) * 0x2545F4914F6CDD1D
    mixed = (mixed ^ tail ^ (mixed >> 32)) * 0x2545F4914F6CDD1D
    return mixed ^ (mixed >> 29)


@helper
def find_key(at, size, parent, keys):
    """Return the number of a key, which is learned if it is new; -1 if there is no room.

    Parameters
    ----------
    at : int
        Address of its opening quote.
    size : int
        In bytes, with both quotes; at most `LONGEST`.
    parent : int
        The object it stands in.
    keys : Keys
    """
    slot = _hashed(at, size, parent) & (_SLOTS - 1)
    key = get(keys.slot, slot)
    while key >= 0:
        alike = get(keys.parent, key) == parent and get(keys.length, key) == size + 1
        # The colon need not follow at once in the text: it is not compared.
        if alike and differing(at, keys.text + key * 64) & ((1 << size) - 1) == 0:
            return key
        slot = (slot + 1) & (_SLOTS - 1)
        key = get(keys.slot, slot)
    key = get(keys.count, 0)
    if key == _ROOM:
        return -1
    to = keys.text + key * 64
    for n in range(size):
        put(to + n, byte(at + n))
    put(to + size, 58)
    change(keys.length, key, size + 1)
    change(keys.parent, key, parent)
    change(keys.slot, slot, key)
    change(keys.count, 0, key + 1)
    return key


@entry
def _learn(at, size, parent, keys):
    return find_key(at, size, parent, keys)


def takes(path: Sequence[str]) -> bool:
    """Return whether the scanner can look for a field.

    Examples
    --------
    >>> takes(["http", "url"]), takes(["k" * 70])
    (True, False)
    """
    return all(len(_quoted(key)) <= LONGEST for key in path)


def _quoted(key: str) -> bytes:
    return f'"{key}"'.encode("utf-8", "surrogatepass")


class Tables:
    """Hold the tables that `Keys` points into.

    Parameters
    ----------
    paths : sequence of sequence of str
        The keys that lead to each wanted field; all such that `takes` says so.
        The column of a field is its place among them.

    Attributes
    ----------
    keys : Keys
        Good as long as this lives.
    """

    def __init__(self, paths: Sequence[Sequence[str]]) -> None:
        objects: dict[tuple[str, ...], int] = {(): 0}
        for path in paths:
            for deep in range(1, len(path)):
                objects.setdefault(tuple(path[:deep]), len(objects))
        none = np.full(_ROOM, -1, np.int64)
        self._arrays: dict[str, NDArray[Any]] = {
            "text": np.zeros(_ROOM * 64 + PAD, np.uint8),
            "length": np.zeros(_ROOM, np.int64),
            "parent": none,
            "child": none.copy(),
            "column": none.copy(),
            "follower": none.copy(),
            "opener": np.full(len(objects), -1, np.int64),
            "slot": np.full(_SLOTS, -1, np.int64),
            "seen": np.zeros(len(objects), np.int64),
            "count": np.zeros(2, np.int64),
        }
        self.keys = Keys(**{name: array.ctypes.data for name, array in self._arrays.items()})
        columns = {tuple(path): column for column, path in enumerate(paths)}
        for steps in dict.fromkeys(tuple(path[:deep]) for path in paths for deep in range(1, len(path) + 1)):
            quoted = _quoted(steps[-1])
            padded = np.frombuffer(quoted + bytes(PAD), np.uint8)
            key = _learn(padded.ctypes.data, len(quoted), objects[steps[:-1]], self.keys)
            self._arrays["child"][key] = objects.get(steps, -1)
            self._arrays["column"][key] = columns.get(steps, -1)
