"""The parts of the table; each gives rows for a bench."""

from __future__ import annotations

from collections.abc import Callable

from ..bench import Bench
from ..table import Row
from . import (
    bulk,
    cube,
    fields,
    film,
    first_frame,
    geolocation,
    imports,
    live,
    live_pixel,
    pages,
    pull,
    reading,
    reindex,
    scrubbing,
    server,
    tape,
)

Part = Callable[[Bench], list[Row]]

PARTS: dict[str, Part] = {
    "imports": imports.rows,
    "first_frame": first_frame.rows,
    "scrubbing": scrubbing.rows,
    "server": server.rows,
    "geolocation": geolocation.rows,
    "reading": reading.rows,
    "fields": fields.rows,
    "bulk": bulk.rows,
    "pull": pull.rows,
    "cube": cube.rows,
    "reindex": reindex.rows,
    "tape": tape.rows,
    "live": live.rows,
    "live_pixel": live_pixel.rows,
    "pages": pages.rows,
    "film": film.rows,
}
