"""The picture on the first page of a report: told by its content, put in whole."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from ...errors import ExportError

__all__ = ["picture"]

LOGO_BYTES = 2_000_000
_PICTURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}


def picture(path: str | os.PathLike[str]) -> str:
    """Return a picture as a data URL; what it is is told by its content.

    Parameters
    ----------
    path : path

    Raises
    ------
    ExportError
        If it cannot be read, is of no known kind, or too large.
    """
    hint = "name a PNG, JPEG, GIF, WebP or SVG file of at most 2 MB"
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ExportError(f"the logo cannot be read: {error.strerror or error}", where=str(path), hint=hint) from None
    kind = next((kind for magic, kind in _PICTURES.items() if data.startswith(magic)), None)
    if kind is None and b"<svg" in data[:1000].lower():
        kind = "svg+xml"  # in an image it runs no script and asks for nothing
    if kind is None or len(data) > LOGO_BYTES:
        raise ExportError("the logo is no picture of a known kind, or too large", where=str(path), hint=hint)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
