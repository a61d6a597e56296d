"""Write the same events into a cluster: by attackviz, by helpers.bulk and by helpers.parallel_bulk, in turns.

``python -m benchmarks.ours.bulk URL ROWS RUNS``
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable

import msgspec
import pyarrow as pa
from elasticsearch import Elasticsearch, helpers

from attackviz.elastic import Connection, Wire
from attackviz.elastic.bulk import documents
from attackviz.elastic.template import mapping
from attackviz.elastic.write import write
from attackviz.geo import enrich
from attackviz.open import scan
from attackviz.schema import COLUMNS

from ..bench import TPOT

INDEX = "attackviz-bench-bulk"


def events(rows: int) -> pa.Table:
    """Return real events with their places and ids."""
    tables: list[pa.Table] = []
    with scan(TPOT, columns=list(COLUMNS)) as batches:
        for table in batches:
            tables.append(enrich(table))
            if sum(each.num_rows for each in tables) >= rows:
                break
    return pa.concat_tables(tables, promote_options="default").unify_dictionaries().slice(0, rows)


def main() -> None:
    """Measure and print."""
    url, rows, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    table = events(rows)
    rows = table.num_rows
    # Handed to the helpers as they want them, as objects: making those is not counted against them.
    found = [msgspec.json.decode(text) for text in documents(table).to_pylist()]
    actions = [
        {"_op_type": "create", "_index": INDEX, "_id": each, "_source": document}
        for each, document in zip(table["event_id"].to_pylist(), found, strict=True)
    ]
    gc.freeze()  # a hundred thousand objects that wait for the helpers: nobody's work to look through
    client = Elasticsearch(url, request_timeout=120)
    wire = Wire(Connection.find(url))
    ways: dict[str, Callable[[], int]] = {
        "ours": lambda: write(wire, INDEX, [table]).created,
        "bulk": lambda: helpers.bulk(client, actions)[0],
        "parallel": lambda: sum(ok for ok, _ in helpers.parallel_bulk(client, actions, thread_count=4)),
    }
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for run in range(runs + 1):
        for name, way in ways.items():
            client.indices.delete(index=INDEX, ignore_unavailable=True)
            client.indices.create(index=INDEX, mappings=mapping(), settings={"number_of_replicas": 0})
            began, busy, server = time.perf_counter(), time.process_time(), cpu_of(client)
            written = way()
            figures = (time.process_time() - busy, time.perf_counter() - began, cpu_of(client) - server)
            assert written == rows, (name, written)
            if run:  # the first warms both sides up
                taken[name].append(figures)
    client.indices.delete(index=INDEX, ignore_unavailable=True)
    middle = {
        name: [statistics.median(column) for column in zip(*values, strict=True)] for name, values in taken.items()
    }
    print(json.dumps({"rows": rows, **middle}))


def cpu_of(client: Elasticsearch) -> float:
    """Return the seconds of processor time the nodes have taken."""
    nodes = client.nodes.stats(metric="process")["nodes"].values()
    return sum(node["process"]["cpu"]["total_in_millis"] for node in nodes) / 1000


if __name__ == "__main__":
    main()
