"""Any MMDB file: the same answers as maxminddb and geoip2, and a plain refusal of bad ones."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import geoip2.database
import maxminddb
import numpy as np
import pytest

from attackviz.errors import GeoDatabaseError, StaleDatabaseWarning
from attackviz.geo import Database, open_database
from attackviz.geo.database import locate_strings
from attackviz.geo.mmdb import read_mmdb
from attackviz.geo.table import compile_table

from .conftest import DATA
from .mmdbwriter import MARKER, control, encode, pointer, write_mmdb

MAXMIND = DATA / "maxmind"
READABLE = sorted(
    path
    for path in MAXMIND.glob("*.mmdb")
    # maxminddb itself cannot walk the one without IPv4; it is below.
    if not any(word in path.name.casefold() for word in ("broken", "invalid", "no-ipv4"))
)
LOCATING = ["GeoIP2-City", "GeoLite2-City", "GeoLite2-Country", "GeoIP2-Enterprise", "GeoLite2-ASN"]
CORRUPT = [*sorted((MAXMIND / "bad").glob("*.mmdb")), *MAXMIND.glob("*roken*.mmdb"), *MAXMIND.glob("*Invalid*.mmdb")]


def networks(path: Path) -> Iterator[tuple[Any, Any]]:
    with maxminddb.open_database(path) as reader:
        yield from reader


def edges(path: Path) -> dict[str, Any]:
    """Return the first and last address of every network, with its record, and their neighbours."""
    found: dict[str, Any] = {}
    with maxminddb.open_database(path) as reader:
        top = (1 << (128 if reader.metadata().ip_version == 6 else 32)) - 1
        for network, _ in reader:
            first, last = int(network[0]), int(network[-1])
            for number in (first, last, first - 1, last + 1):
                if 0 <= number <= top:
                    address = IPv4Address(number) if network.version == 4 and number < 1 << 32 else IPv6Address(number)
                    found[str(address)] = reader.get(address)
    return found


def columns(database: Database, addresses: list[str]) -> dict[str, list[Any]]:
    return {name: column.to_pylist() for name, column in database.columns(database.locate(addresses)).items()}


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
def test_every_network_has_the_record_maxminddb_gives(path: Path):
    mmdb = read_mmdb(path)
    expected = edges(path)
    assert len(expected) > 4
    ids = locate_strings(compile_table(mmdb.ranges), list(expected))
    for (address, record), i in zip(expected.items(), ids, strict=True):
        # ::ffff:a.b.c.d and 2002: stand for their IPv4 address, also where a file has no alias for them.
        if record is None and IPv6Address(int(ip_address(address))).ipv4_mapped:
            continue
        assert (mmdb.records[i] if i >= 0 else None) == record, address


def test_a_tree_without_ipv4_knows_nothing_of_ipv4():
    mmdb = read_mmdb(MAXMIND / "MaxMind-DB-no-ipv4-search-tree.mmdb")
    table = compile_table(mmdb.ranges)
    addresses = ["::1", "1.2.3.4", "::ffff:1.2.3.4", "8000::"]
    with maxminddb.open_database(MAXMIND / "MaxMind-DB-no-ipv4-search-tree.mmdb") as reader:
        expected = [reader.get(address) for address in ("::1", "1.2.3.4", "::1.2.3.4", "8000::")]
    found = [mmdb.records[i] if i >= 0 else None for i in locate_strings(table, addresses)]
    assert found == expected


def city(answer: Any) -> dict[str, Any]:
    region = answer.subdivisions[0].names.get("en") if len(answer.subdivisions) else None
    here = answer.location.latitude, answer.location.longitude
    lat, lon = (None, None) if None in here or here == (0, 0) else here
    return {
        "country": answer.country.iso_code,
        "region": region,
        "city": answer.city.names.get("en"),
        "lat": lat,
        "lon": lon,
    }


def systems(answer: Any) -> dict[str, Any]:
    return {"asn": answer.autonomous_system_number, "org": answer.autonomous_system_organization}


ASKED = {
    "GeoIP2-City": lambda reader, ip: city(reader.city(ip)),
    "GeoLite2-City": lambda reader, ip: city(reader.city(ip)),
    "GeoLite2-Country": lambda reader, ip: {"country": reader.country(ip).country.iso_code},
    "GeoLite2-ASN": lambda reader, ip: systems(reader.asn(ip)),
    "GeoIP2-Enterprise": lambda reader, ip: city(reader.enterprise(ip)) | systems(reader.enterprise(ip).traits),
}


@pytest.mark.parametrize("kind", LOCATING)
def test_every_network_has_the_columns_geoip2_gives(kind: str):
    path = MAXMIND / f"{kind}-Test.mmdb"
    addresses = [str(address) for network, _ in networks(path) for address in (network[0], network[-1])]
    database = open_database(path)
    found = columns(database, addresses)
    with geoip2.database.Reader(path) as reader:
        expected = [ASKED[kind](reader, address) for address in addresses]
    for name in ("country", "region", "city", "asn", "org", "lat", "lon"):
        wanted = [answer.get(name) for answer in expected]
        if name in ("lat", "lon"):
            wanted = [None if value is None else float(np.float32(value)) for value in wanted]
        assert found[name] == wanted, name
    assert [database.lookup(address).country for address in addresses[::7]] == [e.get("country") for e in expected[::7]]


def test_city_and_asn_together():
    paths = [MAXMIND / "GeoLite2-City-Test.mmdb", MAXMIND / "GeoLite2-ASN-Test.mmdb"]
    both, city_only, asn_only = open_database(paths), open_database(paths[0]), open_database(paths[1])
    addresses = [str(network[0]) for path in paths for network, _ in networks(path)]
    together, where, who = (
        {n: c.to_pylist() for n, c in db.columns(db.locate(addresses)).items()} for db in (both, city_only, asn_only)
    )
    for name in ("country", "region", "city", "lat", "lon"):
        assert together[name] == where[name]
    for name in ("asn", "org"):
        assert together[name] == who[name]
    assert sum(a is not None and c is not None for a, c in zip(together["asn"], together["country"], strict=True)) > 3
    assert both.describe()["name"] == "GeoLite2-City + GeoLite2-ASN"
    place = both.lookup("89.160.20.112")
    assert (place.city, place.asn) == ("Linköping", 29518)


@pytest.mark.parametrize("path", CORRUPT, ids=lambda path: path.stem)
def test_corrupt_files_are_refused(path: Path):
    with pytest.raises(GeoDatabaseError) as caught:
        open_database(path)
    assert path.name in str(caught.value) and ";" in str(caught.value)


@pytest.mark.parametrize("name", ["test-decoder", "string-value-entries", "test-mixed-24"])
def test_files_without_places_are_refused(name: str):
    with pytest.raises(GeoDatabaseError, match="neither a place nor"):
        open_database(MAXMIND / f"MaxMind-DB-{name}.mmdb")


@pytest.mark.parametrize("content", [b"", b"no", MARKER, MARKER + b"\xe0", b"\x1f\x8b" + bytes(100), bytes(1 << 16)])
def test_other_files_are_refused(tmp_path: Path, content: bytes):
    (tmp_path / "x.mmdb").write_bytes(content)
    with pytest.raises(GeoDatabaseError):
        open_database(tmp_path / "x.mmdb")


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path):
    for path in (tmp_path / "missing.mmdb", tmp_path):
        with pytest.raises(GeoDatabaseError, match="cannot be read"):
            open_database(path)


def refused_or_read(path: Path, whole: bytes) -> bool:
    path.write_bytes(whole)
    try:
        table = compile_table(read_mmdb(path).ranges)
    except GeoDatabaseError:
        return False
    locate_strings(table, ["81.2.69.142", "2001:218::1", "::ffff:1.2.3.4"])
    return True


def test_cut_files_are_refused(tmp_path: Path):
    whole = (MAXMIND / "GeoLite2-ASN-Test.mmdb").read_bytes()
    for size in range(0, len(whole) - 1, 97):
        assert not refused_or_read(tmp_path / "cut.mmdb", whole[:size])


def test_damaged_files_are_refused_or_read_but_nothing_else(tmp_path: Path):
    rng = random.Random(5)
    outcomes = set()
    for name in ("GeoLite2-ASN-Test", "MaxMind-DB-test-ipv6-28", "GeoIP2-Enterprise-Test"):
        whole = (MAXMIND / f"{name}.mmdb").read_bytes()
        for _ in range(60):
            damaged = bytearray(whole)
            for _ in range(rng.choice((1, 4, 40))):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            outcomes.add(refused_or_read(tmp_path / "damaged.mmdb", bytes(damaged)))
    assert outcomes == {True, False}


def test_records_that_multiply_themselves_are_refused(tmp_path: Path):
    # A list of thirty pointers to a list of thirty pointers, twelve levels up: 30**12 values if taken at its word.
    data, offsets = bytearray(encode("x")), [0]
    for _ in range(12):
        offsets.append(len(data))
        data += control(11, 30) + pointer(offsets[-2]) * 30
    path = write_mmdb(tmp_path / "bomb.mmdb", {"1.0.0.0/8": pointer(offsets[-1])}, data=bytes(data))
    with pytest.raises(GeoDatabaseError, match="neither a place nor"):
        open_database(path)
    # A record in every byte of one long list.
    many = {f"1.{i >> 8}.{i & 255}.0/24": pointer(3 * i) for i in range(3000)}
    long = write_mmdb(tmp_path / "long.mmdb", many, data=(control(11, 60_000)[:2] + b"\xea\x60") * 1000 + bytes(100))
    with pytest.raises(GeoDatabaseError):
        open_database(long)


def test_a_tree_that_multiplies_itself_is_refused(tmp_path: Path):
    # Both children of every node are the next node: 2**128 leaves.
    path = write_mmdb(tmp_path / "x.mmdb", {"::/127": {"country": "DE"}})
    raw = bytearray(path.read_bytes())
    for i in range(126):
        raw[8 * i : 8 * i + 8] = 2 * (i + 1).to_bytes(4, "big")
    path.write_bytes(raw)
    with pytest.raises(GeoDatabaseError, match="repeats itself"):
        open_database(path)


def test_flat_dbip_with_its_null_record(tmp_path: Path):
    null = {"country_code": "", "state1": "", "city": "", "latitude": 0.0, "longitude": 0.0}
    here = {"country_code": "CZ", "state1": "Prague", "city": "Praha", "latitude": 50.0, "longitude": 14.5}
    path = write_mmdb(tmp_path / "x.mmdb", {"1.0.0.0/24": here, "1.0.1.0/24": null}, kind="city ipv4", version=4)
    database = open_database(path)
    found = columns(database, ["1.0.0.9", "1.0.1.9", "1.0.2.9", "::1"])
    assert found["city"] == ["Praha", None, None, None] and found["region"][0] == "Prague"
    assert found["lat"] == [50.0, None, None, None] and found["lon"] == [14.5, None, None, None]
    assert database.lookup("1.0.0.9").city == "Praha"
    assert database.attribution[0]["text"] == "IP Geolocation by DB-IP"


def test_flat_ipinfo_with_numbers_as_text(tmp_path: Path):
    lite = {"country": "Australia", "country_code": "AU", "asn": "AS13335", "as_name": "Cloudflare, Inc."}
    location = {"country": "JP", "region": "Tokyo", "city": "Tokyo", "lat": "35.69", "lng": "139.69"}
    bad = {"country": "Nowhere", "asn": "ASx", "lat": "north", "lng": "1e999"}
    path = write_mmdb(
        tmp_path / "x.mmdb", {"1.1.1.0/24": lite, "2.2.0.0/16": location, "3.3.3.3/32": bad}, kind="ipinfo x"
    )
    found = columns(open_database(path), ["1.1.1.1", "2.2.2.2", "3.3.3.3"])
    assert found["country"] == ["AU", "JP", None] and found["asn"] == [13335, None, None]
    assert found["org"][0] == "Cloudflare, Inc." and found["city"][1] == "Tokyo"
    assert found["lat"] == [None, float(np.float32(35.69)), None] and found["lon"][2] is None


def test_networks_of_every_length_are_exact(tmp_path: Path):
    nets = {
        **{"10.0.0.0/25": "AA", "10.0.0.128/26": "AB", "10.0.0.255/32": "AC", "10.0.1.7/32": "AD", "11.0.0.0/8": "AE"},
        **{
            "2001:db8::/64": "BA",
            "2001:db8:0:1::/65": "BB",
            "2001:db8:0:1:8000::/128": "BC",
            "2001:db8:0:2::ff/128": "BD",
        },
    }
    path = write_mmdb(tmp_path / "x.mmdb", {net: {"country_code": code} for net, code in nets.items()})
    expected = {address: (record or {}).get("country_code") for address, record in edges(path).items()}
    assert columns(open_database(path), list(expected))["country"] == list(expected.values())
    assert set(nets.values()) <= set(expected.values())


def test_a_file_replaced_is_read_anew(tmp_path: Path):
    path = tmp_path / "x.mmdb"
    write_mmdb(path, {"1.0.0.0/8": {"country_code": "AA"}})
    assert columns(open_database(path), ["1.1.1.1"])["country"] == ["AA"]
    write_mmdb(path, {"1.0.0.0/8": {"country_code": "BB", "city": "longer"}})
    assert columns(open_database(path), ["1.1.1.1"])["country"] == ["BB"]


def test_an_old_database_is_said_once(tmp_path: Path):
    path = write_mmdb(
        tmp_path / "old.mmdb", {"1.0.0.0/8": {"country_code": "AA"}}, kind="Old City", epoch=1_500_000_000
    )
    with pytest.warns(StaleDatabaseWarning, match="2017-07-14, older than a year") as caught:
        first, second = open_database(path), open_database(path)
    assert len(caught) == 1
    assert first.notice == second.notice and "Old City" in str(first.notice)


def test_settings_name_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copy(MAXMIND / "GeoLite2-Country-Test.mmdb", tmp_path / "mine.mmdb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTACKVIZ_GEOIP", str(tmp_path / "mine.mmdb"))
    assert open_database().name == "GeoLite2-Country"
    assert "MaxMind" in str(open_database().attribution[0]["text"])
