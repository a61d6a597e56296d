"""CSV: one line, one record; what does not fit is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.formats.csvreader import fields_of, read_csv, separator


def run(data, paths=("ip", "port"), ids=False):
    account = Account()
    batches = list(read_csv([data], paths, account, "x.csv", ids))
    assert account.closes()
    assert account.events == sum(b.length for b in batches)
    return batches, account


def test_fields_are_found_by_name():
    (batch,), account = run(b"port,x,ip\r\n22,a,1.2.3.4\r\n23,,1.2.3.5\r\n")
    assert batch.columns == {"ip": ["1.2.3.4", "1.2.3.5"], "port": ["22", "23"]}
    assert (account.structure, account.events) == (1, 2)


def test_missing_field_is_empty():
    (batch,), _ = run(b"ip\n1.2.3.4\n")
    assert batch.columns["port"] == [""]


def test_quotes_are_understood_and_a_stray_one_costs_one_line():
    (batch,), account = run(b'ip,port\n"1,2",22\n"1.2,22\n1.2.3.4,"2""2"\n')
    assert batch.columns == {"ip": ["1,2", "1.2.3.4"], "port": ["22", '2"2']}
    assert dict(account.bad) == {"quote not closed": 1}


def test_wrong_number_of_fields_repeated_header_and_blank_lines():
    _, account = run(b"ip,port\n\n1,2,3\n1\nip,port\n1,2\n")
    assert (account.events, account.structure, account.blank, dict(account.bad)) == (
        1,
        2,
        1,
        {"wrong number of fields": 2},
    )
    assert [p.line for p in account.samples["wrong number of fields"]] == [3, 4]


def test_ids_tell_equal_lines_apart():
    (batch,), _ = run(b"ip,port\n1,2\n1,2\n", ids=True)
    assert len(set(batch.ids)) == 2


def test_crashes_and_bytes_that_are_no_text_are_counted():
    (batch,), account = run(b"ip,port\n\0\0\0\n1.2.3.4,\xff\n1.2.3.5,\xef\xbf\xbd\n")
    assert batch.columns["port"] == ["\ufffd", "\ufffd"]
    assert dict(account.bad) == {"NUL bytes": 1}
    assert dict(account.flags) == {"bytes that are not UTF-8, replaced": 1}


@given(st.binary(max_size=400))
def test_account_closes_on_anything(data):
    run(b"ip,port\n" + data)


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("ClientIP,RayID", ","),
        ('"Client IP";"RayID"', ";"),
        ("ClientIP\tRayID", "\t"),
        ("ClientIP|RayID|x", "|"),
        ("ClientIP||RayID", "||"),
        ("ClientIP \x01 RayID", " \x01 "),
        ("client.ip,@timestamp", ","),
        ("ClientIP", ","),
        ("", ","),
    ],
)
def test_the_header_tells_what_parts_the_fields(header, delimiter):
    assert separator(header) == delimiter


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8")), min_size=1),
    st.sampled_from(["||", "~|~", ", "]),
)
def test_long_delimiters_part_what_they_joined(values, delimiter):
    line = delimiter.join('"' + value.replace('"', '""') + '"' for value in values)
    assert fields_of(line, delimiter) == values
    bare = [value for value in values if '"' not in value and delimiter[0] not in value and delimiter[-1] not in value]
    if bare:
        assert fields_of(delimiter.join(bare), delimiter) == bare


def test_a_quote_that_is_not_closed_is_broken_with_long_delimiters_too():
    assert fields_of('a||"b', "||") is None
    assert fields_of('a||"b"c||d', "||") is None
