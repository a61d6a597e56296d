"""The cluster that is measured: the one that ``ES_URL`` names, or a node of our own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.elastic.node import Node

MEMORY = "2g"


@contextmanager
def running() -> Iterator[tuple[str, psutil.Process | None]]:
    """Yield the URL of a cluster, and the server's process if it is ours: compiled well, as servers of users are."""
    if given := os.environ.get("ES_URL"):
        yield given, None
        return
    with (
        tempfile.TemporaryDirectory(prefix="attackviz-node-") as data,
        Node(Path(data), memory=MEMORY, quick=False) as node,
    ):
        yield node.url, psutil.Process(node.process)
