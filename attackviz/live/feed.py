"""``GET /api/feed``: server-sent events, one for each that arrives; nothing is skipped that the tape still has.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec
from tornado.iostream import StreamClosedError

from ..errors import AttackvizError, UsageError
from ..filters import Filters
from .beat import in_time, notice_loss
from .web import Route
from .wire import server_sent

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Feed"]

HEARTBEAT = 15.0
_PAGE = 5_000  # rows read from the tape at once


class Feed(Route):
    """Send every event as it arrives, from ``Last-Event-ID`` on where a client comes back."""

    async def get(self) -> None:
        """Send events until the client is gone."""
        try:
            self._filters = Filters.parse(self.get_query_argument("filters", None)) or None
            self._place = self._begin()
        except AttackvizError as error:
            self.refuse(400, error.what, error.hint or "")
            return
        with self.live.clients.one() as taken:
            if not taken:
                self.refuse(503, "too many clients", "come back later")
                return
            self._gone = asyncio.Event()
            self.set_header("Content-Type", "text/event-stream; charset=utf-8")
            self.set_header("X-Accel-Buffering", "no")  # nginx would keep events until it has enough of them
            notice_loss(getattr(self.request.connection, "stream", None))
            try:
                await self._send_all()
            except StreamClosedError:
                pass
            except AttackvizError as error:  # the tape cannot be read, or the filters ask what columns cannot say
                hidden = self.live.settings.public and not isinstance(error, UsageError)
                told = {"error": "the events cannot be read at present" if hidden else error.what}
                await self._send(b"event: error\ndata: %b\n\n" % msgspec.json.encode(told))

    def on_connection_close(self) -> None:
        """Stop sending."""
        if hasattr(self, "_gone"):
            self._gone.set()

    def _begin(self) -> int:
        said = self.request.headers.get("Last-Event-ID") or self.get_query_argument("after", None)
        if said is None:
            return self.live.hub.last
        if not said.isascii() or not said.isdigit() or len(said) > 18:
            raise UsageError("Last-Event-ID is no id of an event", hint="send the id of the last event you have")
        return min(int(said), self.live.hub.last)

    async def _send_all(self) -> None:
        if not await self._send(b"retry: 2000\n\n"):
            return
        hub = self.live.hub
        spoken = time.monotonic()
        while not self._gone.is_set():
            cut, gap = hub.after(self._place)
            if gap:
                data = await self._from_tape(gap)
            elif cut is not None:
                data = cut.made("sse", self._filters, server_sent)
                self._place = cut.last
            else:
                data = b": beat\n\n" if time.monotonic() - spoken > HEARTBEAT else b""
            if data:
                if not await self._send(data):
                    return
                spoken = time.monotonic()
            if cut is None:
                await self.live.beat.wait()

    async def _from_tape(self, gap: int) -> bytes:
        """Return what is no longer in the ring; what is no longer on the tape either is told as a gap."""
        place, first = self._place, self._place + gap + 1
        loop = asyncio.get_running_loop()
        table: pa.Table = await loop.run_in_executor(None, self.live.since, place, _PAGE)
        begin = table["sequence"][0].as_py() if table.num_rows else first
        self._place = table["sequence"][-1].as_py() if table.num_rows else first - 1
        lost = begin - place - 1
        told = b""
        if lost > 0:
            self.live.counts["gaps"] += 1
            told = b"event: gap\ndata: %b\n\n" % msgspec.json.encode({"gap": lost, "next": begin})
        return told + await loop.run_in_executor(None, server_sent, table, self._filters)

    async def _send(self, data: bytes) -> bool:
        self.write(data)
        if not await in_time(self.flush()):
            self.live.counts["dropped"] += 1
            self.request.connection.stream.close()
            return False
        self.live.counts["bytes_out"] += len(data)
        return True
