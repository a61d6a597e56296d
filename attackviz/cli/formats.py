"""``attackviz formats``: what is known, and what a file is taken for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import command, note, say
from .options import FormatName, MapFile

if TYPE_CHECKING:
    from ..formats import Format
    from ..formats.explain import Explanation

__all__ = ["app"]

EVENTS = 3
WIDTH = 27

app = typer.Typer(name="formats", rich_markup_mode=None, invoke_without_command=True)


@app.callback()
@command
def formats(context: typer.Context) -> None:
    """List the formats, those of your settings among them.

    attackviz formats
    attackviz formats explain access.log
    attackviz formats explain orders.log --map shop.toml
    """
    if context.invoked_subcommand is not None:
        return
    from ..formats import known_formats, own_formats

    own = own_formats()
    yours = {mapping.name for mapping in own}
    known = known_formats(own)
    width = max(map(len, known))
    for name in sorted(known):
        form = known[name]
        marks = (", yours" if name in yours else "") + ("" if form.detected else ", by name only")
        say(f"{name:<{width}}  {form.title} ({form.kind}{marks})")


@app.command(short_help="Say what a file is taken for.")
@command
def explain(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A log, plain or packed.", show_default=False)],
    format_name: FormatName = None,
    map_file: MapFile = None,
) -> None:
    """Say what a file is taken for, its first events, and which fields are not used.

    attackviz formats explain access.log
    attackviz formats explain orders.log --map shop.toml
    """
    from ..formats import Mapping, choose, known_formats, own_formats
    from ..formats.explain import explain as look
    from ..open import open_address
    from ..sources import beginnings

    own = own_formats()
    meant = Mapping.from_file(map_file, format_name) if map_file else format_name
    given = choose(meant, own) if meant else None
    known = known_formats(own)
    refused = None
    files = open_address(file)[0]
    if len(files) > 1:
        note(f"note: the first of {len(files):,} files is explained; name another to see it")
    for stored in files[:1]:
        for name, head in beginnings(stored, 4):
            found = look(head, name, known, given, stored.modified)
            _show(name, found, given is not None)
            refused = refused or found.refused
    if refused is not None:
        raise refused


def _show(name: str, found: Explanation, told: bool) -> None:
    say(name)
    form = found.format
    if form is None:
        for other, lacking in found.nearest.items():
            say(f"  nearest   {other}, but for the field{'s' * (len(lacking) > 1)} {', '.join(lacking)}")
        return
    say(f"  format    {form.name}: {form.title} ({'as you say' if told else _told_by(form)})")
    if found.events is None:
        say("  its columns are taken as they are; attackviz read FILE -o - shows the events")
        return
    account = found.account
    say(f"  beginning {account.summary()}")
    rows = found.events.slice(0, EVENTS).to_pylist()
    shown = [
        (n, ", ".join(found.sources.get(n, [])) or "-", [_cell(r[n]) for r in rows]) for n in found.events.column_names
    ]
    widths = [max(len(line[n]) for line in [*shown, ("column", "made of", [])]) for n in (0, 1)]
    say(f"  {'column':<{widths[0]}}  {'made of':<{widths[1]}}  first events")
    for column, fields, cells in shown:
        say(f"  {column:<{widths[0]}}  {fields:<{widths[1]}}  " + "  ".join(f"{c:<{WIDTH}}" for c in cells).rstrip())
    if found.sources.get("rows"):
        say(f"  which rows are events depends on {', '.join(found.sources['rows'])}")
    if found.unread:
        say("  fields that are not used; columns=[...] or a mapping of your own has them")
        width = max(map(len, found.unread))
        for field, value in sorted(found.unread.items()):
            say(f"    {field:<{width}}  {_cell(value, 60)}")
    if found.absent:
        say(f"  fields it could use, but are not here: {', '.join(found.absent)}")
    for sentence in account.notes:
        note(f"note: {sentence}")


def _told_by(form: Format) -> str:
    if form.known_by:
        return f"told by {', '.join(sorted(form.known_by[0]))}"
    return "told by its first bytes" if form.magic else "told by its lines"


def _cell(value: Any, width: int = WIDTH) -> str:
    if value is None:
        return "-"
    text = value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else (
        json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    )  # fmt: skip
    return text if len(text) <= width else text[: width - 1] + "…"
