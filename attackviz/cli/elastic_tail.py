"""``attackviz elastic tail``: events of an index as they come, as lines of JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .console import command, note
from .elastic import Authorities, IndexName, Unverified, Url, Where, open_index
from .options import Filter, FormatName, MapFile, Query, Tz

__all__ = ["tail"]


@command
def tail(
    address: Where = None,
    url: Url = None,
    index: IndexName = None,
    query: Query = None,
    filters: Filter = None,
    position: Annotated[
        Path | None,
        typer.Option(
            "--position", metavar="FILE", help="Where it stands: it goes on there, and keeps it.", show_default=False
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Begin there: '2025-02-20T05:00Z', 'last 1h'.  [default: now]",
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="FIELD",
            help="Of dates: when a document came.  [default: event.ingested, or the time]",
            show_default=False,
        ),
    ] = None,
    lag: Annotated[
        float, typer.Option("--lag", metavar="SECONDS", help="Leave documents so long to become visible.")
    ] = 1.0,
    overlap: Annotated[float, typer.Option("--overlap", metavar="SECONDS", help="Documents may be so late.")] = 60.0,
    tz: Tz = None,
    format_name: FormatName = None,
    map_file: MapFile = None,
    ca_certs: Authorities = None,
    no_verify_certs: Unverified = False,
) -> None:
    """Print the events of an index as they come, each once, as lines of JSON; Ctrl-C ends it.

    With --position it goes on where it stood, also after a kill: at most the last lines, not yet kept as printed,
    come again then, with the same event_id. What comes later than the overlap is not printed, but counted.

    attackviz elastic tail es+https://host:9200/logs-*
    attackviz elastic tail --index attacks --position attacks.position >> attacks.ndjson
    attackviz elastic tail --index attacks --since "last 1h" --filter '{"country": {"in": ["CN"]}}'
    """
    from ..formats import Mapping
    from ..schema import COLUMNS
    from ..tables import write_ndjson

    form = Mapping.from_file(map_file, format_name) if map_file else format_name
    cluster = open_index(address, url, index, ca_certs, no_verify_certs, query=query, format=form)
    following = cluster.tail(
        filters, list(COLUMNS), state=position, since=since, by=by, lag=lag, overlap=overlap, tz=tz or "UTC"
    )
    try:
        for table, _ in following:
            write_ndjson([table], sys.stdout.buffer)
            sys.stdout.buffer.flush()
    finally:
        for sentence in following.account.notes:
            note(f"note: {sentence}")
        note(following.account.summary())
