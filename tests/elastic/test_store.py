"""A cluster is a store: the tests of every store, on the node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attackviz.elastic import Elastic
from attackviz.store import Store

from ..conftest import FULL
from ..store.again import again
from ..store.conftest import EVENTS, Rows, as_table, made_up
from ..store.test_store import FIELDS
from .cluster import Cluster

INDEX = "attackviz-store"
NO_ADDRESSES = ("010.0.0.1", "not an address", "fe80::1%eth0")


globals().update(again(500 if FULL else 10))


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
    for field in FIELDS:
        assert not store.top(field).account.notes
    assert not store.cube().account.notes
    assert not store.count(None, {"text": "ssh"}).account.notes
