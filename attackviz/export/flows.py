"""What a still shows, counted: rings, flows and the legend, in Web Mercator metres and the player's own px."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..views import data
from ..views.basemap import SEAM, extent

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from ..replay import Recording

__all__ = ["Flows", "flows_of"]

WORLD_M = 2 * np.pi * data.EARTH_M
MOST_FLOWS = 170
LIFT, HIGHEST = 0.32, 0.3  # of the chord; of the map's height
STEPS = 40
RING_K, RING_MIN, RING_MAX = 1.1, 2.5, 24.0
_UNTO = ["src_lon", "src_lat", "dst_lon", "dst_lat"]


@dataclass(frozen=True, slots=True)
class Flows:
    """Hold what a still shows.

    Attributes
    ----------
    x, y : ndarray of float64
        Places with events, in Web Mercator metres, the largest first.
    radius : ndarray of float64
        Of their rings, in px.
    slot : ndarray of int64
        The colour of the largest category there.
    paths : dict of int to ndarray, shape (n, 2)
        The largest flows by slot: curves in metres, parted by NaN.
    to_x, to_y : ndarray of float64
        Targets.
    legend : list of tuple
        Slot, label and events of each category.
    events, unlocated, flowing : int
        How many there are; without a place; drawn as flows.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    radius: NDArray[np.float64]
    slot: NDArray[np.int64]
    paths: dict[int, NDArray[np.float64]]
    to_x: NDArray[np.float64]
    to_y: NDArray[np.float64]
    legend: list[tuple[int, str, int]]
    events: int
    unlocated: int
    flowing: int


def flows_of(recording: Recording, table: pa.Table) -> Flows:
    """Count what a still shows.

    Parameters
    ----------
    recording : Recording
        Whose categories say which colour is whose.
    table : pyarrow.Table
        Those of its events that are shown, as `table_of` gives them.
    """
    frame = table.select(["category", "count", *_UNTO]).to_pandas()
    frame["count"] = frame["count"].astype(np.int64)
    listed = recording.header["categories"]
    slots = {str(each["name"]): int(each["slot"]) for each in listed}
    frame["slot"] = frame["category"].astype(object).map(slots).fillna(7).astype(np.int64)
    labels: dict[int, str] = {}
    for each in listed:
        labels.setdefault(int(each["slot"]), "Other" if each["slot"] == 7 else str(each["label"]))
    by_slot = frame.groupby("slot")["count"].sum()
    placed = frame[frame["src_lat"].notna() & frame["src_lon"].notna()]
    x, y, total, lead = _rings(placed)
    aimed = placed[placed["dst_lat"].notna() & placed["dst_lon"].notna()]
    flows = aimed.groupby([*_UNTO, "slot"], sort=True)["count"].sum().reset_index()
    flows = flows.sort_values("count", ascending=False, kind="stable").head(MOST_FLOWS)
    targets = aimed[["dst_lon", "dst_lat"]].drop_duplicates().to_numpy(np.float64).reshape(-1, 2)
    to_x, to_y = _on_map(targets[:, 0], targets[:, 1])
    return Flows(
        x=x,
        y=y,
        radius=np.clip(RING_K * np.sqrt(total), RING_MIN, RING_MAX),
        slot=lead,
        paths=_paths(flows),
        to_x=to_x,
        to_y=to_y,
        legend=[(slot, labels[slot], int(by_slot.get(slot, 0))) for slot in sorted(labels)],
        events=int(frame["count"].sum()),
        unlocated=int(frame["count"].sum() - placed["count"].sum()),
        flowing=int(flows["count"].sum()),
    )


def _on_map(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project, with what is west of the seam in the east, where the map goes on."""
    x, y = data.mercator(lon, lat)
    return x + np.where(lon < SEAM, WORLD_M, 0.0), y


def _rings(
    placed: pd.DataFrame,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    sums = placed.groupby(["src_lon", "src_lat", "slot"], sort=True)["count"].sum().reset_index()
    sums = sums.sort_values("count", ascending=False, kind="stable")
    rings = (
        sums.groupby(["src_lon", "src_lat"], sort=True).agg(n=("count", "sum"), slot=("slot", "first")).reset_index()
    )
    rings = rings.sort_values("n", ascending=False, kind="stable")
    x, y = _on_map(rings["src_lon"].to_numpy(np.float64), rings["src_lat"].to_numpy(np.float64))
    return x, y, rings["n"].to_numpy(np.float64), rings["slot"].to_numpy(np.int64)


def _paths(flows: pd.DataFrame) -> dict[int, NDArray[np.float64]]:
    """Return curves as the player bends them, without its little differences between places."""
    (west, east), (south, north) = extent()
    gap = np.full((1, 2), np.nan)
    found: dict[int, list[NDArray[np.float64]]] = {}
    sx, sy = _on_map(flows["src_lon"].to_numpy(np.float64), flows["src_lat"].to_numpy(np.float64))
    tx, ty = data.mercator(flows["dst_lon"].to_numpy(np.float64), flows["dst_lat"].to_numpy(np.float64))
    for x, y, to, ey, slot in zip(sx, sy, tx, ty, flows["slot"], strict=True):
        way = to - x
        ex = x + way - WORLD_M * np.floor(way / WORLD_M + 0.5)  # the short way round
        curve = _curve(x, y, ex, ey, HIGHEST * (north - south))
        for copy in (-WORLD_M, 0.0, WORLD_M):
            moved = curve + np.array([copy, 0.0])
            if moved[:, 0].max() >= west and moved[:, 0].min() <= east:
                found.setdefault(int(slot), []).extend([moved, gap])
    return {slot: np.concatenate(lines[:-1]) for slot, lines in sorted(found.items())}


def _curve(sx: float, sy: float, ex: float, ey: float, highest: float) -> NDArray[np.float64]:
    chord = float(np.hypot(ex - sx, ey - sy))
    nx, ny = ((sy - ey) / chord, (ex - sx) / chord) if chord else (0.0, 0.0)
    if ny < 0:
        nx, ny = -nx, -ny
    up = min(highest, LIFT * chord)
    control = np.array([(sx + ex) / 2 + nx * up, (sy + ey) / 2 + ny * up])
    k = np.linspace(0, 1, STEPS)[:, None]
    return np.asarray((1 - k) ** 2 * (sx, sy) + 2 * (1 - k) * k * control + k**2 * (ex, ey))
