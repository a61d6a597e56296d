"""What the legend shows: names, labels, and the eight slots of colour and glyph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..analysis.words import EVENTS, LABELS, OTHER, UNKNOWN, label_of

__all__ = ["EVENTS", "LABELS", "OTHER", "OTHER_SLOT", "UNKNOWN", "assign_slots", "label_of", "legend_title"]

OTHER_SLOT = 7

_SHIPPED = {name: slot for slot, name in enumerate(LABELS)}


def assign_slots(ranked: Sequence[str]) -> dict[str, int]:
    """Give every category one of eight slots.

    Names that ship with a colour keep it; the others take the free slots by
    rank; what is left shares the last slot, "Other".

    Parameters
    ----------
    ranked : sequence of str
        Distinct names, the most frequent first.

    Returns
    -------
    dict of str to int
        Slots 0 to 7, in the order of `ranked`.

    Examples
    --------
    >>> assign_slots(["sqli", "ssh", "unknown", "xss"])
    {'sqli': 0, 'ssh': 2, 'unknown': 7, 'xss': 1}
    """
    taken = {_SHIPPED[name] for name in ranked if name in _SHIPPED}
    free = iter([slot for slot in range(OTHER_SLOT) if slot not in taken])
    slots = {}
    for name in ranked:
        if name in _SHIPPED:
            slots[name] = _SHIPPED[name]
        elif name == UNKNOWN:
            slots[name] = OTHER_SLOT
        else:
            slots[name] = next(free, OTHER_SLOT)
    return slots


def legend_title(names: Iterable[str], column: str) -> str:
    """Return the heading over the legend.

    Parameters
    ----------
    names : iterable of str
        The categories there are.
    column : str
        The column of the event table that they come from.

    Examples
    --------
    >>> legend_title(["ssh", "other"], "category"), legend_title(["sqli"], "category"), legend_title([], "src_org")
    ('Service', 'Category', 'Src org')
    """
    if column != "category":
        return column.replace("_", " ").capitalize()
    return "Service" if any(name in _SHIPPED and name != OTHER for name in names) else "Category"
