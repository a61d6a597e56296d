"""Running totals by the events' own time: the last minute, hour and day, by verdict."""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..schema import VERDICTS
from ..window import Window

if TYPE_CHECKING:
    from ..tape import Tape

__all__ = ["Totals"]

DAY = 86_400
SPANS = {"m1": 60, "h1": 3600, "h24": DAY}
_AHEAD = 3600  # seconds of the future for which there is room
_RATE_SECONDS = 10
_ROOM = DAY + _AHEAD


class Totals:
    """Count events by second and verdict, for a day back; older ones are let go.

    Examples
    --------
    >>> totals = Totals()
    >>> times = pa.array([1_000_000, 1_000_030], pa.timestamp("s", "UTC"))
    >>> totals.add(pa.table({"time": times, "verdict": ["mitigated", None]}), now=1_000_040)
    >>> totals.to_dict(now=1_000_070)["m1"]
    {'events': 1, 'verdicts': {'unknown': 1}}
    """

    def __init__(self) -> None:
        self._seconds: NDArray[np.int64] = np.full(_ROOM, -1)  # which second a place holds
        self._counts: NDArray[np.int64] = np.zeros((_ROOM, len(VERDICTS)), np.int64)
        self._came: deque[tuple[int, int]] = deque()
        self._lock = threading.Lock()
        self.unlocated = self.untimed = 0

    def add(self, table: pa.Table, now: float | None = None, arrived: bool = True) -> None:
        """Count the rows of an event table.

        Parameters
        ----------
        table : pyarrow.Table
        now : float, optional
            Seconds since 1970.
        arrived : bool
            Whether they come now, and count for the rate.
        """
        now = time.time() if now is None else now
        rows = table.num_rows
        names = table.column_names
        times = table["time"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).fill_null(-1).to_numpy() // 1_000_000
        weight = (
            table["count"].fill_null(1).to_numpy().astype(np.int64) if "count" in names else np.ones(rows, np.int64)
        )
        verdict = _verdicts(table["verdict"]) if "verdict" in names else np.full(rows, len(VERDICTS) - 1)
        kept = (times > now - DAY) & (times < now + _AHEAD)
        untimed = int(table["time"].null_count)
        unlocated = table["src_lat"].null_count if "src_lat" in names else rows
        with self._lock:
            self._put(times[kept], verdict[kept], weight[kept])
            if arrived:
                self.untimed += untimed
                self.unlocated += unlocated
                self._came.append((int(now), int(weight.sum())))
                while self._came and self._came[0][0] < now - 2 * _RATE_SECONDS:
                    self._came.popleft()

    def fill(self, tape: Tape, now: float | None = None) -> None:
        """Count what a tape holds of the last day, before anything arrives.

        Parameters
        ----------
        tape : Tape
        now : float, optional
            Seconds since 1970.

        Raises
        ------
        TapeError
            If it is damaged.
        """
        now = time.time() if now is None else now
        edge = int(now) // 60 * 60 - SPANS["h1"]
        # The last hour by the second; what is older by the minute, for there may be a hundred million.
        old = tape.timeline(_window(edge + SPANS["h1"] - DAY, edge), bins=DAY // 60, by="verdict")
        starts = old.start_us // 1_000_000 + old.seconds * np.arange(len(old.events))
        for word, counts in zip(old.groups, old.events.T, strict=True):
            verdict = VERDICTS.index(word) if word in VERDICTS else VERDICTS.index("unknown")
            with self._lock:
                self._put(starts, np.full(len(starts), verdict), counts)
        for table, _ in tape.batches(_window(edge, int(now) + _AHEAD), ["verdict", "count", "src_lat"]):
            self.add(table, now, arrived=False)

    def to_dict(self, now: float | None = None) -> dict[str, Any]:
        """Return ``m1``, ``h1``, ``h24`` (``events``, ``verdicts``), ``rate`` (events a second), ``now`` (ms)."""
        now = time.time() if now is None else now
        with self._lock:
            out: dict[str, Any] = {"now": round(now * 1000), "untimed": self.untimed, "unlocated": self.unlocated}
            for name, span in SPANS.items():
                sums = self._counts[(self._seconds > now - span) & (self._seconds <= now)].sum(axis=0)
                verdicts = {word: int(n) for word, n in zip(VERDICTS, sums, strict=True) if n}
                out[name] = {"events": int(sums.sum()), "verdicts": verdicts}
            since = int(now) - _RATE_SECONDS
            out["rate"] = round(sum(n for second, n in self._came if since <= second < int(now)) / _RATE_SECONDS, 1)
        return out

    def _put(self, seconds: NDArray[np.int64], verdict: NDArray[np.int64], weight: NDArray[np.int64]) -> None:
        places = seconds % _ROOM
        old = self._seconds[places] < seconds
        self._counts[places[old]] = 0
        self._seconds[places[old]] = seconds[old]
        np.add.at(self._counts, (places, verdict), weight)


def _window(start: int, end: int) -> Window:
    return Window(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))


def _verdicts(column: pa.ChunkedArray) -> NDArray[np.int64]:
    codes = pc.index_in(column.cast(pa.string()), pa.array(VERDICTS)).fill_null(VERDICTS.index("unknown"))
    return np.asarray(codes.to_numpy(), np.int64)
