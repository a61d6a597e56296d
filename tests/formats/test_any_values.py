"""Whatever stands in a field, every format makes an event table of it: nothing is raised, and the account closes."""

import copy
import io
import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from attackviz.account import Account
from attackviz.formats import FORMATS, Options, casts, decode
from attackviz.formats.detection import objects_in
from attackviz.formats.written import Written
from attackviz.schema import validate
from attackviz.tables import write_ndjson

CORPUS = Path(__file__).parent / "corpus"
ODD = [
    *(None, True, False, 0, 1, -1, 80, "80", 1.5, 65536, 2**63, 2**70, 10**30, 1e300, -0.0, "", " ", "x", "-", "0"),
    *("-1", "1e400", "\x00", "\ud800", "é" * 50, "${jndi:ldap://e}", "=1+1", "block", "ALLOW", "soon", "1.2.3.4:99999"),
    *("1.2.3.4", "::1", "::ffff:1.2.3.4", "0.0.0.0", "999.1.1.1", "198.51.100.7:22", "[2001:db8::1]:22"),
    *("2024-05-06T07:08:09Z", "2024-05-06 07:08:09", "2024-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01"),
    *(1714979289, "1714979289000000000", [], [None], ["a", 1, None], [[]], [{}], [{"ruleId": 1}], ["\ud800"]),
    *({}, {"a": None}, {"a": {"b": 1}}, {"username": "x"}, [{"username": "\ud800"}]),
    *("[", "[]", '["a", 1]', '[{"ruleId":"r","action":"COUNT"}]', '{"a":1}', '["a"'),
]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=20),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.sampled_from(ODD), max_size=3),
)
JSON = [form for form in FORMATS.values() if form.kind == "json"]
CSV = [form for form in FORMATS.values() if form.kind == "csv"]
TEXT = [form for form in FORMATS.values() if form.kind == "text"]
FEW = settings(max_examples=max(settings().max_examples // 8, 5))


def each(forms):
    return pytest.mark.parametrize("form", forms, ids=lambda form: form.name)


def sample(form):
    """Return the samples of a format; of one asked for by name alone (flows, pushes) those it is part of."""
    if form.name == "events.json":
        lines = io.BytesIO()
        write_ndjson([parquet.read_table(CORPUS / "events__generated.parquet")], lines)
        return lines.getvalue()
    base = form.name if list(CORPUS.glob(f"{form.name}__*")) else form.name.rpartition(".")[0]
    return b"\n".join(path.read_bytes() for path in sorted(CORPUS.glob(f"{base}__*")))


def put(record, path, value):
    *parents, leaf = path.split(".")
    for parent in parents:
        if not isinstance(record.get(parent), dict):
            record[parent] = {}
        record = record[parent]
    record[leaf] = value


def check(data, form, **options):
    account = Account()
    tables = list(decode([data], form, account, "x", Options(**options), datetime(2024, 5, 6, tzinfo=UTC)))
    assert account.closes()
    assert sum(table.num_rows for table in tables) == account.events - account.outside
    for table in tables:
        validate(table)
    return account


@each(JSON)
def test_odd_values_in_any_field(form):
    first = objects_in(sample(form).decode())[:2]
    assert first
    lines = []
    for number, path in enumerate(form.fields):
        for value in ODD:
            record = copy.deepcopy(first[number % len(first)])
            put(record, path, value)
            lines.append(json.dumps(record))
    account = check("\n".join(lines).encode(), form)
    assert account.pieces == len(lines)
    check("\n".join(lines).encode(), form, columns=("src_ip", "event_id"))


@each(JSON)
def test_each_field_may_be_missing(form):
    lines = []
    for record in objects_in(sample(form).decode())[:2]:
        for path in form.fields:
            outer = path.partition(".")[0]
            lines += [json.dumps({key: value for key, value in record.items() if key != outer})]
    check("\n".join(lines).encode(), form)


@st.composite
def objects(draw, form):
    """Draw an object with all the fields that make a format known, and some others of it."""
    value = {}
    known = max(form.known_by, key=len)
    for path in (*sorted(known), *draw(st.lists(st.sampled_from(form.fields), max_size=12))):
        put(value, path, draw(VALUES))
    return value


@each(JSON)
@given(data=st.data())
@FEW
def test_odd_values_together(form, data):
    values = data.draw(st.lists(objects(form), min_size=1, max_size=6))
    account = check("".join(json.dumps(value) + "\n" for value in values).encode(), form)
    assert account.events + account.left_out.total() + account.bad_total == len(values)


@each(CSV)
@given(data=st.data())
@FEW
def test_odd_values_in_csv(form, data):
    def cell(value):
        text = value if isinstance(value, str) else json.dumps(value)
        text = text.encode("utf-8", "replace").decode().replace("\r", " ").replace("\n", " ")
        return '"' + text.replace('"', '""') + '"'

    rows = data.draw(st.lists(st.lists(VALUES, min_size=len(form.fields), max_size=len(form.fields)), max_size=5))
    lines = [",".join(form.fields), *(",".join(map(cell, row)) for row in rows)]
    account = check("".join(line + "\n" for line in lines).encode(), form)
    assert account.events == len(rows)


@each(TEXT)
def test_lines_with_anything_changed(form):
    draw = random.Random(form.name)
    whole = [line for line in sample(form).splitlines() if line]
    lines = []
    for _ in range(2000):
        line = bytearray(draw.choice(whole))
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(line) + 1)
            line[at : at + draw.randint(0, 3)] = draw.choice(
                [b"", b"\0", b" ", b"[", b'"', b"\\", b"\xff", b"9", b":", b"-"]
            )
        lines.append(bytes(line))
    data = b"\n".join(lines)
    account = check(data, form)
    assert account.pieces == len(lines) + account.salvaged  # what was cut off before a line is a piece, too
    assert account.events + account.left_out.total() > 200
    check(data, form, columns=("src_ip", "event_id"))


def test_half_a_surrogate_pair_in_a_list_stays_the_escape_it_was():
    assert Written.of([["\ud800", 1.5]]).plain().to_pylist() == [r'["\ud800",1.5]']
    assert casts.texts([["\ud800", 1.5]]).to_pylist() == [r'["\ud800",1.5]']
