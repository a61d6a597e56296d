"""A report of an index is the report of its events."""

from __future__ import annotations

from datetime import UTC, datetime

import attackviz as av
from attackviz.elastic import Elastic

from ..export.test_report import traffic
from .cluster import Cluster

MADE = datetime(2025, 3, 1, 12, tzinfo=UTC)


def test_a_report_of_an_index_is_that_of_its_events(elastic: Cluster, index: str) -> None:
    events = traffic(3)
    store = Elastic(elastic.url, index)
    store.write(events)
    elastic.ask("POST", f"/{index}/_refresh")
    made, wanted = (av.Report(each, "2025-02-19", "A day", made=MADE) for each in (store, events))
    assert made.facts.figures == wanted.facts.figures
    assert made.facts.sentences == wanted.facts.sentences
    assert made.facts.verdicts == wanted.facts.verdicts
    assert [burst.events for burst in made.facts.bursts] == [burst.events for burst in wanted.facts.bursts]
    assert made.facts.map.drawn == wanted.facts.map.drawn
    assert [row.key for row in made.facts.attackers] == [row.key for row in wanted.facts.attackers]
    page = made.to_html()
    assert index not in av.Report(store, "2025-02-19", redact="public", made=MADE).to_html()
    assert f"<h1>{made.title}</h1>" in page
