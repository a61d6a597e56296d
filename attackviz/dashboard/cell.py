"""Live in a notebook: a server in a thread of this process, and its page in a cell."""

from __future__ import annotations

import html
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AttackvizError, ServeError
from .server import free_port

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ..live import Live

__all__ = ["LiveCell"]

_HEIGHT = 640  # px
_PATIENCE = 30.0  # seconds
_HERE = "127.0.0.1"


class LiveCell:
    """Show events as they come, in a cell of a notebook, until it is stopped.

    The server listens on this machine only; the notebook's browser must run
    on it, too.

    Parameters
    ----------
    events : DataFrame or Table, optional
        An event table that is played as if it happened now.
    sources : sequence of str
        Addresses to take events from, as ``attackviz serve --live --from`` takes them.
    speed : float
        How many seconds of `events` pass in one.
    tape : path, optional
        Directory where events are kept; by default one that goes with the cell.
    targets : str, optional
        Table of where attacks arrive, instead of the settings'.
    title : str
        What is shown.

    Attributes
    ----------
    url : str
        Where the page is, to open it beside the notebook.
    port : int
    live : Live
        The server.

    Raises
    ------
    AttackvizError
        If the tape, an address or the table is wrong.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z"]), "src_ip": ["8.8.8.8"]})
    >>> with LiveCell(events) as cell:
    ...     cell.wait(events=1)
    1
    """

    def __init__(
        self,
        events: pd.DataFrame | pa.Table | None = None,
        *,
        sources: Sequence[str] = (),
        speed: float = 1.0,
        tape: str | Path | None = None,
        targets: str | None = None,
        title: str = "live",
    ) -> None:
        from ..live import Live, LiveSettings

        self._own = tempfile.TemporaryDirectory(prefix="attackviz-") if tape is None else None
        folder = Path(self._own.name) / "tape" if self._own else Path(str(tape))
        self._played = None if events is None else _played(events, speed)
        self.title = title
        self.live: Live = Live(LiveSettings(tape=folder, sources=tuple(sources), targets=targets)).start()
        try:
            self.port = free_port(_HERE, 0)
            self._server = self._serve()
        except BaseException:
            self.live.stop()
            raise
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._feeder.start()
        self._stopped = False

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://localhost:{self.port}/"

    def wait(self, seconds: float = _PATIENCE, events: int | None = None) -> int:
        """Let it run for a bounded time; return how many events are on the tape.

        Parameters
        ----------
        seconds : float
        events : int, optional
            Do not wait on when there are so many.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (events is not None and self.live.tape.last >= events):
            time.sleep(0.05)
        return self.live.tape.last

    def stop(self) -> None:
        """End the server; the tape stays, unless it goes with the cell. May be called again."""
        if self._stopped:
            return
        self._stopped = True
        if self._played is not None:
            self._played.close()
        self._feeder.join()
        self._server.stop()
        self.live.stop()
        if self._own:
            self._own.cleanup()

    def __enter__(self) -> LiveCell:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<LiveCell {self.url}: {'stopped' if self._stopped else 'live'}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        frame = (
            f'<iframe title="{html.escape(self.title)}" src="{self.url}" '
            f'style="width:100%;height:{_HEIGHT}px;border:0"></iframe>'
        )
        return {"text/html": frame, "text/plain": repr(self)}

    def _serve(self) -> Any:
        import panel as pn

        from ..live.routes import routes
        from .live import page

        name = uuid.uuid4().hex
        thread = pn.serve(
            {"/": lambda: page(self.live.history, title=self.title, attribution=self.live.attribution)},
            port=self.port,
            address=_HERE,
            websocket_origin=[f"localhost:{self.port}", f"{_HERE}:{self.port}"],
            extra_patterns=routes(lambda: self.live, login=False),
            title="attackviz",
            show=False,
            threaded=True,
            verbose=False,
            server_id=name,
        )
        end = time.monotonic() + _PATIENCE
        while not pn.state._servers.get(name):
            if time.monotonic() > end:
                raise ServeError("the server did not start")
            time.sleep(0.02)
        return thread

    def _feed(self) -> None:
        intake = self.live.intake
        if self._played is None or intake is None:
            return
        for arrived in self._played:
            if arrived is not None and arrived.table is not None:
                try:
                    intake.take(arrived.table, name="simulate")
                except AttackvizError:  # what the tape cannot take, /health tells
                    return


def _played(events: pd.DataFrame | pa.Table, speed: float) -> Any:
    import pyarrow as pa

    from .. import schema
    from ..sources import simulate

    return simulate(schema.conform(events) if isinstance(events, pa.Table) else schema.from_pandas(events), speed)
