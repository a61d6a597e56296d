"""The routes of a live server, for Tornado's table of routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .feed import Feed
from .pages import Description, Health, Login, Metrics
from .push import Events
from .viewer import Socket

if TYPE_CHECKING:
    from .service import Source
    from .web import Route

__all__ = ["routes"]


def routes(source: Source, login: bool = True) -> list[tuple[str, type[Route], dict[str, Any]]]:
    """Return the routes; to make them starts nothing.

    Parameters
    ----------
    source : callable
        Gives the live server, when the first request comes.
    login : bool
        Whether there is a form for a viewer's token. Panel's own has the same address.
    """
    kinds: dict[str, type[Route]] = {
        "/api/events": Events,
        "/api/feed": Feed,
        "/api/socket": Socket,
        "/api/openapi.json": Description,
        "/health": Health,
        "/metrics": Metrics,
    }
    if login:
        kinds["/login"] = Login
    return [(path, kind, {"source": source}) for path, kind in kinds.items()]
