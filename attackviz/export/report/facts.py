"""What a report says: every figure and sentence of it, asked of a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from ...errors import WindowError
from ...filters import Filters
from ...replay.categories import OTHER_SLOT, assign_slots, label_of
from ...replay.span import SHARE, default_window
from ...window import Window
from .charts import Bars, bars
from .maps import Land, Rings, land, rings
from .people import Attacker, BurstFacts, Change, Ranked, attackers_of, bursts_of, changes, ranked
from .words import at, change, clock, day, duration, length_of, moment, number, plural, share, short, span

if TYPE_CHECKING:
    from ...store import Counts, Store, Timeline

__all__ = ["Facts", "Figure", "Verdict", "before_of", "facts_of", "window_of"]

BINS = 120
WHOLE_DAYS = 2
"""From so many days on a window that nobody chose covers whole ones."""

UNEVEN = 2
"""How many times the events of the other half make a window uneven."""

_DAY_US = 86_400_000_000
VERDICTS = {
    "mitigated": "blocked, challenged or otherwise stopped",
    "detected": "seen and logged; nothing was there to stop it, or nothing did",
    "suspicious": "let through, or succeeded: worth a look",
    "benign": "known to be harmless",
    "unknown": "the log does not say",
}
"""What the words mean, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold a headline number: label, value, what it was before, and how it changed; empty without a window before."""

    label: str
    value: str
    before: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hold a part of the verdict split; `percent` is its width in the strip."""

    name: str
    means: str
    events: int
    share: str
    percent: float


@dataclass(frozen=True, slots=True)
class Facts:
    """Hold what a report says; templates are given it as ``facts``.

    Attributes
    ----------
    window, before : Window
        What it is about, and the window of the same length before it.
    span, before_span : str
        The same in words.
    compared : bool
        Whether there is something to compare with.
    why : str
        If not, why.
    counts : Counts
        Of the window.
    figures : tuple of Figure
    sentences : tuple of str
        What happened, in short.
    headline : str
        The same in a few words, for a mail.
    timeline : Bars
    map : Rings
    land : Land
        The outlines that all maps share.
    bursts : tuple of BurstFacts
        The largest.
    more_bursts : bool
        Whether there are smaller ones.
    lists : tuple of Ranked
    attackers : tuple of Attacker
    verdicts : tuple of Verdict
    changes : tuple of Change
        New, grown and gone since the window before; empty without one.
    outside : int
        Events that were read and are neither in the window nor in the one before.
    """

    window: Window
    before: Window
    span: str
    before_span: str
    compared: bool
    why: str
    counts: Counts
    figures: tuple[Figure, ...]
    sentences: tuple[str, ...]
    headline: str
    timeline: Bars
    map: Rings
    land: Land
    bursts: tuple[BurstFacts, ...]
    more_bursts: bool
    lists: tuple[Ranked, ...]
    attackers: tuple[Attacker, ...]
    verdicts: tuple[Verdict, ...]
    changes: tuple[Change, ...]
    outside: int


def before_of(window: Window) -> Window:
    """Return the window of the same length before a window.

    Raises
    ------
    WindowError
        If there is none.

    Examples
    --------
    >>> str(before_of(Window.parse("2025-02-11..2025-02-25")))
    '2025-01-28T00:00:00Z/2025-02-11T00:00:00Z'
    """
    try:
        return Window(window.start - (window.end - window.start), window.start)
    except OverflowError:
        raise WindowError(
            f"the window before {window} is beyond the calendar", hint="ask for a later or a shorter one"
        ) from None


def window_of(store: Store) -> Window | None:
    """Return where nearly all events of a store are, in whole days if they are several; None if none has a time."""
    window, wanted = None, 0.0
    for _ in range(2):  # of years, bins are long: what they hold is looked at once more
        timeline = store.timeline(window, 5000)
        total = timeline.events.sum(axis=1) + timeline.rest
        met = np.flatnonzero(total)
        if not len(met):
            return window
        wanted = wanted or SHARE * total.sum()
        bin_us = timeline.seconds * 1_000_000
        starts = timeline.start_us + met * bin_us
        start, end = default_window(starts, total[met], min(wanted / total.sum(), 1.0))
        end = max(end, int(starts[starts < end][-1]) + bin_us)
        window = Window(at(start), at(end))
    if end - start > WHOLE_DAYS * _DAY_US:
        start, end = start // _DAY_US * _DAY_US, -(-end // _DAY_US) * _DAY_US
    return Window(at(start), at(end))


def facts_of(store: Store, window: Window, sources: int | None = None) -> Facts:
    """Ask a store for all that a report says of a window.

    Parameters
    ----------
    store : Store
        Of what may be shown: of a redacted edition, redacted events.
    window : Window
        With at least one event.
    sources : int, optional
        How many addresses there are in the window, where the store knows only networks.
    """
    before = before_of(window)
    counts, every = store.count(window), store.count()
    why = _why(every, before, window)
    past = None if why else store.count(before)
    slots = slots_of(counts)
    timeline = store.timeline(window, BINS, "category")
    found, more = bursts_of(store, window, slots, sources is not None)
    lists = ranked(store, window, slots, sources is not None)
    busiest = _busiest(store.timeline(window, _hours(window)), window)
    rest = [_severe(store, window, counts), _uneven(timeline, slots)]
    previous = None if past is None else store.timeline(before, BINS)
    shape = [busiest + _bursts(found, more), *rest]
    marks = [(burst.start, burst.end, burst.slot, burst.number) for burst in found]
    return Facts(
        window=window,
        before=before,
        span=span(window),
        before_span=span(before),
        compared=past is not None,
        why=why,
        counts=counts,
        figures=_figures(counts, past, sources),
        sentences=tuple(_sentences(counts, past, window, before, why, lists, shape, sources)),
        headline=_headline(counts, past, found, more, sources),
        timeline=bars(timeline, slots, (window.start_us, window.end_us), marks, _aligned(previous, timeline)),
        map=rings(store.cube(window), slots),
        land=land(),
        bursts=found,
        more_bursts=more,
        lists=lists,
        attackers=attackers_of(store, window),
        verdicts=_verdicts(counts),
        changes=changes(store, before, window) if past is not None else (),
        outside=every.events - counts.events - (past.events if past else 0),
    )


def slots_of(counts: Counts) -> dict[str, tuple[int, str]]:
    """Return the slot of the palette and the label of every category; what shares the last slot is "Other"."""
    slots = assign_slots(list(counts.by_category))
    last = [name for name, slot in slots.items() if slot == OTHER_SLOT]
    return {
        name: (slot, "Other" if slot == OTHER_SLOT and len(last) > 1 else short(label_of(name), 32))
        for name, slot in slots.items()
    }


def _why(every: Counts, before: Window, window: Window) -> str:
    """Return why the window before cannot be compared with; empty if it can."""
    length = f"the {length_of(window)} before"
    if every.first_us is None or every.first_us >= window.start_us:
        return f"Nothing that was read is from {length}, so there is no comparison."
    if every.first_us > before.start_us + (before.end_us - before.start_us) // 10:
        first = moment(every.first_us // 1_000_000 * 1_000_000)
        return f"What was read begins on {first} UTC, within {length}, so there is no comparison."
    return ""


def _figures(counts: Counts, past: Counts | None, sources: int | None) -> tuple[Figure, ...]:
    def figure(label: str, of: Callable[[Counts], int], now: int | None = None) -> Figure:
        if past is None or now is not None:
            return Figure(label, number(of(counts) if now is None else now))
        return Figure(label, number(of(counts)), number(of(past)), change(of(counts), of(past)))

    def part(label: str, name: str) -> Figure:
        if _silent(counts):
            return Figure(label, "not known")
        now = share(counts.by_verdict.get(name, 0), counts.events)
        if past is None or not past.events:
            return Figure(label, now)
        points = (counts.by_verdict.get(name, 0) / counts.events - past.by_verdict.get(name, 0) / past.events) * 100
        was = share(past.by_verdict.get(name, 0), past.events)
        return Figure(label, now, was, f"{points:+.1f} points" if now != was else "unchanged")

    return (
        figure("Events", lambda of: of.events),
        figure("Source addresses", lambda of: of.sources, sources),
        figure("Countries", lambda of: of.countries),
        figure("High or critical severity", lambda of: of.severe),
        part("Mitigated", "mitigated"),
    )


def _silent(counts: Counts) -> bool:
    """Whether nothing that was read says what became of it."""
    return bool(counts.events) and counts.by_verdict.get("unknown", 0) == counts.events


def _sentences(
    counts: Counts,
    past: Counts | None,
    window: Window,
    before: Window,
    why: str,
    lists: tuple[Ranked, ...],
    shape: list[str],
    sources: int | None,
) -> list[str]:
    addresses = counts.sources if sources is None else sources
    days = window.seconds / 86400
    rate = f", {number(counts.events / days)} a day" if days > 1 else ""
    against = why if past is None else _against(counts.events, past.events, f"the {length_of(before)} before")
    out = [
        f"{plural(counts.events, 'event')} came from {plural(addresses, 'address', 'addresses')}"
        f"{_in_countries(counts)}{rate}. {against}"
    ]
    busiest, severe, uneven = shape
    out.append(busiest)
    out += filter(None, [uneven, _most(lists), severe])
    mitigated, suspicious = (counts.by_verdict.get(name, 0) for name in ("mitigated", "suspicious"))
    looks = f"; {number(suspicious)} were let through or succeeded and are worth a look" if suspicious else ""
    if mitigated:
        out.append(f"{share(mitigated, counts.events)} were mitigated{looks}.")
    elif (unknown := counts.by_verdict.get("unknown", 0)) < counts.events:
        detects = counts.by_verdict.get("detected", 0) == counts.events - unknown
        out.append(f"Nothing was mitigated{looks or ': what was read only detects' * detects}.")
    return out


def _in_countries(counts: Counts) -> str:
    return f" in {plural(counts.countries, 'country', 'countries')}" if counts.countries else ""


def _against(now: int, then: int, length: str) -> str:
    if not then:
        return f"There were none in {length}."
    factor = now / then
    much = (
        "as many as"
        if now == then
        else f"{factor:,.1f} times as many as"
        if factor >= 2
        else f"{share(abs(now - then), then)} {'more' if now > then else 'fewer'} than"
    )
    return f"That is {much} in {length}, which had {number(then)}."


def _bursts(found: tuple[BurstFacts, ...], more: bool) -> str:
    if not found:
        return " No burst stands out from the usual rhythm."
    top = max(found, key=lambda burst: burst.events)
    some = "One burst stands" if len(found) == 1 else f"{'More than ' * more}{len(found):,} bursts stand"
    largest = "it" if len(found) == 1 else f"the largest (no. {top.number})"
    return (
        f" {some} out from the usual rhythm; {largest} began on {top.when} UTC and brought "
        f"{number(top.events)} events of “{top.what}”, at its peak {top.times} what is usual, most by “{top.rule}”."
    )


def _severe(store: Store, window: Window, counts: Counts) -> str:
    if not counts.severe:
        return ""
    top = store.top("rule", window, 1, Filters.parse({"severity": {"in": ["high", "critical"]}}))
    mostly = next((f", most by “{short(row.key)}”" for row in top.rows if row.key), "")
    return f"{number(counts.severe)} are of high or critical severity ({share(counts.severe, counts.events)}){mostly}."


def _uneven(timeline: Timeline, slots: Mapping[str, tuple[int, str]]) -> str:
    """Return how the second half of a window differs from the first, where it does much."""
    half = len(timeline.events) // 2
    total = timeline.events.sum(axis=1) + timeline.rest
    first, second = int(total[:half].sum()), int(total[half:].sum())
    if not half or not min(first, second) or max(first, second) < UNEVEN * min(first, second):
        return ""
    gained = timeline.events[half:].sum(axis=0) - timeline.events[:half].sum(axis=0)
    most = int(np.argmax(gained) if second > first else np.argmin(gained))
    label = slots.get(timeline.groups[most], (OTHER_SLOT, "Other"))[1]
    return (
        f"{share(second, first + second)} of the events fell in the second half of the window; "
        f"“{label}” {'grew' if second > first else 'fell'} most."
    )


def _most(lists: tuple[Ranked, ...]) -> str:
    rows = {each.field: [row for row in each.rows if row.known] for each in lists}
    parts = []
    if first := rows["country"][:3]:
        parts.append("Most came from " + ", ".join(f"{row.label} ({row.share})" for row in first))
    if first := rows["network"][:1]:
        parts.append(f"the largest network is {first[0].label} with {first[0].share}")
    if first := rows["address"][:1]:
        about = f" ({first[0].detail})" if first[0].detail else ""
        parts.append(f"the most active source {first[0].label}{about} with {first[0].share}")
    return "; ".join(parts) + "." if parts else ""


def _headline(
    counts: Counts, past: Counts | None, bursts: tuple[BurstFacts, ...], more: bool, sources: int | None
) -> str:
    against = f" ({change(counts.events, past.events)})" if past is not None and past.events else ""
    addresses = counts.sources if sources is None else sources
    mitigated = "" if _silent(counts) else f"{share(counts.by_verdict.get('mitigated', 0), counts.events)} mitigated; "
    top = max(bursts, key=lambda burst: burst.events, default=None)
    largest = f", {'the largest ' if len(bursts) > 1 else ''}{top.times} on {top.when} UTC" if top else ""
    return (
        f"{plural(counts.events, 'event')}{against} from {plural(addresses, 'address', 'addresses')}"
        f"{_in_countries(counts)}; {mitigated}"
        f"{'more than ' * more}{plural(len(bursts), 'burst')}{largest}"
    )


def _hours(window: Window) -> int:
    return max(min(int(window.seconds // 3600) + 1, 2000), 24)


def _busiest(timeline: Timeline, window: Window) -> str:
    total = timeline.events.sum(axis=1) + timeline.rest
    best = int(np.argmax(total))
    start = max(at(timeline.start_us) + timedelta(seconds=best * timeline.seconds), window.start)
    unit = {3600: "hour", 86400: "day", 60: "minute"}.get(timeline.seconds, duration(timeline.seconds))
    when = day(start) if timeline.seconds >= 86400 else f"{day(start)} {clock(start)} UTC"
    return f"The busiest {unit} began on {when} and had {plural(int(total[best]), 'event')}."


def _aligned(previous: Timeline | None, timeline: Timeline) -> np.ndarray | None:
    """Return the window before bin by bin, where its bins are as wide."""
    if previous is None or previous.seconds != timeline.seconds:
        return None
    total = previous.events.sum(axis=1) + previous.rest
    n = len(timeline.events)
    return np.pad(total, (0, max(n - len(total), 0)))[:n]


def _verdicts(counts: Counts) -> tuple[Verdict, ...]:
    by: Mapping[str, int] = counts.by_verdict
    return tuple(
        Verdict(
            name, means, by.get(name, 0), share(by.get(name, 0), counts.events), by.get(name, 0) / counts.events * 100
        )
        for name, means in VERDICTS.items()
    )
