"""``attackviz elastic setup`` and ``load``: a place for events in a cluster, and events into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..analysis.words import harmless
from .console import command, loss, note, progress_bar, say
from .elastic import Authorities, Unverified, Url, open_index
from .options import Address, Exclude, FormatName, GeoIP, MapFile, Targets, Tz, WindowText, Year

if TYPE_CHECKING:
    import pyarrow as pa

    from ..open import Scan

__all__ = ["load", "located", "setup"]

NewIndex = Annotated[str, typer.Option("--index", metavar="NAME", help="What it is called.", show_default=False)]


@command
def setup(
    index: NewIndex,
    data_stream: Annotated[bool, typer.Option("--data-stream", help="A data stream instead of an alias.")] = False,
    url: Url = None,
    ca_certs: Authorities = None,
    no_verify_certs: Unverified = False,
) -> None:
    """Make a place for events: index template, rollover alias or data stream, lifecycle.

    What is there already stays as it is.

    attackviz elastic setup --index attacks
    attackviz elastic setup --index attacks --data-stream --url https://host:9200
    """
    from ..elastic import template

    place = template.setup(open_index(None, url, index, ca_certs, no_verify_certs).wire, index, stream=data_stream)
    say(f"{place.kind} {index}: {', '.join(place.made) + ' made' if place.made else 'all is there already'}")
    if place.writes_to:
        say(f"writes to {place.writes_to}")
    if not place.lifecycle:
        note(f"note: this cluster has no lifecycles: start a new index from time to time with POST /{index}/_rollover")


@command
def load(
    address: Address,
    index: NewIndex,
    url: Url = None,
    window: WindowText = None,
    tz: Tz = None,
    year: Year = None,
    format_name: FormatName = None,
    map_file: MapFile = None,
    geoip: GeoIP = None,
    targets: Targets = None,
    exclude: Exclude = None,
    dead_letters: Annotated[
        Path, typer.Option("--dead-letters", metavar="FILE", help="Documents that the index refuses, with the reason.")
    ] = Path("dead-letters.ndjson"),
    ca_certs: Authorities = None,
    no_verify_certs: Unverified = False,
) -> None:
    """Put the events of logs into an index, with the places of both ends.

    Every event has a fixed id: loading twice, or again after a kill, doubles nothing. Where nothing is called so,
    an alias with its template is made first, as attackviz elastic setup does.

    attackviz elastic load logs/ --index attacks
    attackviz elastic load s3://bucket/http_requests/ --index attacks --window yesterday --url https://host:9200
    """
    from ..elastic.letters import DeadLetters
    from ..elastic.write import write
    from ..formats import Mapping
    from ..open import scan
    from ..schema import COLUMNS
    from ..settings import load_settings

    cluster = open_index(None, url, index, ca_certs, no_verify_certs)
    form = Mapping.from_file(map_file, format_name) if map_file else format_name
    with progress_bar() as show, DeadLetters(dead_letters) as letters:
        tell = (lambda p: show(p.to_dict())) if show else None
        zone = tz or load_settings().tz
        with scan(
            list(address),
            format=form,
            window=window,
            columns=list(COLUMNS),
            tz=zone,
            year=year,
            progress=tell,
            exclude=exclude or None,
        ) as batches:
            written = write(cluster.wire, index, located(batches, geoip, targets), letters=letters)
    loss(batches.account)
    for reason, samples in written.samples.items():
        note(f"warning: {written.refused[reason]:,} documents refused, {reason}: {harmless(samples[0].reason)}")
    if written.refused:
        note(f"note: what was refused is in {dead_letters}")
    note(written.summary())
    if written.refused or batches.account.unread():
        raise typer.Exit(1)


def located(batches: Scan, geoip: list[Path] | None, targets: Path | None) -> Iterator[pa.Table]:
    """Yield batches with the places of both ends.

    Parameters
    ----------
    batches : Scan
    geoip : list of Path or None
        Location databases.
    targets : Path or None
        Where attacks arrive; by default what the settings name, or what lies with the logs.
    """
    from ..geo import enrich, open_database, read_targets
    from ..settings import load_settings

    database = open_database(geoip or None)
    named = targets or (None if load_settings().targets else batches.targets)
    arrivals = read_targets(named) if named else None
    for table in batches:
        yield enrich(table, database, arrivals)
