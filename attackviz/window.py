"""Time windows: half-open UTC intervals, and the words people use for them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import WindowError

__all__ = ["Window", "as_window", "moment", "zone"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_LAST = re.compile(r"last\s*(\d+)?\s*(s|min|m|h|d|w|second|minute|hour|day|week)s?", re.IGNORECASE)
_HINT = "write '2025-02-11..2025-02-25', '2025-02-20T05:00Z/2025-02-20T06:00Z', '2025-02-20', 'last 24h' or 'yesterday'"


def zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    Parameters
    ----------
    name : str
        Such as ``"UTC"`` or ``"Europe/Prague"``.

    Raises
    ------
    WindowError
        If there is no such zone.

    Examples
    --------
    >>> zone("UTC").key
    'UTC'
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise WindowError(f"there is no time zone {name!r}", hint="use an IANA name such as Europe/Prague") from None


@dataclass(frozen=True, slots=True)
class Window:
    """Hold a half-open UTC interval ``[start, end)``.

    Parameters
    ----------
    start, end : datetime
        Aware datetimes; converted to UTC. ``end`` is after ``start``.

    Raises
    ------
    WindowError
        If a time is naive, or the window is empty.

    Examples
    --------
    >>> w = Window.parse("2025-02-11..2025-02-25")
    >>> w.seconds / 86400
    14.0
    >>> str(w)
    '2025-02-11T00:00:00Z/2025-02-25T00:00:00Z'
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            value = getattr(self, name)
            if value.tzinfo is None:
                raise WindowError(f"the {name} {value} has no time zone", hint="use aware datetimes")
            try:
                object.__setattr__(self, name, value.astimezone(UTC))
            except OverflowError:
                raise WindowError(f"the {name} {value} is beyond the calendar", hint=_HINT) from None
        if self.end <= self.start:
            raise WindowError(f"the window {_iso(self.start)} to {_iso(self.end)} is empty", hint="put the end after")

    @classmethod
    def parse(cls, text: str, now: datetime | None = None, tz: str = "UTC") -> Window:
        """Read a window from the words people use.

        Parameters
        ----------
        text : str
            ``START..END`` or ``START/END`` (ISO 8601 dates or times; an ISO
            duration such as ``PT1H`` may be the end), one date, ``today``,
            ``yesterday``, or ``last N`` with s, min, h, d or w.
        now : datetime, optional
            The moment ``last`` and ``yesterday`` refer to; the present by default.
        tz : str
            Zone of naive times and of the days ``today`` and ``yesterday``.

        Returns
        -------
        Window

        Raises
        ------
        WindowError
            If the text is none of these, or the window is empty.

        Examples
        --------
        >>> from datetime import datetime, UTC
        >>> str(Window.parse("last 24h", now=datetime(2025, 3, 2, 12, tzinfo=UTC)))
        '2025-03-01T12:00:00Z/2025-03-02T12:00:00Z'
        >>> str(Window.parse("yesterday", now=datetime(2025, 3, 2, 12, tzinfo=UTC)))
        '2025-03-01T00:00:00Z/2025-03-02T00:00:00Z'
        """
        if not isinstance(text, str):
            raise WindowError(f"{text!r} is not a time window", hint=_HINT)
        try:
            return cls._read(text, now, zone(tz))
        except OverflowError:
            raise WindowError(f"{text!r} reaches beyond the calendar", hint=_HINT) from None

    @classmethod
    def _read(cls, text: str, now: datetime | None, local: ZoneInfo) -> Window:
        moment = (now or datetime.now(UTC)).astimezone(UTC)
        words = text.strip()
        if words.lower() in ("today", "yesterday"):
            day = moment.astimezone(local).date() - timedelta(days=words.lower() == "yesterday")
            return cls(_midnight(day, local), _midnight(day + timedelta(days=1), local))
        if match := _LAST.fullmatch(words):
            unit = match[2].lower()
            seconds = _UNITS[unit if unit in _UNITS else unit[0]] * int(match[1] or 1)
            return cls(moment - timedelta(seconds=seconds), moment)
        parts = re.split(r"\.\.|/", words)
        if len(parts) == 1:
            single = _day(parts[0])
            if single is None:
                raise WindowError(f"{text!r} is not a time window", hint=_HINT)
            return cls(_midnight(single, local), _midnight(single + timedelta(days=1), local))
        if len(parts) != 2:
            raise WindowError(f"{text!r} is not a time window", hint=_HINT)
        start = _moment(parts[0], local, text)
        length = _duration(parts[1])
        return cls(start, start + length if length else _moment(parts[1], local, text))

    @property
    def start_us(self) -> int:
        """Start in microseconds since the epoch."""
        return (self.start - _EPOCH) // timedelta(microseconds=1)

    @property
    def end_us(self) -> int:
        """End (excluded) in microseconds since the epoch."""
        return (self.end - _EPOCH) // timedelta(microseconds=1)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()

    def __str__(self) -> str:
        return f"{_iso(self.start)}/{_iso(self.end)}"


def as_window(value: Window | str | None, tz: str = "UTC") -> Window | None:
    """Return a window from what a caller gave as one.

    Parameters
    ----------
    value : Window, str or None
        As text, see `Window.parse`.
    tz : str
        Zone of naive times in a text.

    Raises
    ------
    WindowError
        If it is none of these.

    Examples
    --------
    >>> str(as_window("2025-02-11"))
    '2025-02-11T00:00:00Z/2025-02-12T00:00:00Z'
    >>> as_window(None) is None
    True
    """
    if value is None or isinstance(value, Window):
        return value
    if isinstance(value, str):
        return Window.parse(value, tz=tz)
    raise WindowError(f"{value!r} is not a time window", hint=_HINT)


def moment(since: datetime | str, tz: str = "UTC") -> datetime:
    """Return a moment from a time, a day, or the words for a window that begins there.

    Parameters
    ----------
    since : datetime or str
    tz : str
        Zone of times that carry none.

    Raises
    ------
    WindowError
        If it is none of these.

    Examples
    --------
    >>> moment("2025-02-20T05:00Z").isoformat()
    '2025-02-20T05:00:00+00:00'
    """
    if isinstance(since, datetime):
        return since if since.tzinfo else since.replace(tzinfo=zone(tz))
    for text in (f"{since}/PT1S", since):
        with suppress(WindowError):
            return Window.parse(text, tz=tz).start
    raise WindowError(f"{since!r} is no time", hint="write '2025-02-20T05:00Z', '2025-02-20', 'yesterday' or 'last 1h'")


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _midnight(day: date, local: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), local)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _moment(text: str, local: ZoneInfo, whole: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise WindowError(f"{text.strip()!r} in {whole!r} is not a time", hint=_HINT) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=local)


def _duration(text: str) -> timedelta | None:
    match = re.fullmatch(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text.strip().upper())
    if not match or not any(match.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(g or 0) for g in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
