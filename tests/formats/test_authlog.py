"""OpenSSH: failed logins are events, and everything else in the log has a name."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account, account_of
from attackviz.errors import FormatError
from attackviz.formats import by_name, decode, detect
from attackviz.open import read

CORPUS = Path(__file__).parent / "corpus"


@pytest.fixture
def classic(tmp_path):
    path = tmp_path / "auth.log"
    path.write_bytes((CORPUS / "openssh__classic.log").read_bytes())
    changed = datetime(2024, 1, 1, 6, tzinfo=UTC).timestamp()
    os.utime(path, (changed, changed))
    return path


def test_failed_logins_over_new_year(classic):
    events = read(classic)
    account = account_of(events)
    assert list(events.src_ip) == ["192.0.2.191", "192.0.2.191", "2001:db8::253", "192.0.2.66", "192.0.2.67"]
    assert list(events.time.dt.year) == [2023, 2024, 2024, 2024, 2024]
    assert list(events["count"]) == [1, 2, 1, 1, 1]
    assert list(events.category) == ["known user", "known user", "unknown user", "unknown user", "known user"]
    assert list(events.rule) == ["failed password"] * 4 + ["failed publickey"]
    assert set(events.verdict) == {"detected"} and set(events.sensor) == {"gate"}
    assert account.closes() and account.pieces == 16


def test_what_is_left_out_has_a_name(classic):
    assert account_of(read(classic)).left_out == {
        "lines of other programs": 2,
        "failures PAM tells of, too": 2,
        "connections closed": 2,
        "accepted logins": 1,
        "sessions": 1,
        "unknown user names": 1,
        "attempts over the limit": 1,
        "connections without a login": 1,
    }


def test_a_name_cannot_forge_an_address(classic):
    forged = read(classic).iloc[3]
    assert (forged.src_ip, forged.src_port) == ("192.0.2.66", 4242)
    assert forged.detail == "password for x from 6.6.6.6 port 22 ssh2"


def test_stamps_of_rfc_3339_carry_their_zone():
    events = read(CORPUS / "openssh__rfc3339.log")
    assert list(events.time) == [
        pd.Timestamp("2024-09-08T05:20:01.123456Z"),
        pd.Timestamp("2024-09-08T05:20:02.123456Z"),
    ]
    assert list(events.rule) == ["failed password", "failed keyboard-interactive"]
    assert not account_of(events).flags


def test_both_stamps_in_one_file(classic):
    with classic.open("ab") as file:
        file.write((CORPUS / "openssh__rfc3339.log").read_bytes())
    events = read(classic, year=2024)
    assert len(events) == 7
    assert events.time.notna().all()
    assert events.time.iloc[-1] == pd.Timestamp("2024-09-08T05:20:02.123456Z")
    assert account_of(events).flags == {
        "time without a year, read as 2024": 5,
        "time without a zone, read as UTC": 5,
    }


def test_a_syslog_without_sshd_is_not_known():
    with pytest.raises(FormatError, match="no known format"):
        detect(b"Jan  1 00:00:11 gate CRON[4920]: session opened\nJan  1 00:00:12 gate sudo: git\n", "x")


def test_one_line_of_sshd_in_a_long_syslog_is_enough():
    other = b"Jan  1 00:00:11 gate CRON[4920]: session opened\n" * 50
    assert (
        detect(other + b"Jan  1 00:00:12 gate sshd[1]: Server listening on 0.0.0.0 port 22.\n", "x").name == "openssh"
    )


def test_a_host_that_is_a_name_is_counted(tmp_path):
    path = tmp_path / "log"
    path.write_text("Jan  1 00:00:12 gate sshd[1]: Failed password for root from evil.example.com port 5 ssh2\n")
    events = read(path, year=2024)
    assert events.src_ip.isna().all()
    assert account_of(events).flags["source address not understood"] == 1


messages = st.one_of(
    st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=40),
    st.builds(
        lambda user, n: f"Failed password for invalid user {user} from 192.0.2.{n} port {n} ssh2",
        st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=10),
        st.integers(1, 254),
    ),
)


@given(st.lists(messages, max_size=12))
def test_every_line_is_accounted_for(texts):
    data = "".join(f"Jan  1 00:00:12 gate sshd[1]: {text}\n" for text in texts).encode()
    account = Account()
    rows = sum(t.num_rows for t in decode([data], by_name("openssh"), account, "x"))
    assert account.closes() and account.pieces == len(texts)
    assert rows == account.events == sum(text.startswith("Failed password") for text in texts)
