"""Maps of a report as numbers: the outlines, drawn once, and a ring for every place with events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ...analysis.words import country_name
from ...views.basemap import BOUNDS, SEAM, shapes
from ...views.data import mercator
from .charts import OTHER, WIDTH, Mark
from .words import short

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ...store import Cube

__all__ = ["Land", "Ring", "Rings", "land", "rings"]

RING_PX = 22.0
SMALLEST_PX = 1.6
DRAWN = 1500
"""How many places are drawn at most, the largest."""

LABELS = 5
LETTER_PX = 6.2
COLUMNS = [
    *("src_lat", "src_lon", "category", "count", "src_city", "src_region", "src_country"),
    *("dst_name", "dst_lat", "dst_lon"),
]


_LEFT = float(mercator(np.array([SEAM]), np.array([0.0]))[0][0])
_RIGHT = float(mercator(np.array([BOUNDS[2]]), np.array([0.0]))[0][0])
_TOP = float(mercator(np.array([0.0]), np.array([BOUNDS[3]]))[1][0])
_BOTTOM = float(mercator(np.array([0.0]), np.array([BOUNDS[1]]))[1][0])
_PER_M = WIDTH / (_RIGHT - _LEFT)
_HEIGHT = (_TOP - _BOTTOM) * _PER_M


@dataclass(frozen=True, slots=True)
class Ring:
    """Hold a place with events: centre and radius in px, and the slot of its leading category."""

    x: float
    y: float
    r: float
    slot: int


@dataclass(frozen=True, slots=True)
class Rings:
    """Hold a map.

    Attributes
    ----------
    width, height : float
    rings : tuple of Ring
        The largest first.
    targets, labels : tuple of Mark
    drawn, events, unlocated : int
        Events that the rings stand for, all, and those without a place.
    places, places_drawn : int
    largest : int
        Events of the largest ring.
    """

    width: float
    height: float
    rings: tuple[Ring, ...]
    targets: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    drawn: int
    events: int
    unlocated: int
    places: int
    places_drawn: int
    largest: int


@dataclass(frozen=True, slots=True)
class Land:
    """Hold the outlines, drawn once and used by every map: paths in px."""

    width: float
    height: float
    land: str
    lakes: str
    borders: str


def rings(cube: Cube, slots: Mapping[str, tuple[int, str]], width: float = WIDTH, labels: int = LABELS) -> Rings:
    """Lay out where events came from: a ring a place, its area by their number.

    Parameters
    ----------
    cube : Cube
        Of the window.
    slots : mapping of str to (int, str)
        Slot and label of every category.
    width : float
        Of the map, in px.
    labels : int
        How many places are named.
    """
    known = [name for name in COLUMNS if name in cube.table.column_names]  # of a redacted one some are gone
    frame = cube.table.select(known).to_pandas().reindex(columns=COLUMNS)
    frame["category"] = frame["category"].astype(object)
    scale = width / WIDTH
    placed = frame[frame["src_lat"].notna()]
    sums = placed.groupby(["src_lat", "src_lon", "category"], dropna=False, observed=True)["count"].sum().reset_index()
    sums = sums.sort_values("count", ascending=False, kind="stable")
    by_place = ["src_lat", "src_lon"]
    lead = sums.drop_duplicates(by_place).set_index(by_place)["category"]
    total = sums.groupby(by_place)["count"].sum().sort_values(ascending=False, kind="stable")
    drawn = total.iloc[:DRAWN]
    lat, lon = (drawn.index.get_level_values(name).to_numpy() for name in by_place)
    xs, ys = _project(lon, lat, scale)
    most = int(total.iloc[0]) if len(total) else 0
    made = tuple(
        Ring(
            float(a),
            float(b),
            round(max(SMALLEST_PX, RING_PX * math.sqrt(n / most)) * scale**0.5, 2),
            slots.get(c, OTHER)[0],
        )
        for a, b, n, c in zip(xs, ys, drawn.tolist(), lead.reindex(drawn.index), strict=True)
    )
    names = placed.drop_duplicates(by_place).set_index(by_place)[["src_city", "src_region", "src_country"]]
    events = int(cube.totals["in_recording"])
    shown = names.reindex(drawn.index[: labels * 4])
    words = [_called(list(row)) for row in shown.itertuples(index=False)]
    targets = _targets(frame, scale)
    height = round(_HEIGHT * scale, 1)
    aims = [(mark.text, Ring(mark.x, mark.y, 4, 0)) for mark in targets if mark.text]
    named = [pair for pair in zip(words, made, strict=False) if pair[0] not in {text for text, _ in aims}]
    return Rings(
        width,
        height,
        made,
        targets,
        _placed(aims, named, labels, width, height),
        int(drawn.sum()),
        events,
        int(cube.totals["unlocated"]),
        len(total),
        len(drawn),
        most,
    )


@cache
def land() -> Land:
    """Return the outlines of the shipped map, `WIDTH` px wide."""
    parts = shapes()

    def paths(name: str, closed: bool) -> str:
        out = []
        for ring in parts[name]:
            points = np.column_stack([(ring[:, 0] - _LEFT) * _PER_M, (_TOP - ring[:, 1]) * _PER_M]).round(1)
            steps = np.append(True, np.diff(points, axis=0).any(axis=1))
            if steps.sum() > 2:
                out.append("M" + " ".join(f"{a:g},{b:g}" for a, b in points[steps]) + ("z" if closed else ""))
        return "".join(out)

    return Land(WIDTH, round(_HEIGHT, 1), paths("land", True), paths("lakes", True), paths("borders", False))


def _project(
    lon: NDArray[np.floating], lat: NDArray[np.floating], scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return degrees as px of a map `scale` times as wide as `WIDTH`, whose seam is in the Bering Strait."""
    x, y = mercator(np.where(lon < SEAM, lon + 360, lon), lat)
    return ((x - _LEFT) * _PER_M * scale).round(1), np.clip((_TOP - y) * _PER_M * scale, 0, _HEIGHT * scale).round(1)


def _called(names: list[object]) -> str:
    """Return what a place is called: its city, else its region, else its country."""
    city, region, country = (name if isinstance(name, str) else "" for name in names)
    return short(city or region or country_name(country), 24)


def _targets(frame: pd.DataFrame, scale: float) -> tuple[Mark, ...]:
    found = frame[frame["dst_lat"].notna()]
    sums = found.groupby(["dst_lat", "dst_lon", found["dst_name"].astype(object).fillna("")])["count"].sum()
    ranked = sums.sort_values(ascending=False, kind="stable").index[:8]
    out = []
    for lat, lon, name in ranked:
        x, y = _project(np.array([lon]), np.array([lat]), scale)
        out.append(Mark(float(x[0]), float(y[0]), short(name, 24)))
    return tuple(out)


def _placed(
    first: list[tuple[str, Ring]], named: list[tuple[str, Ring]], most: int, width: float, height: float
) -> tuple[Mark, ...]:
    """Return labels right or left of what they name, `most` beside the first ones, where they lie over no other."""
    taken: list[tuple[float, float, float, float]] = []
    out: list[Mark] = []
    for number_, (text, ring) in enumerate([*first, *named]):
        if len(out) >= most + min(len(first), number_):
            break
        if text in {mark.text for mark in out}:
            continue
        long = LETTER_PX * len(text)
        for anchor, x0 in (("start", ring.x + ring.r + 3), ("end", ring.x - ring.r - 3 - long)):
            box = (x0, ring.y - 6, x0 + long, ring.y + 6)
            free = all(box[2] < t[0] or box[0] > t[2] or box[3] < t[1] or box[1] > t[3] for t in taken)
            if free and min(box[:2]) >= 0 and box[2] <= width and box[3] <= height:
                taken.append(box)
                out.append(Mark(round(x0 if anchor == "start" else x0 + long, 1), ring.y + 3.5, text, anchor=anchor))
                break
    return tuple(out)
