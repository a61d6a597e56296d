"""Look one address up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .database import Database, open_database

__all__ = ["Place", "lookup"]


@dataclass(frozen=True, slots=True)
class Place:
    """Say where an address is and whose.

    Attributes
    ----------
    ip : str
        The address asked for.
    country : str or None
        ISO 3166-1 code.
    region, city : str or None
        First subdivision and city, in English.
    lat, lon : float or None
        Degrees.
    asn : int or None
        Autonomous system.
    org : str or None
        Its organisation.
    network : str or None
        The network all of this is known of, where the database says.
    database : str
        Name of the database that answered.
    """

    ip: str
    country: str | None = None
    region: str | None = None
    city: str | None = None
    lat: float | None = None
    lon: float | None = None
    asn: int | None = None
    org: str | None = None
    network: str | None = None
    database: str = ""

    @property
    def known(self) -> bool:
        """Whether anything is known of the address."""
        return any(value is not None for value in (self.country, self.city, self.lat, self.asn))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


def lookup(address: str | IPv4Address | IPv6Address, database: Database | None = None) -> Place:
    """Look one address up.

    Files of MaxMind's schema are asked through `geoip2`, others as in bulk.

    Parameters
    ----------
    address : str, IPv4Address or IPv6Address
        A zone is dropped.
    database : Database, optional
        Default: as `open_database` finds it.

    Returns
    -------
    Place
        All None where nothing is known.

    Raises
    ------
    UsageError
        If it is no address.

    Examples
    --------
    >>> lookup("8.8.8.8", open_database("embedded")).asn
    15169
    """
    try:
        parsed = ip_address(address) if isinstance(address, str | IPv4Address | IPv6Address) else None
    except ValueError:
        parsed = None
    if parsed is None:
        raise UsageError(f"{address!r} is not an IP address", hint="write it like 192.0.2.1 or 2001:db8::1")
    address = str(address)
    database = database or open_database()
    found: dict[str, Any] = {}
    if all(_model(kind) for kind in database.kinds):
        for path, kind in zip(database.paths, database.kinds, strict=True):
            answer = _ask(path, _model(kind), parsed)
            for group in (("country", "region", "city", "lat", "lon", "network"), ("asn", "org")):
                if all(found.get(name) is None for name in group):
                    found |= {name: answer[name] for name in group if name in answer}
    else:
        columns = database.columns(database.locate([address]))
        found = {name: column[0].as_py() for name, column in columns.items()}
    return Place(ip=address, database=database.name, **found)


def _model(kind: str) -> str:
    """Return the method of `geoip2` that reads a kind of database, or nothing."""
    if not kind.startswith(("GeoIP2-", "GeoLite2-", "DBIP-")):
        return ""
    for word, method in (("City", "city"), ("Country", "country"), ("ASN", "asn"), ("Enterprise", "enterprise")):
        if word in kind:
            return method
    return ""


def _ask(path: Path, method: str, address: IPv4Address | IPv6Address) -> dict[str, Any]:
    import geoip2.database
    import geoip2.errors

    if isinstance(address, IPv6Address) and address.scope_id:
        address = IPv6Address(int(address))
    with geoip2.database.Reader(path) as reader:
        try:
            answer = getattr(reader, method)(address)
        except (geoip2.errors.AddressNotFoundError, ValueError):
            return {}
    systems = answer if method == "asn" else answer.traits if method == "enterprise" else None
    found: dict[str, Any] = {}
    if systems is not None:
        found |= {"asn": systems.autonomous_system_number, "org": systems.autonomous_system_organization}
    if method == "asn":
        return found
    found |= {"country": answer.country.iso_code, "network": str(answer.traits.network)}
    if method != "country":
        first = answer.subdivisions[0] if len(answer.subdivisions) else None
        found |= {"region": first and first.names.get("en"), "city": answer.city.names.get("en")}
        lat, lon = answer.location.latitude, answer.location.longitude
        if lat is not None and lon is not None and (lat or lon):
            found |= {"lat": lat, "lon": lon}
    return found
