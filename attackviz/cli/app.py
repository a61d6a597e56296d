"""The ``attackviz`` command, put together from its parts."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import __version__
from . import (
    demo,
    elastic,
    elastic_load,
    elastic_reindex,
    elastic_tail,
    export,
    formats,
    geo,
    push,
    read,
    report,
    serve,
    tape,
)
from .console import as_typed

__all__ = ["app"]

_HELP = """Replay attack traffic on a map, from logs, on this machine.

attackviz demo                            two weeks of real attacks
attackviz serve logs/ --window "last 7d"  your own, in the browser
attackviz export logs/ -o replay.html     the same as one offline page
attackviz report logs/ -o report.pdf      what happened, for a reader who was not there
attackviz read logs/ -o events.parquet    as a table

An ADDRESS is a file, a directory or a glob, compressed or in an archive, too; its format is found from its content.
"""

# Plain help: rich would double the time to the first line.
app = typer.Typer(
    name="attackviz",
    help=as_typed(_HELP),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
for command in (demo.demo, serve.serve, export.export, report.report, read.read, push.push):
    app.command()(command)
elastic.app.command()(elastic_load.setup)
elastic.app.command()(elastic_load.load)
elastic.app.command()(elastic_tail.tail)
elastic.app.command()(elastic_reindex.reindex)
app.add_typer(elastic.app, name="elastic")
app.add_typer(formats.app, name="formats")
app.add_typer(geo.app, name="geo")
app.add_typer(tape.app, name="tape")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"attackviz {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass
