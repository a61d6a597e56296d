"""The exact JSON reader: no object is lost, nothing else becomes an event.

Blocks of lines are decoded at once where that is proven to lose nothing.
Otherwise line by line; on a broken line a real JSON decoder (not a count of
braces) finds the objects that are whole, so that glued ones are kept.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from ..account import Account
from .lines import LINE_LIMIT, Block, blocks, is_utf8, sample
from .places import IdMaker, Places
from .plan import Plan, Rows
from .written import DECODER, Written

__all__ = ["BATCH_ROWS", "Batch", "LineReader", "read_json"]

BATCH_ROWS = 1 << 16

_FAILED = (msgspec.DecodeError, UnicodeDecodeError, ValueError)
_OPEN = re.compile(r'\[|\{\s*"([^"\\]*)"\s*:\s*\[(?=\s*(?:\{|\Z))')
_WRAPPERS_DEEP = 4
_CLOSE = re.compile(r"\][\s\]},]*\Z")
_BETWEEN = re.compile(r"[\s,]*")
_FIRST_KEY = re.compile(r'\{\s*"[^"\\]*"\s*:')


@dataclass(slots=True)
class Batch:
    """Hold the fields of some events as the log wrote them.

    Attributes
    ----------
    length : int
        Number of events.
    columns : dict of str to list or Written
        Values by path.
    ids : list of str or Places
        Ids made from where each event stood, if asked for, or what they can be made from.
    """

    length: int = 0
    columns: dict[str, list[Any] | Written] = field(default_factory=dict)
    ids: list[str] | Places = field(default_factory=list)


def read_json(
    chunks: Iterable[bytes],
    plan: Plan,
    account: Account,
    file: str,
    ids: bool = False,
    limit: int = LINE_LIMIT,
) -> Iterator[Batch]:
    r"""Read the objects of a stream of JSON lines, or of an array with one object a line.

    Wrappers (``{"attacks":[``, ``{"events":[{"info":{...}}]}``), trailing
    commas, objects glued together (``}{``), and blank lines are understood.

    Parameters
    ----------
    chunks : iterable of bytes
        The decompressed stream.
    plan : Plan
        The wanted fields.
    account : Account
        Told what became of every piece.
    file : str
        Name for samples.
    ids : bool
        Whether to make an id for every row from its place in the file.
    limit : int
        Longest line in bytes; a longer one is bad.

    Yields
    ------
    Batch
        Of about 64 thousand rows.

    Examples
    --------
    >>> account = Account()
    >>> lines = [b'{"ip":"1.2.3.4"}{"ip":"1.2.3.5"}\n', b'{"ip":"1.2', b'\n']
    >>> [b.columns for b in read_json(lines, Plan(["ip"]), account, "x")]
    [{'ip': ['1.2.3.4', '1.2.3.5']}]
    >>> account.events, account.bad_total, account.salvaged, account.closes()
    (2, 1, 1, True)
    """
    reader = _BlockReader(plan, account, file, ids)
    for block in blocks(chunks, account, file, limit):
        reader.feed(block)
        reader.settle()
        if reader.batch.length >= BATCH_ROWS:
            yield reader.take()
    if reader.batch.length:
        yield reader.take()


@dataclass(frozen=True, slots=True)
class _Line:
    """Hold a line that needs care: its number, its text, and the bytes of that."""

    number: int
    text: str
    body: bytes

    def raw(self, at: int, stop: int) -> bytes:
        """Return the bytes that some characters were read from."""
        return self.body[self._place(at) : self._place(stop)]

    def _place(self, index: int) -> int:
        """Return where a character begins: bytes that are no UTF-8 became one character a run."""
        place = 0
        view = memoryview(self.body)
        while index > 0:
            try:
                text, length = codecs.utf_8_decode(view[place:], "strict", True)
                return place + (len(text[:index].encode()) if index < len(text) else length)
            except UnicodeDecodeError as error:
                text = str(view[place : place + error.start], "utf-8")
                if index <= len(text):
                    return place + len(text[:index].encode())
                index -= len(text) + 1
                place += error.end
        return place


class LineReader:
    """Read lines one by one: no object is lost, nothing else becomes an event.

    Parameters
    ----------
    plan : Rows
        Makes a row of an object.
    account : Account
        Told what became of every line.
    file : str
        Name for samples.
    ids : bool
        Whether to make ids.

    Attributes
    ----------
    rows : list
        What the plan made of the events so far.
    made : list of str
        Their ids, if asked for.
    """

    def __init__(self, plan: Rows, account: Account, file: str, ids: bool = False) -> None:
        self.plan, self.account, self.file, self.ids = plan, account, file, ids
        self.rows: list[Any] = []
        self.made: list[str] = []
        self._maker = IdMaker()

    def lines(self, block: Block) -> None:
        """Read a block line by line."""
        offset, number = block.offset, block.line
        data = block.data
        lines = data.split(b"\n")
        if data.endswith(b"\n"):
            lines.pop()
        one, empty, rows, account = self.plan.one, self.plan.empty, self.rows, self.account
        sound = is_utf8(data)  # fields that are skipped are not looked at by every decoder
        for line in lines:
            body = line.strip()
            bare = body[:-1] if body.endswith(b"},") else body
            before = len(rows)
            try:
                row = one(bare) if sound or is_utf8(bare) else empty
            except (*_FAILED, RecursionError):
                row = empty
            if row is empty or row == empty:
                self._odd(body, number)
            else:
                account.pieces += 1
                account.events += 1
                rows.append(row)
            if self.ids and len(rows) > before:
                self.made += self._maker.of(line, offset, len(rows) - before)
            offset += len(line) + 1
            number += 1

    def _odd(self, body: bytes, number: int) -> None:
        """Account for a line that is not simply one event."""
        account = self.account
        if not body:
            account.pieces += 1
            account.blank += 1
            return
        if not body.strip(b",\x00 \t"):
            account.pieces += 1
            reason = "only a comma" if b"," in body else "NUL bytes"
            account.spoil(reason, sample(self.file, number, body))
            return
        self._scan(_Line(number, body.decode("utf-8", "replace"), body))

    def _scan(self, line: _Line) -> None:
        account, text, end = self.account, line.text, len(line.text)
        damaged = "\ufffd" in text and b"\xef\xbf\xbd" not in line.body
        clean = True  # whether an object here would need no rescue
        at = 0
        opening = _OPEN.match(text)
        if opening and opening[1] not in self.plan.keys and not _whole(text):
            account.pieces += 1
            account.structure += 1
            at = opening.end()
        while True:
            gap = _BETWEEN.match(text, at)
            assert gap is not None
            clean = clean or "," in gap[0]
            at = gap.end()
            if at >= end:
                return
            if _CLOSE.match(text, at):
                account.pieces += 1
                account.structure += 1
                return
            if text[at] != "{":
                start = text.find("{", at)
                stop = start if start >= 0 else end
                self._bad("not JSON", line, at, stop)
                clean, at = False, stop
                continue
            try:
                value, stop = DECODER.raw_decode(text, at)
            except RecursionError:
                self._bad("nested too deeply", line, at, end)
                return
            except ValueError:
                stop = self._resume(text, at)
                self._bad("broken JSON", line, at, stop)
                clean = False
            else:
                kept = self._object(value, line, at, stop)
                account.salvaged += kept if damaged or not clean else 0
                clean = False
            at = stop

    def _resume(self, text: str, at: int) -> int:
        """Find the next whole object on a broken line, glued to a cut one.

        It must begin with the same key as the broken one, and the end of the
        line or another object must follow: within an object neither can be.
        """
        key = _FIRST_KEY.match(text, at)
        if not key:
            return len(text)
        start = text.find(key[0], key.end())
        while start >= 0:
            try:
                value, stop = DECODER.raw_decode(text, start)
            except (ValueError, RecursionError):
                pass
            else:
                rest = text[stop:].lstrip(" \t\r")
                if (not rest.rstrip(" \t\r,") or rest.startswith("{")) and self._rows(value):
                    return start
            start = text.find(key[0], start + 1)
        return len(text)

    def _object(self, value: dict[str, Any], line: _Line, at: int, stop: int, deep: int = 0) -> int:
        account = self.account
        rows = self._rows(value)
        if rows:
            account.pieces += len(rows)
            account.events += len(rows)
            self.rows += rows
            return len(rows)
        inner = _wrapped(value)
        if inner is None or deep == _WRAPPERS_DEEP:
            # Nobody tells where in its wrapper an object stood: it is written anew.
            if deep:
                text = json.dumps(value)
                line, at, stop = _Line(line.number, text, text.encode()), 0, len(text)
            self._bad("no known field", line, at, stop)
            return 0
        account.pieces += 2
        account.structure += 2
        return sum(self._object(item, line, at, stop, deep + 1) for item in inner)

    def _rows(self, value: dict[str, Any]) -> list[Any]:
        for candidate in (value, value.get("info")):
            if isinstance(candidate, dict):
                row = self.plan.from_object(candidate)
                if row != self.plan.empty:
                    return [row]
        return []

    def _bad(self, reason: str, line: _Line, at: int, stop: int) -> None:
        self.account.pieces += 1
        self.account.spoil(reason, sample(self.file, line.number, line.raw(at, stop)))


class _BlockReader(LineReader):
    """Read whole blocks at once where that is proven to be the same as line by line."""

    def __init__(self, plan: Plan, account: Account, file: str, ids: bool) -> None:
        super().__init__(plan, account, file, ids)
        self._plan = plan
        self.batch = Batch()

    def take(self) -> Batch:
        batch, self.batch = self.batch, Batch()
        return batch

    def settle(self) -> None:
        """Turn the rows of a block into columns while they are fresh in the processor's cache."""
        rows, self.rows = self.rows, []
        self.batch.length += len(rows)
        assert isinstance(self.batch.ids, list)
        self.batch.ids += self.made
        self.made = []
        for path, values in self._plan.columns(rows).items():
            column = self.batch.columns.setdefault(path, [])
            assert isinstance(column, list)
            column += values

    def feed(self, block: Block) -> None:
        if self.ids:
            self.lines(block)
            return
        # The first and the last line of an array carry its brackets: peel them off.
        data, line, offset = block.data, block.line, block.offset
        if data[:1] != b"{" or _peculiar_opening(data):
            end = data.find(b"\n") + 1 or len(data)
            self.lines(Block.of(data[:end], offset, line))
            data, line, offset = data[end:], line + 1, offset + end
        tail = b""
        if not data.endswith((b"}\n", b"},\n", b"}\r\n", b"},\r\n", b"}")):
            start = data.rstrip(b"\r\n").rfind(b"\n") + 1
            data, tail = data[:start], data[start:]
        if data and not self._at_once(data):
            self.lines(Block.of(data, offset, line))
        if tail:
            self.lines(Block.of(tail, offset + len(data), line + data.count(b"\n")))

    def _at_once(self, data: bytes) -> bool:
        """Decode whole blocks where every line provably holds whole objects.

        If each line begins with a brace and ends with one, no value can span a
        newline (a raw newline is illegal in a string, and an object followed
        by a brace is illegal within any value), so the values decoded are
        the objects of these lines: all beyond one a line were glued.
        """
        end = len(data)
        while end and data[end - 1] in b"\r\n":
            end -= 1
        view = np.frombuffer(data, np.uint8, end)
        breaks = np.flatnonzero(view == 0x0A)
        lines = len(breaks) + 1
        if data[:1] != b"{" or not (view[breaks + 1] == 0x7B).all() or not is_utf8(data):
            return False
        if len(breaks) and (view[breaks - 1] == 0x0D).all():
            breaks = breaks - 1
        try:
            if view[end - 1] == 0x7D and (view[breaks - 1] == 0x7D).all():
                rows = self._plan.many(data)
                glued = len(rows) - lines
            elif (view[breaks - 1] == 0x2C).all() and (view[breaks - 2] == 0x7D).all():
                end -= int(view[end - 1] == 0x2C)
                rows = self._plan.array(b"".join((b"[", memoryview(data)[:end], b"]")))
                glued = 0
            else:
                return False
        except (*_FAILED, RecursionError):
            return False
        # Fewer values than lines: values span lines. An empty row: no wanted field.
        if len(rows) < lines or self.plan.empty in rows:
            return False
        self.rows += rows
        blank = data.count(b"\n", end) - 1
        self.account.pieces += len(rows) + max(blank, 0)
        self.account.events += len(rows)
        self.account.blank += max(blank, 0)
        self.account.salvaged += glued
        return True


def _whole(text: str) -> bool:
    """Whether a line that looks like an opening wrapper is a whole object."""
    if not text.startswith("{"):
        return False
    try:
        DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _wrapped(value: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the objects of a wrapper such as ``{"events": [...]}``, None if it is none."""
    if len(value) == 1:
        (inner,) = value.values()
        if isinstance(inner, list) and all(isinstance(item, dict) for item in inner):
            return inner
    return None


def _peculiar_opening(data: bytes) -> bool:
    return re.match(rb'\{\s*"[^"\\]*"\s*:\s*\[\s*\n', data) is not None
