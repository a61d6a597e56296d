"""What the views show, counted: from a frame of events to small frames of totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import SchemaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["by_place", "by_time", "by_value", "column_of", "counts", "located", "mercator", "weights"]

EARTH_M = 6_378_137.0
UNKNOWN = "unknown"


def column_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column, or say which there are.

    Parameters
    ----------
    frame : pandas.DataFrame
    name : str

    Raises
    ------
    SchemaError
        If there is no such column.
    """
    if name not in frame.columns:
        raise SchemaError(
            f"the events have no column {name!r}",
            hint=f"columns are {', '.join(map(str, frame.columns))}"
            + ("; add places with attackviz.enrich(events)" if name.startswith("src_") else ""),
        )
    return frame[name]


def weights(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Return how many events each row stands for.

    Parameters
    ----------
    frame : pandas.DataFrame

    Returns
    -------
    ndarray of int64, shape (n,)

    Examples
    --------
    >>> weights(pd.DataFrame({"time": [0, 1], "count": [3, None]})).tolist()
    [3, 1]
    """
    if "count" not in frame.columns:
        return np.ones(len(frame), np.int64)
    return frame["count"].fillna(1).to_numpy(np.int64)


def located(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows have a place on the map.

    Parameters
    ----------
    frame : pandas.DataFrame

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    if "src_lat" not in frame.columns or "src_lon" not in frame.columns:
        return np.zeros(len(frame), bool)
    lat, lon = (frame[name].to_numpy(np.float64, na_value=np.nan) for name in ("src_lat", "src_lon"))
    return np.asarray((np.abs(lat) <= 90) & (np.abs(lon) <= 180))


def mercator(lon: NDArray[np.floating[Any]], lat: NDArray[np.floating[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Project degrees to Web Mercator metres.

    Parameters
    ----------
    lon, lat : ndarray of float
        Degrees; latitudes beyond 85.05 are drawn at the edge.

    Returns
    -------
    x, y : ndarray of float64

    Examples
    --------
    >>> x, y = mercator(np.array([180.0]), np.array([0.0]))
    >>> round(x[0]), round(abs(y[0]))
    (20037508, 0)
    """
    y = np.clip(np.asarray(lat, np.float64), -85.05, 85.05)
    return np.radians(np.asarray(lon, np.float64)) * EARTH_M, EARTH_M * np.arctanh(np.sin(np.radians(y)))


def counts(frame: pd.DataFrame) -> dict[str, Any]:
    """Return what there is in a frame of events, as plain numbers.

    Parameters
    ----------
    frame : pandas.DataFrame

    Returns
    -------
    dict
        As told of in `AttacksAccessor.counts`.
    """
    weight = weights(frame)
    result: dict[str, Any] = {
        "events": int(weight.sum()),
        "untimed": int(weight[frame["time"].isna().to_numpy()].sum()),
        "unlocated": int(weight[~located(frame)].sum()),
    }
    for name, column in (("sources", "src_ip"), ("countries", "src_country")):
        result[name] = int(frame[column].nunique()) if column in frame.columns else 0
    result["by_category"] = by_value(frame, "category") if "category" in frame.columns else {}
    return result


def by_value(frame: pd.DataFrame, column: str) -> dict[str, int]:
    """Sum up events by the values of a column, the most frequent first.

    Parameters
    ----------
    frame : pandas.DataFrame
    column : str

    Returns
    -------
    dict of str to int
        Null is ``"unknown"``; equal counts are in the order of their names.

    Examples
    --------
    >>> by_value(pd.DataFrame({"category": ["b", "a", None, "b"]}), "category")
    {'b': 2, 'a': 1, 'unknown': 1}
    """
    summed = _sum({"name": _names(column_of(frame, column)).array}, weights(frame))
    ranked = sorted(zip(summed["name"], summed["events"], strict=True), key=lambda item: (-item[1], item[0]))
    return {name: int(total) for name, total in ranked if total}


def by_place(frame: pd.DataFrame, color_by: str) -> pd.DataFrame:
    """Sum up located events by place and category.

    Parameters
    ----------
    frame : pandas.DataFrame
    color_by : str
        The column that colours.

    Returns
    -------
    pandas.DataFrame
        ``x``, ``y`` (Web Mercator metres), ``place``, ``category`` and
        ``events``; the largest first, so that small marks lie on top.
    """
    rows = frame[located(frame)]
    words = [name for name in ("src_city", "src_region", "src_country") if name in rows.columns]
    keys = {"lon": rows["src_lon"].to_numpy(np.float64), "lat": rows["src_lat"].to_numpy(np.float64)}
    keys |= {name: _names(rows[name]).array for name in words} | {"category": _category(rows, color_by).array}
    summed = _sum(keys, weights(rows))
    x, y = mercator(summed["lon"].to_numpy(), summed["lat"].to_numpy())
    # A city that is not known, at a place that is, is no word worth showing.
    texts = zip(*(summed[name] for name in words), strict=True) if words else iter([()] * len(summed))
    place = [", ".join(dict.fromkeys(w for w in text if w != UNKNOWN)) for text in texts]
    totals = pd.DataFrame(
        {"x": x, "y": y, "place": place, "category": summed["category"].astype(str), "events": summed["events"]}
    )
    return totals.sort_values("events", ascending=False, kind="stable", ignore_index=True)


def by_time(frame: pd.DataFrame, by: str | None, bins: int) -> tuple[pd.DataFrame, pd.Timedelta]:
    """Sum up timed events by equal bins of time, and by a column.

    Parameters
    ----------
    frame : pandas.DataFrame
    by : str or None
        The column to part by.
    bins : int
        At most how many bins; their width is a whole number of seconds,
        minutes, hours or days.

    Returns
    -------
    totals : pandas.DataFrame
        ``time`` (the bin's start, naive UTC), ``category`` and ``events``; a row
        for every bin and category that has events.
    width : pandas.Timedelta
    """
    timed = frame["time"].notna().to_numpy()
    rows = frame[timed]
    time = pd.to_datetime(rows["time"], utc=True).dt.tz_localize(None)
    names = _category(rows, by) if by else pd.Series(["events"] * len(rows), dtype=object)
    if not len(rows):
        empty = pd.DataFrame({"time": pd.to_datetime([]), "category": [], "events": np.zeros(0, np.int64)})
        return empty, pd.Timedelta(seconds=1)
    width = _width(time.max() - time.min(), bins)
    start = time.dt.floor(width)
    return _sum({"time": start.to_numpy(), "category": names.array}, weights(rows)), width


def _sum(keys: dict[str, Any], weight: NDArray[np.int64]) -> pd.DataFrame:
    grouped = pd.DataFrame({**keys, "events": weight}).groupby(list(keys), observed=True, sort=True)
    return grouped["events"].sum().reset_index()


_WIDTHS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400]


def _width(span: pd.Timedelta, bins: int) -> pd.Timedelta:
    least = span.total_seconds() / max(bins - 1, 1)
    seconds = next((w for w in _WIDTHS if w >= least), None)
    return pd.Timedelta(seconds=seconds) if seconds else pd.Timedelta(days=int(np.ceil(least / 86400)))


def _category(frame: pd.DataFrame, column: str) -> pd.Series:
    if column == "category" and column not in frame.columns:
        return pd.Series(["events"] * len(frame), index=frame.index, dtype=object)
    return _names(column_of(frame, column))


def _names(values: pd.Series) -> pd.Series:
    if not isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object).astype("category")
    names = [str(name) for name in values.cat.categories]
    if len(set(names) | {UNKNOWN}) == len(names) + 1:
        return values.cat.rename_categories(names).cat.add_categories([UNKNOWN]).fillna(UNKNOWN)
    # Two values of one name, or one called as what is missing is: text will do.
    return values.astype(object).where(values.notna(), UNKNOWN).astype(str)
