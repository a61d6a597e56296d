"""One process writes to a tape: a lock that the system releases with its holder, and that names it."""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from ..errors import TapeError

__all__ = ["Lock", "holder", "writing"]

NAME = "lock"
_TRIES = 6


class Lock:
    """Hold the right to write, until it is released or the process ends, however it ends.

    Parameters
    ----------
    root : Path
        The directory of the tape.

    Raises
    ------
    TapeError
        If another process (or this one) holds it; with who, and since when.
    """

    def __init__(self, root: Path) -> None:
        path = root / NAME
        try:
            self._file: IO[bytes] = path.open("a+b")
        except OSError as error:
            hint = "choose a directory you may write to"
            raise TapeError(error.strerror or str(error), where=str(path), hint=hint) from None
        if not self._taken():
            self._file.close()
            hint = "one process writes; open it with readonly=True, or end the other"
            raise TapeError(f"it is written to by {holder(root)}", where=str(root), hint=hint) from None
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self._file.truncate(0)
        self._file.write(json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": now}).encode())
        self._file.flush()

    def _taken(self) -> bool:
        """Take the lock; whoever only looks who has it is gone at once."""
        import fcntl

        for attempt in range(_TRIES):
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            time.sleep(0.01 * attempt)
        return False

    def release(self) -> None:
        """Let others write."""
        if not self._file.closed:
            self._file.truncate(0)
            self._file.close()


def writing(root: Path) -> str | None:
    """Say who writes to a tape; None where nobody does, or whoever did is gone."""
    import fcntl

    try:
        with (root / NAME).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except OSError:
        return holder(root)
    return None


def holder(root: Path) -> str:
    """Say who writes to a tape, as far as that can be read; as data, whatever is written there."""
    try:
        said = json.loads((root / NAME).read_bytes())
        return f"process {int(said['process'])} on {str(said['host'])[:80]!r} since {str(said['since'])[:40]}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
