"""Cowrie: an SSH and Telnet honeypot that lets visitors in and writes down what they do.

Fields and event ids: https://docs.cowrie.org/en/stable/OUTPUT.html
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, mapped
from .format import OF_TPOT, Format
from .honeypot import common, service, tried

__all__ = ["COWRIE", "COWRIE_EVENTS", "cowrie_rule", "cowrie_severity", "is_tunnel"]

COWRIE_EVENTS: dict[str, tuple[str, str]] = {
    "cowrie.session.connect": ("connect", "low"),
    "cowrie.session.closed": ("session closed", "info"),
    "cowrie.session.params": ("session parameters", "info"),
    "cowrie.session.input": ("input", "medium"),
    "cowrie.session.file_download": ("file download", "high"),
    "cowrie.session.file_download.failed": ("file download, failed", "high"),
    "cowrie.session.file_upload": ("file upload", "high"),
    "cowrie.login.success": ("login accepted", "high"),
    "cowrie.login.failed": ("failed login", "medium"),
    "cowrie.client.fingerprint": ("login with a key", "medium"),
    "cowrie.client.kex": ("ssh key exchange", "info"),
    "cowrie.client.size": ("terminal size", "info"),
    "cowrie.client.var": ("environment variable", "info"),
    "cowrie.client.version": ("ssh banner", "info"),
    "cowrie.command.input": ("command", "high"),
    "cowrie.command.failed": ("command, not found", "high"),
    "cowrie.command.success": ("command", "high"),
    "cowrie.direct-tcpip.request": ("tunnel request", "medium"),
    "cowrie.direct-tcpip.data": ("tunnel data", "medium"),
    "cowrie.direct-tcpip.ja4": ("tunnel data", "info"),
    "cowrie.direct-tcpip.ja4h": ("tunnel data", "info"),
    "cowrie.log.open": ("terminal log", "info"),
    "cowrie.log.closed": ("terminal log", "info"),
}
"""Rule and severity of each event id."""


def _build(c: Columns) -> dict[str, pa.Array]:
    event = c.text("eventid")
    session = c.text("session")
    tunnel = is_tunnel(event)
    written = pc.coalesce(pc.utf8_lower(c.text("protocol")), mapped(c.text("system"), _protocol_of))
    protocol = _of_session(session, written).fill_null("ssh")
    return {
        "time": c.time("timestamp"),
        "src_ip": c.source("src_ip"),
        "src_port": _of_session(session, pc.if_else(tunnel, None, c.port("src_port"))),
        "dst_ip": _of_session(session, pc.if_else(tunnel, None, c.address("dst_ip"))),
        "dst_port": _of_session(session, pc.if_else(tunnel, None, c.port("dst_port"))),
        "dst_host": c.text("sensor"),
        "protocol": protocol,
        "category": service(protocol),
        "rule": cowrie_rule(event),
        "rule_id": event,
        "severity": cowrie_severity(event),
        "detail": _detail(c),
        **common(c, "cowrie"),
    }


def cowrie_rule(event: pa.Array) -> pa.Array:
    """Return in words what each event id says; one in no table speaks for itself.

    Parameters
    ----------
    event : pyarrow.Array of string

    Examples
    --------
    >>> cowrie_rule(pa.array(["cowrie.login.failed", "cowrie.virustotal.scanfile"])).to_pylist()
    ['failed login', 'virustotal scanfile']
    """
    return mapped(event, lambda e: COWRIE_EVENTS[e][0] if e in COWRIE_EVENTS else _plain(e))


def is_tunnel(event: pa.Array) -> pa.Array:
    """Return which events are of tunnels, whose destination is not where the honeypot stands.

    It is where the visitor wants to go.
    """
    return pc.starts_with(event, "cowrie.direct-tcpip.").fill_null(False)


def cowrie_severity(event: pa.Array) -> pa.Array:
    """Return how bad each event is: high once the visitor is in, info where nothing is tried."""
    return mapped(event, lambda e: COWRIE_EVENTS[e][1] if e in COWRIE_EVENTS else "info").fill_null("info")


def _detail(c: Columns) -> pa.Array:
    """Return what was tried, typed or fetched, else Cowrie's own message."""
    message = c.text("message")
    return pc.coalesce(
        tried(c.text("username"), c.text("password")),
        c.text("input"),
        c.text("url"),
        pc.if_else(pc.equal(message, "[]"), None, message),
    )


def _plain(event: str) -> str:
    return event.removeprefix("cowrie.").replace(".", " ")


def _protocol_of(system: str) -> str | None:
    """Tell the protocol from the part of Cowrie that wrote the line (older versions)."""
    return "telnet" if "telnet" in system.casefold() else "ssh" if "ssh" in system.casefold() else None


def _of_session(session: pa.Array, column: pa.Array) -> pa.Array:
    """Fill what only a session's first line says in the others of the same batch."""
    told = np.flatnonzero(pc.and_(pc.is_valid(column), pc.is_valid(session)).to_numpy(zero_copy_only=False))
    if not len(told):
        return column
    codes = session.dictionary_encode().indices.fill_null(-1).to_numpy()
    row = np.full(codes.max() + 1, -1)
    row[codes[told[::-1]]] = told[::-1]  # the first one wins
    found = np.where(codes >= 0, row[codes], -1)
    return pc.coalesce(column, column.take(pa.array(found, mask=found < 0)))


COWRIE = Format(
    name="cowrie",
    title="Cowrie honeypot",
    kind="json",
    fields=(
        "timestamp",
        "eventid",
        "session",
        "src_ip",
        "src_port",
        "dst_ip",
        "dst_port",
        "protocol",
        "system",
        "sensor",
        "username",
        "password",
        "input",
        "url",
        "message",
    ),
    known_by=(frozenset({"eventid", "session", "src_ip", "timestamp"}),),
    build=_build,
    foreign=OF_TPOT,
)
