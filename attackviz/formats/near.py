"""Near misses: what someone may have meant by a name that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["likely", "meant", "near"]

_PARTING = re.compile(r"[\W_]+")


def near(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Return the known names that are most like one, the likest first.

    Case and what parts words do not count, and the last part of a path counts
    as much as the whole: ``clientip`` is near ``client.ip`` and ``ClientIP``.
    Where none is like it, names of which one holds the other are.

    Parameters
    ----------
    name : str
        The name that is not there.
    known : iterable of str
        The names that are.
    n : int
        At most how many.

    Examples
    --------
    >>> near("client_ip", ["status", "ClientIP", "request.client-ip"])
    ['ClientIP', 'request.client-ip']
    """
    spelt: dict[str, list[str]] = {}
    for each in sorted(known):
        for form in (each, each.rpartition(".")[2]):
            names = spelt.setdefault(_plain(form), [])
            if each not in names:
                names.append(each)
    wanted = dict.fromkeys((_plain(name), _plain(name.rpartition(".")[2])))
    found: dict[str, None] = {}
    for form in wanted:
        for match in get_close_matches(form, spelt, n=n, cutoff=0.7):
            found.update(dict.fromkeys(spelt[match]))
    for form in () if found else wanted:
        for other in spelt if len(form) > 1 else ():
            if len(other) > 1 and (form in other or other in form):
                found.update(dict.fromkeys(spelt[other]))
    return list(found)[:n]


def likely(name: str, known: Iterable[str]) -> str | None:
    """Return a hint of what was meant; None if nothing is near.

    Examples
    --------
    >>> likely("sorce", ["source", "port"]), likely("xyz", ["source", "port"])
    ("is 'source' meant?", None)
    """
    close = near(name, known)
    return f"is {' or '.join(map(repr, close))} meant?" if close else None


def meant(name: str, known: Iterable[str]) -> str:
    """Return a hint: what was meant, if anything is near, else what there is.

    Examples
    --------
    >>> meant("sorce", ["source", "port"])
    "is 'source' meant?"
    >>> meant("xyz", ["source", "port"])
    "there are 'port', 'source'"
    """
    known = sorted(set(known))
    if hint := likely(name, known):
        return hint
    shown = ", ".join(repr(each[:40]) for each in known[:12])
    return f"there are {shown}{', …' if len(known) > 12 else ''}" if known else "there are none"


def _plain(name: str) -> str:
    return _PARTING.sub("", name).casefold()
