"""``attackviz elastic reindex``: change every document of an index."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import AttackvizError, UsageError
from .console import command, note, progress_bar, say
from .elastic import Authorities, IndexName, Unverified, Where, open_index
from .options import FormatName, GeoIP, MapFile, Query, Targets, Tz, Url, WindowText

if TYPE_CHECKING:
    from ..elastic.reindex import Reindex

__all__ = ["reindex"]


@command
def reindex(
    source: Where = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="INDEX", help="Copy documents there.  [default: change them where they are]"),
    ] = None,
    enrich: Annotated[
        str | None,
        typer.Option(
            "--enrich", metavar="NAMES", help="What to add: geo, verdict, or both with a comma.", show_default=False
        ),
    ] = None,
    processor: Annotated[
        str | None,
        typer.Option(
            "--processor",
            metavar="MODULE:FUNCTION",
            help="A function of yours: it is given each document, and returns what is to be merged into it.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", metavar="N", min=1, help="Processes.  [default: one a core, if it pays]", show_default=False
        ),
    ] = None,
    at_once: Annotated[
        int, typer.Option("--at-once", metavar="N", min=1, help="Calls of the processor under way in each process.")
    ] = 100,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a job that was stopped.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print ten documents before and after, and write nothing.")
    ] = False,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE",
            help="Keeps what is done, while the job lasts.  [default: INDEX.checkpoint]",
            show_default=False,
        ),
    ] = None,
    dead_letters: Annotated[
        Path, typer.Option("--dead-letters", metavar="FILE", help="Documents that cannot be changed, with the reason.")
    ] = Path("dead-letters.ndjson"),
    url: Url = None,
    index: IndexName = None,
    query: Query = None,
    window: WindowText = None,
    tz: Tz = None,
    format_name: FormatName = None,
    map_file: MapFile = None,
    geoip: GeoIP = None,
    targets: Targets = None,
    ca_certs: Authorities = None,
    no_verify_certs: Unverified = False,
) -> None:
    """Change every document of an index: add places and verdicts, or what a function of yours says.

    It can be killed at any time, and goes on with --resume. A function may be slow (it may ask others by HTTP): many
    calls are under way at once, of coroutine functions in one event loop a process.

    attackviz elastic reindex es+https://host:9200/logs-2025 --enrich geo,verdict --dry-run
    attackviz elastic reindex --index logs-2025 --to logs-located --enrich geo
    attackviz elastic reindex --index logs-2025 --processor mine:process --workers 4 --resume
    """
    from ..formats import Mapping
    from ..settings import load_settings

    form = Mapping.from_file(map_file, format_name) if map_file else format_name
    cluster = open_index(source, url, index, ca_certs, no_verify_certs, query=query, format=form)
    job = cluster.reindex(
        to,
        enrich=enrich or (),
        processor=processor,
        at_once=at_once,
        window=window,
        tz=tz or load_settings().tz,
        geoip=geoip or None,
        targets=targets,
    )
    if dry_run:
        _show(job)
        return
    # The name of an index may be a pattern, which is none of a file.
    file = checkpoint or Path(re.sub(r"[^a-z0-9._-]+", "_", cluster.index) + ".checkpoint")
    try:
        with progress_bar() as show:
            done = job.run(
                file,
                resume=resume,
                dead_letters=dead_letters,
                workers=workers,
                progress=(lambda p: show({"documents": p.documents, "documents_done": p.done})) if show else None,
            )
    except (AttackvizError, KeyboardInterrupt) as error:
        if file.exists() and not isinstance(error, UsageError):
            note(f"note: what is done is kept in {file}: go on with --resume")
        raise
    if done.refused:
        note(f"warning: {done.refused_total:,} documents could not be changed: they are in {dead_letters}")
    note(done.summary())
    if done.refused:
        raise typer.Exit(1)


def _show(job: Reindex) -> None:
    changes = job.preview()
    for each in changes:
        line = {"_index": each.index, "_id": each.id, "before": each.before, "after": each.after}
        if each.problem is not None:
            line["problem"] = each.problem
        say(json.dumps(line, ensure_ascii=False))
    note(f"{len(changes)} documents; nothing was written")
