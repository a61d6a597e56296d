"""Fill a tape with hours of events, ask for hours of it, and do the same with what is at hand today.

``python -m benchmarks.ours.tape DIRECTORY EVENTS SQLITE_EVENTS``
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from attackviz import Tape, Window

from ..bench import SEED
from .cube import START_US, events

PART = 100_000
AN_HOUR = 119_000
ASKED = 5
BEGIN = datetime.fromtimestamp(START_US / 1e6, UTC)


def parts(count: int) -> list[tuple[int, int]]:
    """Return the batches: the first event of each, and how many."""
    return [(at, min(PART, count - at)) for at in range(0, count, PART)]


def batch(first: int, rows: int) -> pa.Table:
    """Return a batch of events, in the order of time, each with an id."""
    table = events(rows, SEED + first)
    time_us = START_US + (first + np.arange(rows)) * 3_600_000_000 // AN_HOUR
    ids = [f"{number:016x}-{number * 2654435761 % 2**32:08x}" for number in range(first, first + rows)]
    table = table.set_column(0, "time", pa.array(time_us, pa.timestamp("us", tz="UTC")))
    return table.append_column("event_id", pa.array(ids))


def main() -> None:
    """Measure and print."""
    directory, count, few = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    directory.mkdir(parents=True)
    taken = 0.0
    with Tape(directory / "tape") as tape, pq.ParquetWriter(directory / "one.parquet", batch(0, 1).schema) as file:
        tape.append(batch(0, 1))  # compiles
        for first, rows in parts(count):
            table = batch(first, rows)
            began = time.perf_counter()
            tape.append(table)
            taken += time.perf_counter() - began
            file.write_table(table)
        began = time.perf_counter()
        again = tape.append(table)
        repeated = time.perf_counter() - began
        assert again.duplicates == table.num_rows
    step = count // AN_HOUR / ASKED
    hours = [timedelta(hours=int(step * k)) for k in range(ASKED)]
    windows = [Window(BEGIN + hour, BEGIN + hour + timedelta(hours=1)) for hour in hours]
    with Tape(directory / "tape", readonly=True) as tape:
        read, rows_read = _each(windows, lambda window: tape.read(window).table.num_rows)
        counted, events_counted = _each(windows, lambda window: tape.count(window).events)
        size = tape.info().bytes
    one, rows_one = _each(windows, lambda window: len(_pandas(directory / "one.parquet", window)))
    assert rows_read == rows_one == events_counted, (rows_read, rows_one, events_counted)
    figures = {"append": count / taken, "again": table.num_rows / repeated, "read": read, "count": counted, "one": one}
    rate = _sqlite(directory / "today.db", few)
    print(json.dumps({**figures, "sqlite": rate, "rows": rows_read[0], "bytes": size / count}))


def _each(windows: list[Window], ask: Callable[[Window], int]) -> tuple[float, list[int]]:
    """Return the median of what an answer took, the first one among them, and the answers."""
    took, found = [], []
    for window in windows:
        began = time.perf_counter()
        found.append(ask(window))
        took.append(time.perf_counter() - began)
    return statistics.median(took), found


def _pandas(path: Path, window: Window) -> pd.DataFrame:
    return pd.read_parquet(path, filters=[("time", ">=", window.start), ("time", "<", window.end)])


def _sqlite(path: Path, count: int) -> float:
    """Return how many events a second SQLite takes in that are on the disk after each batch, each id once."""
    names = [name for name in batch(0, 1).column_names if name != "event_id"]
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"CREATE TABLE events (event_id TEXT PRIMARY KEY, {', '.join(names)})")
    database.execute("CREATE INDEX by_time ON events (time)")
    taken = 0.0
    for first, rows in parts(count):
        table = batch(first, rows)
        columns = [table["event_id"], table["time"].cast(pa.int64()), *(table[name] for name in names[1:])]
        listed = list(zip(*(column.to_pylist() for column in columns), strict=True))
        began = time.perf_counter()
        with database:
            database.executemany(f"INSERT OR IGNORE INTO events VALUES ({', '.join('?' * len(columns))})", listed)
        taken += time.perf_counter() - began
    database.close()
    return count / taken


if __name__ == "__main__":
    main()
