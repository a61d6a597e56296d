"""The reader of regular lines: one line, one record, taken apart by one expression.

A block of lines becomes an Arrow array that points into it, and the expression
(RE2, by Arrow) takes all of them apart at once. Only lines that it refuses are
looked at one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..account import Account
from .jsonreader import BATCH_ROWS, Batch
from .lines import LINE_LIMIT, REPLACED, Block, blocks, is_utf8, sample
from .places import IdMaker
from .written import Written

__all__ = ["read_text"]

_GROUP = re.compile(r"(?<!\\)\(\?P<(\w+)>")


def read_text(
    chunks: Iterable[bytes],
    pattern: str,
    paths: Sequence[str],
    account: Account,
    file: str,
    ids: bool = False,
    limit: int = LINE_LIMIT,
) -> Iterator[Batch]:
    r"""Read the records of a stream of regular lines.

    Parameters
    ----------
    chunks : iterable of bytes
        The decompressed stream.
    pattern : str
        What a whole line looks like, its end left out; named groups are fields.
        RE2, which knows no look-around and no backreferences.
    paths : sequence of str
        Names of the wanted fields; one that is no group gives empty values.
    account : Account
        Told what became of every line.
    file : str
        Name for samples.
    ids : bool
        Whether to make an id for every record from its place in the file.
    limit : int
        Longest line in bytes; a longer one is bad.

    Yields
    ------
    Batch
        With strings; a group that took no part is empty.

    Examples
    --------
    >>> account = Account()
    >>> lines = b"5.6.7.8 22\nwhat?\n1.2.3.4 80\n"
    >>> batches = read_text([lines], r"(?P<ip>\S+) (?P<port>\d+)", ["ip"], account, "x")
    >>> [batch.columns["ip"].text.to_pylist() for batch in batches]
    [['5.6.7.8', '1.2.3.4']]
    >>> account.events, dict(account.bad), account.closes()
    (2, {'line not understood': 1}, True)
    """
    reader = _Reader(rf"^(?:{_only(pattern, paths)})\n?$", account, file)
    parts: list[pa.StructArray] = []
    ids_made: list[str] = []
    rows = 0
    for block in blocks(chunks, account, file, limit):
        fields, kept = reader.records(block)
        parts.append(fields)
        rows += len(fields)
        if ids:
            ids_made += reader.ids(block, kept)
        if rows >= BATCH_ROWS:
            yield _batch(parts, ids_made, paths)
            parts, ids_made, rows = [], [], 0
    if rows:
        yield _batch(parts, ids_made, paths)


class _Reader:
    def __init__(self, pattern: str, account: Account, file: str) -> None:
        self.pattern, self.account, self.file = pattern, account, file
        self._maker = IdMaker()

    def records(self, block: Block) -> tuple[pa.StructArray, NDArray[np.int64]]:
        """Return the fields of the lines that are records, and which lines these are."""
        data = block.data
        text = data.replace(b"\r\n", b"\n") if b"\r\n" in data else data.removesuffix(b"\r")
        text = self._mended(text)
        fields = self._apart(text)
        matched = fields.is_valid().to_numpy(zero_copy_only=False)
        odd = np.flatnonzero(~matched)
        if len(odd) and (rescued := self._odd(text.split(b"\n"), odd, block.line)):
            fields = self._apart(rescued)
            matched = fields.is_valid().to_numpy(zero_copy_only=False)
        kept = np.flatnonzero(matched)
        self.account.pieces += len(kept)
        self.account.events += len(kept)
        return (fields if len(kept) == len(fields) else fields.filter(fields.is_valid())), kept

    def _mended(self, text: bytes) -> bytes:
        """Return text that is UTF-8, anything else in it replaced."""
        if is_utf8(text):
            return text
        self.account.flags[REPLACED] += sum(not is_utf8(line) for line in text.split(b"\n"))
        return text.decode("utf-8", "replace").encode()

    def _apart(self, text: bytes) -> pa.StructArray:
        """Take the lines of a text apart; null where the expression refuses one."""
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == 0x0A) + 1
        rest = [] if len(ends) and ends[-1] == len(text) else [len(text)]
        offsets = pa.py_buffer(np.concatenate(([0], ends, rest)).astype(np.int32).tobytes())
        buffers = [None, offsets, pa.py_buffer(text)]
        lines = pa.Array.from_buffers(pa.string(), len(ends) + len(rest), buffers)
        return pc.extract_regex(lines, self.pattern)

    def _odd(self, lines: list[bytes], odd: NDArray[np.int64], first: int) -> bytes | None:
        """Account for the lines that are no records; return the text anew if one of them can be rescued.

        Crashes leave zeros before the next line: they are bad, the line is not.
        """
        account = self.account
        rescued = False
        for number in odd.tolist():
            line = lines[number]
            rest = line.lstrip(b"\0")
            if rest != line and rest.strip(b"\0 \t\r"):
                lines[number] = b""  # so that the number of lines stays
                if self._apart(rest).is_valid()[0].as_py():
                    lines[number] = rest
                    rescued = True
                    account.pieces += 1
                    account.spoil("NUL bytes", sample(self.file, first + number, line))
                    account.salvaged += 1
                    continue
            account.pieces += 1
            if not line.strip():
                account.blank += 1
            elif not line.strip(b"\0 \t\r"):
                account.spoil("NUL bytes", sample(self.file, first + number, line))
            else:
                account.spoil("line not understood", sample(self.file, first + number, line))
        return b"\n".join(lines) if rescued else None

    def ids(self, block: Block, kept: NDArray[np.int64]) -> Iterator[str]:
        """Make the ids of lines from where they stand."""
        lines = list(block.numbered())
        for row in kept.tolist():
            _, offset, line = lines[row]
            yield from self._maker.of(line, offset)


def _only(pattern: str, paths: Sequence[str]) -> str:
    """Return an expression that keeps but the groups that are wanted: each one costs time."""
    kept = [path for path in paths if f"(?P<{path}>" in pattern]
    return _GROUP.sub(lambda group: group[0] if group[1] in kept else "(?:", pattern) if kept else pattern


def _batch(parts: list[pa.StructArray], ids: list[str], paths: Sequence[str]) -> Batch:
    fields = pa.concat_arrays(parts)
    groups = {field.name for field in fields.type}
    missing = pa.nulls(len(fields), pa.string())
    columns: dict[str, list[Any] | Written] = {
        path: Written.strings(fields.field(path) if path in groups else missing) for path in paths
    }
    return Batch(len(fields), columns, ids)
