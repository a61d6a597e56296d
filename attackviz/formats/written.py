"""One field of many rows as the log wrote it, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Kind", "Written"]


class Kind(IntEnum):
    """Say what a value of a log is."""

    MISSING = 0
    NULL = 1
    STRING = 2
    NUMBER = 3
    BOOL = 4
    ARRAY = 5
    OBJECT = 6


@dataclass(frozen=True, slots=True)
class Written:
    """Hold one field of every row of a batch.

    Attributes
    ----------
    text : pyarrow.StringArray
        The content of strings with escapes resolved, the digits of numbers as
        they stand, ``true`` or ``false``, the JSON of arrays and objects; null
        where nothing or ``null`` stands.
    kind : numpy.ndarray of uint8
        A `Kind` each.
    """

    text: pa.StringArray
    kind: NDArray[np.uint8]
