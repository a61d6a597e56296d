"""What the rows share: how much to do, where, and inputs that are made once."""

from __future__ import annotations

import importlib.util
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .process import ROOT, python, run

SEED = 20250211
TPOT = ROOT / "data" / "samples" / "tpot-2025"
TPOT_EVENTS = 388_678
TPOT_LOGS = (
    "ciscoasa_260k_fieldToCorrect.json.tar.gz", "cowrie_sessions_20k.csv", "dioneae_20k.json.tar.gz",
    "heralding_82k_raw.json.tar.gz", "honeytrap_5k.json.tar.gz",
)  # fmt: skip


@dataclass
class Bench:
    """Hold how much is to be done and what was made for it.

    Attributes
    ----------
    directory : Path
        For what is made; removed at the end.
    quick : bool
        Whether a few minutes must do.
    say : callable
        Takes a line of progress.
    """

    directory: Path
    quick: bool
    say: Callable[[str], None]
    _made: dict[tuple[object, ...], Path] = field(default_factory=dict)

    def pick(self, full: int, quick: int) -> int:
        """Return the number that goes with how much is to be done."""
        return quick if self.quick else full

    def cloudflare(self, lines: int) -> Path:
        """Return a directory of generated Cloudflare logs (gzip) of at least so many lines."""

        def make(path: Path) -> None:
            script = ROOT / "scripts" / "make_cloudflare_sample.py"
            run(python(str(script), str(path), "--lines", str(lines), "--seed", str(SEED)))

        return self._once(("cloudflare", lines), make)

    def eve(self, lines: int) -> Path:
        """Return a directory of generated Suricata EVE logs (gzip) of about so many lines."""

        def make(path: Path) -> None:
            run(python("-m", "benchmarks.eve", str(path), str(lines), str(SEED)))

        return self._once(("eve", lines), make)

    def dirty(self, how: str, files: list[Path]) -> Path:
        """Return a directory of logs spoiled in a way that `benchmarks.dirty` knows."""

        def make(path: Path) -> None:
            run(python("-m", "benchmarks.dirty", how, str(SEED), str(path), *map(str, files)))

        return self._once(("dirty", how, len(files)), make)

    def replay(self, what: int | Path) -> tuple[Path, Path]:
        """Return a page of so many made-up events, or of what is at an address, and its located events as Parquet."""

        def make(path: Path) -> None:
            run(
                python("-m", "benchmarks.ours.page", str(what), str(path), str(path.with_suffix(".parquet")), str(SEED))
            )

        name = what if isinstance(what, int) else what.name
        page = self._once(("replay", name), make, ".html")
        return page, page.with_suffix(".parquet")

    def _once(self, key: tuple[object, ...], make: Callable[[Path], None], suffix: str = "") -> Path:
        if key not in self._made:
            path = self.directory / ("-".join(map(str, key)) + suffix)
            self.say(f"making {path.name}")
            make(path)
            self._made[key] = path
        return self._made[key]


def geolite() -> Path:
    """Return GeoLite2 City of 2018, the last one that may be handed on; a database with geoip2's own schema."""
    found = importlib.util.find_spec("_maxminddb_geolite2")
    if found is None or found.origin is None:
        raise RuntimeError("maxminddb-geolite2 is not installed: make bench brings it")
    return Path(found.origin).parent / "GeoLite2-City.mmdb"


def median(values: list[float]) -> float:
    """Return the median as a float."""
    return float(statistics.median(values))
