"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Address",
    "Exclude",
    "Filter",
    "FormatName",
    "GeoIP",
    "MapFile",
    "NoBrowser",
    "Port",
    "Query",
    "Redact",
    "Targets",
    "Tz",
    "Url",
    "WindowText",
    "Year",
]

Address = Annotated[
    list[str],
    typer.Argument(
        metavar="ADDRESS",
        help="Files, directories, globs, s3://bucket/prefix, es+https://host:9200/index or tape:DIR; "
        "- for standard input.",
        show_default=False,
    ),
]
Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="Of the cluster.  [default: ES_URL]", show_default=False),
]
Query = Annotated[
    str | None,
    typer.Option(
        "--query",
        metavar="QUERY",
        help="Of an index, only what matches: as for Kibana's search, or JSON.",
        show_default=False,
    ),
]
WindowText = Annotated[
    str | None,
    typer.Option(
        "--window",
        metavar="WINDOW",
        help="Only this time: '2025-02-11..2025-02-25', '2025-02-20', 'last 24h', 'yesterday'.",
        show_default=False,
    ),
]
Tz = Annotated[
    str | None,
    typer.Option(
        "--tz",
        metavar="ZONE",
        help="Zone of times that name none, such as Europe/Prague.  [default: UTC]",
        show_default=False,
    ),
]
Year = Annotated[
    int | None,
    typer.Option(
        "--year",
        metavar="YEAR",
        help="Year of times that name none.  [default: by the file's last change]",
        show_default=False,
    ),
]
FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="Of the input, instead of finding it from the content; see attackviz formats.",
        show_default=False,
    ),
]
MapFile = Annotated[
    Path | None,
    typer.Option(
        "--map",
        metavar="FILE",
        help="A format of your own: TOML that says which field is which column ([formats.NAME]).",
        show_default=False,
    ),
]
GeoIP = Annotated[
    list[Path] | None,
    typer.Option(
        "--geoip",
        metavar="PATH",
        help="Your own MMDB instead of the embedded database (more than once: city and ASN).",
        show_default=False,
    ),
]
Targets = Annotated[
    Path | None,
    typer.Option(
        "--targets",
        metavar="PATH",
        help="Table of where attacks arrive: host, CIDR, sensor or colo -> name and coordinates.",
        show_default=False,
    ),
]
Exclude = Annotated[
    list[Path] | None,
    typer.Option(
        "--exclude",
        metavar="FILE",
        help="Networks whose events are left out, and counted: own scanners, monitoring. One a line.",
        show_default=False,
    ),
]
Filter = Annotated[
    str | None,
    typer.Option(
        "--filter",
        metavar="JSON",
        help='Only events that meet conditions, such as \'{"category": {"in": ["ssh"]}}\'; the others are counted.',
        show_default=False,
    ),
]
Redact = Annotated[
    str | None,
    typer.Option(
        "--redact",
        metavar="PROFILE",
        help="An edition to pass on: public cuts addresses and drops hosts, paths, users and payloads.",
        show_default=False,
    ),
]
Port = Annotated[int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="0 takes a free one.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")]
