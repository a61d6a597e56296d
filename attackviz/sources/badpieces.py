r"""Write every bad piece to a file, as it is, with where it stood.

One line a piece: ``name:line``, a tab, the reason, a tab, and the bytes of the
piece. No piece holds a newline, so ``cut -f3-`` gives the pieces back as they
were. In names (they are data, too) control characters are written ``\x..``.
"""

from __future__ import annotations

import re
from typing import IO

from ..account import BadPiece

__all__ = ["BadPieces"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class BadPieces:
    r"""Write bad pieces to an open file; it is the `Keeper` of an account.

    Parameters
    ----------
    file : binary file
        Written to from where it stands.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> kept = BadPieces(file)
    >>> kept.keep("not JSON", BadPiece("a.json", 7, "oh", b"oh\xff"))
    >>> kept.close()
    >>> file.getvalue()
    b'a.json:7\tnot JSON\toh\xff\n'
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._open = False

    def keep(self, reason: str, piece: BadPiece) -> None:
        """Write a piece; without its bytes, its beginning."""
        self.close()
        name = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", piece.file)
        where = f"{name}:{piece.line}\t{reason}\t".encode("utf-8", "surrogateescape")
        self._file.write(where + (piece.whole or piece.text.encode("utf-8", "backslashreplace")))
        self._open = True

    def more(self, data: bytes) -> None:
        """Write what follows of the last piece."""
        self._file.write(data)

    def close(self) -> None:
        """End the last piece; the file stays open."""
        if self._open:
            self._file.write(b"\n")
            self._open = False
