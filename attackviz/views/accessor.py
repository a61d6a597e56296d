"""``df.attacks``: the views, the locating, the analyses and the replay of a frame of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..errors import SchemaError

if TYPE_CHECKING:
    import holoviews as hv

    from .. import Replay
    from ..account import Account
    from ..analysis import Burst, Compared, EventTable
    from ..filters import Filters
    from ..geo import Database, Targets
    from ..window import Window

__all__ = ["AttacksAccessor", "NotEventsError"]


class NotEventsError(SchemaError, AttributeError):
    """A frame has no times in a column ``time``, so it has no attacks to show."""


@pd.api.extensions.register_dataframe_accessor("attacks")
class AttacksAccessor:
    """Look at a frame of events.

    Parameters
    ----------
    frame : pandas.DataFrame
        An event table: at least a column ``time``.

    Raises
    ------
    NotEventsError
        If there is none, or it does not hold times.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z", None]), "src_ip": ["1.2.3.4", "1.2.3.4"]})
    >>> frame.attacks.counts()["events"], frame.attacks.counts()["untimed"]
    (2, 1)
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        if "time" not in frame.columns:
            raise NotEventsError(
                "the frame has no column 'time', so it is no event table",
                hint=f"name the column of times 'time'; columns are {', '.join(map(str, frame.columns))}",
            )
        if not pd.api.types.is_datetime64_any_dtype(frame["time"]):
            raise NotEventsError(
                f"the column 'time' holds {frame['time'].dtype}, not times",
                hint="convert it first: df['time'] = pd.to_datetime(df['time'], utc=True)",
            )
        self._frame = frame

    def enrich(self, database: Database | None = None, targets: Targets | None = None) -> pd.DataFrame:
        """Return the frame with the places of its sources (and targets) added.

        Parameters
        ----------
        database : Database, optional
            From `attackviz.open_database`; the one of the settings by default.
        targets : Targets, optional
            From `attackviz.read_targets`: where attacks arrive.

        Returns
        -------
        pandas.DataFrame
            With ``src_country``, ``src_lat``, ``src_lon`` and so on; null where
            unknown.
        """
        from ..geo import enrich

        return enrich(self._frame, database=database, targets=targets)

    def where(self, filters: Filters | Mapping[str, Any] | str) -> pd.DataFrame:
        """Return the events that meet conditions.

        Parameters
        ----------
        filters : Filters, mapping or str
            In the form that the player, permalinks and stores share; see
            `attackviz.filters`.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        UsageError
            If a condition is of no known form, or names what is not there.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18"] * 2, utc=True), "src_country": ["CN", None]})
        >>> len(frame.attacks.where({"country": {"not": ["CN"]}}))
        1
        """
        from ..analysis.conditions import where

        return where(self._frame, filters)

    def store(self) -> EventTable:
        """Return the events as a store, to ask for counts, timelines, lists and cubes.

        Returns
        -------
        EventTable
            It keeps what it worked out: hold it while there is more to ask.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18"] * 2, utc=True), "src_ip": ["192.0.2.1"] * 2})
        >>> frame.attacks.store().top("address").rows[0].events
        2
        """
        from ..analysis import EventTable

        return EventTable(self._frame)

    def bursts(
        self,
        window: Window | str | None = None,
        filters: Filters | Mapping[str, Any] | str | None = None,
        **told: Any,
    ) -> list[Burst]:
        """Find where there are far more events than usual; see `attackviz.bursts`, which takes the rest."""
        from ..analysis import bursts

        return bursts(self._frame, window, filters, **told)

    def attackers(
        self,
        window: Window | str | None = None,
        by: str = "address",
        n: int = 50,
        filters: Filters | Mapping[str, Any] | str | None = None,
    ) -> pd.DataFrame:
        """Tell what the most frequent sources did, and when; see `attackviz.attackers`.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18"] * 2, utc=True), "src_ip": ["192.0.2.1"] * 2})
        >>> frame.attacks.attackers()["events"].tolist()
        [2]
        """
        from ..analysis import attackers

        return attackers(self._frame, window, by, n, filters)

    def compare(
        self,
        a: Window | str,
        b: Window | str,
        field: str = "src_ip",
        n: int = 50,
        filters: Filters | Mapping[str, Any] | str | None = None,
    ) -> Compared:
        """Tell what is new, gone and grown from one window to another; see `attackviz.compare`."""
        from ..analysis import compare

        return compare(self._frame, a, b, field, n, filters)

    def redact(self, profile: str = "public", key: str | None = None) -> pd.DataFrame:
        """Return what is left of the events for others; see `attackviz.redact`.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18"], utc=True), "src_ip": ["192.0.2.77"]})
        >>> frame.attacks.redact()["src_ip"].tolist()
        ['192.0.2.0/24']
        """
        from ..analysis import redact

        left: pd.DataFrame = redact(self._frame, profile, key)
        return left

    def map(self, color_by: str = "category", theme: str = "dark") -> hv.Overlay:
        """Return a map of where events come from; see `attackviz.views.map`."""
        from .map import map as draw

        return draw(self._frame, color_by=color_by, theme=theme)

    def timeline(self, by: str | None = "category", bins: int = 200, theme: str = "dark") -> hv.Overlay:
        """Return events over time; see `attackviz.views.timeline`."""
        from .timeline import timeline

        return timeline(self._frame, by=by, bins=bins, theme=theme)

    def top(self, field: str = "src_country", n: int = 10, theme: str = "dark") -> hv.Bars:
        """Return the most frequent values of a column; see `attackviz.views.top`."""
        from .top import top

        return top(self._frame, field, n=n, theme=theme)

    def replay(
        self,
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
    ) -> Replay:
        """Return a replay, to show in a cell or to save; see `attackviz.Replay`."""
        from .. import Replay  # by the front door: the room it lives in is below this one

        return Replay(
            self._frame,
            window,
            title,
            theme=theme,
            source=source,
            account=account,
            database=database,
            targets=targets,
            color_by=color_by,
            speed=speed,
        )

    def validate(self) -> None:
        """Check the frame and explain all that is wrong with it.

        Raises
        ------
        SchemaError
            With every problem found, and the first offending rows of each.
        """
        from ..schema import validate

        validate(self._frame)

    def counts(self) -> dict[str, Any]:
        """Return what there is, as plain numbers; each is a sum of ``count``.

        Returns
        -------
        dict
            ``events``; of them ``untimed`` (no usable time) and ``unlocated``
            (no known place); the distinct ``sources`` and ``countries``; and
            ``by_category``, a dict of str to int.
        """
        from .data import counts

        return counts(self._frame)
