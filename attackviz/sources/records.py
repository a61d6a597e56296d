"""Decode lines that come one by one from elsewhere than a file: records of a stream, messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Self

from ..account import Account, BadPiece
from ..errors import FormatError
from ..formats import Format, Options, decode, detect, known_formats
from ..schema import COLUMNS
from .placed import keyed

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Record", "Records"]

_HEAD = 1 << 16


class Record(NamedTuple):
    """Hold a line, or a few, and what tells them from all others.

    Attributes
    ----------
    key : str
        The same whenever the record comes again: ids of events without one
        of their own are made of it.
    data : bytes
        Whole lines.
    """

    key: str
    data: bytes


class Records:
    r"""Make events of records of one kind; their format is told by content, and may change.

    Parameters
    ----------
    name : str
        What they are called in accounts.
    form : Format or None
        What they are; told anew for each batch if None.
    options : Options
        How they are read; columns are always all.
    account : Account
        Told what became of every piece.

    Examples
    --------
    >>> account = Account()
    >>> records = Records("a stream", None, Options(), account)
    >>> line = b'{"timestamp":"2025-02-24T08:04:37","src_ip":"1.2.3.4","payload_printable":""}'
    >>> table = records.table([Record("shard 1", line), Record("shard 2", line), Record("shard 3", b"rubbish\n")])
    >>> len(set(table["event_id"].to_pylist())), account.bad_total
    (2, 1)
    >>> table["event_id"][0] == records.table([Record("shard 1", line)])["event_id"][0]
    True
    """

    def __init__(self, name: str, form: Format | None, options: Options, account: Account) -> None:
        self.name, self.account = name, account
        self._asked = self._form = form
        self._otherwise = False
        self._options = replace(options, columns=tuple(COLUMNS))
        known = known_formats(options.own)
        # Lines of an event table, which are not detected in files: programs send them.
        self._known = known | {"events.json": replace(known["events.json"], detected=True)}

    def table(self, records: Sequence[Record], otherwise: Sequence[Record] | None = None) -> pa.Table | None:
        """Return the events of some records; None if they hold none.

        What is of no known format is counted as bad, line by line.

        Parameters
        ----------
        records : sequence of Record
        otherwise : sequence of Record, optional
            The same, written in another way: taken where the first are of no known format.

        Raises
        ------
        FormatError
            If they are pieces of a file that is no lines.
        """
        written = [_Lines.of(each) for each in (records, otherwise) if each]
        for number, lines in enumerate(written):
            if self._told(lines.data):
                self._otherwise = number == 1
                break
        if not written:
            return None
        lines = written[self._otherwise and len(written) > 1]
        if self._form is None:
            self._refuse(lines.data)
            return None
        if self._form.kind == "table":
            raise FormatError("a table does not come by lines", where=self.name, hint="put it into S3, or read it")
        return self._decoded(lines, self._form)

    def _told(self, data: bytes) -> bool:
        """Tell the format of lines; of lines that do not tell, it stays what it was."""
        if self._asked is None:
            head = data[: max(_HEAD, data.find(b"\n") + 1)]
            try:
                self._form = detect(head[: head.rfind(b"\n") + 1], self.name, self._known)
            except FormatError:
                return False
        return True

    def _decoded(self, lines: _Lines, form: Format) -> pa.Table | None:
        import pyarrow as pa

        own = Account(files={self.name: form.name})
        tables = list(decode([lines.data], form, own, self.name, self._options, datetime.now(UTC)))
        self.account.take(own)
        if not sum(table.num_rows for table in tables):
            return None
        table = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
        at = table.column_names.index("event_id")
        return table.set_column(at, "event_id", keyed(table["event_id"], lines.pieces))

    def _refuse(self, data: bytes) -> None:
        for number, line in enumerate(data.splitlines(), 1):
            self.account.pieces += 1
            if line.strip():
                self.account.spoil("of no known format", BadPiece(self.name, number, line.decode("utf-8", "replace")))
            else:
                self.account.blank += 1


class _Lines(NamedTuple):
    """Hold records put together."""

    data: bytes
    pieces: list[tuple[str, bytes]]

    @classmethod
    def of(cls, records: Sequence[Record]) -> Self:
        pieces = [(key, data.rstrip(b"\r\n")) for key, data in records]
        return cls(b"".join(piece + b"\n" for _, piece in pieces), pieces)
