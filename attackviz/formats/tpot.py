"""T-Pot: the documents that its Logstash puts into ``logstash-*``, many honeypots in one index.

Fields: docker/elk/logstash/dist/logstash.conf in https://github.com/telekom-security/tpotce,
which renames each honeypot's own to common ones and adds ``geoip`` (the source)
and ``geoip_ext`` (the sensor).
"""

from __future__ import annotations

from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, joined, mapped
from .cowrie import COWRIE_EVENTS, cowrie_rule, cowrie_severity, is_tunnel
from .dionaea import dionaea_protocol
from .format import Format
from .honeypot import REQUEST, by_port, request_rule, service, tried
from .intrusion import SEVERITY_OF, verdict_column
from .values import asn, country, first, point
from .words import folded

__all__ = ["TPOT", "TPOT_EXPORT"]

_PROTOCOLS = {
    "adbhoney": "adb",
    "ciscoasa": "https-vpn",
    "citrixhoneypot": "https",
    "cowrie": "ssh",
    "dicompot": "dicom",
    "elasticpot": "elasticsearch",
    "endlessh": "ssh",
    "galah": "http",
    "go-pot": "http",
    "h0neytr4p": "http",
    "hellpot": "http",
    "honeyaml": "http",
    "ipphoney": "ipp",
    "log4pot": "http",
    "mailoney": "smtp",
    "medpot": "hl7",
    "miniprint": "printer",
    "nodepot": "http",
    "rdpy": "rdp",
    "redishoneypot": "redis",
    "sentrypeer": "sip",
    "snare": "http",
    "tanner": "http",
    "vnclowpot": "vnc",
    "wordpot": "http",
}
"""What speaks to honeypots of one service, by ``type``, casefolded."""

_WATCHERS = {
    "p0f": "passive fingerprints",
    "fatt": "passive fingerprints",
    "nginx": "requests to T-Pot's own pages",
}


def _leave_out(c: Columns, within: str = "") -> None:
    kind = folded(c.text(within + "type"))
    watchers = mapped(kind, _WATCHERS.get)
    for what in dict.fromkeys(_WATCHERS.values()):
        c.leave_out(what, pc.equal(watchers, what))
    seen = pc.is_in(c.text(within + "event_type"), pa.array(["alert", "anomaly"]))
    c.leave_out("Suricata's flows and protocol records", pc.and_(pc.equal(kind, "suricata"), pc.invert(seen)))


def _build(c: Columns, within: str = "") -> dict[str, pa.Array]:
    def text(*names: str) -> pa.Array:
        return pc.coalesce(*(c.text(within + name) for name in names))

    kind = folded(text("type"))
    ids = pc.equal(kind, "suricata").fill_null(False)
    port = c.port(within + "dest_port")
    named = pc.coalesce(text("app_proto"), text("connection.protocol", "protocol", "proto"))
    spoken = pc.if_else(pc.is_in(named, pa.array(["failed", "tcp", "udp", "icmp", "TCP", "UDP", "ICMP"])), None, named)
    protocol = pc.coalesce(dionaea_protocol(spoken), mapped(kind, _PROTOCOLS.get), by_port(port), pc.utf8_lower(named))
    user, password = first(text("username")), first(text("password"))
    login = pc.or_(pc.is_valid(user), pc.is_valid(password))
    event = text("eventid")
    tunnel = is_tunnel(event)
    cowrie = pc.is_valid(mapped(event, lambda word: word if word in COWRIE_EVENTS else None))
    signature = text("alert.signature")
    action = folded(text("alert.action"))
    request = pc.coalesce(
        _request(text("http.http_method", "request_method", "method"), text("http.url", "url", "path", "request_uri")),
        pc.if_else(ids, None, mapped(text("payload_printable"), _request_of)),
    )
    severity = pc.coalesce(
        mapped(text("alert.severity"), SEVERITY_OF.get),
        pc.if_else(cowrie, cowrie_severity(event), None),
        pc.if_else(pc.is_valid(pc.coalesce(user, password, text("input"), request)), "medium", "low"),
    )
    return {
        "time": c.time(within + "@timestamp", otherwise=within + "timestamp"),
        **({"event_id": c.text("_id")} if within else {}),
        "src_ip": c.source(within + "src_ip"),
        "src_port": c.port(within + "src_port"),
        "dst_ip": pc.if_else(tunnel, None, c.address(within + "dest_ip")),
        "dst_port": pc.if_else(tunnel, None, port),
        "dst_host": text("t-pot_hostname"),
        "protocol": mapped(protocol, lambda name: "https" if name == "https-vpn" else name),
        "category": service(protocol),
        "rule": pc.coalesce(
            signature,
            pc.if_else(cowrie, cowrie_rule(event), None),
            request,
            pc.if_else(login, "login attempt", None),
            pc.if_else(pc.is_valid(text("input", "data")), "command", None),
        ).fill_null("connect"),
        "rule_id": text("alert.signature_id", "eventid"),
        "action": action,
        "verdict": verdict_column(c, action),
        "severity": severity,
        "sensor": kind,
        "detail": pc.coalesce(
            pc.if_else(login, tried(user.fill_null(""), password), None),
            text("input", "data", "payload_printable", "message"),
        ),
        **_places(c, within),
    }


def _request(method: pa.Array, path: pa.Array) -> pa.Array:
    asked = joined(pc.utf8_upper(method), path, between=" ")
    shown = mapped(asked, lambda text: request_rule(*text.split(" ", 1)) if " " in text else None)
    return pc.if_else(pc.is_valid(path), shown, None)


def _request_of(payload: str) -> str | None:
    request = REQUEST.match(payload)
    return request_rule(request[1], request[2]) if request else None


def _places(c: Columns, within: str) -> dict[str, pa.Array]:
    """Return where T-Pot found both ends: what is better known later takes its place."""
    return {
        "src_country": country(c.text(f"{within}geoip.country_code2")),
        "src_region": c.text(f"{within}geoip.region_name"),
        "src_city": c.text(f"{within}geoip.city_name"),
        "src_asn": asn(c, f"{within}geoip.asn"),
        "src_org": c.text(f"{within}geoip.as_org"),
        **point(c, f"{within}geoip.latitude", f"{within}geoip.longitude", "src"),
        "dst_country": country(c.text(f"{within}geoip_ext.country_code2")),
        **point(c, f"{within}geoip_ext.latitude", f"{within}geoip_ext.longitude", "dst"),
        "dst_name": c.text(f"{within}t-pot_hostname"),
    }


_FIELDS = (
    "@timestamp",
    "timestamp",
    "type",
    "src_ip",
    "src_port",
    "dest_ip",
    "dest_port",
    "t-pot_hostname",
    "app_proto",
    "connection.protocol",
    "protocol",
    "proto",
    "event_type",
    "eventid",
    "alert.signature",
    "alert.signature_id",
    "alert.action",
    "alert.severity",
    "http.http_method",
    "http.url",
    "request_method",
    "request_uri",
    "method",
    "path",
    "url",
    "username",
    "password",
    "input",
    "data",
    "payload_printable",
    "message",
    "geoip.country_code2",
    "geoip.region_name",
    "geoip.city_name",
    "geoip.latitude",
    "geoip.longitude",
    "geoip.asn",
    "geoip.as_org",
    "geoip_ext.country_code2",
    "geoip_ext.latitude",
    "geoip_ext.longitude",
)
_KNOWN_BY = (frozenset({"@timestamp", "t-pot_ip_ext"}), frozenset({"@timestamp", "t-pot_hostname"}))

TPOT = Format(
    name="tpot",
    title="T-Pot documents",
    kind="json",
    fields=_FIELDS,
    known_by=_KNOWN_BY,
    build=_build,
    leave_out=_leave_out,
    clock=("@timestamp", "timestamp"),
    plain=(
        *(("src_ip", "src_ip"), ("src_port", "src_port"), ("dst_ip", "dest_ip"), ("dst_port", "dest_port")),
        *(("src_country", "geoip.country_code2"), ("src_asn", "geoip.asn"), ("src_org", "geoip.as_org")),
    ),
)

TPOT_EXPORT = Format(
    name="tpot.export",
    title="T-Pot documents as Elasticsearch exports them",
    kind="json",
    fields=("_id", *(f"_source.{name}" for name in _FIELDS)),
    known_by=tuple(frozenset(f"_source.{key}" for key in keys) for keys in _KNOWN_BY),
    build=partial(_build, within="_source."),
    leave_out=partial(_leave_out, within="_source."),
    clock=("_source.@timestamp", "_source.timestamp"),
)
