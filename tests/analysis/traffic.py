"""Traffic with a daily rhythm and what is planted in it: floods, a swell, a slow scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

START = datetime(2025, 3, 3, tzinfo=UTC)
START_US = int(START.timestamp()) * 10**6
MINUTE_US = 60_000_000
SCANNER = "198.51.100.7"


@dataclass(frozen=True)
class Planted:
    """Say what was planted: minutes since the start, and how many times the usual it adds."""

    kind: str
    start: int
    minutes: int
    times: float

    @property
    def span(self) -> tuple[datetime, datetime]:
        return START + timedelta(minutes=self.start), START + timedelta(minutes=self.start + self.minutes)


FLOODS = {
    "flood of 5 min, 20 times": (5, 20.0),
    "flood of 30 min, 8 times": (30, 8.0),
    "swell of 6 h, 3 times": (360, 3.0),
}


def usual(days: int, per_minute: float, rhythm: float = 0.8) -> np.ndarray:
    """Return how many events a minute there usually are: more by day than by night."""
    minute = np.arange(days * 1440)
    return per_minute * (1 + rhythm * np.sin((minute / 1440 - 0.3) * 2 * np.pi))


def planted(rng: np.random.Generator, days: int) -> list[Planted]:
    """Choose when one of each kind comes: on days of their own, away from the edges."""
    chosen = rng.choice(np.arange(1, days - 1), len(FLOODS), replace=False)
    return [
        Planted(kind, int(day) * 1440 + int(rng.integers(0, 1440 - length)), length, times)
        for day, (kind, (length, times)) in zip(chosen, FLOODS.items(), strict=True)
    ]


def traffic(
    seed: int, days: int = 14, per_minute: float = 3.0, *, floods: bool = True
) -> tuple[pa.Table, list[Planted]]:
    """Make events of many sources, uneven as real ones are, with floods from one address each."""
    rng = np.random.default_rng(seed)
    rate = usual(days, per_minute)
    uneven = np.repeat(rng.gamma(4, 1 / 4, days * 144), 10)  # ten minutes are busier, or less busy, than others
    many = rng.poisson(rate * uneven)
    what = planted(rng, days) if floods else []
    minute, source = [np.repeat(np.arange(len(many)), many)], [rng.integers(0, 3000, many.sum())]
    for k, one in enumerate(what):
        own = rng.poisson(per_minute * one.times, one.minutes)
        minute.append(np.repeat(np.arange(one.start, one.start + one.minutes), own))
        source.append(np.full(own.sum(), 3000 + k))
    minutes, sources = np.concatenate(minute), np.concatenate(source)
    time_us = START_US + minutes * MINUTE_US + rng.integers(0, MINUTE_US, len(minutes))
    names = np.array(
        [f"203.0.{i // 250}.{i % 250}" for i in range(3000)] + [f"192.0.2.{k + 1}" for k in range(len(what))]
    )
    order = np.argsort(time_us, kind="stable")
    return pa.table(
        {
            "time": pa.array(time_us[order], pa.timestamp("us", tz="UTC")),
            "src_ip": pa.array(names[sources[order]]),
            "dst_port": pa.array(rng.choice([22, 23, 443], len(order)), pa.uint16()),
            "rule": pa.array(np.where(sources[order] >= 3000, "flood", "login")),
        }
    ), what


def slow_scan(days: int = 14) -> pa.Table:
    """Make one address that tries another port every twenty minutes."""
    time_us = START_US + np.arange(0, days * 1440, 20) * MINUTE_US
    n = len(time_us)
    return pa.table(
        {
            "time": pa.array(time_us, pa.timestamp("us", tz="UTC")),
            "src_ip": pa.array([SCANNER] * n),
            "dst_port": pa.array(1000 + np.arange(n), pa.uint16()),
            "rule": pa.array(["probe"] * n),
        }
    )
