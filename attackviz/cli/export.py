"""``attackviz export``: a replay as one offline page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ExportError, UsageError
from .console import command, loss, note, progress_bar
from .options import (
    Address,
    Exclude,
    Filter,
    FormatName,
    GeoIP,
    MapFile,
    Query,
    Targets,
    Tz,
    Url,
    WindowText,
    Year,
)

if TYPE_CHECKING:
    from ..account import Account
    from ..dashboard.job import Job

__all__ = ["export"]


@command
def export(
    address: Address,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="The page to write, such as replay.html.", show_default=False
        ),
    ],
    window: WindowText = None,
    tz: Tz = None,
    year: Year = None,
    format_name: FormatName = None,
    map_file: MapFile = None,
    geoip: GeoIP = None,
    targets: Targets = None,
    exclude: Exclude = None,
    filters: Filter = None,
    url: Url = None,
    query: Query = None,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the page is called.", show_default=False)
    ] = None,
    theme: Annotated[str, typer.Option(metavar="dark|light", help="Colours.")] = "dark",
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write the replay as one page that plays offline.

    attackviz export logs/ -o replay.html
    attackviz export logs/ -o flood.html --window 2025-02-20 --title "Flood of 20 February" --theme light
    attackviz export 'es+https://host:9200/logs-*' -o yesterday.html --window yesterday
    """
    if theme not in ("dark", "light"):
        raise UsageError(f"there is no theme {theme!r}", hint="say dark or light")
    if output.suffix.lower() not in (".html", ".avrec"):
        raise UsageError(
            f"{output} is no kind of replay", hint="end the name in .html, or .avrec for the recording alone"
        )
    if output.exists() and not force:
        raise UsageError("the file is there already", where=str(output), hint="say --force to write over it")

    from ..dashboard.job import Job
    from ..elastic.address import aimed

    job = Job(
        tuple(aimed(address, url, query)),
        window,
        tz,
        tuple(map(str, geoip or ())),
        str(targets) if targets else None,
        title,
        year=year,
        format=format_name,
        mapping=str(map_file) if map_file else None,
        exclude=tuple(map(str, exclude or ())),
        filters=filters,
    )
    job.check()

    from ..account import Account
    from ..dashboard.loading import load_events, record
    from ..export import Replay

    with progress_bar() as show:
        loaded = load_events(job, show)
    replay = Replay(record(job, loaded), theme=theme)
    totals = replay.recording.header["totals"]
    account = Account.from_dict(replay.recording.header["account"])  # of a cluster, it is known only now
    if not totals["in_recording"]:
        loss(account)
        raise _nothing(job, account, totals["untimed"])
    replay.save(output)
    loss(account)
    note(
        f"{totals['in_recording']:,} of {totals['events']:,} events in {output} ({output.stat().st_size / 1e6:.1f} MB)"
    )
    if account.unread():
        raise typer.Exit(1)


def _nothing(job: Job, account: Account, untimed: int) -> ExportError:
    from ..analysis import FILTERED

    if job.window and account.events:
        return ExportError(
            f"none of {account.events:,} events is in the window {job.window}",
            hint="ask for another window, or leave --window out",
        )
    if refused := account.left_out[FILTERED]:
        return ExportError(f"none of {refused:,} events meets the filter", hint="ask for less, or leave --filter out")
    words = f"{untimed:,} events have no usable time" if untimed else "no event was read"
    return ExportError(
        f"there is nothing to play: {words}", hint="attackviz read ADDRESS says what became of each line"
    )
