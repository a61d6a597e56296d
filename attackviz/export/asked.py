"""What a caller asks of an export, in the words people use for it: moments, lengths, sizes, captions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from ..errors import UsageError
from ..window import zone

__all__ = ["SIZES", "Caption", "captions_of", "length_of", "moment_of", "size_of"]

SIZES = {"1080p": (1920, 1080), "720p": (1280, 720), "square": (1080, 1080), "vertical": (1080, 1920)}
SMALLEST_PX, LARGEST_PX = 160, 7680
LONGEST_CAPTION = 200

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"s": 1, "m": 60, "h": 3600}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?)?", re.IGNORECASE)
_CAPTION = re.compile(
    r"((?:\d{4}-\d\d-\d\d)?[T ]?(?:\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?(?:Z|[+-]\d\d:?\d\d)?)\s+(\S.*)", re.DOTALL
)
_OF_DAY = re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?")

Caption = tuple[int, str]
"""A moment in microseconds since the epoch, and what is said there."""


def moment_of(value: datetime | str | float, tz: str = "UTC") -> int:
    """Return a moment in microseconds since the epoch.

    Parameters
    ----------
    value : datetime, str or float
        A time, as ISO 8601 in a text, or seconds since the epoch.
    tz : str
        Zone of a time that names none.

    Raises
    ------
    UsageError
        If it is none.

    Examples
    --------
    >>> moment_of("2025-02-20T05:42Z") == moment_of("2025-02-20 06:42", tz="Europe/Prague")
    True
    """
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip())
        if isinstance(value, datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=zone(tz))
            return (aware - _EPOCH) // timedelta(microseconds=1)
        if not isinstance(value, bool):
            return round(float(value) * 1_000_000)
    except (ValueError, OverflowError, TypeError):
        pass
    raise UsageError(f"{value!r} is not a time", hint="write it like 2025-02-20T05:42, in UTC")


def length_of(value: str | float) -> float:
    """Return a length of time in seconds.

    Parameters
    ----------
    value : str or float
        Such as ``"60 seconds"``, ``"90s"`` or ``"2 min"``; a number is seconds.

    Raises
    ------
    UsageError
        If it is none, or not above 0.

    Examples
    --------
    >>> length_of("60 seconds"), length_of("1.5 min"), length_of(10)
    (60.0, 90.0, 10.0)
    """
    match = _LENGTH.fullmatch(str(value).strip())
    seconds = float(match[1]) * _UNITS[(match[2] or "s")[0].lower()] if match else 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"{value!r} is no length of time", hint="write it like '60 seconds' or '2 min'")
    return seconds


def size_of(value: str | tuple[int, int]) -> tuple[int, int]:
    """Return a size in pixels.

    Parameters
    ----------
    value : str or tuple of int
        ``"1080p"``, ``"720p"``, ``"square"``, ``"vertical"`` or ``"1600x900"``.

    Raises
    ------
    UsageError
        If it is none, or too small or large to draw.

    Examples
    --------
    >>> size_of("square"), size_of("1600x900")
    ((1080, 1080), (1600, 900))
    """
    hint = f"say {', '.join(SIZES)} or WIDTHxHEIGHT, such as 1600x900"
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,6})\s*[x×]\s*(\d{1,6})", value.strip().lower())
        found = SIZES.get(value.strip().lower()) or ((int(match[1]), int(match[2])) if match else None)
    else:
        found = value if isinstance(value, tuple) and len(value) == 2 else None
    if found is None or not all(isinstance(each, int) for each in found):
        raise UsageError(f"{value!r} is no size", hint=hint)
    if min(found) < SMALLEST_PX or max(found) > LARGEST_PX:
        raise UsageError(
            f"a size of {found[0]}x{found[1]} cannot be drawn", hint=f"from {SMALLEST_PX} to {LARGEST_PX} pixels a side"
        )
    return found


def captions_of(
    given: Iterable[str | tuple[datetime | str | float, str]], start_us: int, end_us: int, tz: str = "UTC"
) -> list[Caption]:
    """Return captions by time.

    Parameters
    ----------
    given : iterable of str or tuple
        ``"2025-02-20T14:02 rule deployed"``, or a time and a text; a time of day
        alone stands for itself where the window has it once.
    start_us, end_us : int
        The window, in microseconds since the epoch.
    tz : str
        Zone of times that name none.

    Returns
    -------
    list of tuple
        Microseconds since the epoch and text.

    Raises
    ------
    UsageError
        If one is not understood, or is outside of the window.

    Examples
    --------
    >>> day = moment_of("2025-02-20")
    >>> captions_of(["14:02 rule deployed"], day, day + 86_400_000_000)
    [(1740060120000000, 'rule deployed')]
    """
    found = []
    for each in given:
        pair = _split(each) if isinstance(each, str) else each
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], str) and pair[1].strip()):
            raise UsageError(
                f"{each!r} is no caption", hint="write a time and a text, like '2025-02-20T14:02 rule deployed'"
            )
        when, text = pair
        if len(text) > LONGEST_CAPTION:
            raise UsageError(f"a caption of {len(text):,} characters is too long", hint=f"at most {LONGEST_CAPTION}")
        of_day = isinstance(when, str) and _OF_DAY.fullmatch(when.strip())
        at = _in_window(str(when).strip(), start_us, end_us, tz) if of_day else moment_of(when, tz)
        if not start_us <= at <= end_us:
            raise UsageError(f"the caption {text!r} is outside of what is shown", hint="move it, or --start and --end")
        found.append((at, text.strip()))
    return sorted(found)


def _split(text: str) -> tuple[str, str] | None:
    match = _CAPTION.fullmatch(text.strip())
    return (match[1], match[2]) if match and match[1] else None


def _in_window(of_day: str, start_us: int, end_us: int, tz: str) -> int:
    """Return the one moment of a window that has this time of day."""
    local = zone(tz)
    first = (_EPOCH + timedelta(microseconds=start_us)).astimezone(local).date()
    last = (_EPOCH + timedelta(microseconds=end_us)).astimezone(local).date()
    days = [first + timedelta(days=n) for n in range(min((last - first).days, 2) + 1)]
    found = [at for at in (moment_of(f"{day}T{of_day}", tz) for day in days) if start_us <= at <= end_us]
    if len(found) != 1:
        words = "is not in the window" if not found else "is in the window more than once"
        raise UsageError(f"{of_day} {words}", hint="say the day, too: 2025-02-20T14:02")
    return found[0]
