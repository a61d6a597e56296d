"""Who and what: ranked lists, bursts, attackers over time, and what changed since the window before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ...analysis import attackers, bursts, compare
from ...analysis.words import country_name
from ...filters import Filters
from .charts import OTHER, strip
from .maps import Rings, rings
from .words import duration, moment, number, plural, share, short

if TYPE_CHECKING:
    import pandas as pd

    from ...store import Group, Store
    from ...window import Window

__all__ = [
    "Attacker",
    "BurstFacts",
    "Change",
    "Ranked",
    "Row",
    "attackers_of",
    "bursts_of",
    "changes",
    "name_of",
    "ranked",
]

ROWS = 8
BURSTS = 12
"""Bursts that are told of, the largest."""

CARDS = 4
"""Bursts that have a map of their own."""

SHORT_ID = 12
STRIP = (150.0, 16.0)
BURST_MAP_PX = 330
LEAST = 0.5

LISTS = (
    ("country", "Countries", "country", "countries"),
    ("network", "Networks and organisations", "network", "networks"),
    ("address", "Source addresses", "address", "addresses"),
    ("rule", "Rules", "rule", "rules"),
    ("target", "Targets", "target", "targets"),
)
CUT = ("Source addresses, cut to networks", "network", "networks")
"""What a redacted edition has instead of addresses."""


@dataclass(frozen=True, slots=True)
class Row:
    """Hold a line of a list: what it is, what else is known, its events, and a bar parted by category.

    `parts` are pairs of a slot and a width in percent of the list's largest line.
    """

    label: str
    detail: str
    events: int
    share: str
    parts: tuple[tuple[int, float], ...]
    known: bool = True


@dataclass(frozen=True, slots=True)
class Ranked:
    """Hold a ranked list; `rest` events are of `others` values that are not listed (None where nobody can tell)."""

    field: str
    title: str
    rows: tuple[Row, ...]
    rest: int
    others: str
    rest_share: str


@dataclass(frozen=True, slots=True)
class BurstFacts:
    """Hold a burst in words, with its map and how many sources it had if it is one of the largest.

    `number` is its mark on the timeline, in the order of time; `what` and
    `slot` are its category.
    """

    number: int
    start: datetime
    end: datetime
    what: str
    slot: int
    when: str
    lasted: str
    peaked: str
    times: str
    events: int
    expected: str
    sources: str
    source: str
    source_share: str
    rule: str
    rule_share: str
    map: Rings | None


@dataclass(frozen=True, slots=True)
class Attacker:
    """Hold an address over time; `strip` is an SVG path of its events over the window."""

    key: str
    detail: str
    events: int
    first: str
    last: str
    active: str
    rules: str
    targets: str
    mitigated: str
    strip: str


@dataclass(frozen=True, slots=True)
class Change:
    """Hold what is new, gone or grown since the window before: its title, and rows of name, detail, before, now."""

    title: str
    rows: tuple[tuple[str, str, str, str], ...]


def name_of(field: str, key: Any, words: Mapping[str, Any] | None = None) -> tuple[str, str]:
    """Return what a value of a field is called, and what else is known of it.

    Examples
    --------
    >>> name_of("country", "RS"), name_of("network", 4134, {"org": "Chinanet"}), name_of("address", "")
    (('Serbia', 'RS'), ('Chinanet', 'AS4134'), ('Unknown', ''))
    """
    words = words or {}
    if key is None or key in ("", 0):
        return "Unknown", ""
    if field == "country":
        return short(country_name(str(key))), short(key, 12)
    if field == "network":
        org = words.get("org")
        return (short(org), f"AS{key}") if org and org != f"AS{key}" else (f"AS{key}", "")
    if field == "address":
        places = [country_name(str(words["country"]))] if words.get("country") else []
        return short(key, 60), short(" · ".join([*places, *([str(words["org"])] if words.get("org") else [])]))
    also = str(words.get("rule_id") or "")
    return short(key), also if len(also) <= SHORT_ID else ""


def ranked(store: Store, window: Window, slots: Mapping[str, tuple[int, str]], redacted: bool) -> tuple[Ranked, ...]:
    """Return the lists of a window.

    Parameters
    ----------
    store : Store
    window : Window
    slots : mapping of str to (int, str)
        Slot and label of every category.
    redacted : bool
        Whether addresses are cut.
    """
    out = []
    for field, title, one, several in LISTS:
        if redacted and field == "address":
            title, one, several = CUT
        top = store.top(field, window, ROWS)
        most = max((row.events for row in top.rows), default=1)
        rows = tuple(_row(field, row, top.events, most, slots) for row in top.rows)
        known = sum(row.known for row in rows)
        left = None if top.distinct is None else top.distinct - known
        others = f"{several} not listed" if not left else f"{left:,} more {one if left == 1 else several}"
        out.append(Ranked(field, title, rows, top.rest, others, share(top.rest, top.events)))
    return tuple(out)


def _row(field: str, row: Group, total: int, most: int, slots: Mapping[str, tuple[int, str]]) -> Row:
    label, detail = name_of(field, row.key, row.words)
    sums: dict[int, int] = {}
    for name, events in row.by_category.items():
        slot = slots.get(name, (7, ""))[0]
        sums[slot] = sums.get(slot, 0) + events
    parts = tuple((slot, round(events / most * 100, 2)) for slot, events in sorted(sums.items()))
    known = row.key is not None and row.key not in ("", 0)
    return Row(label, detail, row.events, share(row.events, total), parts, known)


def bursts_of(
    store: Store, window: Window, slots: Mapping[str, tuple[int, str]], redacted: bool
) -> tuple[tuple[BurstFacts, ...], bool]:
    """Return the largest bursts of a window in the order of time, and whether there are more; some have a map."""
    one, several = ("network", "networks") if redacted else ("address", "addresses")
    found = bursts(store, window, n=BURSTS + 1)
    more = len(found) > BURSTS
    found = sorted(found, key=lambda burst: burst.expected - burst.events)[:BURSTS]
    found.sort(key=lambda burst: (burst.start, burst.end))
    best = sorted(found, key=lambda burst: -burst.events)[:CARDS]
    out = []
    for place, burst in enumerate(found, 1):
        only = None if burst.category is None else Filters.parse({"category": {"in": [burst.category]}})
        source, detail = name_of("address", burst.source.key, burst.source.words) if burst.source else ("Unknown", "")
        label, slot = ("All", 7) if burst.category is None else slots.get(burst.category, OTHER)[::-1]
        out.append(
            BurstFacts(
                number=place,
                start=burst.start,
                end=burst.end,
                what=label,
                slot=slot,
                when=moment(burst.start),
                lasted=duration((burst.end - burst.start).total_seconds()),
                peaked=moment(burst.peak),
                times=times(burst.factor),
                events=burst.events,
                expected=number(burst.expected) if burst.expected >= LEAST else "hardly any",
                sources=plural(store.count(burst.window, only).sources, one, several) if burst in best else "",
                source=f"{source} ({detail})" if detail else source,
                source_share=share(burst.source.events, burst.events) if burst.source else "",
                rule=name_of("rule", burst.rule.key)[0] if burst.rule else "Unknown",
                rule_share=share(burst.rule.events, burst.events) if burst.rule else "",
                map=rings(store.cube(burst.window, filters=only), slots, BURST_MAP_PX, 2) if burst in best else None,
            )
        )
    return tuple(out), more


def times(factor: float) -> str:
    """Write a factor over what is usual.

    Examples
    --------
    >>> times(2.345), times(29.4)
    ('×2.3', '×29')
    """
    return f"×{factor:.1f}" if factor < 10 else f"×{factor:,.0f}"


def attackers_of(store: Store, window: Window) -> tuple[Attacker, ...]:
    """Return the most active addresses over time."""
    frame = attackers(store, window, by="address", n=ROWS)
    out = []
    for row in frame.to_dict("records"):
        key = row["address"]
        if key is None or key == "":
            continue
        line = store.timeline(window, 100, filters=Filters.parse({"address": {"in": [key]}}))
        _, detail = name_of("address", key, {name: row[name] for name in ("country", "org") if _there(row.get(name))})
        events = int(row["events"])
        out.append(
            Attacker(
                short(key, 60),
                detail,
                events,
                _when(row["first"]),
                _when(row["last"]),
                f"{int(row['active_hours']):,} h",
                _most(row["by_rule"], int(row["rules"])),
                number(int(row["targets"])),
                share(int(row["mitigated"]), events),
                strip(line.events.sum(axis=1) + line.rest, *STRIP),
            )
        )
    return tuple(out)


def changes(store: Store, before: Window, window: Window) -> tuple[Change, ...]:
    """Return which networks are new, gone and grown since the window before."""
    found = compare(store, before, window, field="network", n=6)
    return (
        Change("New", _changed(found.new, None, "events")),
        Change("Grown most", _changed(found.grown, "before", "after")),
        Change("Gone", _changed(found.gone, "events", None)),
    )


def _changed(frame: pd.DataFrame, before: str | None, after: str | None) -> tuple[tuple[str, str, str, str], ...]:
    rows = []
    for row in frame.to_dict("records"):
        label, detail = name_of("network", row["network"], {"org": row["org"]} if _there(row.get("org")) else {})
        was, now = (number(row[name] if name else 0) for name in (before, after))
        rows.append((label, detail, was, now))
    return tuple(rows)


def _there(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _when(time: Any) -> str:
    found = time.to_pydatetime() if hasattr(time, "to_pydatetime") else time
    return moment(found.astimezone(UTC).replace(second=0, microsecond=0))


def _most(by_rule: Mapping[str, int], rules: int) -> str:
    names = [name for name in by_rule if name]
    if not names:
        return "-"
    first = short(names[0], 40)
    return first if rules <= 1 else f"{first} and {rules - 1:,} more"
