"""Cloudflare Enterprise Log Share (2016/17): nested objects, or flat keys with dots.

Source: support.cloudflare.com, "Enterprise Log Share: REST API", whose ``/logs/requests``
ended in 2018, and its schema as converters of that time give it.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .cloudflare import (
    action_column,
    count_column,
    pathing_column,
    request_column,
    severity_column,
    shady_column,
    verdict_column,
)
from .cloudflare_words import kind_of_pathing
from .columns import Columns, joined, mapped
from .format import Format
from .values import country

__all__ = ["ELS"]


def _build(c: Columns) -> dict[str, pa.Array]:
    action = action_column(c.text("edge.waf.action"))
    pathing = pathing_column(c, "edge.pathing")
    limited = pc.greater(c.number("edge.rateLimit.ruleId"), 0).fill_null(False)
    stopped = pc.is_valid(mapped(c.text("edge.rateLimit.mitigationId"), lambda word: word.strip("0") or None))
    verdict = verdict_column(c, action, pathing, shady_column(c.text("client.ipClass")))
    lenient = pc.is_in(verdict, pa.array(["benign", "suspicious"]))
    verdict = pc.if_else(pc.and_(lenient, stopped), "mitigated", verdict)
    verdict = pc.if_else(pc.and_(pc.and_(lenient, limited), pc.invert(stopped)), "detected", verdict)
    rule_id = c.text("edge.waf.ruleId")
    method, uri = c.text("clientRequest.httpMethod"), c.text("clientRequest.uri")
    status = c.number("edgeResponse.status").cast(pa.string())
    return {
        "time": c.time("timestamp", otherwise="edge.startTimestamp"),
        "event_id": joined(c.text("rayId"), rule_id, between="/"),
        "src_ip": c.source("client.ip"),
        "src_port": c.port("client.srcPort"),
        "dst_host": pc.utf8_lower(c.text("clientRequest.httpHost")),
        "protocol": c.constant("http"),
        "category": pc.coalesce(
            pc.if_else(pc.is_valid(action), "managed rules", None),
            pc.if_else(pc.or_(limited, stopped), "rate limit", None),
            mapped(pathing, kind_of_pathing),
        ).fill_null("none"),
        "rule": pc.coalesce(c.text("edge.waf.ruleMessage"), request_column(method, uri)),
        "rule_id": rule_id,
        "action": action,
        "verdict": verdict,
        "severity": severity_column(verdict, pa.nulls(c.length, pa.int64())),
        "bytes": c.number("edgeResponse.bytes"),
        **count_column(c),
        "sensor": pc.utf8_upper(pc.coalesce(c.text("edge.colo"), c.text("zoneName"))),
        "detail": joined(method, uri, status, between=" "),
        "src_country": country(c.text("client.country")),
    }


ELS = Format(
    name="cloudflare.els",
    title="Cloudflare Enterprise Log Share",
    kind="json",
    fields=(
        "timestamp",
        "rayId",
        "zoneName",
        "client.country",
        "client.ip",
        "client.ipClass",
        "client.srcPort",
        "clientRequest.httpHost",
        "clientRequest.httpMethod",
        "clientRequest.uri",
        "edge.colo",
        "edge.pathingOp",
        "edge.pathingSrc",
        "edge.pathingStatus",
        "edge.rateLimit.mitigationId",
        "edge.rateLimit.ruleId",
        "edge.startTimestamp",
        "edge.waf.action",
        "edge.waf.ruleId",
        "edge.waf.ruleMessage",
        "edgeResponse.bytes",
        "edgeResponse.status",
        "sampleInterval",
        "sample_rate",
    ),
    known_by=(frozenset({"client.ip", "timestamp"}), frozenset({"client.ip", "rayId"})),
    build=_build,
    clock=("timestamp", "edge.startTimestamp"),
    dotted=True,
)
