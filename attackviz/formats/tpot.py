"""T-Pot: the documents that its Logstash puts into ``logstash-*``, many honeypots in one index.

Fields: docker/elk/logstash/dist/logstash.conf in https://github.com/telekom-security/tpotce,
which renames each honeypot's own to common ones and adds ``geoip`` (the source)
and ``geoip_ext`` (the sensor).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

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


def _build(c: Columns, within: str = "") -> dict[str, pa.Array | Callable[[], pa.Array]]:
    @cache
    def text(*names: str) -> pa.Array:
        return pc.coalesce(*(c.text(within + name) for name in names))

    @cache
    def kind() -> pa.Array:
        return folded(text("type"))

    @cache
    def port() -> pa.Array:
        return c.port(within + "dest_port")

    @cache
    def protocol() -> pa.Array:
        named = pc.coalesce(text("app_proto"), text("connection.protocol", "protocol", "proto"))
        carrier = pc.is_in(named, pa.array(["failed", "tcp", "udp", "icmp", "TCP", "UDP", "ICMP"]))
        spoken = dionaea_protocol(pc.if_else(carrier, None, named))
        return pc.coalesce(spoken, mapped(kind(), _PROTOCOLS.get), by_port(port()), pc.utf8_lower(named))

    @cache
    def login() -> tuple[pa.Array, pa.Array, pa.Array]:
        user, password = first(text("username")), first(text("password"))
        return user, password, pc.or_(pc.is_valid(user), pc.is_valid(password))

    @cache
    def cowrie() -> pa.Array:
        return pc.is_valid(mapped(text("eventid"), lambda word: word if word in COWRIE_EVENTS else None))

    @cache
    def request() -> pa.Array:
        method, path = ("http.http_method", "request_method", "method"), ("http.url", "url", "path", "request_uri")
        sent = mapped(text("payload_printable"), _request_of)
        ids = pc.equal(kind(), "suricata").fill_null(False)
        return pc.coalesce(_request(text(*method), text(*path)), pc.if_else(ids, None, sent))

    def rule() -> pa.Array:
        return pc.coalesce(
            text("alert.signature"),
            pc.if_else(cowrie(), cowrie_rule(text("eventid")), None),
            request(),
            pc.if_else(login()[2], "login attempt", None),
            pc.if_else(pc.is_valid(text("input", "data")), "command", None),
        ).fill_null("connect")

    def severity() -> pa.Array:
        telling = pc.coalesce(*login()[:2], text("input"), request())
        return pc.coalesce(
            mapped(text("alert.severity"), SEVERITY_OF.get),
            pc.if_else(cowrie(), cowrie_severity(text("eventid")), None),
            pc.if_else(pc.is_valid(telling), "medium", "low"),
        )

    def detail() -> pa.Array:
        user, password, tries = login()
        told = text("input", "data", "payload_printable", "message")
        return pc.coalesce(pc.if_else(tries, tried(user.fill_null(""), password), None), told)

    def unless_tunnel(column: pa.Array) -> pa.Array:
        return pc.if_else(is_tunnel(text("eventid")), None, column)

    def action() -> pa.Array:
        return folded(text("alert.action"))

    return {
        "time": lambda: c.time(within + "@timestamp", otherwise=within + "timestamp"),
        **({"event_id": lambda: c.text("_id")} if within else {}),
        "src_ip": lambda: c.source(within + "src_ip"),
        "src_port": lambda: c.port(within + "src_port"),
        "dst_ip": lambda: unless_tunnel(c.address(within + "dest_ip")),
        "dst_port": lambda: unless_tunnel(port()),
        "dst_host": lambda: text("t-pot_hostname"),
        "protocol": lambda: mapped(protocol(), lambda name: "https" if name == "https-vpn" else name),
        "category": lambda: service(protocol()),
        "rule": rule,
        "rule_id": lambda: text("alert.signature_id", "eventid"),
        "action": action,
        "verdict": lambda: verdict_column(c, action()),
        "severity": severity,
        "sensor": kind,
        "detail": detail,
        **_places(c, within),
    }


def _request(method: pa.Array, path: pa.Array) -> pa.Array:
    asked = joined(pc.utf8_upper(method), path, between=" ")
    shown = mapped(asked, lambda text: request_rule(*text.split(" ", 1)) if " " in text else None)
    return pc.if_else(pc.is_valid(path), shown, None)


def _request_of(payload: str) -> str | None:
    request = REQUEST.match(payload)
    return request_rule(request[1], request[2]) if request else None


def _places(c: Columns, within: str) -> dict[str, Callable[[], pa.Array]]:
    """Return where T-Pot found both ends: what is better known later takes its place."""

    @cache
    def where(geo: str, end: str) -> dict[str, pa.Array]:
        return point(c, f"{within}{geo}.latitude", f"{within}{geo}.longitude", end)

    return {
        "src_country": lambda: country(c.text(f"{within}geoip.country_code2")),
        "src_region": lambda: c.text(f"{within}geoip.region_name"),
        "src_city": lambda: c.text(f"{within}geoip.city_name"),
        "src_asn": lambda: asn(c, f"{within}geoip.asn"),
        "src_org": lambda: c.text(f"{within}geoip.as_org"),
        "src_lat": lambda: where("geoip", "src")["src_lat"],
        "src_lon": lambda: where("geoip", "src")["src_lon"],
        "dst_country": lambda: country(c.text(f"{within}geoip_ext.country_code2")),
        "dst_lat": lambda: where("geoip_ext", "dst")["dst_lat"],
        "dst_lon": lambda: where("geoip_ext", "dst")["dst_lon"],
        "dst_name": lambda: c.text(f"{within}t-pot_hostname"),
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
