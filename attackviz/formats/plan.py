"""Which fields of a JSON object are wanted, compiled into a typed decoder.

Only the wanted fields are decoded; the rest of a line is checked and skipped.
Fields are typed loosely, so that a number where text was expected costs no
event: columns are cast afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Protocol

import msgspec

from .written import Digits

__all__ = ["Plan", "Rows", "steps"]


def steps(path: str) -> tuple[str, ...]:
    """Return the keys that lead to a field; a dot steps into an object."""
    return tuple(path.split("."))


Tree = dict[str, "Tree | None"]


class Rows(Protocol):
    """Make rows of objects; what a row is, is its own affair.

    Attributes
    ----------
    keys : frozenset of str
        The outermost keys that are wanted.
    empty : Any
        Equals the row of an object without any wanted field.
    one : callable
        Decodes one object; a ValueError of some kind if it is none.
    """

    keys: frozenset[str]
    empty: Any

    @property
    def one(self) -> Callable[[bytes], Any]:
        """Decode one object."""

    def from_object(self, value: dict[str, Any]) -> Any:
        """Return the row of an object that is decoded already."""


class Plan:
    """Decode the wanted fields of JSON objects.

    Parameters
    ----------
    paths : sequence of str
        Wanted fields; a dot steps into an object (``connection.protocol``).
    dotted : bool
        Whether a path with dots is looked for as one flat key, too
        (``{"client.ip": ...}``).

    Attributes
    ----------
    one, many, array : callable
        Decode one object, whitespace-separated objects, a JSON array of them.
    keys : frozenset of str
        The outermost keys that are wanted.
    empty : msgspec.Struct
        What an object without any wanted field decodes to.

    Examples
    --------
    >>> plan = Plan(["ip", "c.proto"])
    >>> plan.column([plan.one(b'{"ip": "1.2.3.4", "c": {"proto": "ssh"}, "x": [1]}')], "c.proto")
    ['ssh']
    """

    def __init__(self, paths: Sequence[str], dotted: bool = False) -> None:
        self.paths = tuple(dict.fromkeys(paths))
        tree: Tree = {}
        # `a` and `a.b` wanted at once: `a` decodes whole and is looked into.
        self._whole: dict[str, str] = {}
        for path in self.paths:
            if dotted and "." in path:
                tree[path] = None
            keys = steps(path)
            around = [whole for n in range(1, len(keys)) if (whole := ".".join(keys[:n])) in self.paths]
            if around:
                self._whole[path] = around[0]
                continue
            *parents, leaf = keys
            node = tree
            for parent in parents:
                child = node.setdefault(parent, {})
                assert child is not None
                node = child
            node[leaf] = None
        self._names: dict[tuple[str, ...], str] = {}
        self._types: dict[tuple[str, ...], Any] = {}
        self._tree = tree
        row = self._struct(tree, ())
        self.keys = frozenset(tree)
        self.empty: Any = row()
        self.one: Callable[[bytes], Any] = msgspec.json.Decoder(row, float_hook=Digits).decode
        self.many: Callable[[bytes], list[Any]] = msgspec.json.Decoder(row, float_hook=Digits).decode_lines
        rows: Any = list[row]  # type: ignore[valid-type]
        self.array: Callable[[bytes], list[Any]] = msgspec.json.Decoder(rows, float_hook=Digits).decode
        self._dotted = dotted

    def _struct(self, tree: Tree, where: tuple[str, ...]) -> type[msgspec.Struct]:
        fields: list[Any] = []
        rename = {}
        for number, (key, child) in enumerate(tree.items()):
            name = f"f{number}"
            rename[name] = key
            self._names[(*where, key)] = name
            if child is None:
                fields.append((name, object, None))
            else:
                inner = self._struct(child, (*where, key))
                loose: Any = inner | str | int | float | bool | list | None
                fields.append((name, loose, inner()))
        made: type[msgspec.Struct] = msgspec.defstruct("Row", fields, rename=rename, gc=False, frozen=True)
        self._types[where] = made
        return made

    def from_object(self, value: dict[str, Any]) -> Any:
        """Return the row of an object that was decoded by other means."""
        return self._filled(value, self._tree, ())

    def _filled(self, value: dict[str, Any], tree: Tree, where: tuple[str, ...]) -> Any:
        # Not by msgspec.convert: it fails on keys that hold half a surrogate pair.
        fields = {}
        for key, child in tree.items():
            if key in value:
                found = value[key]
                inner = child is not None and isinstance(found, dict)
                fields[self._names[(*where, key)]] = self._filled(found, child or {}, (*where, key)) if inner else found
        return self._types[where](**fields)

    def columns(self, rows: list[Any]) -> dict[str, list[Any]]:
        """Return every wanted field of all rows, by path."""
        return {path: self.column(rows, path) for path in self.paths}

    def column(self, rows: list[Any], path: str) -> list[Any]:
        """Return one field of every row; None where a row lacks it.

        Parameters
        ----------
        rows : list
            What `one`, `many` and `array` gave.
        path : str
            One of the wanted paths.
        """
        values = self._nested(rows, path)
        if self._dotted and "." in path:
            flat = list(map(attrgetter(self._names[(path,)]), rows))
            if any(value is not None for value in flat):
                return [f if f is not None else v for v, f in zip(values, flat, strict=True)]
        return values

    def _nested(self, rows: list[Any], path: str) -> list[Any]:
        keys = steps(path)
        if path in self._whole:
            around = self._whole[path]
            values = self._nested(rows, around)
            for key in keys[len(steps(around)) :]:
                values = [value.get(key) if isinstance(value, dict) else None for value in values]
            return values
        names = [self._names[keys[: n + 1]] for n in range(len(keys))]
        try:
            return list(map(attrgetter(".".join(names)), rows))
        except AttributeError:
            pass  # somewhere an object was expected and something else stood there
        values = rows
        for name in names:
            values = [getattr(value, name, None) for value in values]
        return values
