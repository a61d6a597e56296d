"""Filters have one JSON form; what is not of that form is said."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attackviz as av
from attackviz.account import account_of
from attackviz.errors import UsageError
from attackviz.filters import FIELDS, OPERATORS, Condition, Filters, network

LEGEND = [{"name": "ssh", "slot": 2}, {"name": "irc", "slot": 7}, {"name": "dns", "slot": 7}]

texts = st.lists(st.one_of(st.none(), st.text(min_size=1, max_size=4)), min_size=1, max_size=3)
numbers = st.lists(st.one_of(st.none(), st.integers(1, 2**32 - 1)), min_size=1, max_size=3)
forms = st.fixed_dictionaries(
    {},
    optional={
        "country": st.fixed_dictionaries({}, optional={"in": texts, "not": texts, "contains": st.text(min_size=1)}),
        "network": st.fixed_dictionaries({}, optional={"in": numbers, "null": st.booleans()}),
        "port": st.fixed_dictionaries({"range": st.tuples(st.integers(1, 99), st.none()).map(list)}),
        "payload": st.fixed_dictionaries({"in": st.lists(st.one_of(st.integers(), st.text()), min_size=1)}),
        "cidr": st.lists(st.ip_addresses().map(str), min_size=1, max_size=3),
        "text": st.text(min_size=1),
    },
)


@given(forms)
def test_the_form_is_the_same_after_a_way_through_text(form):
    filters = Filters.parse(form)
    again = Filters.parse(json.dumps(filters.to_dict()))
    assert again == filters
    assert hash(again) == hash(filters)
    assert again.to_dict() == filters.to_dict()


def test_the_order_of_fields_makes_no_difference():
    one = Filters.parse({"port": {"in": [22]}, "country": {"in": ["CN"]}})
    assert one == Filters.parse({"country": {"in": ["CN"]}, "port": {"in": [22]}})


def test_conditions_that_say_nothing_are_none():
    assert not Filters.parse({"country": {"in": []}, "text": "", "cidr": [], "port": None, "rule": {}})
    assert not Filters.parse(None)
    assert Filters.parse({"country": {"not": [""]}})


def test_the_players_ways_of_writing_what_is_not_known_are_null():
    form = {"country": {"in": [""]}, "network": {"in": [0]}, "port": {"not": [0, 22]}, "verdict": {"in": [1]}}
    assert Filters.parse(form).to_dict() == {
        "country": {"in": [None]},
        "network": {"in": [None]},
        "port": {"not": [None, 22]},
        "verdict": {"in": ["detected"]},
    }
    # A column is taken at its word.
    assert Filters.parse({"dst_port": {"in": [0]}}).to_dict() == {"dst_port": {"in": [0]}}


def test_slots_become_the_categories_of_a_legend():
    filters = Filters.parse({"slot": {"in": [7]}, "port": {"in": [22]}})
    assert filters.named(LEGEND).to_dict() == {"category": {"in": ["irc", "dns"]}, "port": {"in": [22]}}
    assert Filters.parse({"slot": {"in": ["irc"]}}).named(LEGEND, "rule").to_dict() == {"rule": {"in": ["irc", "dns"]}}
    assert Filters.parse({"slot": {"in": [4]}}).named(LEGEND).conditions == (Condition("category", "in", ()),)


def test_columns_are_all_that_the_conditions_look_at():
    filters = Filters.parse({"target": {"in": ["x"]}, "payload": {"null": True}, "cidr": "10.0.0.0/8"})
    assert filters.columns() == {*FIELDS["target"], "payload", "src_ip"}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("{", "no JSON"),
        ("[1]", "object of conditions"),
        ({"country": ["CN"]}, r"'country': \['CN'\] is no condition"),
        ({"country": {"is": ["CN"]}}, "there is no 'is'; there are in, not"),
        ({"country": {"in": "CN"}}, "'CN' is no list; put the values in brackets"),
        ({"country": {"in": [5]}}, "5 is no text"),
        ({"country": {"range": ["A", "B"]}}, "it has no order"),
        ({"port": {"in": ["22"]}}, "'22' is no number"),
        ({"port": {"in": [True]}}, "True is no number"),
        ('{"port": {"in": [1e400]}}', "inf is no number"),
        ('{"payload": {"range": [null, -Infinity]}}', "-inf is no number"),
        ({"port": {"range": [1]}}, "no range"),
        ({"verdict": {"in": ["blocked"]}}, "there is no 'blocked'; there are mitigated"),
        ({"severity": {"in": [5]}}, "there is no 5"),
        ({"cidr": ["192.0.2.0/40"]}, "'192.0.2.0/40' is no network"),
        ({"cidr": 7}, "no list of networks"),
        ({"rule": {"cidr": ["10.0.0.0/8"]}}, "holds no addresses"),
        ({"rule": {"null": 1}}, "neither true nor false"),
        ({"rule": {"contains": 1}}, "1 is no text"),
        ({"time": {"range": ["yesterday", None]}}, "no time"),
        ({"time": {"range": ["2025-02-18T00:00", None]}}, "names no zone"),
        ({"payload": {"in": [[1]]}}, "neither text nor number"),
    ],
)
def test_what_is_wrong_is_said(form, words):
    with pytest.raises(UsageError, match=words):
        Filters.parse(form)


values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.just(10**40))
anything = st.recursive(
    values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2)
)
conditions = st.dictionaries(st.sampled_from(OPERATORS), st.lists(anything, max_size=2) | anything, max_size=2)
FRAME = pd.DataFrame(
    {"time": pd.to_datetime(["2025-02-18"], utc=True), "src_ip": ["192.0.2.1"], "dst_port": [22], "payload": ["x"]}
)


@given(
    st.dictionaries(st.sampled_from([*FIELDS, "time", "dst_port", "payload", "text", "cidr"]), conditions | anything)
)
def test_whatever_is_asked_is_answered_or_refused_in_words(form):
    try:
        found = FRAME.attacks.where(form)
    except UsageError:
        return
    assert len(found) <= 1


def test_networks_are_read_as_people_write_them():
    assert str(network(" 192.0.2.77/24 ")) == "192.0.2.0/24"
    assert str(network("192.0.2.7")) == "192.0.2.7/32"
    assert str(network("::ffff:192.0.2.7")) == "192.0.2.7/32"
    assert str(network("::ffff:0:0/90")) == "::ffc0:0:0/90"
    with pytest.raises(ValueError, match="no network"):
        network("192.0.2.0-192.0.2.9")


def test_a_frame_is_filtered_as_a_store_is(samples):
    with pytest.warns(av.DataLossWarning):
        events = av.read(samples / "tpot-2025")
    events = av.enrich(events)
    form = {"country": {"not": ["US", ""]}, "port": {"range": [1, 1023]}, "text": "login"}
    found = events.attacks.where(form)
    assert 0 < len(found) < len(events)
    assert account_of(found) == account_of(events)
    timed = found[found["time"].notna()]
    assert len(timed) == events.attacks.store().count(None, Filters.parse(form)).events
    window = av.Window.parse("2025-02-20")
    inside = timed[(timed["time"] >= window.start) & (timed["time"] < window.end)]
    assert len(inside) == events.attacks.store().count(window, Filters.parse(form)).events


def test_times_and_floats_have_ranges_and_nan_is_not_known():
    frame = pd.DataFrame(
        {"time": pd.to_datetime(["2025-02-18", "2025-02-19", None], utc=True), "score": [0.5, float("nan"), 2.0]}
    )
    assert frame.attacks.where({"time": {"range": ["2025-02-18T12:00Z", None]}}).index.tolist() == [1]
    assert frame.attacks.where({"time": {"null": True}}).index.tolist() == [2]
    assert frame.attacks.where({"score": {"range": [0.5, 1]}}).index.tolist() == [0]
    assert frame.attacks.where({"score": {"null": True}}).index.tolist() == [1]
