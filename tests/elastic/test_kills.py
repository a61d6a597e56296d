"""The node is killed, once, in the middle of all that may be under way: each job goes on, or can be done again.

To start a server anew is dear, so the jobs share one kill. A job that should outlive it is a `Job` in `JOBS`, and a
test that looks at what it left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest

from attackviz.elastic import Connection, Elastic, Wire
from attackviz.elastic.position import Position
from attackviz.elastic.pull import Pull, PullProgress
from attackviz.elastic.reindex import Reindexed
from attackviz.elastic.write import write
from attackviz.elastic.written import Written
from attackviz.errors import AttackvizWarning, ElasticError
from attackviz.formats import Options

from ..conftest import FULL
from . import made
from .cluster import Cluster
from .gate import Gate
from .node import Node

COUNT = 20_000 if FULL else 3_000
PATIENCE = 240  # seconds; a laptop needs a few


class Job(threading.Thread):
    """Something that is under way when the node is killed.

    Attributes
    ----------
    index : str
        Its own.
    error : Exception or None
        What it ended with.
    killed, back : Event
        The node is gone; it answers again.
    """

    index: ClassVar[str]

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        super().__init__(name=type(self).__name__, daemon=True)
        self.cluster, self.directory, self.error = cluster, directory, None
        self.begun, self.killed, self.back = threading.Event(), threading.Event(), threading.Event()

    def prepare(self) -> None:
        """Make what the job needs, before any of them runs."""

    def work(self) -> None:
        """Do it, and call `halfway` in the middle."""
        raise NotImplementedError

    def halfway(self) -> None:
        """Let the node be killed."""
        self.begun.set()
        assert self.killed.wait(PATIENCE)

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:  # of another thread: a test looks at it
            self.error = error
        finally:
            self.begun.set()


class Pulling(Job):
    index = "attackviz-killed-pull"

    def prepare(self) -> None:
        self.documents = dict(made.tpot(COUNT))
        self.cluster.create(self.index, made.TPOT_MAPPING, number_of_shards=3)
        self.cluster.fill(self.index, self.documents.values(), self.documents)
        self.ids: list[str] = []

    def work(self) -> None:
        for number, table in enumerate(pull(self.cluster.url, self.index)):
            self.ids += table["event_id"].to_pylist()
            if number == 1:
                self.halfway()


class Loading(Job):
    index = "attackviz-killed-load"

    def prepare(self) -> None:
        self.cluster.create(self.index)
        self.written: Written | None = None

    def tables(self) -> Iterator[pa.Table]:
        for start in range(0, COUNT, COUNT // 10):
            if start == COUNT // 2:
                self.halfway()
            numbers = range(start, start + COUNT // 10)
            yield pa.table(
                {
                    "time": pa.array([1_739_232_000_000_000 + n for n in numbers], pa.timestamp("us", "UTC")),
                    "event_id": [f"e{n}" for n in numbers],
                    "src_ip": ["192.0.2.1"] * len(numbers),
                }
            )

    def work(self) -> None:
        self.written = self.again()

    def again(self) -> Written:
        return write(Wire(Connection.find(self.cluster.url)), self.index, self.tables(), size=1 << 16)


class Tailing(Job):
    index = "attackviz-killed-tail"

    def prepare(self) -> None:
        self.documents = {name: each for name, each in made.tpot(COUNT, untimed=0) if each["type"] != "P0f"}
        self.cluster.create(self.index, made.TPOT_MAPPING, number_of_shards=3)
        self.times = sorted(self.documents, key=lambda name: self.documents[name]["@timestamp"])
        self.cluster.fill(self.index, *self.part(0, 2))
        self.ids: list[str] = []
        self.position: Position | None = None

    def part(self, number: int, of: int) -> tuple[list[dict], list[str]]:
        names = self.times[number * len(self.times) // of : (number + 1) * len(self.times) // of]
        return [self.documents[name] for name in names], names

    def work(self) -> None:
        with suppress(ElasticError, AttackvizWarning):  # on a slow machine the node is away for longer than one waits
            return self.follow()
        assert self.back.wait(PATIENCE)
        return self.follow()

    def follow(self) -> None:
        elastic = Elastic(self.cluster.url, self.index)
        tail = elastic.tail(columns=["event_id"], since="1970-01-01", position=self.position)
        for table, self.position in tail:
            if not self.ids:
                self.halfway()
            self.ids += table["event_id"].to_pylist()
            if len(self.ids) == len(self.documents):
                tail.close()
            elif len(self.ids) == len(self.documents) // 2:
                self.cluster.fill(self.index, *self.part(1, 2))


class Reindexing(Job):
    index = "attackviz-killed-reindex"

    def prepare(self) -> None:
        self.cluster.create(self.index, made.TPOT_MAPPING, number_of_shards=3)
        self.cluster.fill(self.index, (document for _, document in made.tpot(COUNT)))
        self.done: Reindexed | None = None

    def work(self) -> None:
        self.done = self.again()

    def again(self) -> Reindexed:
        job = Elastic(self.cluster.url, self.index).reindex(
            enrich="geo", processor="tests.elastic.slowly:process", at_once=1, hold=COUNT // 10
        )
        return job.run(self.directory / "job", resume=True, workers=2, progress=self.look)

    def look(self, progress: PullProgress) -> None:
        if progress.done > COUNT // 4 and not self.killed.is_set():
            self.halfway()  # while the processes go on


JOBS: list[type[Job]] = [Tailing, Pulling, Loading, Reindexing]


def pull(url: str, index: str) -> Pull:
    elastic = Elastic(url, index)
    return Pull(elastic.wire, elastic.documents, options=Options(columns=("event_id",)), hold=COUNT // 10)


def left(documents: dict[str, dict]) -> list[str]:
    """Return the ids of documents that are events."""
    return sorted(name for name, each in documents.items() if each["type"] != "P0f")


@pytest.fixture(scope="module")
def done(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[type[Job], Job]]:
    """Yield the jobs after all that happened to them."""
    if cluster.node is None:
        pytest.skip("a given cluster is not ours to kill")
    jobs = [kind(cluster, tmp_path_factory.mktemp(kind.__name__)) for kind in JOBS]
    url = cluster.url
    for job in jobs:
        job.prepare()
    for job in jobs:
        job.start()
    for job in jobs:
        assert job.begun.wait(PATIENCE), job.name
    cluster.node.kill()
    for job in jobs:
        job.killed.set()
    cluster.node.start()
    assert cluster.node.url == url
    for job in jobs:
        job.back.set()
    for job in jobs:
        job.join(PATIENCE)
        assert not job.is_alive(), job.name
    yield {type(job): job for job in jobs}
    cluster.sweep()


def count(cluster: Cluster, index: str) -> int:
    cluster.ask("POST", f"/{index}/_refresh")
    return cluster.ask("GET", f"/{index}/_count")["count"]


@pytest.mark.slow
def test_a_pull_goes_on_and_is_whole(done: dict[type[Job], Job]) -> None:
    job = done[Pulling]
    if job.error is not None:  # on a slow machine the node is away for longer than one waits
        assert isinstance(job.error, ElasticError)
        assert job.error.passing
        assert set(job.ids) < set(left(job.documents))
        job.ids = [each for table in pull(job.cluster.url, job.index) for each in table["event_id"].to_pylist()]
    assert sorted(job.ids) == left(job.documents)
    assert count(job.cluster, job.index) == COUNT


@pytest.mark.slow
def test_a_load_loses_and_doubles_nothing(done: dict[type[Job], Job]) -> None:
    job = done[Loading]
    if job.error is not None:
        assert isinstance(job.error, ElasticError)
        assert "run it again" in str(job.error)
        job.written = job.again()
    assert (job.written.documents, job.written.closes()) == (COUNT, True)
    assert count(job.cluster, job.index) == COUNT


@pytest.mark.slow
def test_a_tail_goes_on_and_gives_each_once(done: dict[type[Job], Job]) -> None:
    job = done[Tailing]
    assert job.error is None
    assert sorted(job.ids) == sorted(job.documents)


@pytest.mark.slow
def test_a_re_index_goes_on_or_is_resumed(done: dict[type[Job], Job]) -> None:
    job = done[Reindexing]
    if job.error is not None:
        assert isinstance(job.error, ElasticError)
        job.done = job.again()
    assert (job.done.documents, job.done.written, job.done.closes()) == (COUNT, COUNT, True)
    job.cluster.ask("POST", f"/{job.index}/_refresh")
    marked = job.cluster.ask("GET", f"/{job.index}/_count", {"query": {"term": {"done": True}}})
    assert marked["count"] == count(job.cluster, job.index) == COUNT


def well(cluster: Cluster, path: str, met: Callable[[dict], bool]) -> None:
    """Wait until the health of a cluster is as it has to be."""
    until = time.monotonic() + PATIENCE
    while not met(health := cluster.ask("GET", f"/{path}")):
        assert time.monotonic() < until, health
        time.sleep(0.1)


@pytest.mark.slow
def test_of_two_nodes_one_is_killed(elastic: Cluster, index: str, tmp_path: Path) -> None:
    if elastic.node is None:
        pytest.skip("a given cluster has its own version")
    seeds = [f"127.0.0.1:{elastic.node.transport}"]
    # Two that may lead could not agree once one is gone.
    data = {"node.roles": ["data"]}
    with Node(tmp_path, elastic.node.version, name="second", seeds=seeds, masters=[], settings=data) as second:
        well(elastic, "_cluster/health", lambda health: health["number_of_nodes"] == 2)
        there = {"index.routing.allocation.require._name": "second"}
        elastic.create(index, made.TPOT_MAPPING, number_of_shards=2, **there)
        documents = dict(made.tpot(COUNT))
        elastic.fill(index, documents.values(), documents)
        with Gate(elastic.url) as gate:
            whole = pull(gate.url, index)
            batches = iter(whole)
            ids = next(batches)["event_id"].to_pylist()
            # The point in time knows the shards of the second node alone, and the first has them by now.
            both = dict.fromkeys(there) | {"index.number_of_replicas": 1}
            elastic.ask("PUT", f"/{index}/_settings", both)
            well(elastic, f"_cluster/health/{index}", lambda health: health["status"] == "green")
            second.kill()
            for table in batches:
                ids += table["event_id"].to_pylist()
            assert gate.seen[f"POST /{index}/_pit"] > 1
        assert sorted(ids) == left(documents)
        assert whole.account.pieces == COUNT
        assert count(elastic, index) == COUNT
