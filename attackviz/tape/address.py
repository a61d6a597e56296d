"""Addresses of tapes: ``tape:DIR``."""

from __future__ import annotations

from pathlib import Path

from ..errors import AddressError

__all__ = ["is_tape", "path_of"]

_SCHEME = "tape:"


def is_tape(text: str) -> bool:
    """Return whether an address is one of a tape.

    Examples
    --------
    >>> is_tape("tape:events.tape"), is_tape("events.tape")
    (True, False)
    """
    return text.startswith(_SCHEME)


def path_of(text: str) -> Path:
    """Return the directory that an address of a tape names.

    Raises
    ------
    AddressError
        If it names none.

    Examples
    --------
    >>> path_of("tape:events.tape").name
    'events.tape'
    """
    named = text.removeprefix(_SCHEME)
    if not named or named.startswith("//"):
        raise AddressError("it names no directory", where=text, hint="write tape:DIR")
    return Path(named)
