"""Tapes beside files: their events batch by batch, with the same account and progress."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from ..account import Account
from ..errors import UsageError
from ..formats import FormatLike, Options
from ..sources import FileProgress, Progress, Stored

if TYPE_CHECKING:
    import pyarrow as pa

    from ..tape import Tape

__all__ = ["found", "played"]

_ALWAYS = ("time", "src_ip")


def found(addresses: Sequence[str], form: FormatLike | None) -> list[Tape]:
    """Return the tapes at addresses.

    Parameters
    ----------
    addresses : sequence of str
        As ``tape:DIR``.
    form : str, Mapping or path, optional
        What was said to be the format.

    Raises
    ------
    AddressError
        If there is none.
    UsageError
        If a format was named: a tape holds events.
    """
    if not addresses:
        return []
    if form is not None:
        raise UsageError("a tape holds events, whatever format they had", hint="leave the format out")
    from ..tape import Tape
    from ..tape.address import path_of

    return [Tape(path_of(each), readonly=True) for each in addresses]


def played(
    tapes: Sequence[Tape],
    options: Options,
    account: Account,
    tell: Callable[[Progress], None] | None,
    files: Sequence[Stored],
) -> Generator[pa.Table, None, None]:
    """Yield the events of tapes, one after the other, by hour.

    Parameters
    ----------
    tapes : sequence of Tape
    options : Options
        What is wanted of them.
    account : Account
        Told of every row.
    tell : callable or None
        Called with a `Progress`.
    files : sequence of Stored
        What has been read before.
    """
    for tape in tapes:
        account.files[str(tape.path)] = "tape"
        item = FileProgress(str(tape.path), tape.info(options.window).bytes)
        before = sum(file.size for file in files)
        for table, size in tape.batches(options.window, options.columns):
            account.pieces += table.num_rows
            account.events += table.num_rows
            item.bytes_done += size
            if tell is not None:
                total, done = before + item.bytes, before + item.bytes_done
                tell(Progress(len(files) + 1, total, len(files), done, events=account.events, items=[item]))
            if options.columns is None:
                # What a log does not tell is no column of it.
                table = table.select([n for n in table.column_names if n in _ALWAYS or _told(table, n)])
            yield table


def _told(table: pa.Table, name: str) -> bool:
    return name not in ("event_id", "sequence") and table[name].null_count < table.num_rows
