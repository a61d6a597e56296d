"""Times of fixed width are what `datetime` says they are, or null and counted."""

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.formats.columns import Columns
from attackviz.formats.stamps import stamps

ACCESS = "DD/MMM/YYYY:hh:mm:ss +zzzz"
SURICATA = "MM/DD/YYYY-hh:mm:ss.ffffff"
SYSLOG = "MMM DD hh:mm:ss"


def columns(length, **options):
    return Columns({}, length, Account(), options.pop("tz", "UTC"), **options)


def one(text, *layouts, **options):
    c = columns(1, **options)
    return stamps(c, pa.array([text], pa.string()), *layouts).to_pylist()[0], dict(c.account.flags)


moments = st.datetimes(datetime(1995, 1, 1), datetime(2099, 12, 31))


@given(st.lists(st.tuples(moments, st.integers(-14 * 60, 14 * 60)), min_size=1, max_size=20))
def test_times_with_a_zone_are_those_of_datetime(rows):
    zoned = [m.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset))) for m, offset in rows]
    zoned = [z for z in zoned if datetime(1995, 1, 2, tzinfo=UTC) < z < datetime(2099, 12, 31, tzinfo=UTC)]
    text = [z.strftime("%d/%b/%Y:%H:%M:%S %z") for z in zoned]
    c = columns(len(text))
    assert stamps(c, pa.array(text, pa.string()), ACCESS).to_pylist() == zoned
    assert not c.account.flags


@given(st.lists(moments, min_size=1, max_size=20))
def test_microseconds_are_kept(rows):
    text = [m.strftime("%m/%d/%Y-%H:%M:%S.%f") for m in rows]
    found = stamps(columns(len(text)), pa.array(text, pa.string()), SURICATA).to_pylist()
    assert found == [m.replace(tzinfo=UTC) for m in rows]


@given(st.text("0123456789/-:. JanFebD", min_size=20, max_size=26))
def test_what_is_no_time_is_null_and_counted(text):
    found, flags = one(text, SURICATA)
    try:
        datetime.strptime(text.strip(), "%m/%d/%Y-%H:%M:%S.%f")
    except ValueError:
        assert found is None
        assert sum(flags.values()) == 1


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("Jan  4 23:59:59", 2022),
        ("Jan  6 00:00:01", 2022),  # a day ahead: another clock, or another zone
        ("Jan  7 00:00:01", 2021),
        ("Dec 31 23:59:59", 2021),
        ("Feb 29 12:00:00", 2020),
    ],
)
def test_a_missing_year_is_the_latest_that_is_not_after_the_file(text, year):
    found, flags = one(text, SYSLOG, reference=datetime(2022, 1, 5, 8, tzinfo=UTC))
    assert found.year == year
    assert flags[f"time without a year, read as {year}"] == 1


def test_the_year_that_was_told_wins():
    found, flags = one("Dec 31 23:59:59", SYSLOG, year=2019, reference=datetime(2022, 1, 5, tzinfo=UTC))
    assert found == datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert flags == {"time without a year, read as 2019": 1, "time without a zone, read as UTC": 1}


def test_without_any_year_a_time_is_null_and_says_why():
    assert one("Dec 31 23:59:59", SYSLOG) == (None, {"time without a year, and none was told": 1})


def test_a_day_that_the_told_year_does_not_have_is_not_understood():
    assert one("Feb 29 12:00:00", SYSLOG, year=2021) == (None, {"time not understood": 1})


@pytest.mark.parametrize("text", ["Foo  1 00:00:00", "Jan 32 00:00:00", "Jan  0 00:00:00", "Jan  1 24:00:00", "Jan"])
def test_impossible_dates_are_not_understood(text):
    assert one(text, SYSLOG, year=2021) == (None, {"time not understood": 1})


def test_a_zone_that_is_told_is_used_for_times_without_one():
    found, flags = one("Jul  1 12:00:00", SYSLOG, year=2021, tz="Europe/Prague")
    assert found == datetime(2021, 7, 1, 10, tzinfo=UTC)
    assert flags["time without a zone, read as Europe/Prague"] == 1


def test_a_missing_time_is_counted_where_one_is_expected():
    text = pa.array([None, "", None], pa.string())
    c = columns(3, year=2021)
    stamps(c, text, SYSLOG, within=pa.array([True, True, False]))
    assert dict(c.account.flags) == {"no time": 2}


def test_layouts_are_tried_in_order():
    text = pa.array(["07/16-09:23:39.000001", "22/07/16-09:23:39.000001", "07/16/22-09:23:39.000001"])
    c = columns(3, year=2021)
    found = stamps(c, text, "MM/DD-hh:mm:ss.ffffff", "MM/DD/YY-hh:mm:ss.ffffff", "YY/MM/DD-hh:mm:ss.ffffff")
    assert [(t.year, t.month, t.day) for t in found.to_pylist()] == [(2021, 7, 16), (2022, 7, 16), (2022, 7, 16)]
