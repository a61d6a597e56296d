"""What a tail asks of an index: where documents are that it does not know, those documents, and counts."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from .documents import Hit, hits_of
from .pit import closed, opened
from .query import Query, all_of, between, without
from .slices import BROKEN
from .wire import path

if TYPE_CHECKING:
    from .wire import Wire

__all__ = ["Look"]

STEPS = 60
"""How many steps of time an overlap is compared in."""

_KEEP = "5m"
_PAGE = 10_000  # what an index gives at once, unless its settings say otherwise
_FIRST_PAGE = 1_000
_PAGE_BYTES = 8 << 20


class Look:
    """Ask an index for documents by when they came.

    Parameters
    ----------
    wire : Wire
        To the cluster.
    index : str
    query : dict
        What is read, whatever its time.
    lag : float
        Seconds, rounded up: later documents are left alone. By the cluster's clock.
    """

    def __init__(self, wire: Wire, index: str, query: Query, lag: float) -> None:
        self._wire, self._index, self._query = wire, index, query
        self._until = f"now-{-int(-lag // 1)}s"
        self._size = _FIRST_PAGE

    def newest(self, by: str) -> int | None:
        """Return the newest time of a field that is not in the future."""
        found = self._ask({"range": {by: {"lte": self._until}}}, {"newest": {"max": {"field": by}}})
        newest = found.get("newest", {}).get("value")
        return None if newest is None else int(newest)

    def lacks(self, field: str, by: str, start: int, end: int) -> bool:
        """Return whether a document of a span of time has no such field."""
        found = self._ask(between(by, start, end), {"lacking": {"missing": {"field": field}}})
        return bool(found.get("lacking", {}).get("doc_count"))

    def untimed(self, by: str) -> int:
        """Return how many documents lack a field."""
        body = {"size": 0, "track_total_hits": True, "query": all_of([self._query, without(by)])}
        return int(self._search(body)["hits"]["total"]["value"])

    def counts(self, by: str, spans: Mapping[str, tuple[int, int]]) -> dict[str, int]:
        """Return how many documents spans of time have, each by its name."""
        parts = {name: between(by, start, end) for name, (start, end) in spans.items()}
        whole = between(by, min(start for start, _ in spans.values()), max(end for _, end in spans.values()))
        buckets = self._ask(whole, {"parts": {"filters": {"filters": parts}}}).get("parts", {}).get("buckets", {})
        return {name: buckets.get(name, {}).get("doc_count", 0) for name in spans}

    def unknown(self, by: str, floor: int, after: int, known: Mapping[int, int], step: int) -> list[Query]:
        """Return the spans of time with documents that are not known.

        Parameters
        ----------
        by : str
        floor, after : int
            Milliseconds: what is between was read before, what is after was not.
        known : mapping of int to int
            How many documents are known of each step between.
        step : int
            Milliseconds; steps are counted from the epoch on.
        """
        bins = {"date_histogram": {"field": by, "fixed_interval": f"{step}ms", "min_doc_count": 1}}
        early = {"filter": between(by, floor, after), "aggs": {"steps": bins}}
        found = self._ask(self._from(by, floor), {"early": early, "new": {"filter": self._from(by, after)}})
        if not found:
            return []  # no index is called like that any more
        spans: list[tuple[int, int]] = []
        for one in found["early"]["steps"]["buckets"]:
            key = int(one["key"]) // step
            if one["doc_count"] == known.get(key, 0):
                continue
            start, end = max(key * step, floor), min((key + 1) * step, after)
            if spans and spans[-1][1] == start:
                start = spans.pop()[0]
            spans.append((start, end))
        new = [self._from(by, after)] if found["new"]["doc_count"] else []
        return [between(by, *span) for span in spans] + new

    def pages(self, by: str, spans: list[Query], fields: Iterable[str]) -> Generator[list[Hit], None, None]:
        """Yield documents of some spans by time, through a point in time.

        Parameters
        ----------
        by : str
        spans : list of dict
            As from `unknown`.
        fields : iterable of str
            What is wanted of each document.

        Yields
        ------
        list of Hit
            Their first sort value is their time in milliseconds; of several, the first.
        """
        clock = {"order": "asc", "numeric_type": "date", "unmapped_type": "date"}
        body: dict[str, Any] = {
            "query": all_of([self._query, {"bool": {"should": spans, "minimum_should_match": 1}}]),
            "sort": [{by: clock}, {"_shard_doc": "asc"}],
            "_source": list(fields),
            "track_total_hits": False,
        }
        pit = opened(self._wire, self._index, _KEEP)
        try:
            while True:
                body |= {"size": self._size, "pit": {"id": pit, "keep_alive": _KEEP}}
                answer = self._wire.search("/_search", body=msgspec.json.encode(body), leave=BROKEN)
                hits, other = hits_of(answer)
                pit, last = other or pit, len(hits) < self._size
                if hits:
                    self._size = max(100, min(_PAGE, _PAGE_BYTES * len(hits) // len(answer)))
                    body["search_after"] = hits[-1].sort
                    yield hits
                if last:
                    return
        finally:
            closed(self._wire, pit)

    def _from(self, by: str, start: int) -> Query:
        return {"range": {by: {"gte": start, "lte": self._until, "format": "epoch_millis"}}}

    def _ask(self, query: Query, aggs: dict[str, Any]) -> dict[str, Any]:
        body = {"size": 0, "track_total_hits": False, "query": all_of([self._query, query]), "aggs": aggs}
        found: dict[str, Any] = self._search(body).get("aggregations", {})
        return found

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._wire.search(path(self._index, "_search"), body=msgspec.json.encode(body))
        found: dict[str, Any] = msgspec.json.decode(answer)
        return found
