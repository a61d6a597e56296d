"""What readers see instead of what the event table holds: names of categories and of countries, and harmless text."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

__all__ = [
    *("EVENTS", "LABELS", "OTHER", "UNKNOWN"),
    *("categories_called", "countries_called", "country_name", "harmless", "label_of"),
]

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

_CALLED = {**LABELS, UNKNOWN: "Unknown", EVENTS: "Events"}

# Marks that turn the direction of text, or end a line where none ends.
_TRICKS = frozenset("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


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
    return _CALLED.get(name, name)


def categories_called(text: str) -> list[str]:
    """Return the categories that the legend calls something else, in which a text is.

    Parameters
    ----------
    text : str
        In lower case.

    Examples
    --------
    >>> categories_called("desk")
    ['vnc']
    """
    return [name for name, label in _CALLED.items() if text in label.lower()]


def countries_called(text: str) -> list[str]:
    """Return the codes of the countries in whose name a text is.

    Parameters
    ----------
    text : str
        In lower case.

    Examples
    --------
    >>> countries_called("zealand")
    ['NZ']
    """
    return [code for code, name in _countries().items() if text in name.lower()]


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


def harmless(text: str) -> str:
    r"""Return text with all that a terminal would obey made visible.

    Parameters
    ----------
    text : str
        Any text, such as a line of a log.

    Returns
    -------
    str
        Control characters (C0 but for nothing, DEL, C1), marks of direction and
        lone surrogates as ``\x..`` or ``\u....``.

    Examples
    --------
    >>> harmless("a\x1b[31mb\u202ec")
    'a\\x1b[31mb\\u202ec'
    """
    return "".join(_visible(c) if c < " " or "\x7f" <= c <= "\x9f" or c in _TRICKS else c for c in _whole(text))


def _whole(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _visible(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
