"""Where a tail of an index stands: plain data that outlives the process."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from ..errors import ReadError
from ..saving import Kept

__all__ = ["Position"]

_ROW = 16  # bytes of a document in `seen`


@dataclass(frozen=True, slots=True)
class Position(Kept):
    """Say where a tail stands: behind the last documents that were handed over.

    All times are milliseconds since the epoch, of the field `by`.

    Attributes
    ----------
    index : str
        What is read.
    query : str
        Digest of what is asked of it.
    by : str
        The field that says when a document came.
    start : int
        What is before is none of the tail's.
    floor : int
        What is before is not looked at again.
    upto : int
        The newest time handed over.
    checked : int
        The floor when late documents were last counted.
    known : int
        Documents that were before that then, for a day.
    passed : int
        Documents handed over between that and the floor.
    untimed : int
        Documents without that field then.
    seen : bytes
        The documents handed over from the floor on; see `attackviz.elastic.seen`.

    Examples
    --------
    >>> here = Position("attacks", "", "@timestamp", floor=5, upto=7)
    >>> Position.from_dict(here.to_dict()) == here
    True
    """

    what: ClassVar[str] = "position of a tail of an index"

    index: str
    query: str
    by: str
    start: int = 0
    floor: int = 0
    upto: int = 0
    checked: int = 0
    known: int = 0
    passed: int = 0
    untimed: int = 0
    seen: bytes = b""

    def __repr__(self) -> str:
        return f"<Position in {self.index}: {self.by} up to {self.upto}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the position as plain data, ready for JSON."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return plain | {"seen": base64.b64encode(self.seen).decode()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the position that `to_dict` was asked of.

        Raises
        ------
        ReadError
            If it is none.
        """
        try:
            kinds = {each.name: int if each.type == "int" else str for each in fields(cls)}
            if data.keys() != kinds.keys() or any(type(data[name]) is not kind for name, kind in kinds.items()):
                raise TypeError
            seen = base64.b64decode(data["seen"], validate=True)
            if len(seen) % _ROW:
                raise ValueError
        except (AttributeError, TypeError, ValueError):
            hint = "give what `Position.to_dict` returned"
            raise ReadError(f"it is no {cls.what}", hint=hint) from None
        return cls(**{**data, "seen": seen})
