"""Where a tail stands in a growing file: plain data that outlives the process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b
from typing import Any, ClassVar, Self

from ..errors import ReadError
from ..saving import Kept

__all__ = ["PRINT_BYTES", "Position", "fingerprint"]

PRINT_BYTES = 4096
"""How much of a file, at its beginning and before a position, tells it from others."""


def fingerprint(data: bytes) -> str:
    """Return a short digest of some bytes of a log.

    Examples
    --------
    >>> fingerprint(b"")
    'cae66941d9efbd404e4d88758ea67670'
    """
    return blake2b(data, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Position(Kept):
    r"""Say where a tail stands: behind the last line that was handed over.

    A file is known by its number on disk where that still holds, else by what
    stands at its beginning and right before the position; so it is found again
    under another name, as a copy, or compressed.

    Attributes
    ----------
    offset : int
        Bytes handed over, of the decompressed file.
    line : int
        Lines handed over.
    device, inode : int
        The file's numbers on disk.
    modified_ns : int
        When the file had last been written to, in nanoseconds since 1970.
    head, tail : str
        Digests of at most `PRINT_BYTES` at the beginning and before `offset`.
    origin : str
        Digest of the first line that held an event: part of event ids.

    Examples
    --------
    >>> here = Position(offset=6, line=1, head=fingerprint(b"hello\n"), tail=fingerprint(b"hello\n"))
    >>> Position.from_dict(here.to_dict()) == here
    True
    """

    what: ClassVar[str] = "position of a log"

    offset: int = 0
    line: int = 0
    device: int = 0
    inode: int = 0
    modified_ns: int = 0
    head: str = fingerprint(b"")
    tail: str = fingerprint(b"")
    origin: str = ""

    @property
    def print_size(self) -> int:
        """How many bytes each digest covers."""
        return min(self.offset, PRINT_BYTES)

    def to_dict(self) -> dict[str, Any]:
        """Return the position as plain data, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the position that `to_dict` was asked of.

        Raises
        ------
        ReadError
            If it is none.
        """
        try:
            types = {f.name: str if f.type == "str" else int for f in fields(cls)}
            if data.keys() != types.keys() or any(type(data[name]) is not kind for name, kind in types.items()):
                raise TypeError
        except (AttributeError, TypeError):
            raise ReadError(f"it is no {cls.what}", hint="give what `Position.to_dict` returned") from None
        return cls(**data)
