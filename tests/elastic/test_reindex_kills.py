"""A job is killed again and again, and resumed: every document is changed, and few are processed twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from ..conftest import FULL
from .cluster import Cluster

KILLS = 50 if FULL else 5
COUNT = 60_000 if FULL else 6_000
HOLD = 200
WORKERS = 2

# Threads and processes append to one file, each line at once.
MINE = """
import os
import time

calls = os.open(os.environ["CALLS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def process(document):
    number = document["number"]
    os.write(calls, b"%d\\n" % number)
    if number % 500 == 3:
        raise ValueError(f"no {number}")
    return {"port": "poison" if number % 500 == 4 else number % 65536, "done": True}
"""

RUN = """
import sys
from attackviz.elastic import Elastic

url, index, directory, hold, workers = sys.argv[1:]
job = Elastic(url, index, time="@timestamp").reindex(processor="mine:process", at_once=4, hold=int(hold))
done = job.run(f"{directory}/job", resume=True, dead_letters=f"{directory}/dead", workers=int(workers))
print(done.documents, done.written, done.refused_total, done.closes())
"""


def begin(cluster: Cluster, index: str, directory: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "CALLS": str(directory / "calls"), "PYTHONPATH": f"{directory}:{os.getcwd()}"}
    command = [sys.executable, "-c", RUN, cluster.url, index, str(directory), str(HOLD), str(WORKERS)]
    return subprocess.Popen(command, env=environment, cwd=directory, stdout=subprocess.PIPE, text=True)


def called(directory: Path) -> list[int]:
    try:
        return [int(line) for line in (directory / "calls").read_text().split("\n")[:-1]]
    except FileNotFoundError:
        return []


def look(cluster: Cluster, index: str, directory: Path) -> Counter[int]:
    """Check that all is done, and return how often each document was processed."""
    cluster.ask("POST", f"/{index}/_refresh")
    poison = [number for number in range(COUNT) if number % 500 in (3, 4)]
    done = cluster.ask("GET", f"/{index}/_count", {"query": {"term": {"done": True}}})["count"]
    assert done == COUNT - len(poison)
    assert cluster.ask("GET", f"/{index}/_count")["count"] == COUNT
    dead = [json.loads(line) for line in (directory / "dead").read_text().splitlines()]
    assert sorted(int(each["id"]) for each in dead) == poison
    times = Counter(called(directory))
    assert times.keys() == set(range(COUNT))
    return times


@pytest.mark.slow
def test_a_job_that_is_killed_goes_on(elastic: Cluster, index: str, tmp_path: Path) -> None:
    chance = random.Random(5)
    properties = {"@timestamp": {"type": "date"}, "port": {"type": "integer"}, "done": {"type": "boolean"}}
    elastic.create(index, {"properties": properties}, number_of_shards=2)
    start = 1_739_232_000_000
    documents = [{"@timestamp": start + number * 977, "number": number} for number in range(COUNT)]
    elastic.fill(index, documents, map(str, range(COUNT)))
    (tmp_path / "mine.py").write_text(MINE)
    kills = sorted(chance.sample(range(COUNT // 20, COUNT - COUNT // 10), KILLS))
    for at in kills:
        running = begin(elastic, index, tmp_path)
        # By how much is done, not by the clock: a machine may be slow.
        while len(set(called(tmp_path))) < at:
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.communicate()
    last = begin(elastic, index, tmp_path)
    said, _ = last.communicate()
    assert last.returncode == 0
    poison = COUNT // 500 * 2
    assert said.split() == [str(COUNT), str(COUNT - poison), str(poison), "True"]
    assert not (tmp_path / "job").exists()
    again = sum(look(elastic, index, tmp_path).values()) - COUNT
    assert 0 <= again <= KILLS * WORKERS * HOLD


@pytest.mark.slow
def test_a_job_that_is_interrupted_stops_at_once_and_goes_on(elastic: Cluster, index: str, tmp_path: Path) -> None:
    elastic.create(index, {"properties": {"@timestamp": {"type": "date"}}})
    elastic.fill(index, [{"@timestamp": 1_739_232_000_000 + n * 977, "number": n} for n in range(1000)])
    (tmp_path / "mine.py").write_text(
        "import pathlib, time\ndef wait(document):\n    pathlib.Path('begun').touch()\n    time.sleep(600)\n"
    )
    address = elastic.url.replace("http://", "es+http://") + f"/{index}?time=@timestamp"
    command = [sys.executable, "-m", "attackviz", "elastic", "reindex", address, "--checkpoint", "job", "--processor"]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{os.getcwd()}"}
    of = {"env": environment, "cwd": tmp_path, "stderr": subprocess.PIPE, "text": True}
    running = subprocess.Popen([*command, "mine:wait"], **of, start_new_session=True)
    while not (tmp_path / "begun").exists():
        assert running.poll() is None
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said == "note: what is done is kept in job: go on with --resume\nattackviz: stopped\n"
    (tmp_path / "mine.py").write_text("def wait(document):\n    return {'done': True}\n")
    again = subprocess.run([*command, "mine:wait", "--resume"], **of)
    assert again.returncode == 0, again.stderr
    assert again.stderr == "1,000 documents: 1,000 written, 0 with nothing to add\n"
