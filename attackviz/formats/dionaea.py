"""Dionaea: a honeypot of many services, mostly SMB and databases.

It writes one object a connection (``log_json``, its lists as they are or
flattened), or one an incident (``log_incident``). Fields: the modules of these
names in https://github.com/DinoTools/dionaea.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, mapped
from .format import OF_TPOT, Format
from .honeypot import attempts, common, pairs_of, service, tried
from .written import characters

__all__ = ["DIONAEA", "DIONAEA_INCIDENT", "dionaea_protocol"]

_PROTOCOLS = {
    "smbd": "smb",
    "httpd": "http",
    "ftpd": "ftp",
    "ftpdatalisten": "ftp-data",
    "ftpdatacon": "ftp-data",
    "mysqld": "mysql",
    "mssqld": "mssql",
    "mongod": "mongodb",
    "mqttd": "mqtt",
    "pptpd": "pptp",
    "mirrord": "mirror",
    "mirrorc": "mirror",
    "tftpd": "tftp",
    "sipsession": "sip",
    "memcache": "memcached",
}
_RULES = {
    "connect": "connection back to the source",
    "listen": "listening for a data connection",
    "reject": "connection rejected",
}
_SHOWN_COMMANDS = 10

_INCIDENTS: dict[str, tuple[str, str]] = {
    "connection.tcp.accept": ("connect", "low"),
    "connection.tls.accept": ("connect", "low"),
    "connection.tcp.connect": ("connection back to the source", "low"),
    "connection.tls.connect": ("connection back to the source", "low"),
    "connection.udp.connect": ("connect", "low"),
    "connection.tcp.reject": ("connection rejected", "low"),
    "connection.tcp.pending": ("connect", "low"),
    "connection.free": ("connection closed", "info"),
    "download.offer": ("download offered", "high"),
    "download.complete": ("download", "high"),
    "download.complete.hash": ("download", "high"),
    "download.complete.unique": ("download", "high"),
    "download.complete.again": ("download", "high"),
    "upload.request": ("upload request", "medium"),
    "shellcode.detected": ("shellcode", "high"),
    "module.emu.profile": ("shellcode", "high"),
    "service.shell.listen": ("shell", "high"),
    "service.shell.connect": ("shell", "high"),
    "modules.python.ftp.login": ("login attempt", "medium"),
    "modules.python.mssql.login": ("login attempt", "medium"),
    "modules.python.mysql.login": ("login attempt", "medium"),
    "modules.python.ftp.command": ("ftp commands", "medium"),
    "modules.python.mssql.cmd": ("database command", "high"),
    "modules.python.mysql.command": ("database command", "high"),
    "modules.python.p0f": ("fingerprint", "info"),
    "modules.python.smb.dcerpc.bind": ("smb bind", "medium"),
    "modules.python.smb.dcerpc.request": ("smb request", "medium"),
    "modules.python.sip.command": ("sip command", "medium"),
    "modules.python.virustotal.report": ("virustotal report", "info"),
}
"""Rule and severity of each origin of an incident, without its ``dionaea.``."""


def dionaea_protocol(column: pa.Array) -> pa.Array:
    """Return the protocols of services by the names people use.

    Parameters
    ----------
    column : pyarrow.Array of string
        As Dionaea calls them.

    Examples
    --------
    >>> dionaea_protocol(pa.array(["smbd", "EPMapper"])).to_pylist()
    ['smb', 'epmapper']
    """
    return mapped(column, lambda name: _PROTOCOLS.get(name.casefold(), name.casefold()))


def _build(c: Columns) -> dict[str, pa.Array]:
    protocol = dionaea_protocol(c.text("connection.protocol"))
    credentials, ftp = c.values("credentials"), c.values("ftp.commands")
    login = pa.array([bool(value) for value in credentials], pa.bool_())
    commands = pa.array([bool(value) for value in ftp], pa.bool_())
    plain = mapped(c.text("connection.type").fill_null(""), lambda kind: _RULES.get(kind, "connect"))
    return {
        "time": c.time("timestamp"),
        "src_ip": c.source("src_ip"),
        "src_port": c.port("src_port"),
        "dst_ip": c.address("dst_ip"),
        "dst_port": c.port("dst_port"),
        "protocol": protocol,
        "category": service(protocol),
        "rule": pc.if_else(login, "login attempt", pc.if_else(commands, "ftp commands", plain)),
        "severity": pc.if_else(login, "medium", "low"),
        "detail": pa.array(
            [_detail(logins, sent) if logins or sent else None for logins, sent in zip(credentials, ftp, strict=True)],
            pa.string(),
        ),
        **common(c, "dionaea"),
    }


def _leave_out(c: Columns) -> None:
    origin = c.text("origin")
    c.leave_out("listeners of the honeypot", pc.ends_with(origin, ".listen"))
    c.leave_out("links between connections", pc.starts_with(origin, "dionaea.connection.link"))


def _incident(c: Columns) -> dict[str, pa.Array]:
    origin = mapped(c.text("origin"), lambda text: text.removeprefix("dionaea."))
    protocol = dionaea_protocol(c.text("data.connection.protocol"))
    return {
        "time": c.time("timestamp"),
        "src_ip": c.source("data.connection.remote_ip"),
        "src_port": c.port("data.connection.remote_port"),
        "dst_ip": c.address("data.connection.local_ip"),
        "dst_port": c.port("data.connection.local_port"),
        "protocol": protocol,
        "category": service(protocol),
        "rule": mapped(origin, lambda text: _INCIDENTS[text][0] if text in _INCIDENTS else _plain(text)),
        "rule_id": c.text("origin"),
        "severity": mapped(origin, lambda text: _INCIDENTS[text][1] if text in _INCIDENTS else "low"),
        "detail": pc.coalesce(
            tried(c.text("data.username"), c.text("data.password")),
            *(c.text(f"data.{name}") for name in ("url", "command", "cmd")),
        ),
        **common(c, "dionaea"),
    }


def _plain(origin: str) -> str:
    return origin.removeprefix("modules.python.").replace(".", " ")


def _detail(credentials: Any, commands: Any) -> str | None:
    """Say what was tried and sent."""
    sent = " ".join(name for name, _ in pairs_of(commands, "command", "arguments", _SHOWN_COMMANDS))
    return "; ".join(filter(None, (attempts(credentials), characters(sent)))) or None


DIONAEA = Format(
    name="dionaea",
    title="Dionaea honeypot",
    kind="json",
    fields=(
        "timestamp",
        "src_ip",
        "src_port",
        "dst_ip",
        "dst_port",
        "connection.protocol",
        "connection.type",
        "credentials",
        "ftp.commands",
    ),
    known_by=(frozenset({"connection.protocol", "connection.type", "dst_port"}),),
    build=_build,
    clock=("timestamp",),
    foreign=OF_TPOT,
)

DIONAEA_INCIDENT = Format(
    name="dionaea.incident",
    title="Dionaea honeypot, incidents",
    kind="json",
    fields=(
        "timestamp",
        "origin",
        "data.connection.protocol",
        "data.connection.remote_ip",
        "data.connection.remote_port",
        "data.connection.local_ip",
        "data.connection.local_port",
        "data.username",
        "data.password",
        "data.url",
        "data.command",
        "data.cmd",
    ),
    known_by=(frozenset({"timestamp", "name", "origin", "data.connection"}),),
    build=_incident,
    leave_out=_leave_out,
    clock=("timestamp",),
)
