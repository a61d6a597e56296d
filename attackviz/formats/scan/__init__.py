"""The field scanner: wanted fields of JSON lines into columns, at about the cost of inflating them.

Stage by stage: `memory` looks at 64 bytes at a time, `grammar` checks strings
and numbers to the letter, `keys` knows the wanted fields and learns the order
of keys, `kernel` walks the lines and notes where values stand, `gather` copies
them into columns of text, `cast` reads numbers, times and addresses. A line
that is not plainly one good object is handed to the exact reader; so both give
the same rows and the same account for every file.

Nothing here is imported before it is needed: `usable` says whether it can be.
"""

from __future__ import annotations

import os
import sys

__all__ = ["usable"]


def usable() -> bool:
    """Return whether this machine can run the scanner.

    It needs numba's compiler (``NUMBA_DISABLE_JIT`` turns it off) and a
    little-endian processor of 64 bits.

    Examples
    --------
    >>> usable() in (True, False)
    True
    """
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return False
    return sys.byteorder == "little" and sys.maxsize > 2**32
