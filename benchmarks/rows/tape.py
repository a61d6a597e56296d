"""How fast a tape takes events in, and gives an hour of a week of them."""

from __future__ import annotations

from ..bench import Bench
from ..process import python, run
from ..table import Goal, Row

WRITTEN = (
    "Appends of 100,000 rows of twelve columns, one after the other; each is on the disk, and no id is there twice, "
    "when it returns. SQLite (WAL, synchronous FULL, an index by time) is given tuples that are made already."
)
READ = "All columns; the first answer of a fresh handle is among them. The Parquet file is by time."


def rows(bench: Bench) -> list[Row]:
    """Fill a tape, and ask it."""
    count, few = bench.pick(20_000_000, 1_000_000), bench.pick(1_000_000, 100_000)
    found = run(python("-m", "benchmarks.ours.tape", str(bench.directory / "tape"), str(count), str(few))).answer
    n = f"{count:,} events of {count // 119_000:,} hours, {found['bytes']:.1f} bytes each on the disk"
    asked = f"{n}; five hours of {found['rows']:,} events"
    one = "pandas.read_parquet of one file, with filters"
    sqlite = f"SQLite, {few:,} events"
    goal = Goal(500_000, "ours", False)
    return [
        Row("tape", "events appended a second", "/s", found["append"], found["sqlite"], sqlite, n, WRITTEN, goal, True),
        Row("tape", "known events refused a second", "/s", found["again"], n=n, note=WRITTEN, more_is_better=True),
        Row("tape", "an hour's events read", "s", found["read"], found["one"], one, asked, READ, Goal(1)),
        Row("tape", "an hour's events counted", "s", found["count"], found["one"], one, asked, READ, Goal(1)),
    ]
