"""Measure the embedded database against its source, and sample it for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from geodb_sources import Layer, Networks

from attackviz.geo.embedded import V4_SHIFT, V6_SHIFT
from attackviz.geo.places import ABSENT, Places
from attackviz.geo.ranges import Starts

__all__ = ["evaluate", "sample"]

_WIDTH = {"v4": (V4_SHIFT, 32), "v6": (V6_SHIFT, 64)}


def _at(starts: Starts, queries: npt.NDArray[np.uint64]) -> npt.NDArray[np.int32]:
    return starts.ids[np.searchsorted(starts.hi, queries, "right") - 1]


def _addresses(
    family: str, known: Starts, routed: Starts, count: int, rng: np.random.Generator
) -> npt.NDArray[np.uint64]:
    """Draw addresses that are known: of IPv4 evenly, of IPv6 evenly over routed networks."""
    if family == "v4":
        drawn = rng.integers(0, 1 << 32, 4 * count, dtype=np.uint64)
    else:
        rows = np.flatnonzero(routed.ids >= 0)
        pick = rng.choice(rows, 8 * count)
        span = np.append(routed.hi[1:], np.uint64(0))[pick] - routed.hi[pick]
        drawn = routed.hi[pick] + rng.integers(0, span, dtype=np.uint64)
    drawn = drawn[_at(known, drawn) >= 0]
    return drawn[:count]


def evaluate(source: Layer, packed: Layer, nets: Networks, count: int, seed: int) -> dict[str, Any]:
    """Compare places at block size with the source, in a seeded sample of blocks.

    Parameters
    ----------
    source, packed : Layer
    nets : Networks
        Says which IPv6 space is in use.
    count : int
        Blocks a family.
    seed : int

    Returns
    -------
    dict
        Per family: percent of sampled addresses with the right country, region
        and city (without a district in brackets), and km off: median and 95th percentile.
    """
    rng = np.random.default_rng(seed)
    result: dict[str, Any] = {"sample": count, "seed": seed}
    for family in ("v4", "v6"):
        before, after = getattr(source.ranges, family), getattr(packed.ranges, family)
        queries = _addresses(family, before, getattr(nets.ranges, family), count, rng)
        truth, guess = _rows(source.places, _at(before, queries)), _rows(packed.places, _at(after, queries))
        same = np.ones(len(queries), bool)
        shares = {}
        for name in ("country", "region", "city"):
            same &= np.array([a == b for a, b in zip(truth[name], guess[name], strict=True)])
            shares[name] = round(100 * float(same.mean()), 2)
        km = _distance(truth, guess)
        km = km[~np.isnan(km)]
        result[family] = {
            "right_percent": shares,
            "km_median": round(float(np.median(km)), 2),
            "km_p95": round(float(np.percentile(km, 95)), 2),
        }
    return result


def _rows(places: Places, ids: npt.NDArray[np.int32]) -> dict[str, Any]:
    rows = np.concatenate([places.rows, ABSENT[None]])[ids]
    out: dict[str, Any] = {}
    for c, name in enumerate(("country", "region", "city")):
        texts = [*places.texts[c].to_pylist(), None]
        out[name] = [texts[code] for code in rows[:, c]]
    out["city"] = [city and (city.rsplit(" (", 1)[0] if city.endswith(")") else city) for city in out["city"]]
    for c, name in ((5, "lat"), (6, "lon")):
        out[name] = rows[:, c].copy().view(np.float32).astype(np.float64)
    return out


def _distance(a: Mapping[str, Any], b: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """Return great-circle distances in km."""
    lat1, lon1, lat2, lon2 = (np.radians(x) for x in (a["lat"], a["lon"], b["lat"], b["lon"]))
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return np.asarray(12742 * np.arcsin(np.sqrt(np.minimum(1, h))))


def sample(layer: Layer, nets: Networks, count: int, seed: int) -> pa.Table:
    """Draw blocks with their majority record, found the slow and plain way.

    Parameters
    ----------
    layer : Layer
        Grouped cities, not yet at block size.
    nets : Networks
        Not yet at block size.
    count : int
        Blocks in all: half of each family, and half of each of those where a range starts inside the block.
    seed : int

    Returns
    -------
    pyarrow.Table
        ``address`` (any in the block), country, region, city, lat and lon in
        hundredths of a degree, asn, org; null where unknown.
    """
    rng = np.random.default_rng(seed)
    texts = [[*column.to_pylist(), None] for column in layer.places.texts]
    rows = np.concatenate([layer.places.rows, ABSENT[None]])
    table: dict[str, list[Any]] = {n: [] for n in ("address", "country", "region", "city", "lat", "lon", "asn", "org")}
    for family, (shift, _) in _WIDTH.items():
        places, systems = getattr(layer.ranges, family), getattr(nets.ranges, family)
        inner = np.unique(places.hi[places.hi & np.uint64((1 << shift) - 1) != 0] >> np.uint64(shift))
        even = _addresses(family, places, systems, count // 4, rng) >> np.uint64(shift)
        for block in np.concatenate([rng.choice(inner, count // 4, replace=False), even]).tolist():
            row = rows[_majority(places, block, shift)]
            system = _majority(systems, block, shift)
            number = (block << shift) + int(rng.integers(0, 1 << shift))
            low = int(rng.integers(0, 1 << 62)) if family == "v6" else 0
            table["address"].append(str(IPv4Address(number) if family == "v4" else IPv6Address(number << 64 | low)))
            for c, name in enumerate(("country", "region", "city")):
                table[name].append(texts[c][row[c]])
            for c, name in ((5, "lat"), (6, "lon")):
                known = row[5] != ABSENT[5]
                degrees = row[c : c + 1].copy().view(np.float32).astype(np.float64)[0]
                table[name].append(int(np.round(degrees * 100)) if known else None)
            table["asn"].append(int(nets.numbers[system]) if system >= 0 else None)
            table["org"].append(nets.names[system] or None if system >= 0 else None)
    kinds = {"lat": pa.int16(), "lon": pa.int16(), "asn": pa.uint32()}
    return pa.table({name: pa.array(values, kinds.get(name, pa.string())) for name, values in table.items()})


def _majority(starts: Starts, block: int, shift: int) -> int:
    first, last = block << shift, ((block + 1) << shift) - 1
    weight: dict[int, int] = {}
    i = int(np.searchsorted(starts.hi, np.uint64(first), "right")) - 1
    while i < len(starts.hi) and int(starts.hi[i]) <= last:
        until = int(starts.hi[i + 1]) - 1 if i + 1 < len(starts.hi) else last
        name = int(starts.ids[i])
        weight[name] = weight.get(name, 0) + min(until, last) - max(int(starts.hi[i]), first) + 1
        i += 1
    return max(weight, key=weight.__getitem__)
