"""Write the embedded database; `attackviz.geo.embedded` reads it."""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from geodb_sources import Layer, Networks

from attackviz.geo.embedded import MAGIC, NO_POSITION, V4_SHIFT, V6_SHIFT
from attackviz.geo.places import ABSENT
from attackviz.geo.ranges import Starts

__all__ = ["pack"]


def pack(layer: Layer, nets: Networks, about: Mapping[str, Any], path: Path) -> dict[str, int]:
    """Write places and networks, both already at block size.

    Parameters
    ----------
    layer : Layer
        Places by country, region and city.
    nets : Networks
    about : mapping
        What the header says besides.
    path : Path

    Returns
    -------
    dict
        Bytes of each stream, compressed.
    """
    texts = [[*column.to_pylist(), ""] for column in layer.places.texts]
    rows = layer.places.rows
    used = np.unique(np.concatenate([layer.ranges.v4.ids, layer.ranges.v6.ids]))
    used = used[used >= 0]
    label = [tuple(texts[c][rows[i, c]] for c in range(3)) for i in used]
    order = used[sorted(range(len(used)), key=label.__getitem__)]
    label.sort()
    # Number 0 is the null record, so that it needs no range of numbers of its own.
    number = np.zeros(len(rows) + 1, np.uint32)
    number[order] = np.arange(1, len(order) + 1)
    regions: list[tuple[str, str]] = []
    sizes: list[int] = []
    for country, region, _ in label:
        if not regions or regions[-1] != (country, region):
            regions.append((country, region))
            sizes.append(0)
        sizes[-1] += 1
    there = rows[order, 5] != ABSENT[5]
    degrees = [rows[order, c].view(np.float32).astype(np.float64) for c in (5, 6)]
    lat, lon = (np.where(there, np.round(np.where(there, d, 0) * 100), NO_POSITION).astype("<i2") for d in degrees)

    seen = np.unique(np.concatenate([nets.ranges.v4.ids, nets.ranges.v6.ids]))
    seen = seen[seen >= 0]
    system = np.zeros(len(nets.numbers) + 1, np.uint32)
    system[seen] = np.arange(1, len(seen) + 1)
    streams = {
        **_ranges("place4", layer.ranges.v4, V4_SHIFT, number),
        **_ranges("place6", layer.ranges.v6, V6_SHIFT, number),
        "region": _lines("\t".join(pair) for pair in regions),
        "region_size": np.array(sizes, "<u4").tobytes(),
        "city": _lines(city for _, _, city in label),
        "lat": _planes(lat),
        "lon": _planes(lon),
        **_ranges("net4", nets.ranges.v4, V4_SHIFT, system),
        **_ranges("net6", nets.ranges.v6, V6_SHIFT, system),
        "asn": _varint(np.diff(nets.numbers[seen].astype(np.uint64), prepend=np.uint64(0))),
        "org": _lines(nets.names[i] for i in seen),
    }
    packed = {name: lzma.compress(body, preset=9 | lzma.PRESET_EXTREME) for name, body in streams.items()}
    entries, offset = [], 0
    for name, body in packed.items():
        entries.append({"name": name, "offset": offset, "length": len(body)})
        offset += len(body)
    digest = hashlib.sha256(b"".join(packed.values())).hexdigest()
    header = json.dumps({**about, "sha256": digest, "streams": entries}).encode()
    with path.open("wb") as file:
        file.write(MAGIC + len(header).to_bytes(4, "little") + header)
        for body in packed.values():
            file.write(body)
    return {name: len(body) for name, body in packed.items()}


def _ranges(name: str, starts: Starts, shift: int, number: npt.NDArray[np.uint32]) -> dict[str, bytes]:
    steps = np.diff(starts.hi >> np.uint64(shift), prepend=np.uint64(0))
    return {f"{name}_start": _varint(steps), f"{name}_id": number[starts.ids].astype("<u4").tobytes()}


def _lines(texts: Iterable[str]) -> bytes:
    lines = list(texts)
    if any("\n" in line for line in lines):
        raise SystemExit("a name holds a line break")
    return "\n".join(lines).encode()


def _planes(values: npt.NDArray[np.int16]) -> bytes:
    """Part low from high bytes: each compresses better by itself."""
    return values.view(np.uint8).reshape(-1, 2).T.tobytes()


def _varint(values: npt.NDArray[np.uint64]) -> bytes:
    """Encode as LEB128."""
    sizes = np.ones(len(values), np.int64)
    for k in range(1, 10):
        sizes += values >= np.uint64(1 << (7 * k))
    out = np.zeros(int(sizes.sum()), np.uint8)
    at = np.cumsum(sizes) - sizes
    for k in range(int(sizes.max(initial=1))):
        rows = np.flatnonzero(sizes > k)
        byte = ((values[rows] >> np.uint64(7 * k)) & np.uint64(127)).astype(np.uint8)
        byte[sizes[rows] > k + 1] |= 128
        out[at[rows] + k] = byte
    return out.tobytes()
