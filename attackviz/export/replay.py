"""`Replay`: a window of events, to play in a cell or to hand over."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..account import SOURCE_ATTRS, account_of
from ..elastic import Elastic
from ..elastic.located import Located
from ..errors import ExportError, UsageError
from ..filters import Filters
from ..replay import Recording, record, redacted
from ..tape.counting import Counting
from ..window import Window, as_window
from .page import THEMES, page
from .saved import Asked, save

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ..account import Account
    from ..geo import Database, Targets
    from ..store import Store

__all__ = ["Replay", "located"]

CELL_PX = 720


class Replay:
    """Hold a window of events, to play in a notebook cell or to save.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table, Store or Recording
        An event table. Where it has ``src_ip`` and no ``src_lat``, its sources
        are located first. A store (`attackviz.Elastic`, `attackviz.Tape`) is asked for its events
        where they are few enough to be shown one by one, else for cells. A
        recording is taken as it is.
    filters : Filters, mapping or str, optional
        Keep only events that meet these conditions; the rest is counted.
    window : Window or str, optional
        Hand over only its events, such as ``"2025-02-18..2025-02-21"``; all by
        default, and then the player opens on where nearly all of them are.
    title : str, optional
        What it is called; by default what was read.
    theme : {"dark", "light"}
        What it opens in.
    source : str, optional
        What was read; by default as `attackviz.read` noted.
    account : Account, optional
        What became of the input; by default the one `attackviz.read` left in
        ``events.attrs``.
    database : Database, optional
        What locates, or located, the events.
    targets : Targets, optional
        Where attacks arrive.
    color_by : str
        The column that colours and fills the legend.
    speed : float, optional
        Seconds of events a second of playing; the player's choice by default.
    redact : str, optional
        The profile of an edition to pass on, such as ``"public"``: see `attackviz.redact`.
    key : str, optional
        Of such an edition, a secret that names are made of in place of networks.

    Attributes
    ----------
    recording : Recording
        What is played.

    Raises
    ------
    SchemaError
        If `events` is no event table.
    TooManyEventsError
        If there are more events than a recording holds, and they are coloured
        by another column than ``category``; else it holds cells, and says so.
    UsageError
        If the window is not understood, or there is no such theme or speed.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z"]), "src_lat": [50.1], "src_lon": [14.4]})
    >>> Replay(events, title="One login")
    <Replay 'One login': 1 of 1 events>
    """

    def __init__(
        self,
        events: pd.DataFrame | pa.Table | Store | Recording,
        window: Window | str | None = None,
        title: str | None = None,
        *,
        theme: str = "dark",
        source: str | None = None,
        account: Account | None = None,
        database: Database | None = None,
        targets: Targets | None = None,
        color_by: str = "category",
        speed: float | None = None,
        filters: Filters | Mapping[str, Any] | str | None = None,
        redact: str | None = None,
        key: str | None = None,
    ) -> None:
        if key is not None and redact is None:
            raise UsageError("a key is of a redacted edition", hint="say which one: redact='public'")
        if theme not in THEMES:
            raise UsageError(f"there is no theme {theme!r}", hint=f"choose {' or '.join(THEMES)}")
        self.theme, self.speed = theme, speed
        conditions = Filters.parse(filters)
        if isinstance(events, Recording):
            if conditions:
                raise UsageError("a recording is not filtered any more", hint="filter the events it was made of")
            self.recording = events if redact is None else redacted(events, redact, key)
            return
        if account is None:
            account = account_of(events)
        window = as_window(window)
        formats = sorted(set(account.files.values())) if account else []
        if isinstance(events, Elastic):
            formats, source = [events.documents.form.name], events.index if source is None else source
        elif source is None:
            source = str(getattr(events, "attrs", {}).get(SOURCE_ATTRS, ""))
        events, credit, _ = located(events, database, targets)
        recording = record(
            events,
            title or (f"Replay of {source}" if source else "Replay"),
            source=source,
            formats=formats,
            window=window,
            account=account,
            color_by=color_by,
            filters=conditions,
            **credit,
        )
        self.recording = recording if redact is None else redacted(recording, redact, key)

    def __repr__(self) -> str:
        return repr(self.recording).replace("Recording", "Replay", 1)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        progress: Callable[[int, int], None] | None = None,
        **asked: Any,
    ) -> Path:
        """Write the replay to a file, whole or not at all.

        Parameters
        ----------
        path : path
            Its suffix says as what. ``.html`` is one page that plays offline;
            ``.mp4``, ``.webm`` and ``.gif`` are films and ``.png`` a picture of the
            player (``pip install 'attackviz[film]'`` and a Chromium); ``.svg`` is a
            map for print, which needs neither. ``.csv``, ``.parquet``, ``.ndjson``
            and ``.arrow`` are the events that are shown, ``.avrec`` the bare
            recording. Overwritten if it exists.
        progress : callable, optional
            Of a film, told how many frames there are, and of how many.
        **asked
            ``start``, ``end``, ``at``, ``speed``, ``length``, ``size``, ``scale``,
            ``fps``, ``captions``, ``loop``, ``lists``, ``still`` and ``tz``: see
            `attackviz.export.Asked`. What means nothing for a kind of file is refused.

        Returns
        -------
        Path

        Raises
        ------
        UsageError
            If something is asked that is not possible.
        ExportError
            If there is no way to write such a file, nothing to show, or it cannot
            be written.
        MissingDependencyError
            If what draws or encodes is not installed.

        Examples
        --------
        >>> import pandas as pd, tempfile
        >>> replay = Replay(pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z"])}))
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     replay.save(f"{directory}/one.html", captions=["10:00 the only one"]).name
        'one.html'
        """
        if not isinstance(path, str | os.PathLike):
            raise ExportError(f"{path!r} is no path", hint="name a file that ends in .html or .mp4")
        known = {each.name for each in fields(Asked)}
        for name in asked:
            if name not in known:
                raise UsageError(f"there is no option {name!r}", hint=f"there are {', '.join(sorted(known))}")
        save(self.recording, Path(path), Asked(**asked), theme=self.theme, speed=self.speed, show=progress)
        return Path(path)

    def to_html(self) -> str:
        """Return the replay as one HTML page that plays offline."""
        return page(self.recording, self.theme, self.speed)

    def _repr_html_(self) -> str:
        # The page runs in a frame of its own origin: nothing of it reaches the notebook.
        return (
            f'<iframe title="{html.escape(self.recording.header["title"])}" sandbox="allow-scripts" '
            f'style="width:100%;height:{CELL_PX}px;border:0" srcdoc="{html.escape(self.to_html())}"></iframe>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def located(
    events: Any, database: Database | None, targets: Targets | None
) -> tuple[Any, dict[str, Any], Database | None]:
    """Return the events with places, whom the places are owed to, and what located them.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table or Store
    database : Database, optional
    targets : Targets, optional
    """
    if isinstance(events, Elastic):
        from ..geo import open_database

        database = database or open_database()
        return Located(events, database, targets), _credit(database), database
    columns = getattr(events, "column_names", None)
    have = list(getattr(events, "columns", ()) if columns is None else columns)
    if isinstance(events, Counting):
        from ..geo import open_database

        database = database or open_database()
        return events, _credit(database), database
    if "src_lat" not in have and "src_ip" not in have:
        return events, _credit(database) if database else {}, database
    from ..geo import enrich, open_database

    database = database or open_database()
    if "src_lat" not in have or targets is not None:
        events = enrich(events, database, targets)
    return events, _credit(database), database


def _credit(database: Database) -> dict[str, Any]:
    credit = [{"text": str(c["text"]), "url": str(c["url"] or "")} for c in database.attribution]
    return {"attribution": credit, "notice": database.notice}
