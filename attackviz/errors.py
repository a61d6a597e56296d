"""One tree of errors; each says what happened, to what, and what to do.

::

    AttackvizError
    ├── UsageError              the call or command was wrong (exit code 2)
    │   ├── WindowError         a time window that cannot be understood
    │   ├── SettingsError       attackviz.toml or the environment
    │   ├── MappingError        the description of one's own format
    │   └── AddressError        an address nothing is found at, or of no known kind
    ├── ReadError               a source that exists but cannot be read
    │   ├── ElasticError        a cluster that cannot be asked, or refuses; its `code` says why
    │   ├── TapeError           a tape that is in use, damaged or cannot be written
    │   └── FormatError         bytes of no known, or of more than one, format
    ├── SchemaError             an event table of the wrong shape; carries the rows
    ├── GeoDatabaseError        a location database that is wrong, corrupt or missing
    ├── RecordingError          a recording that is corrupt or of another version
    │   └── TooManyEventsError  more events than a recording may hold
    ├── ExportError             an output that cannot be written
    └── ServeError              a server that cannot start

    MissingDependencyError      an optional part is not installed (an ImportError, too)

    AttackvizWarning
    ├── DataLossWarning         some input did not become events; carries counts
    └── StaleDatabaseWarning    a location database older than a year
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AddressError",
    "AttackvizError",
    "AttackvizWarning",
    "DataLossWarning",
    "ElasticError",
    "ExportError",
    "FormatError",
    "GeoDatabaseError",
    "MappingError",
    "MissingDependencyError",
    "ReadError",
    "RecordingError",
    "SchemaError",
    "ServeError",
    "SettingsError",
    "StaleDatabaseWarning",
    "TapeError",
    "TooManyEventsError",
    "UsageError",
    "WindowError",
]


class AttackvizError(Exception):
    """Say what happened, where, and what to do.

    Parameters
    ----------
    what : str
        What happened, as a sentence without the final full stop.
    where : str, optional
        The file, line, field or index it happened to.
    hint : str, optional
        What the user can do about it.

    Examples
    --------
    >>> print(AttackvizError("the file is empty", where="a.json", hint="check the export"))
    a.json: the file is empty; check the export
    """

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.what, self.where, self.hint = what, where, hint
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.hint}" if self.hint else text


class UsageError(AttackvizError):
    """The call or the command line is wrong; nothing was done."""


class WindowError(UsageError):
    """A time window cannot be understood."""


class SettingsError(UsageError):
    """``attackviz.toml`` or an environment variable holds something wrong."""


class MappingError(UsageError):
    """The description of one's own format is wrong, or fits nothing in a file."""


class AddressError(UsageError):
    """Nothing is found at an address, or its kind is not known."""


class ReadError(AttackvizError):
    """A source exists but cannot be read."""


class FormatError(ReadError):
    """The bytes are of no known format, or of more than one."""


class ElasticError(ReadError):
    """A cluster cannot be asked, or refuses what it is asked.

    Attributes
    ----------
    code : str
        Why, in one word a program can tell: see `attackviz.elastic.plain`.
    status : int or None
        Of the HTTP answer, None if there was none.
    passing : bool
        Whether the same may succeed later, so that work can be resumed.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        code: str = "other",
        status: int | None = None,
        passing: bool = False,
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.code, self.status, self.passing = code, status, passing


class TapeError(ReadError):
    """A tape is in use, is damaged, or cannot be written."""


class SchemaError(AttackvizError):
    """An event table has the wrong shape.

    Attributes
    ----------
    problems : list of dict
        One entry a problem: ``column``, ``problem``, ``rows`` (at most ten
        offending row numbers) and ``count``.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        problems: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.problems = problems or []


class GeoDatabaseError(AttackvizError):
    """A location database is wrong, corrupt or missing."""


class RecordingError(AttackvizError):
    """A recording is corrupt, or of a version this program does not know."""


class TooManyEventsError(RecordingError):
    """More events than a recording may hold were asked for."""


class ExportError(AttackvizError):
    """An output cannot be written."""


class ServeError(AttackvizError):
    """A server cannot start."""


class MissingDependencyError(AttackvizError, ImportError):
    """An optional part is not installed; the message carries the install line."""


class AttackvizWarning(UserWarning):
    """The root of all warnings."""


class DataLossWarning(AttackvizWarning):
    """Some input did not become events; the message carries the counts."""


class StaleDatabaseWarning(AttackvizWarning):
    """A location database is older than a year."""
