"""The tape: events on disk, as Parquet segments by day and hour; nothing to install.

`Tape` is the handle of one directory. One process writes, many read: segments
appear whole under names that carry their range of sequence numbers, a wider
range supersedes those it contains, and any Parquet tool opens them. Names resolve on first
use, so that a look at an address loads little.

- `segments` names and lists them, `files` writes them, `columns` says what is in them;
- `seen` knows the ids of an hour's events, `lock` lets one process write;
- `append` takes events in, `follow` gives them in the order they came;
- `merge` makes few of many segments, `keeper` has it done in time, `verify` finds damage;
- `asking` counts by combinations of values, `counting` answers the store's questions with them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .append import Appended
    from .info import Info
    from .tape import Tape
    from .verify import Damage, Verified

__all__ = ["Appended", "Damage", "Info", "Tape", "Verified"]

_HOMES = {"Appended": "append", "Damage": "verify", "Info": "info", "Tape": "tape", "Verified": "verify"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
