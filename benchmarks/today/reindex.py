"""Locate documents as people do today: ``python -m benchmarks.today.reindex URL INDEX place|copy MMDB``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator

import geoip2.database
import geoip2.errors
from elasticsearch import Elasticsearch, helpers

POINT = {"source": {"properties": {"geo": {"properties": {"location": {"type": "geo_point"}}}}}}


def main() -> None:
    """Do it, and print the documents a second."""
    url, index, how, path = sys.argv[1:]
    client = Elasticsearch(url, request_timeout=120)
    copied, to = how == "copy", f"{index}-to"
    if copied:
        client.options(ignore_status=404).indices.delete(index=to)
    read = 0
    began = time.perf_counter()
    if copied:
        like = client.indices.get(index=index)[index]
        names = ("number_of_shards", "number_of_replicas")
        settings = {name: like["settings"]["index"][name] for name in names}
        client.indices.create(index=to, settings=settings, mappings=like["mappings"])
    client.indices.put_mapping(index=to if copied else index, properties=POINT)
    with geoip2.database.Reader(path) as places:

        def located() -> Iterator[dict[str, object]]:
            nonlocal read
            wanted = None if copied else {"_source": ["src_ip"]}
            for hit in helpers.scan(client, index=index, query=wanted, size=10_000):
                read += 1
                document = hit["_source"]
                try:
                    found = places.city(document["src_ip"])
                    at = {"lat": found.location.latitude, "lon": found.location.longitude}
                    geo = {"country_iso_code": found.country.iso_code, "city_name": found.city.name, "location": at}
                except (KeyError, ValueError, geoip2.errors.AddressNotFoundError):
                    geo = None
                if copied:
                    whole = document if geo is None else {**document, "source": {"geo": geo}}
                    yield {"_op_type": "index", "_index": to, "_id": hit["_id"], "_source": whole}
                elif geo is not None:
                    change = {"source": {"geo": geo}}
                    yield {"_op_type": "update", "_index": hit["_index"], "_id": hit["_id"], "doc": change}

        send = helpers.parallel_bulk(client, located()) if copied else helpers.streaming_bulk(client, located())
        written = sum(ok for ok, _ in send)
    took = time.perf_counter() - began
    print(json.dumps({"rate": read / took, "took": took, "written": written}))


if __name__ == "__main__":
    main()
