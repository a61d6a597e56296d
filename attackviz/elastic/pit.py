"""Points in time: indices as they were, for as long as it takes to read them.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-open-point-in-time
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from ..errors import ElasticError
from .wire import path

if TYPE_CHECKING:
    from .wire import Wire

__all__ = ["closed", "opened"]


def opened(wire: Wire, index: str, keep: str) -> str:
    """Open a point in time, and return what it is asked by.

    Parameters
    ----------
    wire : Wire
    index : str
        What is seen in it; all of it, or it is an error.
    keep : str
        How long it outlives each question, such as ``5m``.

    Raises
    ------
    ElasticError
        If it cannot be had, or a part of the index is not in it.
    """
    if ":" in index:
        # A remote cluster that is away is left out of a point in time, and 8 does not say so.
        wire.search(path(index, "_search"), {"filter_path": "took"}, b'{"size":0,"track_total_hits":false}')
    answer = wire.search(path(index, "_pit"), {"keep_alive": keep})
    return str(msgspec.json.decode(answer)["id"])


def closed(wire: Wire, pit: str) -> None:
    """Let the cluster forget a point in time; where that fails it does so by itself after a while."""
    with suppress(ElasticError):
        wire.request("DELETE", "/_pit", body=msgspec.json.encode({"id": pit}), tries=1)
