"""A flight recorder for attack traffic.

Read the logs, place every source on the map, replay them with one clock::

    import attackviz as av

    events = av.enrich(av.read("data/samples/tpot-2025"))
    av.Replay(events).save("replay.html")

Names resolve on first use, so that ``import attackviz`` stays fast: it loads
neither pandas nor pyarrow nor Panel.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import AttackvizError, AttackvizWarning, DataLossWarning

if TYPE_CHECKING:
    from .account import Account, account_of
    from .analysis import EventTable, attackers, bursts, compare, redact
    from .elastic import Elastic
    from .export import Replay, Report
    from .filters import Filters
    from .formats import Mapping
    from .geo import enrich, lookup, open_database, read_targets
    from .open import open_address, read, scan
    from .replay import Recording
    from .schema import validate
    from .sources import Position, follow
    from .tape import Tape
    from .window import Window

__version__ = "0.1.0"

__all__ = [
    "Account",
    "AttackvizError",
    "AttackvizWarning",
    "DataLossWarning",
    "Elastic",
    "EventTable",
    "Filters",
    "Mapping",
    "Position",
    "Recording",
    "Replay",
    "Report",
    "Tape",
    "Window",
    "__version__",
    "account_of",
    "attackers",
    "bursts",
    "compare",
    "enrich",
    "follow",
    "lookup",
    "open_address",
    "open_database",
    "read",
    "read_targets",
    "redact",
    "scan",
    "validate",
]

_HOMES = {
    "Account": "account",
    "Elastic": "elastic",
    "EventTable": "analysis",
    "Filters": "filters",
    "Mapping": "formats",
    "Position": "sources",
    "Recording": "replay",
    "Replay": "export",
    "Report": "export",
    "Tape": "tape",
    "Window": "window",
    "account_of": "account",
    "attackers": "analysis",
    "bursts": "analysis",
    "compare": "analysis",
    "enrich": "geo",
    "follow": "sources",
    "lookup": "geo",
    "open_address": "open",
    "open_database": "geo",
    "read": "open",
    "read_targets": "geo",
    "redact": "analysis",
    "scan": "open",
    "validate": "schema",
}

# Whoever asks for these is about to hold a frame: `df.attacks` must be there.
_FRAMES = {"Elastic", "Tape", "enrich", "read"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _FRAMES:
        import_module(".views.accessor", __name__)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if "pandas" in sys.modules:
    import_module(".views.accessor", __name__)
