"""Bodies of bulk requests, built by columns: no object a row, no copy a request.

What a table holds becomes JSON inside Arrow: every column is made into text at
once (the words of a dictionary only once each), and the texts are joined row
by row. The lines of many rows then lie one behind the other in one buffer, so
a body is a slice of it.

Bulk requests: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..formats.stored import FIELDS, OWN, SCHEMA
from ..schema import SEVERITIES

__all__ = ["SIZE", "Body", "actions", "bodies", "changes", "documents", "identified", "parts"]

SIZE = 5 << 20
"""Bytes of a body: 5 to 15 MB are what a node takes best."""

_AT_ONCE = 16 << 20  # bytes of text built at once
_LONGEST_ID = 512  # bytes; Elasticsearch's own limit
_ESCAPED = r'["\\\x00-\x1f]'
_SEVERITY = dict(zip(SEVERITIES, (0, 3, 6, 8, 10), strict=True))  # ECS wants a number; 9 and up is CEF's worst
_Tree = dict[str, Any]


def documents(table: pa.Table) -> pa.Array:
    r"""Make a JSON document of every row of an event table.

    Parameters
    ----------
    table : pyarrow.Table
        As `attackviz.schema.conform` gives it, of a size that `parts` gives.
        Known columns go to their field (`attackviz.formats.stored.FIELDS`),
        others into the object ``attackviz``; null values are left out.

    Returns
    -------
    pyarrow.Array of string
        One object a row, without a newline in it.

    Examples
    --------
    >>> documents(pa.table({"src_ip": ["1.2.3.4", None], "x": ['a"\n', None]})).to_pylist()
    ['{"attackviz":{"schema":1,"x":"a\\"\\n"},"source":{"ip":"1.2.3.4"}}', '{"attackviz":{"schema":1}}']
    """
    tree: _Tree = {}
    own: _Tree = {}
    for name in table.column_names:
        column = _whole(table[name])
        if column.null_count == len(column):
            continue
        path = FIELDS.get(name)
        if path is None or path.startswith(f"{OWN}."):
            own[name] = column
        else:
            _put(tree, path, column)
        if name == "severity":
            _put(tree, "event.severity", _ranks(column))
    pieces = [f'{{"{OWN}":{{"schema":{SCHEMA}', *_members(own), "}", *_members(tree), "}"]
    return _joined(pieces, table.num_rows)


def changes(table: pa.Table, fields: Mapping[str, str]) -> pa.Array:
    """Make an object of every row that holds some fields alone, to be merged into a document.

    Parameters
    ----------
    table : pyarrow.Table
    fields : mapping of str to str
        The field of each column that counts.

    Returns
    -------
    pyarrow.Array of string
        ``{}`` where all are null.

    Examples
    --------
    >>> changes(pa.table({"src_country": ["DE", None]}), {"src_country": "source.geo.country_iso_code"}).to_pylist()
    ['{"source":{"geo":{"country_iso_code":"DE"}}}', '{}']
    """
    tree: _Tree = {}
    for name, path in fields.items():
        column = _whole(table[name])
        if column.null_count < len(column):
            _put(tree, path, column)
    if not tree:
        return pa.repeat("{}", table.num_rows)
    return _joined(["{", _bare(_joined(list(_members(tree)), table.num_rows)), "}"], table.num_rows)


def _put(tree: _Tree, path: str, column: pa.Array) -> None:
    *parents, leaf = path.split(".")
    for parent in parents:
        tree = tree.setdefault(parent, {})
    tree[leaf] = column


def _always(value: Any) -> bool:
    """Whether every row has a member: it is never null, or an object with such a member."""
    return any(map(_always, value.values())) if isinstance(value, dict) else not value.null_count


def _members(tree: _Tree, comma: str = ",") -> Iterator[Any]:
    """Give the texts of the members of an object, each with a comma before it, but for the first if so wished.

    The first is then one that every row has.
    """
    for key, value in sorted(tree.items(), key=lambda member: not _always(member[1])):
        name = comma + _json(key) + ":"
        comma = ","
        if not isinstance(value, dict):
            yield from _member(name, value)
        elif _always(value):
            yield from (f"{name}{{", *_members(value, ""), "}")
        else:
            inner = _joined(list(_members(value)), len(_leaf(value)))
            empty = pc.equal(pc.binary_length(inner), 0)
            yield pc.if_else(empty, "", _joined([f"{name}{{", _bare(inner), "}"], len(inner)))


def _bare(members: pa.Array) -> pa.Array:
    """Return texts of members without the first comma."""
    # Arrow 26 miscounts the bytes of a slice without an end.
    return pc.binary_slice(members.cast(pa.binary()), 1, 1 << 30).cast(pa.string())


def _member(name: str, column: pa.Array) -> list[Any]:
    """Return the texts of one member; of a row without it, an empty one."""
    if _few(column):
        column = column.dictionary_encode()
    if not pa.types.is_dictionary(column.type):
        before, text, after = _value(column)
        pieces = [name + before, text, after]
        return pieces if not text.null_count else [pc.fill_null(_joined(pieces, len(column)), "")]
    # Name and all, once a word; what a null index stands for is one word more.
    before, words, after = _value(column.dictionary)
    words = pc.fill_null(_joined([name + before, words, after], len(words)), "")
    indices = column.indices
    if indices.null_count:
        words = pa.concat_arrays([words, pa.array([""])])
        indices = pc.fill_null(indices.cast(pa.int64()), len(words) - 1)
    return [words.take(indices)]


def _few(column: pa.Array) -> bool:
    """Whether a column of numbers holds few different ones, for all that is known: ports, networks, places."""
    kind = column.type
    return bool(pa.types.is_floating(kind) or (pa.types.is_integer(kind) and kind.bit_width <= 32))


def _leaf(tree: _Tree) -> pa.Array:
    value = next(iter(tree.values()))
    return _leaf(value) if isinstance(value, dict) else value


def _joined(pieces: list[Any], rows: int) -> pa.Array:
    """Join texts row by row; where one is null, so is the whole."""
    merged: list[Any] = [""]
    for piece in pieces:  # constants that stand side by side are one
        if isinstance(piece, str) and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    joined = pc.binary_join_element_wise(*merged[not merged[0] :], "")
    return joined if isinstance(joined, pa.Array) else pa.repeat(joined, rows)


def _json(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _whole(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


def _value(column: pa.Array) -> tuple[str, pa.Array, str]:
    """Return the values of a column as JSON, and what stands before and behind each."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        before, words, after = _value(column.dictionary)
        return "", _joined([before, words, after], len(words)).take(column.indices), ""
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column, kind = column.cast(pa.string()), pa.string()
    if pa.types.is_string(kind):
        escaped = pc.match_substring_regex(column, _ESCAPED)
        if not escaped.true_count:
            return '"', column, '"'
        texts = pa.array([_json(text)[1:-1] for text in column.filter(escaped).to_pylist()], pa.string())
        return '"', pc.replace_with_mask(column, pc.fill_null(escaped, False), texts), '"'
    if pa.types.is_timestamp(kind):
        return '"', _instants(column), '"'
    if pa.types.is_floating(kind):
        return "", pc.if_else(pc.is_finite(column), column, None).cast(pa.string()), ""
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "", column.cast(pa.string()), ""
    encoded = (None if v is None else msgspec.json.encode(v, enc_hook=str).decode() for v in column.to_pylist())
    return "", pa.array(encoded, pa.string()), ""


def _instants(column: pa.Array) -> pa.Array:
    """Return times as ISO 8601 with microseconds, UTC."""
    plain = column.cast(pa.timestamp("us"), safe=False)  # a zone only says how to show it
    days = plain.cast(pa.date32()).cast(pa.string())
    return _joined([days, "T", plain.cast(pa.time64("us")).cast(pa.string()), "Z"], len(column))


def _ranks(column: pa.Array) -> pa.Array:
    words = column.dictionary if pa.types.is_dictionary(column.type) else column
    ranks = pa.array([_SEVERITY.get(word) for word in words.to_pylist()], pa.uint8())
    return ranks.take(column.indices) if pa.types.is_dictionary(column.type) else ranks


def parts(table: pa.Table) -> Iterator[pa.Table]:
    """Cut a table into tables whose documents can be built at once.

    Parameters
    ----------
    table : pyarrow.Table

    Yields
    ------
    pyarrow.Table
        Of about 16 MB of text, for most logs some ten thousand rows.
    """
    if table.num_rows > 1 and _size(table) > _AT_ONCE:
        half = table.num_rows // 2
        yield from parts(table.slice(0, half))
        yield from parts(table.slice(half))
    elif table.num_rows:
        yield table


def _size(table: pa.Table) -> int:
    """Return about how many bytes the documents of a table have; a word counts as often as it stands."""
    size = 256 * table.num_rows
    for column in table.columns:
        for chunk in column.chunks:
            if pa.types.is_dictionary(chunk.type) and pa.types.is_string(chunk.type.value_type):
                size += pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices)).as_py() or 0
            else:
                size += chunk.nbytes
    return int(size)


def identified(table: pa.Table, texts: pa.Array, seen: Counter[bytes]) -> pa.Array:
    """Return the id of every document, such that the same events get the same ids again.

    Parameters
    ----------
    table : pyarrow.Table
        Its ``event_id`` is the id, where it has one.
    texts : pyarrow.Array of string
        Its documents; one without an id gets one made of its text, and of how
        many equal ones there were before.
    seen : Counter of bytes
        How often texts without an id were met; to be given again for the next table.

    Returns
    -------
    pyarrow.Array of string
        Without nulls; ids that are too long for Elasticsearch are hashed.

    Examples
    --------
    >>> ids = identified(pa.table({"event_id": ["a", None, None]}), pa.array(["{}", "{}", "{}"]), Counter())
    >>> ids[0].as_py(), ids[1] == ids[2], len(ids[1].as_py())
    ('a', False, 32)
    """
    ids = _whole(table["event_id"]) if "event_id" in table.column_names else pa.nulls(len(texts), pa.string())
    if pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_decode()
    length = pc.fill_null(pc.binary_length(ids), 0)
    lacking, long = pc.equal(length, 0), pc.greater(length, _LONGEST_ID)
    if lacking.true_count:
        made = []
        for text in texts.filter(lacking).to_pylist():
            digest = blake2b(text.encode(), digest_size=16).digest()
            made.append(blake2b(digest + str(seen[digest]).encode(), digest_size=16).hexdigest())
            seen[digest] += 1
        ids = pc.replace_with_mask(ids, lacking, pa.array(made, pa.string()))
    if long.true_count:
        hashed = [blake2b(text.encode(), digest_size=16).hexdigest() for text in ids.filter(long).to_pylist()]
        ids = pc.replace_with_mask(ids, long, pa.array(hashed, pa.string()))
    return ids


def actions(ids: pa.Array, texts: pa.Array, op: str = "create", index: pa.Array | None = None) -> pa.Array:
    r"""Return the two lines that a bulk request has for each document.

    Parameters
    ----------
    ids : pyarrow.Array of string
    texts : pyarrow.Array of string
        Documents; of ``update`` the whole object beside the action.
    op : str
        ``create``, ``index`` or ``update``.
    index : pyarrow.Array of string, optional
        Which index each is in, where it is not the one of the request.

    Returns
    -------
    pyarrow.Array of string

    Examples
    --------
    >>> actions(pa.array(["7"]), pa.array(["{}"])).to_pylist()
    ['{"create":{"_id":"7"}}\n{}\n']
    """
    before, id_text, after = _value(ids)
    where = [] if index is None else [',"_index":', *_value(index)]
    pieces = [f'{{"{op}":{{"_id":{before}', id_text, after, *where, "}}\n", texts, "\n"]
    return _joined(pieces, len(ids))


@dataclass(frozen=True, slots=True)
class Body:
    """Hold the lines of one bulk request, and whose they are.

    Attributes
    ----------
    lines : pyarrow.Array of string
        As from `actions`.
    ids : pyarrow.Array of string
        The id of each document.
    """

    lines: pa.Array
    ids: pa.Array

    def __len__(self) -> int:
        return len(self.lines)

    def data(self) -> bytes:
        """Return the request's body."""
        _, _, text = self.lines.buffers()
        offsets = _offsets(self.lines)
        return memoryview(text)[int(offsets[0]) : int(offsets[-1])].tobytes()

    def halves(self) -> list[Body]:
        """Return two bodies of half as many documents; one document is never cut."""
        half = len(self) // 2
        return [self.slice(0, half), self.slice(half)] if half else [self]

    def slice(self, start: int, length: int | None = None) -> Body:
        """Return some documents that lie behind each other."""
        return Body(self.lines.slice(start, length), self.ids.slice(start, length))

    def only(self, rows: list[int]) -> Body:
        """Return some documents."""
        return Body(self.lines.take(pa.array(rows, pa.int64())), self.ids.take(pa.array(rows, pa.int64())))

    def document(self, row: int) -> str:
        """Return one document, as JSON."""
        text: str = self.lines[row].as_py()
        return text.split("\n", 1)[1].removesuffix("\n")


def _offsets(lines: pa.Array) -> np.ndarray[Any, np.dtype[np.int32]]:
    _, offsets, _ = lines.buffers()
    return np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]


def bodies(lines: pa.Array, ids: pa.Array, size: int = SIZE) -> Iterator[Body]:
    """Cut lines into bodies of at most so many bytes; one of a single document may have more.

    Parameters
    ----------
    lines, ids : pyarrow.Array of string
        As from `actions`, and what it was given.
    size : int
        Bytes.

    Yields
    ------
    Body
    """
    offsets, at = _offsets(lines), 0
    while at < len(lines):
        end = int(np.searchsorted(offsets, int(offsets[at]) + size, "right")) - 1
        end = max(end, at + 1)
        yield Body(lines.slice(at, end - at), ids.slice(at, end - at))
        at = end
