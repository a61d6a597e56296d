"""The first records of a file as it wrote them, whatever its kind, to explain it by."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .csvreader import fields_of, separator
from .detection import header_of, objects_in
from .format import Format
from .logfmt import pairs

__all__ = ["records", "text_of"]

_RECORDS = 64


def text_of(head: bytes) -> str:
    """Return the beginning of a file as text, without its byte-order mark."""
    return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def records(head: bytes, form: Format) -> list[dict[str, Any]]:
    """Return the first records of a file, by field.

    Parameters
    ----------
    head : bytes
        The beginning of the file, decompressed.
    form : Format
        Its kind says how lines are taken apart.

    Returns
    -------
    list of dict
        Inner objects stand by themselves, and their fields beside them, after a
        dot; a line that is no record is left out.

    Examples
    --------
    >>> from .registry import FORMATS
    >>> records(b'{"a": {"b": 1}}', FORMATS["heralding"])
    [{'a': {'b': 1}, 'a.b': 1}]
    """
    text = text_of(head)
    if form.kind == "json":
        return [_flat(value) for value in objects_in(text)]
    lines = text.splitlines()
    if form.kind == "csv":
        names = list(form.names)
        if not names:
            names, lines = header_of(text, form.delimiter), [line for line in lines if line.strip()][1:]
        delimiter = form.delimiter or separator(text.lstrip().partition("\n")[0])
        rows = [fields_of(line, delimiter) for line in lines[:_RECORDS]]
        return [dict(zip(names, row, strict=True)) for row in rows if row is not None and len(row) == len(names)]
    if form.kind == "logfmt":
        return [found for line in lines[:_RECORDS] if (found := pairs(line))]
    if not form.pattern:
        return []
    apart = pc.extract_regex(pa.array(lines[:_RECORDS], pa.string()), f"^(?:{form.pattern})$")
    return [found for found in apart.to_pylist() if found]


def _flat(value: dict[str, Any], within: str = "", deep: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found[within + key] = inner
        if isinstance(inner, dict) and deep < 8:
            found |= _flat(inner, f"{within}{key}.", deep + 1)
    return found
