"""What is told of documents without a cluster: hits as lines, mappings as fields, a user's query."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.elastic.documents import page_of
from attackviz.elastic.fields import fields_of
from attackviz.elastic.query import all_of, own_query
from attackviz.errors import UsageError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SOURCES = st.dictionaries(st.text().filter(lambda key: key != "_id"), VALUES, max_size=4)


@given(st.lists(st.tuples(st.text(min_size=1), SOURCES), max_size=5), st.booleans(), st.sampled_from([None, 1]))
def test_a_hit_is_a_line_whatever_is_in_it(hits, ids, indent):
    answer = {
        "pit_id": "p",
        "hits": {
            "total": {"value": 9, "relation": "eq"},
            "hits": [{"_id": name, "_source": source, "sort": [n]} for n, (name, source) in enumerate(hits)],
        },
    }
    page = page_of(json.dumps(answer, indent=indent).encode(), ids)
    lines = page.lines.splitlines() if page.lines.isascii() else page.lines.split(b"\n")[:-1]
    assert page.hits == len(lines) == len(hits)
    assert (page.total, page.pit) == (9, "p")
    assert page.last == ([len(hits) - 1] if hits else None)
    for line, (name, source) in zip(lines, hits, strict=True):
        expected = {"_id": name, **source} if ids and source else source
        assert json.loads(line) == expected


def test_an_empty_answer_is_no_hit():
    assert page_of(b"{}").hits == 0
    assert page_of(b'{"hits":{"hits":[{"sort":[1]}]}}').lines == b"{}\n"


def field(mappings: dict, name: str = "ip"):
    return fields_of({"a": {"mappings": mappings}})[name]


def test_fields_are_asked_only_if_no_document_can_hide():
    ip = {"properties": {"ip": {"type": "ip"}}}
    assert field(ip).searchable
    assert not field({"properties": {"ip": {"type": "ip", "index": False, "doc_values": False}}}).searchable
    text = field({"properties": {"ip": {"type": "text"}}})
    assert (text.searchable, text.text_alone) == (False, True)
    several = {"a": {"mappings": ip}, "b": {"mappings": {"properties": {"ip": {"type": "keyword"}}}}}
    assert fields_of(several)["ip"].kinds == ("ip", "keyword")
    assert not fields_of(several)["ip"].searchable
    assert fields_of({"a": {"mappings": ip}, "b": {"mappings": {}}})["ip"].searchable
    for hiding in ({"dynamic": "false"}, {"dynamic": False}, {"properties": {"x": {"enabled": False}}}):
        assert not fields_of({"a": {"mappings": ip}, "b": {"mappings": hiding}})["ip"].searchable


@pytest.mark.parametrize("wrong", ["{", '{"a": 1}', '{"query": 1}', {"a": {}, "b": {}}, {}, 7, ["x"]])
def test_a_query_that_is_none_says_so(wrong):
    with pytest.raises(UsageError):
        own_query(wrong)


def test_no_query_is_no_condition():
    assert own_query(None) is None
    assert own_query("  ") is None
    assert all_of([None, None]) == {"match_all": {}}
