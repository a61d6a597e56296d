"""Snort 3: documented lines have known answers, with and without a year."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from attackviz.account import account_of
from attackviz.errors import UsageError
from attackviz.open import read, scan

CORPUS = Path(__file__).parent / "corpus"


@pytest.fixture
def dated(tmp_path):
    """Return a function that copies a sample and says when it was last changed."""

    def copy(name, *when):
        path = tmp_path / name
        path.write_bytes((CORPUS / name).read_bytes())
        stamp = datetime(*when, tzinfo=UTC).timestamp()
        os.utime(path, (stamp, stamp))
        return path

    return copy


def test_the_default_fields(dated):
    events = read(dated("snort__documented.json", 2023, 8, 1))
    assert account_of(events).flags == {
        "time without a year, read as 2023": 2,
        "time without a zone, read as UTC": 2,
    }
    assert events.time.iloc[0] == pd.Timestamp("2023-07-16T09:23:39.153899Z")
    assert list(events.src_ip) == ["192.0.2.1"] * 2
    assert list(events.src_port.fillna(0)) == [50284, 0]
    assert list(events.verdict) == ["detected"] * 2  # would_drop did not
    assert list(events.rule) == ["1:1000000:0", "1:384:8"]
    assert events.severity.isna().all()


def test_the_year_is_the_one_before_where_the_day_is_still_to_come(dated):
    events = read(dated("snort.fast__documented.log", 2023, 7, 1))
    assert sorted(set(events.time.dt.year)) == [2022]
    assert account_of(events).flags["time without a year, read as 2022"] == 3


def test_the_year_can_be_told(dated):
    events = read(dated("snort__documented.json", 2023, 8, 1), year=2019)
    assert set(events.time.dt.year) == {2019}


@pytest.mark.parametrize("year", [0, 1969, 20022])
def test_a_silly_year_is_refused(year):
    with pytest.raises(UsageError, match="no year of a log"):
        read(CORPUS / "snort__documented.json", year=year)


def test_all_fields():
    events = read(CORPUS / "snort__all-fields.json")
    assert not account_of(events).flags
    first, second = events.iloc[0], events.iloc[1]
    assert first.time == pd.Timestamp("2022-07-16T09:23:39.153899Z")
    assert (first.src_ip, first.src_port, first.dst_ip, first.dst_port) == ("2001:db8::1", 50284, "192.0.2.3", 80)
    assert (first.rule, first.rule_id) == (
        "SERVER-OTHER Apache Log4j logging remote code execution attempt",
        "1:58722:6",
    )
    assert (first.category, first.severity, first.verdict) == ("Attempted User Privilege Gain", "high", "mitigated")
    assert (first.protocol, first.sensor, first.bytes) == ("http", "eth0", 97)
    assert (second.protocol, second.category, second.verdict) == ("icmp", "unclassified", "detected")


def test_alert_fast(dated):
    events = read(dated("snort.fast__documented.log", 2022, 8, 1))
    assert list(events.src_ip) == ["192.0.2.1", "192.0.2.1", "fe80::1", "2001:db8::1"]
    assert list(events.src_port.fillna(0)) == [50284, 0, 0, 5353]
    assert list(events.verdict) == ["mitigated", "detected", "detected", "detected"]
    assert list(events.rule.iloc[:3]) == [
        "SERVER-OTHER Apache Log4j logging remote code execution attempt",
        "PROTOCOL-ICMP PING",
        "(icmp6) ICMP ping Nmap",
    ]
    assert events.sensor.iloc[2] == "eth0"
    assert events.detail.iloc[0] == "HTTP"
    assert set(events.time.dt.year) == {2022}


def test_the_year_reaches_every_process(tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.log").write_bytes((CORPUS / "snort.fast__documented.log").read_bytes() * 50)
    with scan(sorted(tmp_path.glob("*.log")), year=2019, processes=2) as batches:
        years = {time.year for table in batches for time in table["time"].to_pylist()}
    assert years == {2019, 2022}
    assert batches.account.flags["time without a year, read as 2019"] == 600
