"""How much one client, and all of them together, may ask of the server."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from ..errors import SettingsError

__all__ = ["Budget", "Limits", "Rate"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Hold the limits of a live server.

    Attributes
    ----------
    body : int
        Bytes of one request's body, as sent.
    inflated : int
        Bytes of it when unpacked.
    line : int
        Bytes of one line; a longer one is rejected, and the others taken.
    waiting : int
        Bytes of all bodies that are received or worked on at once.
    requests : int
        Pushes a second of one address; ten times as many in a burst.
    clients : int
        Viewers and listeners at once.
    body_seconds : float
        How long a body may take to come.

    Examples
    --------
    >>> Limits.parse({"body": 1000}).body
    1000
    """

    body: int = 32 << 20
    inflated: int = 256 << 20
    line: int = 1 << 20
    waiting: int = 128 << 20
    requests: int = 200
    clients: int = 500
    body_seconds: float = 60.0

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Limits:
        """Return the limits that settings name, the others as they are.

        Raises
        ------
        SettingsError
            If a name is unknown, or a value is no number above 0.
        """
        known = [each.name for each in fields(cls)]
        for name, value in values.items():
            if name not in known:
                raise SettingsError(
                    f"unknown limit {name!r}", where="[live.limits]", hint=f"known are {', '.join(known)}"
                )
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise SettingsError(f"{value!r} is no number above 0", where=f"limit {name!r}")
        return cls(**{name: value if name == "body_seconds" else int(value) for name, value in values.items()})


class Budget:
    """Hand out a bounded amount of something, and know who holds how much.

    Examples
    --------
    >>> budget = Budget(10)
    >>> budget.take(6), budget.take(6), budget.give(6), budget.take(6)
    (True, False, None, True)
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.used = 0

    def take(self, amount: int) -> bool:
        """Take some of it; return whether there was enough."""
        if self.used + amount > self.most:
            return False
        self.used += amount
        return True

    def give(self, amount: int) -> None:
        """Give some of it back."""
        self.used -= amount

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Take one for a while."""
        taken = self.take(1)
        try:
            yield taken
        finally:
            if taken:
                self.give(1)


class Rate:
    """Say whether somebody asks too often: so many a second, ten times as many at once.

    Parameters
    ----------
    a_second : float
    burst : float, optional
        Ten seconds' worth by default.

    Examples
    --------
    >>> rate = Rate(1, burst=2)
    >>> [rate.wait("a", now=0), rate.wait("a", now=0), rate.wait("a", now=0), rate.wait("a", now=1)]
    [0.0, 0.0, 1.0, 0.0]
    """

    _known = 10_000

    def __init__(self, a_second: float, burst: float | None = None) -> None:
        self.a_second, self.burst = a_second, 10 * a_second if burst is None else burst
        self._seen: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str, now: float | None = None) -> float:
        """Count one request; return 0, or after how many seconds the next may come.

        Parameters
        ----------
        who : str
            An address.
        now : float, optional
            Seconds of any steady clock.
        """
        now = time.monotonic() if now is None else now
        left, then = self._seen.pop(who, (self.burst, now))
        left = min(self.burst, left + (now - then) * self.a_second)
        allowed = left >= 1
        self._seen[who] = (left - 1 if allowed else left, now)
        if len(self._seen) > self._known:
            self._seen.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self.a_second
