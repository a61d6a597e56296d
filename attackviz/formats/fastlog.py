"""Alerts on one line each: Suricata ``fast.log`` and Snort ``alert_fast``.

Sources: Suricata ``alert-fastlog.c`` and Snort 3 ``alert_fast.cc``. Suricata
writes the year and, for ICMP, type and code in place of ports; Snort writes no
year unless told to (``-y``), and ports of TCP and UDP only. Snort 3 puts the
message in quotes and may name the interface before and the application after it.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, joined, mapped
from .format import Format
from .intrusion import category_column, severity_column, verdict_column
from .stamps import stamps
from .words import folded

__all__ = ["SNORT_FAST", "SURICATA_FAST", "endpoint", "year_first"]

_RULE = r"\[\*\*\] \[(?P<gid>\d+):(?P<sid>\d+):(?P<rev>\d+)\] "
_CLASS = r"\[\*\*\] (?:\[Classification: (?P<class>[^\]]*)\] )?\[Priority: (?P<priority>\d+)\] "
_ENDPOINT = r"^\[?(?P<address>[^\]]+)\]?:(?P<port>\d{1,5})$"
_PORTED = pa.array(["tcp", "udp", "sctp", "udplite", "dccp"])

_FAST = (
    r"(?P<stamp>\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d\.\d{6})\s+(?:\[(?P<action>\w+)\] ?)?"
    + _RULE
    + r"(?P<message>.*?) ?"
    + _CLASS
    + r"(?:\{(?P<protocol>[^}]*)\} (?P<source>\S+) -> (?P<target>\S+)|\[\*\*\] \[Raw pkt: .*)\s*"
)
_ALERT_FAST = (
    r"(?P<stamp>(?:\d\d/)?\d\d/\d\d-\d\d:\d\d:\d\d\.\d{6})\s+(?:\[(?P<action>\w+)\] ?)?"
    + _RULE
    + r"(?:<(?P<interface>[^>]*)>\s+)?(?P<message>.*?) ?"
    + _CLASS
    + r"(?:\[AppID: (?P<application>[^\]]*)\] )?\{(?P<protocol>[^}]*)\}(?: (?P<source>\S+) -> (?P<target>\S+))?\s*"
)


def _suricata(c: Columns) -> dict[str, pa.Array]:
    everywhere = pa.repeat(True, c.length)
    return _common(c, stamps(c, c.text("stamp"), "MM/DD/YYYY-hh:mm:ss.ffffff"), everywhere)


def _snort(c: Columns) -> dict[str, pa.Array]:
    return {
        **_common(c, year_first(c, c.text("stamp")), None),
        "sensor": c.text("interface"),
        "detail": c.text("application"),
    }


def _common(c: Columns, time: pa.Array, ported: pa.Array | None) -> dict[str, pa.Array]:
    action = folded(c.text("action"))
    transport = folded(c.text("protocol"))
    with_ports = pc.is_in(transport, _PORTED)
    for end in ("source", "target"):
        endpoint(c, end, with_ports if ported is None else ported, with_ports)
    return {
        "time": time,
        "src_ip": c.source("source.address"),
        "src_port": c.port("source.port"),
        "dst_ip": c.address("target.address"),
        "dst_port": c.port("target.port"),
        "protocol": transport,
        "category": category_column(c.text("class")),
        "rule": mapped(c.text("message"), lambda text: text.strip(' "') or None),
        "rule_id": joined(c.text("gid"), c.text("sid"), c.text("rev"), between=":"),
        "action": action,
        "verdict": verdict_column(c, action),
        "severity": severity_column(c, c.number("priority")),
    }


def endpoint(c: Columns, path: str, ported: pa.Array, ports: pa.Array) -> None:
    """Take ``address:port`` apart into the fields ``path.address`` and ``path.port``.

    Parameters
    ----------
    c : Columns
        Gives and takes the fields.
    path : str
        The field; an address of IPv6 may stand in brackets or not.
    ported : pyarrow.BooleanArray
        Where the last number of an address of IPv6 is no part of it.
    ports : pyarrow.BooleanArray
        Where what stands in the port's place is one.

    Examples
    --------
    >>> from attackviz.account import Account
    >>> c = Columns({"to": ["1.2.3.4:22", "2001:db8::1:443", "fe80::1"]}, 3, Account(), "UTC")
    >>> tcp = pa.array([True, True, False])
    >>> endpoint(c, "to", tcp, tcp)
    >>> c.text("to.address").to_pylist(), c.port("to.port").to_pylist()
    (['1.2.3.4', '2001:db8::1', 'fe80::1'], [22, 443, None])
    """
    whole = c.text(path)
    apart = pc.extract_regex(whole, _ENDPOINT)
    old = pc.equal(pc.count_substring(whole, ":"), 1)
    split = pc.and_(pc.is_valid(apart), pc.or_(old, ported.fill_null(False)).fill_null(False))
    c.derive(f"{path}.address", pc.if_else(split, pc.struct_field(apart, "address"), whole))
    c.derive(f"{path}.port", pc.if_else(pc.and_(split, ports).fill_null(False), pc.struct_field(apart, "port"), None))


def year_first(c: Columns, text: pa.Array) -> pa.Array:
    """Read Snort's times: without a year, with one of two digits before (Snort 3) or behind (Snort 2).

    Where the first number can be a month, it is one.

    Parameters
    ----------
    c : Columns
        As for `stamps`.
    text : pyarrow.Array of string
    """
    return stamps(c, text, "MM/DD-hh:mm:ss.ffffff", "MM/DD/YY-hh:mm:ss.ffffff", "YY/MM/DD-hh:mm:ss.ffffff")


_FIELDS = ("stamp", "action", "gid", "sid", "rev", "message", "class", "priority", "protocol", "source", "target")

SURICATA_FAST = Format(
    name="suricata.fast",
    title="Suricata fast.log",
    kind="text",
    fields=_FIELDS,
    known_by=(),
    build=_suricata,
    pattern=_FAST,
)

SNORT_FAST = Format(
    name="snort.fast",
    title="Snort alert_fast",
    kind="text",
    fields=(*_FIELDS, "interface", "application"),
    known_by=(),
    build=_snort,
    yearless=True,
    pattern=_ALERT_FAST,
)
