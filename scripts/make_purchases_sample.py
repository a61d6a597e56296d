"""Make the log of an outdoor shop that does not exist, with answers that are known.

    python scripts/make_purchases_sample.py            the sample in data/samples/purchases
    python scripts/make_purchases_sample.py DIRECTORY  the same elsewhere

The same seed gives the same lines: three days of requests, of which some are
purchases. `answers.json` is counted while they are made, not by reading them
back. The outlines of the countries it advertises in are taken from the npm
package world-atlas 2.0.2 (Natural Earth 4.1, public domain), which ``npm ci``
puts under ``node_modules``; without it they are left as they are.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ATLAS = ROOT / "node_modules" / "world-atlas" / "countries-110m.json"
SEED = 20250314
START = datetime(2025, 3, 14, tzinfo=UTC)
DAYS = 3
VISITS = 4000

# Country, its name in the atlas, networks of home customers, share of visits, advertising in euro, pull of advertising.
COUNTRIES = [
    ("DE", "Germany", ("84.128.0.0/12", "2003:c0::/27"), 20, 5200, 1.0),
    ("US", "United States of America", ("73.32.0.0/12", "2600:1700::/28"), 14, 9100, 0.5),
    ("GB", "United Kingdom", ("86.128.0.0/12",), 11, 3900, 0.9),
    ("FR", "France", ("90.0.0.0/13",), 9, 2600, 0.9),
    ("SE", "Sweden", ("90.224.0.0/12",), 6, 700, 1.7),
    ("NO", "Norway", ("84.208.0.0/13",), 6, 500, 1.9),
    ("PL", "Poland", ("83.0.0.0/11",), 5, 800, 1.2),
    ("CZ", "Czechia", ("90.176.0.0/13",), 5, 350, 1.5),
    ("ES", "Spain", ("88.0.0.0/11",), 4, 1900, 0.5),
    ("IT", "Italy", ("79.0.0.0/11",), 4, 1700, 0.6),
    ("CA", "Canada", ("70.48.0.0/13",), 4, 1100, 1.0),
    ("JP", "Japan", ("126.0.0.0/11",), 4, 2400, 0.4),
    ("AU", "Australia", ("1.128.0.0/12",), 3, 900, 0.8),
    ("BR", "Brazil", ("177.32.0.0/13",), 2, 1300, 0.3),
    ("MX", "Mexico", ("187.128.0.0/11",), 2, 400, 0.6),
    ("IN", "India", ("49.32.0.0/13",), 1, 600, 0.3),
]
PRODUCTS = [
    ("SHO", "Trail shoes", 129.0, 8),
    ("SHO", "Winter boots", 189.5, 3),
    ("JAC", "Rain jacket", 159.0, 6),
    ("JAC", "Down jacket", 249.0, 3),
    ("TEN", "Two-person tent", 319.0, 2),
    ("BAG", "Sleeping bag", 139.9, 3),
    ("BAG", "Backpack 38 l", 119.0, 5),
    ("COO", "Gas stove", 49.9, 4),
]
DEPARTMENTS = {"SHO": "shoes", "JAC": "jackets", "TEN": "tents", "BAG": "bags", "COO": "cooking"}
PAGES = ["/", "/shoes", "/jackets", "/tents", "/sale", "/search", "/cart"]


def address(network: str, r: random.Random) -> int | str:
    """Return an address as the shop writes it: a number, but for IPv6."""
    net = ip_network(network)
    if net.version == 4:
        return int(net[r.randrange(1, net.num_addresses - 1)])
    return str(net[r.randrange(1 << 80)])


def request(at: datetime, client: int | str, method: str, path: str, status: int, **more: Any) -> dict[str, Any]:
    return {
        "at": int(at.timestamp() * 1000),
        "host": "shop.example",
        "client": client,
        "request": {"method": method, "path": path},
        "status": status,
        **more,
    }


def moment(r: random.Random) -> datetime:
    """Return a time of day that people shop at: the evening, mostly."""
    day = timedelta(days=r.randrange(DAYS))
    return START + day + timedelta(seconds=int(86_400 * min(r.betavariate(4, 2.2), 0.98)))


def visit(r: random.Random, answers: dict[str, Any]) -> list[dict[str, Any]]:
    """Make the requests of one visit."""
    country, _, networks, _, _, pull = r.choices(COUNTRIES, [c[3] for c in COUNTRIES])[0]
    at, client = moment(r), address(r.choice(networks), r)
    made = []
    for page in r.choices(PAGES, k=r.randrange(1, 4)):
        made.append(request(at, client, "GET", page, r.choice([200, 200, 200, 304])))
        at += timedelta(seconds=r.randrange(3, 90), milliseconds=r.randrange(1000))
    if r.random() > 0.25 * pull:
        return made
    made.append(request(at, client, "POST", "/checkout/payment", 200))
    at += timedelta(seconds=r.randrange(2, 20))
    code, product, price, _ = r.choices(PRODUCTS, [p[3] for p in PRODUCTS])[0]
    items = r.choices([1, 2, 3], [8, 3, 1])[0]
    order = {
        "id": f"{r.getrandbits(40):010x}",
        "department": code,
        "product": product,
        "items": items,
        "total": f"{price * items:.2f}",
        "currency": "EUR",
    }
    paid = r.random() > 0.08
    made.append(request(at, client, "POST", "/checkout/complete", 200 if paid else 402, order=order))
    if paid:
        answers["purchases"] += 1
        answers["items"] += items
        answers["cents"] += round(price * items * 100)
        answers["by_country"][country] += 1
        answers["by_department"][DEPARTMENTS[code]] += 1
    return made


def outlines() -> dict[str, Any]:
    """Return the outlines of the countries as GeoJSON, coordinates in degrees."""
    atlas = json.loads(ATLAS.read_text())
    (sx, sy), (tx, ty) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs = []
    for deltas in atlas["arcs"]:
        x = y = 0
        arc = []
        for dx, dy in deltas:
            x, y = x + dx, y + dy
            arc.append([round(x * sx + tx, 2), round(y * sy + ty, 2)])
        arcs.append(arc)

    def ring(numbers: list[int]) -> list[list[float]]:
        points: list[list[float]] = []
        for number in numbers:
            arc = arcs[number] if number >= 0 else arcs[~number][::-1]
            points += arc[1:] if points else arc
        return points

    shapes = {g["properties"]["name"]: g for g in atlas["objects"]["countries"]["geometries"]}
    features = []
    for code, name, *_ in COUNTRIES:
        shape = shapes[name]
        parts = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        coordinates = [[ring(numbers) for numbers in part] for part in parts]
        geometry = {"type": "MultiPolygon", "coordinates": coordinates}
        features.append({"type": "Feature", "properties": {"country": code, "name": name}, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


def main() -> None:
    """Write the sample."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "data" / "samples" / "purchases"
    directory.mkdir(parents=True, exist_ok=True)
    r = random.Random(SEED)
    answers: dict[str, Any] = {"purchases": 0, "items": 0, "cents": 0}
    answers |= {"by_country": Counter(), "by_department": Counter()}
    requests = sorted((q for _ in range(VISITS) for q in visit(r, answers)), key=lambda q: q["at"])
    text = "".join(json.dumps(q, separators=(",", ":")) + "\n" for q in requests)
    (directory / "shop.ndjson.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    known = {"seed": SEED, "lines": len(requests), **answers}
    (directory / "answers.json").write_text(json.dumps(known, indent=1) + "\n")
    with (directory / "spend.csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["country", "name", "spend_eur"])
        rows.writerows((code, name, spend) for code, name, _, _, spend, _ in COUNTRIES)
    if ATLAS.exists():
        (directory / "countries.geojson").write_text(json.dumps(outlines(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
