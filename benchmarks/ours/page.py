"""Make a replay page: ``python -m benchmarks.ours.page EVENTS_OR_ADDRESS PAGE PARQUET SEED``.

A number makes so many events over one day; an address is read. The located
events also go into a Parquet file, for what is measured beside.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

import attackviz as av

from .locate import texts, zipf

SERVICES = ["vpn", "vnc", "ssh", "telnet", "smb", "web", "database", "other"]
SHARE = [0.35, 0.2, 0.15, 0.1, 0.08, 0.06, 0.04, 0.02]
SENSORS = ["FRA", "IAD", "SIN", "GRU", "SYD", "NRT"]  # Cloudflare's colos, which have places
PORTS = [443, 5900, 22, 23, 445, 80, 3306, 0]
DAY_US = 86_400_000_000


def made_up(count: int, seed: int) -> pd.DataFrame:
    """Return events over one day: few sources send most, services come in bouts."""
    rng = np.random.default_rng(seed)
    service = np.repeat(rng.choice(8, count // 20 + 1, p=SHARE), 20)[:count]
    time = np.sort(rng.integers(0, DAY_US // 1000, count)) * 1000
    return pd.DataFrame(
        {
            "time": pd.to_datetime(pd.Series(time) + 1_739_232_000_000_000, unit="us", utc=True),
            "src_ip": pd.Series(texts(zipf(rng, count)), dtype=pd.ArrowDtype(pa.string())).astype("str"),
            "sensor": pd.Categorical.from_codes(rng.integers(0, 6, count), SENSORS),
            "dst_port": pd.array(np.array(PORTS)[service], dtype="UInt16"),
            "category": pd.Categorical.from_codes(service, SERVICES),
            "rule": pd.Categorical.from_codes(rng.integers(0, 40, count), [f"rule {k}" for k in range(40)]),
            "verdict": pd.Categorical.from_codes(
                np.ones(count, np.int8), ["mitigated", "detected", "suspicious", "benign", "unknown"]
            ),
        }
    )


def main() -> None:
    """Make the page and the file."""
    what, page, parquet, seed = sys.argv[1:]
    if what.isdigit():
        events = av.enrich(made_up(int(what), int(seed)))
    else:
        events = av.enrich(av.read(what), targets=av.read_targets(Path(what) / "targets.csv"))
    av.Replay(events, title="Benchmark").save(page)
    kept = events.dropna(subset=["time", "src_lat"]).sort_values("time")
    kept[["time", "src_lat", "src_lon", "category"]].to_parquet(parquet)


if __name__ == "__main__":
    main()
