"""Reading in the background: true progress, one result for all, every end told."""

from __future__ import annotations

import gzip
import os
import signal

import pytest

import attackviz as av
from attackviz.dashboard.job import Job
from attackviz.dashboard.loading import load, load_events
from attackviz.dashboard.reading import Reading, shared, stop_all
from attackviz.errors import AddressError, UsageError, WindowError
from attackviz.replay import load as load_recording

LONG = 120


@pytest.fixture
def job(samples) -> Job:
    return Job((str(samples / "tpot-2025" / "honeytrap_5k.json.tar.gz"),))


def follow(reading: Reading) -> list[dict]:
    told = []
    reading.subscribe(lambda: told.append((reading.status, len(reading.recording))))
    reading.start()
    reading.wait(LONG)
    return told


def test_a_job_survives_the_way_to_another_process(job):
    import json

    whole = Job(("a", "b*"), "last 7d", "Europe/Prague", ("c.mmdb", "a.mmdb"), "t.csv", "Title")
    for each in (job, whole):
        assert Job.from_dict(json.loads(json.dumps(each.to_dict()))) == each
    assert whole.name == "Title"
    assert whole.source == "a and 1 more"


def test_a_job_is_refused_before_anything_is_read(job, tmp_path):
    job.check()
    with pytest.raises(AddressError, match="nothing there"):
        Job((str(tmp_path / "none"),)).check()
    with pytest.raises(WindowError):
        Job(job.addresses, window="whenever").check()
    with pytest.raises(WindowError):
        Job(job.addresses, tz="Nowhere").check()


def test_a_format_of_ones_own_goes_to_the_other_process(samples, tmp_path):
    shop = samples / "purchases"
    job = Job((str(shop / "shop.ndjson.gz"),), format="purchases", mapping=str(shop / "shop.toml"))
    job.check()
    reading = Reading(job)
    follow(reading)
    recording = load_recording(gzip.decompress(reading.recording))
    assert recording.header["totals"]["events"] == 866
    assert recording.header["formats"] == ["purchases"]
    with pytest.raises(UsageError, match="no format 'shop'"):
        Job(job.addresses, format="shop", mapping=job.mapping).check()
    with pytest.raises(UsageError, match="no format 'nosuch'"):
        Job(job.addresses, format="nosuch").check()


def test_the_recording_is_that_of_the_same_process(job):
    reading = Reading(job)
    told = follow(reading)
    assert reading.status["kind"] == "ready"
    assert gzip.decompress(reading.recording) == load(job).to_bytes()
    kinds = [status["kind"] for status, _ in told]
    assert kinds == ["loading"] * (len(kinds) - 1) + ["ready"]
    assert [size > 0 for _, size in told] == [kind == "ready" for kind in kinds]


def test_progress_is_by_bytes_and_never_goes_back(samples):
    reading = Reading(Job((str(samples / "tpot-2025"),)))
    steps = [status for status, _ in follow(reading) if status["kind"] == "loading"]
    assert len(steps) > 2
    done = [step["bytes_done"] for step in steps]
    assert done == sorted(done)
    total = sum(f.stat().st_size for f in (samples / "tpot-2025").iterdir() if f.name != "targets.csv")
    assert {step["bytes"] for step in steps} == {total}
    assert all(sum(item["bytes_done"] for item in step["items"]) == step["bytes_done"] for step in steps)
    assert [step.get("counting") for step in steps[-2:]] == [None, 388_678]
    header = load_recording(gzip.decompress(reading.recording)).header
    assert header["account"]["events"] == 388_678
    assert header["totals"]["in_recording"] + header["totals"]["untimed"] == 388_678


def test_targets_beside_the_logs_are_used_and_not_told_as_unread(job, samples):
    loaded = load_events(job)
    assert set(loaded.events["dst_name"].to_pylist()) == {"Council Bluffs"}
    assert "targets.csv" not in str(load_events(Job((str(samples / "tpot-2025" / "*.csv"),))).account.skipped)


def test_a_window_with_nothing_in_it_is_empty_and_says_so(job):
    reading = Reading(Job(job.addresses, window="2020-01-01"))
    follow(reading)
    assert reading.status["kind"] == "empty"
    assert reading.failed
    assert reading.recording == b""
    assert "4,999 events were read, none of them in the window 2020-01-01" in reading.status["detail"]


def test_a_filter_that_nothing_meets_is_empty_and_says_so(job):
    reading = Reading(Job(job.addresses, filters='{"country": {"in": ["XX"]}}'))
    follow(reading)
    assert reading.status["kind"] == "empty"
    assert "4,999 events were read, of which 0 meet the filter" in reading.status["detail"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"addresses": ("missing.json",)}, "no such file"),
        ({"geoip": ("missing.mmdb",)}, "missing.mmdb"),
        ({"targets": "missing.csv"}, "missing.csv"),
        ({"tz": "Nowhere/At_All"}, "time zone"),
    ],
)
def test_what_goes_wrong_is_told_in_words(job, change, words):
    reading = Reading(Job(**{**job.to_dict(), **change}))
    follow(reading)
    assert reading.status["kind"] == "error"
    assert words in " ".join([reading.status["title"], reading.status["detail"], *reading.status["hints"]])


def test_a_reader_that_is_killed_is_told(samples):
    reading = Reading(Job((str(samples / "tpot-2025"),)))
    killed = []

    def kill() -> None:
        if not killed:
            killed.append(reading._process.pid)
            os.kill(reading._process.pid, signal.SIGKILL)

    reading.subscribe(kill)
    reading.start()
    reading.wait(LONG)
    assert killed
    assert reading.status["kind"] == "error"
    assert "ended from outside" in reading.status["title"]


def test_stop_leaves_no_process(samples):
    reading = Reading(Job((str(samples / "tpot-2025"),))).start()
    reading.stop()
    assert reading._process.poll() is not None
    reading.stop()  # twice is once


def test_all_who_ask_share_one_reading_and_a_failed_one_is_begun_anew(job):
    try:
        first = shared(job)
        assert shared(Job(**job.to_dict())) is first
        first.wait(LONG)
        assert shared(job) is first
        wrong = Job(("missing.json",))
        failed = shared(wrong)
        failed.wait(LONG)
        assert shared(wrong) is not failed
    finally:
        stop_all()
    assert shared(job) is not first
    stop_all()


def test_an_ended_subscription_hears_nothing_more(job):
    reading = Reading(job)
    heard = []
    unsubscribe = reading.subscribe(lambda: heard.append(reading.status["kind"]))
    unsubscribe()
    unsubscribe()
    reading.start()
    reading.wait(LONG)
    assert reading.status["kind"] == "ready"
    assert heard == []


def test_places_come_from_the_database_named(job, samples):
    loaded = load_events(job)
    assert loaded.database.name == av.open_database().name
    assert loaded.formats == ["honeytrap"]
