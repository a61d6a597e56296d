"""Pull an index as people do today: ``python -m benchmarks.today.pull URL INDEX [FIELD...]``.

With fields, only these are asked for.
"""

from __future__ import annotations

import json
import sys
import time

import pandas as pd
from elasticsearch import Elasticsearch, helpers


def main() -> None:
    """Pull, and print how many rows there were and what it took."""
    url, index, *fields = sys.argv[1:]
    client = Elasticsearch(url)
    client.info()
    query: dict[str, object] = {"query": {"match_all": {}}}
    if fields:
        query["_source"] = fields
    cpu, wall = time.process_time(), time.perf_counter()
    hits = helpers.scan(client, index=index, query=query, size=10_000)
    frame = pd.json_normalize([hit["_source"] for hit in hits])
    took = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    print(json.dumps({"rows": len(frame), **took}))


if __name__ == "__main__":
    main()
