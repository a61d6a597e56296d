"""The reader of regular lines finds what `re` finds, and accounts for every line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.formats import Format, Options, decode
from attackviz.formats.textreader import read_text

PATTERN = r"(?P<ip>\d+\.\d+) (?:(?P<port>\d+) )?\"(?P<rest>[^\"]*)\""


def read(data, cut=None, **options):
    account = Account()
    chunks = [data] if cut is None else [data[n : n + cut] for n in range(0, len(data), cut)]
    batches = list(read_text(chunks, PATTERN, ["ip", "port", "rest", "other"], account, "x", **options))
    columns = {}
    for batch in batches:
        for path, values in batch.columns.items():
            values = values.values() if hasattr(values, "values") else values
            columns.setdefault(path, []).extend(value or None for value in values)
    return columns, account, [i for batch in batches for i in batch.ids]


lines = st.lists(
    st.one_of(
        st.builds(lambda a, p, r: f'{a}.{a} {p}"{r}"', st.integers(0, 99), st.sampled_from(["", "22 "]), st.text()),
        st.text(),
        st.sampled_from(["", " ", '1.2 "\x00"', '1.2 "', '1.2 3 ""']),
    ).map(lambda text: re.sub(r"[\n\r\x00\ud800-\udfff]", "", text)),
    max_size=12,
)


@given(lines, st.integers(1, 40))
def test_fields_are_those_of_re_however_the_stream_is_cut(rows, cut):
    data = "".join(f"{row}\n" for row in rows).encode()
    expected = [m.groupdict() for row in rows if (m := re.fullmatch(PATTERN, row, re.ASCII))]
    columns, account, _ = read(data, cut)
    for path in ("ip", "port", "rest"):
        assert columns.get(path, []) == [found[path] or None for found in expected]
    assert account.events == len(expected)
    assert account.pieces == len(rows)
    assert account.closes()


def test_lines_that_are_not_understood_are_kept_with_their_number():
    _, account, _ = read(b'1.2 "a"\nwhat?\n\n3.4 5 "b"\n')
    assert dict(account.bad) == {"line not understood": 1}
    assert (account.events, account.blank) == (2, 1)
    sample = account.samples["line not understood"][0]
    assert (sample.line, sample.text) == (2, "what?")


def test_zeros_before_a_line_are_bad_and_the_line_is_not():
    columns, account, _ = read(b'1.2 "a"\n\0\0\0\x003.4 "b"\n\0\0\n5.6 "c"\n')
    assert columns["rest"] == ["a", "b", "c"]
    assert (account.events, account.salvaged, dict(account.bad)) == (3, 1, {"NUL bytes": 2})
    assert account.closes()


def test_bytes_that_are_not_utf_8_are_replaced_and_counted():
    columns, account, _ = read('1.2 "good é"\n'.encode() + b'3.4 "bad \xff\xe9"\n')
    assert columns["rest"] == ["good é", "bad \ufffd\ufffd"]
    assert dict(account.flags) == {"bytes that are not UTF-8, replaced": 1}


def test_a_line_that_is_too_long_is_bad_and_the_rest_is_read():
    columns, account, _ = read(b'1.2 "a"\n' + b"x" * 5000 + b'\n3.4 "b"\n', cut=100, limit=1000)
    assert columns["rest"] == ["a", "b"]
    assert dict(account.bad) == {"line too long": 1}


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_ids_tell_equal_lines_apart_and_are_the_same_again(end):
    data = end.join([b'1.2 "a"', b"odd", b'1.2 "a"', b""])
    _, _, first = read(data, ids=True)
    _, _, again = read(data, cut=3, ids=True)
    assert first == again
    assert len(set(first)) == 2


def test_another_field_of_the_log_can_be_asked_for():
    form = Format(
        name="mine",
        title="mine",
        kind="text",
        fields=("ip",),
        known_by=(),
        build=lambda c: {"time": c.time("none"), "src_ip": c.text("ip")},
        pattern=PATTERN,
    )
    tables = list(decode([b'1.2 "a"\n'], form, Account(), "x", Options(columns=("src_ip", "rest"))))
    assert tables[0].select(["src_ip", "rest"]).to_pylist() == [{"src_ip": "1.2", "rest": "a"}]
