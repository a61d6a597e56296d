"""Bring the published location databases to sorted ranges and records."""

from __future__ import annotations

import csv
import re
import subprocess
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from attackviz.geo.mmdb import read_mmdb
from attackviz.geo.places import ABSENT, Places, merge_places, read_records
from attackviz.geo.ranges import Ranges, Starts, merge, overlay

__all__ = ["Layer", "Networks", "fetch", "group_cities", "networks", "only_routed", "places"]

_NONE = np.empty(0, np.uint64)

# Space that never carries the sender's own place: transition, documentation, benchmarking and overlay addresses.
_SPECIAL_V6 = (
    *("2001::/32", "2001:2::/48", "2001:10::/28", "2001:20::/28"),
    *("2001:db8::/32", "2002::/16", "3fff::/20"),
)
_GLOBAL_V6 = ip_network("2000::/3")


@dataclass(frozen=True, slots=True)
class Layer:
    """Hold ranges and the records their identifiers stand for."""

    ranges: Ranges
    places: Places


@dataclass(frozen=True, slots=True)
class Networks:
    """Hold ranges of autonomous systems: identifiers are places in `numbers` and `names`."""

    ranges: Ranges
    numbers: npt.NDArray[np.uint32]
    names: list[str]


def fetch(package: str, version: str, into: Path) -> Path:
    """Download and unpack a package from npm; what is there already is used.

    Parameters
    ----------
    package, version : str
    into : Path
        Directory to keep it in.

    Returns
    -------
    Path
        The unpacked directory.
    """
    target = into / f"{package.lstrip('@').replace('/', '-')}-{version}"
    if not target.is_dir():
        into.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", f"{package}@{version}", "--silent", "--pack-destination", str(into)]
        name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
        with tarfile.open(into / name) as archive:
            archive.extractall(target, filter="data")
    return target / "package"


def places(paths: Sequence[Path]) -> Layer:
    """Read city databases; where several know an address, the first is believed.

    Parameters
    ----------
    paths : sequence of Path
        MMDB files of any schema attackviz reads.
    """
    layer: Layer | None = None
    for path in paths:
        mmdb = read_mmdb(path)
        records = read_records(mmdb.records)
        if records is None:
            raise SystemExit(f"{path}: no location in it")
        # The null record is stored as 0, 0 with empty names: it must not stand for a place.
        empty = (records.rows == ABSENT).all(axis=1)
        ranges = Ranges(_without(mmdb.ranges.v4, empty), _upper_half(_without(mmdb.ranges.v6, empty)))
        if layer is None:
            layer = Layer(ranges, records)
        else:
            ranges, pairs = overlay(layer.ranges, ranges)
            layer = Layer(ranges, merge_places(layer.places, records, pairs))
    assert layer is not None
    return layer


def _without(starts: Starts, empty: npt.NDArray[np.bool_]) -> Starts:
    ids = np.where(np.append(empty, True)[starts.ids], -1, starts.ids).astype(np.int32)
    return merge(Starts(starts.hi, starts.lo, ids))


def _upper_half(starts: Starts) -> Starts:
    """Keep one record a /64: that of its first address."""
    keep = np.append(True, starts.hi[1:] != starts.hi[:-1])
    return merge(Starts(starts.hi[keep], _NONE, starts.ids[keep]))


def networks(directories: Sequence[Path]) -> Networks:
    """Read autonomous systems; holes of the first are filled from the next.

    Parameters
    ----------
    directories : sequence of Path
        Each with ``asn-ipv4-num.csv`` and ``asn-ipv6-num.csv`` (start, end,
        number, organisation).
    """
    tables = [[_csv(directory / f"asn-{family}-num.csv") for family in ("ipv4", "ipv6")] for directory in directories]
    names: dict[int, str] = {}
    for table in tables:
        for rows in table:
            for _, _, number, name in rows:
                if not names.get(number):
                    names[number] = name
    numbers = np.array(sorted(names), np.uint32)
    result: Ranges | None = None
    for v4, v6 in tables:
        ranges = Ranges(_starts(v4, numbers, 0, 1 << 32), _starts(v6, numbers, 64, 1 << 64))
        if result is None:
            result = ranges
        else:
            both, pairs = overlay(result, ranges)
            chosen = np.append(np.where(pairs[:, 0] >= 0, pairs[:, 0], pairs[:, 1]), -1).astype(np.int32)
            result = Ranges(*(merge(Starts(s.hi, s.lo, chosen[s.ids])) for s in (both.v4, both.v6)))
    assert result is not None
    return Networks(result, numbers, [names[int(number)] for number in numbers])


def _csv(path: Path) -> list[tuple[int, int, int, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [(int(a), int(b), int(n), " ".join(name.split())) for a, b, n, name in csv.reader(file) if int(n)]


def _starts(rows: Iterable[tuple[int, int, int, str]], numbers: npt.NDArray[np.uint32], drop: int, end: int) -> Starts:
    """Turn first and last addresses into ranges; `drop` low bits are left out, the first row wins an overlap."""
    cursor, hi, ids = 0, [], []
    place = {int(number): i for i, number in enumerate(numbers)}
    for first, last, number, _ in sorted(rows, key=lambda row: (row[0], row[1])):
        begin, until = max(first >> drop, cursor), (last >> drop) + 1
        if until <= begin:
            continue
        if begin > cursor:
            hi.append(cursor)
            ids.append(-1)
        hi.append(begin)
        ids.append(place[number])
        cursor = until
    if cursor < end:
        hi.append(cursor)
        ids.append(-1)
    return merge(Starts(np.array(hi, np.uint64), _NONE, np.array(ids, np.int32)))


def only_routed(v6: Starts, routed: Starts, prefix: int) -> Starts:
    """Take away the places invented for IPv6 space nobody uses.

    Registries' free space has the registry's own or an arbitrary place. Nothing
    is kept outside 2000::/3, in special blocks, and in stretches of one record
    larger than a /`prefix` in which nothing is routed.

    Parameters
    ----------
    v6 : Starts
        Of /64 units.
    routed : Starts
        Identifiers of at least 0 where some autonomous system is known.
    prefix : int
        Length of the largest unrouted block that is believed.
    """
    blocks = [(0, int(_GLOBAL_V6[0]) >> 64), ((int(_GLOBAL_V6[-1]) >> 64) + 1, 1 << 64)]
    blocks += [(int(n[0]) >> 64, (int(n[-1]) >> 64) + 1) for n in map(ip_network, _SPECIAL_V6)]
    cuts = sorted(blocks)
    edges, kinds = [], []
    for (begin, until), following in zip(cuts, [*cuts[1:], (1 << 64, 1 << 64)], strict=True):
        edges += [begin, until]
        kinds += [0, -1]
        if until >= following[0]:
            edges.pop()
            kinds.pop()
    special = Starts(np.array(edges, np.uint64), _NONE, np.array(kinds, np.int32))
    used = Starts(routed.hi, _NONE, np.where(routed.ids >= 0, 0, -1).astype(np.int32))
    four = Starts(np.zeros(1, np.uint64), _NONE, np.full(1, -1, np.int32))
    cover, kinds_of = overlay(Ranges(four, special), Ranges(four, merge(used)))
    both, pairs = overlay(Ranges(four, v6), cover)
    is_special = np.append(kinds_of[:, 0] >= 0, False)[pairs[:, 1]]
    is_routed = np.append(kinds_of[:, 1] >= 0, False)[pairs[:, 1]]
    s = both.v6
    # The last range ends at 2**64, which wraps to 0: the difference is right all the same.
    size = np.append(s.hi[1:], np.uint64(0)) - s.hi
    pair = np.maximum(s.ids, 0)
    keep = (s.ids >= 0) & ~is_special[pair] & (is_routed[pair] | (size <= np.uint64(1 << (64 - prefix))))
    return merge(Starts(s.hi, _NONE, np.where(keep, pairs[pair, 0], -1).astype(np.int32)))


def group_cities(layer: Layer) -> Layer:
    """Join the records of one city: districts in brackets go, one position stays.

    The position is that of the record with the most IPv4 addresses, then ranges.

    Parameters
    ----------
    layer : Layer
    """
    rows = layer.places.rows
    stripped: dict[str, int] = {}
    code = [
        stripped.setdefault(re.sub(r"\s*\([^)]*\)\s*$", "", name) or name, len(stripped))
        for name in layer.places.texts[2].to_pylist()
    ]
    city = np.append(np.array(code, np.int32), -1)[rows[:, 2]]
    v4, v6 = layer.ranges.v4, layer.ranges.v6
    known = v4.ids >= 0
    sizes = np.diff(v4.hi.astype(np.int64), append=1 << 32)
    weight = np.bincount(v4.ids[known], sizes[known], len(rows))
    weight += 1e-6 * np.bincount(v6.ids[v6.ids >= 0], minlength=len(rows))
    # A record without a position says nothing about where its city is.
    weight[(rows[:, 5] == ABSENT[5])] = -1
    order = np.lexsort((-weight, city, rows[:, 1], rows[:, 0]))
    keys = np.stack([rows[order, 0], rows[order, 1], city[order]], axis=1)
    first = np.append(True, (keys[1:] != keys[:-1]).any(axis=1))
    group = np.empty(len(rows), np.int32)
    group[order] = np.cumsum(first) - 1
    grouped = rows[order[first]].copy()
    grouped[:, 2] = keys[first, 2]
    texts = (*layer.places.texts[:2], pa.array(list(stripped), pa.string()), layer.places.texts[3])
    group = np.append(group, -1).astype(np.int32)
    ranges = Ranges(*(merge(Starts(s.hi, s.lo, group[s.ids])) for s in (v4, v6)))
    return Layer(ranges, Places(grouped, texts))
