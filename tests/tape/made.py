"""Events for tapes."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

START_US = 1739836800 * 10**6
HOUR_US = 3_600_000_000
DAY = datetime(2025, 2, 18, tzinfo=UTC)


def events(ids, us=None, **columns) -> pa.Table:
    """Return an event table: one event a second from midnight on, unless told otherwise."""
    listed = list(ids)
    times = [START_US + k * 10**6 for k in range(len(listed))] if us is None else us
    table = {"time": pa.array(times, pa.timestamp("us", tz="UTC")), "event_id": pa.array(listed, pa.string())}
    return pa.table(table | columns)


def ids(tape, after=0, limit=10**6) -> list[str]:
    """Return the ids of all events in the order they came."""
    return tape.since(after, limit)["event_id"].to_pylist()
