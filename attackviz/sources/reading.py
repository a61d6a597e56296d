"""Read one file: open it, tell its format, decode it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from ..account import Account
from ..errors import FormatError, ReadError
from ..formats import Format, Options, Watch, decode, detect, known_formats, read_batches
from .files import Stored
from .pool import Pool
from .streams import Stream, streams

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["beginnings", "tables"]

_HEAD = 1 << 16


def tables(
    file: Stored,
    form: Format | None,
    options: Options,
    account: Account,
    advance: Callable[[int], None],
    pool: Pool | None = None,
) -> Iterator[pa.Table]:
    """Read one file, or every log of one archive.

    Parameters
    ----------
    file : Stored
        What to read.
    form : Format or None
        Its format; told by content if None.
    options : Options
        What is wanted of it.
    account : Account
        Told what became of every piece, which files were read, and which not.
    advance : callable
        Called with the number of bytes read from disk, piece by piece.
    pool : Pool, optional
        Takes small batches, to give them together with those of other files.

    Yields
    ------
    pyarrow.Table
        Event tables of about 64 thousand rows.

    Raises
    ------
    FormatError
        If the user named the file, and nothing in it is of a known format.
    ReadError
        If it cannot be opened.
    """
    refused: FormatError | None = None
    try:
        for stream in streams(file, account, advance):
            head, chunks = _head(stream, options.line_limit)
            try:
                if not head and stream.name in account.truncated:
                    raise FormatError("nothing of it can be unpacked", where=stream.name, hint="fetch it again")
                found = _format(head, stream.name, form, file.explicit, options)
                watch = Watch(found, head, stream.name) if found.mapping else None
            except FormatError as error:
                refused = refused or error
                account.skipped[stream.name] = error.what
                continue
            account.files[stream.name] = found.name
            form_used = watch.form if watch else found
            try:
                if pool is not None and pool.takes(form_used):
                    for batch in read_batches(chunks, form_used, account, stream.name, options):
                        yield from pool.add(batch, form_used)
                else:
                    if pool is not None:
                        yield from pool.flush()
                    yield from decode(chunks, form_used, account, stream.name, options, stream.modified)
            except FormatError as error:  # a table says what it holds only once it is open
                refused = refused or error
                del account.files[stream.name]
                account.skipped[stream.name] = error.what
                continue
            if watch:
                watch.finish(account)
    except ReadError as error:
        if file.explicit:
            raise
        account.skipped[file.name] = error.what
        account.cut_short(file.name)
    if refused is not None and file.explicit and not account.files:
        raise refused


def beginnings(file: Stored, most: int) -> Iterator[tuple[str, bytes]]:
    """Return the beginning of a log, or of the first logs of an archive.

    Parameters
    ----------
    file : Stored
    most : int
        At most how many.

    Yields
    ------
    name : str
    head : bytes
        Decompressed; some tens of kB, at least a line.
    """
    for stream in islice(streams(file, Account(), lambda size: None), most):
        yield stream.name, _head(stream, Options().line_limit)[0]


def _head(stream: Stream, limit: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the beginning of a stream, at least a line, and the whole stream."""
    taken: list[bytes] = []
    length = 0
    ended = False
    for chunk in stream.chunks:
        taken.append(chunk)
        length += len(chunk)
        ended = ended or b"\n" in chunk
        if length >= _HEAD and (ended or length > limit):
            break
    head = b"".join(taken)
    end = head.find(b"\n")
    too_long = end < 0 and length > limit  # for `_format` to say
    return head if too_long else head[: max(_HEAD, end)], chain(taken, stream.chunks)


def _format(head: bytes, name: str, form: Format | None, explicit: bool, options: Options) -> Format:
    if form is not None and (explicit or form.kind == "csv"):
        return form
    if len(head) > options.line_limit and b"\n" not in head:
        raise FormatError(
            f"its first line is longer than {options.line_limit >> 20} MB", where=name, hint="name its format"
        )
    if form is not None and form.mapping is not None:
        # Another format may know the same lines, too: they were asked for by this one.
        return detect(head, name, {form.name: form})
    found = detect(head, name, known_formats(options.own))
    if form is not None and not form.same_log(found):
        raise FormatError(f"it is {found.name}, not {form.name}", where=name, hint="name it by itself to force it")
    return form or found
