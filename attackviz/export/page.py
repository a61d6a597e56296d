"""One HTML file that plays a recording: no network, no server, no other file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import ExportError, UsageError
from ..replay import Recording

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["THEMES", "page", "script_digest", "written"]

THEMES = ("dark", "light")
_HERE = Path(__file__).parent
_PLAYER = _HERE.parent / "player"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXPORTS = re.compile(r"export\s*\{([^{}]*)\}\s*;?\s*$")


def page(
    recording: Recording,
    theme: str = "dark",
    speed: float | None = None,
    *,
    window: tuple[int, int] | None = None,
    loop: bool = False,
    lists: bool = True,
) -> str:
    """Return a page that plays a recording.

    The page asks nothing of the network, and its own policy forbids it to. What
    was read is told of by file name, without directories, and without samples
    of bad lines: a page is made to be handed on.

    Parameters
    ----------
    recording : Recording
    theme : {"dark", "light"}
        What it opens in.
    speed : float, optional
        Seconds of recording a second of playing; the player's choice by default.
    window : tuple of int, optional
        Start and end of what it opens on, in microseconds since the epoch; by
        default the recording's own.
    loop : bool
        Whether it begins again at the end.
    lists : bool
        Whether numbers and lists stand beside the map.

    Returns
    -------
    str
        HTML in UTF-8; the same recording gives the same page.

    Raises
    ------
    UsageError
        If there is no such theme or speed.
    ExportError
        If the player is not part of this installation.

    Examples
    --------
    >>> import pandas as pd
    >>> from attackviz.replay import build
    >>> frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z"])})
    >>> "<title>&lt;b&gt;</title>" in page(build(frame, title="<b>"))
    True
    """
    if theme not in THEMES:
        raise UsageError(f"there is no theme {theme!r}", hint=f"choose {' or '.join(THEMES)}")
    if speed is not None and not (isinstance(speed, int | float) and 0 < speed < float("inf")):
        raise UsageError(
            f"a speed of {speed!r} is not possible", hint="give seconds of recording a second, such as 600"
        )
    options: dict[str, Any] = {"theme": theme}
    if window:
        options["window"] = [us / 1000 for us in window]
    if speed:
        options["speed"] = speed
    if loop:
        options["loop"] = True
    return written("page.html", recording, options, lists="beside" if lists else "off")


def written(template: str, recording: Recording, options: Mapping[str, Any], **more: str) -> str:
    """Return a template with the player, the map and a recording in it.

    Parameters
    ----------
    template : str
        Its name; ``page.html``, or one that extends it.
    recording : Recording
    options : mapping
        Of the player; ``theme`` is the page's, too.
    **more
        What else the template shows.
    """
    header = recording.header
    start, end = (
        _EPOCH + timedelta(microseconds=header["start_us"] + t * header["tick_us"]) for t in (0, header["end"])
    )
    return (
        _templates()
        .get_template(template)
        .render(
            title=header["title"],
            theme=options["theme"],
            version=__version__,
            digest=script_digest(),
            script=_script(),
            options=dict(options),
            basemap=_basemap(),
            recording=_packed(_for_others(recording).to_bytes()),
            events=f"{header['totals']['in_recording']:,}",
            span=f"{start:%d %b %Y %H:%M} - {end:%d %b %Y %H:%M} UTC",
            attribution=header["attribution"],
            **more,
        )
    )


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def _packed(data: bytes, level: int = 6) -> str:
    """Return bytes as a page holds them."""
    return base64.b64encode(gzip.compress(data, compresslevel=level, mtime=0)).decode()


@cache
def _basemap() -> str:
    """Return the map's outlines, packed: of each a point, then steps, which take a third of the room of points."""
    outlines = json.loads((_PLAYER / "basemap.json").read_text(encoding="utf-8"))
    steps = {
        name: [line[:2] + [to - at for at, to in zip(line, line[2:], strict=False)] for line in lines]
        for name, lines in outlines.items()
        if isinstance(lines, list)
    }
    return _packed(json.dumps(steps, separators=(",", ":")).encode(), 9)


@cache
def script_digest() -> str:
    """Return the SHA-256 of a page's one script in base64, as a policy names what may run."""
    return base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()


@cache
def _script() -> str:
    """Return the player and what starts it, as one script that may stand in a page."""
    try:
        bundle = (_PLAYER / "player.js").read_text(encoding="utf-8")
    except OSError:
        raise ExportError(
            "the player is missing from this installation",
            where=str(_PLAYER / "player.js"),
            hint="install attackviz again",
        ) from None
    start = (_HERE / "templates" / "page.js").read_text(encoding="utf-8")
    body, create = _without_exports(bundle)
    # In a block of its own, so that no name of the player's is declared twice.
    return _inline(f"{body}\n{{const create={create};\n{start}}}\n")


def _without_exports(bundle: str) -> tuple[str, str]:
    """Return a module without its exports, which an inline one cannot offer, and the local name of createPlayer."""
    found = _EXPORTS.search(bundle)
    pairs = [pair.split(" as ") for pair in found[1].split(",")] if found else []
    local = next((pair[0].strip() for pair in pairs if pair[-1].strip() == "createPlayer"), None)
    if found is None or local is None:
        raise ExportError("the player of this installation offers no createPlayer", hint="install attackviz again")
    return bundle[: found.start()], local


def _inline(script: str) -> str:
    """Write a script so that no text in it ends, or hides the end of, its element."""
    return re.sub(r"<(?=/script|!--|script)", r"\\x3C", script, flags=re.IGNORECASE)


def _for_others(recording: Recording) -> Recording:
    account = recording.header["account"]
    if not account:
        return recording

    def named(files: dict[str, Any]) -> dict[str, Any]:
        return {PurePath(path).name: value for path, value in files.items()}

    told = {
        **account,
        "samples": {},
        "files": named(account.get("files", {})),
        "skipped": named(account.get("skipped", {})),
        "truncated": [PurePath(path).name for path in account.get("truncated", [])],
    }
    return Recording({**recording.header, "account": told}, recording.tables)
