"""What sources that run on hand over: events, where to go on behind them, and how to settle them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ..account import Account

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Arrived", "Running"]


def _nothing() -> None:
    """Settle what nobody waits for."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Hold some new events of a source.

    Attributes
    ----------
    table : pyarrow.Table or None
        The event table, with an ``event_id`` for every row; the same events
        come with the same ids when they are read again. None where only the
        position is new.
    position : Mapping or None
        Plain data: where to go on once these events are safe. None where the
        other side keeps it, or nobody can.
    settle : callable
        To be called once the events are safe: it tells the other side that
        they need not come again. May raise a `ReadError`.
    since : float or None
        When the newest of them reached the source, in seconds since 1970;
        None where the source cannot tell.
    """

    table: pa.Table | None
    position: Mapping[str, Any] | None = None
    settle: Callable[[], None] = field(default=_nothing)
    since: float | None = None


class Running(Protocol):
    """A source that runs on: iterate it to wait for events for ever."""

    @property
    def account(self) -> Account:
        """What became of every piece since it was made."""

    def __iter__(self) -> Generator[Arrived | None, None, None]:
        """Give events as they come; None after a look that found nothing.

        Raises
        ------
        ReadError
            If the source does not answer, or refuses. It can be opened again
            at the last position.
        """

    def close(self) -> None:
        """End the iteration; may be called from another thread."""
