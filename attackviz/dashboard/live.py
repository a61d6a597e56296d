"""One session of the live dashboard: a player that listens to the server's socket, and history from its store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import panel as pn

from ..player import Player
from ..replay.categories import LABELS
from .answers import Answers
from .app import bring_map, prepare_page, scheduler

if TYPE_CHECKING:
    from ..store import Store

__all__ = ["SOCKET", "Past", "page"]

SOCKET = "api/socket"
"""Where the live server's socket is, as seen from the page."""

_asking = ThreadPoolExecutor(max_workers=2, thread_name_prefix="attackviz-past")


class Past(Answers):
    """Answer players about events that their browser no longer holds.

    Parameters
    ----------
    store : Store
        What holds them, such as a tape.
    title : str
        What recordings are called.
    attribution : iterable of mapping
        ``text`` and ``url`` of whom the locations are owed to.
    """

    def __init__(self, store: Store, title: str = "live", attribution: Iterable[Mapping[str, str]] = ()) -> None:
        self._title, self._store = title, store
        self._words = {"source": title, "attribution": [dict(one) for one in attribution]}
        self._categories = [
            {"name": name, "label": label, "slot": slot} for slot, (name, label) in enumerate(LABELS.items())
        ]


def page(
    store: Store | None = None,
    opening: Mapping[str, Any] | None = None,
    *,
    title: str = "live",
    attribution: Iterable[Mapping[str, str]] = (),
    socket: str = SOCKET,
) -> Player:
    """Return the player of one session, which shows events as they come.

    The player opens the socket itself; this session carries settings, and
    answers to what is asked of the past.

    Parameters
    ----------
    store : Store, optional
        Answers for what is older than a browser holds; nobody does by default.
    opening : mapping, optional
        Parameters the player begins with, such as ``theme`` and ``wall``; an
        address that ends with ``?wall`` asks for the wall, too.
    title : str
        What is shown.
    attribution : iterable of mapping
        ``text`` and ``url`` of whom the locations are owed to.
    socket : str
        Address of the socket, as seen from the page.

    Returns
    -------
    Player
        Fills the page. Its map comes a moment later.
    """
    prepare_page()
    schedule = scheduler()
    past = None if store is None else Past(store, title, attribution)

    def ask(question: dict[str, Any], reply: Callable[[dict[str, Any], bytes], None]) -> None:
        assert past is not None

        def answer() -> None:
            said, body = past(question)
            schedule(lambda: reply(said, body))

        _asking.submit(answer)

    player = Player(
        live={"socket": socket, "title": title, "labels": LABELS},
        ask=None if past is None else ask,
        sizing_mode="stretch_both",
        **{"wall": "wall" in pn.state.session_args, **(opening or {})},
    )
    bring_map(player, schedule)
    return player
