"""`df.attacks` is there for every frame, and refuses what is no event table."""

import subprocess
import sys

import pandas as pd
import pytest

import attackviz as av
import attackviz.views
from attackviz.errors import SchemaError


def test_counts_are_those_of_pandas(events, weight):
    counts = events.attacks.counts()
    assert counts["events"] == weight.sum()
    assert counts["untimed"] == weight[events["time"].isna()].sum()
    assert counts["unlocated"] == weight[events["src_lat"].isna()].sum()
    assert counts["sources"] == events["src_ip"].nunique()
    assert counts["countries"] == 7
    assert counts["by_category"]["ssh"] == weight[events["category"] == "ssh"].sum()


def test_views_are_those_of_the_module(events):
    assert events.attacks.top("rule").dframe().equals(attackviz.views.top(events, "rule").dframe())
    assert (
        events.attacks.timeline(bins=5).get(0).dframe().equals(attackviz.views.timeline(events, bins=5).get(0).dframe())
    )
    assert len(events.attacks.map()) == 4


def test_replay_and_validate(events):
    replay = events.attacks.replay(title="Seeded", color_by="rule")
    assert replay.recording.header["title"] == "Seeded"
    assert replay.recording.header["category_title"] == "Rule"
    events.attacks.validate()
    with pytest.raises(SchemaError, match="beyond 90 degrees"):
        events.assign(src_lat=91.0).attacks.validate()


def test_enrich_adds_places():
    frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18"], utc=True), "src_ip": ["8.8.8.8"]})
    assert frame.attacks.enrich()["src_country"].tolist() == ["US"]


def test_the_analyses_are_those_that_stand_alone(events):
    window, before = "2025-02-18T12:00Z/PT12H", "2025-02-18T00:00Z/PT12H"
    only = {"country": {"not": ["US"]}}
    attacks = events.attacks
    assert attacks.bursts(window, only, n=3) == av.bursts(events, window, only, n=3)
    pd.testing.assert_frame_equal(
        attacks.attackers(window, "network", 5, only), av.attackers(events, window, "network", 5, only)
    )
    mine, theirs = (
        attacks.compare(before, window, "network", 5, only),
        av.compare(events, before, window, "network", 5, only),
    )
    for part in ("new", "gone", "grown"):
        pd.testing.assert_frame_equal(getattr(mine, part), getattr(theirs, part))
    pd.testing.assert_frame_equal(attacks.redact(), av.redact(events))
    secret = "sixteen letters or more"
    assert attacks.redact(key=secret)["src_ip"].tolist() == av.redact(events, key=secret)["src_ip"].tolist()


def test_a_frame_without_time_has_no_attacks():
    frame = pd.DataFrame({"when": [1]})
    assert not hasattr(frame, "attacks")
    with pytest.raises(SchemaError, match=r"no column 'time'.*columns are when"):
        _ = frame.attacks


@pytest.mark.parametrize("first", ["import pandas, attackviz", "import attackviz; attackviz.read; import pandas"])
def test_the_accessor_registers_without_holoviews(first):
    script = (
        f"{first}\nimport sys\nframe = pandas.DataFrame({{'time': pandas.to_datetime([])}})\n"
        "assert frame.attacks.counts()['events'] == 0\n"
        "assert not {'panel', 'holoviews', 'geoviews', 'bokeh', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_times_that_are_text_are_refused_with_what_to_do():
    with pytest.raises(SchemaError, match=r"not times; convert it first.*to_datetime"):
        pd.DataFrame({"time": ["2025-02-18T10:00Z"]}).attacks  # noqa: B018
