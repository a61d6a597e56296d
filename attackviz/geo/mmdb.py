"""Read an MMDB file: metadata, and the search tree turned into sorted ranges once."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GeoDatabaseError
from .mmdb_data import Decoder
from .ranges import Ranges, Starts, merge
from .table import COMPATIBLE, MAPPED, SIX_TO_FOUR
from .walk import TOO_DEEP, TOO_MANY, walk

__all__ = ["Metadata", "Mmdb", "read_metadata", "read_mmdb"]

_MARKER = b"\xab\xcd\xefMaxMind.com"
_MARKER_SPAN = 128 * 1024
_GAP = 16
_HINT = "give an MMDB file (GeoLite2, GeoIP2, DB-IP or IPinfo), unpacked"


@dataclass(frozen=True, slots=True)
class Metadata:
    """Describe an MMDB file.

    Attributes
    ----------
    database_type : str
        As its maker calls it, such as ``GeoLite2-City``.
    built : datetime.datetime
        When, UTC.
    ip_version : int
        4 or 6.
    node_count, record_size : int
        Of the search tree; the size in bits.
    """

    database_type: str
    built: dt.datetime
    ip_version: int
    node_count: int
    record_size: int


@dataclass(frozen=True, slots=True)
class Mmdb:
    """Hold a whole MMDB file, decoded.

    Attributes
    ----------
    metadata : Metadata
    ranges : Ranges
        Identifiers are places in `records`.
    records : list
        What the file holds, each record once.
    """

    metadata: Metadata
    ranges: Ranges
    records: list[Any]


def read_metadata(path: str | os.PathLike[str]) -> Metadata:
    """Read what an MMDB file says about itself.

    Parameters
    ----------
    path : path

    Raises
    ------
    GeoDatabaseError
        If it cannot be read or is no MMDB file.
    """
    return _metadata(_bytes(path), str(path))[0]


def read_mmdb(path: str | os.PathLike[str]) -> Mmdb:
    """Read an MMDB file whole, checking all of it.

    Parameters
    ----------
    path : path

    Returns
    -------
    Mmdb

    Raises
    ------
    GeoDatabaseError
        If it cannot be read, is no MMDB file, or is corrupt in any part.
    """
    where = str(path)
    buffer = _bytes(path)
    metadata, data_end = _metadata(buffer, where)
    tree_size = metadata.node_count * metadata.record_size // 4
    data_start = tree_size + _GAP
    if data_start > data_end:
        raise _corrupt(where, "its search tree is longer than the file")
    nodes = _nodes(np.frombuffer(buffer, np.uint8, tree_size), metadata)
    count = metadata.node_count
    pointers = nodes[nodes > count]
    if pointers.size and (pointers.min() < count + _GAP or pointers.max() >= count + data_end - tree_size):
        raise _corrupt(where, "its search tree points outside its data")
    starts, aliases = _leaves(nodes, metadata, where)
    offsets, ids = np.unique(starts.ids, return_inverse=True)
    known = offsets != _NOTHING
    decoder = Decoder(buffer, data_start, data_end, where)
    records = [decoder.value(int(offset)) for offset in offsets[known]]
    rows = (ids - (0 if known.all() else 1)).astype(np.int32)
    return Mmdb(metadata, _families(Starts(starts.hi, starts.lo, rows), metadata, aliases), records)


def _corrupt(where: str, what: str) -> GeoDatabaseError:
    return GeoDatabaseError(f"the database is corrupt: {what}", where=where, hint=_HINT)


def _bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise GeoDatabaseError(
            f"the database cannot be read: {error.strerror or error}", where=str(path), hint="check --geoip"
        ) from None


def _metadata(buffer: bytes, where: str) -> tuple[Metadata, int]:
    marker = buffer.rfind(_MARKER, max(0, len(buffer) - _MARKER_SPAN))
    if marker < 0:
        raise GeoDatabaseError("this is no MMDB file", where=where, hint=_HINT)
    start = marker + len(_MARKER)
    raw = Decoder(buffer, start, len(buffer), where).value(0)
    if not isinstance(raw, dict):
        raise _corrupt(where, "its metadata is no map")

    def whole(name: str, low: int, high: int) -> int:
        value = raw.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _corrupt(where, f"its {name} is {value!r}")
        return value

    if whole("binary_format_major_version", 0, 1 << 16) != 2:
        raise GeoDatabaseError(f"MMDB version {raw['binary_format_major_version']} is not known", where=where)
    kind = raw.get("database_type")
    if not isinstance(kind, str):
        raise _corrupt(where, f"its database_type is {kind!r}")
    epoch = whole("build_epoch", 0, 1 << 64)
    try:
        built = dt.datetime.fromtimestamp(epoch, dt.UTC)
    except (OverflowError, ValueError, OSError):
        raise _corrupt(where, f"its build_epoch is {epoch}") from None
    size = whole("record_size", 0, 1 << 16)
    version = whole("ip_version", 0, 1 << 16)
    if size not in (24, 28, 32) or version not in (4, 6):
        raise _corrupt(where, f"its record_size is {size}, its ip_version {version}")
    return Metadata(kind, built, version, whole("node_count", 1, (1 << 32) - 1), size), marker


def _nodes(raw: npt.NDArray[np.uint8], metadata: Metadata) -> npt.NDArray[np.uint32]:
    """Return the children of every node, uint32 of shape (node_count, 2)."""
    if metadata.record_size == 32:
        return raw.view(">u4").reshape(-1, 2).astype(np.uint32)
    b = raw.reshape(metadata.node_count, -1).astype(np.uint32)
    if metadata.record_size == 24:
        left, right = b[:, 0:3], b[:, 3:6]
        tops = (np.zeros(len(b), np.uint32), np.zeros(len(b), np.uint32))
    else:
        left, right = b[:, 0:3], b[:, 4:7]
        tops = (b[:, 3] >> np.uint32(4), b[:, 3] & np.uint32(15))
    return np.stack(
        [
            (top << np.uint32(24)) | (c[:, 0] << np.uint32(16)) | (c[:, 1] << np.uint32(8)) | c[:, 2]
            for c, top in zip((left, right), tops, strict=True)
        ],
        axis=1,
    )


_NOTHING = -1


@dataclass(frozen=True, slots=True)
class _Leaves:
    hi: npt.NDArray[np.uint64]
    lo: npt.NDArray[np.uint64]
    ids: npt.NDArray[np.int64]


def _leaves(nodes: npt.NDArray[np.uint32], metadata: Metadata, where: str) -> tuple[_Leaves, int]:
    bits = 32 if metadata.ip_version == 4 else 128
    # A tree has one leaf more than nodes. Subtrees used twice are legal, so allow some, but no explosion.
    limit = 4 * len(nodes) + 1024
    hi, lo, offsets, n, aliases = walk(nodes, bits, limit)
    if n == TOO_DEEP:
        raise _corrupt(where, f"its search tree is deeper than {bits} bits")
    if n == TOO_MANY:
        raise _corrupt(where, "its search tree repeats itself")
    return _Leaves(hi[:n], lo[:n], offsets[:n]), aliases


def _families(starts: Starts, metadata: Metadata, aliases: int) -> Ranges:
    none = np.empty(0, np.uint64)
    inside = (starts.hi == 0) & (starts.lo < np.uint64(1 << 32))
    v4 = merge(Starts(starts.lo[inside], none, starts.ids[inside]))
    if metadata.ip_version == 4:
        v6 = Starts(np.zeros(1, np.uint64), none, np.full(1, -1, np.int32))
        return Ranges(v4, v6, MAPPED | SIX_TO_FOUR)
    # The last IPv4 range may reach beyond ::/96, where the tree is cut off above it.
    first = int(inside.sum()) - 1
    lo = starts.lo[first:].copy()
    lo[0] = 0
    v6 = merge(Starts(starts.hi[first:], lo, starts.ids[first:]))
    flags = COMPATIBLE | aliases
    if not _known(v6, 0, 0xFFFF << 32, 0, (0x10000 << 32) - 1):
        flags |= MAPPED
    if not _known(v6, 0x2002 << 48, 0, (0x2003 << 48) - 1, (1 << 64) - 1):
        flags |= SIX_TO_FOUR
    return Ranges(v4, v6, flags)


def _known(starts: Starts, hi: int, lo: int, last_hi: int, last_lo: int) -> bool:
    """Say whether anything is known between two addresses, both included."""
    words = starts.lo if len(starts.lo) else np.zeros(len(starts.hi), np.uint64)
    after = (starts.hi > np.uint64(hi)) | ((starts.hi == np.uint64(hi)) & (words > np.uint64(lo)))
    until = (starts.hi < np.uint64(last_hi)) | ((starts.hi == np.uint64(last_hi)) & (words <= np.uint64(last_lo)))
    within = after & until
    within[max(0, int(np.flatnonzero(~after)[-1]))] = True
    return bool((starts.ids[within] >= 0).any())
