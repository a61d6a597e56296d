"""Whatever stands in the fields of a log, every format makes an event table of it, and the account closes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.formats import FORMATS, Options, casts, decode
from attackviz.formats.written import Written
from attackviz.schema import validate

JSON = [form for form in FORMATS.values() if form.kind == "json"]
CSV = [form for form in FORMATS.values() if form.kind == "csv"]

ODD = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 80, "80", 65536, 2**63, 2**70, 1e300, 5.5, -0.0, "", " ", "x", "\x00", "\ud800"),
        *("1.2.3.4", "::1", "::ffff:1.2.3.4", "0.0.0.0", "999.1.1.1", "198.51.100.7:22", "[2001:db8::1]:22"),
        *("2024-05-06T07:08:09Z", "2024-05-06 07:08:09", 1714979289, "1714979289000000000", "9999-12-31", "soon"),
        *([], {}, [[]], [None], [1, "a", None], {"a": None}, [{}], [{"ruleId": 1}], {"username": "x"}, ["\ud800"]),
        *("[", "[]", '["a", 1]', '[{"ruleId":"r","action":"COUNT"}]', '{"a":1}', '["a"', "block", "ALLOW", "=1+1"),
    ]
)  # fmt: skip
VALUES = st.one_of(
    ODD,
    st.text(max_size=20),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(ODD, max_size=3),
)


def objects(form):
    """Return a strategy for objects with some fields of a format, and all that make it known."""
    known = max(form.known_by, key=len)

    @st.composite
    def one(draw):
        value = {}
        for path in dict.fromkeys((*sorted(known), *draw(st.lists(st.sampled_from(form.fields), max_size=12)))):
            *parents, leaf = path.split(".")
            node = value
            for parent in parents:
                inner = node.setdefault(parent, {})
                node = inner if isinstance(inner, dict) else {}
            node[leaf] = draw(VALUES)
        return value

    return one()


def read(data, form, **options):
    account = Account()
    tables = list(decode([data], form, account, "x", Options(**options)))
    assert account.closes()
    assert account.events == sum(table.num_rows for table in tables)
    for table in tables:
        validate(table)
    return tables, account


@pytest.mark.parametrize("form", JSON, ids=lambda form: form.name)
@given(data=st.data())
@settings(max_examples=max(settings().max_examples // 8, 5))
def test_json(form, data):
    values = data.draw(st.lists(objects(form), min_size=1, max_size=6))
    lines = "".join(json.dumps(value) + "\n" for value in values).encode()
    _, account = read(lines, form)
    left = account.left_out.total() + account.bad_total
    assert account.events + left == len(values)


@pytest.mark.parametrize("form", CSV, ids=lambda form: form.name)
@given(data=st.data())
@settings(max_examples=max(settings().max_examples // 8, 5))
def test_csv(form, data):
    def cell(value):
        text = value if isinstance(value, str) else json.dumps(value)
        text = text.encode("utf-8", "replace").decode().replace("\r", " ").replace("\n", " ")
        return '"' + text.replace('"', '""') + '"'

    rows = data.draw(st.lists(st.lists(VALUES, min_size=len(form.fields), max_size=len(form.fields)), max_size=5))
    lines = [",".join(form.fields), *(",".join(map(cell, row)) for row in rows)]
    _, account = read("".join(line + "\n" for line in lines).encode(), form)
    assert account.events == len(rows)


def test_half_a_surrogate_pair_in_a_list_stays_the_escape_it_was():
    assert Written.of([["\ud800", 1.5]]).plain().to_pylist() == [r'["\ud800",1.5]']
    assert casts.texts([["\ud800", 1.5]]).to_pylist() == [r'["\ud800",1.5]']
