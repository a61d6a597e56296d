"""What commands that write a file have in common: where it goes, and the key of a redacted edition."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ExportError, UsageError

__all__ = ["RedactKey", "check_place", "key_of"]

RedactKey = Annotated[
    Path | None,
    typer.Option(
        "--redact-key",
        metavar="FILE",
        help="Of a redacted edition: a file with a secret, of which and of addresses names are made.",
        show_default=False,
    ),
]


def check_place(output: Path, force: bool) -> None:
    """Refuse what could not be written before anything is read."""
    if output.is_dir():
        raise UsageError("that is a directory", where=str(output), hint="name a file in it")
    if output.exists() and not force:
        raise UsageError("the file is there already", where=str(output), hint="say --force to write over it")
    if not output.parent.is_dir():
        raise ExportError("there is no such directory", where=str(output.parent), hint="make it first")
    if not os.access(output.parent, os.W_OK):
        raise ExportError("cannot be written", where=str(output), hint="choose a directory you may write to")


def key_of(path: Path | None, profile: str | None) -> str | None:
    """Return the secret in a file, checked; None without one.

    In a file it is in no list of processes and in no history of a shell.
    """
    if path is None:
        return None
    if not profile:
        raise UsageError("a key is of a redacted edition", hint="say --redact public, too")
    from ..analysis.redaction import Redactor

    try:
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"the key cannot be read: {error.strerror or error}", where=str(path)) from None
    except UnicodeDecodeError:
        raise UsageError("the key is not text in UTF-8", where=str(path), hint="write one line of text") from None
    Redactor(profile, key)
    return key
