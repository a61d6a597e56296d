"""What the documents of an index are: told by its mapping and some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ..errors import ElasticError, FormatError, UsageError
from ..formats import Format, FormatLike, choose, detect, known_formats, own_formats
from .documents import DATES, Documents, Page, clock_of, page_of
from .fields import Field, fields_of, hides
from .wire import Wire, path

__all__ = ["recognise", "sampled"]

SAMPLE = 100
"""Documents looked at to tell their format."""


def recognise(wire: Wire, index: str, form: FormatLike | None = None, time: str | None = None) -> Documents:
    """Tell what the documents of an index are, from its mapping and some of them.

    Parameters
    ----------
    wire : Wire
        To the cluster.
    index : str
        An index, an alias, a data stream, a pattern, or several parted by commas.
    form : str, Mapping or path, optional
        The format, if it need not be told.
    time : str, optional
        The field of dates to cut by; by default what the format takes time from.

    Returns
    -------
    Documents

    Raises
    ------
    ElasticError
        If nothing is there, or it has no field of dates.
    FormatError
        If the documents are of no known format, or of several.
    UsageError
        If there is no such format, or it is not of documents.
    """
    mapping = msgspec.json.decode(wire.get(path(index, "_mapping")))
    if not mapping:  # a pattern that nothing is called like
        hint = "check its name; GET /_cat/indices lists all"
        raise ElasticError(f"there is no index {index}", where=wire.name, hint=hint, code="index")
    fields = fields_of(mapping)
    own = own_formats()
    if form is not None:
        chosen = choose(form, own)
        if chosen.kind != "json":
            raise UsageError(
                f"the format {chosen.name!r} reads {chosen.kind}, and documents are JSON",
                hint="name a format of documents, or none: they are told by their fields",
            )
    else:
        known = {name: each for name, each in known_formats(own).items() if each.kind == "json" and each.detected}
        chosen = _told(wire, index, fields, known)
    return Documents(index, chosen, _time(index, chosen, fields, time), fields, hides(mapping))


def sampled(wire: Wire, index: str) -> Page:
    """Return some documents of an index.

    Parameters
    ----------
    wire : Wire
    index : str
    """
    body = msgspec.json.encode({"size": SAMPLE, "track_total_hits": False, "sort": ["_doc"]})
    return page_of(wire.search(path(index, "_search"), {"filter_path": "hits.hits._source"}, body))


def _told(wire: Wire, index: str, fields: Mapping[str, Field], known: Mapping[str, Format]) -> Format:
    page = sampled(wire, index)
    if page.hits:
        return detect(page.lines, index, known)
    names = frozenset(fields) | {name.rpartition(".")[0] for name in fields}
    candidates = [each for each in known.values() if each.knows(names)]
    if len(candidates) == 1:
        return candidates[0]
    raise FormatError(
        "it holds no documents whose format could be told" if not candidates else
        f"it holds no documents, and its fields may be of {' or '.join(each.name for each in candidates)}",
        where=index,
        hint="load some, or name the format",
    )  # fmt: skip


def _time(index: str, form: Format, fields: Mapping[str, Field], time: str | None) -> str:
    asked: Sequence[str] = [time] if time else list(dict.fromkeys([*clock_of(form), "@timestamp"]))
    for name in asked:
        field = fields.get(name)
        if field is None:
            continue
        if set(field.kinds) <= DATES:
            return name
        if set(field.kinds) & DATES:
            raise ElasticError(
                f"the field {name!r} is {' in some and '.join(field.kinds)} in other of its indices",
                where=index,
                hint="name indices that agree, or re-index the others with a mapping of dates",
            )
    dates = [name for name, field in fields.items() if set(field.kinds) <= DATES]
    there = [f"{name!r} is {' and '.join(fields[name].kinds)}" for name in asked if name in fields]
    what = f"it has no field of dates for the time: {'; '.join(there) or 'there is no ' + ', '.join(map(repr, asked))}"
    hint = f"name one by time=: it has {', '.join(dates[:8])}" if dates else "map its time as a date, and re-index"
    raise ElasticError(what, where=index, hint=hint)
