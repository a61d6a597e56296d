"""How fast addresses get their places, on one thread and one database."""

from __future__ import annotations

from ..bench import SEED, Bench, geolite
from ..process import python, run
from ..table import Goal, Row

ONE = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
NOTE = (
    "Both on GeoLite2 City of 2018 (PyPI maxminddb-geolite2): rows a second of processor time on one thread, text in, "
    "seven columns out (geoip2: six), both taking turns. geoip2 runs on maxminddb's C extension."
)
NAMES = {"unique": "addresses located, all different", "zipf": "addresses located, Zipf over 50,000"}


def rows(bench: Bench) -> list[Row]:
    """Locate distinct and repeating addresses, beside a loop over geoip2."""
    count, sample, runs = bench.pick(2_000_000, 500_000), bench.pick(20_000, 10_000), bench.pick(7, 3)
    work = python("-m", "benchmarks.ours.locate", str(geolite()))
    sizes = [str(v) for v in (count, sample, runs, SEED)]
    run([*work, "1000", "1000", "1", str(SEED)], ONE)  # compiles the kernels and decodes the database, once
    answer = run([*work, *sizes], ONE).answer
    out = []
    for kind, name in NAMES.items():
        got = answer[kind]
        n = f"{count:,} IPv4, {got['known']:.1%} known; geoip2 on {sample:,}; {runs} runs"
        out.append(
            Row(
                "geolocation",
                name,
                "/s",
                got["ours"],
                got["today"],
                "geoip2 Reader.city loop",
                n,
                NOTE,
                Goal(300, "ratio", False),
                True,
            )
        )
    return out
