"""Names that ship with a colour keep it; the rest take what is free."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.errors import SchemaError
from attackviz.replay import build
from attackviz.replay.categories import LABELS, assign_slots

TIME = pd.Timestamp("2025-02-18", tz="UTC")


def legend(names, **options):
    header = build(
        pd.DataFrame({"time": [TIME] * len(names), **{options.get("color_by", "category"): names}}), **options
    )
    return [(c["name"], c["label"], c["slot"]) for c in header.header["categories"]]


@given(st.lists(st.one_of(st.sampled_from(list(LABELS)), st.text(max_size=3)), unique=True, max_size=20))
def test_shipped_names_keep_their_slot_and_no_other_name_shares_it(ranked):
    slots = assign_slots(ranked)
    assert list(slots) == ranked
    for slot, name in enumerate(LABELS):
        if name in slots:
            assert slots[name] == slot
    alone = [slot for slot in slots.values() if slot != 7]
    assert len(alone) == len(set(alone))
    assert len(alone) == min(7, len(set(ranked) - {"other", "unknown"}))


def test_honeypot_services_have_words_and_a_title():
    assert legend(["ssh", "vpn", "ssh", None]) == [
        ("vpn", "VPN portal", 0),
        ("ssh", "SSH", 2),
        ("unknown", "Unknown", 7),
    ]
    header = build(pd.DataFrame({"time": [TIME], "category": ["ssh"]})).header
    assert header["category_title"] == "Service"


def test_other_names_are_shown_as_they_are_the_most_frequent_first():
    assert legend(["b", "a", "b", "c", "c", "c"]) == [("c", "c", 0), ("b", "b", 1), ("a", "a", 2)]


def test_more_than_seven_share_the_last_slot():
    names = [n for i, n in enumerate("abcdefghij") for _ in range(20 - i)]
    assert [slot for _, _, slot in legend(names)] == [0, 1, 2, 3, 4, 5, 6, 7, 7, 7]


def test_more_than_a_byte_holds_are_folded_into_other_and_counted():
    names = [f"n{i:03}" for i in range(300) for _ in range(2 if i < 255 else 1)]
    recording = build(pd.DataFrame({"time": [TIME] * len(names), "category": names}))
    assert len(recording.header["categories"]) == 256
    other = [c["name"] for c in recording.header["categories"]].index("other")
    assert recording.tables["events"]["category"].to_pylist().count(other) == 45
    assert len(recording) == len(names)


def test_any_column_can_colour():
    assert legend(["CN", "US", "CN"], color_by="src_country") == [("CN", "CN", 0), ("US", "US", 1)]
    frame = pd.DataFrame({"time": [TIME], "team": ["blue"], "category": ["ssh"]})
    header = build(frame, color_by="team", category_title="Side").header
    assert header["category_title"] == "Side"
    assert build(frame, color_by="team").header["category_title"] == "Team"
    with pytest.raises(SchemaError, match="no column 'colour' to colour by; columns are time, team"):
        build(frame, color_by="colour")


def test_a_table_without_categories_has_one():
    header = build(pd.DataFrame({"time": [TIME]})).header
    assert header["categories"] == [{"name": "events", "label": "Events", "slot": 0}]
