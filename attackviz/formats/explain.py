"""What a file is taken for, and what becomes of its fields: for people who write a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from ..account import Account
from ..errors import FormatError
from .columns import Columns
from .decode import Options, decode
from .detection import detect
from .format import Format
from .mapping import Mapping as OwnFormat
from .mapping_check import Watch
from .seen import records, text_of
from .unfold import one_a_line

__all__ = ["ROWS", "Explanation", "explain"]

_LINES = 64
ROWS = "rows"
"""Stands among columns for which rows are events."""


@dataclass(slots=True)
class Explanation:
    """Hold what can be said of a file from its beginning.

    Attributes
    ----------
    format : Format or None
        What it is read as.
    refused : FormatError or None
        Why it is not read.
    nearest : dict of str to list of str
        Where it is not read: the formats that come nearest, and the fields they lack.
    events : pyarrow.Table or None
        The first events.
    account : Account
        What became of the beginning.
    sources : dict of str to list of str
        Columns, and the fields they were made of here; ``rows`` for the fields
        that say which rows are events.
    unread : dict of str to Any
        Fields of the file that are not read, with an example each.
    absent : list of str
        Fields that are read, but are not in the beginning of the file.
    """

    format: Format | None = None
    refused: FormatError | None = None
    nearest: dict[str, list[str]] = field(default_factory=dict)
    events: pa.Table | None = None
    account: Account = field(default_factory=Account)
    sources: dict[str, list[str]] = field(default_factory=dict)
    unread: dict[str, Any] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)


def explain(
    head: bytes,
    where: str,
    formats: Mapping[str, Format],
    given: Format | None = None,
    reference: datetime | None = None,
) -> Explanation:
    """Say what a file is taken for, and what becomes of its fields.

    Parameters
    ----------
    head : bytes
        Its beginning, decompressed.
    where : str
        Its name.
    formats : mapping of str to Format
        What it may be.
    given : Format, optional
        What it is to be read as; told by content by default.
    reference : datetime, optional
        When it was last written to (UTC), for times without a year.

    Examples
    --------
    >>> from .known import known_formats
    >>> line = b'{"timestamp":"2025-02-24T08:04:37","src_ip":"1.2.3.4","payload_printable":"x","extra":1}'
    >>> found = explain(line, "x.json", known_formats())
    >>> found.format.name, found.sources["src_ip"], found.unread
    ('ciscoasa', ['src_ip'], {'extra': 1})
    """
    found = Explanation()
    try:
        form = detect(head, where, formats) if given is None else given
        found.format = Watch(form, head, where).form if form.mapping else form
    except FormatError as error:
        found.refused = error
        found.nearest = _nearest(head, formats.values() if given is None else [given])
        return found
    if form.kind == "table":
        return found
    beginning = _beginning(b"".join(one_a_line([head], form.outermost, len(head))[0]))
    found.events = _events(beginning, form, found.account, where, reference)
    seen: dict[str, Any] = {}
    for record in records(beginning, form):
        for name, value in record.items():
            if name not in seen or seen[name] in (None, ""):
                seen[name] = value
    found.absent = [path for path in form.fields if path not in seen]
    found.unread = {name: value for name, value in seen.items() if not _read(name, value, form)}
    if form.mapping is not None:
        found.sources = _declared(form.mapping, seen)
        return found
    for path in form.fields:
        if path in seen:
            for column in _made_of(path, form, found.events, beginning, where, reference):
                found.sources.setdefault(column, []).append(path)
    return found


def _declared(mapping: OwnFormat, seen: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the columns of one's own format and their fields, as it says itself."""
    named = {name: origin.fields for name, origin in (*mapping.columns, *mapping.extra)}
    named[ROWS] = tuple(dict.fromkeys(condition.field for condition in mapping.only))
    return {name: [path for path in paths if path in seen] for name, paths in named.items()}


def _beginning(head: bytes) -> bytes:
    """Return whole lines: enough to learn from, few enough to read many times."""
    lines = head.split(b"\n", _LINES)
    if len(lines) > 1:
        lines.pop()
        return b"\n".join(lines) + b"\n"
    return head


def _events(head: bytes, form: Format, account: Account, where: str, reference: datetime | None) -> pa.Table:
    tables = list(decode([head], form, account, where, Options(), reference))
    return pa.concat_tables(tables, promote_options="default") if tables else pa.table({"time": []})


def _made_of(
    path: str, form: Format, events: pa.Table, head: bytes, where: str, reference: datetime | None
) -> list[str]:
    """Return the columns that change where the log lacks a field."""

    def build(c: Columns) -> dict[str, Any]:
        lacking = c.without(path)
        if form.leave_out is not None:
            form.leave_out(lacking)
        return form.build(lacking)

    other = _events(head, replace(form, build=build, leave_out=None, clock=()), Account(), where, reference)
    if other.num_rows != events.num_rows:
        return [ROWS]
    return [
        name
        for name in events.column_names
        if name not in other.column_names or not _plain(events[name]).equals(_plain(other[name]))
    ]


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _read(name: str, value: object, form: Format) -> bool:
    """Return whether a field is read, or holds fields that are told of by themselves."""
    if isinstance(value, dict) and value:
        return True
    return any(name == path or name.startswith(f"{path}.") for path in form.fields)


def _nearest(head: bytes, forms: Iterable[Format]) -> dict[str, list[str]]:
    """Return the formats of which most fields are there, and the fields that are not."""
    ranked = []
    for form in forms:
        if not form.known_by or not text_of(head).strip():
            continue
        seen = set().union(*records(_beginning(head), form))
        lacking = min((sorted(keys - seen) for keys in form.known_by), key=len)
        share = 1 - len(lacking) / max(1, max(map(len, form.known_by)))
        if share >= 0.5 and lacking:
            ranked.append((-share, form.name, lacking))
    return {name: lacking for _, name, lacking in sorted(ranked)[:3]}
