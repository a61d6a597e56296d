"""The cube of an index: the cluster counts by time, place, target, category and verdict.

Tiles of the map, bins of time and the values of fields are counted together, as
finely as fits; where documents have no places, their addresses are counted and
located here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..analysis.coding import distinct, whole
from ..analysis.cube import Cells
from ..analysis.fields import Fields
from ..analysis.levels import ladder
from ..analysis.times import NO_TIME, weights
from ..filters import FIELDS
from ..store import Cube
from ..window import Window
from .asking import MOST, Asking
from .counts import EPOCH, Question, spanned, told
from .groups import TILE
from .moment import HOLD, SPANS
from .needs import TooManyError

if TYPE_CHECKING:
    from ..analysis.grouped import Grouped
    from ..geo import Database, Targets

__all__ = ["cube"]

# The tiles that stand for a place without a name at each level of a cube (attackviz.analysis.levels).
_TILES = {"point": TILE, "city": 10, "region": 6, "country": 3, "none": 0}
_NAMED = {"point": 3, "city": 3, "region": 2, "country": 1, "none": 0}
_SOURCE = ("src_country", "src_region", "src_city")
_POINT = ("src_lat", "src_lon")
_TARGET = tuple(dict.fromkeys((*FIELDS["target"], "dst_country", "dst_lat", "dst_lon")))
_KIND = ("category", "verdict")

FEW = 10_000
"""Documents of which the shortest bins are told."""

Step = tuple[int, str]


def cube(
    asked: Question, asking: Asking, budget: int, database: Database | None = None, targets: Targets | None = None
) -> Cube:
    """Return counts at the finest grain whose cells fit; see `attackviz.elastic.Elastic.cube`."""
    nothing = asked.tried(asking).cube(asked.window, budget)
    census, span = asking.census(), spanned(asked, asking)
    table, grain, events, unlocated = nothing.table, nothing.grain, 0, 0
    if span is not None:
        found, finest = _counted(asked, asking, span, budget)
        rows = found.table(found.first_us).sort_by("time")
        if not asking.located or targets is not None:
            rows = _enriched(rows, asking.located, database, targets)
        fields, weight = Fields(rows), weights(rows)
        time_us = np.asarray(rows["time"].cast(pa.int64()))
        cells = Cells(fields, weight)
        table, grain = cells.cut(time_us, slice(None), weight, span.end_us - span.start_us, budget, finest)
        events = int(weight.sum())
        unlocated = int(cells.at_place[~cells.places.located].sum())
    if asked.window is not None:
        start = np.maximum(np.asarray(table["time"].cast(pa.int64())), asked.window.start_us)
        table = table.set_column(0, "time", pa.array(start, pa.timestamp("us", tz="UTC")))
    inside = asking.grouped((), window=asked.window).events if asked.filters else events
    totals: dict[str, Any] = {
        "events": census.timed + census.untimed,
        "untimed": census.untimed,
        "untimed_by_reason": {NO_TIME: census.untimed} if census.untimed else {},
        **({"outside": census.timed - inside} if asked.window is not None else {}),
        **({"filtered": inside - events} if asked.filters else {}),
        "in_recording": events,
        "unlocated": unlocated,
    }
    return Cube(table, grain, asked.window, totals, replace(told(census, asking), coarsened=events))


def _enriched(rows: pa.Table, located: bool, database: Database | None, targets: Targets | None) -> pa.Table:
    from ..geo import enrich

    if located:  # only where they went is asked for
        rows = rows.append_column("src_ip", pa.nulls(len(rows), pa.string()))
    return enrich(rows, database, targets)


def _counted(asked: Question, asking: Asking, span: Window, budget: int) -> tuple[Grouped, Step]:
    """Return combinations at the finest step of the ladder that seems to fit, and the step."""
    steps = ladder(span.end_us - span.start_us)
    if not asking.located:
        # Whatever the level of places, there are as many addresses.
        steps = list({seconds: (seconds, place) for seconds, place in reversed(steps)}.values())[::-1]
        budget = max(budget, MOST)
    for step in steps[_first(asking, span, steps, budget) :]:
        try:
            found = asking.grouped(
                _columns(asking, step[1]), window=asked.window, filters=asked.filters, seconds=step[0],
                tile=_TILES[step[1]], limit=max(budget, MOST), instead=step == steps[-1],
            )  # fmt: skip
        except TooManyError:
            continue
        return found, step
    raise AssertionError("the last step is read where it cannot be counted")


def _columns(asking: Asking, place: str) -> tuple[str, ...]:
    """Return what to tell apart at a level of places."""
    if not asking.located:
        return ("src_ip", *_TARGET, *_KIND)
    return (*_SOURCE[: _NAMED[place]], *_POINT, *_TARGET, *_KIND)


def _first(asking: Asking, span: Window, steps: list[Step], budget: int) -> int:
    """Return the step to begin with: the first if there is little, else by how many cells some of the time has.

    Short bins are told from few documents, for each may be a cell of its own then.
    """
    total = asking.total(asking.spans(span)[0])
    if total <= 2 * HOLD:
        return 0
    middle, begin = _middle(asking, span, max(HOLD, total // SPANS)), 0
    if middle is None:
        return 0
    for part in (_middle(asking, middle[0], FEW) or middle, middle):
        piece, documents = part
        found = asking.grouped(_columns(asking, "point"), window=piece, seconds=steps[begin][0], tile=TILE)
        at, width_us = found.first_us // 1_000_000, piece.end_us - piece.start_us
        for number, (seconds, place) in enumerate(steps[begin:], begin):
            if part is not middle and seconds * 1_000_000 > width_us:
                begin = number
                break
            # Tiles are left out where names tell places apart: nearly all have one.
            names = [name for name in _columns(asking, place) if place == "point" or name not in _POINT]
            parts = [whole(found.columns, name, pa.null()) for name in names]
            cells = len(distinct([*parts, pa.array(at // seconds)])[1])
            bins = (span.end_us - span.start_us) / (seconds * 1_000_000)
            if cells * min(total / documents, max(bins, 1)) <= budget:
                return number
        else:
            break
    return len(steps) - 1


def _middle(asking: Asking, window: Window, hold: int) -> tuple[Window, int] | None:
    """Return a part in the middle of a window that has about so many documents, and how many it has."""
    slices = asking.slices(asking.spans(window)[0], hold)
    one = slices[len(slices) // 2] if slices else None
    if one is None or one.start is None or one.end is None:
        return None
    return Window(*(EPOCH + timedelta(milliseconds=each) for each in (one.start, one.end))), one.count
