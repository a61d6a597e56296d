"""Events by the million, seeded: two weeks with days and nights, a flood, few sources that do most, and rare ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START_US = 1_738_368_000_000_000  # 1 February 2025
DAYS = 14
CATEGORIES = ("ssh", "web", "telnet", "smb", "vnc", "database", "vpn", "sip")
VERDICTS = ("detected", "mitigated", "suspicious", "benign")
RULES = tuple(f"rule {k}" for k in range(40))
PORTS = (22, 80, 23, 445, 5900, 3306, 443, 5060)
BATCH = 1_000_000


def write_events(path: Path, n: int, seed: int = 4) -> Path:
    """Write n events to a Parquet file, a batch at a time."""
    rng = np.random.default_rng(seed)
    pool = _addresses(rng)
    writer = None
    for first in range(0, n, BATCH):
        table = _batch(rng, min(BATCH, n - first), pool)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return path


def _addresses(rng: np.random.Generator) -> pa.Array:
    octets = rng.integers([1, 0, 0, 1], [224, 256, 256, 255], (100_000, 4))
    return pa.array([".".join(map(str, row)) for row in octets.tolist()])


def _batch(rng: np.random.Generator, n: int, pool: pa.Array) -> pa.Table:
    span = DAYS * 86_400_000_000
    time = rng.integers(0, span, n)
    night = np.sin(time / 86_400_000_000 * 2 * np.pi) < -0.2
    time[night] = (time[night] + 43_200_000_000) % span
    flood = rng.random(n) < 0.08
    time[flood] = 6 * 86_400_000_000 + rng.integers(0, 7_200_000_000, int(flood.sum()))
    source = (len(pool) * rng.random(n) ** 5).astype(np.int32)
    kind = np.minimum((8 * rng.random(n) ** 2).astype(np.int8), 7)
    kind[flood] = 1

    def coded(values: tuple[str, ...], codes: np.ndarray) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(values))

    return pa.table(
        {
            "time": pa.array(START_US + time, pa.timestamp("us", tz="UTC")),
            "src_ip": pool.take(pa.array(source)),
            "dst_port": pa.array(np.asarray(PORTS, np.uint16)[kind]),
            "category": coded(CATEGORIES, kind),
            "rule": coded(RULES, (kind.astype(np.int32) * 5 + source % 5)),
            "verdict": coded(VERDICTS, np.minimum((4 * rng.random(n) ** 3).astype(np.int8), 3)),
            "sensor": coded(("north", "south", "east"), rng.integers(0, 3, n)),
        }
    )
