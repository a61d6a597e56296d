"""Addresses to places.

Databases (`open_database`: the embedded one or any MMDB), brought to sorted
ranges and looked up in bulk by a compiled kernel; `enrich` adds places to an
event table, `lookup` answers for one address, `Targets` say where attacks
arrive. Names resolve on first use, so numba is not loaded before it is needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .database import Database, open_database
    from .enrich import enrich
    from .lookup import Place, lookup
    from .targets import Targets, home, read_targets

__all__ = ["Database", "Place", "Targets", "enrich", "home", "lookup", "open_database", "read_targets"]

_HOMES = {
    "Database": "database",
    "Place": "lookup",
    "Targets": "targets",
    "enrich": "enrich",
    "home": "targets",
    "lookup": "lookup",
    "open_database": "database",
    "read_targets": "targets",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_HOMES[name]}", __name__)
    # Importing a module of the same name binds the module here: the function is what is meant.
    for public, where in _HOMES.items():
        if where == _HOMES[name]:
            globals()[public] = getattr(module, public)
    return globals()[name]
