"""Follow a log as it grows: tables of events, and where the tail stands behind each."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from ..account import Account, BadPiece
from ..errors import AddressError, FormatError, UsageError
from ..formats import Format, FormatLike, Options, choose, decode, detect, known_formats, own_formats
from ..schema import COLUMNS, arrow_type
from ..window import zone
from .placed import placed
from .position import Position
from .tail import Lines, Tail

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Follow", "Followed", "follow"]

_HEAD = 1 << 16
_EVERY = 0.2  # seconds between looks


class Followed(NamedTuple):
    """Hold some new events of a log, and the position behind them.

    Attributes
    ----------
    table : pyarrow.Table
        The event table; without rows where lines held no event.
    position : Position
        From where to go on once these events are safe.
    """

    table: pa.Table
    position: Position


class Follow:
    """Hand over the events of a growing log; made by `follow`.

    Iterate it to wait for events for ever; `available` gives what is there
    now. `close` may be called from another thread, and ends the iteration.

    Attributes
    ----------
    account : Account
        What became of every piece since it was made.
    format : Format or None
        What the log is; None until its first lines told.
    """

    def __init__(
        self, path: Path, form: Format | None, options: Options, position: Position | None, state: Path | None
    ) -> None:
        self.path = path
        self.account = Account()
        self.format = form
        self._options = options
        self._origin = position.origin if position else ""
        self._tail = Tail(path, position, self.account)
        self._early: list[Lines] = []
        self._closing = threading.Event()
        self._state = state

    def available(self) -> Iterator[Followed]:
        """Give what was written since the last look, in batches of about 1 MB.

        Yields
        ------
        Followed

        Raises
        ------
        FormatError
            If the log is of no known format.
        ReadError
            If it may not be read, or the position not be saved.
        """
        for lines in self._tail.lines():
            self._early.append(lines)
            if not self._knows_format():
                continue
            ready, self._early = self._early, []
            for each in ready:
                table = self._decode(each)
                position = replace(each.position, origin=self._origin)
                yield Followed(table, position)
                if self._state:
                    position.save(self._state)
            if self._closing.is_set():
                break

    def __iter__(self) -> Iterator[Followed]:
        while not self._closing.is_set():
            yield from self.available()
            self._closing.wait(_EVERY)
        self._tail.close()

    def close(self) -> None:
        """End the iteration."""
        self._closing.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._tail.close()

    def _knows_format(self) -> bool:
        """Tell the format by the beginning of the file; a few lines may be too little."""
        if self.format is None:
            head = self._tail.beginning(_HEAD)
            head = head[: head.rfind(b"\n") + 1] or head
            try:
                self.format = detect(head, str(self.path), known_formats(self._options.own))
            except FormatError as error:
                if len(head) > _HEAD // 2:
                    raise
                self.account.note(f"{self.path}: waiting for lines that tell its format: {error.what}")
                return False
        if self.format.kind == "table":
            raise FormatError("a table does not grow by lines", where=str(self.path), hint="read it instead")
        return True

    def _decode(self, lines: Lines) -> pa.Table:
        import pyarrow as pa

        assert self.format is not None
        own = Account()
        header = self._header() if self.format.kind == "csv" and lines.offset else b""
        if not lines.offset:
            self._origin = ""
        written = datetime.fromtimestamp(lines.position.modified_ns / 1e9, UTC)
        tables = list(decode([header, lines.data], self.format, own, str(lines.path), self._options, written))
        if header:
            own.pieces -= 1
            own.structure -= 1
        before = lines.line - header.count(b"\n")
        for samples in own.samples.values():
            samples[:] = [BadPiece(piece.file, piece.line + before, piece.text) for piece in samples]
        own.files[str(self.path)] = self.format.name
        self.account.take(own)
        if not tables:
            return self._empty()
        table = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
        return self._placed(table, header, lines) if self._options.ids else table

    def _placed(self, table: pa.Table, header: bytes, lines: Lines) -> pa.Table:
        if lines.offset and not self._origin:
            self._origin = self._first_line()
        at = table.column_names.index("event_id")
        ids, self._origin = placed(table["event_id"], header + lines.data, self._origin, lines.offset - len(header))
        return table.set_column(at, "event_id", ids)

    def _first_line(self) -> str:
        """Return the hash of the first line with an event of a file that was entered in its midst."""
        head = self._tail.beginning(_HEAD)
        head = head[: head.rfind(b"\n") + 1]
        assert self.format is not None
        for table in decode([head], self.format, Account(), "", self._options):
            return placed(table["event_id"], head, "", 0)[1]
        return ""

    def _header(self) -> bytes:
        """Return the first line of the file if it is a header."""
        assert self.format is not None
        first = self._tail.beginning(_HEAD).partition(b"\n")[0] + b"\n"
        own = Account()
        rows = sum(table.num_rows for table in decode([first], self.format, own, "", Options()))
        return first if own.structure and not rows else b""

    def _empty(self) -> pa.Table:
        import pyarrow as pa

        names = ["time", *(name for name in self._options.columns or ("src_ip",) if name != "time")]
        return pa.schema({n: arrow_type(n) if n in COLUMNS else pa.string() for n in names}).empty_table()


def follow(
    path: str | os.PathLike[str],
    format: FormatLike | None = None,  # noqa: A002 - the word users know
    *,
    position: Position | Mapping[str, Any] | None = None,
    state: str | os.PathLike[str] | None = None,
    columns: Sequence[str] | None = None,
    tz: str = "UTC",
    year: int | None = None,
) -> Follow:
    r"""Follow a log that grows, through its rotation and truncation, each line once.

    The log may be renamed (``log.1``, ``log-20250211``, compressed at once or
    later), copied and truncated; what was rotated while nobody followed is read
    from there. One process may write it. Lines that were truncated away before
    they could be read are lost, and the account says so.

    Exactly once: keep ``position.to_dict()`` in the same commit as the events,
    and give it when beginning anew. With `state`, the position is saved when
    the next batch is asked for; then a kill between the two gives that one
    batch again, with the same ids (ask for the column ``event_id``).

    Parameters
    ----------
    path : path
        The log; it need not be there yet.
    format : str, Mapping or path, optional
        As for `attackviz.read`; told by the first lines by default.
    position : Position or dict, optional
        Where to go on: as it was handed over with a batch; `Position()` stands
        before all rotated files that are there. At the beginning of the log itself
        by default.
    state : path, optional
        File the position is loaded from, if it is there, and saved to.
    columns : sequence of str, optional
        As for `attackviz.read`.
    tz : str
        Zone of times that carry none.
    year : int, optional
        Year of times that carry none; by default the log's last change tells.

    Returns
    -------
    Follow

    Raises
    ------
    AddressError
        If it is a directory, a pattern, or anything else that is no file.
    ReadError
        If the position is none.
    UsageError
        If the format or zone is not known, or both `position` and `state` are given.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     log = Path(directory, "log.json")
    ...     _ = log.write_text('{"timestamp":"2025-02-24T08:04:37","src_ip":"1.2.3.4","payload_printable":""}\n')
    ...     with follow(log) as tail:
    ...         [(table["src_ip"].to_pylist(), position.line) for table, position in tail.available()]
    [(['1.2.3.4'], 1)]
    """
    if position is not None and state is not None:
        raise UsageError("both a position and a file of one were given", hint="give one of them")
    if isinstance(columns, str):
        raise UsageError("columns is a text, not a list of names", hint=f"write columns=[{columns!r}]")
    zone(tz)
    own = own_formats()
    form = None if format is None else choose(format, own)
    if state is not None:
        position = Position.load(state)
    elif isinstance(position, Mapping):
        position = Position.from_dict(position)
    options = Options(None, tuple(columns) if columns is not None else None, tz, year=year, own=own)
    log = Path(path).expanduser()
    if log.exists() and not log.is_file():
        raise AddressError("it is no regular file", where=str(log), hint="name the log that grows")
    # What is not there yet is waited for; of these there is nothing to wait for.
    if not log.exists() and (str(path) == "-" or re.match(r"\w{2,}://", str(path)) or set(log.name) & set("*?")):
        raise AddressError("only a file on this machine can be followed", where=str(path), hint="name one log")
    return Follow(log, form, options, position, None if state is None else Path(state))
