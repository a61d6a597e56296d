"""The event table as a store, and what is found in it.

`EventTable` answers `attackviz.store.Store`; `Exclusion` and `keep` leave events out.
`bursts`, `attackers` and `compare` say where to look, of any store; `redact` takes
out what is not for everyone.
Names resolve on first use, so that a small need loads little.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attacker import attackers
    from .burst import Burst, bursts
    from .comparing import Compared, compare
    from .conditions import FILTERED, keep
    from .exclude import Exclusion, read_exclusion
    from .redaction import redact
    from .table import EventTable

__all__ = [
    "FILTERED",
    "Burst",
    "Compared",
    "EventTable",
    "Exclusion",
    "attackers",
    "bursts",
    "compare",
    "keep",
    "read_exclusion",
    "redact",
]

_HOMES = {
    "FILTERED": "conditions",
    "Burst": "burst",
    "Compared": "comparing",
    "EventTable": "table",
    "Exclusion": "exclude",
    "attackers": "attacker",
    "bursts": "burst",
    "compare": "comparing",
    "keep": "conditions",
    "read_exclusion": "exclude",
    "redact": "redaction",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
