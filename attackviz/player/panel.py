"""The player as a Panel component."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import panel as pn
import param
from panel.custom import Child, JSComponent
from panel.io.state import set_curdoc

__all__ = ["Player"]


class Player(JSComponent):
    """Show a recording and its clock, in a Panel app or a live notebook cell.

    What the viewer does comes back in the parameters a few times a second;
    setting them from Python moves the player. The recording itself is sent
    once and stays in the browser: scrubbing asks nothing of the server.

    Parameters
    ----------
    recording : bytes
        A recording, as it is or gzipped: a third of the way to the browser. Give
        the same object to all players that show it; none copies it.
    figure : HoloViews or Bokeh object, optional
        The map beneath the attacks, in Web Mercator metres, such as
        :func:`attackviz.views.basemap.figure` and whatever is laid over it.

    Examples
    --------
    >>> player = Player(theme="light", speed=600)
    >>> player.playing
    False
    """

    recording = param.Bytes(default=b"", doc="The recording, as it is or gzipped.")
    status = param.Dict(
        default={}, doc="What to say instead of playing: kind loading, empty, error or ready, with its words."
    )
    theme = param.Selector(default="dark", objects=["dark", "light"], doc="Colours.")
    clock = param.String(default="", doc="The moment shown, ISO 8601 in UTC; empty before there is a recording.")
    autoplay = param.Boolean(default=False, doc="Play as soon as there is a recording, unless motion is to be reduced.")
    playing = param.Boolean(default=False, doc="Whether the clock runs.")
    speed = param.Number(default=0, bounds=(0, None), doc="Seconds of recording a second; 0 leaves it to the player.")
    window = param.List(
        default=[], doc="Start and end (excluded) of what is played, ISO 8601 in UTC; empty: the recording's own."
    )
    filters = param.Dict(default={}, doc="Conditions on columns, ANDed; as in a permalink.")
    ask = param.Callable(
        default=None,
        allow_refs=False,
        doc="Answers what a recording of cells cannot: given a question (a dict) and a function to call with the "
        "answer (a dict, and a recording or nothing), in a callback of the session.",
    )
    export = param.Callable(
        default=None,
        allow_refs=False,
        doc="Makes files of what is shown: given what is asked (a dict) and a function to call with progress, and at "
        "last with the answer (a dict with its name, or with an error; and the file), in a callback of the session. "
        "Returns a function that stops it.",
    )
    exports = param.Boolean(default=False, constant=True, doc="Whether there is somebody to export; not for use.")
    redacted = param.Boolean(
        default=False, constant=True, doc="Whether what is shown is redacted already, and so is whatever is exported."
    )
    asks = param.Boolean(default=False, constant=True, doc="Whether there is somebody to ask; not for use.")
    live = param.Dict(
        default={},
        doc="Events as they come, instead of a recording: socket (its address, as seen from the page), title, labels "
        "of the categories that ship with a colour, in their order.",
    )
    wall = param.Boolean(default=False, doc="For a screen that nobody touches: no controls, views in turn.")
    linked = param.Boolean(
        default=False,
        constant=True,
        doc="Whether the address of the page says what is shown, and is followed: for a page that is nothing else.",
    )
    figure = param.Parameter(default=None, allow_refs=False, doc="The map beneath.")
    ground: Any = Child(default=None, allow_refs=False, doc="What holds the figure; not for use.")

    _bundle = "player.js"
    _render_policy = "manual"
    _rename: ClassVar[Mapping[str, str | None]] = {"figure": None, "ask": None, "export": None}

    def __init__(self, **params: Any) -> None:
        # In the browser a component fails when a child comes late, a column does not: so it is there from the first.
        self._stops: dict[int, Callable[[], None]] = {}
        super().__init__(
            **params,
            asks=params.get("ask") is not None,
            exports=params.get("export") is not None,
            ground=pn.Column(sizing_mode="stretch_both", margin=0),
        )
        self.param.watch(lambda _: _once_loaded(self._lay), "figure")
        self._lay()

    def _update_model(self, events: Any, msg: Any, root: Any, model: Any, doc: Any, comm: Any) -> None:
        update = partial(super()._update_model, events, msg, root, model, doc, comm)
        with set_curdoc(doc):
            _once_loaded(update)

    def _handle_msg(self, data: Any) -> None:
        if "stop" in data:
            self._stops.pop(data["stop"]["id"], lambda: None)()
            return
        kind = "export" if "export" in data else "ask"
        number = data[kind]["id"]

        def reply(answer: dict[str, Any], recording: bytes = b"") -> None:
            if "progress" not in answer:
                self._stops.pop(number, None)
            self._send_msg({**answer, "id": number, "recording": recording})

        who = self.export if kind == "export" else self.ask
        if who is None:
            reply({"error": "There is nobody to ask."})
        elif kind == "export":
            stop = who({key: value for key, value in data["export"].items() if key != "id"}, reply)
            if stop is not None:
                self._stops[number] = stop
        else:
            who({key: data["ask"][key] for key in ("what", "window", "filters")}, reply)

    def _lay(self) -> None:
        if self.figure is None:
            self.ground.clear()
        else:
            self.ground[:] = [pn.panel(self.figure, sizing_mode="stretch_both", margin=0)]


def _once_loaded(change: Callable[[], None]) -> None:
    # Panel 1.9 drops what changes between the browser's fetch of a document and its word that it is ready,
    # as if the document were still to be fetched. So what changes before that word waits for it.
    if pn.state.loaded:
        change()
    else:
        pn.state.onload(change)
