"""What an index knows of its fields: their types, and how each can be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Field", "fields_of", "hides"]

_NUMBERS = frozenset({"long", "integer", "short", "byte", "unsigned_long"})
_UNLIMITED = 1 << 31
_CHANGED = ("normalizer", "null_value", "script", "scaling_factor")  # what makes other values of those in documents


@dataclass(frozen=True, slots=True)
class Field:
    """Describe a field of an index, or of several.

    Attributes
    ----------
    name : str
        With dots.
    kinds : tuple of str
        Its type; several where the indices do not agree.
    terms : str
        The field that is asked for whole values: itself, or a keyword beneath
        a text; empty where it cannot be asked.
    limit : int
        The longest value, in characters, that is found by `terms`.
    everywhere : bool
        Whether no index may hold it without knowing it.
    faithful : bool
        Whether the index keeps what `terms` asks for as documents have it, so
        that it can count it.
    """

    name: str
    kinds: tuple[str, ...]
    terms: str = ""
    limit: int = _UNLIMITED
    everywhere: bool = True
    faithful: bool = True

    @property
    def kind(self) -> str:
        """What it is asked as: ``keyword``, ``ip``, ``number``, ``date`` or empty where it cannot be."""
        kinds = set(self.kinds)
        if kinds <= _NUMBERS:
            return "number"
        if kinds == {"ip"}:
            return "ip"
        if kinds <= {"date", "date_nanos"}:
            return "date"
        return "keyword" if kinds <= {"keyword", "constant_keyword", "wildcard", "text"} and self.terms else ""

    @property
    def searchable(self) -> bool:
        """Whether every document that holds a value is found by it."""
        return bool(self.terms and self.kind and self.everywhere)

    @property
    def text_alone(self) -> bool:
        """Whether it is text that cannot be asked for whole values."""
        return "text" in self.kinds and not self.terms


def fields_of(mapping: Mapping[str, Any]) -> dict[str, Field]:
    """Return the fields of an answer to ``GET INDEX/_mapping``.

    Parameters
    ----------
    mapping : mapping
        By index.

    Examples
    --------
    >>> ip = {"source": {"properties": {"ip": {"type": "ip"}}}}
    >>> fields_of({"a": {"mappings": {"properties": ip}}})["source.ip"].kind
    'ip'
    >>> text = {"rule": {"type": "text", "fields": {"raw": {"type": "keyword", "ignore_above": 256}}}}
    >>> fields_of({"a": {"mappings": {"properties": text}}})["rule"].terms
    'rule.raw'
    """
    indices = [each.get("mappings", {}) for each in mapping.values()]
    found = [dict(_flat(each.get("properties", {}), "")) for each in indices]
    return {name: _merged(name, found, indices) for name in dict.fromkeys(n for each in found for n in each)}


def hides(mapping: Mapping[str, Any]) -> bool:
    """Return whether documents may hold fields that no mapping names.

    Parameters
    ----------
    mapping : mapping
        An answer to ``GET INDEX/_mapping``.

    Examples
    --------
    >>> hides({"a": {"mappings": {"dynamic": "false"}}})
    True
    """
    return any(_anywhere_closed(each.get("mappings", {})) for each in mapping.values())


def _closed(properties: Mapping[str, Any]) -> bool:
    return str(properties.get("dynamic", "true")).lower() in ("false", "runtime")


def _flat(properties: Mapping[str, Any], within: str, nested: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, value in properties.items():
        name = within + key
        if "properties" in value or value.get("type") in ("object", "nested"):
            inner = nested or value.get("type") == "nested"
            yield from _flat(value.get("properties", {}), f"{name}.", inner)
        elif nested:  # kept in documents of their own, where no plain question finds them
            yield name, {"type": value.get("type", "object"), "index": False, "doc_values": False}
        else:
            yield name, value


def _merged(name: str, found: list[dict[str, dict[str, Any]]], indices: list[Mapping[str, Any]]) -> Field:
    known = [each[name] for each in found if name in each]
    lacking = [index for each, index in zip(found, indices, strict=True) if name not in each]
    kinds = tuple(sorted({str(each.get("type", "object")) for each in known}))
    ways = {_terms(name, each) for each in known}
    terms, limit = ways.pop() if len(ways) == 1 else ("", 0)
    everywhere = not any(_anywhere_closed(index) for index in lacking)
    copied = any(name in _copied(each) for each in found)
    return Field(name, kinds, terms, limit, everywhere, not copied and all(map(_faithful, known)))


def _anywhere_closed(value: Any) -> bool:
    """Whether a mapping leaves any field out that documents may hold."""
    if not isinstance(value, Mapping):
        return False
    return _closed(value) or value.get("enabled") is False or any(map(_anywhere_closed, value.values()))


def _copied(fields: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return fields that hold what others were copied to them from."""
    targets = (each["copy_to"] for each in fields.values() if "copy_to" in each)
    return {name for each in targets for name in ([each] if isinstance(each, str) else each)}


def _faithful(field: Mapping[str, Any]) -> bool:
    """Whether its values are kept by columns, and as they are."""
    if field.get("type") == "text":
        asked = _asked_beneath(field)
        return asked is not None and _faithful(asked[1])
    return field.get("doc_values", True) is not False and not any(name in field for name in _CHANGED)


def _terms(name: str, field: Mapping[str, Any]) -> tuple[str, int]:
    """Return what is asked for whole values of a field, and the longest it knows."""
    kind = field.get("type")
    if kind != "text":
        asked = field.get("index", True) or field.get("doc_values", True)
        return (name, int(field.get("ignore_above", _UNLIMITED))) if asked else ("", 0)
    beneath = _asked_beneath(field)
    if beneath is None:
        return "", 0
    return f"{name}.{beneath[0]}", int(beneath[1].get("ignore_above", _UNLIMITED))


def _asked_beneath(field: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Return the keyword beneath a text that can be asked for whole values."""
    for key, under in field.get("fields", {}).items():
        if under.get("type") in ("keyword", "wildcard") and under.get("index", True):
            return key, under
    return None
