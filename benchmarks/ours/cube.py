"""Count an index into a cube, and pull what it is made of: ``python -m benchmarks.ours.cube URL INDEX EVENTS``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from attackviz.analysis import EventTable
from attackviz.elastic import Elastic, Wire
from attackviz.elastic.counting import CELLS
from attackviz.store import Cube

from ..bench import SEED

DAY_US = 86_400_000_000
START_US = 1_739_836_800_000_000
PART = 250_000
PLACES, TARGETS, ADDRESSES = 400, 4, 50_000
COLUMNS = ["src_country", "src_region", "src_city", "src_lat", "src_lon", "dst_name", "dst_country", "dst_lat"]
COLUMNS += ["dst_lon", "dst_host", "sensor", "dst_ip", "category", "verdict"]


def events(count: int, seed: int) -> pa.Table:
    """Return events of one day, from some places more often than from others."""
    chance = np.random.default_rng(seed)
    place = np.minimum(chance.zipf(1.3, count) - 1, PLACES - 1)
    target = chance.integers(0, TARGETS, count)
    lat, lon = (np.round(np.random.default_rng(1).uniform(-half, half, PLACES), 4) for half in (60, 180))
    time_us = START_US + np.sort(chance.integers(0, DAY_US, count))
    address = chance.integers(0, ADDRESSES, count)
    return pa.table(
        {
            "time": pa.array(time_us, pa.timestamp("us", tz="UTC")),
            "src_ip": _words([f"198.{18 + n // 65536}.{n // 256 % 256}.{n % 256}" for n in range(ADDRESSES)], address),
            "src_country": _words([f"{chr(65 + n % 26)}{chr(65 + n // 26)}" for n in range(PLACES)], place),
            "src_city": _words([f"City {n}" for n in range(PLACES)], place),
            "src_lat": pa.array(lat[place], pa.float32()),
            "src_lon": pa.array(lon[place], pa.float32()),
            "dst_name": _words([f"Target {n}" for n in range(TARGETS)], target),
            "dst_port": pa.array(np.array([22, 23, 80, 443])[chance.integers(0, 4, count)], pa.uint16()),
            "category": _words(["ssh", "telnet", "web", "smb"], chance.integers(0, 4, count)),
            "verdict": _words(["detected", "mitigated"], chance.integers(0, 2, count)),
        }
    )


def _words(words: list[str], codes: np.ndarray[Any, Any]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(words))


def main() -> None:
    """Fill the index, and print what each way took, how many requests, and what came of it."""
    url, index, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    elastic = Elastic(url, index)
    elastic.write(events(min(PART, count - at), SEED + at) for at in range(0, count, PART))
    elastic.wire.post(f"/{index}/_refresh")
    elastic.count()  # whatever is only done once
    requests: list[str] = []
    whole = Wire.request
    Wire.request = lambda self, *args, **more: (requests.append(args[1]), whole(self, *args, **more))[1]  # type: ignore[method-assign,func-returns-value]

    def pulled() -> Cube:
        read = elastic.read(columns=COLUMNS)
        return EventTable(read.table, read.account).cube(None, CELLS)

    cube, counting = _timed(elastic.cube, requests)
    other, pulling = _timed(pulled, requests)
    events_of = [int(each.totals["in_recording"]) for each in (cube, other)]
    told = {"rows": events_of[0], "same": events_of[0] == events_of[1] == count, "cells": len(cube)}
    grains = [str(cube.grain), str(other.grain)]
    print(json.dumps({**told, "grains": grains, "counted": counting, "pulled": pulling}))


def _timed(made: Callable[[], Cube], requests: list[str]) -> tuple[Cube, dict[str, Any]]:
    requests.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    cube = made()
    return cube, {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "requests": len(requests)}


if __name__ == "__main__":
    main()
