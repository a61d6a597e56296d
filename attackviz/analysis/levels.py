"""Places told apart more or less finely: the levels of a cube's grain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..store import PLACES
from .coding import combine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .fields import Places

__all__ = ["WIDTHS", "Level", "at_level", "ladder"]

# Each divides the next, so that a coarser grain never has more cells.
WIDTHS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400)
WIDTHS += tuple(864_000 * 10**k for k in range(5))
"""Seconds of a bin, from a second to centuries."""

# A level is given up for a coarser one rather than have fewer bins than this; countries last long, as a map without
# places shows nothing.
_BINS = {"point": 1440, "city": 720, "region": 480, "country": 4, "none": 0}
# What stands for a name where a place has none: a tile of the map of about a city's, region's, country's size.
_ZOOM = {"city": 10, "region": 6, "country": 3}


def ladder(span_us: int) -> list[tuple[int, str]]:
    """Return the grains to try, the finest first; each tells apart no more than the one before.

    Parameters
    ----------
    span_us : int
        What is to be covered, in microseconds.

    Returns
    -------
    list of (int, str)
        Seconds of a bin, and a level of `attackviz.store.PLACES`.

    Examples
    --------
    >>> ladder(86_400_000_000)[4:8]
    [(60, 'point'), (60, 'city'), (60, 'region'), (60, 'country')]
    """
    steps, at = [], 0
    for place in PLACES:
        steps.append((WIDTHS[at], place))
        while at + 1 < len(WIDTHS) and span_us >= WIDTHS[at + 1] * 1_000_000 * _BINS[place]:
            at += 1
            steps.append((WIDTHS[at], place))
    return steps


@dataclass(frozen=True, slots=True)
class Level:
    """Hold the places of a level.

    Attributes
    ----------
    group_of : ndarray of int64, shape (places,)
        Which of them each place is part of.
    country, region, city : pyarrow.Array
        Their names; null above the level.
    lat, lon : ndarray of float32
        Where they stand: at the point in them with most events; NaN without.
    """

    group_of: NDArray[np.int64]
    country: pa.Array
    region: pa.Array
    city: pa.Array
    lat: NDArray[np.float32]
    lon: NDArray[np.float32]


def at_level(places: Places, level: str, events: NDArray[np.int64]) -> Level:
    """Return places told apart as a level does.

    Parameters
    ----------
    places : Places
    level : str
        One of `attackviz.store.PLACES`.
    events : ndarray of int64, shape (places,)
        Events at each place: the point with most stands for its group.

    Returns
    -------
    Level
    """
    lat, lon, located = places.lat, places.lon, places.located
    names = [places.country, places.region, places.city]
    kept = {"point": 3, "city": 3, "region": 2, "country": 1, "none": 0}[level]
    parts = [_coded(name) for name in names[:kept]]
    if level == "point":
        parts += [_coded(pa.array(v, mask=~located)) for v in (lat, lon)]
    elif level != "none":
        # What has no place must not become part of what has one, nor the nameless one place.
        tile = np.where(located & ~_known(names[0]), _tiles(lat, lon, _ZOOM[level]), -1)
        parts += [(located.astype(np.int64), 2), _coded(pa.array(tile))]
    if not parts:
        parts = [(np.zeros(len(lat), np.int64), 1)]
    group_of, first = combine(parts)
    rows = pa.array(first)
    country, region, city = (
        name.take(rows) if k < kept else pa.nulls(len(first), name.type) for k, name in enumerate(names)
    )
    if level == "none":
        nowhere = np.full(len(first), np.nan, np.float32)
        return Level(group_of, country, region, city, nowhere, nowhere)
    order = np.lexsort((lon, lat, -events))
    best = np.empty(len(first), np.int64)
    best[group_of[order[::-1]]] = order[::-1]  # of several, the last put down stays
    return Level(group_of, country, region, city, lat[best], lon[best])


def _coded(column: pa.Array) -> tuple[NDArray[np.int64], int]:
    encoded = column.dictionary_encode(null_encoding="encode")
    return np.asarray(encoded.indices, np.int64), len(encoded.dictionary)


def _known(column: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(pc.and_(column.is_valid(), pc.not_equal(column, "").fill_null(False)), bool)


def _tiles(lat: NDArray[np.float32], lon: NDArray[np.float32], zoom: int) -> NDArray[np.int64]:
    """Return the number of the Web Mercator tile of each point, as Elasticsearch's geotile_grid has them."""
    n = 2**zoom
    y = np.radians(np.clip(np.nan_to_num(lat.astype(np.float64)), -85.05112878, 85.05112878))
    row = np.floor((1 - np.arcsinh(np.tan(y)) / np.pi) / 2 * n)
    column = np.floor((np.nan_to_num(lon.astype(np.float64)) + 180) / 360 * n)
    row, column = (np.clip(v, 0, n - 1).astype(np.int64) for v in (row, column))
    return np.asarray(row * n + column)
