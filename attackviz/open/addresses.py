"""What addresses mean: a path, a glob, a directory, ``-`` for standard input, ``s3://bucket/prefix``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import AddressError
from ..sources import Stored, find, find_s3, outside
from ..window import Window

__all__ = ["Address", "open_address"]

Address = str | os.PathLike[str]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(//)?")


def open_address(
    address: Address | Sequence[Address], window: Window | None = None
) -> tuple[list[Stored], dict[str, str]]:
    """Return what is behind addresses.

    Parameters
    ----------
    address : path or sequence of paths
        Files, directories, globs; ``-`` is standard input; ``s3://bucket/prefix``.
    window : Window, optional
        Files whose names say that they hold nothing of it are skipped.

    Returns
    -------
    files : list of Stored
    skipped : dict of str to str
        Files that are not read, and why.

    Raises
    ------
    AddressError
        If nothing is there, or the address is of a kind that is not known.

    Examples
    --------
    >>> files, skipped = open_address("data/samples/tpot-2025/*.csv")
    >>> "cowrie_sessions_20k.csv" in [f.name for f in files]
    True
    """
    addresses = list(address) if isinstance(address, Iterable) and not isinstance(address, str | bytes) else [address]
    if not addresses:
        raise AddressError("no address was given", hint="give a file, a directory or a glob")
    for each in addresses:
        if not isinstance(each, str | os.PathLike) or not os.fspath(each):
            raise AddressError(f"{each!r} is no address", hint="give a file, a directory or a glob, as text or a path")
        match = _SCHEME.match(os.fspath(each))
        if match and not _is_s3(each) and not Path(each).exists() and (match[2] or match[1] == "tape"):
            raise AddressError(
                f"addresses that begin with {match[0]} are not understood",
                where=os.fspath(each),
                hint="give a file, a directory, a glob or s3://bucket/prefix",
            )
    local, skipped = find(each for each in addresses if not _is_s3(each))
    for file in local:
        if outside(file.name, window):
            skipped[file.name] = "outside the window, by its name"
    wanted: list[Stored] = [file for file in local if file.name not in skipped]
    remote: dict[str, Stored] = {}
    for each in filter(_is_s3, addresses):
        objects, passed = find_s3(os.fspath(each), window)
        remote |= {item.name: item for item in objects}
        skipped |= passed
    wanted += remote.values()
    if not local and not any(map(_is_s3, addresses)):
        where = ", ".join(os.fspath(each) for each in addresses)
        raise AddressError("it holds no logs", where=where, hint="check the path")
    return wanted, skipped


def _is_s3(address: Address) -> bool:
    return os.fspath(address).startswith("s3://")
