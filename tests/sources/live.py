"""What the tests of sources that run on share: lines with ids of their own, and taking what comes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

PATIENCE = 120  # seconds; a laptop needs a few


def line(name: str, address: str = "192.0.2.7") -> bytes:
    """Return a line of T-Pot's CiscoASA honeypot; its payload is a name to know it by."""
    row = {"timestamp": "2025-02-24T08:04:37", "src_ip": address, "payload_printable": name}
    return json.dumps(row).encode() + b"\n"


def names(table: Any) -> list[str]:
    """Return the names that lines were given."""
    return [] if table is None else table["detail"].to_pylist()


def take(source: Any, enough: Callable[[list[Any]], bool], settle: bool = True) -> list[Any]:
    """Take what a source hands over until it is enough; settle each."""
    taken: list[Any] = []
    deadline = time.monotonic() + PATIENCE
    coming: Iterator[Any] = iter(source)
    try:
        while not enough(taken):
            assert time.monotonic() < deadline, f"only {len(taken)} came in time"
            arrived = next(coming)
            if arrived is not None:
                taken.append(arrived)
                if settle:
                    arrived.settle()
    finally:
        coming.close()  # type: ignore[attr-defined]
        source.close()
    return taken


def rows(taken: list[Any]) -> list[str]:
    """Return the names of all that was taken."""
    return [name for each in taken for name in names(each.table)]


def until(holds: Callable[[], Any]) -> Any:
    """Wait until something holds, and return what it gave."""
    deadline = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
    return found
