"""Redacted editions: searched whole for what was planted in them; what stays is what was there."""

from __future__ import annotations

import io
import json
import re
from ipaddress import ip_address, ip_network

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import attackviz as av
from attackviz.account import account_of
from attackviz.analysis import EventTable, redacted
from attackviz.analysis.redaction import PROFILES
from attackviz.errors import SchemaError, UsageError
from attackviz.filters import Filters
from attackviz.schema import COLUMNS, arrow_type, conform
from attackviz.store import LISTS, Store
from attackviz.window import Window

KEY = "correct horse battery staple"
GONE = ("event_id", "dst_host", "sensor", "detail", "dst_name", "src_city")
CANARY = re.compile(r"canary\d+", re.IGNORECASE)
ADDRESSES = ["192.0.2.77", "::ffff:198.51.100.9", "2001:db8:1:2::3", "2002:c000:24d::1", "fe80::1%canary90", "canary91"]


def planted(n: int = 60) -> pa.Table:
    """Return events with a canary in whatever is not to be shown, and places to the degree."""
    text = lambda k: [f"canary{k}{i}" for i in range(n)]  # noqa: E731
    pick = lambda values: [values[i % len(values)] for i in range(n)]  # noqa: E731
    columns = {
        "time": pa.array(range(n), pa.timestamp("s", tz="UTC")),
        **{
            name: text(k) for k, name in enumerate(("event_id", "dst_host", "sensor", "detail", "dst_name", "src_city"))
        },
        "src_ip": pick(ADDRESSES),
        "dst_ip": pick(["203.0.113.5"]),
        "src_port": pick([40_001]),
        "rule": pick(["GET /canary1/x", "CONNECT canary2:443", "https://canary3/", "/canary4", "failed login", None]),
        "verdict": pick(["mitigated", "canary5", None]),
        "severity": pick(["low", None]),
        "category": pick(["ssh", "web", "user=canary6"]),
        "action": pick(["block", "GET /canary7"]),
        "src_country": pick(["DE", "CZ", None]),
        "src_region": pick(["Berlin", "no such region", None]),
        "src_asn": pick([3320, None]),
        "src_org": pick(["Deutsche Telekom AG", None]),
        "src_lat": pa.array(pick([52.51234, 50.01234, None]), pa.float32()),
        "src_lon": pa.array(pick([13.41234, 14.41234, None]), pa.float32()),
        "dst_country": pick(["US"]),
        "dst_lat": pa.array(pick([41.26123]), pa.float32()),
        "dst_lon": pa.array(pick([-95.86123]), pa.float32()),
        "count": pa.array(pick([1, 3]), pa.uint32()),
        "user": text(80),
        "payload": text(81),
    }
    return pa.table(columns)


def everything(table: pa.Table) -> str:
    """Return all that can be read of a table: its bytes, and its columns one by one."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().decode("latin-1") + json.dumps(table.to_pydict(), default=str) + str(table.schema.metadata)


@pytest.mark.parametrize("key", [None, KEY])
def test_nothing_that_was_planted_is_left(key: str | None) -> None:
    seen = everything(av.redact(planted(), key=key))
    assert not CANARY.search(seen)
    for address in (*ADDRESSES, "198.51.100.9", "203.0.113.5", "c000:24d"):
        assert address not in seen
    assert KEY not in seen


def test_what_stays_is_as_it_was() -> None:
    events = planted()
    left = av.redact(events)
    assert set(left.column_names) <= set(PROFILES["public"])
    assert left.num_rows == events.num_rows
    for name in ("time", "count", "src_asn", "src_country"):
        assert left[name].cast(pa.string()).equals(conform(events)[name].cast(pa.string()))
    for name in left.column_names:
        assert left[name].type == arrow_type(name)
    assert left["rule"].to_pylist()[:6] == ["GET …", "CONNECT …", None, None, "failed login", None]
    assert left["verdict"].to_pylist()[:3] == ["mitigated", None, None]


def test_addresses_become_their_network_or_a_name() -> None:
    rng = np.random.default_rng(4)
    addresses = [str(ip_address(int(v))) for v in rng.integers(0, 2**32, 300)]
    addresses += [str(ip_address(int(v) << 64 | 7)) for v in rng.integers(2**61, 2**62, 300)]
    events = pa.table({"time": pa.array(range(600), pa.timestamp("s", tz="UTC")), "src_ip": addresses})
    for address, network in zip(addresses, av.redact(events)["src_ip"].to_pylist(), strict=True):
        assert ip_address(address) in ip_network(network)
        assert ip_network(network).prefixlen == (24 if ":" not in address else 48)
    named = av.redact(events, key=KEY)["src_ip"].to_pylist()
    assert named == av.redact(events, key=KEY)["src_ip"].to_pylist()
    assert len(set(named)) == len(set(addresses))
    assert not set(named) & set(av.redact(events, key=KEY + "!")["src_ip"].to_pylist())


def test_places_become_the_middle_of_their_region_or_country() -> None:
    events = planted(6)
    left = av.redact(events).to_pylist()
    berlin, czechia, nowhere = left[0], left[1], left[2]
    assert (berlin["src_lat"], berlin["src_lon"]) == (pytest.approx(52.5, abs=0.1), pytest.approx(13.4, abs=0.1))
    assert (czechia["src_lat"], czechia["src_lon"]) == (pytest.approx(50.0, abs=0.3), pytest.approx(15.1, abs=0.3))
    assert nowhere["src_lat"] is None
    moved = events.set_column(events.column_names.index("src_lat"), "src_lat", pa.array([52.4] * 6, pa.float32()))
    same = av.redact(moved).to_pylist()
    assert same[0] == berlin  # wherever in Berlin it was


def test_a_frame_stays_a_frame_and_its_account_loses_names() -> None:
    account = av.Account(pieces=60, events=60, files={"/home/canary1/x.log": "apache"}, notes=["canary2"])
    frame = EventTable(planted(), account).read().to_pandas()
    left = av.redact(frame)
    assert isinstance(left, pd.DataFrame)
    assert not CANARY.search(left.to_csv() + repr(left.attrs))
    told = account_of(left)
    assert told is not None
    assert (told.pieces, told.events, told.closes(), set(told.files.values())) == (60, 60, True, {"apache"})
    assert list(left.index) == list(frame.index)


@pytest.mark.parametrize("log", ["apache", "nginx"])
def test_a_log_that_was_read(log: str, tmp_path) -> None:
    lines = [
        f'192.0.2.{k} - canary{k} [18/Feb/2025:10:00:{k:02d} +0000] "GET /canary{k}/?q=canary HTTP/1.1" 404 12 '
        f'"https://canary{k}.example/" "canary{k}"' for k in range(40)
    ]  # fmt: skip
    path = tmp_path / f"{log}-canary9.log"
    path.write_text("\n".join(lines) + "\n")
    frame = av.read(path)
    assert len(frame) == 40
    assert CANARY.search(frame.to_csv())
    left = av.redact(frame)
    assert not CANARY.search(left.to_csv() + repr(left.attrs))
    assert left["rule"].unique().tolist() == ["GET …"]


DAY = Window.parse("1970-01-01")


@pytest.fixture
def store() -> EventTable:
    """Return a store of the planted events."""
    return EventTable(planted())


def test_a_store_answers_with_what_is_left(store: EventTable) -> None:
    left = av.redact(store)
    plain = EventTable(av.redact(store.table))
    assert isinstance(left, Store)
    assert left.read(DAY).table.equals(plain.read(DAY).table)
    assert left.count(DAY) == plain.count(DAY)
    assert left.count(DAY).events == store.count(DAY).events
    narrow = Filters.parse({"cidr": ["192.0.2.0/24"]})
    assert left.top("address", DAY, filters=narrow).rows == plain.top("address", DAY, filters=narrow).rows
    assert np.array_equal(left.timeline(DAY, 5, "category").events, plain.timeline(DAY, 5, "category").events)
    assert left.sample(DAY, 7).table.equals(plain.sample(DAY, 7).table)
    recording = av.Replay(left, DAY).recording
    assert not CANARY.search(recording.to_bytes().decode("latin-1"))
    assert len(recording) == 60


def test_of_more_events_than_are_read_cells_and_lists_are_left(store: EventTable, monkeypatch) -> None:
    monkeypatch.setattr(redacted, "BUDGET", 10)
    left = av.redact(store)
    cube = left.cube(DAY)
    assert not CANARY.search(everything(cube.table))
    assert sum(cube.table["count"].to_pylist()) == store.count(DAY).events
    whole = EventTable(av.redact(store.table))
    for field in LISTS.values():
        top, exact = left.top(field, DAY, 20), whole.top(field, DAY, 20)
        assert {row.key: row.events for row in top.rows} == {row.key: row.events for row in exact.rows}
        assert not CANARY.search(repr(top))
    assert left.timeline(DAY, 1).total == store.timeline(DAY, 1).total
    assert not CANARY.search(everything(left.sample(DAY, 5).table))
    assert not CANARY.search(repr(left.count(DAY)))
    for ask in (
        lambda: left.read(DAY),
        lambda: left.top("target", DAY),
        lambda: left.timeline(DAY, 5, "sensor"),
        lambda: left.count(DAY, Filters.parse({"address": {"in": ["192.0.2.77"]}})),
    ):
        with pytest.raises(UsageError, match="redacted events cannot be"):
            ask()


def test_wrong_ways_to_ask() -> None:
    with pytest.raises(UsageError, match="no profile 'secret'"):
        av.redact(planted(), "secret")
    with pytest.raises(UsageError, match="fewer than 16 characters") as raised:
        av.redact(planted(), key="hunter2")
    assert "hunter2" not in str(raised.value)
    with pytest.raises(SchemaError, match="not list"):
        av.redact([])


def test_every_column_is_either_kept_or_known_to_go() -> None:
    """A column that is added to the schema does not slip into public editions unseen."""
    assert set(COLUMNS) == {*GONE, "src_port", "dst_ip"} | set(PROFILES["public"])
