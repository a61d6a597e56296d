"""``attackviz read``: logs as one table, with an account of every line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .console import command, loss, note, progress_bar, say
from .options import Address, Exclude, Filter, FormatName, MapFile, Query, Tz, Url, WindowText, Year

if TYPE_CHECKING:
    from ..filters import Filters

__all__ = ["read"]

_LOCATED = {"country", "place", "network", *(f"src_{name}" for name in ("country", "region", "city", "asn", "org"))}
"""Fields that a log seldom has of its own."""


@command
def read(
    address: Address,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Table to write: .parquet, .arrow, .csv or .ndjson; - for NDJSON on stdout.",
            show_default=False,
        ),
    ] = None,
    stats: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Account of every piece of input, as JSON.", show_default=False)
    ] = None,
    bad: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Every piece that became no event, as it is.", show_default=False),
    ] = None,
    window: WindowText = None,
    tz: Tz = None,
    year: Year = None,
    format_name: FormatName = None,
    map_file: MapFile = None,
    exclude: Exclude = None,
    filters: Filter = None,
    url: Url = None,
    query: Query = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> None:
    """Turn logs into one table of events.

    attackviz read logs/ -o events.parquet --stats account.json
    attackviz read s3://bucket/http_requests/ -o events.parquet --window yesterday
    attackviz read 'logs/*.gz' -o events.csv --window yesterday --tz Europe/Prague
    attackviz read orders.log --map shop.toml -o orders.parquet
    attackviz read logs/ --bad bad.txt
    attackviz read logs/ --filter '{"verdict": {"not": ["benign"]}}' -o events.csv
    zcat today.gz | attackviz read - -o events.parquet
    attackviz read 'es+https://host:9200/logs-*' -o events.parquet --window yesterday
    """
    from ..saving import replacing
    from ..tables import SUFFIXES, write_ndjson, write_table

    stream = output is not None and str(output) == "-"
    if output is not None and not stream and output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{output} is no kind of table", hint=f"end the name in {', '.join(SUFFIXES)}")
    for path in (None if stream else output, stats, bad):
        if path is not None and path.is_file() and not force:
            raise UsageError("the file is there already", where=str(path), hint="say --force to write over it")

    if any(path is not None and str(path) == "-" for path in (stats, bad)):
        raise UsageError("standard output takes events only, by --output -", hint="give --stats and --bad a file each")
    written = [path for path in (output, stats, bad) if path is not None and str(path) != "-"]
    if len({path.absolute() for path in written}) < len(written):
        raise UsageError("two files to write have one name", hint="give each its own")

    from ..analysis import FILTERED, keep
    from ..elastic.address import aimed
    from ..filters import Filters
    from ..formats import Mapping
    from ..open import scan
    from ..settings import load_settings

    conditions = Filters.parse(filters)
    with progress_bar() as show:
        tell = (lambda p: show(p.to_dict())) if show else None
        zone = tz or load_settings().tz
        form = Mapping.from_file(map_file, format_name) if map_file else format_name
        with scan(
            aimed(address, url, query),
            format=form,
            window=window,
            tz=zone,
            year=year,
            progress=tell,
            exclude=exclude or None,
            bad=bad,
        ) as batches:
            tables = (keep(table, conditions, batches.account) for table in batches) if conditions else batches
            if output is None:
                rows = sum(table.num_rows for table in tables)
            elif stream:
                rows = write_ndjson(tables, sys.stdout.buffer)
            else:
                rows = write_table(tables, output)
    account = batches.account
    if stats is not None:
        with replacing(stats) as file:
            file.write(json.dumps(account.to_dict(), indent=2).encode() + b"\n")
    loss(account)
    if not rows and (account.outside or (window and not account.pieces)):
        note(f"warning: no event is in the window {window}; ask for another, or leave --window out")
    elif not rows and (refused := account.left_out[FILTERED]):
        note(f"warning: none of {refused:,} events meets the filter{_unplaced(conditions)}")
    elif not rows and not account.excluded:
        hint = "attackviz formats explain FILE shows what a log is taken for" if account.pieces else "it is empty"
        note(f"warning: nothing became an event; {hint}")
    if output is None:
        say(account.summary())
    else:
        where = "" if stream else f" to {output}"
        note(f"{rows:,} events written{where}; {account.summary()}")
    if account.unread():
        raise typer.Exit(1)


def _unplaced(filters: Filters) -> str:
    """Return what to say of filters that ask for places, which most logs do not tell."""
    asked = sorted({one.field for one in filters.conditions if one.field in _LOCATED})
    if not asked:
        return ""
    return f"; most logs name no {' or '.join(asked)}: serve and export locate sources first, read does not"
