"""One session of the dashboard: a player that follows a reading."""

from __future__ import annotations

import functools
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import panel as pn

from ..player import Player
from . import exporting
from .reading import Reading

__all__ = ["bring_map", "page", "prepare_map", "prepare_page", "scheduler"]

_GROUND = "html { background: #0A0D12; }"  # as the player's, so that nothing flashes before it is there
# Panel's page does not say it, and a phone would lay out a desk's width and shrink it.
_HEAD = '{% block postamble %}<meta name="viewport" content="width=device-width, initial-scale=1">{% endblock %}'


def page(reading: Reading, opening: Mapping[str, Any] | None = None) -> Player:
    """Return the player of one session, which follows the reading by itself.

    Parameters
    ----------
    reading : Reading
        May be under way, done or failed.
    opening : mapping, optional
        Parameters the player begins with, such as ``clock`` and ``autoplay``.

    Returns
    -------
    Player
        Fills the page. Its map comes a moment later: to import what draws it
        takes longer than to show the first page.
    """
    prepare_page()
    who = uuid.uuid4().hex

    def ask(question: dict[str, Any], reply: Callable[[dict[str, Any], bytes], None]) -> None:
        reading.ask(question, who, lambda answer, body: schedule(lambda: reply(answer, body)))

    def make(asked: dict[str, Any], reply: Callable[[dict[str, Any], bytes], None]) -> Callable[[], None]:
        # What is redacted already stays as it is: of a network nothing would be left.
        public = reading.job.public
        asked = {**asked, "geoip": reading.job.geoip, "redacted": public} | ({"redact": None} if public else {})
        own = f"{who}-{uuid.uuid4().hex}"  # no question is dropped for it, nor it for one
        store = (lambda question, answer: reading.ask(question, own, answer)) if reading.status.get("store") else None
        stop = exporting.export(
            reading.recording, asked, lambda answer, body: schedule(lambda: reply(answer, body)), store
        )
        pn.state.on_session_destroyed(lambda _: stop())  # nobody waits for it any more
        return stop

    player = Player(
        status=reading.shown,
        recording=reading.recording,
        ask=ask,
        export=make,
        redacted=reading.job.public,
        linked=True,
        sizing_mode="stretch_both",
        **(opening or {}),
    )
    schedule = scheduler()

    def follow() -> None:
        player.param.update(status=reading.shown, recording=reading.recording)

    unsubscribe = reading.subscribe(lambda: schedule(follow))
    follow()  # it may have gone on, or ended, since the player was made
    pn.state.on_session_destroyed(lambda _: unsubscribe())
    bring_map(player, schedule)
    return player


def prepare_page() -> None:
    """Give the page of this session its ground and its width on a phone."""
    pn.extension(raw_css=[_GROUND])  # without it Panel would ask its CDN for styles
    pn.state.curdoc.template = _HEAD


def scheduler() -> Callable[[Callable[[], Any]], None]:
    """Return a function that has something done in this session, from whichever thread it is called."""
    document = pn.state.curdoc
    session = document.session_context
    loop = session.server_context.application_context.io_loop

    def schedule(step: Callable[[], Any]) -> None:
        # Sessions end on the loop: only there is it certain that this one still lives.
        loop.add_callback(lambda: None if session.destroyed else document.add_next_tick_callback(step))

    return schedule


@functools.cache
def _maps() -> Any:
    """Import what draws the map; takes seconds, and is shared by all sessions."""
    import holoviews as hv

    from ..views import basemap

    hv.extension("bokeh")
    # Without a GPU, WebGL loses glyphs and is far slower.
    hv.renderer("bokeh").webgl = False
    return basemap


_importing = threading.Lock()


def prepare_map() -> Any:
    """Import what draws the map, or wait until that is done; return the module."""
    with _importing:
        return _maps()


def bring_map(player: Player, schedule: Callable[[Callable[[], Any]], None]) -> None:
    """Lay the map beneath a player as soon as its page is there; what draws it is imported in a thread."""

    def bring() -> None:
        basemap = prepare_map()
        schedule(lambda: setattr(player, "figure", basemap.figure(player.theme)))

    pn.state.onload(lambda: threading.Thread(target=bring, daemon=True).start())
