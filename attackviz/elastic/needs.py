"""How an index can be counted by columns of the event table: which fields they are made of, and whether it can.

A column is made by code, so that is asked: it is run on a log without values,
and what it looks at is what it needs. No second table of fields is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..account import Account
from ..formats import Format
from ..formats.columns import Columns

if TYPE_CHECKING:
    import pyarrow as pa

    from .documents import Documents

__all__ = ["ListsError", "Source", "TooManyError", "UncountableError", "needed", "sources"]

_KINDS = (
    frozenset({"keyword", "wildcard", "text"}),
    frozenset({"ip"}),
    frozenset({"long", "integer", "short", "byte"}),
    frozenset({"float", "double"}),
    frozenset({"boolean"}),
)
"""Types that can be counted by, and those that are counted alike."""


class UncountableError(Exception):
    """The cluster cannot count what is asked as pandas would; it says why."""


class ListsError(UncountableError):
    """Some documents hold lists in some fields, and would be counted several times."""

    def __init__(self, fields: Iterable[Source]) -> None:
        self.fields = tuple(fields)
        super().__init__(f"some documents hold lists in {', '.join(one.paths[0] for one in self.fields)}")


class TooManyError(UncountableError):
    """There are more combinations of values than may be."""


@dataclass(frozen=True, slots=True)
class Source:
    """Hold a field to count by.

    Attributes
    ----------
    asked : str
        What the index is asked for.
    paths : tuple of str
        The field of a document; of a point its latitude and longitude.
    origin : bool
        Whether it is the place of a source.
    """

    asked: str
    paths: tuple[str, ...]
    origin: bool = False

    @property
    def is_point(self) -> bool:
        """Whether it is a place."""
        return len(self.paths) == 2


class _Written(dict[str, Any]):
    """A log without values that keeps in mind what is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def get(self, path: str, default: Any = None) -> Any:
        if path not in self:
            self.seen.add(path)
        return super().get(path, default)

    def taken(self) -> set[str]:
        seen, self.seen = self.seen, set()
        return seen


class _Watched(Columns):
    def __init__(self) -> None:
        self.log = _Written()
        super().__init__(self.log, 1, Account(), "UTC")

    def derive(self, path: str, text: pa.Array) -> None:
        self.log[path] = text.to_pylist()

    def without(self, path: str) -> Columns:
        return self


@lru_cache(maxsize=256)
def needed(form: Format, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the fields that columns are made of, and those that tell what is no event.

    Parameters
    ----------
    form : Format
    columns : tuple of str
        Of the event table, or of a user's own format.

    Examples
    --------
    >>> from attackviz.formats import FORMATS
    >>> needed(FORMATS["ecs"], ("rule_id", "dst_host"))
    ('destination.domain', 'host.name', 'rule.id', 'url.domain')
    """
    watched = _Watched()
    if form.leave_out is not None:
        form.leave_out(watched)
    always = watched.log.taken()
    built = form.build(watched)
    at_once = watched.log.taken()
    if watched.left_out and form.leave_out is None:
        always |= at_once
    plain, found = dict(form.plain), set(always)
    for name in columns:
        column = built.get(name)
        if name in plain:
            found.add(plain[name])
        elif callable(column):
            column()
            found |= watched.log.taken() | at_once
        elif column is not None:
            found |= at_once
    return tuple(sorted(found))


def sources(documents: Documents, paths: Iterable[str]) -> tuple[Source, ...]:
    """Return what an index can be counted by instead of fields.

    Parameters
    ----------
    documents : Documents
    paths : iterable of str
        Fields. Those that no document has are left out.

    Raises
    ------
    UncountableError
        If the index keeps one of them otherwise than documents have it, or not at all.
    """
    found: dict[str, Source] = {}
    origins = needed(documents.form, ("src_lat", "src_lon"))
    for path in paths:
        field, parent = documents.fields.get(path), path.rpartition(".")[0]
        above = documents.fields.get(parent)
        if field is None and above is not None:
            if above.kinds != ("geo_point",) or not (above.everywhere and above.faithful):
                raise UncountableError(f"{parent} is no object everywhere")
            found[parent] = Source(parent, (f"{parent}.lat", f"{parent}.lon"), path in origins)
            continue
        if any(name.startswith(f"{path}.") for name in documents.fields):
            raise UncountableError(f"{path} is an object in some documents")
        if field is None:
            if documents.hides:
                raise UncountableError(f"the index does not know {path}, and documents may have it")
            continue
        if not field.everywhere:
            raise UncountableError(f"some of the indices do not know {path}, and documents may have it")
        if field.text_alone:
            raise UncountableError(f"{path} is text without a keyword")
        if not field.terms or not field.faithful or not any(set(field.kinds) <= alike for alike in _KINDS):
            raise UncountableError(f"the index does not keep {path} ({' and '.join(field.kinds)}) as documents have it")
        found[path] = Source(field.terms, (path,))
    return tuple(found.values())
