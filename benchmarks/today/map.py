"""Logs to a map as people make it today: pandas, a geoip2 loop, gv.Points in a page.

``python -m benchmarks.today.map PAGE DATABASE FILE...``
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
import time
from pathlib import Path

BEGAN = time.perf_counter()

import geoip2.database  # noqa: E402 - imports are part of what is measured
import geoip2.errors  # noqa: E402
import geoviews as gv  # noqa: E402
import holoviews as hv  # noqa: E402
import pandas as pd  # noqa: E402

PLACE = ["country", "region", "city", "lat", "lon"]


def read(path: Path) -> pd.DataFrame:
    """Return time, address and service of a log, whichever of the kinds here it is."""
    if path.suffix == ".csv":
        frame = pd.read_csv(path)
        return frame.assign(time=frame["start_time"])[["time", "src_ip"]].assign(service="ssh")
    if path.name.endswith(".log.gz"):
        frame = pd.read_json(path, lines=True)
        return frame.rename(columns={"EdgeStartTimestamp": "time", "ClientIP": "src_ip", "SecurityAction": "service"})[
            ["time", "src_ip", "service"]
        ]
    with tarfile.open(path) as tar:
        text = tar.extractfile(tar.next()).read().decode()
    if text.startswith('{"attacks"'):
        attacks = pd.json_normalize(json.loads(text)["attacks"])
        return pd.DataFrame(
            {"time": attacks["start_time"], "src_ip": attacks["attack_connection.remote_ip"], "service": "other"}
        )
    frame = pd.read_json(io.StringIO(_only_json(text)), lines=True)
    frame = frame.rename(columns={"source_ip": "src_ip", "timestamp": "time"})
    return frame.assign(service=frame.get("protocol", path.name[:4]))[["time", "src_ip", "service"]]


def _only_json(text: str) -> str:
    # One broken line is enough for read_json to refuse the file.
    kept = []
    for line in text.splitlines():
        line = line.strip().lstrip("[").rstrip("],")
        try:
            json.loads(line)
        except ValueError:
            continue
        kept.append(line)
    return "\n".join(kept)


def locate(frame: pd.DataFrame, database: str) -> pd.DataFrame:
    """Return the frame with a place for every row."""
    rows = []
    with geoip2.database.Reader(database) as reader:
        for address in frame["src_ip"]:
            try:
                r = reader.city(address)
            except (geoip2.errors.AddressNotFoundError, ValueError, TypeError):
                rows.append((None,) * 5)
                continue
            place = r.location
            rows.append(
                (r.country.iso_code, r.subdivisions.most_specific.name, r.city.name, place.latitude, place.longitude)
            )
    return pd.concat([frame, pd.DataFrame(rows, columns=PLACE)], axis=1)


def main() -> None:
    """Make the page, and print how long each step took."""
    page, database, *files = sys.argv[1:]
    marks = [BEGAN, time.perf_counter()]
    frame = pd.concat([read(Path(f)) for f in files], ignore_index=True)
    frame["time"] = pd.to_datetime(frame["time"], utc=True, format="mixed")
    marks.append(time.perf_counter())
    frame = locate(frame, database)
    marks.append(time.perf_counter())
    gv.extension("bokeh")
    hv.renderer("bokeh").webgl = False
    points = gv.Points(frame.dropna(subset=["lat"]), ["lon", "lat"], ["service", "country"])
    points = points.opts(color="service", size=4, alpha=0.5, width=1100, height=600)
    hv.save(points, page, backend="bokeh", resources="inline")
    marks.append(time.perf_counter())
    steps = ("import", "read", "locate", "save")
    print(json.dumps({"rows": len(frame)} | {name: b - a for name, a, b in zip(steps, marks, marks[1:], strict=False)}))


if __name__ == "__main__":
    main()
