"""What addresses mean: a path, a glob, a directory, ``-``, ``s3://bucket/prefix``,
``es+https://host/index``, ``tape:DIR``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..elastic.address import hidden, is_address, shown
from ..errors import AddressError
from ..sources import Stored, find, find_s3, outside
from ..tape.address import is_tape
from ..window import Window

__all__ = ["Address", "listed", "open_address", "parted"]

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
        If nothing is there, or the address is of a kind that is not known, or
        of an index or a tape: `attackviz.Elastic` and `attackviz.Tape` open these.

    Examples
    --------
    >>> files, skipped = open_address("data/samples/tpot-2025/*.csv")
    >>> "cowrie_sessions_20k.csv" in [f.name for f in files]
    True
    """
    addresses = listed(address)
    for each in addresses:
        text = os.fspath(each)
        match = _SCHEME.match(text)
        if is_address(text):
            hint = "attackviz elastic check says what it holds"
            raise AddressError("it is an index, not files", where=shown(text), hint=hint)
        if is_tape(text):
            raise AddressError("it is a tape, not files", where=text, hint="attackviz tape info says what it holds")
        if match and match[2] and not _is_s3(each) and not Path(each).exists():
            raise AddressError(
                f"addresses that begin with {match[0]} are not understood", where=hidden(text), hint=_hint(text)
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
        raise AddressError("there are no logs in it", where=where, hint="check the path")
    return wanted, skipped


def listed(address: Address | Sequence[Address]) -> list[Address]:
    """Return addresses one by one.

    Parameters
    ----------
    address : path or sequence of paths

    Raises
    ------
    AddressError
        If there is none, or something else among them.
    """
    many = isinstance(address, Iterable) and not isinstance(address, str | bytes)
    addresses: list[Address] = list(address) if many else [address]  # type: ignore[arg-type,list-item]
    if not addresses:
        raise AddressError("no address was given", hint="give a file, a directory or a glob")
    for each in addresses:
        if not isinstance(each, str | os.PathLike) or not os.fspath(each):
            raise AddressError(f"{each!r} is no address", hint="give a file, a directory or a glob, as text or a path")
    return addresses


def parted(addresses: Iterable[Address]) -> tuple[list[Address], list[str], list[str]]:
    """Return the addresses of files, those of indices, and those of tapes.

    Examples
    --------
    >>> parted(["logs/", "es:///attacks", "tape:events.tape"])
    (['logs/'], ['es:///attacks'], ['tape:events.tape'])
    """
    files: list[Address] = []
    indices: list[str] = []
    tapes: list[str] = []
    for each in addresses:
        if is_address(text := os.fspath(each)):
            indices.append(text)
        elif is_tape(text):
            tapes.append(text)
        else:
            files.append(each)
    return files, indices, tapes


def _hint(text: str) -> str:
    if text.startswith(("http://", "https://")):
        return "of a cluster's index, write es+https://host:9200/index"
    return "give a file, a directory, a glob, s3://bucket/prefix, es+https://host:9200/index or tape:DIR"


def _is_s3(address: Address) -> bool:
    return os.fspath(address).startswith("s3://")
