"""Formats of one's own: every kind of lines, every way of writing a value, and what is said when one is wrong."""

import csv
import io
import json
import warnings
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attackviz as av
from attackviz import Mapping
from attackviz.account import Account, account_of
from attackviz.errors import AddressError, AttackvizWarning, FormatError, MappingError, UsageError
from attackviz.formats import choose, decode, detect, known_formats, own_formats
from attackviz.formats.near import near
from attackviz.schema import COLUMNS as COLUMNS_OF_EVENTS
from attackviz.settings import load_settings

ROWS = [
    {"ts": "2025-03-14T10:00:00Z", "ip": "192.0.2.1", "path": "/buy", "note": "a b"},
    {"ts": "2025-03-14T10:00:01Z", "ip": "2001:db8::1", "path": "/", "note": 'say "hi"'},
    {"ts": "2025-03-14T10:00:02Z", "ip": "198.51.100.7", "path": "/buy", "note": "x=y"},
]
COLUMNS = {"time": "ts", "src_ip": "ip", "rule": "path", "detail": "note"}
PATTERN = r"(?P<ts>\S+) (?P<ip>\S+) (?P<path>\S+) \[(?P<note>[^\]]*)\]"


def as_csv(rows, delimiter=","):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_logfmt(rows):
    quoted = [{k: json.dumps(v) if set(v) & set(' "=') else v for k, v in row.items()} for row in rows]
    return "".join(" ".join(f"{k}={v}" for k, v in row.items()) + "\n" for row in quoted)


CORPUS = Path(__file__).parent / "corpus"
KINDS = {
    "ndjson": ({"kind": "json"}, "".join(json.dumps(row) + "\n" for row in ROWS)),
    "array": ({"kind": "json"}, json.dumps(ROWS)),
    "spread": ({"kind": "json"}, json.dumps(ROWS, indent=2)),
    "csv": ({"kind": "csv"}, as_csv(ROWS)),
    "semicolons": ({"kind": "csv", "delimiter": ";"}, as_csv(ROWS, ";")),
    "bars": ({"kind": "csv"}, as_csv(ROWS, "|")),
    "arrows": ({"kind": "csv", "delimiter": "->"}, as_csv(ROWS, "\x01").replace("\x01", "->")),
    "no header": ({"kind": "csv", "header": list(ROWS[0])}, as_csv(ROWS).partition("\n")[2]),
    "logfmt": ({"kind": "logfmt"}, as_logfmt(ROWS)),
    "regex": ({"pattern": f"^{PATTERN}$"}, "".join("{ts} {ip} {path} [{note}]\n".format(**row) for row in ROWS)),
}


def mapping(table=None, **columns):
    return Mapping.from_dict("mine", {"kind": "json", "columns": {"time": "ts", **columns}, **(table or {})})


def read_rows(tmp_path, rows, form, **how):
    path = tmp_path / "log.json"
    path.write_text("".join(json.dumps({"ts": "2025-03-14T10:00:00Z", **row}) + "\n" for row in rows))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AttackvizWarning)
        return av.read(path, format=form, **how)


def values_of(tmp_path, column, origin, written):
    """Return what a column holds where the log has these values under ``x``."""
    frame = read_rows(tmp_path, [{"x": value} for value in written], mapping(**{column: origin}))
    return [None if pd.isna(value) else value for value in frame[column].tolist()]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_lines_gives_the_same_events(tmp_path, name):
    kind, text = KINDS[name]
    path = tmp_path / "log"
    path.write_text(text)
    events = av.read(path, format=Mapping.from_dict("mine", {**kind, "columns": COLUMNS}))
    assert events["src_ip"].tolist() == [row["ip"] for row in ROWS]
    assert events["rule"].tolist() == [row["path"] for row in ROWS]
    assert events["detail"].tolist() == [row["note"] for row in ROWS]
    assert events["time"].tolist() == [pd.Timestamp(row["ts"]) for row in ROWS]
    account = account_of(events)
    assert account.closes()
    assert (account.events, account.bad_total, list(account.files.values())) == (3, 0, ["mine"])


@pytest.mark.parametrize("name", [name for name in KINDS if name not in ("no header", "spread")])
def test_every_kind_with_names_is_found_by_its_content(name):
    kind, text = KINDS[name]
    mine = Mapping.from_dict("mine", {**kind, "columns": COLUMNS})
    assert detect(text.encode(), "log", known_formats((mine,))).name == "mine"


@pytest.mark.parametrize("name", KINDS)
def test_ids_are_different_and_stay(tmp_path, name):
    kind, text = KINDS[name]
    path = tmp_path / "log"
    path.write_text(text)
    form = Mapping.from_dict("mine", {**kind, "columns": COLUMNS})
    first, again = (av.read(path, format=form, columns=["event_id", "src_ip"]) for _ in range(2))
    assert first["event_id"].is_unique
    assert first["event_id"].tolist() == again["event_id"].tolist()


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("auto", "2025-03-14T10:00:00.25Z"),
        ("auto", 1741946400250),
        ("s", 1741946400.25),
        ("s", "1741946400.25"),
        ("ms", "1741946400250"),
        ("us", 1741946400250000),
        ("ns", 1741946400250000000),
        ("%d/%b/%Y:%H:%M:%S.%f %z", "14/Mar/2025:11:00:00.25 +0100"),
        ("%A, %B %e %Y %I:%M:%S.%f %p %Z", "Friday, March 14 2025 10:00:00.250 AM UTC"),
        ("%y%m%d %T.%f%z", "250314 10:00:00.250Z"),
    ],
)
def test_times(tmp_path, form, written):
    (event,) = read_rows(tmp_path, [{"ts": written}], mapping(time={"field": "ts", "format": form}))["time"]
    assert event == pd.Timestamp("2025-03-14T10:00:00.25Z")


def test_a_time_that_is_not_of_its_format_is_null_and_counted(tmp_path):
    form = mapping(time={"field": "ts", "format": "%d.%m.%Y %H:%M"})
    written = ["14.3.2025 9:05", "31.2.2025 09:05", "soon", ""]
    events = read_rows(tmp_path, [{"ts": text} for text in written], form)
    assert events["time"].tolist()[0] == pd.Timestamp("2025-03-14T09:05Z")
    assert events["time"].isna().tolist() == [False, True, True, True]
    flags = account_of(events).flags
    assert (flags["time not understood"], flags["no time"]) == (2, 1)


def test_the_zone_of_a_mapping_goes_before_that_of_the_call(tmp_path):
    rows = [{"ts": "14.03.2025 12:00"}]
    told = {"field": "ts", "format": "%d.%m.%Y %H:%M", "tz": "Europe/Prague"}
    assert read_rows(tmp_path, rows, mapping(time=told), tz="Asia/Tokyo")["time"][0].hour == 11
    del told["tz"]
    assert read_rows(tmp_path, rows, mapping({"tz": "Europe/Prague"}, time=told))["time"][0].hour == 11
    assert read_rows(tmp_path, rows, mapping(time=told), tz="Asia/Tokyo")["time"][0].hour == 3


def test_a_year_that_is_not_written_is_told(tmp_path):
    form = mapping(time={"field": "ts", "format": "%b %d %H:%M:%S"})
    events = read_rows(tmp_path, [{"ts": "Dec  3 10:00:00"}], form, year=2019)
    assert events["time"].tolist() == [pd.Timestamp("2019-12-03T10:00Z")]


@given(st.ip_addresses(v=4))
def test_ipv4_of_any_writing(address):
    from attackviz.formats.packed import ADDRESS_READERS as READ

    number, packed = int(address), address.packed
    little = int.from_bytes(packed, "little")
    signed = number - (1 << 32) if number >= 1 << 31 else number
    assert {READ["integer"](str(n)) for n in (number, signed)} == {str(address)}
    assert READ["integer-little"](str(little)) == str(address)
    for text in (packed.hex(), f"0x{packed.hex()}", f"\\x{packed.hex().upper()}", packed.hex(":"), str(list(packed))):
        assert READ["packed"](text) == str(address)


@given(st.ip_addresses(v=6))
def test_ipv6_of_any_writing(address):
    import base64

    from attackviz.formats.packed import ADDRESS_READERS as READ

    assert READ["packed"](address.packed.hex()) == READ["packed"](str(list(address.packed))) == str(address)
    encoded = base64.b64encode(address.packed).decode()
    assert READ["packed"](encoded) == READ["packed"](encoded.rstrip("=")) == str(address)
    if int(address) >= 1 << 32:
        assert READ["integer"](str(int(address))) == str(address)


@given(st.text(max_size=40), st.sampled_from(["integer", "integer-little", "packed"]))
def test_what_is_no_address_is_none_or_one(text, how):
    from attackviz.formats.packed import ADDRESS_READERS as READ

    found = READ[how](text)
    assert found is None or str(ip_address(found)) == found


def test_addresses_in_a_log(tmp_path):
    written = [3221225985, "3221225985", -1, "2001:db8::1", "none", None, 2**130]
    got = values_of(tmp_path, "src_ip", {"field": "x", "address": "integer"}, written)
    assert got == ["192.0.2.1", "192.0.2.1", "255.255.255.255", "2001:db8::1", None, None, None]
    assert values_of(tmp_path, "dst_ip", {"field": "x", "address": "packed"}, [[192, 0, 2, 1], "wAACAQ=="]) == [
        "192.0.2.1",
        "192.0.2.1",
    ]


def test_values_constants_and_alternatives(tmp_path):
    codes = {"field": "x", "values": {"F": "fraud", "1": "one", "-": ""}}
    assert values_of(tmp_path, "category", codes, ["f", 1, "G", "-", None]) == ["fraud", "one", "G", None, None]
    assert values_of(tmp_path, "category", {**codes, "otherwise": "other"}, ["F", "G", None]) == [
        "fraud",
        "other",
        None,
    ]
    assert values_of(tmp_path, "category", {"field": "x", "constant": "none"}, ["F", "", None]) == ["F", "none", "none"]
    assert values_of(tmp_path, "category", {"field": ["y", "x"]}, ["F"]) == ["F"]
    assert values_of(tmp_path, "dst_port", {"constant": 443}, [1, 2]) == [443, 443]
    assert values_of(tmp_path, "src_ip", {"constant": "192.0.2.9"}, [1]) == ["192.0.2.9"]
    assert values_of(tmp_path, "action", "x", ["BLOCK"]) == ["block"]


def test_numbers_and_degrees(tmp_path):
    assert values_of(tmp_path, "dst_port", "x", [443, "22", 0, 70000, "http"]) == [443, 22, None, None, None]
    assert values_of(tmp_path, "count", "x", [3, "4", -1, 2**40]) == [3, 4, None, None]
    assert values_of(tmp_path, "bytes", "x", [3, 2**40, "x"]) == [3, 2**40, None]
    form = mapping(src_lat="a", src_lon="b")
    events = read_rows(tmp_path, [{"a": 50.5, "b": "14.25"}, {"a": 91, "b": "east"}], form)
    assert events[["src_lat", "src_lon"]].iloc[0].tolist() == [50.5, 14.25]
    assert events[["src_lat", "src_lon"]].iloc[1].isna().all()
    assert {"src_lat beyond 90 degrees", "src_lon not understood"} <= set(account_of(events).flags)


def test_verdicts_that_are_none_are_counted_and_named(tmp_path):
    form = mapping(verdict={"field": "x", "values": {"ok": "benign"}}, severity="x")
    events = read_rows(tmp_path, [{"x": "OK"}, {"x": "weird"}, {"x": "Mitigated"}, {}], form)
    assert events["verdict"].tolist()[:3] == ["benign", "unknown", "mitigated"]
    assert events["verdict"].isna()[3]
    account = account_of(events)
    assert account.flags["unknown verdict"] == 1
    assert "unknown verdict 'weird'" in account.notes
    av.validate(events)


def test_extra_columns_have_their_types_and_can_be_chosen(tmp_path):
    extra = {"total": {"field": "order.total", "type": "number"}, "currency": "order.currency"}
    form = mapping({"extra": extra}, src_ip="ip")
    rows = [{"ip": "192.0.2.1", "order": {"total": "12.50", "currency": "EUR"}}, {"order.total": 3, "order": {}}]
    events = read_rows(tmp_path, rows, form)
    assert events["total"].tolist() == [12.5, 3.0]
    assert events["currency"].tolist()[0] == "EUR"
    assert list(read_rows(tmp_path, rows, form, columns=["total"]).columns) == ["time", "total"]


@pytest.mark.parametrize(
    ("only", "kept"),
    [
        ({"n": 200}, [0]),
        ({"n": [200, 404]}, [0, 1]),
        ({"n": {"not": 200}}, [1, 2, 3]),
        ({"n": {"range": [300, float("inf")]}}, [1]),
        ({"n": {"null": True}}, [3]),
        ({"n": {"null": False}}, [0, 1, 2]),
        ({"p": {"contains": "CHECK"}}, [0, 2]),
        ({"p": {"matches": "^/check$"}}, [0]),
        ({"n": 200, "p": "/check"}, [0]),
        ({"n": 200, "p": "/"}, []),
    ],
)
def test_a_filter_leaves_the_other_rows_out_and_counts_them(tmp_path, only, kept):
    rows = [{"n": 200, "p": "/check"}, {"n": "404", "p": "/"}, {"n": "x", "p": "/check/2"}, {"p": None}]
    rows = [{**row, "i": str(n), "src": "bad" if n not in kept else "192.0.2.1"} for n, row in enumerate(rows)]
    events = read_rows(tmp_path, rows, mapping({"only": only}, detail="i", src_ip="src"))
    assert events["detail"].tolist() == [str(n) for n in kept]
    account = account_of(events)
    assert account.left_out.total() == 4 - len(kept)
    assert (account.events, account.pieces, account.closes()) == (len(kept), 4, True)
    assert not account.flags  # what is wrong with a row that is left out is nobody's concern


WRONG = [
    ({"columns": {"sorce_ip": "x"}}, r"\[formats.mine.columns\]: there is no column 'sorce_ip'; is 'src_ip' meant"),
    ({"columns": {"basket": "x"}}, "put columns of your own into"),
    ({"extra": {"src_ip": "x"}}, "'src_ip' is a column of the event table"),
    ({"kind": "jsn"}, "'jsn' is no kind; it is one of json, csv"),
    ({"colums": {}}, "no key 'colums'; is 'columns' meant"),
    ({"columns": {"time": {"feild": "x"}}}, r"columns.time\]: there is no key 'feild'; is 'field' meant"),
    ({"columns": {"time": {}}}, "neither a field nor a constant"),
    ({"columns": {"time": {"field": "x", "format": "%d.%m.%Y"}}}, "lacks an hour"),
    ({"columns": {"time": {"field": "x", "format": "%Q"}}}, "has %Q; known are %Y"),
    ({"columns": {"time": {"field": "x", "format": "iso"}}}, "'iso' is no time format"),
    ({"columns": {"time": {"field": "x", "tz": "Nowhere/Land"}}}, "no time zone 'Nowhere/Land'"),
    ({"columns": {"verdict": {"constant": "fine"}}}, "'fine' is no verdict; it is one of mitigated"),
    ({"columns": {"severity": {"field": "x", "values": {"1": "lo"}}}}, "'lo' is no severity"),
    ({"columns": {"src_ip": {"field": "x", "address": "hex"}}}, "'hex' is no address"),
    ({"columns": {"src_lat": "x"}}, "src_lat and src_lon go together"),
    ({"only": {"x": {"like": "y"}}}, "there is no key 'like'"),
    ({"only": {"x": {"range": [1]}}}, "is no range"),
    ({"only": {"x": {"matches": "("}}}, "cannot be used"),
    ({"kind": "csv", "delimiter": '"'}, "cannot part fields"),
    ({"kind": "csv", "header": ["tss", "b"]}, "the header has no field 'ts'; is 'tss' meant"),
    ({"kind": "json", "pattern": "x"}, "'pattern' is for kind 'regex'"),
    ({"kind": "regex"}, "needs a pattern"),
    ({"kind": "regex", "pattern": r"(?P<tss>\S+)"}, "the pattern has no group 'ts'; is 'tss' meant"),
    ({"kind": "regex", "pattern": r"(?P<ts>\S+)(?=x)"}, "no lookaround"),
    ({"kind": "regex", "pattern": r"(?P<ts>\S+) (?P=ts)"}, "cannot be used"),
    ({"title": 3}, "title is 3, not text"),
    ({"columns": []}, "is no table"),
]


@pytest.mark.parametrize(("change", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_mapping_says_what_and_where(change, message):
    columns = change.get("columns")
    table = {"kind": "json", **change}
    table["columns"] = columns if isinstance(columns, list) else {"time": "ts", **(columns or {})}
    with pytest.raises((MappingError, UsageError), match=message):
        Mapping.from_dict("mine", table)


def test_a_mapping_without_time_is_refused():
    with pytest.raises(MappingError, match="no column 'time'"):
        Mapping.from_dict("mine", {"kind": "json", "columns": {"src_ip": "ip"}})


TABLES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "columns", "time", "src_ip", "field", "constant", "values", "only", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(TABLES)
def test_no_table_is_more_than_an_error(table):
    try:
        assert Mapping.from_dict("mine", table).fields is not None
    except UsageError as error:
        assert "formats.mine" in str(error) or "time zone" in str(error)


def test_a_path_that_matches_nothing_is_named_with_what_may_be_meant(tmp_path):
    form = mapping(src_ip="client.adress", rule="path", detail="note")
    rows = [{"client": {"address": "192.0.2.1"}, "path": "", "x": 1}] * 2
    notes = account_of(read_rows(tmp_path, rows, form)).notes
    assert "mine: no row read of log.json has a field 'client.adress'; is 'client.address' meant?" in notes
    assert "mine: the field 'path' is empty in every row read of log.json" in notes
    assert any(note.startswith("mine: no row read of log.json has a field 'note'; there are") for note in notes)


def test_a_filter_of_a_field_that_is_not_there_is_named(tmp_path):
    form = mapping({"only": {"metod": "POST"}}, src_ip="ip")
    events = read_rows(tmp_path, [{"method": "POST", "ip": "192.0.2.1"}] * 2, form)
    account = account_of(events)
    assert (len(events), account.left_out.total()) == (0, 2)
    assert account.notes == ["mine: no row read of log.json has a field 'metod'; is 'method' meant?"]


def test_a_time_that_is_nowhere_is_an_error_at_once(tmp_path):
    with pytest.raises(FormatError, match=r"no line has the field 'timestmp' .*; is 'timestamp' meant"):
        read_rows(tmp_path, [{"timestamp": 1}], mapping(time="timestmp"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2025-03-14T10:00:00Z 192.0.2.1 /buy", "the first, .* ends before the pattern does"),
        ("2025-03-14T10:00:00Z 192.0.2.1 /buy (x)", r"fits up to '.*/buy ' and then reads '\(x\)'"),
    ],
)
def test_a_pattern_that_fits_nothing_says_how_far_it_came(tmp_path, line, message):
    path = tmp_path / "log"
    path.write_text(f"{line}\n" * 3)
    with pytest.raises(FormatError, match=message):
        av.read(path, format=Mapping.from_dict("mine", {**KINDS["regex"][0], "columns": COLUMNS}))


def test_lines_that_do_not_fit_are_bad_and_kept(tmp_path):
    path = tmp_path / "log"
    path.write_text(KINDS["logfmt"][1] + "what is this?\n\n" + 'a="b\n')
    with pytest.warns(AttackvizWarning, match="2 line not understood"):
        events = av.read(path, format=Mapping.from_dict("mine", {"kind": "logfmt", "columns": COLUMNS}))
    account = account_of(events)
    assert (len(events), account.blank, account.bad["line not understood"], account.closes()) == (3, 1, 2, True)
    assert [piece.line for piece in account.samples["line not understood"]] == [4, 6]


SETTINGS = """
[formats.mine]
kind = "json"
columns = { time = "ts", src_ip = "ip", rule = "path" }
"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Describe a format in the settings in force."""
    path = tmp_path / "settings" / "attackviz.toml"
    path.parent.mkdir()
    path.write_text(SETTINGS)
    monkeypatch.setenv("ATTACKVIZ_SETTINGS", str(path))
    return path


def test_formats_of_the_settings_are_found_by_content_and_by_name(settings, tmp_path):
    assert [form.name for form in own_formats()] == ["mine"]
    (tmp_path / "log.json").write_text(KINDS["ndjson"][1])
    for form in (None, "mine"):
        events = av.read(tmp_path / "log.json", format=form)
        assert account_of(events).files == {"log.json": "mine"}
        assert events["rule"].tolist() == ["/buy", "/", "/buy"]


def test_what_may_be_of_two_formats_is_ambiguous(settings, tmp_path):
    settings.write_text(SETTINGS + SETTINGS.replace("mine", "twin"))
    (tmp_path / "log.json").write_text(KINDS["ndjson"][1])
    with pytest.raises(FormatError, match="ambiguous: it may be mine or twin; name one of them"):
        av.read(tmp_path / "log.json")
    assert len(av.read(tmp_path / "log.json", format="twin")) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("formats = 3", "3 is no table"),
        (SETTINGS.replace("mine", "heralding"), "there is a format 'heralding' already"),
        (SETTINGS.replace('"json"', '"xml"'), r"attackviz.toml \[formats.mine\]: 'xml' is no kind"),
    ],
)
def test_wrong_settings_say_where(settings, samples, text, message):
    settings.write_text(text)
    with pytest.raises(UsageError, match=message):
        av.read(samples / "tpot-2025" / "honeytrap_5k.json.tar.gz")


def test_settings_without_formats_have_none(tmp_path):
    assert load_settings(environ={}, directory=tmp_path).formats == {}


def test_a_file_of_several_asks_which(tmp_path, settings):
    path = tmp_path / "two.toml"
    path.write_text(SETTINGS + SETTINGS.replace("mine", "twin"))
    with pytest.raises(MappingError, match="describes 2 formats: mine, twin"):
        Mapping.from_file(path)
    assert Mapping.from_file(path, "twin").name == "twin"
    with pytest.raises(MappingError, match="no format 'twine'; is 'twin' meant"):
        Mapping.from_file(path, "twine")
    for text, message in (("x = [", "not readable as TOML"), ("x = 1", "describes no format")):
        path.write_text(text)
        with pytest.raises(MappingError, match=message):
            av.read(tmp_path, format=path)
    with pytest.raises(MappingError, match="No such file"):
        Mapping.from_file(tmp_path / "none.toml")


def test_no_such_format_says_what_is_near(tmp_path):
    with pytest.raises(UsageError, match=r"no format 'heraldng'; is 'heralding' meant\?"):
        av.read(tmp_path, format="heraldng")
    with pytest.raises(UsageError, match="no format 3; known are"):
        av.read(tmp_path, format=3)


def test_in_a_directory_only_what_fits_is_read(tmp_path, samples):
    (tmp_path / "a.json").write_text(KINDS["ndjson"][1])
    (tmp_path / "b.json").write_text('{"other": 1}\n')
    events = av.read(tmp_path, format=mapping(src_ip="ip", rule="path"))
    account = account_of(events)
    assert (len(events), list(account.files), list(account.skipped)) == (3, ["a.json"], ["b.json"])
    with pytest.raises(AddressError, match="no logs were found"):
        av.read(samples / "tpot-2025" / "*.json.tar.gz", format=mapping(src_ip="nothing"))


def test_other_processes_read_by_the_same_mapping(tmp_path, settings):
    for n in range(3):
        (tmp_path / f"{n}.json").write_text(KINDS["ndjson"][1])
    form = mapping({"only": {"path": "/buy"}}, src_ip="ip", rule="path")
    for meant in (form, None):
        alone, spread = (av.read(tmp_path / "*.json", format=meant, processes=n) for n in (1, 2))
        pd.testing.assert_frame_equal(alone, spread)
        assert account_of(alone) == account_of(spread)
        assert len(alone) == (6 if meant else 9)


def test_near_misses():
    assert near("clientip", ["status", "ClientIP", "client.ip"]) == ["ClientIP", "client.ip"]
    assert near("xyz", ["status"]) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.ip_addresses().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
ORIGINS = {
    "time": [{"format": form} for form in ("auto", "s", "ms", "us", "ns", "%Y-%m-%d %H:%M:%S.%f%z", "%b %d %I:%M %p")],
    "src_ip": [{"address": how} for how in ("text", "integer", "integer-little", "packed")],
}


@given(st.lists(JSON, min_size=1, max_size=6), st.data())
def test_no_value_of_a_log_is_an_error(values, data):
    how = {name: data.draw(st.sampled_from(ways)) for name, ways in ORIGINS.items()}
    columns = {name: {"field": "x", **how.get(name, {})} for name in COLUMNS_OF_EVENTS}
    table = {"columns": columns, "extra": {"e": {"field": "x", "type": "number"}}, "only": {"x": {"range": [-9, 9]}}}
    if data.draw(st.booleans()):
        del table["only"]
    form = choose(mapping(table))
    text = "".join(json.dumps({"x": value, "i": 1}) + "\n" for value in values)
    account = Account()
    tables = list(decode([text.encode()], form, account, "log", reference=datetime(2025, 1, 1, tzinfo=UTC)))
    assert account.closes()
    assert account.events == sum(table.num_rows for table in tables)
    for events in tables:
        av.validate(events)


def test_no_sample_of_ours_is_taken_for_ones_own(samples):
    own = [Mapping.from_file(samples / "purchases" / "shop.toml")]
    own += [
        Mapping.from_dict(name.replace(" ", "-"), {**kind, "columns": COLUMNS}) for name, (kind, _) in KINDS.items()
    ]
    formats = known_formats(tuple(own))
    corpus = [path for path in CORPUS.iterdir() if "__" in path.name]
    assert len(corpus) > 20
    for path in corpus:
        assert detect(path.read_bytes()[: 1 << 16], path.name, formats).name == path.name.partition("__")[0]


def test_a_window_counts_alike_whether_rows_are_dropped_early_or_late(tmp_path):
    rows = [{"ts": f"2025-03-{day:02d}T12:00:00Z", "ip": "192.0.2.1", "n": day % 2} for day in range(1, 29)]
    early = mapping(src_ip="ip", detail="n")
    late = mapping(src_ip="ip", detail="n", time={"field": "ts", "constant": "2025-01-01T00:00:00Z"})
    odd = mapping({"only": {"n": 1}}, src_ip="ip", detail="n")
    found = [read_rows(tmp_path, rows, form, window="2025-03-10..2025-03-20") for form in (early, late, odd)]
    pd.testing.assert_frame_equal(found[0], found[1])
    assert [len(frame) for frame in found] == [10, 10, 5]
    accounts = [account_of(frame) for frame in found]
    assert [(a.events, a.outside, a.left_out.total()) for a in accounts] == [(28, 18, 0), (28, 18, 0), (14, 9, 14)]
    assert not any(account.notes for account in accounts)
