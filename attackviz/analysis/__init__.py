"""The event table as a store, and what is found in it.

`EventTable` answers `attackviz.store.Store`; `Exclusion` and `keep` leave events out.
Names resolve on first use, so that a small need loads little.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conditions import FILTERED, keep
    from .exclude import Exclusion, read_exclusion
    from .table import EventTable

__all__ = ["FILTERED", "EventTable", "Exclusion", "keep", "read_exclusion"]

_HOMES = {
    "FILTERED": "conditions",
    "EventTable": "table",
    "Exclusion": "exclude",
    "keep": "conditions",
    "read_exclusion": "exclude",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
