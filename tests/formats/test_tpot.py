"""The account of the real honeypot logs is exact."""

import warnings

import pandas as pd
import pytest

from attackviz.account import account_of
from attackviz.errors import DataLossWarning
from attackviz.open import read


@pytest.fixture(scope="module")
def everything(samples):
    with pytest.warns(DataLossWarning, match="388,678 events, 47 bad"):
        return read(samples / "tpot-2025")


def test_account_of_the_directory_is_exact(everything):
    a = account_of(everything)
    assert (a.pieces, a.events, a.blank, a.structure) == (388_732, 388_678, 0, 7)
    assert dict(a.bad) == {"broken JSON": 18, "only a comma": 29}
    assert dict(a.flags) == {
        "time without a zone, read as UTC": 363_679,
        "impossible time": 685,
        "source address 0.0.0.0": 685,
        "no source address": 11,
        "no start, end time taken": 3,
    }
    assert a.closes() and not a.truncated and not a.salvaged
    assert len(everything) == 388_678
    assert sorted(a.files.values()) == ["ciscoasa", "cowrie.sessions", "dionaea", "heralding", "honeytrap"]
    assert set(a.skipped) == {"LICENSE", "ORIGIN.txt", "datasets-README.md"}


@pytest.mark.parametrize(
    ("file", "events", "bad", "structure", "flags"),
    [
        ("heralding_82k_raw.json.tar.gz", 82_393, {}, 0, {"time without a zone, read as UTC": 82_393}),
        (
            "ciscoasa_260k_fieldToCorrect.json.tar.gz",
            260_487,
            {"broken JSON": 18},
            2,
            {"time without a zone, read as UTC": 260_487},
        ),
        (
            "dioneae_20k.json.tar.gz",
            20_799,
            {"only a comma": 29},
            2,
            {"time without a zone, read as UTC": 20_799, "no source address": 8},
        ),
        ("honeytrap_5k.json.tar.gz", 4_999, {}, 2, {"impossible time": 685, "source address 0.0.0.0": 685}),
        ("cowrie_sessions_20k.csv", 20_000, {}, 1, {"no source address": 3, "no start, end time taken": 3}),
    ],
)
def test_account_of_each_file_is_exact(samples, file, events, bad, structure, flags):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataLossWarning)
        frame = read(samples / "tpot-2025" / file)
    a = account_of(frame)
    assert (len(frame), a.events, dict(a.bad), a.structure, dict(a.flags)) == (events, events, bad, structure, flags)
    assert a.pieces == events + sum(bad.values()) + structure


def test_bad_lines_are_kept_as_samples(everything):
    broken = account_of(everything).samples["broken JSON"]
    assert len(broken) == 5
    assert broken[0].line == 52_640
    assert '"src_ip": "106.75.186.101"' in broken[0].text
    assert broken[0].file.endswith("ciscoasa_260k_fieldToCorrect.json")


def test_impossible_times_and_missing_addresses_are_null_in_the_table(everything):
    honeytrap = everything[everything.sensor == "honeytrap"]
    assert honeytrap.time.isna().sum() == 685
    assert (honeytrap.time.isna() == honeytrap.src_ip.isna()).all()
    assert everything.time.isna().sum() == 685
    assert everything.src_ip.isna().sum() == 685 + 8 + 3


def test_sessions_without_a_start_take_their_end(everything):
    lost = everything[(everything.sensor == "cowrie") & everything.src_ip.isna()]
    assert sorted(lost.time) == [
        pd.Timestamp("2025-02-18T00:01:53.671700Z"),
        pd.Timestamp("2025-02-21T00:02:02.096511Z"),
        pd.Timestamp("2025-02-23T00:00:32.288010Z"),
    ]


def test_severity_is_high_where_a_login_was_accepted_and_nowhere_else(everything):
    high = everything[everything.severity == "high"]
    assert len(high) == 1_219
    assert set(high.rule) == {"login accepted"} and set(high.sensor) == {"cowrie"}


def test_categories_are_services(everything):
    assert everything.category.value_counts().to_dict() == {
        "vpn": 260_681,
        "vnc": 79_358,
        "smb": 17_421,
        "ssh": 17_125,
        "telnet": 3_075,
        "database": 2_421,
        "web": 1_765,
        "other": 6_832,
    }
    assert (everything.verdict == "detected").all()


def test_rules_are_few_and_carry_no_query(everything):
    rules = everything.rule.cat.categories
    assert len(rules) < 400
    assert {"GET /+CSCOE+/logon.html", "connect, no login", "failed login"} <= set(rules)
    assert not any("?" in rule for rule in rules)


def test_asa_knows_the_protocol_but_no_port(everything):
    asa = everything[everything.sensor == "ciscoasa"]
    assert set(asa.protocol) == {"https"}
    assert asa.dst_port.isna().all()


def test_naive_times_are_read_in_the_zone_given(samples):
    file = samples / "tpot-2025" / "dioneae_20k.json.tar.gz"
    with pytest.warns(DataLossWarning):
        there = read(file, tz="America/Chicago", columns=["src_ip"])
    with pytest.warns(DataLossWarning):
        here = read(file, columns=["src_ip"])
    assert set(there.time - here.time) == {pd.Timedelta(hours=6), pd.Timedelta(hours=5)}  # summer began in March
    assert account_of(there).flags["time without a zone, read as America/Chicago"] == 20_799


def test_window_takes_the_events_within(samples, everything):
    with pytest.warns(DataLossWarning):
        day = read(samples / "tpot-2025", window="2025-02-18")
    whole = everything[(everything.time >= "2025-02-18") & (everything.time < "2025-02-19")]
    assert len(day) == len(whole) > 0
    assert account_of(day).events == 388_678
    assert account_of(day).outside == 388_678 - len(day)
