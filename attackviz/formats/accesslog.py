r"""Access logs of web servers: the common and the combined log format.

Sources: Apache HTTP Server, ``mod_log_config`` (common is
``%h %l %u %t "%r" %>s %b``, combined adds ``"%{Referer}i" "%{User-agent}i"``;
quotes within are written ``\"``); nginx, ``ngx_http_log_module`` (its ``combined``
is the same, quotes within are written ``\x22``). Fields behind those are passed over.

A server does not say whether a request was an attack: the verdict is unknown,
but for requests that were refused, which is what status 403 (forbidden), 429 (too
many) and nginx's 444 (closed without an answer) say.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from .cloudflare import request_column
from .columns import Columns, joined, mapped
from .format import Format
from .stamps import stamps

__all__ = ["COMBINED", "COMMON", "MITIGATED_BY", "kind_of_status"]

MITIGATED_BY = frozenset({"403", "429", "444"})
"""Statuses that say that a request was refused."""

_QUOTED = r'(?:[^"\\]|\\.)*'
_BEGIN = (
    r"(?P<host>\S+) (?P<ident>\S+) (?P<user>.*?) \[(?P<time>[^\]]*)\] "
    rf'"(?P<request>{_QUOTED})" (?P<status>\d{{3}}|-) (?P<size>\d+|-)'
)
_END = rf' "(?P<referer>{_QUOTED})" "(?P<agent>{_QUOTED})"(?: .*)?'
_REQUEST = r"^(?P<method>[A-Za-z][A-Za-z_-]{0,30}) (?P<target>.*?)(?: (?P<version>HTTP/[\d.]+))?$"


def _build(c: Columns) -> dict[str, pa.Array | Callable[[], pa.Array]]:
    request = mapped(c.text("request"), lambda text: None if text == "-" else text)
    status = mapped(c.text("status"), lambda text: None if text == "-" else text)
    refused = mapped(status, lambda text: "mitigated" if text in MITIGATED_BY else None)
    return {
        "time": stamps(c, c.text("time"), "DD/MMM/YYYY:hh:mm:ss +zzzz", "DD/MMM/YYYY:hh:mm:ss"),
        "src_ip": c.source("host"),
        "protocol": c.constant("http"),
        "category": mapped(status, kind_of_status).fill_null("no answer"),
        "rule": lambda: _rule(request),
        "action": status,
        "verdict": refused.fill_null("unknown"),
        "severity": pc.if_else(pc.is_valid(refused), "low", "info"),
        "bytes": c.number("size"),
        "detail": lambda: joined(request, status, between=" "),
    }


def _rule(request: pa.Array) -> pa.Array:
    parts = pc.extract_regex(request, _REQUEST)
    asked = request_column(pc.struct_field(parts, "method"), pc.struct_field(parts, "target"))
    return pc.coalesce(asked, pc.if_else(pc.is_valid(request), "malformed request", "no request"))


def kind_of_status(status: str) -> str:
    """Return what became of a request.

    Examples
    --------
    >>> [kind_of_status(status) for status in ("200", "301", "403", "404", "400", "502")]
    ['answered', 'redirected', 'refused', 'not found', 'bad request', 'server error']
    """
    if status in MITIGATED_BY or status == "401":
        return "refused"
    if status in ("404", "410"):
        return "not found"
    return {"1": "answered", "2": "answered", "3": "redirected", "4": "bad request", "5": "server error"}.get(
        status[0], "other"
    )


_FIELDS = ("host", "time", "request", "status", "size")

COMMON = Format(
    name="access.common",
    title="access log, common",
    kind="text",
    fields=_FIELDS,
    known_by=(),
    build=_build,
    pattern=_BEGIN,
)

COMBINED = Format(
    name="access.combined",
    title="access log, combined",
    kind="text",
    fields=_FIELDS,
    known_by=(),
    build=_build,
    pattern=_BEGIN + _END,
)
