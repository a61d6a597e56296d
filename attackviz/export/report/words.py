"""Numbers, times and names as a report writes them: UTC, separators, a missing value is "-", never 0."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ...analysis.words import harmless
from ...window import Window

__all__ = [
    "MISSING",
    "change",
    "clock",
    "day",
    "duration",
    "length_of",
    "moment",
    "number",
    "plural",
    "share",
    "short",
    "span",
]

MISSING = "-"
LONGEST = 90
"""Characters of a text of a log that are shown."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def at(us: int) -> datetime:
    """Return the moment of microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=us)


def number(value: float | None) -> str:
    """Write a count in full.

    Examples
    --------
    >>> number(117130), number(None)
    ('117,130', '-')
    """
    return MISSING if value is None else f"{value:,.0f}"


def plural(n: int, word: str, several: str | None = None) -> str:
    """Write a count and what is counted.

    Examples
    --------
    >>> plural(1, "event"), plural(2, "address", "addresses")
    ('1 event', '2 addresses')
    """
    return f"{n:,} {word if n == 1 else several or word + 's'}"


def share(part: int, total: int) -> str:
    """Write a share in percent: nearly nothing is not nothing, nearly all not all.

    Examples
    --------
    >>> share(1, 3), share(0, 3), share(1, 5000), share(4999, 5000), share(0, 0)
    ('33.3 %', '0 %', '< 0.1 %', '> 99.9 %', '-')
    """
    if not total:
        return MISSING
    percent = part / total * 100
    if part and percent < 0.1:
        return "< 0.1 %"
    if part < total and percent > 99.9:
        return "> 99.9 %"
    return "0 %" if not part else "100 %" if part == total else f"{percent:.1f} %"


def change(now: float, before: float) -> str:
    """Write how a figure changed: in percent, or as a factor from twice as much.

    Examples
    --------
    >>> change(112, 100), change(50, 100), change(310, 100), change(1, 0), change(7, 7)
    ('+12 %', '-50 %', '×3.1', 'none before', 'unchanged')
    """
    if now == before:
        return "unchanged"
    if not before:
        return "none before"
    factor = now / before
    if factor >= 2:
        return f"×{factor:,.1f}" if factor < 10 else f"×{factor:,.0f}"
    percent = (factor - 1) * 100
    return f"{percent:+.0f} %" if abs(percent) >= 1 else f"{percent:+.1f} %"


def duration(seconds: float) -> str:
    """Write a length of time in one or two units.

    Examples
    --------
    >>> duration(5400), duration(1209600), duration(40)
    ('1 h 30 min', '14 d', '40 s')
    """
    left, parts = round(seconds), []
    for unit, size in _UNITS:
        n, left = divmod(left, size)
        if n:
            parts.append(f"{n:,} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def length_of(window: Window) -> str:
    """Write how long a window is, as it follows "the".

    Examples
    --------
    >>> length_of(Window.parse("2025-02-20")), length_of(Window.parse("2025-02-11..2025-02-25"))
    ('day', '14 days')
    """
    names = {3600: "hour", 86400: "day", 604800: "week"}
    if window.seconds in names:
        return names[int(window.seconds)]
    days, rest = divmod(window.seconds, 86400)
    return duration(window.seconds) if rest else f"{days:,.0f} days"


def day(moment: datetime) -> str:
    """Write a day.

    Examples
    --------
    >>> day(datetime(2025, 2, 20, tzinfo=UTC))
    'Thu 20 Feb 2025'
    """
    return f"{moment:%a} {moment.day} {moment:%b %Y}"


def clock(moment: datetime) -> str:
    """Write a time of day, with seconds only where it has some."""
    return f"{moment:%H:%M:%S}" if moment.second or moment.microsecond else f"{moment:%H:%M}"


def moment(time: datetime | int | None) -> str:
    """Write a moment; also one in microseconds since the epoch.

    Examples
    --------
    >>> moment(datetime(2025, 2, 20, 5, 42, tzinfo=UTC)), moment(None)
    ('20 Feb 2025 05:42', '-')
    """
    if time is None:
        return MISSING
    time = at(time) if isinstance(time, int) else time
    return f"{time.day} {time:%b %Y} {clock(time)}"


def span(window: Window) -> str:
    """Write a window; whole days as days, the last one included.

    Examples
    --------
    >>> span(Window.parse("2025-02-11..2025-02-25"))
    '11 Feb to 24 Feb 2025'
    >>> span(Window.parse("2025-02-20"))
    'Thu 20 Feb 2025'
    >>> span(Window.parse("2025-02-20T05:00Z/PT90M"))
    '20 Feb 2025 05:00 to 06:30 UTC'
    """
    start, end = window.start, window.end
    if start.time() == end.time() == start.time().min:
        last = end - timedelta(days=1)
        if last == start:
            return day(start)
        first = f"{start.day} {start:%b}" + (f" {start.year}" if start.year != last.year else "")
        return f"{first} to {last.day} {last:%b %Y}"
    if start.date() == end.date():
        return f"{moment(start)} to {clock(end)} UTC"
    return f"{moment(start)} to {moment(end)} UTC"


def short(text: object, longest: int = LONGEST) -> str:
    r"""Write a text of a log: what a terminal or a line would obey is made visible, what is very long is cut.

    Examples
    --------
    >>> short("a\u202eb"), short("x" * 100, 8)
    ('a\\u202eb', 'xxxxxxx…')
    """
    whole = str(text)
    shown = harmless(whole[: longest + 1])
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
