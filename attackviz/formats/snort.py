"""Snort 3 ``alert_json``: alerts with the fields that its settings name.

Sources: Snort 3 user manual, "Alert Logging" (docs.snort.org), and
``alert_json.cc``. ``timestamp`` has no year unless Snort runs with ``-y``;
``seconds`` is whole seconds since the epoch, so the fraction is taken from
``timestamp`` where both are written. ``src_ap`` is address and port, port 0
where there is none. ``service`` is ``unknown`` and ``class`` is ``none`` where
nothing is known.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, joined, mapped
from .fastlog import endpoint, year_first
from .format import Format
from .intrusion import category_column, severity_column, verdict_column
from .words import folded

__all__ = ["SNORT"]


def _build(c: Columns) -> dict[str, pa.Array]:
    action = folded(c.text("action"))
    transport = folded(c.text("proto"))
    service = mapped(folded(c.text("service")), lambda name: None if name == "unknown" else name)
    everywhere = pa.repeat(True, c.length)
    for end in ("src", "dst"):
        endpoint(c, f"{end}_ap", everywhere, everywhere)
        c.derive(f"{end}.address", pc.coalesce(c.text(f"{end}_addr"), c.text(f"{end}_ap.address")))
    rule_id = pc.coalesce(c.text("rule"), joined(c.text("gid"), c.text("sid"), c.text("rev"), between=":"))
    return {
        "time": _time(c),
        "src_ip": c.source("src.address"),
        "src_port": pc.coalesce(c.port("src_port"), c.port("src_ap.port")),
        "dst_ip": c.address("dst.address"),
        "dst_port": pc.coalesce(c.port("dst_port"), c.port("dst_ap.port")),
        "protocol": pc.coalesce(service, transport),
        "category": category_column(c.text("class")),
        "rule": pc.coalesce(mapped(c.text("msg"), lambda text: text.strip(' "') or None), rule_id),
        "rule_id": rule_id,
        "action": action,
        "verdict": verdict_column(c, action),
        "severity": severity_column(c, c.number("priority")),
        "bytes": c.number("pkt_len"),
        "sensor": c.text("iface"),
        "detail": joined(c.text("pkt_gen"), c.text("dir"), between=" "),
    }


def _time(c: Columns) -> pa.Array:
    """Return the seconds since the epoch with the fraction of the stamp, or else the stamp."""
    stamp, seconds = c.text("timestamp"), c.number("seconds")
    if seconds.null_count == c.length:
        return year_first(c, stamp)
    fraction = pc.struct_field(pc.extract_regex(stamp, r"\.(?P<f>\d{6})$"), "f")
    micros = pc.add(pc.multiply(seconds, 1_000_000), fraction.cast(pa.int64()).fill_null(0))
    whole = micros.cast(pa.timestamp("us", tz="UTC"))
    return c.possible(whole, pc.is_null(seconds))


SNORT = Format(
    name="snort",
    title="Snort 3 alert_json",
    kind="json",
    fields=(
        "timestamp",
        "seconds",
        "src_addr",
        "src_port",
        "src_ap",
        "dst_addr",
        "dst_port",
        "dst_ap",
        "proto",
        "service",
        "class",
        "msg",
        "rule",
        "gid",
        "sid",
        "rev",
        "action",
        "priority",
        "pkt_len",
        "pkt_gen",
        "dir",
        "iface",
    ),
    known_by=tuple(
        frozenset({time, f"src_{end}", f"dst_{end}", mark})
        for time in ("timestamp", "seconds")
        for end in ("ap", "addr")
        for mark in ("rule", "sid", "pkt_gen", "pkt_num")
    ),
    build=_build,
    yearless=True,
)
