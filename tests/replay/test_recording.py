"""A recording holds every event of its table, or says where the rest is."""

import json
import struct
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz import Account, Window
from attackviz.errors import RecordingError, SchemaError, TooManyEventsError
from attackviz.replay import Recording, build, load
from attackviz.schema import SEVERITIES, VERDICTS

START = datetime(2025, 2, 18, tzinfo=UTC)
HOSTILE = ["<script>alert(1)</script>", "\u202egnp.exe", "a\x00b", "=1+1", "", "\U0001f600"]

text = st.one_of(st.none(), st.sampled_from(["ssh", "vnc", "sqli", *HOSTILE]), st.text(max_size=5))
events = st.lists(
    st.fixed_dictionaries(
        {
            "time": st.one_of(st.none(), st.datetimes(datetime(1969, 1, 1), datetime(2100, 1, 1))),
            "src_ip": st.one_of(st.none(), st.sampled_from(["1.2.3.4", "5.6.7.8", "2001:db8::1"])),
            "dst_port": st.one_of(st.none(), st.integers(0, 65535)),
            "category": text,
            "rule": text,
            "rule_id": text,
            "verdict": st.one_of(st.none(), st.sampled_from(VERDICTS)),
            "severity": st.one_of(st.none(), st.sampled_from(SEVERITIES)),
            "count": st.one_of(st.none(), st.integers(1, 2**32 - 1)),
            "src_country": st.one_of(st.none(), st.sampled_from(["CZ", "FJ"])),
            "src_lat": st.one_of(st.none(), st.floats(-90, 90, width=32)),
            "src_lon": st.one_of(st.none(), st.floats(-180, 180, width=32)),
            "src_asn": st.one_of(st.none(), st.integers(1, 2**32 - 1)),
            "dst_host": text,
            "dst_name": text,
        }
    ),
    max_size=40,
)
TYPES = {
    "time": pa.timestamp("us", tz="UTC"),
    "dst_port": pa.uint16(),
    "count": pa.uint32(),
    "src_lat": pa.float32(),
    "src_lon": pa.float32(),
    "src_asn": pa.uint32(),
}


def as_table(rows):
    names = ["time"] if not rows else list(rows[0])
    return pa.table({n: pa.array([r[n] for r in rows], TYPES.get(n, pa.string())) for n in names})


def rows_of(recording: Recording):
    """Give every event of a recording back as the words it was made of."""
    tables = {name: table.to_pylist() for name, table in recording.tables.items()}
    head = recording.header
    for event in tables["events"]:
        source = tables["sources"][event["source"]]
        place = tables["places"][source["place"]] if source["place"] >= 0 else None
        rule = tables["rules"][event["rule"]]
        yield {
            "us": head["start_us"] + event["t"] * head["tick_us"],
            "ip": source["ip"],
            "asn": source["asn"],
            "place": place and (place["country"], place["lat"], place["lon"]),
            "category": head["categories"][event["category"]]["name"],
            "rule": (rule["rule"], rule["rule_id"]),
            "verdict": head["verdicts"][event["verdict"]],
            "severity": None if event["severity"] == 255 else head["severities"][event["severity"]],
            "port": event["dst_port"],
            "target": tables["targets"][event["target"]]["name"],
            "weight": event.get("weight", 1),
        }


@given(events)
def test_every_event_is_there_with_all_it_said_or_counted_as_untimed(rows):
    recording = build(as_table(rows), title="t")
    tick = recording.header["tick_us"]
    epoch = datetime(1970, 1, 1)
    expected = Counter()
    for row in rows:
        if row["time"] is None:
            continue
        located = row["src_lat"] is not None and row["src_lon"] is not None
        name = next((row[c] for c in ("dst_name", "dst_host") if row[c] is not None), "")
        expected[
            (
                (row["time"] - epoch) // timedelta(microseconds=1) // tick * tick,
                row["src_ip"],
                row["src_asn"] or 0,
                (row["src_country"] or "", row["src_lat"] if located else None, row["src_lon"] if located else None)
                if located or row["src_country"] is not None
                else None,
                "unknown" if row["category"] is None else row["category"],
                (row["rule"] or "", row["rule_id"] or ""),
                row["verdict"] or "unknown",
                row["severity"],
                row["dst_port"] or 0,
                name,
            )
        ] += row["count"] or 1
    found = Counter()
    for row in rows_of(recording):
        found[tuple(row.values())[:-1]] += row["weight"]
    assert found == expected


@given(events)
def test_totals_add_up(rows):
    totals = build(as_table(rows)).header["totals"]
    weight = {id(r): r.get("count") or 1 for r in rows}
    assert totals["events"] == sum(weight.values())
    assert totals["events"] == totals["in_recording"] + totals["untimed"]
    assert totals["untimed"] == sum(totals["untimed_by_reason"].values())
    assert totals["unlocated"] == sum(
        weight[id(r)] for r in rows if r["time"] is not None and (r["src_lat"] is None or r["src_lon"] is None)
    )


@given(events)
def test_bytes_read_back_equal_and_are_the_same_each_time(rows):
    recording = build(as_table(rows), title="\ud7ff <b>", account=Account(pieces=1, events=1))
    data = recording.to_bytes()
    assert load(data) == recording
    assert recording.to_bytes() == data


def test_the_order_of_rows_makes_no_difference_to_when_events_happen():
    times = [START + timedelta(seconds=s) for s in (5, 1, 3)]
    recording = build(pd.DataFrame({"time": times, "src_ip": ["c", "a", "b"]}))
    assert [r["ip"] for r in rows_of(recording)] == ["a", "b", "c"]


def test_a_frame_and_its_table_give_the_same_recording():
    frame = pd.DataFrame({"time": [START] * 3, "category": ["ssh", None, "vnc"], "dst_port": [22, 0, 5900]})
    assert build(frame) == build(pa.Table.from_pandas(frame, preserve_index=False))


def test_parts_start_at_multiples_of_eight_as_the_layout_says():
    data = build(pd.DataFrame({"time": [START], "src_ip": ["1.2.3.4"]})).to_bytes()
    assert data[:8] == b"AVREC\x01\r\n"
    length, zero = struct.unpack_from("<II", data, 8)
    header = json.loads(data[16 : 16 + length])
    assert zero == 0 and (16 + length) % 8 == 0
    assert [p["name"] for p in header["parts"]] == ["places", "sources", "targets", "rules", "events"]
    for part in header["parts"]:
        begin = 16 + length + part["offset"]
        assert begin % 8 == 0
        pa.ipc.open_stream(data[begin : begin + part["length"]]).read_all()


def test_weights_are_written_only_where_one_is_not_one():
    frame = pd.DataFrame({"time": [START, START]})
    assert "weight" not in build(frame).tables["events"].column_names
    weighted = build(frame.assign(count=[1, 5]))
    assert weighted.tables["events"]["weight"].to_pylist() == [1, 5]
    assert weighted.header["totals"]["events"] == 6


def test_a_long_span_coarsens_the_tick_until_it_fits():
    frame = pd.DataFrame({"time": [START, START + timedelta(days=20 * 365)]})
    recording = build(frame)
    assert recording.header["tick_us"] == 1_000_000
    assert recording.header["end"] < 2**32
    assert next(iter(rows_of(recording)))["us"] == int(START.timestamp()) * 10**6


def test_a_window_keeps_its_events_and_is_covered_whole():
    frame = pd.DataFrame({"time": [START + timedelta(hours=h) for h in (0, 1, 2, 3)] + [None]})
    window = Window(START + timedelta(hours=1), START + timedelta(hours=3))
    header = build(frame, window=window).header
    assert header["totals"]["in_recording"] == 2
    assert header["totals"]["outside"] == 2
    assert header["totals"]["untimed"] == 1
    assert header["start_us"] == window.start_us
    assert header["window"] == [0, header["end"]]
    assert header["end"] * header["tick_us"] == 7200 * 10**6


def test_an_empty_table_is_a_recording_too():
    recording = build(pd.DataFrame({"time": pd.to_datetime([], utc=True)}))
    assert len(recording) == 0
    assert load(recording.to_bytes()) == recording


def test_more_events_than_the_budget_are_refused_with_what_to_do():
    with pytest.raises(TooManyEventsError, match=r"3 events .* \(2\); narrow the window"):
        build(pd.DataFrame({"time": [START] * 3}), budget=2)


def test_events_outside_the_window_do_not_use_the_budget():
    frame = pd.DataFrame({"time": [START, START + timedelta(days=1)]})
    assert len(build(frame, window=Window(START, START + timedelta(hours=1)), budget=1)) == 1


def test_targets_beyond_sixteen_bits_share_a_row_and_are_all_counted():
    n = 66_000
    hosts = [f"h{i}" for i in range(n)] + ["h7"] * 10
    recording = build(pa.table({"time": pa.array([START] * len(hosts)), "dst_host": hosts}))
    targets = recording.tables["targets"]["name"].to_pylist()
    seen = np.bincount(recording.tables["events"]["target"].to_numpy(), minlength=len(targets))
    assert len(targets) == 2**16
    assert targets[-1] == "Other targets"
    assert seen.sum() == len(hosts)
    assert seen[targets.index("h7")] == 11
    assert seen[-1] == n - (2**16 - 1)


def test_the_longest_texts_are_cut_and_no_event_is_lost():
    recording = build(pd.DataFrame({"time": [START] * 2, "rule": ["x" * 10**6, "x" * 10**6 + "y"]}))
    rules = recording.tables["rules"]["rule"].to_pylist()
    assert [len(rule) for rule in rules] == [400, 400]
    assert len(recording) == 2
    assert len(recording.to_bytes()) < 20_000


@pytest.mark.parametrize("lat", [91.0, float("nan"), float("inf")])
def test_a_place_off_the_globe_is_no_place(lat):
    recording = build(pd.DataFrame({"time": [START], "src_lat": [lat], "src_lon": [10.0]}))
    assert recording.header["totals"]["unlocated"] == 1
    assert recording.tables["places"].num_rows == 0


def test_a_country_without_coordinates_is_counted_and_not_drawn():
    frame = pd.DataFrame(
        {"time": [START] * 3, "src_country": ["FR", "FR", None], "src_lat": [None] * 3, "src_lon": [None] * 3}
    )
    recording = load(build(frame).to_bytes())
    assert recording.header["totals"]["unlocated"] == 3
    assert recording.tables["places"].to_pylist() == [
        {"country": "FR", "region": "", "city": "", "lat": None, "lon": None}
    ]
    assert recording.tables["sources"]["place"].to_pylist() == [0, -1]


def test_no_time_column_is_a_schema_error():
    with pytest.raises(SchemaError, match="no column 'time'"):
        build(pd.DataFrame({"src_ip": ["1.2.3.4"]}))
    with pytest.raises(SchemaError, match="not of list"):
        build([1, 2])


SOUND = build(
    pd.DataFrame(
        {
            "time": [START + timedelta(seconds=s) for s in range(50)],
            "src_ip": [f"1.2.3.{s % 7}" for s in range(50)],
            "src_lat": [10.0] * 50,
            "src_lon": [20.0] * 50,
            "category": ["ssh", "vnc"] * 25,
        }
    ),
    title="sound",
)


@given(st.data())
def test_changed_bytes_are_refused_or_read_as_they_stand_never_a_crash(data):
    raw = bytearray(SOUND.to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        again = load(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    except RecordingError:
        return
    assert again.tables["events"].num_rows == again.header["totals"]["in_recording"]


def damaged(**changes):
    header = {**SOUND.header, **changes.pop("header", {})}
    return Recording(header, {**SOUND.tables, **changes}).to_bytes()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a recording"),
        (b"\x89PNG\r\n\x1a\n" * 10, "not a recording"),
        (SOUND.to_bytes().replace(b"\r\n", b"\n", 1), "changed on its way"),
        (SOUND.to_bytes()[:12], "cut short"),
        (SOUND.to_bytes()[:300], "header is cut short"),
        (SOUND.to_bytes()[:1800], "lies outside"),
        (SOUND.to_bytes()[:-200], "lies outside"),
        (damaged(header={"version": 9}), "of version 9"),
        (damaged(header={"end": 3}), "not in the order of time"),
        (damaged(header={"totals": {"in_recording": 51}}), "totals"),
        (damaged(header={"categories": []}), "events.category points beyond"),
        (damaged(sources=SOUND.tables["sources"].slice(0, 2)), "events.source points beyond"),
        (damaged(places=SOUND.tables["places"].slice(0, 0)), "sources.place points beyond"),
        (damaged(rules=SOUND.tables["targets"]), "'rules' has other columns"),
    ],
)
def test_a_corrupt_recording_is_refused_in_a_sentence(data, said):
    with pytest.raises(RecordingError, match=said):
        load(data)


def test_save_is_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.avrec"
    SOUND.save(path)
    assert load(path.read_bytes()) == SOUND
    with pytest.raises(RecordingError, match="cannot be written"):
        SOUND.save(tmp_path / "nowhere" / "a.avrec")
    assert [p.name for p in tmp_path.iterdir()] == ["a.avrec"]
