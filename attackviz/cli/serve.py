"""``attackviz serve``: the dashboard on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
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
        list[str] | None,
        typer.Argument(
            metavar="ADDRESS",
            help="Files, directories, globs, s3://bucket/prefix, es+https://host:9200/index or tape:DIR.",
            show_default=False,
        ),
    ] = None,
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
    live: Annotated[bool, typer.Option("--live", help="Take events in, and show them as they come.")] = False,
    tape: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Live: where events are kept.  [default: in the user's data]", show_default=False
        ),
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="SOURCE",
            help="Live: a log that grows, es+https://host/index, sqs://QUEUE, s3://bucket/prefix, kinesis://STREAM, "
            "syslog+udp://host:port, syslog+tcp://host:port or simulate:PATH (more than once).",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS", min=0.001, help="Live: how long events are kept.  [default: for ever]", show_default=False
        ),
    ] = None,
    open_: Annotated[
        bool, typer.Option("--open", help="Live: answer other machines though no token is asked for.")
    ] = False,
    public: Annotated[
        bool, typer.Option("--public", help="Show only what is for everyone: networks, countries, no hosts, no names.")
    ] = False,
    tls: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="CERTIFICATE KEY", help="Live: speak HTTPS.", show_default=False),
    ] = None,
) -> None:
    """Play your logs in the browser, or live what comes.

    attackviz serve /var/log/honeypot
    attackviz serve 'logs/*.json.gz' --window "last 7d" --port 8080
    attackviz serve firewall.json --geoip GeoLite2-City.mmdb --targets sites.csv
    attackviz serve 'es+https://host:9200/logs-*' --window "last 7d"
    attackviz serve --live --tape events.tape --from /var/log/suricata/eve.json
    attackviz serve /var/log/honeypot --public
    """
    if live:
        if address:
            raise UsageError("a live server has sources, not logs", hint=f"say --from {address[0]}")
        _refuse(window=window, exclude=exclude, filter=filters)
        from ..formats import Mapping
        from .live import run_live

        form = Mapping.from_file(map_file, format_name) if map_file else format_name
        read = tz, form, year, geoip or [], targets
        run_live(tape, sources or [], keep, open_, public, tls, *read, port, host, origin or [], no_browser)
        return
    if not address:
        raise UsageError("there is nothing to play", hint="name an ADDRESS, or say --live to wait for events")
    _refuse_live(tape=tape, **{"from": sources}, keep=keep, open=open_, tls=tls)
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
        public=public,
    )
    run(job, port, host, origin or [], no_browser)


def _refuse(**options: object) -> None:
    for name, value in options.items():
        if value:
            raise UsageError(f"--{name} is not for --live", hint="leave it out")


def _refuse_live(**options: object) -> None:
    for name, value in options.items():
        if value:
            raise UsageError(f"--{name} is for --live", hint="say --live, too")


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
