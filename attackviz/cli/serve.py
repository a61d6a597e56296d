"""``attackviz serve``: the dashboard on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .console import command, note
from .options import (
    Exclude,
    Filter,
    FormatName,
    GeoIP,
    MapFile,
    NoBrowser,
    Port,
    Query,
    Targets,
    Tz,
    Url,
    WindowText,
    Year,
)

if TYPE_CHECKING:
    from ..dashboard.job import Job

__all__ = ["run", "serve"]


@command
def serve(
    address: Annotated[
        list[str],
        typer.Argument(
            metavar="ADDRESS",
            help="Files, directories, globs, s3://bucket/prefix or es+https://host:9200/index.",
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
    port: Port = 5006,
    host: Annotated[
        str, typer.Option("--address", metavar="HOST", help="Interface to listen on; 0.0.0.0 for all.")
    ] = "127.0.0.1",
    origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST:PORT", help="Where else browsers may come from, such as a proxy.", show_default=False
        ),
    ] = None,
    no_browser: NoBrowser = False,
) -> None:
    """Play your logs in the browser.

    attackviz serve /var/log/honeypot
    attackviz serve 'logs/*.json.gz' --window "last 7d" --port 8080
    attackviz serve firewall.json --geoip GeoLite2-City.mmdb --targets sites.csv
    attackviz serve 'es+https://host:9200/logs-*' --window "last 7d"
    """
    if "-" in address:
        raise UsageError("standard input cannot be served", hint="write it to a file first: attackviz read - -o FILE")

    from ..dashboard.job import Job
    from ..elastic.address import aimed

    job = Job(
        tuple(aimed(address, url, query)),
        window,
        tz,
        tuple(map(str, geoip or ())),
        str(targets) if targets else None,
        year=year,
        format=format_name,
        mapping=str(map_file) if map_file else None,
        exclude=tuple(map(str, exclude or ())),
        filters=filters,
    )
    run(job, port, host, origin or [], no_browser)


def run(
    job: Job, port: int, host: str, origins: list[str], no_browser: bool, opening: Mapping[str, Any] | None = None
) -> None:
    """Serve a job, say where, and say what reading it came to."""
    from ..dashboard.reading import shared
    from ..dashboard.server import free_port
    from ..dashboard.server import serve as serve_job

    job.check()
    port = free_port(host, port)
    reading = shared(job)
    reading.subscribe(lambda: _tell(reading.status))

    def ready(url: str) -> None:
        note(f"attackviz plays {job.name} at {url}  (Ctrl-C stops)")
        if not no_browser:
            import webbrowser

            webbrowser.open(url)

    serve_job(job, port=port, address=host, origins=origins, opening=opening, ready=ready)


def _tell(status: dict[str, Any]) -> None:
    if status["kind"] in ("error", "empty"):
        words = [status["title"], status["detail"], *status["hints"]]
        note("attackviz: " + "; ".join(word.rstrip(".") for word in words if word))
