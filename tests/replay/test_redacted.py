"""A redacted recording, of events and of cells: whole, playable, and searched for what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from attackviz.replay import load, record, redacted
from attackviz.store import LISTS
from tests.analysis.test_redact import ADDRESSES, CANARY, KEY, planted


@pytest.mark.parametrize("budget", [1000, 20], ids=["events", "cells"])
@pytest.mark.parametrize("key", [None, KEY], ids=["networks", "names"])
def test_nothing_that_was_planted_is_left(budget: int, key: str | None) -> None:
    whole = record(planted(), "Edition", source="canary95.log", budget=budget)
    assert (whole.header["grain"] is None) == (budget == 1000)
    data = redacted(whole, key=key).to_bytes()
    assert CANARY.search(whole.to_bytes().decode("latin-1"))
    assert not CANARY.search(data.decode("latin-1"))
    for address in (*ADDRESSES, "198.51.100.9", "203.0.113.5"):
        assert address.encode() not in data
    left = load(data)
    assert left.header["title"] == "Edition"
    assert left.header["notice"] == f"redacted: {'names' if key else 'networks'} for addresses, regions for places"
    told, before = left.header["totals"], whole.header["totals"]
    assert {**told, "unlocated": 0} == {**before, "unlocated": 0}
    assert told["unlocated"] >= before["unlocated"]  # what has a place but no country is drawn no more
    assert np.array_equal(left.tables["events"]["t"], whole.tables["events"]["t"])


def test_lists_beside_cells_add_up() -> None:
    whole = record(planted(), budget=20)
    lists = redacted(whole).header["lists"]
    for name in LISTS:
        assert sum(row["events"] for row in lists[name]) == sum(row["events"] for row in whole.header["lists"][name])
        keys = [row["key"] for row in lists[name]]
        assert len(keys) == len(set(keys))
    assert lists["distinct"]["addresses"] == sum(row["key"] is not None for row in lists["addresses"])


def test_places_are_one_a_region_and_events_find_theirs() -> None:
    whole = record(planted())
    left = redacted(whole)
    places = left.tables["places"].to_pylist()
    assert all(place["city"] == "" for place in places)
    assert len({tuple(place.values()) for place in places}) == len(places)

    def countries(recording) -> list[str | None]:
        place = recording.tables["sources"]["place"].to_numpy()[recording.tables["events"]["source"].to_numpy()]
        names = recording.tables["places"]["country"].to_pylist()
        return [names[k] if k >= 0 else None for k in place]

    assert countries(left) == countries(whole)


def test_nothing_to_take_out() -> None:
    assert len(redacted(record(planted().slice(0, 0)))) == 0
