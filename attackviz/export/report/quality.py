"""What the figures of a report rest on: what was read, what of it is missing, what located it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from .words import number, plural, short

if TYPE_CHECKING:
    from ...account import Account
    from ...geo import Database
    from .facts import Facts

__all__ = ["Line", "for_others", "lines"]

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a line of the account: what, how many, and whether it is a part of the line above."""

    label: str
    value: str
    part: bool = False


def for_others(account: Account) -> Account:
    """Return an account without what names files or repeats lines: for a redacted edition."""
    kinds = Counter(account.files.values())
    return replace(
        account,
        samples={},
        truncated=[f"file {n}" for n in range(1, len(account.truncated) + 1)],
        skipped={f"file {n}": "not read" for n in range(1, len(account.skipped) + 1)},
        files={f"{kind} {n}": kind for kind, many in kinds.items() for n in range(1, many + 1)},
        notes=[],
    )


def lines(account: Account, facts: Facts, database: Database | None, redacted: bool) -> tuple[Line, ...]:
    """Return the lines of a report on the quality of its data.

    Parameters
    ----------
    account : Account
        Of all that was read.
    facts : Facts
    database : Database or None
        What located the events; None if that is not known.
    redacted : bool
        Whether names of files stay out.
    """
    counts = facts.counts
    out = [Line("Events in this report", number(counts.events))]
    if facts.compared or facts.outside:
        out.append(Line("Events read that are outside of it and of the window before", number(facts.outside)))
    out.append(Line("Events without a usable time, in no window", number(counts.untimed)))
    out.append(Line("Events without a known place: counted, not on the map", number(counts.unlocated)))
    out.append(Line("Pieces of input", number(account.pieces)))
    out.append(Line("events", number(account.events), part=True))
    out.append(Line("unreadable", number(account.bad_total), part=True))
    out += [Line(f"of these: {short(why)}", number(n), part=True) for why, n in account.bad.most_common(SHOWN)]
    out += [Line(f"left out: {short(kind)}", number(n), part=True) for kind, n in account.left_out.most_common(SHOWN)]
    out.append(Line("blank lines, brackets and headers", number(account.blank + account.structure), part=True))
    if account.excluded:
        out.append(Line("Events from excluded addresses, left out", number(account.excluded)))
    out += [Line(f"Noted: {short(why)}", number(n)) for why, n in account.flags.most_common(SHOWN)]
    out += _files(account, redacted)
    if account.coarsened:
        out.append(Line("Events counted in cells, not one by one", number(account.coarsened)))
    for name, off in counts.bounds.items():
        out.append(Line(f"{short(name)}: approximate, may be off by", number(off)))
    if database is not None:
        out.append(Line("Locations by", f"{short(database.name)}, of {database.built:%d %b %Y}"))
    return tuple(out)


def _files(account: Account, redacted: bool) -> Iterable[Line]:
    if account.files:
        kinds = Counter(account.files.values())
        yield Line(
            "Read", ", ".join(f"{plural(n, 'file')} of {short(kind, 30)}" for kind, n in kinds.most_common(SHOWN))
        )
    unread = account.unread()
    for what, names in (("Could not be read", unread), ("Ends before it should", account.truncated)):
        if names and redacted:
            yield Line(what, plural(len(names), "file"))
        elif names:
            shown = ", ".join(short(PurePath(name).name, 60) for name in names[:SHOWN])
            yield Line(what, shown + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""))
    if others := len(account.skipped) - len(unread):
        yield Line("Not read, as they are no logs of a known format", plural(others, "file"))
