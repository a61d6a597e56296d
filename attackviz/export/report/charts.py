"""Pictures of a report as numbers: what the templates draw as SVG, in the player's colours and rules.

Only numbers and paths made of numbers are in a path; texts are fields of their own, which the templates escape.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from .words import at, duration, number, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...store import Timeline

__all__ = ["Bars", "Layer", "Mark", "bars", "strip"]

WIDTH = 720
TIMELINE_PX = 190
AXIS_PX = 22
MARK_PX = 16
OTHER = (7, "Other")
CLIP = 1.25
"""Bars above this much of the 99th percentile of those with events are cut, and carry their value, as in the player."""

_STEPS_S = (
    *(60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400),
    *(172800, 604800, 1209600, 2592000, 7776000, 15552000, 31536000),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Hold a text at a place of a picture, in px.

    Attributes
    ----------
    x, y : float
    text : str
    bold : bool
    anchor : str
        ``start``, ``middle`` or ``end``.
    """

    x: float
    y: float
    text: str
    bold: bool = False
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Layer:
    """Hold the bars of one category: its slot of the palette, its label, events, and one SVG path."""

    slot: int
    label: str
    events: int
    share: str
    path: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Hold a timeline.

    Attributes
    ----------
    width, height, bottom : float
        Of the picture, and the y of its base line, in px.
    layers : tuple of Layer
        The lowest of the stack first.
    x_ticks, y_ticks, cut : tuple of Mark
        Marks of the axes, and the values of bars that are cut.
    bursts : tuple of Mark
        Where bursts begin; their text is their number.
    spans : tuple of (float, float, int)
        From and to of every burst, in px, and its slot; the longest first.
    before : str
        A path: the window before, bin by bin; empty without one.
    bin : str
        Width of a bar, in words.
    """

    width: float
    height: float
    bottom: float
    layers: tuple[Layer, ...]
    x_ticks: tuple[Mark, ...]
    y_ticks: tuple[Mark, ...]
    cut: tuple[Mark, ...]
    bursts: tuple[Mark, ...]
    spans: tuple[tuple[float, float, int], ...]
    before: str
    bin: str


def bars(
    timeline: Timeline,
    slots: Mapping[str, tuple[int, str]],
    span: tuple[int, int],
    bursts: Sequence[tuple[datetime, datetime, int, int]] = (),
    before: NDArray[np.int64] | None = None,
    height: float = TIMELINE_PX,
) -> Bars:
    """Lay out events over time as stacked bars.

    Parameters
    ----------
    timeline : Timeline
        Parted by category.
    slots : mapping of str to (int, str)
        Slot and label of every category.
    span : tuple of int
        Start and end of the window, in microseconds since the epoch.
    bursts : sequence of (start, end, slot, number)
    before : ndarray of int64, shape (bins,), optional
        Events of the window before, bin by bin.
    height : float
        In px, with the axis.
    """
    start, end = span
    base, top = height - AXIS_PX, 26.0
    counts = np.column_stack([timeline.events, timeline.rest])
    total = counts.sum(axis=1)
    most = float(total.max(initial=0))
    high = float(np.quantile(total[total > 0], 0.99)) * CLIP if most else 0
    shown = high if high and most > 1.6 * high else most
    step = nice(shown)
    ceiling = max(step * math.ceil(shown / step), 1)
    k = (base - top) / ceiling

    def x(us: float) -> float:
        return (us - start) / (end - start) * WIDTH

    edges = timeline.start_us + np.arange(len(total) + 1) * timeline.seconds * 1_000_000
    across = np.clip((edges - start) / (end - start) * WIDTH, 0, WIDTH)
    left, wide = across[:-1], np.maximum(np.diff(across) - 0.6, 0.4)
    fit = np.where(total > ceiling, ceiling / np.maximum(total, 1), 1.0)
    layers, floor = [], np.zeros(len(total))
    merged: dict[tuple[int, str], NDArray[np.int64]] = {}
    for own, column in zip([*(slots.get(name, OTHER) for name in timeline.groups), OTHER], counts.T, strict=True):
        merged[own] = merged[own] + column if own in merged else column
    for (slot, label), events in sorted(merged.items(), key=lambda item: item[0][0]):
        if not events.any():
            continue
        tall = events * fit * k
        path = "".join(
            f"M{left[i]:.1f} {base - floor[i]:.1f}h{wide[i]:.1f}v{-tall[i]:.1f}h{-wide[i]:.1f}z"
            for i in np.flatnonzero(events).tolist()
        )
        floor += tall
        layers.append(Layer(slot, label, int(events.sum()), share(int(events.sum()), int(total.sum())), path))
    cut = [
        _beside(float(left[i]), float(left[i] + wide[i]), top + 8, number(int(total[i])))
        for i in np.flatnonzero(total > ceiling).tolist()
    ]
    line = ""
    if before is not None and before.any():
        tops = base - np.minimum(before, ceiling) * k
        line = "M" + "L".join(f"{a:.1f} {y:.1f}L{a + w:.1f} {y:.1f}" for a, w, y in zip(left, wide, tops, strict=False))
    marks = _side_by_side([(x(_us(begin)), n) for begin, _, _, n in bursts])
    ends = [(max(x(_us(a)), 0.0), min(max(x(_us(b)), x(_us(a)) + 2), WIDTH), slot) for a, b, slot, _ in bursts]
    spans = tuple(sorted(ends, key=lambda span: span[0] - span[1]))  # a short one lies over a long one
    return Bars(
        WIDTH,
        height,
        base,
        tuple(layers),
        tuple(_times(start, end)),
        tuple(Mark(0, base - n * step * k, number(n * step)) for n in range(1, int(ceiling / step) + 1)),
        tuple(_apart(cut)),
        marks,
        spans,
        line,
        duration(timeline.seconds),
    )


def strip(events: NDArray[np.int64], width: float, height: float) -> str:
    """Lay out events over time as one path of bars, square-root high, so that single ones are seen."""
    most = math.sqrt(int(events.max(initial=0))) or 1.0
    wide = width / max(len(events), 1)
    return "".join(
        f"M{i * wide:.1f} {height}h{wide:.1f}v{-max(math.sqrt(int(events[i])) / most * height, 1):.1f}h{-wide:.1f}z"
        for i in np.flatnonzero(events).tolist()
    )


def nice(most: float) -> float:
    """Return a step of 1, 2 or 5 times a power of ten, at most five of which reach `most`.

    Examples
    --------
    >>> nice(9123), nice(3), nice(0)
    (2000, 1, 1)
    """
    if most <= 3:
        return 1
    rough = most / 5
    power = 10 ** math.floor(math.log10(rough))
    return max(int(next(m * power for m in (1, 2, 5, 10) if m * power >= rough)), 1)


def _times(start: int, end: int) -> list[Mark]:
    """Return the marks of an axis of time, some eight of them on whole units; midnight is a date in bold."""
    seconds = (end - start) / 1e6
    step = next((s for s in _STEPS_S if seconds / s <= 9), _STEPS_S[-1] * math.ceil(seconds / 9 / _STEPS_S[-1]))
    first = -(-start // (step * 1_000_000)) * step
    out = []
    for second in range(first, math.ceil(end / 1e6), step):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        x = (second * 1e6 - start) / (end - start) * WIDTH
        midnight = not second % 86400
        text = f"{moment.day} {moment:%b}" if midnight else f"{moment:%H:%M}"
        if midnight and step >= 15552000:
            text = f"{moment:%b %Y}"
        if x <= WIDTH - 14:
            out.append(Mark(round(x, 1), 0, text, bold=midnight, anchor="start" if x < 14 else "middle"))
    return out


def _apart(marks: list[Mark]) -> list[Mark]:
    """Return those marks that lie over no mark before them."""
    out: list[Mark] = []
    for mark in marks:
        if not out or mark.x - out[-1].x > 42:
            out.append(mark)
    return out


def _us(moment: datetime) -> int:
    return (moment - at(0)) // timedelta(microseconds=1)


def _side_by_side(found: list[tuple[float, int]]) -> tuple[Mark, ...]:
    """Return numbers in a row, each as near to its place as those before it let it; none where there is no room."""
    out: list[Mark] = []
    for x, n in sorted(found):
        at = max(_inside(x, MARK_PX / 2), out[-1].x + MARK_PX if out else 0)
        if at <= WIDTH - MARK_PX / 2:
            out.append(Mark(round(at, 1), 8, str(n), bold=True))
    return tuple(out)


def _beside(left: float, right: float, y: float, text: str) -> Mark:
    """Return a text right of a bar, or left of it where the picture ends."""
    if right < WIDTH - 60:
        return Mark(round(right + 4, 1), y, text, anchor="start")
    return Mark(round(left - 4, 1), y, text, anchor="end")


def _inside(x: float, edge: float) -> float:
    return round(min(max(x, edge), WIDTH - edge), 1)
