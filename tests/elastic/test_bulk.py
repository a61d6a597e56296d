"""Bodies of bulk requests: exact documents, stable ids, cut where they may be."""

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.elastic.bulk import Body, actions, bodies, documents, identified, parts

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT, st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=8))
def test_any_text_and_number_is_what_it_was(rows):
    texts, words, numbers = zip(*rows, strict=True)
    table = pa.table({"detail": texts, "rule": pa.array(words).dictionary_encode(), "n": numbers})
    lines = documents(table).to_pylist()
    assert not any("\n" in line for line in lines)
    found = [json.loads(line) for line in lines]
    assert [each["event"]["original"] for each in found] == [*texts]
    assert [each["rule"]["name"] for each in found] == [*words]
    assert [each["attackviz"]["n"] for each in found] == [*numbers]


@given(ANY_TEXT, st.lists(ANY_TEXT, min_size=1, max_size=5, unique=True))
def test_any_name_and_id_is_what_it_was(name, ids):
    table = pa.table({f"x{name}": ["v"] * len(ids)})
    ids = pa.array([f"i{each}" for each in ids])
    lines = actions(ids, documents(table)).to_pylist()
    for line, each in zip(lines, ids.to_pylist(), strict=True):
        action, document = line.removesuffix("\n").split("\n")
        assert json.loads(action) == {"create": {"_id": each}}
        assert json.loads(document)["attackviz"][f"x{name}"] == "v"


def test_columns_of_any_type_become_json():
    table = pa.table(
        {
            "f": pa.array([1.5, float("nan"), None]),
            "inf": [float("inf"), -0.0, 2.0],
            "b": [True, None, False],
            "t": pa.array([datetime(2025, 2, 18, 4, 5, 6, 7, UTC), None, None], pa.timestamp("ns", "UTC")),
            "naive": pa.array([datetime(1969, 12, 31, 23), None, None], pa.timestamp("s")),
            "list": [["a", "b"], None, []],
            "struct": [{"k": 1}, None, None],
            "big": pa.array(['"', None, "x"], pa.large_string()),
            "words": pa.array(["w\n", None, "w\n"]).dictionary_encode(),
            "bits": pa.array([b"\xff", None, None]),
            "d": [Decimal("1.10"), None, None],
            "none": pa.nulls(3),
        }
    )
    first, second, third = (json.loads(line)["attackviz"] for line in documents(table).to_pylist())
    assert first == {
        "schema": 1,
        "f": 1.5,
        "b": True,
        "t": "2025-02-18T04:05:06.000007Z",
        "naive": "1969-12-31T23:00:00.000000Z",
        "list": ["a", "b"],
        "struct": {"k": 1},
        "big": '"',
        "words": "w\n",
        "bits": "/w==",
        "d": "1.10",
    }
    assert second == {"schema": 1, "inf": 0.0}
    assert third == {"schema": 1, "inf": 2.0, "b": False, "list": [], "big": "x", "words": "w\n"}


def test_ids_are_the_same_again_and_equal_events_are_not_merged():
    table = pa.table({"event_id": ["a", None, "", "é" * 300, None], "rule": ["x", "y", "y", "x", "z"]})
    seen, again = Counter(), Counter()
    texts = documents(table.select(["rule"]))
    ids = identified(table, texts, seen).to_pylist()
    # Cut elsewhere, they are the same.
    second = [
        *identified(table.slice(0, 2), texts.slice(0, 2), again),
        *identified(table.slice(2), texts.slice(2), again),
    ]
    assert ids == [each.as_py() for each in second]
    assert ids[0] == "a"
    assert len(set(ids)) == 5
    assert all(len(each) == 32 for each in ids[1:])
    assert identified(table.slice(1, 1), texts.slice(1, 1), seen).to_pylist()[0] not in ids


@pytest.mark.parametrize("size", [1, 30, 100, 10**6])
def test_bodies_hold_every_line_once(size):
    ids = pa.array([str(n) for n in range(57)])
    lines = actions(ids, pa.array(["{}" if n % 10 else f'{{"x":"{"é" * 40}"}}' for n in range(57)])).slice(3, 50)
    made = list(bodies(lines, ids.slice(3, 50), size))
    assert b"".join(body.data() for body in made) == "".join(lines.to_pylist()).encode()
    assert [each for body in made for each in body.ids.to_pylist()] == [str(n) for n in range(3, 53)]
    assert all(len(body.data()) <= size or len(body) == 1 for body in made)


def test_a_body_is_halved_down_to_one_document():
    body = Body(actions(pa.array(["a", "b", "c"]), pa.array(["{}"] * 3)), pa.array(["a", "b", "c"]))
    left, right = body.halves()
    assert (left.ids.to_pylist(), right.ids.to_pylist()) == (["a"], ["b", "c"])
    assert left.data() + right.data() == body.data()
    assert left.halves() == [left]
    some = body.only([2, 0])
    assert (some.ids.to_pylist(), some.document(0)) == (["c", "a"], "{}")
    assert some.data() == b'{"create":{"_id":"c"}}\n{}\n{"create":{"_id":"a"}}\n{}\n'


def test_a_word_that_stands_in_every_row_does_not_fill_the_memory():
    word = "x" * 100_000
    table = pa.table({"rule": pa.array([word] * 2000).dictionary_encode()})
    cut = list(parts(table))
    assert sum(part.num_rows for part in cut) == 2000
    assert len(cut) > 10
    assert all(documents(part).nbytes < 40_000_000 for part in cut)
    assert list(parts(table.slice(0, 0))) == []
