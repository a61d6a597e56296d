"""Dionaea: a honeypot of many services, mostly SMB and databases."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, mapped
from .format import Format
from .honeypot import common, service

__all__ = ["DIONAEA"]

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
_RULES = {"connect": "connection back to the source", "listen": "listening for a data connection"}


def _build(c: Columns) -> dict[str, pa.Array]:
    protocol = mapped(pc.utf8_lower(c.text("connection.protocol")), lambda name: _PROTOCOLS.get(name, name))
    login = pa.array([value is not None for value in c.values("credentials.username")])
    commands = pa.array([value is not None for value in c.values("ftp.commands.command")])
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
            [
                _detail(users, passwords, words) if users is not None or words is not None else None
                for users, passwords, words in zip(
                    c.values("credentials.username"),
                    c.values("credentials.password"),
                    c.values("ftp.commands.command"),
                    strict=True,
                )
            ],
            pa.string(),
        ),
        **common(c, "dionaea"),
    }


def _detail(users: Any, passwords: Any, commands: Any) -> str | None:
    parts = []
    if isinstance(users, list):
        secrets = passwords if isinstance(passwords, list) else []
        pairs = [f"{user}:{secrets[n] if n < len(secrets) else ''}" for n, user in enumerate(users[:3])]
        parts.append("tried " + ", ".join(pairs))
    if isinstance(commands, list):
        parts.append(" ".join(str(word) for word in commands[:10]))
    return "; ".join(parts).encode("utf-8", "replace").decode() or None


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
        "credentials.username",
        "credentials.password",
        "ftp.commands.command",
    ),
    known_by=(frozenset({"connection.protocol", "connection.type", "dst_port"}),),
    build=_build,
)
