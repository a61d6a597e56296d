"""Stills: maps for print and for machines without a browser, by GeoViews on Matplotlib.

The same data and the same palette as the player's; not the same pixels.
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..analysis.words import harmless
from ..errors import UsageError
from ..replay import Recording
from .asked import moment_of
from .data import table_of
from .flows import MOST_FLOWS, Flows, flows_of
from .image import playing_speed
from .scene import Scene, clock_text, span_text

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd
    import pyarrow as pa
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from ..views.style import Theme

__all__ = ["FORMATS", "still", "still_of"]

FORMATS = ("svg", "png")
PX_PER_INCH = 100.0  # of the player's own px
HEAD, FOOT, TIMELINE = 48.0, 44.0, 96.0  # px
TRAIL_S, TRAIL_LEAST_S = 6.0, 60.0  # as the player's: of screen time, and of events
BINS = 160
LONGEST_TITLE = 200
RING_FILL = "29"  # of 255, as an alpha: the player's 16 %


def still(
    events: pd.DataFrame | pa.Table | Recording,
    *,
    at: datetime | str | float | None = None,
    start: datetime | str | float | None = None,
    end: datetime | str | float | None = None,
    size: str | tuple[int, int] = "1080p",
    scale: int = 1,
    theme: str = "dark",
    format: str = "svg",  # noqa: A002 - what users call it
) -> bytes:
    """Draw a map of a moment or of a whole window, without a browser.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table or Recording
        An event table with places, or what was recorded of one.
    at : datetime, str or float, optional
        A moment: what the player's trail holds there. The whole window by default.
    start, end : datetime, str or float, optional
        The window; by default where nearly all events are.
    size : str or tuple of int
        Pixels; ``"1080p"``, ``"square"``, ``"vertical"`` or ``"1600x900"``.
    scale : int
        Of a PNG, from 1 to 4: how many times as fine.
    theme : {"dark", "light"}
    format : {"svg", "png"}

    Returns
    -------
    bytes
        With legend, clock or window, timeline, totals and attribution.

    Raises
    ------
    UsageError
        If what is asked for is not understood.
    ExportError
        If there is no event to show.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z"]), "src_lat": [50.1], "src_lon": [14.4]})
    >>> still(events, size="480x300")[:5]
    b'<?xml'
    """
    from ..replay import record

    recording = events if isinstance(events, Recording) else record(events)
    scene = Scene.of(recording, start=start, end=end, size=size, scale=scale, theme=theme)
    return still_of(scene, None if at is None else moment_of(at), format)


def still_of(scene: Scene, at_us: int | None = None, format: str = "svg") -> bytes:  # noqa: A002
    """Draw a scene, as `still` does.

    Parameters
    ----------
    scene : Scene
    at_us : int, optional
        The moment, in microseconds since the epoch.
    format : {"svg", "png"}
    """
    if format not in FORMATS:
        raise UsageError(f"a still cannot be {format!r}", hint=f"choose {' or '.join(FORMATS)}")
    if at_us is not None and not scene.start_us <= at_us <= scene.end_us:
        raise UsageError(
            f"{clock_text(at_us)} is outside of what is shown",
            hint=f"choose a moment from {span_text(scene.start_us, scene.end_us)}",
        )
    import matplotlib as mpl

    from ..views.style import theme as look_of

    look = look_of(scene.theme)
    trail = max(TRAIL_LEAST_S, TRAIL_S * playing_speed(scene))
    begin = scene.start_us if at_us is None else max(scene.start_us, at_us - round(trail * 1e6))
    # Its last moment belongs to a trail, but not to a window.
    shown = flows_of(scene.recording, table_of(scene.recording, begin, scene.end_us if at_us is None else at_us + 1))
    style: Any = {"svg.hashsalt": "attackviz", "svg.fonttype": "path", "font.family": "sans-serif"}
    with mpl.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a title may be in any script
        figure = _figure(scene, shown, at_us, look)
        out = io.BytesIO()
        dpi = PX_PER_INCH * scene.box[1]
        told: dict[str, Any] = {"Date": None, "Creator": None} if format == "svg" else {"Software": None}
        figure.savefig(out, format=format, dpi=dpi, facecolor=look.panel, metadata=told)
        _close(figure)
    return out.getvalue()


def _close(figure: Figure) -> None:
    from matplotlib import pyplot

    pyplot.close(figure)


def _figure(scene: Scene, shown: Flows, at_us: int | None, look: Theme) -> Figure:
    from matplotlib.patches import Rectangle

    (width, height), _ = scene.box
    map_high = max(height - HEAD - FOOT - TIMELINE, height * 0.4)
    box = (0.0, (FOOT + TIMELINE) / height, 1.0, map_high / height)
    figure = _map(shown, scene.theme, look, width / map_high)
    dpi = PX_PER_INCH * scene.box[1]
    # A hair more, as pixels are counted by rounding down.
    wide, high = (side * scene.scale / dpi + 1e-6 for side in scene.size)
    figure.set_size_inches(wide, high)
    (axes,) = figure.axes
    axes.set_position(box)
    sea = Rectangle(box[:2], *box[2:], transform=figure.transFigure, facecolor=look.sea, zorder=-1)
    figure.add_artist(sea)
    pen = _Pen(figure, width, height)
    said = span_text(scene.start_us, scene.end_us) if at_us is None else clock_text(at_us)
    clock = pen.write(
        width - 16, height - HEAD / 2, said, look.ink if at_us else look.ink_dim, 11, ha="right", va="center"
    )
    title = pen.write(16, height - HEAD / 2, "", look.ink, 13, weight="bold", va="center")
    _fit(title, harmless(str(scene.recording.header["title"]))[:LONGEST_TITLE], clock)
    _legend(pen, shown, look, FOOT + TIMELINE)
    _timeline(figure, scene, at_us, look, (56 / width, (FOOT + 22) / height, 1 - 80 / width, (TIMELINE - 30) / height))
    for line, text in enumerate(reversed(_footer(scene, shown, width))):
        pen.write(width - 16, 10 + 15 * line, text, look.ink_dim, 8, ha="right")
    return figure


class _Pen:
    """Writes text on a figure, in px from its lower left; no text is ever taken for a formula."""

    def __init__(self, figure: Figure, width: float, height: float) -> None:
        self.figure, self.width, self.height = figure, width, height

    def write(self, x: float, y: float, text: str, colour: str, points: float, **more: Any) -> Text:
        place = (x / self.width, y / self.height)
        return self.figure.text(*place, text, color=colour, fontsize=points, parse_math=False, **more)


def _fit(line: Text, text: str, before: Text) -> None:
    """Say as much of a text as has room before another one."""
    edge = before.get_window_extent().x0 - 24
    line.set_text(text)
    while text and line.get_window_extent().x1 > edge:
        text = text[: len(text) * 9 // 10]
        line.set_text(f"{text}…")


def _map(shown: Flows, theme: str, look: Theme, ratio: float) -> Figure:
    import cartopy.crs as ccrs
    import geoviews as gv
    import geoviews.plotting.mpl
    import holoviews as hv

    from ..views.basemap import extent, land
    from ..views.dress import dress

    layers = land(theme)
    for slot, line in shown.paths.items():
        path = hv.Path([line], ["x", "y"], label=f"flows {slot}")
        layers = layers * dress(path, bokeh={}, matplotlib={"color": look.slots[slot], "linewidth": 0.6, "alpha": 0.35})
    for slot in sorted(set(shown.slot.tolist())):
        of = shown.slot == slot
        rings = gv.Points((shown.x[of], shown.y[of], shown.radius[of]), ["x", "y"], "radius", crs=ccrs.GOOGLE_MERCATOR)
        points = (hv.dim("radius") * 2 * 72 / PX_PER_INCH) ** 2
        ring = {"color": f"{look.slots[slot]}{RING_FILL}", "edgecolor": look.slots[slot], "linewidth": 0.9, "s": points}
        layers = layers * dress(rings, bokeh={}, matplotlib=ring)
    targets = gv.Points((shown.to_x, shown.to_y), ["x", "y"], crs=ccrs.GOOGLE_MERCATOR)
    layers = layers * dress(
        targets, bokeh={}, matplotlib={"color": look.sea, "edgecolor": look.ink, "linewidth": 1.2, "s": 30}
    )
    (west, east), (south, north) = extent()
    # The map fills its box, cropping, and is never letterboxed.
    high, wide = (east - west) / ratio, (north - south) * ratio
    x0, x1, y0, y1 = west, east, south, north
    if high <= north - south:
        middle = (south + north) / 2
        y0, y1 = middle - high / 2, middle + high / 2
    else:
        middle = (west + east) / 2
        x0, x1 = middle - wide / 2, middle + wide / 2
    layers = dress(
        layers,
        bokeh={},
        matplotlib={
            "projection": ccrs.GOOGLE_MERCATOR,
            "xaxis": None,
            "yaxis": None,
            "xlim": (x0, x1),
            "ylim": (y0, y1),
            "bgcolor": look.sea,
            "title": "",
            "show_legend": False,
            "show_frame": False,
        },
    )
    figure: Figure = hv.renderer("matplotlib").get_plot(layers).state
    (axes,) = figure.axes
    axes.set_xlim(x0, x1)
    axes.set_ylim(y0, y1)
    # The projection's own frame ends at 180 degrees; the map goes on to its seam.
    for frame in (axes.spines["geo"], axes.patch):
        frame.set_visible(False)
    for artist in axes.collections:
        artist.set_clip_path(None)
        artist.set_clip_box(axes.bbox)
    return figure


def _legend(pen: _Pen, shown: Flows, look: Theme, base: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import FancyBboxPatch

    row, wide = 20.0, 190.0
    high = row * len(shown.legend) + 14
    x, y = 16.0, base + 16.0
    scale = pen.figure.transFigure
    box = FancyBboxPatch(
        (x / pen.width, y / pen.height),
        wide / pen.width,
        high / pen.height,
        boxstyle="square,pad=0",
        transform=scale,
        facecolor=look.panel,
        edgecolor=look.line,
        linewidth=0.6,
        alpha=0.92,
        zorder=5,
    )
    pen.figure.add_artist(box)
    for k, (slot, label, events) in enumerate(reversed(shown.legend)):
        middle = y + 7 + row * (k + 0.5)
        dot = Line2D(
            [(x + 14) / pen.width], [(middle + 1) / pen.height], marker="o", markersize=5.5, transform=scale, zorder=6,
            color=look.slots[slot], linestyle="none",
        )  # fmt: skip
        pen.figure.add_artist(dot)
        name = harmless(label)
        pen.write(x + 28, middle, name if len(name) <= 18 else f"{name[:17]}…", look.ink, 8.5, va="center", zorder=6)
        pen.write(x + wide - 12, middle, f"{events:,}", look.ink_dim, 8.5, ha="right", va="center", zorder=6)


def _timeline(
    figure: Figure, scene: Scene, at_us: int | None, look: Theme, place: tuple[float, float, float, float]
) -> None:
    axes: Axes = figure.add_axes(place)
    axes.set_facecolor(look.panel)
    header, events = scene.recording.header, scene.recording.tables["events"]
    us = events["t"].to_numpy().astype(np.int64) * header["tick_us"] + header["start_us"]
    inside = (us >= scene.start_us) & (us < scene.end_us)
    weight = events["weight"].to_numpy()[inside] if "weight" in events.column_names else np.ones(int(inside.sum()))
    slots = np.array([int(each["slot"]) for each in header["categories"]])[events["category"].to_numpy()[inside]]
    edges = np.linspace(scene.start_us, scene.end_us, BINS + 1)
    base = np.zeros(BINS)
    for slot in range(len(look.slots)):
        of = slots == slot
        counts, _ = np.histogram(us[inside][of], edges, weights=weight[of])
        axes.bar(edges[:-1], counts, np.diff(edges) * 0.86, base, align="edge", color=look.slots[slot], linewidth=0)
        base += counts
    axes.set_xlim(scene.start_us, scene.end_us)
    if at_us is not None:
        axes.axvline(at_us, color=look.ink, linewidth=1.2)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(look.line)
    axes.tick_params(colors=look.ink_dim, labelsize=7.5, length=0)
    axes.set_yticks([0, base.max()], ["0", f"{int(base.max()):,}"])
    ticks = np.linspace(scene.start_us, scene.end_us, 7)[:-1]
    axes.set_xticks(ticks, [clock_text(int(us))[4:-7] for us in ticks], ha="left")


def _footer(scene: Scene, shown: Flows, width: float) -> list[str]:
    header = scene.recording.header
    facts = [f"{shown.events:,} events", f"{shown.flowing:,} of them in the {MOST_FLOWS} largest flows"]
    facts.append(f"{shown.unlocated:,} without a location")
    if untimed := header["totals"].get("untimed"):
        facts.append(f"{untimed:,} without a usable time, not shown")
    if filtered := header["totals"].get("filtered"):
        facts.append(f"{filtered:,} filtered out before")
    if grain := header["grain"]:
        facts.append(f"counted in cells of {grain['seconds']:,} s")
    owed = [harmless(str(each["text"])) for each in header["attribution"]]
    if header["notice"]:
        owed.append(harmless(str(header["notice"])))
    owed.append("source address, not attribution")
    whole = " · ".join([*facts, *owed])
    return [whole] if len(whole) * 5.2 < width else [" · ".join(facts), " · ".join(owed)]
