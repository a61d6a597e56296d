"""Editions of events that may be shown to others.

A profile is a list of what stays; whatever it does not name goes, extra columns
too. ``public`` keeps when and what: time, category, verdict, severity, rule,
port, country, region, network and organisation, and how many. Addresses become
their network of 24 bits (48 of IPv6), as RFC 6235 calls truncation, or names
made of them with a secret key (HMAC, RFC 2104). Places become the middle of
their region or country. Hosts, sensors, the names of targets, one's own
addresses, users, paths, payloads, details and event ids go.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from .. import schema
from ..account import ATTRS, Account, account_of
from ..errors import SchemaError, UsageError
from ..store import Cube, Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PROFILES", "Redactor", "check_profile", "middle", "redact"]

PROFILES: dict[str, tuple[str, ...]] = {
    "public": (
        *("time", "src_ip", "dst_port", "protocol", "category", "rule", "rule_id", "action", "verdict", "severity"),
        *("bytes", "count", "src_country", "src_region", "src_asn", "src_org", "src_lat", "src_lon"),
        *("dst_country", "dst_lat", "dst_lon", "direction"),
    )
}
"""What each profile keeps of an event table."""

V4_BITS, V6_BITS = 24, 48
SHORTEST_KEY = 16
"""Characters of a key: with a guessed one, all of IPv4 can be tried."""

_NAME = 16  # hexadecimal digits
_LONGEST = 120
_REDACTED = re.compile(
    rf"host-[0-9a-f]{{{_NAME}}}|(?:\d{{1,3}}\.){{3}}0/{V4_BITS}|(?:[0-9a-f]{{1,4}}:){{1,3}}:/{V6_BITS}"
)
_WORDS = ("protocol", "category", "rule", "rule_id", "action")
_METHOD = re.compile(
    r"(GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT|TRACE|TRACK|PATCH|PROPFIND|SEARCH|MOVE|COPY|LOCK|UNLOCK|MKCOL)\s.*",
    re.DOTALL,
)
_PATH = re.compile(r"(?:^|(?<=\s))\S*[/\\?=@%].*", re.DOTALL)


def redact(events: Any, profile: str = "public", key: str | None = None) -> Any:
    """Take out of events what is not for everyone.

    Times stay as they are, and so do the counts of all that stays; see the
    module for what goes.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table, Cube or Store
        A store is asked through what is returned for it, which answers with what
        is left only.
    profile : {"public"}
        What stays.
    key : str, optional
        A secret of 16 characters or more: addresses become names made of it
        and of them, so that who has the key can tell which they are, and the
        same address has the same name in every edition.

    Returns
    -------
    pandas.DataFrame, pyarrow.Table, Cube or Store
        As it was given.

    Raises
    ------
    UsageError
        If there is no such profile, or the key is too short.
    SchemaError
        If `events` is none of these.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"time": pd.to_datetime(["2025-02-18"], utc=True), "src_ip": ["192.0.2.77"],
    ...                        "rule": ["GET /reset/4711"], "dst_host": ["shop.example"], "user": ["ana"]})
    >>> redact(events).iloc[0, 1:].to_dict()
    {'src_ip': '192.0.2.0/24', 'rule': 'GET …'}
    """
    redactor = Redactor(profile, key)
    if isinstance(events, pa.Table):
        return redactor.table(events)
    if isinstance(events, Cube):
        return redactor.cube(events)
    if isinstance(events, Store):
        from .redacted import Redacted

        return Redacted(events, redactor)
    if hasattr(events, "columns"):
        return redactor.frame(events)
    raise SchemaError(
        f"what is redacted is a DataFrame, an Arrow table or a store, not {type(events).__name__}",
        hint="read one with attackviz.read(address)",
    )


def check_profile(profile: str) -> None:
    """Refuse a profile that there is not.

    Raises
    ------
    UsageError
    """
    if profile not in PROFILES:
        raise UsageError(f"there is no profile {profile!r} to redact by", hint=f"choose {', '.join(PROFILES)}")


class Redactor:
    """Redact tables by a profile.

    Parameters
    ----------
    profile : str
        One of `PROFILES`.
    key : str, optional
        As `redact` takes it; never shown.

    Raises
    ------
    UsageError
        If there is no such profile, or the key is too short.
    """

    def __init__(self, profile: str = "public", key: str | None = None) -> None:
        check_profile(profile)
        if key is not None and (not isinstance(key, str) or len(key) < SHORTEST_KEY):
            raise UsageError(
                f"the key to redact by has fewer than {SHORTEST_KEY} characters", hint="a short one can be guessed"
            )
        self.profile = profile
        self._changes: dict[str, Callable[[str], str | None]] = {
            "src_ip": self.address,
            **dict.fromkeys(_WORDS, self.words),
        }
        self._changes |= {name: _among(name) for name in ("verdict", "severity", "direction")}
        self._key = None if key is None else key.encode("utf-8", "surrogatepass")

    @property
    def keyed(self) -> bool:
        """Whether addresses become names made with a key."""
        return self._key is not None

    def table(self, table: pa.Table) -> pa.Table:
        """Return what is left of an event table."""
        table = schema.conform(table)
        kept = table.select([name for name in PROFILES[self.profile] if name in table.column_names])
        kept = kept.replace_schema_metadata(None)
        for name, change in self._changes.items():
            if name in kept.column_names:
                kept = _put(kept, name, _changed(kept[name], change))
        for end in ("src", "dst"):
            kept = _moved(kept, end)
        return kept

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return what is left of a data frame of events, with what may be said of its input."""
        account = account_of(frame)
        left = schema.to_pandas(self.table(schema.from_pandas(frame)))
        left.index = frame.index
        left.attrs = {} if account is None else {ATTRS: self.account(account).to_dict()}
        return left

    def cube(self, cube: Cube) -> Cube:
        """Return a cube whose places are those of regions and countries, and whose targets have no names."""
        return replace(cube, table=self.table(cube.table), account=self.account(cube.account))

    def account(self, account: Account) -> Account:
        """Return an account without names of files and lines that were read."""
        told = account.to_dict()
        formats = dict.fromkeys(told["files"].values())
        return Account.from_dict(
            {
                **told,
                "samples": {},
                "notes": [],
                "files": {f"file {k}": name for k, name in enumerate(formats, 1)},
                "skipped": {f"file {k}": "skipped" for k, _ in enumerate(told["skipped"], 1)},
                "truncated": [f"file {k}" for k, _ in enumerate(told["truncated"], 1)],
            }
        )

    def address(self, text: str) -> str | None:
        """Return the network of an address, or its name; None for what is no address.

        What is redacted already stays as it is.

        Examples
        --------
        >>> public = Redactor()
        >>> [public.address(text) for text in ("::ffff:192.0.2.77", "2002:c000:24d::1", "2001:db8:1:2::3")]
        ['192.0.2.0/24', '192.0.2.0/24', '2001:db8:1::/48']
        >>> Redactor(key="a secret of many words").address("192.0.2.77")
        'host-080190252c9d6b38'
        >>> public.address("192.0.2.0/24"), public.address("192.0.2.77/32")
        ('192.0.2.0/24', None)
        """
        if _REDACTED.fullmatch(text):
            return text
        try:
            found = ip_address(text.partition("%")[0])
        except ValueError:
            return None
        if isinstance(found, IPv6Address):  # both carry an IPv4 address within what would be left
            found = found.ipv4_mapped or found.sixtofour or found
        if self._key is not None:
            return f"host-{hmac.digest(self._key, found.packed, 'sha256').hex()[:_NAME]}"
        return str(ip_network((found, V4_BITS if found.version == 4 else V6_BITS), strict=False))

    @staticmethod
    def words(text: str) -> str | None:
        """Return what a rule is called, without paths, addresses of pages and queries.

        Examples
        --------
        >>> [Redactor.words(text) for text in ("failed login", "GET /reset/4711", "CONNECT shop:443", "/wp-login.php")]
        ['failed login', 'GET …', 'CONNECT …', None]
        """
        method = _METHOD.fullmatch(text)
        left = f"{method[1]} …" if method else _PATH.sub("…", text)
        if left in ("", "…"):
            return None
        return left if len(left) <= _LONGEST else left[: _LONGEST - 1] + "…"


def _among(name: str) -> Callable[[str], str | None]:
    """Return what keeps the values that a column may have."""
    values = schema.COLUMNS[name].values or ()
    return lambda text: text if text in values else None


def _changed(column: pa.ChunkedArray, change: Callable[[str], str | None]) -> pa.Array:
    """Change each distinct value once."""
    encoded = column.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    values = pa.array(
        [None if value is None else change(value) for value in encoded.dictionary.to_pylist()], pa.string()
    )
    return values.take(encoded.indices)


def _put(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    kind = schema.arrow_type(name)
    values = values.dictionary_encode() if pa.types.is_dictionary(kind) else values
    return table.set_column(table.column_names.index(name), pa.field(name, kind), values.cast(kind))


def middle(country: str | None, region: str | None = None) -> tuple[float, float] | None:
    """Return the point that stands for a region or a country; None where there is none."""
    from ..geo.centres import centre

    return centre(country, region) if country else None


def _moved(table: pa.Table, end: str) -> pa.Table:
    """Put every place that has coordinates at the middle of its region or country."""
    from .coding import distinct, whole

    lat, lon = f"{end}_lat", f"{end}_lon"
    if lat not in table.column_names or lon not in table.column_names:
        return table.select([name for name in table.column_names if name not in (lat, lon)])
    names = [whole(table, f"{end}_{level}", schema.arrow_type("src_region")) for level in ("country", "region")]
    codes, first = distinct(names)
    countries, regions = (column.take(pa.array(first)).cast(pa.string()).to_pylist() for column in names)
    points = [middle(c, r) for c, r in zip(countries, regions, strict=True)]
    y, x = (np.array([np.nan if p is None else p[k] for p in points], np.float32)[codes] for k in (0, 1))
    there = table[lat].is_valid().to_numpy() & ~np.isnan(y)
    for name, degrees in ((lat, y), (lon, x)):
        table = _put(table, name, pa.array(degrees, pa.float32(), mask=~there))
    return table
