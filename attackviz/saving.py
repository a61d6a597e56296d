"""Write files whole or not at all, and lines."""

from __future__ import annotations

import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, ClassVar, Self

from .errors import AttackvizError, ExportError, ReadError

__all__ = ["Kept", "replacing", "whole_lines"]


@contextmanager
def replacing(path: str | os.PathLike[str], error: type[AttackvizError] = ExportError) -> Iterator[IO[bytes]]:
    """Open a file beside a path that takes its place when all went well.

    It reaches the disk before it takes the name, so neither a kill nor a loss
    of power leaves half a file there. What a killed process left beside (a
    hidden ``.part`` file) goes when the same path is written again.

    Parameters
    ----------
    path : path
        Overwritten if it exists; a device or a pipe is written to as it is.
    error : type of AttackvizError
        Raised if it cannot be written.

    Yields
    ------
    binary file

    Raises
    ------
    ExportError
        If it cannot be written, or the error that was asked for.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     with replacing(f"{directory}/a.txt") as file:
    ...         _ = file.write(b"all of it")
    ...     [(each.name, each.read_text()) for each in Path(directory).iterdir()]
    [('a.txt', 'all of it')]
    """
    # To put a file in the place of a device or a pipe would take it away.
    special = Path(path).exists() and not Path(path).is_file()
    target = Path(path) if special else Path(os.path.realpath(path))
    part = target if special else target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if not special:
            _clear(target)
        with part.open("wb") as file:
            yield file
            if not special:
                file.flush()
                os.fsync(file.fileno())
        if not special:
            part.replace(target)
    except BrokenPipeError:
        raise  # whoever reads has enough: no failure to write
    except OSError as wrong:
        raise error(
            f"cannot be written: {wrong.strerror or wrong}",
            where=os.fspath(path),
            hint="choose a directory you may write to",
        ) from None
    finally:
        if not special:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def whole_lines(file: IO[bytes], begins: bytes) -> Iterator[bytes]:
    r"""Yield the lines of a file that is appended to; then remove half a line that a kill left at its end.

    Parameters
    ----------
    file : binary file
        Open for reading and writing, at its beginning; after the last line it
        stands where the next one goes.
    begins : bytes
        What the lines that are appended begin with; else it is nobody's to remove.

    Raises
    ------
    ValueError
        If half a line stands there that begins otherwise.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO(b"n=1\nn=2\nn")
    >>> list(whole_lines(file, b"n=")), file.getvalue()
    ([b'n=1\n', b'n=2\n'], b'n=1\nn=2\n')
    """
    end = 0
    for line in file:
        if not line.endswith(b"\n"):
            if not (line.startswith(begins) or begins.startswith(line)):
                raise ValueError("half a line of something else")
            break
        yield line
        end += len(line)
    file.seek(end)
    file.truncate()


class Kept(ABC):
    """Something that is plain data and can be kept in a file, such as where a tail stands.

    Attributes
    ----------
    what : str
        What it is, in words for errors.
    """

    __slots__ = ()

    what: ClassVar[str]

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was asked of.

        Raises
        ------
        ReadError
            If it is none.
        """

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file that is never seen half written.

        Parameters
        ----------
        path : path
            Replaced at once; the data is on disk when this returns.

        Raises
        ------
        ReadError
            If it cannot be written.
        """
        with replacing(path, ReadError) as file:
            file.write(json.dumps(self.to_dict()).encode() + b"\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self | None:
        """Return what `save` wrote; None if nothing was saved yet.

        Parameters
        ----------
        path : path

        Raises
        ------
        ReadError
            If the file holds something else, or cannot be read.
        """
        try:
            return cls.from_dict(json.loads(Path(path).read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, ReadError) as error:
            why = error.strerror if isinstance(error, OSError) else f"it holds no {cls.what}"
            raise ReadError(str(why), where=str(path), hint="remove it to begin anew, or name another file") from None


def _clear(target: Path) -> None:
    """Remove what processes that are gone left beside a path."""
    ours = re.compile(rf"\.{re.escape(target.name)}\.(\d+)\.part")
    for each in target.parent.glob(".*.part"):
        match = ours.fullmatch(each.name)
        if match and not _runs(int(match[1])):
            with suppress(OSError):
                each.unlink()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # it is someone else's
    return True
