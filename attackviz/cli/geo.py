"""``attackviz geo``: what the location database says, and which one it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .console import command, note, say
from .options import GeoIP

if TYPE_CHECKING:
    from ..geo import Place

__all__ = ["app"]

app = typer.Typer(name="geo", help="Ask the location database.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
@command
def lookup(
    ip: Annotated[list[str], typer.Argument(metavar="IP", help="Addresses, IPv4 or IPv6.", show_default=False)],
    geoip: GeoIP = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Say where addresses are.

    attackviz geo lookup 45.148.10.1 2001:4860:4860::8888
    attackviz geo lookup 45.148.10.1 --geoip GeoLite2-City.mmdb --json
    """
    from ..geo import lookup, open_database

    database = open_database(geoip or None)
    wrong: list[UsageError] = []
    for each in ip:
        try:
            place = lookup(each, database)
        except UsageError as error:
            wrong.append(error)
            continue
        say(json.dumps(place.to_dict(), ensure_ascii=True) if as_json else _sentence(place))
    if not as_json:
        for credit in database.attribution:
            note(f"{credit['text']} ({credit['url']})" if credit["url"] else str(credit["text"]))
    if wrong:
        raise UsageError("; ".join(map(str, wrong)))


@app.command()
@command
def info(geoip: GeoIP = None) -> None:
    """Say which database is in use.

    attackviz geo info
    attackviz geo info --geoip GeoLite2-City.mmdb
    """
    from ..geo import open_database

    about = open_database(geoip or None).describe()
    credit = ", ".join(f"{c['text']} ({c['url']})" if c["url"] else str(c["text"]) for c in about["attribution"])
    for name, value in (
        ("database", about["name"]),
        ("built", about["built"]),
        ("file", ", ".join(about["files"]) + (" (comes with attackviz)" if about["embedded"] else "")),
        ("size", f"{about['size'] / 1e6:.1f} MB"),
        ("networks", f"{about['networks']:,}"),
        ("countries", f"{about['countries']:,}"),
        ("cities", f"{about['cities']:,}"),
        ("systems", f"{about['systems']:,}"),
        ("credit", credit or "-"),
    ):
        say(f"{name:<10} {value}")


def _sentence(place: Place) -> str:
    where = ", ".join(part for part in (place.city, place.region, place.country) if part) or "no place known"
    point = "" if place.lat is None or place.lon is None else f"  {place.lat:.4f}, {place.lon:.4f}"
    network = "" if place.asn is None else f"  AS{place.asn} {place.org or ''}".rstrip()
    return f"{place.ip}  {where}{point}{network}"
