"""The look of the views: the tokens of the player, in Python.

``attackviz/player/src/tokens.css`` is the one list of them; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import UsageError
from ..replay.categories import OTHER_SLOT, assign_slots, label_of

__all__ = ["THEMES", "Theme", "colours", "theme"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Hold the colours of one theme, as ``#rrggbb``.

    Attributes
    ----------
    ground, panel : str
        Behind everything; behind plots.
    ink, ink_dim : str
        Text, and text of less weight.
    line : str
        Axes and grids.
    sea, land, coast, border, graticule : str
        Of the map.
    slots : tuple of str
        The eight colours of categories, by slot.
    """

    ground: str
    panel: str
    ink: str
    ink_dim: str
    line: str
    sea: str
    land: str
    coast: str
    border: str
    graticule: str
    slots: tuple[str, ...]


THEMES = {
    "dark": Theme(
        ground="#0A0D12",
        panel="#10141A",
        ink="#F1F4F8",
        ink_dim="#8B96A6",
        line="#303A48",
        sea="#0B0F15",
        land="#1B232E",
        coast="#3E4B5D",
        border="#303B4A",
        graticule="#121821",
        slots=("#6C96FF", "#7BCCA4", "#E29B00", "#FBE56E", "#A377B3", "#ACEDFE", "#E95A60", "#A3ADBB"),
    ),
    "light": Theme(
        ground="#F3F5F8",
        panel="#FFFFFF",
        ink="#10151C",
        ink_dim="#5D6877",
        line="#C6CED8",
        sea="#F7F9FB",
        land="#E6EAEF",
        coast="#AAB5C2",
        border="#C5CDD7",
        graticule="#EEF1F5",
        slots=("#324DA3", "#4D937A", "#7C3400", "#838611", "#A868B9", "#00515C", "#AF454B", "#6A7380"),
    ),
}


def theme(name: str) -> Theme:
    """Return a theme by its name.

    Parameters
    ----------
    name : {"dark", "light"}

    Raises
    ------
    UsageError
        If there is no such theme.

    Examples
    --------
    >>> theme("light").panel
    '#FFFFFF'
    """
    try:
        return THEMES[name]
    except KeyError:
        raise UsageError(f"there is no theme {name!r}", hint=f"choose {' or '.join(THEMES)}") from None


def colours(ranked: Iterable[str], look: Theme) -> dict[str, tuple[str, str]]:
    """Give every category its label and colour, as the player's legend does.

    Parameters
    ----------
    ranked : iterable of str
        Distinct names, the most frequent first.
    look : Theme

    Returns
    -------
    dict of str to tuple
        Label and ``#rrggbb``, in the order of the legend: by slot, then rank.

    Examples
    --------
    >>> colours(["unknown", "ssh"], theme("dark"))
    {'ssh': ('SSH', '#E29B00'), 'unknown': ('Unknown', '#A3ADBB')}
    """
    slots = assign_slots(list(ranked))
    ordered = sorted(slots, key=lambda name: slots[name])
    return {name: (label_of(name), look.slots[min(slots[name], OTHER_SLOT)]) for name in ordered}
