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
    from .attackers import attackers
    from .bursts import Burst, bursts
    from .compare import Compared, compare
    from .conditions import FILTERED, keep
    from .exclude import Exclusion, read_exclusion
    from .redact import redact
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
    "Burst": "bursts",
    "Compared": "compare",
    "EventTable": "table",
    "Exclusion": "exclude",
    "attackers": "attackers",
    "bursts": "bursts",
    "compare": "compare",
    "keep": "conditions",
    "read_exclusion": "exclude",
    "redact": "redact",
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
