"""The shipped map: Natural Earth outlines in Web Mercator, drawn without a network."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .data import mercator
from .dress import backends, dress
from .style import theme as look_of

if TYPE_CHECKING:
    import holoviews as hv

__all__ = ["BOUNDS", "FILE", "figure", "land", "shapes"]

FILE = Path(__file__).parents[1] / "player" / "basemap.json"
KM = 1000.0
SEAM = -169.0  # the map is centred on 11 E, so that it is cut in the Bering Strait
BOUNDS = (SEAM, -58.0, SEAM + 360, 78.0)  # west, south, east, north in degrees


@cache
def shapes() -> dict[str, list[np.ndarray[Any, Any]]]:
    """Return the outlines of the shipped map.

    Returns
    -------
    dict of str to list of ndarray, shape (n, 2)
        ``land``, ``lakes`` and ``borders``: rings and lines in Web Mercator
        metres, from 169 W eastwards to 191 E.

    Examples
    --------
    >>> sorted(shapes())
    ['borders', 'lakes', 'land']
    """
    data = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: [np.array(ring, np.float64).reshape(-1, 2) * KM for ring in data.get(name, [])]
        for name in ("land", "lakes", "borders")
    }


def extent() -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the map's extent: x and y limits in Web Mercator metres."""
    west, south, east, north = BOUNDS
    x, y = mercator(np.array([west, east]), np.array([south, north]))
    return (float(x[0]), float(x[1])), (float(y[0]), float(y[1]))


def land(theme: str = "dark") -> hv.Overlay:
    """Return land, lakes and borders, to lay other GeoViews elements over.

    Parameters
    ----------
    theme : {"dark", "light"}

    Returns
    -------
    holoviews.Overlay
        Of plain elements in Web Mercator metres: GeoViews would project them
        anew, ring by ring, and cut what lies east of 180 degrees. Its own
        elements may be laid over.

    Examples
    --------
    >>> import geoviews as gv
    >>> import cartopy.crs as ccrs
    >>> site = gv.Points([(14.4, 50.1)], crs=ccrs.PlateCarree())
    >>> len(land("light") * site)
    4
    """
    import holoviews as hv

    backends()
    look, parts = look_of(theme), shapes()
    areas = {"basemap-land": (parts["land"], look.land), "basemap-lakes": (parts["lakes"], look.sea)}
    layers = [
        dress(
            hv.Polygons([_joined(rings)], ["x", "y"], label=name),
            bokeh={"fill_color": fill, "line_color": look.coast, "line_width": 0.75, "hooks": [_name(name)]},
            matplotlib={"facecolor": fill, "color": fill, "edgecolor": look.coast, "linewidth": 0.4},
        )
        for name, (rings, fill) in areas.items()
    ]
    borders = dress(
        hv.Path([_joined(parts["borders"])], ["x", "y"], label="basemap-borders"),
        bokeh={"color": look.border, "line_width": 0.5, "hooks": [_name("basemap-borders")]},
        matplotlib={"color": look.border, "linewidth": 0.3},
    )
    return layers[0] * layers[1] * borders


def figure(theme: str = "dark") -> hv.Overlay:
    """Return the map that lies beneath the player: it fills its cell, and pans and zooms.

    Parameters
    ----------
    theme : {"dark", "light"}

    Returns
    -------
    holoviews.Overlay
        For Bokeh: no axes, toolbar or border; the wheel zooms, dragging pans.
        Lay other elements over it with ``*`` before handing it to the player.
    """
    import holoviews as hv

    backends()
    look = look_of(theme)
    (x0, x1), (y0, y1) = extent()
    lines = [
        np.array([(x, y0 * 1.4), (x, y1 * 1.4)]) for x in mercator(np.arange(-150.0, 211.0, 30.0), np.zeros(13))[0]
    ]
    lines += [np.array([(x0, y), (x1, y)]) for y in mercator(np.zeros(9), np.arange(-80.0, 81.0, 20.0))[1]]
    graticule = dress(
        hv.Path([_joined(lines)], ["x", "y"], label="basemap-graticule"),
        bokeh={"color": look.graticule, "line_width": 1, "hooks": [_name("basemap-graticule")]},
        matplotlib={"color": look.graticule, "linewidth": 0.4},
    )
    whole = graticule * land(theme)
    return whole.opts(
        hv.opts.Overlay(
            backend="bokeh",
            responsive=True,
            toolbar=None,
            xaxis=None,
            yaxis=None,
            default_tools=["pan", "wheel_zoom"],
            active_tools=["pan", "wheel_zoom"],
            show_legend=False,
            show_frame=False,
            border=0,
            bgcolor=look.sea,
            xlim=(x0, x1),
            ylim=(y0, y1),
            hooks=[_fill],
        )
    )


def _joined(parts: list[np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    # One geometry of many parts: HoloViews takes some ten milliseconds for each geometry.
    gap = np.full((1, 2), np.nan)
    points = np.concatenate([piece for part in parts for piece in (part, gap)][:-1])
    return {"x": points[:, 0], "y": points[:, 1]}


def _name(name: str) -> Any:
    # The player finds the shipped layers by name, to recolour and repeat them.
    def hook(plot: Any, element: object) -> None:
        plot.handles["glyph_renderer"].name = name

    return hook


def _fill(plot: Any, element: object) -> None:
    figure = plot.state
    figure.min_border = 0
    figure.border_fill_color = figure.background_fill_color
