"""``attackviz tape``: what a tape holds, whether it is whole, and how events get onto and off it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import TapeError, UsageError
from .console import command, loss, note, progress_bar, say
from .elastic_load import located
from .options import Address, Exclude, FormatName, GeoIP, MapFile, Targets, Tz, WindowText, Year

if TYPE_CHECKING:
    import pyarrow as pa

    from ..tape import Tape

__all__ = ["app"]

LUMP = 250_000
"""Rows of one append: so many reach the disk at once."""

_SHOWN = 20

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The tape.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]

app = typer.Typer(
    name="tape",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Work with a tape: events kept on this machine.",
)


@app.command()
@command
def info(directory: Directory, as_json: AsJson = False) -> None:
    """Say how much a tape holds, and who writes to it.

    attackviz tape info events.tape
    """
    from ..tape import Tape

    with Tape(directory, readonly=True) as tape:
        found = tape.info()
    if as_json:
        say(json.dumps(asdict(found), default=lambda moment: moment.isoformat()))
        return
    say(f"events    {found.rows:,} in {found.bytes / 1e6:,.1f} MB ({found.segments:,} files)")
    if found.first is not None and found.last is not None:
        say(f"time      {found.first:%Y-%m-%d %H:%M} to {found.last:%Y-%m-%d %H:%M} UTC, in {found.hours:,} hours")
    if found.undated:
        say(f"undated   {found.undated:,} events without a usable time")
    say(f"sequence  {found.sequence:,}")
    if found.columns:
        say(f"columns   beside those of the event table: {', '.join(found.columns)}")
    say(f"writer    {found.writer or 'none'}")


@app.command()
@command
def verify(directory: Directory, as_json: AsJson = False) -> None:
    """Read every byte of a tape, and name the hours of what is damaged; it may be written to meanwhile.

    attackviz tape verify events.tape
    """
    from ..tape import Tape
    from ..tape.verify import verify as look

    with suppress(TapeError):  # damage of the list of columns is what is looked for, too
        Tape(directory, readonly=True).close()
    found = look(directory)
    if as_json:
        say(json.dumps(asdict(found), default=lambda moment: moment.isoformat()))
    else:
        for one in found.damaged:
            hour = f" ({one.hour:%Y-%m-%d %H}:00 UTC)" if one.hour else ""
            say(f"{one.path}{hour}: {one.what}")
        say(f"{found.rows:,} events in {found.segments:,} files, {found.bytes / 1e6:,.1f} MB: "
            + ("all as they were written" if not found.damaged else f"{len(found.damaged):,} damaged"))  # fmt: skip
    if found.damaged:
        hours = ", ".join(f"{hour:%Y-%m-%d %H}:00" for hour in found.hours[:_SHOWN])
        more = f" and {len(found.hours) - _SHOWN:,} more" if len(found.hours) > _SHOWN else ""
        raise TapeError(
            f"{len(found.damaged):,} files are damaged; hours: {hours or 'none'}{more}",
            where=str(directory),
            hint="put back these files from a copy, or remove them to read the rest",
        )


@app.command()
@command
def compact(directory: Directory) -> None:
    """Make one file of the many of each hour; a tape that is written to is merged by its writer.

    attackviz tape compact events.tape
    """
    with _writable(directory) as tape:
        fewer = tape.compact()
        left = tape.info()
    note(f"{fewer:,} files fewer: {left.rows:,} events in {left.segments:,} files, {left.bytes / 1e6:,.1f} MB")


@app.command("import")
@command
def import_(
    address: Address,
    tape: Annotated[Path, typer.Option("--tape", metavar="DIR", help="The tape; made where there is none.")],
    window: WindowText = None,
    tz: Tz = None,
    year: Year = None,
    format_name: FormatName = None,
    map_file: MapFile = None,
    geoip: GeoIP = None,
    targets: Targets = None,
    exclude: Exclude = None,
) -> None:
    """Put the events of logs onto a tape, with the places of both ends.

    Every event has a fixed id: importing twice, or again after a kill, doubles nothing.

    attackviz tape import logs/ --tape events.tape
    attackviz tape import s3://bucket/http_requests/ --tape events.tape --window yesterday
    """
    from ..formats import Mapping
    from ..open import scan
    from ..schema import COLUMNS
    from ..settings import load_settings
    from ..tape import Tape

    form = Mapping.from_file(map_file, format_name) if map_file else format_name
    events = duplicates = 0
    with progress_bar() as show, Tape(tape) as kept:
        tell = (lambda p: show(p.to_dict())) if show else None
        with scan(
            list(address),
            format=form,
            window=window,
            columns=list(COLUMNS),
            tz=tz or load_settings().tz,
            year=year,
            progress=tell,
            exclude=exclude or None,
        ) as batches:
            for table in _lumps(located(batches, geoip, targets)):
                said = kept.append(table)
                events, duplicates = events + said.events, duplicates + said.duplicates
    loss(batches.account)
    again = f"; {duplicates:,} were there already" if duplicates else ""
    note(f"{events:,} events put onto {tape}{again}; {batches.account.summary()}")
    if batches.account.unread():
        raise typer.Exit(1)


@app.command()
@command
def export(
    directory: Directory,
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Table to write: .parquet, .arrow, .csv or .ndjson; - for NDJSON on stdout.",
            show_default=False,
        ),
    ],
    window: WindowText = None,
    tz: Tz = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write the events of a tape as one table, by hour, with their ids and sequence numbers.

    attackviz tape export events.tape -o february.parquet --window 2025-02-01..2025-03-01
    """
    from ..settings import load_settings
    from ..tables import SUFFIXES, write_ndjson, write_table
    from ..tape import Tape
    from ..window import as_window

    stream = str(output) == "-"
    if not stream and output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{output} is no kind of table", hint=f"end the name in {', '.join(SUFFIXES)}")
    if not stream and output.exists() and not force:
        raise UsageError("the file is there already", where=str(output), hint="say --force to write over it")
    span = as_window(window, tz or load_settings().tz)
    with Tape(directory, readonly=True) as tape:
        tables = (table for table, _ in tape.batches(span))
        rows = write_ndjson(tables, sys.stdout.buffer) if stream else write_table(tables, output)
    if not rows:
        note("warning: the tape holds no event" + (f" in the window {window}" if window else ""))
    note(f"{rows:,} events written" + ("" if stream else f" to {output}"))


def _writable(directory: Path) -> Tape:
    """Open a tape that there is to write to it."""
    from ..tape import Tape

    Tape(directory, readonly=True).close()
    return Tape(directory)


def _lumps(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables together, so that fewer files are made."""
    import pyarrow as pa

    held: list[pa.Table] = []
    rows = 0
    for table in tables:
        held.append(table)
        rows += table.num_rows
        if rows >= LUMP:
            yield pa.concat_tables(held, promote_options="default").unify_dictionaries()
            held, rows = [], 0
    if rows:
        yield pa.concat_tables(held, promote_options="default").unify_dictionaries()
