"""Suricata EVE: alerts and anomalies, or on request flows.

Source: Suricata user guide, "EVE JSON Format" (docs.suricata.io, output/eve).
An alert's ``src_ip`` is the sender of the packet that matched. Where the rule
says who attacks whom (its ``target`` keyword), ``alert.source`` and
``alert.target`` tell, and are taken. ``app_proto`` is ``failed`` where detection
failed. Anomalies are of type ``decode``, ``stream`` or ``applayer``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, joined, mapped
from .format import OF_TPOT, Format
from .intrusion import category_column, severity_column, verdict_column
from .values import both
from .words import folded

__all__ = ["ANOMALY", "SURICATA", "SURICATA_FLOWS"]

ANOMALY = "protocol anomaly"
"""Category of anomalies."""

_WORDS = (
    "alert anomaly arp bittorrent_dht dcerpc dhcp dnp3 dns doh2 drop enip fileinfo flow frame ftp ftp_data http http2 "
    "ike ikev2 krb5 ldap mdns metadata modbus mqtt netflow nfs packetloss pgsql pop3 quic rdp rfb sip smb smtp snmp "
    "ssh stats telnet template tftp tls websocket"
)
_RECORDS = frozenset(_WORDS.split())
_DETAIL = 120
_STARTED = ("flow.start", "timestamp", "no start, time of logging taken")


def _alerts(c: Columns) -> dict[str, pa.Array | Callable[[], pa.Array]]:
    anomaly = pc.equal(c.text("event_type"), "anomaly").fill_null(False)
    action = folded(c.text("alert.action"))
    signature = c.text("alert.signature_id")
    verdict = pc.if_else(anomaly, "suspicious", verdict_column(c, action))
    return {
        "time": c.time("timestamp"),
        "event_id": lambda: _within_flow(c, signature, c.text("timestamp"), c.text("tx_id")),
        "src_ip": pc.coalesce(c.address("alert.source.ip"), c.source("src_ip")),
        "src_port": pc.coalesce(c.port("alert.source.port"), c.port("src_port")),
        "dst_ip": pc.coalesce(c.address("alert.target.ip"), c.address("dest_ip")),
        "dst_port": pc.coalesce(c.port("alert.target.port"), c.port("dest_port")),
        "dst_host": pc.utf8_lower(pc.coalesce(c.text("http.hostname"), c.text("tls.sni"))),
        "protocol": _protocol(c, "app_proto", "alert.app_proto"),
        "category": pc.if_else(anomaly, ANOMALY, category_column(c.text("alert.category"))),
        "rule": pc.coalesce(c.text("alert.signature"), c.text("anomaly.event"), c.text("anomaly.type")),
        "rule_id": joined(c.text("alert.gid"), signature, c.text("alert.rev"), between=":"),
        "action": action,
        "verdict": verdict,
        "severity": pc.if_else(anomaly, "low", severity_column(c, c.number("alert.severity"))),
        "bytes": _bytes(c),
        "sensor": _sensor(c),
        "detail": lambda: pc.coalesce(
            joined(c.text("http.http_method"), c.text("http.url"), c.text("http.status"), between=" "),
            c.text("tls.sni"),
            mapped(c.text("payload_printable"), lambda text: text[:_DETAIL].strip() or None),
            joined(c.text("anomaly.type"), c.text("anomaly.layer"), between=" "),
        ),
    }


def _flows(c: Columns) -> dict[str, pa.Array | Callable[[], pa.Array]]:
    action = folded(c.text("flow.action"))
    alerted = pc.equal(c.text("flow.alerted"), "true").fill_null(False)
    dropped = pc.equal(action, "drop").fill_null(False)
    protocol = _protocol(c, "app_proto")
    return {
        "time": c.time(*_STARTED),
        "event_id": lambda: _within_flow(c, c.text("flow.start")),
        "src_ip": c.source("src_ip"),
        "src_port": c.port("src_port"),
        "dst_ip": c.address("dest_ip"),
        "dst_port": c.port("dest_port"),
        "protocol": protocol,
        "category": protocol.fill_null("other"),
        "rule": joined(c.constant("flow"), c.text("flow.state"), between=" "),
        "action": action,
        "verdict": pc.if_else(dropped, "mitigated", pc.if_else(alerted, "detected", "unknown")),
        "severity": pc.if_else(alerted, "low", "info"),
        "bytes": _bytes(c),
        "sensor": _sensor(c),
        "detail": c.text("flow.reason"),
    }


def _all_but(wanted: tuple[str, ...], c: Columns) -> None:
    """Leave the records of other kinds out."""
    kind = c.text("event_type")
    c.leave_out("records without event_type", pc.is_null(kind))
    named = mapped(kind, lambda word: word if word in _RECORDS else "other")
    for word in named.unique().drop_null().to_pylist():
        if word not in wanted:
            c.leave_out(f"{word} records", pc.equal(named, word))


def _within_flow(c: Columns, *rest: pa.Array) -> pa.Array:
    """Return ids of what happened in a flow; null without one, so that one is made."""
    flow = c.text("flow_id")
    return pc.if_else(pc.is_valid(flow), joined(flow, *rest, between="/"), None)


def _protocol(c: Columns, *paths: str) -> pa.Array:
    application = pc.coalesce(*(folded(c.text(path)) for path in paths))
    known = mapped(application, lambda name: None if name in ("failed", "unknown", "none") else name)
    return pc.coalesce(known, folded(c.text("proto")))


def _bytes(c: Columns) -> pa.Array:
    """Return what the flow had carried both ways by then."""
    return both(c.number("flow.bytes_toserver"), c.number("flow.bytes_toclient"))


def _sensor(c: Columns) -> pa.Array:
    return pc.coalesce(c.text("host"), c.text("in_iface"))


_COMMON = (
    "timestamp",
    "event_type",
    "flow_id",
    "host",
    "in_iface",
    "src_ip",
    "src_port",
    "dest_ip",
    "dest_port",
    "proto",
    "app_proto",
    "flow.bytes_toserver",
    "flow.bytes_toclient",
)
_KNOWN_BY = (
    frozenset({"timestamp", "event_type", "flow_id"}),
    frozenset({"timestamp", "event_type", "src_ip", "dest_ip"}),
    frozenset({"timestamp", "event_type", "stats"}),
)

SURICATA = Format(
    name="suricata",
    title="Suricata EVE",
    kind="json",
    fields=(
        *_COMMON,
        "tx_id",
        "payload_printable",
        "alert.action",
        "alert.app_proto",
        "alert.category",
        "alert.gid",
        "alert.rev",
        "alert.severity",
        "alert.signature",
        "alert.signature_id",
        "alert.source.ip",
        "alert.source.port",
        "alert.target.ip",
        "alert.target.port",
        "anomaly.event",
        "anomaly.layer",
        "anomaly.type",
        "http.hostname",
        "http.http_method",
        "http.status",
        "http.url",
        "tls.sni",
    ),
    known_by=_KNOWN_BY,
    build=_alerts,
    foreign=OF_TPOT,
    clock=("timestamp",),
    leave_out=partial(_all_but, ("alert", "anomaly")),
)

SURICATA_FLOWS = Format(
    name="suricata.flows",
    title="Suricata EVE, flows",
    kind="json",
    fields=(*_COMMON, "flow.start", "flow.state", "flow.reason", "flow.alerted", "flow.action"),
    known_by=_KNOWN_BY,
    build=_flows,
    foreign=OF_TPOT,
    clock=_STARTED,
    leave_out=partial(_all_but, ("flow",)),
    detected=False,
)
