"""Every document is handed over once: however it is written, whatever its time, and whatever breaks on the way."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from attackviz.cli.app import app
from attackviz.elastic import Elastic, looks, tail
from attackviz.elastic.position import Position
from attackviz.errors import DataLossWarning, ElasticError, ReadError, UsageError

from ..conftest import FULL
from . import made
from .cluster import Cluster
from .gate import Gate

COUNT = 200_000 if FULL else 20_000
START = datetime(2025, 2, 11, tzinfo=UTC)
MAPPING = {"properties": {**made.TPOT_MAPPING["properties"], "event": {"properties": {"ingested": {"type": "date"}}}}}
PATIENCE = 120  # seconds; a laptop needs a few


def document(at: float, **more: object) -> dict:
    """Return a document so many seconds after the start, cut to a millisecond."""
    when = (START + timedelta(seconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"@timestamp": when, "type": "Cowrie", "src_ip": "192.0.2.7", "dest_port": 22, "t-pot_hostname": "h", **more}


def bulk(documents: dict[str, dict]) -> bytes:
    pieces = [piece for name, each in documents.items() for piece in ({"create": {"_id": name}}, each)]
    return b"".join(json.dumps(piece).encode() + b"\n" for piece in pieces)


def write(cluster: Cluster, index: str, documents: dict[str, dict], refresh: bool = True) -> None:
    answer = cluster.ask("POST", f"/{index}/_bulk?refresh={str(refresh).lower()}", bulk(documents))
    assert not answer["errors"], str(answer)[:500]


def follow(url: str, index: str, **how) -> tail.Tail:
    columns = how.pop("columns", ["event_id"])
    return Elastic(url, index, format="tpot").tail(columns=columns, **{"since": "1970-01-01", **how})


def taken(following: tail.Tail) -> list[str]:
    """Return the ids of what is there now, batch by batch."""
    return [name for table, _ in following.available() for name in table["event_id"].to_pylist()]


def stream(count: int, seed: int = 5) -> Iterator[tuple[dict[str, dict], float]]:
    """Yield documents as they are written, and the time: many or few, of equal times, some up to 50 s late."""
    chance = random.Random(seed)
    made_so_far, clock = 0, 0.0
    while made_so_far < count:
        size = min(count - made_so_far, chance.choice([1, 7, 60, 400, 2_500]))
        documents = {}
        for number in range(made_so_far, made_so_far + size):
            if chance.random() < 0.01:
                clock += chance.choice([0.001, 0.5, 1, 5])  # in between they stand still
            at = clock - chance.random() * 50 if chance.random() < 0.1 else clock
            documents[f"t{number:07d}"] = document(max(0.0, at))
        made_so_far += size
        yield documents, clock


class Writing(threading.Thread):
    """Somebody who writes while the tail reads, and makes it visible now and then."""

    def __init__(self, cluster: Cluster, index: str, count: int) -> None:
        super().__init__(daemon=True)
        self.cluster, self.index, self.count = cluster, index, count
        self.ids: list[str] = []
        self.error: Exception | None = None

    def run(self) -> None:
        chance, seen = random.Random(6), 0.0
        try:
            for documents, clock in stream(self.count):
                # Days go by in seconds here: nothing stays invisible for more than 200 s of them.
                refresh = chance.random() < 0.3 or clock - seen > 150
                seen = clock if refresh else seen
                write(self.cluster, self.index, documents, refresh)
                self.ids += documents
            self.cluster.ask("POST", f"/{self.index}/_refresh")
        except Exception as error:  # of another thread: the test looks at it
            self.error = error


def test_each_document_once_while_others_write_and_we_begin_anew(elastic: Cluster, index: str) -> None:
    elastic.create(index, made.TPOT_MAPPING, number_of_shards=3, refresh_interval="50ms")
    writer, chance = Writing(elastic, index, COUNT), random.Random(7)
    following = follow(elastic.url, index, overlap=300)
    writer.start()
    ids: list[str] = []
    begun = 0
    while True:
        last = not writer.is_alive()
        for table, position in following.available():
            ids += table["event_id"].to_pylist()
            if chance.random() < 0.2:  # as after a kill: only what was kept with the events is left
                kept = json.loads(json.dumps(position.to_dict()))
                following = follow(elastic.url, index, position=kept, overlap=300)
                begun += 1
                break
        else:
            if last:
                break
            time.sleep(0.05)
    assert writer.error is None
    assert begun > 3
    assert Counter(ids) == Counter(writer.ids)
    assert len(ids) == COUNT
    assert following.count_late() == 0


def test_documents_of_one_millisecond_are_more_than_is_remembered(
    elastic: Cluster, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "_FIRST_PAGE", 100)
    monkeypatch.setattr(looks, "_PAGE", 100)
    monkeypatch.setattr(tail, "MOST", 150)
    elastic.create(index, made.TPOT_MAPPING, number_of_shards=3)
    write(elastic, index, {f"a{n}": document(1) for n in range(730)})
    ids: list[str] = []
    position = None
    for _ in range(8):
        following = follow(elastic.url, index, position=position)
        first = next(following.available(), None)  # and then it is killed
        assert first is not None
        ids += first.table["event_id"].to_pylist()
        position = first.position
    assert sorted(ids) == sorted(f"a{n}" for n in range(730))
    following = follow(elastic.url, index, position=position)
    assert taken(following) == []
    write(elastic, index, {"next": document(1.001), "same": document(1)})
    assert sorted(taken(following)) == ["next", "same"]
    write(elastic, index, {f"b{n}": document(2 + n) for n in range(300)})
    assert sorted(taken(following)) == sorted(f"b{n}" for n in range(300))
    assert len(following.position.seen) <= 150 * 16
    assert "more than 150 documents" in following.account.notes[0]


def test_what_is_late_is_handed_over_within_the_overlap_and_counted_beyond(elastic: Cluster, index: str) -> None:
    elastic.create(index, made.TPOT_MAPPING, number_of_shards=2)
    write(elastic, index, {f"a{n}": document(n) for n in range(500)} | {"none": {"type": "Cowrie"}})
    following = follow(elastic.url, index, overlap=60)
    assert len(taken(following)) == 500
    write(
        elastic,
        index,
        {"late": document(470), "same": document(499), "too late": document(300.5), "new": document(501)},
    )
    assert sorted(taken(following)) == ["late", "new", "same"]
    with pytest.warns(DataLossWarning, match="1 documents .* more than 60 s late by @timestamp"):
        assert following.count_late() == 1
    assert following.count_late() == 0
    write(elastic, index, {"later": document(1), "latest": document(2), "nothing": {"type": "Cowrie"}})
    position = following.position
    with pytest.warns(DataLossWarning, match="2 documents"):
        assert following.count_late() == 2
    assert taken(following) == []
    assert following.late == 3
    account = following.account
    assert account.left_out["documents that came later than the overlap"] == 3
    assert account.left_out["documents without a time"] == 1
    assert (account.events, account.pieces, account.closes()) == (503, 507, True)
    # They are counted once more from where the tail stood before it counted them.
    with pytest.warns(DataLossWarning, match="2 documents"):
        assert follow(elastic.url, index, position=position).count_late() == 2
    elastic.ask("DELETE", f"/{index}/_doc/a3?refresh=true")
    assert following.count_late() == 0


def test_what_is_deleted_or_changed_comes_no_second_time(elastic: Cluster, index: str) -> None:
    elastic.create(index, made.TPOT_MAPPING)
    write(elastic, index, {f"a{n}": document(n) for n in range(30)})
    following = follow(elastic.url, index)
    assert len(taken(following)) == 30
    elastic.ask("DELETE", f"/{index}/_doc/a29?refresh=true")
    elastic.ask("POST", f"/{index}/_update/a28?refresh=true", {"doc": {"username": "root"}})
    assert taken(following) == []
    write(elastic, index, {"new": document(28.5)})
    assert taken(following) == ["new"]


def test_it_begins_now_or_where_it_is_told(elastic: Cluster, index: str) -> None:
    elastic.create(index, made.TPOT_MAPPING)
    now = (datetime.now(UTC) - START).total_seconds()
    write(elastic, index, {"old": document(0), "hour": document(now - 3000), "future": document(now + 7200)})
    from_now = follow(elastic.url, index, since=None, lag=0)
    assert taken(from_now) == []
    write(elastic, index, {"new": document(now)})
    assert taken(from_now) == ["new"]
    assert taken(follow(elastic.url, index, since="last 1h", lag=0)) == ["hour", "new"]
    assert taken(follow(elastic.url, index, since="last 1h", lag=600)) == ["hour"]
    assert taken(follow(elastic.url, index, since=START, lag=0)) == ["old", "hour", "new"]
    assert taken(follow(elastic.url, index, since="2025-02-12", lag=0)) == ["hour", "new"]
    assert taken(follow(elastic.url, index, since="2025-02-11T01:00", tz="Europe/Prague", lag=0)) == [
        "old",
        "hour",
        "new",
    ]


def test_by_when_they_were_ingested_if_all_say_it(elastic: Cluster, index: str) -> None:
    elastic.create(index, MAPPING)
    assert follow(elastic.url, index).by == "@timestamp"
    ingested = {"event": {"ingested": document(7200)["@timestamp"]}}
    write(elastic, index, {"one": document(4000, **ingested), "other": document(0)})
    following = follow(elastic.url, index)
    assert following.by == "event.ingested"
    assert taken(following) == ["one"]
    write(elastic, index, {"old": document(5, **ingested)})
    assert taken(following) == ["old"]
    assert follow(elastic.url, index, by="@timestamp").by == "@timestamp"
    write(elastic, index, {"third": document(3000)})
    assert follow(elastic.url, index).by == "@timestamp"
    assert follow(elastic.url, index, position=following.position).by == "event.ingested"
    with pytest.raises(UsageError, match="no field 'src_ip' of dates; it has"):
        follow(elastic.url, index, by="src_ip")


def test_indices_that_map_times_in_different_ways(elastic: Cluster, index: str) -> None:
    nanos = {"properties": {**made.TPOT_MAPPING["properties"], "@timestamp": {"type": "date_nanos"}}}
    for name, mapping in (("a", made.TPOT_MAPPING), ("b", nanos), ("c", {"properties": {"type": {"type": "keyword"}}})):
        elastic.create(f"{index}-{name}", mapping, number_of_shards=2)
    for name in "ab":
        write(elastic, f"{index}-{name}", {f"{n}": document(n / 2) for n in range(40)})
    write(elastic, f"{index}-c", {"none": {"type": "Cowrie"}})
    following = follow(elastic.url, f"{index}-*")
    # One id in two indices is two documents.
    assert sorted(taken(following)) == sorted([f"{n}" for n in range(40)] * 2)
    exact = {**document(20), "@timestamp": "2025-02-11T00:00:20.000123Z"}
    write(elastic, f"{index}-b", {"exact": exact})
    write(elastic, f"{index}-a", {"late": document(3)})
    elastic.create(f"{index}-d", nanos)
    write(elastic, f"{index}-d", {"new": document(21), "early": document(2.25)})
    assert sorted(taken(following)) == ["early", "exact", "late", "new"]
    assert taken(following) == []


def test_filters_and_queries(elastic: Cluster, index: str) -> None:
    elastic.create(index, made.TPOT_MAPPING)
    documents = dict(made.tpot(1_000, untimed=0))
    write(elastic, index, documents)
    everything = Elastic(elastic.url, index).read(columns=["event_id", "src_country", "dst_port"]).to_pandas()
    chinese = everything.src_country == "CN"
    cases = [
        ({"country": {"in": ["CN"]}}, everything[chinese]),
        ({"country": {"not": ["CN"]}, "port": {"in": [22]}}, everything[~chinese & (everything.dst_port == 22)]),
    ]
    for filters, wanted in cases:
        following = follow(elastic.url, index, filters=filters, overlap=3)
        ids = taken(following)
        assert sorted(ids) == sorted(wanted.event_id)
        assert following.account.events == len(ids)
        assert following.account.closes()
    one = Elastic(elastic.url, index, query="dest_port:22").tail(columns=["event_id", "dst_port"], since="1970-01-01")
    tables = [table for table, _ in one.available()]
    assert {port for table in tables for port in table["dst_port"].to_pylist()} == {22}
    assert {*tables[0].column_names} == {"time", "dst_port", "event_id"}


def test_a_point_in_time_breaks(elastic: Cluster, gate: Gate, index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "_FIRST_PAGE", 100)
    monkeypatch.setattr(tail, "_TRIES", 2)
    elastic.create(index, made.TPOT_MAPPING, number_of_shards=2)
    write(elastic, index, {f"a{n}": document(n // 10) for n in range(1_000)})
    gone = json.dumps({"error": {"type": "search_context_missing_exception", "reason": "No search context"}}).encode()
    following = follow(gate.url, index)
    gate.fault = lambda method, path, body, before: (404, gone) if (path, before) == ("/_search", 1) else None
    ids = taken(following)
    assert sorted(ids) == sorted(f"a{n}" for n in range(1_000))
    assert gate.seen[f"POST /{index}/_pit"] == 2
    gate.fault = lambda method, path, body, before: (404, gone) if path == "/_search" else None
    write(elastic, index, {"new": document(200)})
    with pytest.raises(ElasticError, match="point in time is gone") as caught:
        taken(following)
    assert caught.value.passing
    gate.fault = lambda method, path, body, before: None
    assert taken(following) == ["new"]


def test_iterating_waits_and_ends_when_closed(elastic: Cluster, index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "EVERY", 0.05)
    monkeypatch.setattr(tail, "CHECK", 0.0)
    elastic.create(index, made.TPOT_MAPPING)
    ids: list[str] = []
    with follow(elastic.url, index) as following:
        threading.Timer(0.2, lambda: write(elastic, index, {"one": document(1), "two": document(2)})).start()
        for table, _ in following:
            ids += table["event_id"].to_pylist()
            if len(ids) == 2:
                following.close()
    assert ids == ["one", "two"]


def test_a_position_is_kept_in_a_file(elastic: Cluster, index: str, tmp_path: Path) -> None:
    elastic.create(index, made.TPOT_MAPPING)
    elastic.create(f"{index}-other", made.TPOT_MAPPING)
    write(elastic, index, {f"a{n}": document(n) for n in range(10)})
    state = tmp_path / "position.json"
    following = follow(elastic.url, index, state=state)
    assert len(taken(following)) == 10
    write(elastic, index, {"late": document(5), "new": document(11)})
    following = follow(elastic.url, index, state=state)
    assert taken(following) == ["late", "new"]
    assert Position.load(state) == following.position
    assert "seen" not in repr(following.position)
    for how, what in (
        ({"filters": {"port": {"in": [22]}}}, "another query or filters"),
        ({"by": "event.created"}, "another field of times"),
    ):
        with pytest.raises(UsageError, match=what):
            follow(elastic.url, index, state=state, **how)
    with pytest.raises(UsageError, match="another index"):
        follow(elastic.url, f"{index}-other", state=state)
    with pytest.raises(UsageError, match="both a position and a file"):
        follow(elastic.url, index, state=state, position=following.position)
    for how in ({"lag": -1}, {"overlap": 0}, {"overlap": "1m"}, {"since": "tomorrow"}, {"columns": "event_id"}):
        with pytest.raises(UsageError):
            follow(elastic.url, index, **how)


def test_what_is_no_position(tmp_path: Path) -> None:
    file = tmp_path / "position.json"
    assert Position.load(file) is None
    good = Position("attacks", "d", "@timestamp", seen=bytes(32))
    good.save(file)
    assert Position.load(file) == good
    plain = good.to_dict()
    wrong = (plain | {"seen": "AAAA"}, plain | {"seen": "€"}, plain | {"floor": 1.5}, {"offset": 1}, [], None)
    for each in wrong:
        with pytest.raises(ReadError, match="no position of a tail"):
            Position.from_dict(each)
        file.write_text(json.dumps(each))
        with pytest.raises(ReadError, match="remove it to begin anew"):
            Position.load(file)


def command(cluster: Cluster, index: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "attackviz", "elastic", "tail", f"es+{cluster.url}/{index}", *options]


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]


@pytest.mark.slow
def test_the_command_is_killed_and_goes_on(elastic: Cluster, index: str, tmp_path: Path) -> None:
    elastic.create(index, made.TPOT_MAPPING, number_of_shards=2, refresh_interval="50ms")
    position, out = tmp_path / "position", tmp_path / "out.ndjson"
    writer = Writing(elastic, index, COUNT // 2)
    options = ("--position", str(position), "--since", "1970-01-01")
    kills, chance = (10 if FULL else 2), random.Random(8)
    writer.start()
    for attempt in range(kills + 1):
        with out.open("ab") as file:
            process = subprocess.Popen(command(elastic, index, *options), stdout=file, stderr=subprocess.PIPE)
        before, until = out.stat().st_size, time.monotonic() + PATIENCE
        while attempt < kills and out.stat().st_size == before and writer.is_alive():
            assert time.monotonic() < until
            time.sleep(0.05)
        if attempt < kills:
            time.sleep(chance.random() / 5)
            process.kill()
            process.communicate()
            with out.open("rb+") as file:  # half a line that the kill left
                file.truncate(out.read_bytes().rfind(b"\n") + 1)
    writer.join(PATIENCE)
    assert writer.error is None
    until = time.monotonic() + PATIENCE
    while len({each["event_id"] for each in lines(out)}) < len(writer.ids) and time.monotonic() < until:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1].decode()
    assert process.returncode == 130
    assert "Traceback" not in said
    ids = Counter(each["event_id"] for each in lines(out))
    assert ids.keys() == {*writer.ids}
    # Of each kill, the last batch may come again: it was printed, and that was not yet kept.
    assert ids.total() - len(ids) <= kills * 10_000
    assert max(ids.values()) <= 1 + kills


def test_the_command_says_what_is_wrong(elastic: Cluster, index: str, tmp_path: Path) -> None:
    (tmp_path / "none").write_text("{}")

    def refused(*options: str) -> str:
        done = CliRunner().invoke(app, ["elastic", "tail", f"es+{elastic.url}/{index}", *options])
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        return done.stderr

    assert f"there is no index {index}" in refused()
    elastic.create(index, made.TPOT_MAPPING)
    write(elastic, index, {"a": document(1)})
    assert "no position of a tail" in refused("--position", str(tmp_path / "none"))
