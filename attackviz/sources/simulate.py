"""Play an event table as if its events were happening now."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from ..account import Account
from ..errors import UsageError
from .arrived import Arrived

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Simulated", "checked_speed", "simulate"]

_EVERY = 0.1  # seconds between looks
_MOST = 65_536  # events handed over at once
_FASTEST = 1e6


class Simulated:
    """Hand over the events of a table when they are due; made by `simulate`.

    Attributes
    ----------
    account : Account
        What became of every event so far.
    """

    def __init__(self, table: pa.Table, speed: float, start: datetime | None) -> None:
        import pyarrow.compute as pc

        timed = table.filter(pc.is_valid(table["time"]))
        self.account = Account()
        self._untimed = table.num_rows - timed.num_rows
        self._table = timed.sort_by("time").combine_chunks()
        self._speed = speed
        self._start = start
        self._closing = threading.Event()

    def __iter__(self) -> Generator[Arrived | None, None, None]:
        import numpy as np
        import pyarrow as pa

        began = time.time() if self._start is None else self._start.timestamp()
        self.account.pieces += self._untimed
        if self._untimed:
            self.account.left_out["events without a time"] += self._untimed
        micros = self._table["time"].cast(pa.int64()).to_numpy()
        first = int(micros[0]) if len(micros) else 0
        moved = (began * 1e6 + (micros - first) / self._speed).astype(np.int64)
        ids = self._ids(began)
        given = 0
        while given < len(moved) and not self._closing.is_set():
            due = min(int(np.searchsorted(moved, time.time() * 1e6, side="right")), given + _MOST)
            if due == given:
                yield None
                self._closing.wait(_EVERY)
                continue
            part = self._table.slice(given, due - given)
            times = pa.array(moved[given:due], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
            part = part.set_column(part.column_names.index("time"), "time", times)
            self.account.pieces += due - given
            self.account.events += due - given
            yield Arrived(part.append_column("event_id", ids[given:due]), since=float(moved[due - 1]) / 1e6)
            given = due

    def close(self) -> None:
        """End the iteration."""
        self._closing.set()

    def _ids(self, began: float) -> pa.Array:
        """Return ids of this run: played twice, events happen twice."""
        import pyarrow as pa

        names = range(self._table.num_rows)
        if "event_id" in self._table.column_names:
            names = self._table["event_id"].to_pylist()
            self._table = self._table.drop_columns(["event_id"])
        run = f"{began!r} {self._speed!r} "
        made = [blake2b(f"{run}{n} {name}".encode(), digest_size=16).hexdigest() for n, name in enumerate(names)]
        return pa.array(made, pa.string())


def checked_speed(speed: float) -> float:
    """Return a speed that is one.

    Raises
    ------
    UsageError
        If it is none.
    """
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed <= _FASTEST:
        raise UsageError(f"{speed!r} is no speed", hint="give how many seconds pass in one, such as 60")
    return float(speed)


def simulate(table: pa.Table, speed: float = 1.0, start: datetime | None = None) -> Simulated:
    """Play an event table as if its events were happening now.

    The first event happens at `start`, the others as far from it as in the
    table, divided by the speed. Events are as many, and in the same order, but
    for those without a time; their ids are new each time they are played.

    Parameters
    ----------
    table : pyarrow.Table
        The event table, in any order.
    speed : float
        How many seconds of the table pass in one.
    start : datetime, optional
        When the first event happens; when it is iterated by default.

    Returns
    -------
    Simulated
        Iterate it for `Arrived` events; it waits where none is due, gives
        None now and then while it does, and ends behind the last event.

    Raises
    ------
    UsageError
        If the speed is none.

    Examples
    --------
    >>> import pyarrow as pa
    >>> times = pa.array([1_700_000_000_000_000, 1_700_000_060_000_000], pa.timestamp("us", tz="UTC"))
    >>> played = simulate(pa.table({"time": times, "src_ip": ["192.0.2.1", "192.0.2.2"]}), speed=6000)
    >>> tables = [each.table for each in played if each]
    >>> begin, end = pa.concat_tables(tables)["time"].to_pylist()
    >>> (end - begin).total_seconds()
    0.01
    """
    checked_speed(speed)
    if start is not None and start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    return Simulated(table, float(speed), start)
