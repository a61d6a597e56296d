"""All of Elasticsearch: how to reach a cluster, what its documents are, pulling and writing them."""

from __future__ import annotations

from .address import Address
from .cluster import Elastic
from .connect import Connection
from .wire import Wire, path

__all__ = ["Address", "Connection", "Elastic", "Wire", "path"]
