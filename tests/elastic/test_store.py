"""A cluster is a store: the tests of every store, on the node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attackviz.elastic import Elastic
from attackviz.store import Store

from ..conftest import FULL
from ..store import test_cube as cubes
from ..store import test_store as stores
from ..store.conftest import EVENTS, Rows, as_table, made_up
from ..store.test_cube import test_places_without_a_name_are_not_made_one  # noqa: F401 - run here again
from ..store.test_store import (  # noqa: F401 - run here again
    test_a_store_says_what_it_cannot_answer,
    test_lists_of_a_header_are_plain_data,
    test_samples_are_some_of_the_events_and_the_same_each_time,
    test_the_key_of_a_line_finds_its_events,
    test_what_is_said_beside_a_line_is_true_of_its_latest_event,
)
from .cluster import Cluster

INDEX = "attackviz-store"
WINDOWS, FILTERS = stores.windows(), stores.conditions()
NO_ADDRESSES = ("010.0.0.1", "not an address", "fe80::1%eth0")


def again(test, **strategies):
    """Return a test of all stores with fewer examples: each is several requests."""
    count = 500 if FULL else 10
    return settings(max_examples=count)(given(**strategies)(test.hypothesis.inner_test))


test_counts = again(stores.test_counts_are_those_of_counting_one_by_one, window=WINDOWS, filters=FILTERS)
test_events = again(stores.test_events_are_all_that_match_and_no_others, window=WINDOWS, filters=FILTERS)
test_timelines = again(
    stores.test_timelines_put_every_event_in_its_bin,
    window=WINDOWS,
    filters=FILTERS,
    bins=st.integers(1, 300),
    by=st.sampled_from([None, "rule", "verdict"]),
)
test_lists = again(
    stores.test_lists_rank_all_groups_and_say_what_is_left,
    window=WINDOWS,
    filters=FILTERS,
    field=st.sampled_from(stores.FIELDS),
    n=st.integers(1, 8),
)
test_cells = again(
    cubes.test_cells_hold_every_event_once_at_the_grain_they_say,
    window=WINDOWS,
    filters=FILTERS,
    budget=st.sampled_from([60, 150, 400, 1000, 5000]),
)
test_grains = again(
    cubes.test_the_grain_is_the_finest_that_fits, window=WINDOWS, budget=st.sampled_from([100, 300, 1000, 3000])
)


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Return the events as an index can have them: addresses that are none are in no field of addresses."""
    found = made_up(7, EVENTS)
    for row in found:
        address = row["src_ip"]
        row["src_ip"] = None if address in NO_ADDRESSES else address and address.removeprefix("::ffff:")
    return found


@pytest.fixture(scope="session")
def store(cluster: Cluster, rows: Rows) -> Iterator[Store]:
    """Yield an index of ours that holds the events."""
    for name in (INDEX, f"{INDEX}-000001"):
        cluster.forget(name)
    elastic = Elastic(cluster.url, INDEX)
    written = elastic.write(as_table(rows))
    assert written.created == len(rows)
    cluster.ask("POST", f"/{INDEX}/_refresh")
    yield elastic
    for name in (INDEX, f"{INDEX}-000001"):
        cluster.forget(name)


def test_every_answer_carries_the_account(store: Store, rows: Rows) -> None:
    assert isinstance(store, Store)
    answers = [store.read(), store.count(), store.timeline(), store.top("rule"), store.sample(), store.cube()]
    assert {answer.account.pieces for answer in answers} == {len(rows)}
    assert all(answer.account.closes() for answer in answers)


def test_all_of_it_was_counted_by_the_cluster(store: Store) -> None:
    for field in stores.FIELDS:
        assert not store.top(field).account.notes
    assert not store.cube().account.notes
    assert not store.count(None, {"text": "ssh"}).account.notes
