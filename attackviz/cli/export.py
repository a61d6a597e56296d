"""``attackviz export``: a replay as a page, a film, a picture, or data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ExportError, UsageError
from .console import command, frames_bar, loss, note, progress_bar, size_of
from .options import (
    Address,
    Exclude,
    Filter,
    FormatName,
    GeoIP,
    MapFile,
    Query,
    Redact,
    Targets,
    Tz,
    Url,
    WindowText,
    Year,
)
from .output import RedactKey, check_place, key_of

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
            "-o",
            "--output",
            metavar="FILE",
            help="What to write, by the end of its name: .html, .mp4, .webm, .gif, .png, .svg, .csv, .parquet, "
            ".ndjson, .arrow or .avrec.",
            show_default=False,
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
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is called.", show_default=False)] = None,
    theme: Annotated[str, typer.Option(metavar="dark|light", help="Colours.")] = "dark",
    start: Annotated[str | None, typer.Option(metavar="TIME", help="Show from then on.", show_default=False)] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="Show what is before.", show_default=False)] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Of a picture, the moment.  [default: the whole window]", show_default=False),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(metavar="N", help="Seconds of events a second of playing.", show_default=False),
    ] = None,
    length: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH",
            help="How long it plays, such as '60 seconds'.  [default: a minute; a GIF ten seconds]",
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="1080p, 720p, square, vertical or WIDTHxHEIGHT, in pixels.", show_default=False
        ),
    ] = None,
    scale: Annotated[
        int | None,
        typer.Option(metavar="1-4", help="How many times as fine a PNG is drawn.", show_default=False),
    ] = None,
    fps: Annotated[int | None, typer.Option(metavar="N", help="Frames a second of a film.", show_default=False)] = None,
    caption: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'TIME TEXT'",
            help="Say something at a time: '14:02 rule deployed' (repeatable).",
            show_default=False,
        ),
    ] = None,
    loop: Annotated[
        bool | None,
        typer.Option("--loop/--no-loop", help="Begin again at the end (page, GIF).", show_default=False),
    ] = None,
    lists: Annotated[
        bool | None,
        typer.Option("--lists/--no-lists", help="Numbers and lists beside the map.", show_default=False),
    ] = None,
    still: Annotated[
        bool | None,
        typer.Option("--still", help="Draw a PNG without a browser, as an SVG is.", show_default=False),
    ] = None,
    redact: Redact = None,
    redact_key: RedactKey = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a replay to a file: a page, a film, a picture, data.

    attackviz export logs/ -o replay.html
    attackviz export logs/ -o flood.mp4 --window 2025-02-20 --length '60 seconds' --caption '14:02 rule deployed'
    attackviz export logs/ -o flood.png --at 2025-02-20T05:42 --scale 2 --theme light
    attackviz export 'es+https://host:9200/logs-*' -o yesterday.html --window yesterday

    Films and pictures of the player need a browser and ffmpeg: pip install 'attackviz[film]'.
    """
    from ..analysis.redaction import check_profile
    from ..export import KINDS, Asked
    from ..settings import load_settings

    if theme not in ("dark", "light"):
        raise UsageError(f"there is no theme {theme!r}", hint="say dark or light")
    asked = Asked(
        start=start,
        end=end,
        at=at,
        speed=speed,
        length=length,
        size=size,
        scale=scale,
        fps=fps,
        captions=caption or None,
        loop=loop,
        lists=lists,
        still=still,
        tz=tz or load_settings().tz,
    )
    if redact:
        check_profile(redact)
    key = key_of(redact_key, redact)
    if output.suffix.lower() not in KINDS:
        raise UsageError(f"{output} is no kind of replay", hint=f"end the name in {', '.join(KINDS)}")
    asked.check(output.suffix.lower())
    check_place(output, force)

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
    from ..export.film import kept_of
    from ..export.saved import save
    from ..replay import redacted

    with progress_bar() as show:
        loaded = load_events(job, show)
    recording = record(job, loaded)
    totals = recording.header["totals"]
    account = Account.from_dict(recording.header["account"])  # of a cluster, it is known only now
    if not totals["in_recording"]:
        loss(account)
        raise _nothing(job, account, totals["untimed"])
    if redact:
        recording = redacted(recording, redact, key)
    with frames_bar() as bar:
        try:
            save(recording, output, asked, theme=theme, show=bar)
        except KeyboardInterrupt:
            if kept_of(output).exists():
                note("what was drawn is kept: the same command goes on from there")
            raise
    loss(account)
    note(f"{totals['in_recording']:,} of {totals['events']:,} events in {output} ({size_of(output)})")
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
