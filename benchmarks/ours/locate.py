"""Locate addresses with attackviz, and one by one with geoip2, on one database and one thread.

``python -m benchmarks.ours.locate DATABASE ROWS SAMPLE RUNS SEED``
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import geoip2.database
import geoip2.errors
import numpy as np
import pyarrow as pa

from attackviz.geo import Database, open_database

FIELDS = ("country", "region", "city", "asn", "org", "lat", "lon")
ZIPF_ADDRESSES = 50_000


def unique(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Return distinct public-looking IPv4 addresses, in random order, as uint32."""
    drawn = np.unique(rng.integers(1 << 24, 224 << 24, rows + rows // 8, dtype=np.uint32))
    first = drawn >> 24
    kept = drawn[(first != 10) & (first != 127)]
    return rng.permutation(kept)[:rows]


def zipf(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Return addresses as attackers come: few of them are most of the rows."""
    rank = rng.zipf(1.2, rows * 2)
    rank = rank[rank <= ZIPF_ADDRESSES][:rows]
    return unique(rng, ZIPF_ADDRESSES)[np.resize(rank, rows) - 1]


def texts(addresses: np.ndarray) -> pa.Array:
    """Return the addresses as text, in Arrow's own strings."""
    parts = [pa.array((addresses >> shift) & 255).cast(pa.string()) for shift in (24, 16, 8, 0)]
    return pa.compute.binary_join_element_wise(*parts, ".")


def by_loop(reader: geoip2.database.Reader, addresses: list[str]) -> list[tuple[object, ...]]:
    """Ask for one address after another, as people write it, for the seven fields."""
    out = []
    for address in addresses:
        try:
            r = reader.city(address)
        except geoip2.errors.AddressNotFoundError:
            out.append((None,) * 6)
            continue
        place = r.location
        out.append(
            (
                r.country.iso_code,
                r.country.name,
                r.subdivisions.most_specific.name,
                r.city.name,
                place.latitude,
                place.longitude,
            )
        )
    return out


def rates(
    database: Database, reader: geoip2.database.Reader, column: pa.Array, sample: int, runs: int
) -> dict[str, object]:
    """Return addresses a second of processor time, both ways taking turns."""
    some = column.slice(0, sample).to_pylist()
    database.columns(database.locate(column.slice(0, 1000)))
    by_loop(reader, some[:1000])
    ours, theirs = [], []
    for _ in range(runs):
        began = time.process_time()
        found = database.columns(database.locate(column))
        ours.append(len(column) / (time.process_time() - began))
        began = time.process_time()
        by_loop(reader, some)
        theirs.append(sample / (time.process_time() - began))
    known = 1 - found["lat"].null_count / len(column)
    return {"ours": statistics.median(ours), "today": statistics.median(theirs), "known": known, "fields": len(found)}


def main() -> None:
    """Measure and print."""
    path, rows, sample, runs, seed = sys.argv[1], *map(int, sys.argv[2:])
    pa.set_cpu_count(1)
    database = open_database(path)
    rng = np.random.default_rng(seed)
    with geoip2.database.Reader(path) as reader:
        answer = {
            name: rates(database, reader, texts(draw(rng, rows)), sample, runs)
            for name, draw in (("unique", unique), ("zipf", zipf))
        }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
