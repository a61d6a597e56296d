"""Locate and update documents as people do today: ``python -m benchmarks.today.reindex URL INDEX MMDB``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator

import geoip2.database
import geoip2.errors
from elasticsearch import Elasticsearch, helpers


def main() -> None:
    """Do it, and print the documents a second."""
    url, index, path = sys.argv[1:]
    client = Elasticsearch(url, request_timeout=120)
    client.info()
    read = 0
    began = time.perf_counter()
    with geoip2.database.Reader(path) as places:

        def updates() -> Iterator[dict[str, object]]:
            nonlocal read
            for hit in helpers.scan(client, index=index, query={"_source": ["src_ip"]}, size=10_000):
                read += 1
                try:
                    found = places.city(hit["_source"]["src_ip"])
                except (KeyError, ValueError, geoip2.errors.AddressNotFoundError):
                    continue
                at = {"lat": found.location.latitude, "lon": found.location.longitude}
                geo = {"country_iso_code": found.country.iso_code, "city_name": found.city.name, "location": at}
                document = {"source": {"geo": geo}}
                yield {"_op_type": "update", "_index": hit["_index"], "_id": hit["_id"], "doc": document}

        written = sum(ok for ok, _ in helpers.streaming_bulk(client, updates()))
    took = time.perf_counter() - began
    print(json.dumps({"rate": read / took, "took": took, "written": written}))


if __name__ == "__main__":
    main()
