"""The gauges: the last minute, hour and day, as they are counted and after a restart."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa

from attackviz import Tape
from attackviz.live.totals import Totals

NOW = 1_771_600_000


def table(chance: random.Random, rows: int, spread: int) -> pa.Table:
    seconds = [NOW - chance.randrange(-10, spread) for _ in range(rows)]
    return pa.table(
        {
            "time": pa.array([s * 1_000_000 for s in seconds], pa.timestamp("us", "UTC")),
            "event_id": [f"{chance.random()}" for _ in seconds],
            "verdict": [chance.choice(["mitigated", "detected", None]) for _ in seconds],
            "count": pa.array([chance.choice([None, 1, 5]) for _ in seconds], pa.uint32()),
        }
    )


def counted(tables: list[pa.Table], span: int, now: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in tables:
        for row in each.select(["time", "verdict", "count"]).to_pylist():
            second = int(row["time"].timestamp())
            if now - span < second <= now:
                word = row["verdict"] or "unknown"
                found[word] = found.get(word, 0) + (row["count"] or 1)
    return found


def test_totals_are_what_a_count_would_say() -> None:
    chance = random.Random(1)
    totals, tables = Totals(), []
    for now in range(NOW, NOW + 200, 10):
        tables.append(table(chance, 200, chance.choice([30, 90, 4000, 90_000])))
        totals.add(tables[-1], now)
        said = totals.to_dict(now)
        for name, span in (("m1", 60), ("h1", 3600), ("h24", 86_400)):
            assert said[name]["verdicts"] == counted(tables, span, now)
    assert said["untimed"] == 0
    assert said["unlocated"] == 200 * 20


def test_they_are_the_same_after_a_restart(tmp_path: Path) -> None:
    chance = random.Random(2)
    kept = table(chance, 3000, 80_000)
    with Tape(tmp_path / "tape") as tape:
        tape.append(kept)
        totals = Totals()
        totals.fill(tape, NOW)
    said = totals.to_dict(NOW)
    for name, span in (("m1", 60), ("h1", 3600), ("h24", 86_400)):
        assert said[name]["verdicts"] == counted([kept], span, NOW)
