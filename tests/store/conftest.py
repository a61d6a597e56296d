"""The stores under test, each holding the same events. A store joins with a line in `STORES`."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from attackviz.account import Account
from attackviz.analysis import EventTable
from attackviz.schema import SEVERITIES, VERDICTS
from attackviz.store import Store

START_US = 1739836800 * 10**6
HOURS = 30
EVENTS = 800
PLACES = [
    ("CN", "Zhejiang", "Hangzhou", 30.25, 120.125),
    ("CN", "Zhejiang", "Hangzhou", 30.5, 120.25),
    ("CN", "Shanghai", None, 31.25, 121.5),
    ("DE", "Berlin", "Berlin", 52.5, 13.375),
    ("RS", None, None, 44.75, 20.5),
    ("FJ", "Central", "Suva", -18.125, 178.5),
    (None, None, None, 10.0, 10.0),
    (None, None, None, -60.0, 170.0),
    ("DE", None, None, None, None),
    (None, None, None, None, None),
]
ADDRESSES = [
    *("192.0.2.1", "192.0.2.200", "192.0.3.1", "::ffff:192.0.2.9", "2001:db8::1", "2001:db8:1::1", "fe80::1%eth0"),
    *("010.0.0.1", "not an address", None),
]
TARGETS = [("Prague", "CZ", 50.0, 14.5), ("Prague", "CZ", 50.25, 14.5), ("Berlin", "DE", 52.5, 13.5), (None,) * 4]
TYPES = {
    "time": pa.timestamp("us", tz="UTC"),
    "dst_port": pa.uint16(),
    "count": pa.uint32(),
    "src_lat": pa.float32(),
    "src_lon": pa.float32(),
    "dst_lat": pa.float32(),
    "dst_lon": pa.float32(),
    "src_asn": pa.uint32(),
    "bytes": pa.int64(),
}


class Rows(list):
    """Events as plain objects; a failing test does not print them all."""

    def __repr__(self) -> str:
        return f"<{len(self)} events>"


def made_up(seed: int, n: int) -> Rows:
    """Make events with every kind of gap, some of them at the same time."""
    rnd = random.Random(seed)
    rows = Rows()
    for k in range(n):
        place, target = rnd.choice(PLACES), rnd.choice(TARGETS)
        # Whole milliseconds, which the player counts in; a flood in the third hour.
        ms = rnd.randrange(HOURS * 3_600_000) if rnd.random() < 0.7 else 2 * 3_600_000 + rnd.randrange(600_000)
        us = None if rnd.random() < 0.02 else START_US + ms // 40 * 40_000
        number = rnd.choice([None, None, 4134, 37963, 64512])
        rows.append(
            {
                "us": us,
                "event_id": f"e{k}",
                "src_ip": rnd.choice(ADDRESSES),
                "src_asn": number,
                "src_org": number and f"Org {number}",
                **dict(zip(("src_country", "src_region", "src_city", "src_lat", "src_lon"), place, strict=True)),
                "dst_port": rnd.choice([None, 0, 22, 23, 443, 65535]),
                "category": rnd.choice(["vpn", "ssh", "ssh", "SQLi", "unknown", None]),
                "rule": rnd.choice(["failed login", "Failed LOGIN", "", None, "<b>"]),
                "rule_id": rnd.choice(["r1", "r2", "", None]),
                "verdict": rnd.choice([*VERDICTS, None, "detected", "detected"]),
                "severity": rnd.choice([*SEVERITIES, None]),
                "bytes": rnd.choice([None, 0, 1500, 2**40]),
                "count": rnd.choice([None] * 9 + [1, 3] * 15 + [2**31]),
                **dict(zip(("dst_name", "dst_country", "dst_lat", "dst_lon"), target, strict=True)),
                "dst_host": rnd.choice([None, "shop.example"]),
                "sensor": rnd.choice([None, "pot-1"]),
                "dst_ip": None,
                "payload": rnd.choice([None, "GET /", "ssh-2.0"]),
            }
        )
    for row in rows:
        row["n"] = row["count"] or 1
    return rows


def as_table(rows: list[dict]) -> pa.Table:
    """Return events as an event table."""
    columns = {"time": pa.array([row["us"] for row in rows], TYPES["time"])}
    for name in [name for name in rows[0] if name not in ("us", "n")]:
        columns[name] = pa.array([row[name] for row in rows], TYPES.get(name, pa.string()))
    return pa.table(columns)


def in_memory(table: pa.Table, account: Account, directory: Path) -> Store:
    return EventTable(table, account)


def by_time(table: pa.Table, account: Account, directory: Path) -> Store:
    """Rows in the order of time, none without: nothing has to be sorted."""
    return EventTable(table.sort_by("time"), account)


STORES: dict[str, Callable[[pa.Table, Account, Path], Store]] = {
    "in memory": in_memory,
    "by time": by_time,
}


@pytest.fixture(scope="session")
def rows() -> list[dict]:
    """Return the events as plain objects."""
    return made_up(7, EVENTS)


@pytest.fixture(scope="session", params=STORES)
def store(request, rows, tmp_path_factory) -> Store:
    """Return each store in turn, holding the events."""
    account = Account(pieces=len(rows) + 1, events=len(rows), structure=1)
    return STORES[request.param](as_table(rows), account, tmp_path_factory.mktemp("store"))
