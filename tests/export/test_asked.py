"""The words of an export: moments, lengths, sizes and captions; what means nothing for a file is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pandas as pd
import pytest

import attackviz as av
from attackviz.errors import ExportError, UsageError
from attackviz.export.asked import captions_of, length_of, moment_of, size_of
from attackviz.export.film import reel
from attackviz.export.scene import Scene
from attackviz.replay import build, load

DAY = moment_of("2025-02-20")
NEXT = moment_of("2025-02-21")


@pytest.fixture
def events():
    return pd.DataFrame({"time": pd.to_datetime(["2025-02-20T01:00Z", "2025-02-20T05:00Z", "2025-02-20T23:00Z"])})


def test_moments_in_every_form():
    wanted = 1740030130_000000
    for form in ("2025-02-20T05:42:10", "2025-02-20 05:42:10Z", datetime(2025, 2, 20, 5, 42, 10), 1740030130.0):
        assert moment_of(form) == wanted
    assert moment_of(datetime(2025, 2, 20, 6, 42, 10), tz="Europe/Prague") == wanted
    assert moment_of(pd.Timestamp(2025, 2, 20, 5, 42, 10, tz=UTC)) == wanted


@pytest.mark.parametrize("wrong", ["now", "", None, True, float("nan"), float("inf"), [], "2025-13-01"])
def test_what_is_no_moment_is_refused(wrong):
    with pytest.raises(UsageError, match="is not a time"):
        moment_of(wrong)


@pytest.mark.parametrize(
    ("text", "seconds"), [("60 seconds", 60), ("90s", 90), ("2 MIN", 120), ("1h", 3600), (2.5, 2.5)]
)
def test_lengths(text, seconds):
    assert length_of(text) == seconds


@pytest.mark.parametrize("wrong", ["", "soon", "0 s", -1, float("nan"), True, "1 day"])
def test_what_is_no_length_is_refused(wrong):
    with pytest.raises(UsageError, match="is no length of time"):
        length_of(wrong)


def test_sizes():
    assert size_of("1080p") == (1920, 1080)
    assert size_of("800 x 450") == size_of((800, 450)) == (800, 450)
    for wrong in ("large", "10x", (1, 2, 3), (800.0, 450), None):
        with pytest.raises(UsageError, match="is no size"):
            size_of(wrong)
    with pytest.raises(UsageError, match="cannot be drawn; from 160 to 7680"):
        size_of("99999x100")


def test_captions():
    said = captions_of(["14:02 rule deployed", "2025-02-20 03:00 quiet\nnight", (DAY / 1e6, "begin")], DAY, NEXT)
    assert [text for _, text in said] == ["begin", "quiet\nnight", "rule deployed"]
    assert said[2][0] == moment_of("2025-02-20T14:02")
    assert captions_of(["15:02 x"], DAY, NEXT, "Europe/Prague")[0][0] == said[2][0]


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("14:02", "is no caption"),
        ("deployed 14:02", "is no caption"),
        (7, "is no caption"),
        (("14:02", " "), "is no caption"),
        ("25:02 x", "is not a time"),
        ("2024-01-01 x", "outside of what is shown"),
        ("14:02 " + "x" * 201, "201 characters is too long"),
        ("00:00 x", "more than once"),
    ],
)
def test_captions_that_are_refused(caption, words):
    with pytest.raises(UsageError, match=words):
        captions_of([caption], DAY, NEXT)


def test_a_scene_without_events_is_refused_with_where_they_are(events):
    recording = build(events)
    with pytest.raises(ExportError, match=r"no event is from 1 Mar 2025 .*the events are from 20 Feb 2025 01:00"):
        Scene.of(recording, start="2025-03-01", end="2025-03-02")
    with pytest.raises(ExportError, match="no event has a usable time"):
        Scene.of(build(events.assign(time=pd.to_datetime([None] * 3, utc=True))))
    with pytest.raises(UsageError, match="is not after the start"):
        Scene.of(recording, start="2025-02-20", end="2025-02-19")
    with pytest.raises(UsageError, match="a scale of 5 is not possible"):
        Scene.of(recording, scale=5)


def test_frames_begin_at_the_start_and_end_at_the_end(events):
    scene = Scene.of(build(events), start="2025-02-20", end="2025-02-21")
    frames = reel(scene, ".mp4", length="20 seconds")
    assert (len(frames), frames.card, frames.fps) == (600, 75, 30)
    moments = [frames.moment(scene, frame) for frame in range(len(frames))]
    assert moments[:75] == [None] * 75
    assert moments[75] == scene.start_us
    assert moments[-1] == scene.end_us
    steps = {b - a for a, b in pairwise(moments[75:])}
    assert max(steps) - min(steps) <= 1
    # A second of playing is so many seconds of events.
    assert max(steps) * frames.fps / 1e6 == pytest.approx(frames.speed, rel=1e-6)


def test_films_that_cannot_be_are_refused(events):
    scene = Scene.of(build(events))
    for asked, words in (
        ({"speed": 1}, "too long to make"),
        ({"speed": 1e12}, "at least two frames"),
        ({"speed": 60, "length": 3}, "not both"),
        ({"fps": 0}, "0 frames a second"),
        ({"speed": -1}, "is not possible"),
    ):
        with pytest.raises(UsageError, match=words):
            reel(scene, ".mp4", **asked)


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("a.csv", {"speed": 60}, r"'speed' means nothing for the events that are shown \(\.csv\)"),
        ("a.mp4", {"at": "2025-02-20"}, r"'at' means nothing for a film"),
        ("a.mp4", {"loop": True}, r"'loop' .* it is for \.html, \.gif"),
        ("a.html", {"size": "square"}, r"'size' means nothing for a page"),
        ("a.html", {"speed": 0}, "a speed of 0 is not possible"),
        ("a.html", {"colour": "red"}, "there is no option 'colour'"),
        ("a.mp4", {"size": "321x240"}, "sides must be even: 322x240"),
        ("a.svg", {"at": "2025-02-22"}, "is outside of what is shown"),
        ("a.svg", {"start": "2026-01-01", "end": "2026-01-02"}, "there is nothing to show"),
    ],
)
def test_what_is_refused_leaves_no_file(events, tmp_path, name, asked, words):
    with pytest.raises((UsageError, ExportError), match=words):
        av.Replay(events).save(tmp_path / name, **asked)
    assert list(tmp_path.iterdir()) == []


def test_a_page_opens_where_it_is_asked_to(events, tmp_path):
    replay = av.Replay(events)
    path = replay.save(
        tmp_path / "a.html", start="2025-02-20", end="2025-02-20T12:00", length="10 s", loop=True, lists=False
    )
    text = path.read_text(encoding="utf-8")
    options = text.split('id="options">', 1)[1].split("</script>", 1)[0]
    assert '"loop": true' in options
    assert '"speed": 3960.0' in options  # 11 h in ten seconds: the recording begins at 01:00
    assert 'data-lists="off"' in text[:200]


def test_captions_travel_in_the_recording(events, tmp_path):
    path = av.Replay(events).save(tmp_path / "a.avrec", captions=["05:00 rule deployed"])
    assert load(path.read_bytes()).header["notes"] == [{"t": moment_of("2025-02-20T05:00"), "text": "rule deployed"}]


def test_filters_are_counted_not_lost():
    frame = pd.DataFrame(
        {"time": pd.to_datetime(["2025-02-20T01:00Z", "2025-02-20T02:00Z"]), "category": ["ssh", "web"]}
    )
    replay = av.Replay(frame, filters={"category": {"in": ["ssh"]}})
    assert replay.recording.header["totals"]["in_recording"] == 1
    assert replay.recording.header["totals"]["filtered"] == 1
    with pytest.raises(UsageError, match="a recording is not filtered any more"):
        av.Replay(replay.recording, filters={"category": {"in": ["ssh"]}})
