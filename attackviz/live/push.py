"""``POST /api/events``: events in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tornado.web import stream_request_body

from ..errors import AttackvizError, FormatError, TapeError, UsageError
from .body import BodyError, unpacked
from .web import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .service import Live

__all__ = ["Events", "pushed"]

_KEY = 200


def pushed(
    live: Live, chunks: Sequence[bytes], *, encoding: str = "", form: str | None = None, key: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Take a body in; return the status and the answer.

    Parameters
    ----------
    live : Live
    chunks : sequence of bytes
        The body, as it came.
    encoding : str
        How it is packed.
    form : str, optional
        Name of its format; told by content by default.
    key : str, optional
        Names the push.

    Returns
    -------
    status : int
        200 where anything was taken, or there was nothing to take.
    answer : dict
    """
    if live.intake is None:
        return 503, {"error": "this process only shows; it takes no events", "writer": live.writer, "hint": _WRITER}
    if key is not None and not 0 < len(key) <= _KEY:
        return 400, {"error": f"an idempotency key has 1 to {_KEY} characters"}
    live.counts["pushes"] += 1
    try:
        if form is not None and form.endswith(".toml"):
            raise UsageError("a format is named, not read from a file here", hint="describe it in attackviz.toml")
        taken = live.intake.take(unpacked(chunks, encoding, live.settings.limits.inflated), format=form, key=key)
    except AttackvizError as error:
        status = error.status if isinstance(error, BodyError) else _status(error)
        live.counts["pushes_refused"] += 1
        return status, {"error": error.what, **({"hint": error.hint} if error.hint else {})}
    nothing = taken.rejected and not taken.accepted and not taken.duplicates and not taken.left_out
    return 422 if nothing else 200, taken.to_dict()


_WRITER = "send them to the process that writes the tape"


def _status(error: AttackvizError) -> int:
    if isinstance(error, UsageError):
        return 400
    if isinstance(error, FormatError):
        return 415
    return 503 if isinstance(error, TapeError) else 422


@stream_request_body
class Events(Route):
    """Take events: lines of any known format, packed or not; the answer comes once they are on the tape."""

    role = "push"

    async def prepare(self) -> None:
        """Refuse, before it comes, a body that is too large, or one too many."""
        self._chunks: list[bytes] = []
        self._size = 0
        self._working = False
        self.request.connection.set_max_body_size(1 << 62)  # ours is told in words
        await super().prepare()
        if self._finished:
            return
        limits = self.live.settings.limits
        self.request.connection.set_body_timeout(limits.body_seconds)
        if self.request.method != "POST":
            return
        if self.live.intake is None:
            self._end(*pushed(self.live, []))
        elif wait := self.live.rate.wait(self.request.remote_ip or ""):
            self.live.counts["pushes_refused"] += 1
            self.set_header("Retry-After", str(max(1, round(wait))))
            self.refuse(429, "too many requests", f"send more events in each; {limits.requests} requests a second")
        elif int(self.request.headers.get("Content-Length", 0)) > limits.body:
            self._too_large(limits.body)

    def data_received(self, chunk: bytes) -> None:
        """Keep what comes, while there is room for it."""
        if self._finished:
            return
        if self._size + len(chunk) > self.live.settings.limits.body:
            self._too_large(self.live.settings.limits.body)
        elif not self.live.waiting.take(len(chunk)):
            self.live.counts["pushes_refused"] += 1
            self.refuse(503, "too much is being sent at once", "wait a moment, and send it again")
        else:
            self._size += len(chunk)
            self._chunks.append(chunk)

    def _too_large(self, limit: int) -> None:
        self.live.counts["pushes_refused"] += 1
        self.refuse(413, f"the body is larger than {limit:,} bytes", "send it in parts")

    async def post(self) -> None:
        """Take the body in."""
        if self._finished:
            return
        live, headers = self.live, self.request.headers
        live.counts["bytes_in"] += self._size
        encoding, key = headers.get("Content-Encoding", "").strip(), headers.get("Idempotency-Key")
        form = self.get_query_argument("format", None)
        work = lambda: pushed(live, self._chunks, encoding=encoding, form=form, key=key)  # noqa: E731
        self._working = True
        try:
            answer = await asyncio.get_running_loop().run_in_executor(live.pool, work)
        finally:
            self._working = False
            self._let_go()
        self._end(*answer)

    def _end(self, status: int, answer: dict[str, Any]) -> None:
        if not self._finished:
            if status == 503:
                self.set_header("Retry-After", "1")
            self.answer(answer, status)

    def on_finish(self) -> None:
        """Give the room back."""
        self._let_go()

    def on_connection_close(self) -> None:
        """Give the room back, unless the body is being taken in."""
        self._let_go()

    def _let_go(self) -> None:
        if self._size and not self._working:
            self.live.waiting.give(self._size)
            self._size, self._chunks = 0, []
