"""Events of a cluster: cells while there are too many, every event where one zooms, all counted as the documents."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

import pandas as pd
import pytest

import attackviz as av
from attackviz.dashboard.app import page
from attackviz.dashboard.job import Job
from attackviz.dashboard.reading import Reading
from attackviz.replay import load

from ..elastic import made
from .pages import Player, Watch, until, watched
from .test_cube import by, categories, inside, ranked, settle, verdicts
from .test_dashboard import READING, App

NAME = "attackviz-browser"
COUNT = 4_000
WHOLE = ["2025-02-11T00:00:00.000Z", "2025-02-25T00:00:00.000Z"]
PART = ["2025-02-11T06:00:00.000Z", "2025-02-11T18:00:00.000Z"]


class Modest(Reading):
    """Read as ever, but with room for fewer events than the documents that a test can afford."""

    program: ClassVar = (
        "-c",
        "from attackviz.dashboard import answers, loading, worker\n"
        "answers.DETAIL, loading.BUDGET = 1_500, 2_000\n"
        "worker.main()",
    )


@pytest.fixture(scope="module")
def address(cluster: Any) -> Iterator[str]:
    documents = dict(made.ecs(COUNT))
    cluster.forget(NAME)
    cluster.ask("PUT", f"/{NAME}", {"settings": {"number_of_replicas": 0}, "mappings": made.ECS_MAPPING})
    cluster.fill(NAME, documents.values(), documents)
    yield f"es+{cluster.url}/{NAME}"
    cluster.forget(NAME)


@pytest.fixture(scope="module")
def events(address: str) -> pd.DataFrame:
    """Return the documents as events, in the order of time: what every number is compared with."""
    return av.read(address).dropna(subset="time").sort_values("time", ignore_index=True)


@pytest.fixture(scope="module")
def watch(chromium: Any, address: str) -> Iterator[Watch]:
    reading = Modest(Job((address,))).start()
    reading.wait(READING)
    app = App(lambda: page(reading))
    with watched(chromium, offline=False) as watch:
        watch.own = (*watch.own, app.url, app.url.replace("http", "ws", 1))
        watch.page.goto(app.url)
        watch.page.locator(".av-play:enabled").wait_for(timeout=READING * 1000)
        yield watch
        watch.assert_quiet()
    app.stop()
    reading.stop()


@pytest.fixture
def player(watch: Watch) -> Player:
    player = Player(watch.page)
    player.run("player.pause(); player.engine.set({trail: 0, bins: 0})")
    player.set(filters={}, scope="window", theme="dark")
    player.set(window=WHOLE)
    settle(player)
    return player


def test_opens_in_cells_that_the_cluster_counted(player: Player, events: pd.DataFrame) -> None:
    state = player.state
    assert state["grain"]["events"] == state["counts"]["events"] == state["totals"]["in_recording"] == len(events)
    assert state["grain"]["cells"] <= 2_000
    assert categories(player) == by(events, "category")
    assert verdicts(player) == by(events, "verdict")
    note = player.root.locator(".av-grain").inner_text()
    assert note.startswith("Cells of ")
    assert f"{len(events):,} events in" in note
    assert "The events stay in the cluster" in player.root.locator(".av-honest").inner_text()
    assert ranked(player, "port") == {int(port): int(n) for port, n in events["dst_port"].value_counts().items()}


def test_zooming_brings_the_events_themselves(player: Player, events: pd.DataFrame) -> None:
    player.set(window=PART)
    state = settle(player)
    found = inside(events, *PART)
    assert 0 < len(found) <= 1_500
    assert state["grain"] is None
    assert state["counts"]["events"] == len(found)
    assert state["counts"]["sources"] == found["src_ip"].nunique()
    assert categories(player) == by(found, "category")
    note = player.root.locator(".av-grain")
    until(lambda: f"{len(found):,}" in note.inner_text(), "the number of events in the note")
    assert "Every event of this window" in note.inner_text()


def test_the_cluster_answers_what_cells_cannot(player: Player, events: pd.DataFrame) -> None:
    player.set(filters={"port": {"in": [22]}})
    state = settle(player)
    found = events[events["dst_port"] == 22]
    assert state["counts"]["events"] == len(found)
    assert state["totals"]["filtered"] == len(events) - len(found)


def test_a_public_reading_of_the_index_is_redacted(address: str, events: pd.DataFrame) -> None:
    """Cells, what zooming brings, and lists: of no document more than its network is told, nor where they lie."""
    reading = Modest(Job((address,), public=True)).start()
    told = [reading.shown]
    reading.subscribe(lambda: told.append(reading.shown))
    reading.wait(READING)
    whole = set(events["src_ip"].dropna().astype(str))

    def clean(value: Any) -> None:
        text = json.dumps(value, default=str)
        assert not {found for found in re.findall(r"[0-9a-f.:]{7,}(?!/)", text) if found in whole}
        assert NAME not in text
        assert "es+" not in text

    def asked(what: str) -> tuple[dict[str, Any], bytes]:
        answers: list[tuple[dict[str, Any], bytes]] = []
        question = {"what": what, "window": PART, "filters": {}}
        reading.ask(question, "somebody", lambda *answer: answers.append(answer))
        until(lambda: answers, "an answer", READING)
        return answers[0]

    clean(told)
    assert reading.status["kind"] == "ready", reading.status
    (head, body), (lists, _) = asked("recording"), asked("lists")
    assert "error" not in head
    for recording in (load(gzip.decompress(reading.recording)), load(gzip.decompress(body))):
        clean(recording.header)
        for table in recording.tables.values():
            clean(table.to_pylist())
        assert recording.header["totals"]["events"] == len(events)
    clean(lists)
    networks = [row["key"] for row in lists["lists"]["addresses"] if row["key"] is not None]
    assert networks
    assert all("/" in network for network in networks)
