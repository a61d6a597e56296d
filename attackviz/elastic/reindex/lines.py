"""Lines of bulk requests for many documents at once: columns of text, no object a document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..bulk import changes
from ..documents import Hit

__all__ = ["Kept", "about", "lines", "put", "sources", "spliced"]


def sources(hits: Sequence[Hit]) -> pa.Array:
    """Return the documents themselves, each on one line.

    Parameters
    ----------
    hits : sequence of Hit

    Returns
    -------
    pyarrow.Array of string
    """
    texts = pa.array([bytes(hit.source) for hit in hits], pa.binary()).cast(pa.string())
    # As somebody wrote it, spread over lines, perhaps: there, a newline is nothing but space.
    return pc.replace_substring(texts, "\n", " ") if pc.match_substring(texts, "\n").true_count else texts


def spliced(documents: pa.Array, objects: pa.Array, keys: Sequence[str]) -> pa.Array:
    """Return documents with objects merged into them; null where one has to be looked into for that.

    Parameters
    ----------
    documents : pyarrow.Array of string
        As `sources` gives them.
    objects : pyarrow.Array of string
        JSON, each with something in it; null where nothing is merged.
    keys : sequence of str
        The outermost keys of the objects.

    Returns
    -------
    pyarrow.Array of string

    Examples
    --------
    >>> documents = pa.array(['{"n": 1}', '{"source": {"ip": "::1"}}', '{"source.ip": "::1"}', "{}"])
    >>> spliced(documents, pa.repeat('{"source":{"geo":{}}}', 4), ["source"]).to_pylist()
    ['{"n": 1,"source":{"geo":{}}}', None, None, None]
    """
    # What looks like such a key may be one further within, or a text: then it is looked into for nothing.
    named = "|".join(map(re.escape, keys))
    odd = rf'"(?:{named})[".]|\\u[^"]*"\s*:|^\{{\s*\}}$'
    merged = pc.binary_join_element_wise(_slice(documents, 0, -1), ",", _slice(objects, 1, 1 << 30), "")
    return pc.if_else(pc.match_substring_regex(documents, odd), None, merged)


def _slice(texts: pa.Array, start: int, stop: int) -> pa.Array:
    # Between ASCII: no character is cut.
    return pc.binary_slice(texts.cast(pa.binary()), start, stop).cast(pa.string())


def put(texts: pa.Array, new: Mapping[int, str | None]) -> pa.Array:
    """Return texts with some of them replaced.

    Parameters
    ----------
    texts : pyarrow.Array of string
    new : mapping of int to (str or None)
        By row, in ascending order.

    Examples
    --------
    >>> put(pa.array(["a", "b", None]), {0: None, 2: "c"}).to_pylist()
    [None, 'b', 'c']
    """
    if not new:
        return texts
    there = np.zeros(len(texts), bool)
    there[list(new)] = True
    return pc.replace_with_mask(texts, pa.array(there), pa.array(list(new.values()), pa.string()))


def about(hits: Sequence[Hit], version: bool = False) -> pa.Table:
    """Return what the first line of a request says of each document.

    Parameters
    ----------
    hits : sequence of Hit
    version : bool
        Whether it may only be replaced if it still is what was read, and past
        its pipeline: a document that was there has been through it.

    Returns
    -------
    pyarrow.Table
        A column for each word, null where it has none.
    """
    found: dict[str, Any] = {"_id": pa.array([hit.id for hit in hits], pa.string())}
    if any(hit.routing is not None for hit in hits):
        found["routing"] = pa.array([hit.routing for hit in hits], pa.string())
    if version:
        found["if_seq_no"] = pa.array([hit.seq_no for hit in hits], pa.int64())
        found["if_primary_term"] = pa.array([hit.primary_term for hit in hits], pa.int32())
        found["pipeline"] = pa.repeat("_none", len(hits))
    return pa.table(found)


def lines(op: str, heads: pa.Table, texts: pa.Array) -> pa.Array:
    r"""Return the two lines that a bulk request has for each document.

    Parameters
    ----------
    op : str
    heads : pyarrow.Table
        As from `about`.
    texts : pyarrow.Array of string

    Returns
    -------
    pyarrow.Array of string

    Examples
    --------
    >>> lines("index", pa.table({"_id": ["7"], "if_seq_no": [3]}), pa.array(["{}"])).to_pylist()
    ['{"index":{"_id":"7","if_seq_no":3}}\n{}\n']
    """
    objects = changes(heads, {name: name for name in heads.column_names})
    return pc.binary_join_element_wise(f'{{"{op}":', objects, "}\n", texts, "\n", "")


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold what is to be merged into documents that others change before they are replaced.

    Attributes
    ----------
    heads : pyarrow.Table
        As from `about`.
    objects : pyarrow.Array of string
        What is merged.
    """

    heads: pa.Table
    objects: pa.Array

    def updates(self, ids: Sequence[str]) -> tuple[pa.Array, pa.Array]:
        """Return lines of partial updates of some documents, and their ids."""
        wanted = pc.is_in(self.heads["_id"].combine_chunks(), pa.array(ids, pa.string()))
        named = [name for name in ("_id", "routing") if name in self.heads.column_names]
        heads = self.heads.select(named).filter(wanted)
        texts = pc.binary_join_element_wise('{"doc":', self.objects.filter(wanted), "}", "")
        return lines("update", heads, texts), heads["_id"].combine_chunks()
