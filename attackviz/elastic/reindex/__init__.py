"""Pull large volumes, enrich or change each document, send it back; see `attackviz.elastic.reindex.job`."""

from __future__ import annotations

from .done import Reindexed
from .job import Reindex
from .work import Change

__all__ = ["Change", "Reindex", "Reindexed"]
