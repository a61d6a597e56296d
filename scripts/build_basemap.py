"""Build attackviz/player/basemap.json: land, lakes and borders of Natural Earth as integer kilometres in Web Mercator.

The input is ``countries-50m.json`` of the npm package world-atlas 2.0.2 (Natural Earth 4.1, public domain), which
``npm ci`` puts under ``node_modules``. Arcs are simplified one by one, so that neighbours keep meeting and borders end
at coasts. Rings are unwrapped, not cut, at the antimeridian: they may leave the world's square on one side, and whoever
draws them repeats the world. Antarctica lies outside the map and is left out.

Run ``python scripts/build_basemap.py`` from the repository's root.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "node_modules" / "world-atlas" / "countries-50m.json"
PRODUCT = ROOT / "attackviz" / "player" / "basemap.json"

EARTH_KM = 6378.137
WORLD_KM = 2 * math.pi * EARTH_KM
WEST_KM = -169 / 360 * WORLD_KM  # the map's seam, in the Bering Strait
TOLERANCE_KM = 12.0
LEAST_AREA_KM2 = 350.0
ANTARCTICA = "010"

Point = tuple[float, float]


def project(lon: float, lat: float) -> Point:
    """Return Web Mercator kilometres of a position in degrees."""
    lat = max(-85.0, min(85.0, lat))
    return EARTH_KM * math.radians(lon), EARTH_KM * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))


def decode_arcs(topology: dict) -> list[list[Point]]:
    """Return the arcs of a quantised topology in Web Mercator kilometres, without jumps at the antimeridian."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for deltas in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in deltas:
            x, y = x + dx, y + dy
            points.append(project(x * sx + tx, y * sy + ty))
        arcs.append(unwrap(points))
    return arcs


def unwrap(points: list[Point]) -> list[Point]:
    """Return the points with every step taken the short way round the world."""
    out = points[:1]
    for x, y in points[1:]:
        turns = round((x - out[-1][0]) / WORLD_KM)
        out.append((x - turns * WORLD_KM, y))
    return out


def simplify(points: list[Point]) -> list[Point]:
    """Return a Douglas-Peucker simplification within TOLERANCE_KM; a closed line is halved at its farthest point."""
    if len(points) < 3:
        return points
    if points[0] == points[-1]:
        far = max(range(len(points)), key=lambda k: math.dist(points[0], points[k]))
        return simplify(points[: far + 1])[:-1] + simplify(points[far:])
    keep = {0, len(points) - 1}
    stack = [(0, len(points) - 1)]
    while stack:
        first, last = stack.pop()
        distance, at = max(
            ((distance_to_segment(points[k], points[first], points[last]), k) for k in range(first + 1, last)),
            default=(0.0, first),
        )
        if distance > TOLERANCE_KM:
            keep.add(at)
            stack += [(first, at), (at, last)]
    return [points[k] for k in sorted(keep)]


def distance_to_segment(p: Point, a: Point, b: Point) -> float:
    """Return the distance in km from a point to the segment from a to b."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    share = 0.0 if length == 0 else max(0.0, min(1.0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length))
    return math.dist(p, (a[0] + share * dx, a[1] + share * dy))


def join(refs: list[int], arcs: list[list[Point]]) -> list[Point]:
    """Return the ring of some arcs; a negative reference is an arc backwards."""
    ring: list[Point] = []
    for ref in refs:
        arc = arcs[ref] if ref >= 0 else arcs[~ref][::-1]
        ring += arc if not ring else arc[1:]
    return unwrap(ring)


def area(ring: list[Point]) -> float:
    """Return the area of a ring in km2 of the projection."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))) / 2


def settle(points: list[Point]) -> list[int]:
    """Return x, y, x, y ... in whole km, moved by whole worlds so that the middle lies right of the map's seam."""
    middle = (min(x for x, _ in points) + max(x for x, _ in points)) / 2
    turns = math.floor((middle - WEST_KM) / WORLD_KM)
    out: list[int] = []
    for x, y in points:
        pair = [round(x - turns * WORLD_KM), round(y)]
        if out[-2:] != pair:
            out += pair
    return out


def polygons(geometry: dict) -> list[list[list[int]]]:
    """Return the polygons of a geometry as lists of rings of arc references."""
    return {"Polygon": [geometry.get("arcs", [])], "MultiPolygon": geometry.get("arcs", [])}.get(geometry["type"], [])


def build(topology: dict) -> dict[str, list[list[int]]]:
    """Return land (outer rings), lakes (holes) and borders (lines between two countries)."""
    arcs = [simplify(arc) for arc in decode_arcs(topology)]
    countries = topology["objects"]["countries"]["geometries"]
    southern = {
        a if a >= 0 else ~a for g in countries if g.get("id") == ANTARCTICA for p in polygons(g) for r in p for a in r
    }
    used = Counter(a if a >= 0 else ~a for g in countries for p in polygons(g) for ring in p for a in ring)
    land, lakes = [], []
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in polygons(geometry):
            if any((a if a >= 0 else ~a) in southern for a in polygon[0]):
                continue
            for k, refs in enumerate(polygon):
                ring = join(refs, arcs)
                if area(ring) >= LEAST_AREA_KM2:
                    flat = settle(ring[:-1])
                    if len(flat) >= 6:
                        (lakes if k else land).append(flat)
    borders = [settle(arcs[a]) for a in sorted(used) if used[a] > 1 and a not in southern]
    return {
        "land": sorted(land, key=len, reverse=True),
        "lakes": lakes,
        "borders": [line for line in borders if len(line) >= 4],
    }


def main() -> None:
    """Write the product."""
    product = build(json.loads(SOURCE.read_text(encoding="utf-8")))
    note = "Natural Earth 4.1 (public domain), by way of world-atlas 2.0.2; Web Mercator kilometres"
    text = json.dumps({"source": note, **product}, separators=(",", ":"))
    PRODUCT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
