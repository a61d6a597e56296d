"""Heralding: a honeypot that collects credentials and lets nobody in.

Source: https://github.com/johnnykv/heralding, ``heralding/reporting`` (``log_session.json``).
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns
from .format import Format
from .honeypot import attempts, common, service

__all__ = ["HERALDING"]


def _build(c: Columns) -> dict[str, pa.Array]:
    tried = pc.fill_null(pc.greater(c.number("num_auth_attempts"), 0), False)
    protocol = pc.utf8_lower(c.text("protocol"))
    return {
        "time": c.time("timestamp"),
        "event_id": c.text("session_id"),
        "src_ip": c.source("source_ip"),
        "src_port": c.port("source_port"),
        "dst_ip": c.address("destination_ip"),
        "dst_port": c.port("destination_port"),
        "protocol": protocol,
        "category": service(protocol),
        "rule": pc.if_else(tried, "failed login", "connect, no login"),
        "severity": pc.if_else(tried, "medium", "low"),
        "detail": pa.array([attempts(v) if v else None for v in c.values("auth_attempts")], pa.string()),
        **common(c, "heralding"),
    }


HERALDING = Format(
    name="heralding",
    title="Heralding honeypot",
    kind="json",
    fields=(
        "timestamp",
        "session_id",
        "source_ip",
        "source_port",
        "destination_ip",
        "destination_port",
        "protocol",
        "num_auth_attempts",
        "auth_attempts",
    ),
    known_by=(frozenset({"session_id", "source_ip", "num_auth_attempts"}),),
    build=_build,
    clock=("timestamp",),
)
