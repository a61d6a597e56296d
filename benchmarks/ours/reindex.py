"""Re-index: ``python -m benchmarks.ours.reindex URL INDEX place|copy|slow|alone``."""

from __future__ import annotations

import json
import sys
import tempfile
import time

from attackviz.elastic import Elastic
from tests.elastic.node import ask


def wait(document: dict[str, object]) -> dict[str, object]:
    """Wait as for another server, and say so."""
    time.sleep(0.1)
    return {"waited": True}


def main() -> None:
    """Do it, and print the documents a second."""
    url, index, how = sys.argv[1:]
    cluster = Elastic(url, index)
    options: dict[str, object] = {"enrich": "geo"} if how in ("place", "copy") else {}
    workers = {"alone": 1, "slow": 2}.get(how)
    if how == "copy":
        ask(url, "DELETE", f"/{index}-to?ignore_unavailable=true")
        options["to"] = f"{index}-to"
    if how in ("slow", "alone"):
        options |= {"processor": "benchmarks.ours.reindex:wait"} | ({"at_once": 1} if how == "alone" else {})
    with tempfile.TemporaryDirectory() as directory:
        began = time.perf_counter()
        done = cluster.reindex(**options).run(f"{directory}/job", workers=workers)
        took = time.perf_counter() - began
    assert done.closes()
    assert not done.refused
    print(json.dumps({"rate": done.documents / took, "took": took}))


if __name__ == "__main__":
    main()
