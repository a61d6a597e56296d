"""Dead letters: the documents an index refuses, each with the reason, kept on disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

import msgspec

from ..errors import ExportError
from ..saving import whole_lines

__all__ = ["DeadLetters", "Keeper", "Letter"]


@dataclass(frozen=True, slots=True)
class Letter:
    """Hold a document that was refused.

    Attributes
    ----------
    index, id : str
        Where it was to go.
    status : int
        As HTTP has it.
    type, reason : str
        The server's own words; they may quote the document.
    document : str
        All of it, JSON.
    """

    index: str
    id: str
    status: int
    type: str
    reason: str
    document: str


class Keeper(Protocol):
    """Keep refused documents."""

    def keep(self, letters: Iterable[Letter]) -> None:
        """Keep some."""


class _Known(msgspec.Struct, gc=False):
    index: str
    id: str


class DeadLetters:
    """Append refused documents to a file, each of them once.

    A line a document: a JSON object with ``index``, ``id``, ``status``,
    ``type``, ``reason`` and ``document``. Lines that are there stay, so that a
    job which is run again adds what is new alone; half a line that a kill left
    behind is removed. There is no file before there is a letter.

    Parameters
    ----------
    path : path

    Attributes
    ----------
    path : Path

    Raises
    ------
    ExportError
        If it cannot be written, or holds something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory, DeadLetters(f"{directory}/dead.ndjson") as letters:
    ...     letters.keep([Letter("a", "7", 400, "document_parsing_exception", "no IP", '{"ip":1}')] * 2)
    ...     print(letters.path.read_text().strip())
    {"index":"a","id":"7","status":400,"type":"document_parsing_exception","reason":"no IP","document":{"ip":1}}
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file: IO[bytes] | None = None
        self._known: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        if self.path.exists():
            self._open()
        elif not self.path.absolute().parent.is_dir():
            raise self._error("there is no such directory")

    def keep(self, letters: Iterable[Letter]) -> None:
        """Write those that are not there yet; they are on disk when this returns."""
        with self._lock:
            new = [letter for letter in dict.fromkeys(letters) if (letter.index, letter.id) not in self._known]
            if not new:
                return
            lines = b"".join(map(_line, new))
            try:
                file = self._file or self._open()
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                raise self._error(error.strerror or str(error)) from None
            self._known.update((letter.index, letter.id) for letter in new)

    def _open(self) -> IO[bytes]:
        try:
            self._file = self.path.open("a+b")
            self._file.seek(0)
            for line in whole_lines(self._file, b'{"index":'):
                known = msgspec.json.decode(line, type=_Known)
                self._known.add((known.index, known.id))
        except OSError as error:
            raise self._error(error.strerror or str(error)) from None
        except (msgspec.DecodeError, ValueError):
            self.close()
            raise self._error("it holds something else than refused documents") from None
        return self._file

    def _error(self, why: str) -> ExportError:
        return ExportError(f"refused documents cannot be kept there: {why}", where=str(self.path), hint="name another")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _line(letter: Letter) -> bytes:
    words = {
        "index": letter.index,
        "id": letter.id,
        "status": letter.status,
        "type": letter.type,
        "reason": letter.reason,
        "document": msgspec.Raw(letter.document.encode()),
    }
    return msgspec.json.encode(words) + b"\n"
