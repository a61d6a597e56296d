"""The head: the last sequence number whose commit is complete, in a small file.

A commit writes a segment for each hour it has events of; whoever follows the
tape reads no further than the head, and so never passes a segment by that is
about to appear. Where it is lost the segments say as much once the writer is back.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from pathlib import Path

from .files import part_of

__all__ = ["read_head", "write_head"]

NAME = "head"


def write_head(root: Path, last: int) -> None:
    """Say that all up to a sequence number is there."""
    path = part_of(root)
    try:
        path.write_text(_said(last))
        path.replace(root / NAME)
    except OSError:
        # The events are on the disk, and acknowledged; the next commit says so, too.
        with suppress(OSError):
            path.unlink(missing_ok=True)


def read_head(root: Path) -> int | None:
    """Return the last sequence number whose commit is complete; None where that cannot be told."""
    try:
        text = (root / NAME).read_text("ascii")
        last = int(text.partition(" ")[0])
        return last if text == _said(last) else None
    except (OSError, ValueError):
        return None


def _said(last: int) -> str:
    return f"{last} {zlib.crc32(str(last).encode()):08x}\n"
