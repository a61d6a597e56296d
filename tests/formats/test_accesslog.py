"""Access logs: documented lines have known answers."""

from pathlib import Path

import pandas as pd
import pytest

from attackviz.account import account_of
from attackviz.errors import DataLossWarning
from attackviz.formats import detect
from attackviz.open import read

CORPUS = Path(__file__).parent / "corpus"


def test_the_common_format():
    events = read(CORPUS / "access.common__documented.log")
    assert not account_of(events).flags
    assert list(events.src_ip) == ["127.0.0.1", "192.0.2.44", "2001:db8::44", "192.0.2.45", "192.0.2.46"]
    assert events.time.iloc[0] == pd.Timestamp("2000-10-10T20:55:36Z")
    assert list(events.rule) == [
        "GET /apache_pb.gif",
        "GET /item/*/edit",
        "no request",
        "malformed request",
        "POST /login",
    ]
    assert list(events.category) == ["answered", "not found", "bad request", "bad request", "refused"]
    assert list(events.verdict) == ["unknown"] * 4 + ["mitigated"]
    assert list(events.bytes.fillna(-1)) == [2326, 209, -1, 226, 0]
    assert events.detail.iloc[1] == "GET /item/1234567/edit?x=1 HTTP/1.1 404"


def test_the_combined_format():
    events = read(CORPUS / "access.combined__documented.log")
    assert list(events.verdict) == ["unknown", "mitigated", "unknown", "unknown"]
    assert events.detail.iloc[2] == r"GET /say?x=\"hello\" HTTP/1.1 200"
    assert set(account_of(events).files.values()) == {"access.combined"}


def test_fields_behind_can_be_asked_for_by_their_names():
    events = read(CORPUS / "access.combined__documented.log", columns=["src_ip", "agent", "user"])
    assert events.agent.iloc[0] == "Mozilla/4.08 [en] (Win98; I ;Nav)"
    assert list(events.user) == ["frank", "-", "-", "-"]


def test_what_an_agent_quotes_is_not_taken_for_another_log():
    last = (CORPUS / "access.combined__documented.log").read_bytes().splitlines(keepends=True)[-1]
    assert b"EdgeStartTimestamp" in last
    assert detect(last * 300, "x").name == "access.combined"


def test_lines_without_referer_in_a_combined_log_are_counted(tmp_path):
    path = tmp_path / "access.log"
    combined = (CORPUS / "access.combined__documented.log").read_bytes()
    path.write_bytes(
        combined * 3 + (CORPUS / "access.common__documented.log").read_bytes().splitlines(keepends=True)[0]
    )
    with pytest.warns(DataLossWarning, match="1 line not understood"):
        events = read(path, format="access.combined")
    assert len(events) == 12
