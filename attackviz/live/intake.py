"""The one way in: whatever is pushed, followed or tailed becomes located events on the tape.

What `Intake.take` returned is on the disk. Without ids of their own events get
one made of the key of the push, the place of their line in it, and the line:
so a push that is repeated with its key doubles nothing, and equal lines of two
pushes stay two events.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account, BadPiece
from ..errors import AttackvizError, FormatError, SchemaError
from ..formats import Batch, Format, FormatLike, Options, build, choose, detect, known_formats, read_batches
from ..formats.places import Places
from ..geo import enrich
from ..schema import COLUMNS, conform

if TYPE_CHECKING:
    from ..formats import Mapping
    from ..geo import Database, Targets
    from ..tape import Tape

__all__ = ["Intake", "Rejected", "Taken"]

_HEAD = 1 << 16
_SHOWN = 100
_AHEAD = 300_000_000  # microseconds after now that no clock is wrong by


@dataclass(frozen=True, slots=True)
class Rejected:
    """Name one piece of a push that became no event.

    Attributes
    ----------
    line : int
        From 1.
    reason : str
    """

    line: int
    reason: str


@dataclass(slots=True)
class Taken:
    """Say what became of a push.

    Attributes
    ----------
    accepted : int
        Rows that are on the tape now.
    duplicates : int
        Rows that were there already.
    rejected : int
        Pieces that are no events.
    left_out : dict of str to int
        Pieces that are whole, but not what is read, by kind.
    sequence : int
        Of the newest row on the tape.
    format : str
        What the bytes were.
    ahead : int
        Rows from the future.
    bad : list of Rejected
        The first hundred of the rejected.
    """

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    sequence: int = 0
    format: str = ""
    ahead: int = 0
    bad: list[Rejected] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        bad = [{"line": each.line, "reason": each.reason} for each in self.bad]
        names = ("accepted", "duplicates", "rejected", "left_out", "sequence", "format", "ahead")
        return {**{name: getattr(self, name) for name in names}, "bad": bad}


@dataclass(slots=True)
class _Bad:
    """Keeps the first bad pieces, by line."""

    found: list[Rejected] = field(default_factory=list)

    def keep(self, reason: str, piece: BadPiece) -> None:
        if len(self.found) < _SHOWN:
            self.found.append(Rejected(piece.line, reason))

    def more(self, data: bytes) -> None:
        pass


class Intake:
    """Take events in, from any thread.

    Parameters
    ----------
    tape : Tape
        Where they go; whoever follows it, such as the hub, hears of them from there.
    database : Database, optional
        Where addresses are; as `attackviz.open_database` finds it by default.
    targets : Targets, optional
        Where attacks arrive; as for `attackviz.enrich`.
    tz : str
        Zone of times that carry none.
    own : tuple of Mapping
        Formats of one's own.
    line_limit : int
        Longest line in bytes.
    clock : callable
        Gives the time, in seconds since 1970.

    Attributes
    ----------
    accepted, duplicates, rejected, ahead, untimed : int
        Sums over all that was taken.
    """

    def __init__(
        self,
        tape: Tape,
        database: Database | None = None,
        targets: Targets | None = None,
        *,
        tz: str = "UTC",
        own: tuple[Mapping, ...] = (),
        line_limit: int = 1 << 20,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.tape, self.database, self.targets = tape, database, targets
        self.accepted = self.duplicates = self.rejected = self.ahead = self.untimed = 0
        self._options = Options(None, (*COLUMNS,), tz, line_limit, own=own)
        self._formats = {
            name: replace(form, detected=True) if name == "events.json" else form
            for name, form in known_formats(own).items()
        }
        self._clock = clock
        self._lock = threading.Lock()

    def take(
        self,
        data: bytes | Iterable[bytes] | pa.Table,
        *,
        format: FormatLike | None = None,  # noqa: A002 - the word users know
        name: str = "push",
        key: str | None = None,
    ) -> Taken:
        """Bring events to the tape; when it returns, they are there.

        Parameters
        ----------
        data : bytes, iterable of bytes, or pyarrow.Table
            Lines of a log of any known format, unpacked, whole or in pieces; or an event table.
        format : str, Mapping or path, optional
            What the bytes are; told by content by default.
        name : str
            What to call the source.
        key : str, optional
            Names the push: one that is repeated with its key doubles nothing.

        Returns
        -------
        Taken

        Raises
        ------
        FormatError
            If the bytes are of no known format.
        SchemaError
            If a table is no event table.
        TapeError
            If the tape cannot be written; then nothing of the rest was taken.
        UsageError
            If the format is not known.
        """
        key = key or uuid.uuid4().hex
        account = Account(keeper=(bad := _Bad()))
        taken = Taken(sequence=self.tape.last)
        if isinstance(data, pa.Table):
            self._append(_identified(data, key), taken)
        else:
            chunks = iter([data] if isinstance(data, bytes) else data)
            for table in self._decoded(chunks, format, name, key, account, taken):
                self._append(table, taken)
        taken.rejected, taken.bad = account.bad_total, bad.found
        taken.left_out = dict(account.left_out)
        with self._lock:
            self.rejected += taken.rejected
        return taken

    def warm(self) -> None:
        """Load what the first events would wait for: the reader, the database, compiled code."""
        line = b'{"time":"2025-02-20T05:00:00Z","src_ip":"192.0.2.1"}\n'
        with suppress(AttackvizError):  # whoever sends the first events is told
            for table in _tables([line], self._formats["events.json"], Account(), "", "", self._options, self._now()):
                enrich(table, self.database, self.targets)

    def _decoded(
        self,
        chunks: Iterator[bytes],
        given: FormatLike | None,
        name: str,
        key: str,
        account: Account,
        taken: Taken,
    ) -> Iterator[pa.Table]:
        head, chunks = _headed(chunks)
        if not head.strip():
            return
        form = detect(head, name, self._formats) if given is None else choose(given, self._options.own)
        if form.kind == "table":
            # Its columns unpack themselves, to a size that nobody told before.
            raise FormatError("tables are not pushed", where=name, hint="send lines, or use attackviz push FILE")
        taken.format = form.name
        yield from _tables(chunks, form, account, name, key, self._options, self._now())

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _append(self, table: pa.Table, taken: Taken) -> None:
        if not table.num_rows:
            return
        table = conform(enrich(table, self.database, self.targets))
        limit = pa.scalar(int(self._clock() * 1e6) + _AHEAD, pa.timestamp("us", "UTC"))
        ahead = pc.sum(pc.greater(table["time"], limit)).as_py() or 0
        appended = self.tape.append(table)
        taken.accepted += appended.events
        taken.duplicates += appended.duplicates
        taken.ahead += ahead
        taken.sequence = self.tape.last
        with self._lock:
            self.accepted += appended.events
            self.duplicates += appended.duplicates
            self.ahead += ahead
            self.untimed += table["time"].null_count


def _headed(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return some beginning of a stream, and all of it."""
    taken: list[bytes] = []
    size = 0
    for chunk in chunks:
        taken.append(chunk)
        size += len(chunk)
        if size >= _HEAD:
            break

    def whole() -> Iterator[bytes]:
        yield from taken
        yield from chunks

    return b"".join(taken)[:_HEAD], whole()


def _tables(
    chunks: Iterable[bytes], form: Format, account: Account, name: str, key: str, options: Options, now: datetime
) -> Iterator[pa.Table]:
    for batch in read_batches(chunks, form, account, name, options):
        batch.ids = _keyed(batch, key)
        yield build(batch, form, account, options, now)


def _keyed(batch: Batch, key: str) -> list[str] | Places:
    ids = batch.ids
    if isinstance(ids, Places):
        return _Keyed(ids.origin, ids.buffers, ids.spans, ids.offsets, key)
    return [_made(key, each) for each in ids]


@dataclass(slots=True)
class _Keyed(Places):
    """Makes ids that belong to one push."""

    key: str = ""

    def made(self, rows: Iterable[int]) -> list[str]:
        return [_made(self.key, each) for each in Places.made(self, rows)]


def _made(key: str, place: str) -> str:
    return blake2b(f"{key}\0{place}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _identified(table: pa.Table, key: str) -> pa.Table:
    """Return an event table every row of which has an id."""
    if "src_ip" not in table.column_names:
        raise SchemaError("the table has no column 'src_ip'", hint=f"columns are {', '.join(table.column_names)}")
    ids = table["event_id"].cast(pa.string()) if "event_id" in table.column_names else None
    if ids is not None and not ids.null_count:
        return table
    made: Sequence[str] = [_made(key, str(row)) for row in range(table.num_rows)]
    whole = pa.chunked_array([pa.array(made)])
    if ids is None:
        return table.append_column("event_id", whole)
    return table.set_column(table.column_names.index("event_id"), "event_id", pc.coalesce(ids, whole))
