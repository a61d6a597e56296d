"""``attackviz report``: what happened in a window, for a reader who was not there."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .console import command, loss, progress_bar, say, size_of
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
    from ..dashboard.job import Job
    from ..window import Window

__all__ = ["report"]

DAY_S = 86_400


@command
def report(
    address: Address,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE", help="What to write: .html or .pdf.", show_default=False),
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
        str | None, typer.Option(metavar="TEXT", help="What the report is called.", show_default=False)
    ] = None,
    notes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Notes of your own to put in, in Markdown.", show_default=False),
    ] = None,
    logo: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A picture for the first page.", show_default=False)
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="TEXT", help="Who made it, for the first page.", show_default=False)
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A Jinja2 template of your own; see docs/report.md.", show_default=False),
    ] = None,
    redact: Redact = None,
    redact_key: RedactKey = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write what happened in a window, as a page or a PDF.

    The window of the same length before is read, too, to compare with, and
    for days the three before, to know what is usual. What happened is also
    said in one line on standard output, such as for a mail.

    attackviz report logs/ -o report.html --window 2025-02-20
    attackviz report /var/log/honeypot -o yesterday.pdf --window yesterday --force
    attackviz report logs/ -o for-all.html --window "last 7d" --redact public --notes notes.md --logo logo.png
    attackviz report 'es+https://host:9200/logs-*' -o week.pdf --window "last 7d"
    """
    from ..analysis.redaction import check_profile
    from ..export.report.logo import picture
    from ..export.report.render import check_template

    if output.suffix.lower() not in (".html", ".pdf"):
        raise UsageError(f"{output} is no kind of report", hint="end the name in .html, or .pdf for print")
    check_place(output, force)
    if redact:
        check_profile(redact)
    key = key_of(redact_key, redact)
    text = None if notes is None else _text(notes)
    for path in (logo, template):
        if path is not None and not path.is_file():
            raise UsageError("there is no such file", where=str(path), hint="check the name")
    if logo is not None:
        picture(logo)
    if template is not None:
        check_template(template)

    from ..dashboard.job import Job
    from ..elastic.address import aimed
    from ..settings import load_settings
    from ..window import as_window

    found = as_window(window, tz or load_settings().tz)
    job = Job(
        tuple(aimed(address, url, query)),
        str(_read(found)) if found else None,
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
    if output.suffix.lower() == ".pdf":
        from ..export.report.pdf import check

        check()  # better said before hours of reading than after
    _write(job, found, output, text, title=title, logo=logo, by=by, template=template, redact=redact, key=key)


def _write(job: Job, window: Window | None, output: Path, notes: str | None, **options: Any) -> None:
    from ..dashboard.loading import load_events
    from ..export import Report

    with progress_bar() as show:
        loaded = load_events(job, show)
    made = Report(loaded.store(), window, notes=notes, source=job.source, database=loaded.database, **options)
    made.save(output)
    account = made.account
    loss(account)
    say(f"{made.summary}; {output} ({size_of(output)})")
    if account.unread():
        raise typer.Exit(1)


def _read(window: Window) -> Window:
    """Return what is read: the window before, too, and of whole days three more, which say what is usual in them."""
    from ..export.report.facts import before_of
    from ..window import Window

    start = before_of(window).start
    if window.seconds >= DAY_S:
        with suppress(OverflowError):  # the calendar begins there
            start = min(start, window.start - timedelta(days=3))
    return Window(start, window.end)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"the notes cannot be read: {error.strerror or error}", where=str(path)) from None
    except UnicodeDecodeError:
        raise UsageError("the notes are not text in UTF-8", where=str(path), hint="save them as UTF-8") from None
