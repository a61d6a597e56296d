"""Which format is meant: one of ours, one of the settings, a mapping, or a file that holds one."""

from __future__ import annotations

import os
from functools import lru_cache
from types import MappingProxyType

from ..errors import MappingError, UsageError
from .format import Format
from .mapping import Mapping
from .mapping_build import make_format
from .near import likely
from .registry import FORMATS, by_name

__all__ = ["FormatLike", "choose", "known_formats"]

FormatLike = str | os.PathLike[str] | Mapping
"""What may be given as a format: a name, a mapping, or the path of a file that holds one."""


@lru_cache
def known_formats(own: tuple[Mapping, ...] = ()) -> MappingProxyType[str, Format]:
    """Return every format by name, one's own among them.

    Parameters
    ----------
    own : tuple of Mapping
        As from `own_formats`.

    Raises
    ------
    MappingError
        If one of them has the name of another format.

    Examples
    --------
    >>> "heralding" in known_formats()
    True
    """
    formats = dict(FORMATS)
    for mapping in own:
        if mapping.name in formats:
            raise MappingError(
                f"there is a format {mapping.name!r} already", where="settings", hint="give yours another name"
            )
        formats[mapping.name] = make_format(mapping)
    return MappingProxyType(formats)


def choose(given: FormatLike, own: tuple[Mapping, ...] = (), name: str | None = None) -> Format:
    """Return the format that is meant.

    Parameters
    ----------
    given : str, path or Mapping
        A name; or a mapping, or a path that ends in ``.toml``, of a file that
        holds one.
    own : tuple of Mapping
        The formats of the settings.
    name : str, optional
        Which mapping of a file that holds several.

    Raises
    ------
    UsageError
        If there is no such format, or the mapping is wrong.

    Examples
    --------
    >>> choose("heralding").title
    'Heralding honeypot'
    """
    if isinstance(given, Mapping):
        return make_format(given)
    if isinstance(given, os.PathLike) or (isinstance(given, str) and given.endswith(".toml")):
        return make_format(Mapping.from_file(given, name))
    formats = known_formats(own)
    if isinstance(given, str) and given.partition(":")[0] in FORMATS:
        return by_name(given)  # with a header, it may be
    if not isinstance(given, str) or given not in formats:
        hint = likely(given, formats) if isinstance(given, str) else None
        known = f"known are {', '.join(formats)}"
        raise UsageError(f"there is no format {given!r}", hint=f"{hint}; {known}" if hint else known)
    return formats[given]
