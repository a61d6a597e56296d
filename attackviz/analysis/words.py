"""Names that readers see instead of what the event table holds: of categories and of countries."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

__all__ = ["EVENTS", "LABELS", "OTHER", "UNKNOWN", "country_name", "label_of"]

LABELS = {
    "vpn": "VPN portal",
    "vnc": "Remote desktop",
    "ssh": "SSH",
    "telnet": "Telnet",
    "smb": "SMB",
    "web": "Web",
    "database": "Database",
    "other": "Other",
}
"""Categories that ship with a name, and a colour, of their own."""

OTHER = "other"
UNKNOWN = "unknown"
EVENTS = "events"
"""The category of all events where the table has none."""


def label_of(name: str) -> str:
    """Return what the legend calls a category.

    Parameters
    ----------
    name : str
        Its name in the event table.

    Examples
    --------
    >>> label_of("vpn"), label_of("SQLi")
    ('VPN portal', 'SQLi')
    """
    return {**LABELS, UNKNOWN: "Unknown", EVENTS: "Events"}.get(name, name)


def country_name(code: str) -> str:
    """Return the English name of a country.

    Parameters
    ----------
    code : str
        ISO 3166-1, as ``src_country`` has it.

    Returns
    -------
    str
        The code itself where it has no name; ``Unknown`` for an empty one. The
        names are those of Unicode's CLDR, as browsers have them.

    Examples
    --------
    >>> country_name("RS"), country_name("T1"), country_name("")
    ('Serbia', 'T1', 'Unknown')
    """
    return _countries().get(code, code) if code else "Unknown"


@cache
def _countries() -> dict[str, str]:
    text = (Path(__file__).parent / "data" / "countries.csv").read_text(encoding="utf-8")
    return {row["code"]: row["name"] for row in csv.DictReader(text.splitlines())}
