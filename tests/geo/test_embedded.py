"""The embedded database says what its build found, and nothing where nothing is known."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, ip_network

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from attackviz.geo import Database, lookup
from attackviz.geo.embedded import EMBEDDED

from .conftest import DATA

# Private, shared, loop-back, documentation and multicast space, and IPv6 nobody has been given.
NOWHERE = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.16.0.9", "192.168.1.1"),
    *("192.0.2.1", "198.51.100.7", "203.0.113.5", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "2001::1", "3fff::1", "64:ff9b::1"),
    *("2000::1", "2003:4000::1", "2410:8000::1", "2632:1000::1", "2a20::1", "2e00::1", "4000::1"),
]


def test_every_sampled_block_has_the_majority_record_of_the_build(embedded: Database):
    sample = pq.read_table(DATA / "embedded-sample.parquet")
    assert len(sample) == 20_000
    columns = embedded.columns(embedded.locate(sample["address"]))
    for name in ("country", "region", "city", "org", "asn"):
        assert columns[name].to_pylist() == sample[name].to_pylist(), name
    for name in ("lat", "lon"):
        expected = np.array([np.nan if v is None else v / 100 for v in sample[name].to_pylist()])
        found = columns[name].to_numpy(zero_copy_only=False).astype(np.float64)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert sample["country"].null_count < 200


def test_nothing_stands_at_zero_zero(embedded: Database):
    # Every /16, and a part of every sixteenth, so that all countries and many null records are met.
    text = pa.array([str(IPv4Address(n)) for n in range(0, 1 << 32, 40_961)])
    columns = embedded.columns(embedded.locate(text))
    lat, lon = (columns[name].to_numpy(zero_copy_only=False) for name in ("lat", "lon"))
    assert len(columns["country"].unique()) > 200
    assert not ((lat == 0) & (lon == 0)).any()
    assert np.array_equal(np.isnan(lat), np.isnan(lon))


def test_space_that_is_nobodys_has_no_place(embedded: Database):
    columns = embedded.columns(embedded.locate(NOWHERE))
    for name in ("country", "city", "lat", "lon"):
        assert columns[name].null_count == len(NOWHERE), name


def test_addresses_inside_addresses(embedded: Database):
    plain, *forms = embedded.locate(
        ["8.8.8.8", "::ffff:8.8.8.8", "::FFFF:808:808", "2002:808:808::1", "2002:0808:0808:ffff::%x", "::8.8.8.8"]
    )
    assert plain >= 0
    # ::a.b.c.d is no longer anybody's.
    assert [form == plain for form in forms] == [True, True, True, True, False]


def test_known_addresses(embedded: Database):
    place = lookup("8.8.8.8", embedded)
    assert (place.country, place.asn, place.org) == ("US", 15169, "Google LLC")
    assert lookup("2a00:1450:4001:800::200e", embedded).org == "Google LLC"
    assert not lookup("192.168.0.1", embedded).known


def test_it_says_what_it_is(embedded: Database):
    about = embedded.describe()
    assert about["embedded"] and about["size"] == EMBEDDED.stat().st_size < 10_500_000
    assert about["networks"] > 5_000_000 and 240 < about["countries"] < 260
    assert about["attribution"] == [{"text": "IP Geolocation by DB-IP", "url": "https://db-ip.com"}]


def test_the_measurement_beside_it_is_of_this_file():
    report = json.loads(EMBEDDED.with_suffix(".json").read_text())
    accuracy = report["accuracy_against_source"]
    assert report["bytes"] == EMBEDDED.stat().st_size
    for family in ("v4", "v6"):
        right = accuracy[family]["right_percent"]
        assert right["country"] > 99.9 and right["region"] > 99.5 and right["city"] > 99
        assert accuracy[family]["km_median"] < 1 and accuracy[family]["km_p95"] < 12


def test_licences_come_along():
    notice = (EMBEDDED.parent / "NOTICE.txt").read_text()
    for word in ("DB-IP", "https://db-ip.com", "Route Views", "nro.net", "modified"):
        assert word in notice
    assert len(list((EMBEDDED.parent / "licences").glob("*.txt"))) == 4


def test_all_of_a_block_is_one_place(embedded: Database):
    network = ip_network("185.220.101.0/24")
    assert len(set(embedded.locate([str(address) for address in network]).tolist())) == 1
