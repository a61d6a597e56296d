"""What the honeypot formats share: services, and how bad a visit was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa

from .columns import mapped

if TYPE_CHECKING:
    from .columns import Columns

__all__ = ["REQUEST", "SERVICES", "common", "request_rule", "service"]

SERVICES = ("vpn", "vnc", "ssh", "telnet", "smb", "web", "database", "other")

_SERVICE_OF = {
    "https-vpn": "vpn",
    "pptp": "vpn",
    "vnc": "vnc",
    "ssh": "ssh",
    "telnet": "telnet",
    "smb": "smb",
    "http": "web",
    "https": "web",
    "couchdb": "database",
    "elasticsearch": "database",
    "memcached": "database",
    "mongodb": "database",
    "mssql": "database",
    "mysql": "database",
    "postgresql": "database",
    "redis": "database",
}

REQUEST = re.compile(r"([A-Z]{3,10}) ([^\s?#]*)\S*.*? HTTP/\d")
_PATH_LENGTH = 60


def service(protocol: pa.Array) -> pa.Array:
    """Return the service (the legend's category) of each protocol.

    Parameters
    ----------
    protocol : pyarrow.Array of string

    Returns
    -------
    pyarrow.Array of string
        One of `SERVICES`; ``other`` where the protocol is null or rare.

    Examples
    --------
    >>> service(pa.array(["mssql", "mqtt", None])).to_pylist()
    ['database', 'other', 'other']
    """
    return mapped(protocol.fill_null(""), lambda name: _SERVICE_OF.get(name, "other"))


def request_rule(method: str, path: str) -> str:
    """Say what was asked for over HTTP, without the query.

    Examples
    --------
    >>> request_rule("GET", "/login?user=x")
    'GET /login'
    """
    path = re.split(r"[?#]", path, maxsplit=1)[0]
    return f"{method} {path if len(path) <= _PATH_LENGTH else path[: _PATH_LENGTH - 1] + '…'}"


def common(columns: Columns, sensor: str) -> dict[str, pa.Array]:
    """Return the columns that every honeypot event has alike."""
    return {"verdict": columns.constant("detected"), "sensor": columns.constant(sensor)}
