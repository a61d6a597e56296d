"""What the honeypot formats share: services, and how bad a visit was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from .columns import mapped
from .written import characters

if TYPE_CHECKING:
    from .columns import Columns

__all__ = ["REQUEST", "attempts", "by_port", "common", "pairs_of", "request_rule", "service", "tried"]

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

_PORTS = {
    **dict.fromkeys((22, 222, 2222, 22222), "ssh"),
    **dict.fromkeys((23, 223, 2223, 2323), "telnet"),
    **dict.fromkeys((80, 88, 591, 5000, 7001, 8000, 8008, 8080, 8081, 8088, 8888, 9000), "http"),
    **dict.fromkeys((443, 4433, 4443, 7443, 8443, 9443, 10443), "https"),
    **dict.fromkeys((139, 445), "smb"),
    **dict.fromkeys((3388, 3389, 3390), "rdp"),
    **dict.fromkeys((5900, 5901, 5902, 5903), "vnc"),
    1433: "mssql",
    1723: "pptp",
    3306: "mysql",
    5432: "postgresql",
    5984: "couchdb",
    6379: "redis",
    9200: "elasticsearch",
    11211: "memcached",
    27017: "mongodb",
}

REQUEST = re.compile(r"([A-Z]{3,10}) ([^\s?#]*)\S*.*? HTTP/\d")
_PATH_LENGTH = 60
_SHOWN = 3


def service(protocol: pa.Array) -> pa.Array:
    """Return the service (the legend's category) of each protocol.

    Parameters
    ----------
    protocol : pyarrow.Array of string

    Returns
    -------
    pyarrow.Array of string
        vpn, vnc, ssh, telnet, smb, web, database; ``other`` where the protocol is null or rare.

    Examples
    --------
    >>> service(pa.array(["mssql", "mqtt", None])).to_pylist()
    ['database', 'other', 'other']
    """
    return mapped(protocol.fill_null(""), lambda name: _SERVICE_OF.get(name, "other"))


def by_port(port: pa.Array) -> pa.Array:
    """Return what usually listens on each port; null where that is nobody's or anybody's.

    Parameters
    ----------
    port : pyarrow.Array of uint16

    Examples
    --------
    >>> by_port(pa.array([2222, 3306, 40000], pa.uint16())).to_pylist()
    ['ssh', 'mysql', None]
    """
    return mapped(port.cast(pa.string()), lambda text: _PORTS.get(int(text)))


def request_rule(method: str, path: str) -> str:
    """Say what was asked for over HTTP, without the query.

    Examples
    --------
    >>> request_rule("GET", "/login?user=x")
    'GET /login'
    """
    path = re.split(r"[?#]", path, maxsplit=1)[0]
    return f"{method} {path if len(path) <= _PATH_LENGTH else path[: _PATH_LENGTH - 1] + '…'}"


def tried(user: pa.Array, password: pa.Array) -> pa.Array:
    """Say which credentials were tried; null where no name was.

    Parameters
    ----------
    user, password : pyarrow.Array of string

    Examples
    --------
    >>> tried(pa.array(["root", "sa", None]), pa.array(["1234", None, "x"])).to_pylist()
    ['tried root:1234', 'tried sa:', None]
    """
    return pc.binary_join_element_wise("tried ", user, ":", password.fill_null(""), "")


def attempts(value: Any) -> str | None:
    """Say which credentials a list holds, the first three of them; None if it holds none.

    Parameters
    ----------
    value : Any
        As `pairs_of` takes it.

    Examples
    --------
    >>> attempts([{"username": "root", "password": "1234"}, {"username": "sa"}])
    'tried root:1234, sa:'
    """
    shown = ", ".join(f"{user}:{secret}" for user, secret in pairs_of(value, "username", "password", _SHOWN))
    return f"tried {characters(shown)}" if shown else None


def pairs_of(value: Any, first: str, second: str, most: int) -> Iterator[tuple[str, str]]:
    """Yield two fields of each object in a list, as text; empty where one is missing.

    Parameters
    ----------
    value : Any
        A list of objects, or an object of lists; anything else holds no pairs.
    first, second : str
        Their names.
    most : int
        How many pairs at most.

    Examples
    --------
    >>> list(pairs_of([{"a": 1, "b": "x"}, {"a": 2}], "a", "b", 3)), list(pairs_of({"a": [1], "b": ["x"]}, "a", "b", 3))
    ([('1', 'x'), ('2', '')], [('1', 'x')])
    """
    if isinstance(value, dict):
        names, others = (one if isinstance(one, list) else [] for one in (value.get(first), value.get(second)))
        others = others + [None] * len(names)
    else:
        items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
        names, others = ([item.get(key) for item in items] for key in (first, second))
    for name, other in list(zip(names, others, strict=False))[:most]:
        yield "" if name is None else str(name), "" if other is None else str(other)


def common(columns: Columns, sensor: str) -> dict[str, pa.Array]:
    """Return the columns that every honeypot event has alike."""
    return {"verdict": columns.constant("detected"), "sensor": columns.constant(sensor)}
