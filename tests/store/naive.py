"""Questions answered the slow way: one object an event, one test a condition. The reference for every store."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address, ip_network

UNKNOWN = {"verdict": "unknown", "category": "unknown", "severity": None, "network": 0, "port": 0}
COUNTRIES = {"CN": "China", "RS": "Serbia", "DE": "Germany", "FJ": "Fiji"}
LABELS = {"vpn": "VPN portal", "ssh": "SSH", "unknown": "Unknown"}


def located(row):
    return row["src_lat"] is not None and row["src_lon"] is not None


def values(row, field):
    """Return the names under which a filter on a field may know a row; the first is what lists show."""
    if field == "country":
        return [row["src_country"] or ""]
    if field == "network":
        return [row["src_asn"] or 0]
    if field == "address":
        return [row["src_ip"] or ""]
    if field == "place":
        known = located(row) or row["src_country"] is not None
        return ["/".join(row[f"src_{k}"] or "" for k in ("country", "region", "city")) if known else ""]
    if field == "rule":
        names = [n for n in (row["rule"], row["rule_id"]) if n]
        return [names[0], *([row["rule_id"]] if row["rule_id"] else [])] if names else [""]
    if field == "port":
        return [row["dst_port"] or 0]
    if field == "target":
        return [next((row[c] for c in ("dst_name", "dst_host", "sensor", "dst_ip") if row[c] is not None), "")]
    if field in ("verdict", "category"):
        return [row[field] or "unknown"]
    return [row[field]]


def same_address(text):
    try:
        address = ip_address(text.partition("%")[0])
    except (ValueError, AttributeError):
        return None
    return getattr(address, "ipv4_mapped", None) or address


def undressed(net):
    mapped = net.version == 6 and net.prefixlen >= 96 and getattr(net.network_address, "ipv4_mapped", None)
    return ip_network(f"{mapped}/{net.prefixlen - 96}") if mapped else net


def meets(row, field, op, wanted):
    if field == "text":
        return contains_anywhere(row, wanted)
    if field == "cidr":
        field, op = "address", "cidr"
    names = values(row, field)
    unknown = names[0] == UNKNOWN.get(field, "" if field in FIELDS else None)
    if op in ("in", "not"):
        # What is not known may be written as the player does, or as null.
        met = any(name in wanted for name in names) or (unknown and (None in wanted))
        return met if op == "in" else not met
    if op == "null":
        return unknown == wanted
    if op == "range":
        low, high = wanted
        value = names[0]
        return not unknown and (low is None or value >= low) and (high is None or value <= high)
    if op == "contains":
        return not unknown and any(wanted.lower() in str(name).lower() for name in names)
    address = same_address(names[0])
    nets = [undressed(ip_network(net, strict=False)) for net in ([wanted] if isinstance(wanted, str) else wanted)]
    return address is not None and any(address.version == net.version and address in net for net in nets)


FIELDS = {"category", "verdict", "severity", "country", "network", "address", "place", "rule", "port", "target"}


def contains_anywhere(row, text):
    words = [row["src_ip"], row["src_org"], f"AS{row['src_asn']}" if row["src_asn"] else None]
    if located(row) or row["src_country"] is not None:
        code = row["src_country"] or ""
        words += [code, COUNTRIES.get(code, code) if code else "Unknown", row["src_region"], row["src_city"]]
    category = row["category"] or "unknown"
    words += [row["rule"], row["rule_id"], values(row, "target")[0], category, LABELS.get(category, category)]
    return any(word and text.lower() in word.lower() for word in words)


def passes(row, filters):
    return all(
        meets(row, field, op, wanted)
        for field, condition in filters.items()
        for op, wanted in (condition.items() if isinstance(condition, dict) else [(None, condition)])
    )


def inside(row, window):
    return row["us"] is not None and (window is None or window.start_us <= row["us"] < window.end_us)


def chosen(rows, window, filters):
    return [row for row in rows if inside(row, window) and passes(row, filters)]


def total(rows):
    return sum(row["n"] for row in rows)


def by(rows, field):
    sums = Counter()
    for row in rows:
        sums[values(row, field)[0]] += row["n"]
    return dict(sums)
