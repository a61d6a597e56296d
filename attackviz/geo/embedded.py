"""Read the location database that comes with the package.

The file: magic, length of the header (uint32, little-endian), a JSON header,
then streams compressed with xz. Places and networks are separate sorted ranges
at /24 and /48: starts as LEB128 steps, identifiers as uint32 with 0 for nothing.
Places are sorted by country, region and city, so a region is a run of them.
"""

from __future__ import annotations

import json
import lzma
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GeoDatabaseError
from .places import Places, make_places, merge_places
from .ranges import Ranges, Starts, overlay
from .table import MAPPED, SIX_TO_FOUR

__all__ = ["EMBEDDED", "MAGIC", "NO_POSITION", "V4_SHIFT", "V6_SHIFT", "read_embedded", "read_header"]

EMBEDDED = Path(__file__).parent / "data" / "places.avgeo"

MAGIC = b"AVGEO1\r\n"
V4_SHIFT = 8
V6_SHIFT = 16
NO_POSITION = -32768


def read_header(path: Path = EMBEDDED) -> dict[str, Any]:
    """Read what the embedded database says about itself.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        ``name``, ``built`` (ISO date of the places), ``sources``, ``sha256``
        and ``streams``.

    Raises
    ------
    GeoDatabaseError
        If it is missing or of another kind.
    """
    return _open(path)[0]


def _open(path: Path) -> tuple[dict[str, Any], bytes]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise GeoDatabaseError(
            f"the embedded database cannot be read: {error.strerror}", where=str(path), hint="install attackviz again"
        ) from None
    begin = len(MAGIC) + 4
    length = int.from_bytes(raw[len(MAGIC) : begin], "little")
    try:
        if not raw.startswith(MAGIC):
            raise ValueError
        header = json.loads(raw[begin : begin + length])
    except ValueError:
        raise GeoDatabaseError(
            "this is no embedded database", where=str(path), hint="install attackviz again"
        ) from None
    return header, raw[begin + length :]


def read_embedded(path: Path = EMBEDDED) -> tuple[dict[str, Any], Ranges, Places]:
    """Decode the embedded database.

    Parameters
    ----------
    path : Path

    Returns
    -------
    header : dict
    ranges : Ranges
        Identifiers are rows of the records.
    places : Places
        Each pair of place and network once.

    Raises
    ------
    GeoDatabaseError
        If it is missing or damaged.
    """
    header, body = _open(path)

    def unpack(entry: dict[str, Any]) -> bytes:
        return lzma.decompress(body[entry["offset"] : entry["offset"] + entry["length"]])

    try:
        # lzma lets go of the interpreter while it works.
        with ThreadPoolExecutor(2) as pool:
            bodies = list(pool.map(unpack, header["streams"]))
    except lzma.LZMAError:
        raise GeoDatabaseError(
            "the embedded database is damaged", where=str(path), hint="install attackviz again"
        ) from None
    streams = dict(zip((entry["name"] for entry in header["streams"]), bodies, strict=True))
    ranges, pairs = overlay(_ranges(streams, "place"), _ranges(streams, "net"))
    return header, ranges, merge_places(_places(streams), _networks(streams), pairs)


def _ranges(streams: dict[str, bytes], name: str) -> Ranges:
    v4, v6 = (
        Starts(
            np.cumsum(_varint(streams[f"{name}{family}_start"])) << np.uint64(shift),
            np.empty(0, np.uint64),
            np.frombuffer(streams[f"{name}{family}_id"], "<u4").astype(np.int32) - 1,
        )
        for family, shift in ((4, V4_SHIFT), (6, V6_SHIFT))
    )
    return Ranges(v4, v6, MAPPED | SIX_TO_FOUR)


def _places(streams: dict[str, bytes]) -> Places:
    regions = [line.split("\t") for line in streams["region"].decode().split("\n")]
    region = np.repeat(np.arange(len(regions)), np.frombuffer(streams["region_size"], "<u4"))
    lat, lon = (_planes(streams[name]) for name in ("lat", "lon"))
    there = lat != NO_POSITION
    columns = {
        "country": np.array([country for country, _ in regions], object)[region],
        "region": np.array([name for _, name in regions], object)[region],
        "city": streams["city"].decode().split("\n"),
        "lat": np.where(there, lat / 100, np.nan),
        "lon": np.where(there, lon / 100, np.nan),
    }
    return make_places(columns, len(region))


def _networks(streams: dict[str, bytes]) -> Places:
    numbers = np.cumsum(_varint(streams["asn"])).astype(np.uint32)
    return make_places({"asn": numbers, "org": streams["org"].decode().split("\n")}, len(numbers))


def _planes(raw: bytes) -> npt.NDArray[np.int16]:
    return np.frombuffer(raw, np.uint8).reshape(2, -1).T.copy().view("<i2").ravel()


def _varint(raw: bytes) -> npt.NDArray[np.uint64]:
    """Decode LEB128."""
    data = np.frombuffer(raw, np.uint8)
    ends = np.flatnonzero(data < 128)
    starts = np.append(0, ends[:-1] + 1)
    sizes = ends - starts + 1
    values: npt.NDArray[np.uint64] = (data[starts] & 127).astype(np.uint64)
    for k in range(1, int(sizes.max(initial=1))):
        rows = np.flatnonzero(sizes > k)
        values[rows] |= (data[starts[rows] + k] & 127).astype(np.uint64) << np.uint64(7 * k)
    return values
