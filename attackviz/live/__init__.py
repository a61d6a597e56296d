"""The live server: events in, onto the tape, and out to everybody who watches.

`Live` is one process's server, made of what `LiveSettings` say; `Intake` is the
one way in, `Hub` the ring from which all viewers read. ``ROUTES`` is what
``panel serve --plugins attackviz.live`` looks for: made from the settings, and
nothing starts before the first request.

- `push`, `feed`, `viewer`, `pages` answer the routes; `web` guards them all;
- `wire` says how events travel, `totals` counts them, `beat` wakes who waits;
- `inputs` reads sources beside the server, `client` sends to one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import LiveSettings, live_settings
    from .hub import Hub
    from .intake import Intake, Taken
    from .service import Live, current, use

__all__ = ["ROUTES", "Hub", "Intake", "Live", "LiveSettings", "Taken", "current", "live_settings", "use"]

_HOMES = {
    "Hub": "hub",
    "Intake": "intake",
    "Live": "service",
    "LiveSettings": "config",
    "Taken": "intake",
    "current": "service",
    "live_settings": "config",
    "use": "service",
}


def __getattr__(name: str) -> Any:
    if name == "ROUTES":
        from .config import live_settings
        from .routes import routes
        from .service import current

        return routes(current, login=live_settings().tokens.needed("view"))
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
