"""Objects merged into documents, as a partial update does it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["dotted", "merged", "placed", "spliced"]

_DOTTED = re.compile(rb'"[^"\\]*\.[^"\\]*"\s*:')


def dotted(source: bytes) -> bool:
    """Return whether a document may have keys with dots in them.

    Examples
    --------
    >>> dotted(b'{"source.ip": "::1"}'), dotted(b'{"source": {"ip": "1.1.1.1"}}')
    (True, False)
    """
    return _DOTTED.search(source) is not None


def merged(document: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return a document with an object merged into it: objects key by key, all else replaced.

    Parameters
    ----------
    document, change : dict
        They stay as they are.

    Examples
    --------
    >>> merged({"a": {"b": 1, "c": [2]}}, {"a": {"c": [3]}, "d": 4})
    {'a': {'b': 1, 'c': [3]}, 'd': 4}
    """
    out = dict(document)
    for key, value in change.items():
        old = out.get(key)
        out[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return out


def spliced(source: bytes, change: bytes, keys: Sequence[bytes]) -> bytes | None:
    """Return a document with an object merged into it, as text; None if it has to be looked into for that.

    Parameters
    ----------
    source, change : bytes
        JSON objects; that of the change holds something.
    keys : sequence of bytes
        The outermost keys of the change.

    Examples
    --------
    >>> spliced(b'{"n": 1}', b'{"source":{"geo":{}}}', [b"source"])
    b'{"n": 1,"source":{"geo":{}}}'
    >>> spliced(b'{"source": {"ip": "::1"}}', b'{"source":{"geo":{}}}', [b"source"])
    """
    # What looks like such a key may be one further within, or a text: then it is looked into for nothing.
    if b"\\u" in source or any(b'"%b"' % key in source for key in keys) or dotted(source):
        return None
    end = source.rindex(b"}")
    return b"%b,%b" % (source[:end], change[1:]) if source[:end].strip() != b"{" else change


def placed(change: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return a change that names its fields as a document does, where that has keys with dots.

    To an index ``{"a.b": 1}`` and ``{"a": {"b": 2}}`` are one field: merged, it
    would have two values.

    Parameters
    ----------
    change : dict
        Nested, without dots.
    document : dict

    Examples
    --------
    >>> placed({"source": {"geo": {"name": "x", "city": "y"}}}, {"source.geo.name": "old", "source": {"ip": "::1"}})
    {'source.geo.name': 'x', 'source': {'geo': {'city': 'y'}}}
    """
    out: dict[str, Any] = {}
    for keys, value in _leaves(change, ()):
        node = out
        *parents, leaf = _way(document, keys) or keys
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    return out


def _leaves(tree: dict[str, Any], above: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    """Return values and the keys that lead to each; a point is one value."""
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in tree.items():
        if isinstance(value, dict) and value and "lat" not in value:
            found += _leaves(value, (*above, key))
        else:
            found.append(((*above, key), value))
    return found


def _way(node: dict[str, Any], keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the keys, some perhaps joined by dots, by which a document has a field; None if it has not."""
    for length in range(len(keys), 0, -1):
        key = ".".join(keys[:length])
        if key not in node:
            continue
        if length == len(keys):
            return (key,)
        inner = node[key]
        rest = _way(inner, keys[length:]) if isinstance(inner, dict) else None
        if rest is not None:
            return (key, *rest)
    return None
