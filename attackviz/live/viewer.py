"""``/api/socket``: events out to players, ten times a second, and in from whoever keeps a connection open.

The messages are told of in `docs/live.md`.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import msgspec
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..errors import AttackvizError, UsageError
from ..filters import Filters
from ..schema import SEVERITIES, VERDICTS
from .beat import in_time, notice_loss
from .push import pushed
from .web import Access, Route
from .wire import packed

__all__ = ["Socket"]

_BACK = 60  # seconds a new viewer sees at once, unless it says otherwise
_MOST = 100_000  # rows of that
_QUIET = 15.0
_ROLES = ("view", "push")
_HINT = 'send {"view": {"after": null}}'


class Socket(WebSocketHandler, Route):
    """Serve one player, or one source."""

    role = ""  # which one it needs, its first message tells

    # Settings of Tornado, which belong to this route rather than to all of Panel's.

    @property
    def ping_interval(self) -> float:
        """Seconds between pings: who is gone is noticed within two."""
        return 15.0

    @property
    def ping_timeout(self) -> float:
        """Seconds in which a ping must be answered."""
        return 15.0

    @property
    def max_message_size(self) -> int:
        """Bytes of a message in."""
        return self.live.settings.limits.body

    def check_origin(self, origin: str) -> bool:
        """Allow whom `prepare` let pass."""
        return True

    async def prepare(self) -> None:
        """Find out what the client may do; refuse it if that is nothing."""
        self._after: int | None = None
        self._filters: Filters | None = None
        self._form: dict[str, Any] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._taken = False
        await super().prepare()
        if self._finished:
            return
        access = Access(self.live, self)
        refusals = {role: await access.refusal(role) for role in _ROLES}
        self._may = {role for role, refusal in refusals.items() if refusal is None}
        if not self._may:
            self.live.counts["refused"] += 1
            self.refuse(*(refusals["view"] or (403, "not allowed", "")))
        elif not self.live.clients.take(1):
            self.refuse(503, "too many clients", "come back later")
        else:
            self._taken = True

    def open(self, *args: str, **kwargs: str) -> None:
        """Say hello."""
        notice_loss(self.ws_connection.stream if self.ws_connection else None)
        if "view" in self._may:
            self._pump = asyncio.get_running_loop().create_task(self._run())

    def on_close(self) -> None:
        """Let go of everything."""
        if self._pump is not None:
            self._pump.cancel()

    def on_connection_close(self) -> None:
        """Free the place: the socket is closed, or the connection never became one."""
        super().on_connection_close()
        self._leave()

    def on_finish(self) -> None:
        """Free the place of a request that was answered; where it became a socket, that has just begun."""
        if self.get_status() != 101:
            self._leave()

    def _leave(self) -> None:
        if self._taken:
            self._taken = False
            self.live.clients.give(1)

    async def on_message(self, message: str | bytes) -> None:
        """Take a wish of a viewer, or a body."""
        if self._form is not None:
            await self._body(message)
            return
        try:
            wish = json.loads(message)
            if not isinstance(wish, dict) or not wish.keys() & {"view", "push"}:
                raise UsageError("a message is neither view nor push", hint=_HINT)
            role = "push" if "push" in wish else "view"
            if role not in self._may:
                raise UsageError(f"a token for {role} is needed")
            if role == "push":
                self._form = {"key": None, "format": None, "number": 0, **_object(wish["push"] or {})}
            else:
                self._view(wish["view"])
        except (ValueError, RecursionError):
            await self._say({"error": {"what": "a message is no JSON", "hint": _HINT}})
        except AttackvizError as error:
            await self._say({"error": {"what": error.what, "hint": error.hint}})

    async def _body(self, message: str | bytes) -> None:
        assert self._form is not None
        data = message.encode() if isinstance(message, str) else message
        form = self._form
        form["number"] += 1
        key = f"{form['key']}:{form['number']}" if form["key"] else None
        self.live.counts["bytes_in"] += len(data)
        if wait := self.live.rate.wait(self.request.remote_ip or ""):
            status, answer = 429, {"error": "too many messages", "hint": f"send it again in {wait:.1f} seconds"}
        elif not self.live.waiting.take(len(data)):
            status, answer = 503, {"error": "too much is being sent at once", "hint": "send it again"}
        else:
            work = lambda: pushed(self.live, [data], form=form["format"], key=key)  # noqa: E731
            try:
                status, answer = await asyncio.get_running_loop().run_in_executor(self.live.pool, work)
            finally:
                self.live.waiting.give(len(data))
        await self._say({"pushed": {"number": form["number"], "status": status, **answer}})

    def _view(self, wish: Any) -> None:
        if wish is None:
            self._after = None
            return
        wish = _object(wish)
        filters = Filters.parse(wish.get("filters")) or None
        after, back = wish.get("after"), wish.get("back", _BACK)
        if not (after is None or _whole(after)) or not isinstance(back, int | float) or back != back:
            raise UsageError(
                "after is no sequence, or back no number of seconds", hint='send {"view": {"after": null}}'
            )
        hub = self.live.hub
        if after is None:
            after = hub.since(int((time.time() - min(max(back, 0), 1e9)) * 1e6), _MOST)
        self._after, self._filters = min(after, hub.last), filters

    async def _run(self) -> None:
        """Send what there is, beat by beat, until the client is gone."""
        try:
            await self._say({"hello": self._hello()})
            spoken = told = time.monotonic()
            sources: Any = None
            while True:
                await self.live.beat.wait()
                now = time.monotonic()
                if self._after is None:
                    if now - spoken > _QUIET:
                        spoken = now
                        await self._say({"beat": round(time.time() * 1000)})
                    continue
                if now - told >= 1.0 or sources is None:
                    said = self.live.sources()
                    if said != sources:
                        sources = said
                        await self._say({"sources": said})
                    await self._say({"totals": self.live.totals.to_dict()})
                    spoken = told = now
                await self._events()
        except (WebSocketClosedError, asyncio.CancelledError):
            pass

    async def _events(self) -> None:
        while self._after is not None:
            after, filters = self._after, self._filters
            cut, gap = self.live.hub.after(after)
            if cut is None:
                return
            if gap:
                self.live.counts["gaps"] += 1
                await self._say({"gap": gap, "next": cut.first})
            try:
                data = cut.made("arrow", filters, packed)
            except UsageError as error:
                self._filters = None
                await self._say({"error": {"what": error.what, "hint": error.hint}})
                continue
            if data:
                await self._send(data, binary=True)
            if self._after == after:  # it may have asked for another place meanwhile
                self._after = cut.last

    def _hello(self) -> dict[str, Any]:
        hub = self.live.hub
        return {
            "version": 1,
            "now": round(time.time() * 1000),
            "server": round(self.live.started * 1000),
            "title": self.live.settings.title,
            "first": hub.first,
            "last": hub.last,
            "verdicts": VERDICTS,
            "severities": SEVERITIES,
            "attribution": self.live.attribution,
        }

    async def _say(self, value: dict[str, Any]) -> None:
        await self._send(msgspec.json.encode(value).decode(), binary=False)

    async def _send(self, data: str | bytes, binary: bool) -> None:
        if not await in_time(self.write_message(data, binary)):
            self.live.counts["dropped"] += 1
            if self.ws_connection is not None:
                self.ws_connection.stream.close()
            raise WebSocketClosedError
        self.live.counts["bytes_out"] += len(data)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError("what is asked is no object", hint=_HINT)
    return value


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53
