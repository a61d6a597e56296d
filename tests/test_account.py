"""Accounts add up, keep samples within bounds, and can be told in a line or as data."""

import json

from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import SAMPLES_PER_REASON, Account, BadPiece


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    account = Account(events=draw(st.integers(0, 9)), blank=draw(st.integers(0, 9)), structure=draw(st.integers(0, 9)))
    for number, reason in enumerate(draw(st.lists(st.sampled_from(["not JSON", "no address"]), max_size=9))):
        account.spoil(reason, BadPiece("f", number, "x"))
    account.pieces = account.events + account.blank + account.structure + account.bad_total
    return account


@given(accounts(), accounts(), accounts())
def test_adding_is_associative_and_keeps_accounts_closed(a: Account, b: Account, c: Account) -> None:
    assert (a + b) + c == a + (b + c)
    total = a + b + c
    assert total.closes()
    assert total.bad_total == a.bad_total + b.bad_total + c.bad_total
    assert all(len(kept) <= SAMPLES_PER_REASON for kept in total.samples.values())


def test_an_account_that_does_not_close_says_so() -> None:
    assert not Account(pieces=2, events=1).closes()
    assert Account(pieces=2, events=1).to_dict()["closes"] is False


def test_it_is_plain_data_and_a_line() -> None:
    account = Account(pieces=4, events=2, salvaged=1, truncated=["a.gz"])
    account.spoil("not JSON", BadPiece("a.gz", 3, "{\x1b[31m"))
    account.flags["no address"] += 2
    account.structure = 1
    told = json.loads(json.dumps(account.to_dict()))
    assert told["bad"] == {"not JSON": 1}
    assert told["samples"]["not JSON"] == [{"file": "a.gz", "line": 3, "text": "{\x1b[31m"}]
    assert account.summary() == (
        "4 pieces: 2 events, 1 bad, 0 blank, 1 structure; 1 salvaged; 2 no address; 1 not JSON; 1 cut short"
    )
    assert Account(pieces=2, events=2, outside=1).summary().endswith("0 structure; 1 outside the window")
    assert account.lost()
