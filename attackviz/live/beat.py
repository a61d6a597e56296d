"""The beat: ten times a second what came is sealed, and all who wait for it wake up."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .hub import Hub

__all__ = ["BEAT", "SILENT", "STALLED", "Beat", "in_time", "notice_loss"]

BEAT = 0.1
"""Seconds between two messages to a viewer."""

STALLED = 30.0
"""Seconds after which a client that takes nothing is let go."""


SILENT = 25.0
"""Seconds after which a connection is ended whose other side acknowledges nothing: 40 with those between two beats."""


class Beat:
    """Wake all viewers of a process together, so that they send the same bytes.

    Parameters
    ----------
    hub : Hub
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._event = asyncio.Event()
        self._waiting = 0
        self._task: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        """Wait for the next beat."""
        self._waiting += 1
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.get_running_loop().create_task(self._run())
            await self._event.wait()
        finally:
            self._waiting -= 1

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(BEAT)
            self._hub.seal()
            event, self._event = self._event, asyncio.Event()
            event.set()
            await asyncio.sleep(0)  # those who wake wait again, or are done


async def in_time(sending: Awaitable[Any]) -> bool:
    """Wait until a client has taken what it was sent; return whether it did in time.

    Parameters
    ----------
    sending : awaitable
    """
    try:
        await asyncio.wait_for(asyncio.ensure_future(_held(sending)), STALLED)
    except TimeoutError:
        return False
    return True


async def _held(sending: Awaitable[Any]) -> None:
    await sending


def notice_loss(stream: Any) -> None:
    """Have the system end a connection whose other side acknowledges nothing for a while.

    Parameters
    ----------
    stream : tornado.iostream.IOStream
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)  # of Linux; elsewhere a write fails later
    own = getattr(stream, "socket", None)  # None where it is gone already
    if option is None or own is None or own.family == getattr(socket, "AF_UNIX", None):
        return
    with suppress(OSError):  # it goes at this moment
        own.setsockopt(socket.IPPROTO_TCP, option, int(SILENT * 1000))
