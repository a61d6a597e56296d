"""`Elastic`: the events of an index, as a cluster keeps them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..filters import Filters
from ..store import Events
from ..window import Window, as_window, zone
from .address import Address, check_index
from .connect import Connection
from .counting import Counting
from .query import own_query
from .wire import Wire

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ..formats import FormatLike
    from .describe import Description
    from .documents import Documents
    from .position import Position
    from .pull import Pull, PullProgress
    from .reindex import Reindex
    from .tail import Tail
    from .written import Written

__all__ = ["Elastic"]

CHECK_TRIES = 3  # whoever asks how it is wants to know soon


class Elastic(Counting):
    """Read the events of an index, or let the cluster count them; a `attackviz.store.Store`.

    Nothing is asked of the cluster until something is asked of this.

    Parameters
    ----------
    url : str, optional
        ``es+https://host:9200/index``, or the URL of the cluster; by default
        what ``ES_URL`` or the settings say.
    index : str, optional
        An index, an alias, a data stream or a pattern; several with commas.
        Needed where the address names none.
    query : str or mapping, optional
        Only documents that match: the query language of Elasticsearch as data
        or JSON, or a text as for Kibana's Lucene search.
    format : str, Mapping or path, optional
        What the documents are; told by their fields by default.
    time : str, optional
        The field of dates to cut by; by default what the format takes time from.
    **connection
        As for `attackviz.elastic.Connection.find`: ``api_key``, ``ca_certs`` and so on.

    Attributes
    ----------
    connection : Connection
        How the cluster is reached.
    wire : Wire
        What talks to it.
    index : str
        What is read.

    Raises
    ------
    UsageError
        If no cluster or no index is named, or the query is none.

    Examples
    --------
    >>> Elastic("es+https://localhost:9200/attacks")
    <Elastic attacks on localhost:9200>
    """

    def __init__(
        self,
        url: str | None = None,
        index: str | None = None,
        query: str | Mapping[str, Any] | None = None,
        format: FormatLike | None = None,  # noqa: A002 - the word users know
        time: str | None = None,
        **connection: Any,
    ) -> None:
        address = None if url is None else Address.parse(url, index)
        named = index or (address.index if address else "")
        if not named:
            raise UsageError("no index is named", hint="give index=, or write es+https://host:9200/index")
        self.index = check_index(named)
        self._format = format if format is not None or address is None else address.format
        self._time = time if time is not None or address is None else address.time
        self._query = query if query is not None or address is None else address.q
        own_query(self._query)
        self.connection = Connection.find(address, **connection)
        self.wire = Wire(self.connection)

    def __repr__(self) -> str:
        return f"<Elastic {self.index} on {self.connection.name}>"

    @cached_property
    def documents(self) -> Documents:
        """What the documents are; the cluster is asked once.

        Raises
        ------
        ElasticError
            If the index cannot be asked, or has no field of times.
        FormatError
            If its documents are of no known format, or of several.
        """
        from .recognise import recognise

        return recognise(self.wire, self.index, self._format, self._time)

    def check(
        self,
        window: Window | str | None = None,
        filters: Filters | Mapping[str, Any] | str | None = None,
        *,
        tz: str = "UTC",
    ) -> Description:
        """Say whether the index can be read, what it holds, and what would be asked of it.

        Parameters
        ----------
        window, filters, tz
            As for `scan`.

        Returns
        -------
        Description
            With the problem in it, if there is one.

        Raises
        ------
        UsageError
            If window, filters, query or format are not understood.
        """
        from .describe import describe

        return describe(
            Wire(self.connection, tries=CHECK_TRIES),
            self.index,
            form=self._format,
            time_field=self._time,
            query=self._query,
            window=as_window(window, tz),
            filters=Filters.parse(filters),
        )

    def scan(
        self,
        window: Window | str | None = None,
        filters: Filters | Mapping[str, Any] | str | None = None,
        columns: Sequence[str] | None = None,
        *,
        tz: str = "UTC",
        slices: int | None = None,
        progress: Callable[[PullProgress], None] | None = None,
    ) -> Pull:
        """Read events batch by batch, with an account of every document.

        Parameters
        ----------
        window : Window or str, optional
            Only events within; as text, see `Window.parse`. Without one, events
            without a usable time are read, too, and come last.
        filters : Filters, mapping or str, optional
            Conditions, see `attackviz.filters`. What the index can tell, it is
            asked; every event is tried in any case.
        columns : sequence of str, optional
            Columns wanted: of the event table (``event_id`` only if named
            here), or fields of the documents by their own names (as strings).
            ``time`` always.
        tz : str
            Zone of times that carry none.
        slices : int, optional
            How many readers share a slice of time; 2 by default.
        progress : callable, optional
            Called with a `PullProgress`, at most 20 times a second.

        Returns
        -------
        Pull
            To be iterated once, for `pyarrow.Table`; carries the account.

        Raises
        ------
        ElasticError
            If the cluster cannot be asked, or refuses.
        FormatError
            If the documents are of no known format, or of several.
        UsageError
            If window, filters or columns are not understood.
        """
        from ..formats import Options
        from .pull import SLICES, Pull

        zone(tz)
        wanted = _named(columns)
        if slices is not None and not (isinstance(slices, int) and 1 <= slices <= 64):
            raise UsageError(f"{slices!r} is no number of slices", hint="give one from 1 to 64")
        span, parsed = as_window(window, tz), Filters.parse(filters)
        self.documents.see((*(columns or ()), *parsed.columns()))
        return Pull(
            self.wire,
            self.documents,
            options=Options(span, wanted, tz),
            filters=parsed,
            query=self._query,
            slices=slices or SLICES,
            progress=progress,
        )

    def read(
        self,
        window: Window | str | None = None,
        filters: Filters | Mapping[str, Any] | str | None = None,
        columns: Sequence[str] | None = None,
        *,
        tz: str = "UTC",
        slices: int | None = None,
        progress: Callable[[PullProgress], None] | None = None,
    ) -> Events:
        """Read events into memory.

        Parameters
        ----------
        window, filters, columns, tz, slices, progress
            As for `scan`.

        Returns
        -------
        Events
            ``.table`` in Arrow, ``.to_pandas()`` as a data frame.

        Warns
        -----
        DataLossWarning
            If some documents did not become events; with the counts.

        Raises
        ------
        ElasticError, FormatError, UsageError
            As for `scan`.
        """
        import warnings

        import pyarrow as pa

        from ..errors import DataLossWarning
        from .pull import empty

        with self.scan(window, filters, columns, tz=tz, slices=slices, progress=progress) as batches:
            tables = list(batches)
        if batches.account.lost():
            warnings.warn(f"some documents did not become events: {batches.account.summary()}", DataLossWarning,
                          stacklevel=2)  # fmt: skip
        table = pa.concat_tables(tables, promote_options="default") if tables else empty(columns)
        return Events(table.unify_dictionaries(), batches.account)

    def tail(
        self,
        filters: Filters | Mapping[str, Any] | str | None = None,
        columns: Sequence[str] | None = None,
        *,
        position: Position | Mapping[str, Any] | None = None,
        state: str | os.PathLike[str] | None = None,
        since: datetime | str | None = None,
        by: str | None = None,
        lag: float = 1.0,
        overlap: float = 60.0,
        tz: str = "UTC",
    ) -> Tail:
        """Follow the index as it grows: each document once, in the order in which they come.

        Documents are read by ``event.ingested`` if those of the last hour have
        it, else by their time. Those that are late by less than the overlap are
        handed over when they come; later ones are not, and counted once a minute.

        Exactly once: keep ``position.to_dict()`` in the same commit as the events,
        and give it when beginning anew. With `state`, the position is saved when
        the next batch is asked for; then a kill between the two gives that one
        batch again, with the same ids (ask for the column ``event_id``).

        Parameters
        ----------
        filters, columns, tz
            As for `scan`.
        position : Position or dict, optional
            Where to go on: as it was handed over with a batch.
        state : path, optional
            File the position is loaded from, if it is there, and saved to.
        since : datetime or str, optional
            Where to begin without a position: a time, a day, or the start of a
            window such as ``"last 1h"``. By default, only what comes from now on.
        by : str, optional
            The field of dates that says when a document came.
        lag : float
            Seconds, rounded up, that documents are left to become visible: no
            less than the refresh interval of the index.
        overlap : float
            Seconds that documents may be late. So much is remembered, up to
            500,000 documents (about 50 MB).

        Returns
        -------
        Tail
            To be iterated, for `Tailed`: a table and the position behind it.

        Raises
        ------
        ElasticError
            If the cluster cannot be asked, or refuses.
        FormatError
            If the documents are of no known format, or of several.
        ReadError
            If the position is none.
        UsageError
            If it is of another index, query or field, or anything else is not
            understood.
        """
        from ..formats import Options
        from .tail import Tail

        return Tail(
            self.wire,
            self.documents,
            options=Options(None, _named(columns), zone(tz).key),
            filters=Filters.parse(filters),
            query=self._query,
            by=by,
            position=position,
            since=since,
            lag=lag,
            overlap=overlap,
            state=state,
        )

    def write(
        self,
        events: pd.DataFrame | pa.Table | Iterable[pa.Table],
        *,
        dead_letters: str | os.PathLike[str] | None = None,
    ) -> Written:
        """Write events into the index; what is there already stays as it is.

        Where nothing has the name of the index, a place for it is set up first:
        see `attackviz.elastic.template.setup`. ``event_id`` is the id of a
        document; events without one get an id made of all they hold, so that
        writing them twice doubles nothing either.

        Parameters
        ----------
        events : pandas.DataFrame, pyarrow.Table or iterable of pyarrow.Table
            Event tables, see `attackviz.schema`.
        dead_letters : path, optional
            File to append the documents to that the index refuses, each with
            the reason.

        Returns
        -------
        Written
            What became of every event.

        Warns
        -----
        DataLossWarning
            If documents were refused; with the counts.

        Raises
        ------
        ElasticError
            If the cluster takes no more; writing again goes on.
        SchemaError
            If it is no event table.
        """
        import warnings
        from contextlib import ExitStack

        import pyarrow as pa

        from ..errors import DataLossWarning
        from ..schema import conform, from_pandas
        from .letters import DeadLetters
        from .write import write

        listed: Iterable[Any] = [events] if hasattr(events, "columns") else events
        tables = (each if isinstance(each, pa.Table) else from_pandas(each) for each in listed)
        with ExitStack() as stack:
            letters = stack.enter_context(DeadLetters(dead_letters)) if dead_letters is not None else None
            written = write(self.wire, self.index, map(conform, tables), letters=letters)
        if written.refused:
            first = next(iter(written.samples.values()))[0]
            said = f"{self.index} refused some documents: {written.summary()}; the first because {first.reason}"
            warnings.warn(said, DataLossWarning, stacklevel=2)
        return written

    def reindex(self, to: str | None = None, **options: Any) -> Reindex:
        """Change every document, by enrichments or a function of yours, where it is or into another index.

        Parameters
        ----------
        to : str, optional
            The other index.
        **options
            As for `attackviz.elastic.reindex.Reindex`: ``enrich``, ``processor`` and so on.

        Returns
        -------
        Reindex
            Nothing is done before its `Reindex.run`; `Reindex.preview` shows what would be.
        """
        from .reindex import Reindex

        return Reindex(self.wire, self.index, lambda: self.documents, to, query=self._query, time=self._time, **options)


def _named(columns: Sequence[str] | None) -> tuple[str, ...] | None:
    if isinstance(columns, str):
        raise UsageError("columns is a text, not a list of names", hint=f"write columns=[{columns!r}]")
    return None if columns is None else tuple(columns)
