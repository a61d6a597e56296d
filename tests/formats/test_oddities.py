"""Whatever stands in a field, every format reads it: nothing is raised, and the account closes."""

import copy
import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from attackviz.account import Account
from attackviz.formats import FORMATS, Options, decode
from attackviz.formats.detection import objects_in
from attackviz.schema import validate

CORPUS = Path(__file__).parent / "corpus"
ODD = [
    None, True, False, 0, -1, 1.5, 1e300, 2**63, 2**70, 10**30, "", " ", "x", "-", "0", "-1", "1e400", "\x00", "\ud800",
    "é" * 50, "${jndi:ldap://e}", "2024-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01", "999.1.1.1", "::1",
    "[::1]:5", "0.0.0.0", "1.2.3.4:99999", [], [None], ["a", 1, None], {}, {"a": {"b": 1}}, [[]], [{"a": 1}],
]  # fmt: skip
JSON = [name for name, form in FORMATS.items() if form.kind == "json"]
TEXT = [name for name, form in FORMATS.items() if form.kind == "text"]


def sample(name):
    base = name if list(CORPUS.glob(f"{name}__*")) else name.rpartition(".")[0]  # asked for by name, as flows are
    return b"\n".join(path.read_bytes() for path in sorted(CORPUS.glob(f"{base}__*")))


def put(record, path, value):
    *parents, leaf = path.split(".")
    for parent in parents:
        if not isinstance(record.get(parent), dict):
            record[parent] = {}
        record = record[parent]
    record[leaf] = value


def check(data, name, **options):
    account = Account()
    tables = list(decode([data], FORMATS[name], account, "x", Options(**options), datetime(2024, 5, 6, tzinfo=UTC)))
    assert account.closes()
    assert sum(table.num_rows for table in tables) == account.events - account.outside
    for table in tables:
        validate(table)
    return account


@pytest.mark.parametrize("name", JSON)
def test_odd_values_in_any_field(name):
    first = objects_in(sample(name).decode())[:2]
    assert first
    lines = []
    for number, path in enumerate(FORMATS[name].fields):
        for value in ODD:
            record = copy.deepcopy(first[number % len(first)])
            put(record, path, value)
            lines.append(json.dumps(record))
    account = check("\n".join(lines).encode(), name)
    assert account.pieces == len(lines)
    check("\n".join(lines).encode(), name, columns=("src_ip", "event_id"))


@pytest.mark.parametrize("name", JSON)
def test_each_field_may_be_missing(name):
    lines = []
    for record in objects_in(sample(name).decode())[:2]:
        for path in FORMATS[name].fields:
            outer = path.partition(".")[0]
            lines += [json.dumps({key: value for key, value in record.items() if key != outer})]
    check("\n".join(lines).encode(), name)


@pytest.mark.parametrize("name", TEXT)
def test_lines_with_anything_changed(name):
    draw = random.Random(name)
    whole = [line for line in sample(name).splitlines() if line]
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
    account = check(data, name)
    assert account.pieces == len(lines) + account.salvaged  # what was cut off before a line is a piece, too
    assert account.events + account.left_out.total() > 200
    check(data, name, columns=("src_ip", "event_id"))
