"""Events get their places: data frames stay data frames, tables stay tables, and the rest stays as it was."""

from __future__ import annotations

from ipaddress import ip_address

import pandas as pd
import pyarrow as pa
import pytest

from attackviz.errors import SchemaError, SettingsError, UsageError
from attackviz.geo import Database, Targets, enrich, home, lookup, open_database, read_targets
from attackviz.geo.targets import Target, colos

SOURCES = ["8.8.8.8", "10.0.0.7", "nonsense", None, "185.220.101.1"]
PRAGUE = Target("Prague", 50.1, 14.4, "CZ", cidr="10.0.0.0/8")


def test_a_table_stays_a_table(embedded: Database):
    table = pa.table({"x": range(5), "src_ip": SOURCES})
    result = enrich(table, embedded, Targets(()))
    assert result.column_names[:2] == ["x", "src_ip"] and table.column_names == ["x", "src_ip"]
    assert result["src_country"].to_pylist() == ["US", None, None, None, "DE"]
    assert result["src_asn"].to_pylist()[0] == 15169
    for name in ("src_country", "src_region", "src_city", "src_org", "dst_country", "dst_name", "direction"):
        assert result.schema.field(name).type == pa.dictionary(pa.int32(), pa.string()), name
    assert result.schema.field("src_asn").type == pa.uint32()
    assert all(
        result.schema.field(f"{side}_{axis}").type == pa.float32() for side in ("src", "dst") for axis in ("lat", "lon")
    )
    result.validate(full=True)


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_a_frame_stays_a_frame_with_its_index(embedded: Database, dtype: str):
    frame = pd.DataFrame({"src_ip": pd.Series(SOURCES, dtype=dtype), "x": 1.5})
    frame.index = pd.Index([9, 9, 3, 1, 0], name="n")
    before = frame.copy()
    result = enrich(frame, embedded)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(result[["src_ip", "x"]], before)
    assert result["src_country"].astype(object).where(result["src_country"].notna(), None).tolist() == [
        "US",
        None,
        None,
        None,
        "DE",
    ]
    assert result["src_asn"].dtype == pd.UInt32Dtype() and result["src_asn"].isna().tolist() == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert isinstance(result["src_city"].dtype, pd.CategoricalDtype) and result["src_lat"].dtype == "float32"


def test_frame_and_table_agree(embedded: Database):
    table = enrich(pa.table({"src_ip": SOURCES, "dst_ip": SOURCES[::-1]}), embedded, home(1, 2))
    frame = enrich(pd.DataFrame({"src_ip": SOURCES, "dst_ip": SOURCES[::-1]}), embedded, home(1, 2))
    for name in table.column_names[2:]:
        values = frame[name].astype(object)
        assert values.where(values.notna(), None).tolist() == table[name].to_pylist(), name


def test_chunks_and_no_rows(embedded: Database):
    chunked = pa.table({"src_ip": pa.chunked_array([SOURCES[:2], [], SOURCES[2:]])})
    assert enrich(chunked, embedded)["src_country"].to_pylist() == ["US", None, None, None, "DE"]
    for empty in (chunked.slice(0, 0), pa.table({"src_ip": pa.chunked_array([], pa.string())})):
        assert len(enrich(empty, embedded, home(1, 2))["dst_name"]) == 0
    assert len(enrich(pd.DataFrame({"src_ip": pd.Series([], dtype="str")}), embedded)) == 0


def test_what_a_row_had_stays_where_nothing_better_is_known(embedded: Database):
    had = {
        "src_country": pa.array(["XX", "YY", None, "ZZ", None]).dictionary_encode(),
        "src_lat": [1.0, 2.0, None, None, None],
    }
    result = enrich(pa.table({"src_ip": SOURCES} | had), embedded)
    assert result["src_country"].to_pylist() == ["US", "YY", None, "ZZ", "DE"]
    assert result["src_lat"].to_pylist()[1:4] == [2.0, None, None]
    again = enrich(result, embedded)
    assert again.equals(result)


def test_a_place_of_a_row_is_not_put_into_another_country(embedded: Database):
    had = {"src_country": ["XX", "YY", None, "ZZ", "DE"], "src_region": ["a", "b", "c", "d", "e"]}
    had["src_city"] = had["src_region"]
    result = enrich(pa.table({"src_ip": SOURCES} | had), embedded)
    bare = enrich(pa.table({"src_ip": SOURCES}), embedded)
    assert result["src_country"].to_pylist() == ["US", "YY", None, "ZZ", "DE"]
    for name in ("src_region", "src_city"):
        found = bare[name].to_pylist()
        assert result[name].to_pylist() == [found[0], "b", "c", "d", found[4] or "e"]


def test_without_a_source_column(embedded: Database):
    for events in (pa.table({"ip": SOURCES}), pd.DataFrame({"ip": SOURCES})):
        with pytest.raises(SchemaError, match="src_ip"):
            enrich(events, embedded)


@pytest.mark.parametrize("events", [None, ["8.8.8.8"], pd.Series(["8.8.8.8"])])
def test_what_is_no_table_is_refused(embedded: Database, events: object):
    with pytest.raises(SchemaError, match=r"not to .*; read one"):
        enrich(events, embedded)


def test_paths_are_not_taken_for_what_they_lead_to(embedded: Database):
    table = pa.table({"src_ip": ["8.8.8.8"]})
    with pytest.raises(UsageError, match=r"no database; open it with attackviz\.open_database"):
        enrich(table, "city.mmdb")
    with pytest.raises(UsageError, match=r"no table of targets; read it with attackviz\.read_targets"):
        enrich(table, embedded, "targets.csv")


def test_an_address_object_is_looked_up_as_its_text(embedded: Database):
    assert lookup(ip_address("8.8.8.8"), embedded) == lookup("8.8.8.8", embedded)


def test_without_targets_nothing_is_said_of_them(embedded: Database):
    assert not any(name.startswith("dst_") for name in enrich(pa.table({"src_ip": SOURCES}), embedded).column_names)


def test_the_four_directions(embedded: Database):
    ours, theirs = "10.1.1.1", "8.8.8.8"
    table = pa.table({"src_ip": [theirs, ours, ours, theirs], "dst_ip": [ours, theirs, ours, "1.1.1.1"]})
    result = enrich(table, embedded, Targets((PRAGUE,)))
    assert result["direction"].to_pylist() == ["inbound", "outbound", "internal", "external"]
    assert result["dst_name"].to_pylist() == ["Prague", None, "Prague", None]
    # What is not ours is where the database says.
    assert result["dst_country"].to_pylist() == ["CZ", "US", "CZ", "AU"]
    assert result["dst_lat"].null_count == 0
    # A private source is where the table says.
    assert result["src_country"].to_pylist() == ["US", "CZ", "CZ", "US"]


def test_networks_before_hosts_before_sensors_before_colos_before_home(embedded: Database):
    rows = (
        *(PRAGUE, Target("inner", 1, 1, cidr="10.9.0.0/16"), Target("six", 2, 2, cidr="2001:db8::/33")),
        *(Target("shop", 3, 3, host="Shop.example"), Target("pot", 4, 4, sensor="Cowrie"), Target("home", 5, 5)),
    )
    table = pa.table(
        {
            "src_ip": ["8.8.8.8"] * 8,
            "dst_ip": [
                "10.9.1.1",
                "10.8.0.0",
                "2001:db8:7fff::",
                "2001:db8:8000::",
                None,
                "9.9.9.9",
                None,
                "::ffff:10.9.0.0",
            ],
            "dst_host": ["shop.example", None, None, "SHOP.EXAMPLE", "other", "other", None, None],
            "sensor": ["cowrie", None, None, "cowrie", "COWRIE", "FRA", None, "fra"],
        }
    )
    expected = ["inner", "Prague", "six", "shop", "pot", "Frankfurt", "home", "inner"]
    assert enrich(table, embedded, Targets(rows))["dst_name"].to_pylist() == expected
    as_categories = table.set_column(3, "sensor", table["sensor"].dictionary_encode())
    assert enrich(as_categories, embedded, Targets(rows))["dst_name"].to_pylist() == expected


def test_colos_are_known_without_a_table(embedded: Database):
    result = enrich(pa.table({"src_ip": ["8.8.8.8"] * 3, "sensor": ["PRG", "prg", None]}), embedded)
    assert result["dst_name"].to_pylist() == ["Prague", None, None]
    assert result["dst_country"].to_pylist() == ["CZ", None, None]


def test_the_colo_table():
    table = colos()
    assert len(table) > 300
    for code, colo in table.items():
        assert code.isalpha() and code.isupper() and len(code) == 3 and len(str(colo.country)) == 2
        assert colo.lat and colo.lon and abs(colo.lat) < 70 and abs(colo.lon) <= 180
    assert (table["SYD"].lat, table["SYD"].lon) == pytest.approx((-33.95, 151.18), abs=0.1)


CSV = "cidr,host,colo,name,lat,lon,country\n10.0.0.0/8,,,Office,50.1,14.4,CZ\n,a.example,,,1,2,\n,,PRG,,,,\n"
JSON = """{"targets": [
  {"cidr": "10.0.0.0/8", "name": "Office", "lat": 50.1, "lon": 14.4, "country": "CZ"},
  {"host": "a.example", "lat": 1, "lon": 2},
  {"colo": "prg"}]}"""
TOML = """
[[targets]]
cidr = "10.0.0.0/8"
name = "Office"
lat = 50.1
lon = 14.4
country = "CZ"
[[targets]]
host = "a.example"
lat = 1
lon = 2
[[targets]]
colo = "PRG"
"""


@pytest.mark.parametrize(("suffix", "text"), [("csv", CSV), ("json", JSON), ("toml", TOML)])
def test_targets_are_read(tmp_path, suffix: str, text: str):
    (tmp_path / f"t.{suffix}").write_text(text, encoding="utf-8-sig" if suffix == "csv" else "utf-8")
    office, host, prague = read_targets(tmp_path / f"t.{suffix}").rows
    assert (office.name, office.cidr, office.lat, office.country) == ("Office", "10.0.0.0/8", 50.1, "CZ")
    assert (host.name, host.host, host.lon) == ("a.example", "a.example", 2)
    assert (prague.name, prague.country, prague.is_home) == ("Prague", "CZ", False)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no targets"),
        ("cidr,lat,lon\n10.0.0.0/99,1,2\n", "cidr"),
        ("name,lat,lon\nx,91,0\n", "lat"),
        ("name,lat,lon\nx,nan,0\n", "lat"),
        ("name,lat,lon\nx,1,\n", "only one"),
        ("name,latitude\nx,1\n", "latitude"),
        ("colo\nXXQ\n", "XXQ"),
        ("name,lat,lon\nx,1,2,3\n", "unknown field"),
    ],
)
def test_wrong_targets_are_refused(tmp_path, text: str, word: str):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(SettingsError, match=word):
        read_targets(tmp_path / "t.csv")


def test_unreadable_targets_are_refused(tmp_path):
    (tmp_path / "t.json").write_text("[" * 100_000)
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "t.json", tmp_path / "t.csv", tmp_path / "missing.csv"):
        with pytest.raises(SettingsError):
            read_targets(path)


def test_settings_name_the_targets(embedded: Database, tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "t.csv").write_text("cidr,name,lat,lon\n10.0.0.0/8,Office,50,14\n")
    monkeypatch.setenv("ATTACKVIZ_TARGETS", str(tmp_path / "t.csv"))
    monkeypatch.setenv("ATTACKVIZ_HOME", "1,2")
    table = pa.table({"src_ip": ["8.8.8.8", "8.8.8.8"], "dst_ip": ["10.0.0.1", "11.0.0.1"]})
    assert enrich(table, embedded)["dst_name"].to_pylist() == ["Office", "home"]


@pytest.mark.parametrize("address", ["", "1.2.3", "localhost", "8.8.8.8/32", "1.2.3.4 "])
def test_looking_up_what_is_no_address(embedded: Database, address: str):
    with pytest.raises(UsageError, match="not an IP address"):
        lookup(address, embedded)


def test_lookup_and_enrich_agree(embedded: Database):
    addresses = ["8.8.8.8", "2a00:1450:4001:800::200e%eth0", "10.0.0.1", "::ffff:185.220.101.1"]
    result = enrich(pa.table({"src_ip": addresses}), embedded)
    for i, address in enumerate(addresses):
        place = lookup(address, embedded)
        for name in ("country", "region", "city", "asn", "org", "lat", "lon"):
            assert getattr(place, name) == result[f"src_{name}"][i].as_py()


def test_the_embedded_database_is_the_default(embedded: Database):
    assert open_database().describe() == embedded.describe()
