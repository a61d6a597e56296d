"""The documents of a slice, page by page, each of them once."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import msgspec

from ...errors import ElasticError
from ..documents import Hit, hits_of
from ..pit import closed, opened
from ..plain import partial
from ..query import Query
from ..slices import BROKEN

if TYPE_CHECKING:
    from ..wire import Wire

__all__ = ["KEEP", "read"]

KEEP = "30m"
"""How long a point in time outlives a page; slow processors take their time."""

_TRIES = 6
_FIRST_WAIT = 0.2  # seconds
_FIRST_PAGE = 1_000
_PAGE = 10_000
_PAGE_BYTES = 4 << 20

Pages = Generator[list[Hit], None, None]


def read(wire: Wire, index: str, query: Query, first: int = _FIRST_PAGE) -> Pages:
    """Yield documents; where the point in time breaks, those that were not given yet come from another.

    Parameters
    ----------
    wire : Wire
    index : str
    query : dict
    first : int
        How many the first page has.

    Yields
    ------
    list of Hit

    Raises
    ------
    ElasticError
        If it cannot be read whole in several tries, or documents were kept
        without their source.
    """
    given: set[tuple[str, str, str | None]] = set()
    for attempt in range(_TRIES):
        try:
            for page in _pages(wire, index, query, first):
                new = [hit for hit in page if (hit.index, hit.id, hit.routing) not in given]
                given.update((hit.index, hit.id, hit.routing) for hit in new)
                if new:
                    yield new
            return
        except ElasticError as error:
            if attempt == _TRIES - 1 or error.code not in BROKEN:
                raise
            time.sleep(_FIRST_WAIT * 2**attempt)


def _pages(wire: Wire, index: str, query: Query, size: int) -> Pages:
    pit = opened(wire, index, KEEP)
    count = {"query": query, "size": 0, "track_total_hits": True, "pit": {"id": pit, "keep_alive": KEEP}}
    body: dict[str, Any] = {"query": query, "sort": [{"_shard_doc": "asc"}]}
    body |= {"track_total_hits": False, "seq_no_primary_term": True}
    done = 0
    try:
        answer = wire.search("/_search", body=msgspec.json.encode(count), leave=BROKEN)
        total = int(msgspec.json.decode(answer)["hits"]["total"]["value"])
        while done < total:
            body |= {"size": size, "pit": {"id": pit, "keep_alive": KEEP}}
            answer = wire.search("/_search", body=msgspec.json.encode(body), leave=BROKEN)
            hits, renewed = hits_of(answer)
            if not hits:
                raise partial(0, False, f"{wire.name}/{index}")
            pit, done = renewed or pit, done + len(hits)
            size = max(100, min(_PAGE, _PAGE_BYTES * len(hits) // len(answer)))
            body["search_after"] = hits[-1].sort
            yield hits
    finally:
        closed(wire, pit)
