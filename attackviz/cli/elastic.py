"""``attackviz elastic``: what a cluster holds, and how to get events into it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .console import command, note, say
from .options import FormatName, MapFile, Query, Tz, Url, WindowText

if TYPE_CHECKING:
    from ..elastic import Elastic
    from ..elastic.describe import Description

__all__ = ["Authorities", "IndexName", "Unverified", "Url", "Where", "app", "open_index"]

WIDTH = 40

Where = Annotated[
    str | None,
    typer.Argument(metavar="ADDRESS", help="es+https://host:9200/index; or --index.", show_default=False),
]
IndexName = Annotated[
    str | None,
    typer.Option("--index", metavar="NAME", help="An index, an alias, a data stream or a pattern.", show_default=False),
]
Authorities = Annotated[
    str | None,
    typer.Option(
        "--ca-certs",
        metavar="FILE",
        help="Whom to trust: the authority that signed the cluster's certificate.  [default: ES_CA_CERTS]",
        show_default=False,
    ),
]
Unverified = Annotated[
    bool, typer.Option("--no-verify-certs", help="Do not check who the cluster is. Anybody may listen then.")
]

app = typer.Typer(
    name="elastic",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Work with the events of an Elasticsearch cluster.",
)


def open_index(
    address: str | None, url: str | None, index: str | None, ca_certs: str | None, unverified: bool, **rest: Any
) -> Elastic:
    """Return the index that the options of a command name.

    Parameters
    ----------
    address, url, index, ca_certs : str or None
    unverified : bool
    **rest
        As for `attackviz.elastic.Elastic`.

    Raises
    ------
    UsageError
        If none is named, or two are.
    """
    from ..elastic import Elastic

    if address is not None and url is not None:
        raise UsageError("there are an address and a --url", hint="give one of them")
    if ca_certs is not None:
        rest["ca_certs"] = ca_certs
    if unverified:
        rest["verify_certs"] = False
    return Elastic(address or url, index=index, **rest)


@app.command()
@command
def check(
    address: Where = None,
    url: Url = None,
    index: IndexName = None,
    query: Query = None,
    window: WindowText = None,
    tz: Tz = None,
    format_name: FormatName = None,
    map_file: MapFile = None,
    ca_certs: Authorities = None,
    no_verify_certs: Unverified = False,
) -> None:
    """Say whether an index can be read, what it holds, and what would be asked of it.

    Who we are is read from ES_API_KEY, ES_USERNAME and ES_PASSWORD, or ES_BEARER_TOKEN; each also from the file
    that ES_API_KEY_FILE and so on name.

    attackviz elastic check es+https://host:9200/logs-*
    attackviz elastic check --index attacks --window "last 24h"
    """
    from ..formats import Mapping

    form = Mapping.from_file(map_file, format_name) if map_file else format_name
    cluster = open_index(address, url, index, ca_certs, no_verify_certs, query=query, format=form)
    found = cluster.check(window, tz=tz or "UTC")
    _show(cluster, found)
    if found.problem is not None:
        raise found.problem


def _show(cluster: Elastic, found: Description) -> None:
    if found.version:
        say(f"cluster   {found.cluster} at {cluster.connection.name}: Elasticsearch {found.version}, {found.status}")
        say(f"clock     {_clock(found)}")
    if found.indices:
        more = f" and {len(found.indices) - 3:,} more" if len(found.indices) > 3 else ""
        say(f"index     {cluster.index}: {', '.join(found.indices[:3])}{more}")
    documents, seen = found.documents, found.explanation
    if documents is None:
        for other, lacking in (seen.nearest if seen else {}).items():
            say(f"nearest   {other}, but for the field{'s' * (len(lacking) > 1)} {', '.join(lacking)}")
        return
    say(f"format    {documents.form.name}: {documents.form.title}")
    say(f"time      {documents.time} ({' and '.join(documents.fields[documents.time].kinds)})")
    if found.problem is None:
        say(f"documents {found.total:,}{_span(found)}")
    if seen is not None and seen.events is not None:
        _columns(found)
        if seen.unread:
            say(f"fields that are not used: {', '.join(sorted(seen.unread))}")
    if documents.missing:
        say(f"fields it could use, but the index has not: {', '.join(documents.missing)}")
    say(f"query     {json.dumps(found.query, ensure_ascii=False)}")
    for remark in found.remarks:
        note(f"note: {remark}")


def _columns(found: Description) -> None:
    seen, documents = found.explanation, found.documents
    if seen is None or seen.events is None or documents is None:
        return
    say(f"newest    {seen.account.summary()}")
    row = (seen.events.slice(0, 1).to_pylist() or [{}])[0]
    lines = [("column", "made of", "mapped as", "newest event")]
    for column in seen.events.column_names:
        made = seen.sources.get(column, [])
        kinds = [kind for name in made for kind in documents.kinds(name)]
        if made or row.get(column) is not None:
            lines.append(
                (column, ", ".join(made) or "-", ", ".join(dict.fromkeys(kinds)) or "-", _cell(row.get(column)))
            )
    widths = [max(len(line[n]) for line in lines) for n in range(3)]
    for line in lines:
        say("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=False)) + f"  {line[3]}")


def _clock(found: Description) -> str:
    if found.skew_s is None:
        return "cannot be asked"
    if abs(found.skew_s) <= max(found.skew_error_s, 1.0):
        return "agrees with this machine's"
    return f"{abs(found.skew_s):,.1f} s {'ahead of' if found.skew_s > 0 else 'behind'} this machine's"


def _span(found: Description) -> str:
    if found.first is None or found.last is None:
        return ""
    first, last = (each.isoformat(timespec="seconds").replace("+00:00", "Z") for each in (found.first, found.last))
    return f", {first} to {last}" + (f"; {found.untimed:,} without a time" if found.untimed else "")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    text = value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
