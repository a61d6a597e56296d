"""Cisco ASA honeypot: a VPN portal that only looks like one.

Source: https://github.com/t3chn0m4g3/ciscoasa_honeypot, ``asa_server.py`` (T-Pot's
version). It writes the request or the complaint of the server as it stands.
"""

from __future__ import annotations

import pyarrow as pa

from .columns import Columns, mapped
from .format import Format
from .honeypot import REQUEST, common, request_rule, service

__all__ = ["CISCOASA"]


def _build(c: Columns) -> dict[str, pa.Array]:
    payload = c.text("payload_printable")
    return {
        "time": c.time("timestamp"),
        "src_ip": c.source("src_ip"),
        "protocol": c.constant("https"),
        "category": service(c.constant("https-vpn")),
        "rule": mapped(payload.fill_null(""), _rule),
        "severity": mapped(payload.fill_null(""), _severity),
        "detail": mapped(payload, lambda text: text.strip('"').replace('" ', " ")),
        **common(c, "ciscoasa"),
    }


def _rule(payload: str) -> str:
    text = payload.lstrip('"')
    if request := REQUEST.match(text):
        return request_rule(request[1], request[2])
    if text.startswith("Request timed out"):
        return "request timed out"
    return "malformed request" if text else "connect"


def _severity(payload: str) -> str:
    """Rank what was sent: only a form carries credentials or an exploit."""
    return "medium" if payload.lstrip('"').startswith("POST ") else "low"


CISCOASA = Format(
    name="ciscoasa",
    title="Cisco ASA honeypot",
    kind="json",
    fields=("timestamp", "src_ip", "payload_printable"),
    known_by=(frozenset({"timestamp", "src_ip", "payload_printable"}),),
    build=_build,
    clock=("timestamp",),
    foreign=frozenset({"event_type", "flow_id"}),  # Suricata alerts have all fields of this format, too
)
