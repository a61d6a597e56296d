r"""The recording: an event table as the player plays it, and its bytes.

::

    offset  0   magic  "AVREC\x01\r\n"
            8   uint32, little-endian: length H of the header; 4 zero bytes
           16   H bytes of JSON in UTF-8, padded with spaces to a multiple of 8
         16+H   parts, each an Arrow IPC stream that starts at a multiple of 8

The header's ``parts`` say where each part lies, counted from the end of the
header. Nothing inside is compressed, so that a browser reads columns in place.

=========  =====================================================================
places     country, region, city: utf8; lat, lon: float32, degrees, null where
           only the names are known
sources    ip: utf8, null where unknown; place: int32, -1 without; asn: uint32,
           0 without; org: utf8
targets    name, country: utf8; lat, lon: float32, null with nowhere to draw
rules      rule, rule_id: utf8
events     by time; t: uint32 ticks since the start; source: uint32; target:
           uint16; category, verdict: uint8; rule: uint32; severity: uint8, 255
           without; dst_port: uint16, 0 without; weight: uint32, only if one is
           not 1
sample     only in a recording of cells: some single events for the feed, by
           time; t, category, verdict, severity, dst_port and weight as in
           events; asn: uint32, 0 without; ip: utf8, null where unknown; org,
           country, region, city, target, rule, rule_id: utf8
=========  =====================================================================

Where there are more events than a recording holds, ``events`` are the cells of
a cube: ``t`` is the start of a bin, ``weight`` how many events it stands for,
``source`` a place without an address. The header's ``grain`` then says how
coarse they are: ``seconds`` of a bin, ``place`` (point, city, region, country
or none), ``targets``, ``cells`` and the ``events`` in them; it is null
otherwise. ``lists`` holds what cells cannot be asked for, as
`attackviz.store.as_lists` gives it, of the window the recording opens on.
``filters`` are those that a store applied already, in their JSON form.

``bursts`` and ``notes``, where they are there, are marked on the timeline: what
`attackviz.analysis.Burst.to_dict` gives of each burst in the window the
recording opens on, and captions as ``t`` (microseconds since the epoch) and
``text``.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import RecordingError
from ..saving import replacing
from .sample import SAMPLE

__all__ = ["MAGIC", "PARTS", "VERSION", "Recording", "load"]

MAGIC = b"AVREC\x01\r\n"
VERSION = 1
NO_SEVERITY = 255

_TEXT, _DEGREES = pa.string(), pa.float32()
PARTS: dict[str, pa.Schema] = {
    "places": pa.schema(
        {"country": _TEXT, "region": _TEXT, "city": _TEXT, "lat": _DEGREES, "lon": _DEGREES},
    ),
    "sources": pa.schema({"ip": _TEXT, "place": pa.int32(), "asn": pa.uint32(), "org": _TEXT}),
    "targets": pa.schema({"name": _TEXT, "country": _TEXT, "lat": _DEGREES, "lon": _DEGREES}),
    "rules": pa.schema({"rule": _TEXT, "rule_id": _TEXT}),
    "events": pa.schema(
        {
            "t": pa.uint32(),
            "source": pa.uint32(),
            "target": pa.uint16(),
            "category": pa.uint8(),
            "verdict": pa.uint8(),
            "rule": pa.uint32(),
            "severity": pa.uint8(),
            "dst_port": pa.uint16(),
        }
    ),
}
OPTIONAL = {"sample": SAMPLE}
_WEIGHT = pa.field("weight", pa.uint32())
_NULLABLE = {(part, "ip") for part in ("sources", "sample")} | {
    (part, degrees) for part in ("places", "targets") for degrees in ("lat", "lon")
}
_KEYS = (
    "title",
    "source",
    "start_us",
    "tick_us",
    "end",
    "window",
    "totals",
    "categories",
    "verdicts",
    "severities",
    "parts",
)


@dataclass(frozen=True, slots=True)
class Recording:
    """Hold what the player plays.

    Attributes
    ----------
    header : dict
        What it is and what it stands for: ``title``, ``source``, ``start_us``,
        ``tick_us``, ``end``, ``window``, ``totals``, ``account``,
        ``categories`` and so on, without ``parts``.
    tables : dict of str to pyarrow.Table
        ``places``, ``sources``, ``targets``, ``rules``, ``events`` and, with
        cells, ``sample``; their columns are told of in the module.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from attackviz.replay import build, load
    >>> events = pa.table({"time": pa.array([0, 1], pa.timestamp("s", tz="UTC")), "src_ip": ["1.2.3.4", None]})
    >>> recording = build(events, title="two")
    >>> load(recording.to_bytes()) == recording
    True
    """

    header: dict[str, Any]
    tables: dict[str, pa.Table]

    def __len__(self) -> int:
        """Return how many rows of events there are."""
        return int(self.tables["events"].num_rows)

    def __repr__(self) -> str:
        totals = self.header["totals"]
        return f"<Recording {self.header['title']!r}: {totals['in_recording']:,} of {totals['events']:,} events>"

    def to_bytes(self) -> bytes:
        """Return the recording as bytes; the same recording gives the same bytes."""
        body, parts = [], []
        offset = 0
        for name in (*PARTS, *OPTIONAL):
            if name not in self.tables:
                continue
            stream = _stream(self.tables[name])
            parts.append({"name": name, "offset": offset, "length": len(stream)})
            stream += bytes(-len(stream) % 8)
            offset += len(stream)
            body.append(stream)
        header = json.dumps({**self.header, "parts": parts}, separators=(",", ":"), allow_nan=False).encode()
        header += b" " * (-len(header) % 8)
        return b"".join([MAGIC, struct.pack("<II", len(header), 0), header, *body])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the recording to a file, whole or not at all.

        Parameters
        ----------
        path : path
            Overwritten if it exists.

        Raises
        ------
        RecordingError
            If it cannot be written.
        """
        with replacing(path, RecordingError) as file:
            file.write(self.to_bytes())


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        for batch in table.combine_chunks().to_batches():
            writer.write_batch(batch)
    return bytes(sink.getvalue())


def load(data: bytes | bytearray | memoryview) -> Recording:
    """Read a recording back, and check that it is whole.

    Parameters
    ----------
    data : bytes-like
        What `Recording.to_bytes` gave.

    Returns
    -------
    Recording

    Raises
    ------
    RecordingError
        If the bytes are no recording, of another version, cut short or
        contradict themselves.

    Examples
    --------
    >>> load(b"GIF89a")
    Traceback (most recent call last):
    ...
    attackviz.errors.RecordingError: these bytes are not a recording; make one with attackviz.Replay(events).save(...)
    """
    data = bytes(data)
    if data[:5] != MAGIC[:5]:
        raise RecordingError("these bytes are not a recording", hint="make one with attackviz.Replay(events).save(...)")
    if data[:8] != MAGIC:
        raise RecordingError("the recording is of another version, or was changed on its way", hint="make it again")
    header, body = _split(data)
    tables = {}
    for name, schema in {**PARTS, **OPTIONAL}.items():
        if name in PARTS or _named(header, name):
            tables[name] = _part(header, body, name, schema)
    del header["parts"]
    _check(header, tables)
    return Recording(header, tables)


def _broken(what: str) -> RecordingError:
    return RecordingError(f"the recording is corrupt: {what}", hint="make or copy it again")


def _split(data: bytes) -> tuple[dict[str, Any], memoryview]:
    if len(data) < 16:
        raise _broken("it is cut short")
    length, zero = struct.unpack_from("<II", data, 8)
    if zero or length % 8 or 16 + length > len(data):
        raise _broken("its header is cut short")
    try:
        header = json.loads(data[16 : 16 + length])
    except (ValueError, RecursionError):
        raise _broken("its header is not JSON") from None
    if not isinstance(header, dict):
        raise _broken("its header is not an object")
    if header.get("version") != VERSION:
        raise RecordingError(
            f"the recording is of version {header.get('version')!r}, this program reads {VERSION}",
            hint="make it again, or update attackviz",
        )
    missing = [key for key in _KEYS if key not in header]
    if missing:
        raise _broken(f"its header lacks {', '.join(missing)}")
    return header, memoryview(data)[16 + length :]


def _named(header: dict[str, Any], name: str) -> bool:
    parts = header["parts"] if isinstance(header["parts"], list) else []
    return any(isinstance(part, dict) and part.get("name") == name for part in parts)


def _part(header: dict[str, Any], body: memoryview, name: str, schema: pa.Schema) -> pa.Table:
    try:
        place = next(p for p in header["parts"] if p["name"] == name)
        offset, length = int(place["offset"]), int(place["length"])
    except (StopIteration, TypeError, KeyError, ValueError):
        raise _broken(f"its header does not say where {name!r} is") from None
    if offset < 0 or length < 0 or offset % 8 or offset + length > len(body):
        raise _broken(f"{name!r} lies outside of it")
    try:
        with pa.ipc.open_stream(body[offset : offset + length]) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, EOFError) as error:
        raise _broken(f"{name!r} cannot be read ({str(error).splitlines()[0]})") from None
    wanted = schema.append(_WEIGHT) if name == "events" and "weight" in table.column_names else schema
    if not table.schema.equals(wanted):
        raise _broken(f"{name!r} has other columns")
    for column in wanted.names:
        if table[column].null_count and (name, column) not in _NULLABLE:
            raise _broken(f"{name}.{column} has gaps")
    return table


def _check(header: dict[str, Any], tables: dict[str, pa.Table]) -> None:
    events = tables["events"]
    limits = {
        "source": tables["sources"].num_rows,
        "target": tables["targets"].num_rows,
        "rule": tables["rules"].num_rows,
        "category": len(header["categories"]),
        "verdict": len(header["verdicts"]),
    }
    for name in ("category", "verdict") if "sample" in tables else ():
        most = pc.max(tables["sample"][name]).as_py()
        if most is not None and most >= limits[name]:
            raise _broken(f"sample.{name} points beyond its table")
    columns = {name: events[name].to_numpy() for name in events.column_names}
    if not len(events):
        if header["totals"].get("in_recording") != 0:
            raise _broken("its totals are not those of its events")
        return
    for name, limit in limits.items():
        if columns[name].max() >= limit:
            raise _broken(f"events.{name} points beyond its table")
    place = tables["sources"]["place"].to_numpy()
    if place.max(initial=-1) >= tables["places"].num_rows or place.min(initial=-1) < -1:
        raise _broken("sources.place points beyond its table")
    if np.any(columns["t"][1:] < columns["t"][:-1]) or columns["t"][-1] >= header["end"]:
        raise _broken("its events are not in the order of time")
    weight = int(columns["weight"].sum(dtype=np.int64)) if "weight" in columns else len(events)
    if weight != header["totals"].get("in_recording"):
        raise _broken("its totals are not those of its events")
