"""Cowrie sessions: a table of SSH and Telnet sessions made from Cowrie's log.

Source: https://github.com/UQO-Biolab/ml_ids, ``datasets`` (a file of it is in
``data/samples/tpot-2025``); its columns sum up Cowrie's own events.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns
from .format import Format
from .honeypot import common, service

__all__ = ["COWRIE_SESSIONS"]


def _build(c: Columns) -> dict[str, pa.Array]:
    accepted = pc.fill_null(pc.greater(c.number("login_success"), 0), False)
    failed = pc.fill_null(pc.greater(c.number("login_failed"), 0), False)
    protocol = pc.utf8_lower(c.text("protocol"))
    return {
        "time": c.time("start_time", otherwise="end_time", flag="no start, end time taken"),
        "event_id": c.text("session_id"),
        "src_ip": c.source("src_ip"),
        "src_port": c.port("src_port"),
        "dst_port": c.port("dst_port"),
        "protocol": protocol,
        "category": service(protocol),
        "rule": pc.if_else(accepted, "login accepted", pc.if_else(failed, "failed login", "connect, no login")),
        "severity": pc.if_else(accepted, "high", pc.if_else(failed, "medium", "low")),
        "detail": _detail(c),
        **common(c, "cowrie"),
    }


def _detail(c: Columns) -> pa.Array:
    """Say how long the session lasted and how many logins were tried."""
    seconds = pc.binary_join_element_wise("session of ", c.text("duration"), " s", "")
    failed = c.number("login_failed").cast(pa.string())
    logins = pc.binary_join_element_wise(", ", failed, " failed logins", "")
    return pc.if_else(pc.equal(failed, "0"), seconds, pc.binary_join_element_wise(seconds, logins, ""))


COWRIE_SESSIONS = Format(
    name="cowrie.sessions",
    title="Cowrie sessions (csv)",
    kind="csv",
    fields=(
        "session_id",
        "start_time",
        "end_time",
        "duration",
        "src_ip",
        "src_port",
        "dst_port",
        "protocol",
        "login_success",
        "login_failed",
    ),
    known_by=(frozenset({"session_id", "start_time", "src_ip", "login_success"}),),
    build=_build,
    clock=("start_time", "end_time", "no start, end time taken"),
)
