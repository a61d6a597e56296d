"""Bursts: where there are far more events of a category than the time of day and the days before lead one to expect.

Categories are looked at one by one, for a flood of one may drown in the usual of
another. Counts in bins are first brought to an even spread: ``2 * sqrt(x + 3/8)`` of a
Poisson count has a standard deviation of about 1, whatever its mean (Anscombe,
*Biometrika* 35, 1948). What is expected is a season and a level, both medians,
so that a flood does not raise its own yardstick: the season is the median of
all days at about the same time of day, where there are three days or more; the
level is the median of what is left of the three days before. What begins and
stays is a burst until it has become the usual, after two days. This is
the seasonal hybrid test of Hochenbaum, Vallis and Kejariwal (arXiv:1704.07706,
2017) with counts made even. The spread of what remains is its median absolute
deviation, and at least that of a Poisson count.

A burst begins where a bin stands out by six spreads and holds at least so many
times what was expected; it reaches as far as its neighbours stand out by three
(hysteresis, as Canny uses for edges, IEEE PAMI 8, 1986). Bins of a four times,
then again of a four times greater width, are then asked in the same way, with
what was found put back to what was expected: so a slow swell is found, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError
from ..filters import Filters
from ..window import Window, as_window
from .asked import as_filters, as_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from ..store import Group, Store, Timeline

__all__ = ["Burst", "bursts"]

BINS = 1500
"""How many bins a window is cut into at most; their width is a whole number of seconds, minutes or hours."""

MOST_BINS = 20_000
"""How many bins the days before may add."""

BEGINS, REACHES = 6.0, 3.0
"""How many spreads a burst, and its rim, stand out by."""

FEWEST = 12
"""With fewer bins there is no usual."""

STRAYS = 0.001
"""Part of the events that may stand so far from the rest that they say nothing of what is usual."""

SEASON_DAYS = 3
_BEFORE = 3  # days that tell the level
_GAP = 2  # bins between two parts of one burst
_AROUND = 1800  # seconds before and after that are about the same time of day
_SHIFTS = 13  # at most so many bins of them are looked at
_COARSER = 4
_DAY = 86_400
_US = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CALENDAR = datetime.min.replace(tzinfo=UTC)
_WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, _DAY)


@dataclass(frozen=True, slots=True)
class Burst:
    """Hold a stretch of time with far more events than expected.

    Attributes
    ----------
    start, end : datetime
        UTC, half-open; as exact as the bins it was found in.
    peak : datetime
        Start of its fullest bin.
    factor : float
        How many times what was expected the fullest bin holds; less than one
        event expected counts as one.
    events : int
        Events from start to end (sum of ``count``).
    expected : float
        How many there would usually be.
    source, rule : Group or None
        The known address, and rule, with most of its events.
    category : str or None
        Of all its events; None for those that are rarer than the eight most
        frequent, and where only one is met.
    """

    start: datetime
    end: datetime
    peak: datetime
    factor: float
    events: int
    expected: float
    source: Group | None = None
    rule: Group | None = None
    category: str | None = None

    @property
    def window(self) -> Window:
        """From start to end."""
        return Window(self.start, self.end)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a recording's header has it.

        Returns
        -------
        dict
            ``start_us``, ``end_us``, ``peak_us`` (microseconds since the
            epoch), ``factor``, ``events``, ``expected``, ``source``, ``rule``,
            ``category`` (text, or None).
        """
        return {
            "start_us": _us(self.start),
            "end_us": _us(self.end),
            "peak_us": _us(self.peak),
            "factor": round(self.factor, 1),
            "events": self.events,
            "expected": round(self.expected, 1),
            "source": self.source and str(self.source.key),
            "rule": self.rule and str(self.rule.key),
            "category": self.category,
        }


@dataclass(frozen=True, slots=True)
class _Bins:
    """Hold counts from midnight on, and which of the bins the store knows of."""

    start_us: int
    seconds: int
    counts: NDArray[np.int64]
    known: NDArray[np.bool_]
    filters: Filters
    category: str | None

    def coarser(self, seconds: int, counts: NDArray[np.int64]) -> _Bins:
        """Return other counts of the same bins in greater bins."""
        times = seconds // self.seconds
        pad = -len(counts) % times
        total = np.pad(counts, (0, pad)).reshape(-1, times).sum(axis=1)
        known = np.asarray(np.pad(self.known, (0, pad)).reshape(-1, times).any(axis=1))
        return replace(self, seconds=seconds, counts=total, known=known)


def bursts(
    events: pd.DataFrame | pa.Table | Store,
    window: Window | str | None = None,
    filters: Filters | Mapping[str, Any] | str | None = None,
    *,
    n: int = 20,
    factor: float = 2.0,
    days: int = 14,
    seconds: int = 1,
) -> list[Burst]:
    """Find where there are far more events than usual.

    What is usual is told by the window and, as far as the store has them, the
    days before; the module says how. The same events give the same bursts.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table or Store
        An event table, or what answers for one.
    window : Window or str, optional
        Where to look; by default all of time.
    filters : Filters, mapping or str, optional
        Look only at events that meet them.
    n : int
        At most how many: those with most events above what was expected.
    factor : float
        How many times what was expected a burst holds at least.
    days : int
        How many days before the window are asked for what is usual.
    seconds : int
        How wide bins are at least; of cells of a cube, as wide as they are.

    Returns
    -------
    list of Burst
        By time.

    Raises
    ------
    UsageError
        If a figure, the window or the filters are not of their form.

    Examples
    --------
    >>> import pandas as pd
    >>> quiet = pd.date_range("2025-02-18", periods=1440, freq="min", tz="UTC")
    >>> flood = pd.date_range("2025-02-18T14:00", periods=600, freq="s", tz="UTC")
    >>> found = bursts(pd.DataFrame({"time": quiet.append(flood)}))
    >>> [(f"{burst.start:%H:%M}-{burst.end:%H:%M}", burst.events, burst.factor) for burst in found]
    [('14:00-14:10', 610, 61.0)]
    """
    if n < 1 or not factor > 1 or days < 0 or seconds < 1:
        raise UsageError(
            "bursts are asked for by n and seconds of 1 or more, a factor above 1 and days of 0 or more",
            hint=f"not n={n!r}, factor={factor!r}, days={days!r}, seconds={seconds!r}",
        )
    store, conditions = as_store(events), as_filters(filters)
    wanted = as_window(window)
    found = []
    for bins in _series(store, wanted, conditions, days, seconds):
        hits, usual = _found(bins, factor)
        if wanted is not None:  # what is over before the window starts is none of it
            hits[: max(0, (wanted.start_us - bins.start_us) // (bins.seconds * _US))] = False
        above = bins.counts - usual
        found += [(float(above[first:last].sum()), first, last, usual, bins) for first, last in _runs(hits)]
    best = sorted(found, key=lambda one: (-one[0], one[1], str(one[4].category)))[:n]
    made = [_burst(store, bins, usual, first, last, wanted) for _, first, last, usual, bins in best]
    return sorted(made, key=lambda burst: (burst.start, str(burst.category)))


def _burst(
    store: Store, bins: _Bins, usual: NDArray[np.float64], first: int, last: int, window: Window | None
) -> Burst:
    def at(place: int) -> datetime:
        return _EPOCH + timedelta(microseconds=bins.start_us + place * bins.seconds * _US)

    peak = first + int(np.argmax(bins.counts[first:last]))
    start, end = at(first), at(last)
    if window is not None:
        start, end = max(start, window.start), min(end, window.end)
    addresses, rules = (store.top(field, Window(start, end), 2, bins.filters) for field in ("address", "rule"))
    source, rule = (next((row for row in top.rows if row.key), None) for top in (addresses, rules))
    return Burst(
        start,
        end,
        max(at(peak), start),
        float(bins.counts[peak] / max(usual[peak], 1.0)),
        addresses.events,
        float(usual[first:last].sum()),
        source,
        rule,
        bins.category,
    )


def _series(store: Store, window: Window | None, filters: Filters, days: int, seconds: int) -> Iterator[_Bins]:
    """Count a window and the days before it, from a midnight on, by category."""
    line = _line(store, window, filters, days, seconds)
    width = line.seconds * _US
    lead = line.start_us % (_DAY * _US) // width if line.seconds <= _DAY else 0
    total = line.events.sum(axis=1) + line.rest
    first, last = _most(total)
    if last - first < FEWEST:
        return
    # Before its first events a store knows nothing; it was not quiet.
    known = np.concatenate([np.zeros(lead, bool), np.arange(last) >= first])
    rest = {"category": {"not": list(line.groups)}}
    kinds: list[tuple[str | None, dict[str, Any]]] = [(name, {"category": {"in": [name]}}) for name in line.groups]
    for (name, own), counts in zip([*kinds, (None, rest)], [*line.events.T, line.rest], strict=True):
        if not counts.any():
            continue
        alone = counts.sum() == total.sum()
        yield _Bins(
            line.start_us - lead * width,
            line.seconds,
            np.concatenate([np.zeros(lead, np.int64), counts[:last]]),
            known,
            filters if alone else Filters((*filters.conditions, *Filters.parse(own).conditions)),
            None if alone else name,
        )


def _line(store: Store, window: Window | None, filters: Filters, days: int, seconds: int) -> Timeline:
    def asked(span: Window | None, width: int, bins: int) -> Timeline:
        if span is not None and width:
            bins = (span.end_us - 1) // (width * _US) - span.start_us // (width * _US) + 1
        return store.timeline(span, bins, "category", filters)

    line = asked(window, 0, BINS)
    width = next((w for w in _WIDTHS if w >= seconds), seconds) if line.seconds < seconds else line.seconds
    if window is None:
        first, last = _most(line.events.sum(axis=1) + line.rest)
        if last - first >= len(line.rest) // 2:
            return line if width == line.seconds else asked(window, width, 0)
        start = _EPOCH + timedelta(microseconds=line.start_us)  # strays, far away, would leave bins too wide to tell
        span = (start + timedelta(seconds=line.seconds * edge) for edge in (first, max(last, first + 1)))
        return _line(store, Window(*span), filters, days, seconds)
    days = min(days, MOST_BINS * width // _DAY, (window.start - _CALENDAR).days)
    if days and width <= _DAY:
        window = Window(_midnight(window.start) - timedelta(days=days), window.end)
    elif width == line.seconds:
        return line
    return asked(window, width, 0)


def _most(total: NDArray[np.int64]) -> tuple[int, int]:
    """Return the first and the last bin (excluded) of all but a few strays, far from the rest."""
    met = np.flatnonzero(total)
    if not len(met):
        return 0, 0
    so_far = np.cumsum(total[met])
    few, far = so_far[-1] * STRAYS, max(1, len(total) // 10)
    gaps = np.flatnonzero(np.diff(met) > far)  # after which of the bins that are met
    early, late = gaps[so_far[gaps] <= few], gaps[so_far[-1] - so_far[gaps] <= few]
    first = met[early[-1] + 1] if len(early) else met[0]
    return int(first), int(met[late[0]] if len(late) else met[-1]) + 1


def _found(bins: _Bins, factor: float) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which bins are part of a burst, and what would be usual in each."""
    hits, usual = _outstanding(bins, bins.counts, factor)
    for seconds in _coarser(bins.seconds):
        wide = bins.coarser(seconds, bins.counts)
        if wide.known.sum() < FEWEST:
            break
        calm = bins.coarser(seconds, np.where(hits, np.round(usual).astype(np.int64), bins.counts))
        more = np.repeat(_outstanding(wide, calm.counts, factor)[0], seconds // bins.seconds)[: len(hits)]
        hits |= more & bins.known
    return hits, usual


def _outstanding(bins: _Bins, tried: NDArray[np.int64], factor: float) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which of some counts stand out from what is usual in bins, and what that is."""
    even = 2 * np.sqrt(bins.counts + 0.375)
    usual = _usual(even, bins)
    left = 2 * np.sqrt(tried + 0.375) - usual
    middle = left[bins.known]
    spread = max(1.0, 1.4826 * float(np.median(np.abs(middle - np.median(middle)))))
    expected = np.maximum((usual / 2) ** 2 - 0.375, 0.0)
    enough = tried >= factor * np.maximum(expected, 1.0)
    high = np.asarray((left > BEGINS * spread) & enough & bins.known)
    low = np.asarray((left > REACHES * spread) & bins.known)
    hits = np.zeros(len(high), bool)
    for first, last in _runs(low):
        hits[first:last] = high[first:last].any()
    for first, last in _runs(~hits):
        hits[first:last] |= last - first <= _GAP and first > 0 and last < len(hits)
    return hits, expected


def _usual(even: NDArray[np.float64], bins: _Bins) -> NDArray[np.float64]:
    """Return season and level of every bin."""
    known = np.where(bins.known, even, np.nan)
    a_day = _DAY // bins.seconds
    many = int(bins.known.sum()) * bins.seconds / _DAY
    if a_day < 2 or many < SEASON_DAYS:
        return np.full(len(even), float(np.nanmedian(known)))
    grid = np.pad(known, (0, -len(known) % a_day), constant_values=np.nan).reshape(-1, a_day)
    around = min(_AROUND // bins.seconds, (a_day - 1) // 2)
    shifts = np.unique(np.linspace(-around, around, _SHIFTS).astype(int))
    near = np.concatenate([np.roll(grid, shift, axis=1) for shift in shifts])
    season = _medians(near.T)
    met = int(np.argmax(bins.known)) // a_day
    left = grid - season
    before = np.concatenate([np.full((_BEFORE, a_day), np.nan), left])
    level = _medians(np.concatenate([before[k : k + len(left)] for k in range(_BEFORE)], axis=1))
    level[: met + 1] = _medians(left[: met + 1])  # nothing is known of the days before the first
    return np.asarray((season + level[:, None]).ravel()[: len(even)])


def _medians(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each row, passing over what is not known; 0 where nothing is."""
    empty = np.asarray(np.isnan(rows).all(axis=1))
    return np.asarray(np.nanmedian(np.where(empty[:, None], 0.0, rows), axis=1))


def _coarser(seconds: int) -> Iterator[int]:
    """Yield two widths of bins, each four times the one before or more, that part it and a day."""
    for _ in range(2):
        found = next((w for w in _WIDTHS if w >= _COARSER * seconds and not w % seconds), None)
        if found is None:
            return
        yield found
        seconds = found


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where runs of true begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]])))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
