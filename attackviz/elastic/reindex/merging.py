"""Objects merged into documents, as a partial update does it."""

from __future__ import annotations

from typing import Any

__all__ = ["merged", "placed"]


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
