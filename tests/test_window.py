"""Windows are half-open, UTC, and read the words people use."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.errors import WindowError
from attackviz.window import Window, as_window

NOW = datetime(2025, 3, 30, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025-02-11..2025-02-25", "2025-02-11T00:00:00", "2025-02-25T00:00:00"),
        ("2025-02-20T05:00Z/2025-02-20T06:00Z", "2025-02-20T05:00:00", "2025-02-20T06:00:00"),
        ("2025-02-20T05:00+02:00/PT90M", "2025-02-20T03:00:00", "2025-02-20T04:30:00"),
        ("2025-02-20/P1W", "2025-02-20T00:00:00", "2025-02-27T00:00:00"),
        ("2025-02-20", "2025-02-20T00:00:00", "2025-02-21T00:00:00"),
        ("last 24h", "2025-03-29T12:30:00", "2025-03-30T12:30:00"),
        ("Last 15 minutes", "2025-03-30T12:15:00", "2025-03-30T12:30:00"),
        ("last hour", "2025-03-30T11:30:00", "2025-03-30T12:30:00"),
        ("last 2w", "2025-03-16T12:30:00", "2025-03-30T12:30:00"),
        ("yesterday", "2025-03-29T00:00:00", "2025-03-30T00:00:00"),
        ("today", "2025-03-30T00:00:00", "2025-03-31T00:00:00"),
    ],
)
def test_words(text: str, start: str, end: str) -> None:
    window = Window.parse(text, now=NOW)
    assert str(window) == f"{start}Z/{end}Z"


def test_days_are_of_the_zone_asked_for() -> None:
    # Prague lost an hour on 30 March 2025: the day is 23 h long.
    window = Window.parse("today", now=NOW, tz="Europe/Prague")
    assert str(window) == "2025-03-29T23:00:00Z/2025-03-30T22:00:00Z"
    assert window.seconds == 23 * 3600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "last",
        "last h24",
        "2025-02-30",
        "a..b",
        "1..2..3",
        "2025-02-11..2025-02-11",
        "last 99999999w",
        "9999-12-31",
        "2025-02-11/P9999999999W",
        "0001-01-01T00:00+14:00/0001-01-02",
        "2025-02-11..9999-12-31T23:00-10:00",
    ],
)
def test_rubbish_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(WindowError, match=";"):
        Window.parse(text, now=NOW)


@pytest.mark.parametrize("value", [3, ("2025-02-11", "2025-02-12"), NOW])
def test_what_is_neither_window_nor_text_is_refused(value: object) -> None:
    with pytest.raises(WindowError, match="is not a time window; write"):
        as_window(value)  # type: ignore[arg-type]


def test_unknown_zone_and_naive_times_are_refused() -> None:
    with pytest.raises(WindowError, match="time zone"):
        Window.parse("today", tz="Mars/Olympus")
    with pytest.raises(WindowError, match="no time zone"):
        Window(datetime(2025, 1, 1), datetime(2025, 1, 2))


@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1)),
    st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=4000)),
    st.integers(-12, 12),
)
def test_text_form_reads_back_and_microseconds_agree(start: datetime, length: timedelta, offset: int) -> None:
    aware = start.replace(tzinfo=timezone(timedelta(hours=offset)))
    window = Window(aware, aware + length)
    assert Window.parse(str(window)) == window
    assert window.end_us - window.start_us == length // timedelta(microseconds=1)
