"""Logfmt: what is written comes back, what is none is said to be none, and the account closes on anything."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.formats.logfmt import pairs, read_logfmt

NAMES = st.from_regex(r"[A-Za-z_@][\w.@/-]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=12)


def written(value):
    """Return a value as it may be written: bare where it can be."""
    bare = value.isprintable() and not set(value) & set(' "\\') and value
    return value if bare else json.dumps(value, ensure_ascii=False)


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=5))
def test_what_is_written_comes_back(fields):
    line = " ".join(f"{name}={written(value)}" for name, value in fields.items())
    assert pairs(line) == fields


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a=1 b=2", {"a": "1", "b": "2"}),
        ("  a=1   b=2  ", {"a": "1", "b": "2"}),
        ("debug a=1", {"debug": "true", "a": "1"}),
        ("a= b=2", {"a": "", "b": "2"}),
        ('a="" b=2', {"a": "", "b": "2"}),
        ("a=1 a=2", {"a": "2"}),
        ("q=x=y url=/?a=b&c=d", {"q": "x=y", "url": "/?a=b&c=d"}),
        ('msg="ip=6.6.6.6 said \\"no\\"" ip=192.0.2.1', {"msg": 'ip=6.6.6.6 said "no"', "ip": "192.0.2.1"}),
        (r'a="C:\dir"', {"a": "C:dir"}),
        (r'a="é\u00e9\t"', {"a": "éé\t"}),
    ],
)
def test_lines(line, found):
    assert pairs(line) == found


@pytest.mark.parametrize("line", ["", "what is this?", 'a="b', 'a="b"c', "=x", '{"a": "b"}', "192.0.2.1 - - [x]"])
def test_what_is_no_logfmt(line):
    assert pairs(line) is None


@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
def test_the_account_closes_on_anything(chunks, ids):
    account = Account()
    batches = list(read_logfmt(chunks, ["a", "b"], account, "x", ids))
    assert account.closes()
    assert account.events == sum(batch.length for batch in batches)
    assert all(len(values) == batch.length for batch in batches for values in batch.columns.values())


def test_crashes_and_bytes_that_are_no_text():
    account = Account()
    (batch,) = read_logfmt([b"\0\0\0a=1\n\0\0\n", b"a=\xff\r\n\r\n"], ["a"], account, "x")
    assert batch.columns == {"a": ["1", "\ufffd"]}
    assert dict(account.bad) == {"NUL bytes": 1}
    assert (account.blank, account.flags["bytes that are not UTF-8, replaced"], account.closes()) == (1, 1, True)
