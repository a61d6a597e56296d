"""A point for each country and region: the middle of what the embedded database knows there."""

from __future__ import annotations

from functools import cache

import numpy as np

from .database import open_database

__all__ = ["centre"]

_MANY = 1 << 20


def centre(country: str, region: str | None = None) -> tuple[float, float] | None:
    """Return a point that stands for a region or a country.

    It is the median of latitude and of longitude over the records of the
    embedded database, so it says nothing of any one address.

    Parameters
    ----------
    country : str
        ISO 3166-1 code.
    region : str, optional
        Name of a first subdivision; of one that is not known the point is the country's.

    Returns
    -------
    (float, float) or None
        Degrees north and east, to a tenth; None for a country that is not known.

    Examples
    --------
    >>> centre("CZ"), centre("CZ", "no such region") == centre("CZ"), centre("T1")
    ((50.0, 15.1), True, None)
    """
    points = _centres()
    return points.get((country, region or ""), points.get((country, "")))


@cache
def _centres() -> dict[tuple[str, str], tuple[float, float]]:
    places = open_database("embedded")._places
    lat, lon = (places.rows[:, c].view(np.float32) for c in (5, 6))
    there = ~np.isnan(lat) & (places.rows[:, 0] >= 0)
    country, region = (places.rows[there, c].astype(np.int64) for c in (0, 1))
    countries, regions = (texts.to_pylist() for texts in places.texts[:2])
    found = {}
    for keys in (country * _MANY, country * _MANY + region + 1):
        for key, point in _medians(keys, lat[there], lon[there]):
            at, name = divmod(key, _MANY)
            found[countries[at], regions[name - 1] if name else ""] = point
    return found


def _medians(keys: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> list[tuple[int, tuple[float, float]]]:
    order = [np.lexsort((degrees, keys)) for degrees in (lat, lon)]
    known, first, many = np.unique(keys[order[0]], return_index=True, return_counts=True)
    middle = first + (many - 1) // 2
    y, x = (
        np.round(degrees[by][middle].astype(float), 1).tolist() for degrees, by in zip((lat, lon), order, strict=True)
    )
    return list(zip(known.tolist(), zip(y, x, strict=True), strict=True))
