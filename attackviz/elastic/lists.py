"""Documents that hold lists of words: which sets of values there are, so that each document is counted once.

A cluster counts a document under every value of a field. Where the format reads
a list as a set, documents that hold the same set are counted by themselves, and
all others as usual.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from .query import Query, all_of

if TYPE_CHECKING:
    from .moment import Moment
    from .needs import Source

__all__ = ["Listed", "Lists", "listing", "lists_of", "several"]

WORDS = 200
"""Values that a field may have in all, to be looked at so."""

MOST = 200
"""Different sets of values that are counted by themselves."""

_LOOK = 500  # documents at once


@dataclass(frozen=True, slots=True)
class Listed:
    """Hold documents that have the same sets of values in some fields.

    Attributes
    ----------
    values : dict of str to list of str
        By field of the document: what all of them hold. Of other fields they have one value at most.
    query : dict or None
        What finds them; None for all documents.
    """

    values: dict[str, list[str]]
    query: Query | None


@dataclass(frozen=True, slots=True)
class Lists:
    """Hold what lists there are in some fields.

    Attributes
    ----------
    words : dict of Source to tuple of str
        All values of each field.
    sets : tuple of dict of Source to frozenset of str
        What documents hold that have several values in a field: the sets of such fields.
    """

    words: dict[Source, tuple[str, ...]]
    sets: tuple[dict[Source, frozenset[str]], ...]

    def apart(self, asked: Sequence[Source]) -> Iterator[Listed]:
        """Yield parts of the documents that can each be counted by some fields.

        Parameters
        ----------
        asked : sequence of Source
        """
        here = [{field: held for field, held in one.items() if field in asked} for one in self.sets]
        here = [one for number, one in enumerate(here) if one and one not in here[:number]]
        fields = [field for field in self.words if any(field in one for one in here)]
        for one in ({}, *here):
            values = {field.paths[0]: sorted(held) for field, held in one.items()}
            yield Listed(values, all_of(self._like(one, fields)) if fields else None)

    def _like(self, one: dict[Source, frozenset[str]], fields: Iterable[Source]) -> list[Query]:
        """Return what to ask for documents with some sets of values in fields, and one value at most in the others."""
        return [
            self._exactly(field, one[field]) if field in one else {"bool": {"must_not": [self._several(field)]}}
            for field in fields
        ]

    def _several(self, field: Source) -> Query:
        """Return the query for documents with several values in a field."""
        each = [{"term": {field.asked: word}} for word in self.words[field]]
        return {"bool": {"should": each, "minimum_should_match": 2}}

    def _exactly(self, field: Source, held: frozenset[str]) -> Query:
        """Return the query for documents that hold some values, and no others."""
        others = [word for word in self.words[field] if word not in held]
        return {
            "bool": {
                "filter": [{"term": {field.asked: word}} for word in sorted(held)],
                "must_not": [{"terms": {field.asked: others}}] if others else [],
            }
        }

    def unknown(self) -> Query:
        """Return the query for documents with several values in a field, of sets that are not known yet."""
        some = {"bool": {"should": [self._several(field) for field in self.words]}}
        known = [all_of(self._like(one, self.words)) for one in self.sets]
        return {"bool": {"filter": [some], "must_not": known}}


def lists_of(moment: Moment, fields: Sequence[Source], known: Lists | None) -> Lists:
    """Return what lists the documents of an index hold: up to `MOST`, in fields of up to `WORDS` values.

    Parameters
    ----------
    moment : Moment
    fields : sequence of Source
        Of words.
    known : Lists or None
        What was found in an earlier moment; it stays while there are no new values.
    """
    asked = {str(n): {"terms": {"field": one.asked, "size": WORDS + 1}} for n, one in enumerate(fields)}
    # Of all documents: how many have a word is then known to the index, and need not be counted.
    counted = msgspec.json.decode(moment.post({"size": 0, "aggs": asked}))["aggregations"] if asked else {}
    listed = {one: tuple(sorted(each["key"] for each in counted[str(n)]["buckets"])) for n, one in enumerate(fields)}
    words = {one: found for one, found in listed.items() if 1 < len(found) <= WORDS}
    if known is not None and known.words == words:
        return known
    lists = Lists(words, ())
    while words and len(lists.sets) < MOST and (new := _looked(moment, lists)):
        lists = Lists(words, (*lists.sets, *new)[:MOST])
    return lists


def several(moment: Moment, fields: Sequence[Source]) -> list[Source]:
    """Return those of some fields in which documents hold several values.

    Parameters
    ----------
    moment : Moment
    fields : sequence of Source
    """
    asked: dict[str, Any] = {}
    for number, one in enumerate(fields):
        asked[f"v{number}"] = {"value_count": {"field": one.asked}}
        asked[f"d{number}"] = {"filter": {"exists": {"field": one.asked}}}
    body = {"size": 0, "query": all_of([moment.query]), "aggs": asked}
    found = msgspec.json.decode(moment.post(body))["aggregations"] if asked else {}
    return [one for number, one in enumerate(fields) if found[f"v{number}"]["value"] > found[f"d{number}"]["doc_count"]]


def listing(fields: Iterable[Source]) -> Query:
    """Return the query for documents with several values in any of some fields; it is a script.

    Parameters
    ----------
    fields : iterable of Source
    """
    source = "for (f in params.fields) { if (doc.containsKey(f) && doc[f].size() > 1) return true } return false"
    names = sorted(one.asked for one in fields)
    return {"script": {"script": {"lang": "painless", "source": source, "params": {"fields": names}}}}


def _looked(moment: Moment, lists: Lists) -> list[dict[Source, frozenset[str]]]:
    """Return sets that are not known yet, if there are some."""
    names = [one.asked for one in lists.words]
    body = {
        "size": _LOOK,
        "query": all_of([moment.query, lists.unknown()]),
        "_source": False,
        "docvalue_fields": names,
        "sort": ["_doc"],
    }
    found: list[dict[Source, frozenset[str]]] = []
    for hit in msgspec.json.decode(moment.post(body))["hits"]["hits"]:
        held = {one: frozenset(hit["fields"].get(one.asked, ())) for one in lists.words}
        several = {one: each for one, each in held.items() if len(each) > 1}
        if several not in found and several not in lists.sets:
            found.append(several)
    return found
