"""What all routes share: who may ask, from where, and answers in plain words.

One check stands before page, feed, socket and metrics (`Access`). A request is
refused, in this order, when a browser sends it for a page of another origin,
when it names a host nobody allowed (which stops a page that points its own name
at this machine), when the server answers other machines without asking for a
token, and when the token is missing or wrong.
"""

from __future__ import annotations

import asyncio
import inspect
from http.client import responses
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from bokeh.server.util import check_allowlist
from tornado.web import RequestHandler

from ..errors import AttackvizError
from .tokens import COOKIE

if TYPE_CHECKING:
    from .service import Live, Source

__all__ = ["Access", "Route", "is_loopback"]

_LOCAL = ("localhost", "ip6-localhost")


def is_loopback(host: str) -> bool:
    """Return whether an address is reached from this machine only.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("::1")
    (True, True, False, True)
    """
    if host in _LOCAL:
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


class Access:
    """Judge one request.

    Parameters
    ----------
    live : Live
    handler : tornado.web.RequestHandler
        Of this server or of Panel's.
    """

    def __init__(self, live: Live, handler: RequestHandler) -> None:
        self.live, self.handler = live, handler
        self.tokens = live.settings.tokens

    async def refusal(self, role: str) -> tuple[int, str, str] | None:
        """Return why a request may not have a role (``push`` or ``view``): status, reason and hint; None if it may.

        Parameters
        ----------
        role : str
        """
        return self.elsewhere() or await self._without(role)

    def elsewhere(self) -> tuple[int, str, str] | None:
        """Return why a request comes from where none may come from, None if it does not."""
        origin = self.handler.request.headers.get("Origin")
        if origin is not None and not self._known(urlsplit(origin).netloc):
            return 403, "this origin is not allowed", "name it with --origin HOST:PORT"
        if not self._asks("view") and not self._named(self.handler.request.host):
            return 403, "this host name is not allowed", "name it with --origin HOST:PORT, or set a view token"
        return None

    async def trusted(self) -> bool:
        """Return whether a request comes with a token to push: to such, what others may not see is told, too."""
        return self.tokens.needed("push") and await self.refusal("push") is None

    async def _without(self, role: str) -> tuple[int, str, str] | None:
        scheme, _, token = self.handler.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.tokens.allows(role, token.strip()):
            return None
        if role == "view" and await self._signed_in():
            return None
        if self._asks(role):
            other = "push" if role == "view" else "view"
            if scheme.lower() == "bearer" and self.tokens.allows(other, token.strip()):
                return 403, f"this token is good for {other} only", f"send a token for {role}"
            hint = "send it as Authorization: Bearer TOKEN" + (", or go to /login" if role == "view" else "")
            return 401, f"a token for {role} is needed", hint
        if not self.live.settings.open and not self._local():
            hint = f"set ATTACKVIZ_{role.upper()}_TOKEN, or say that it is meant to be open"
            return 403, f"this server answers other machines, and no {role} token is set", hint
        return None

    def _asks(self, role: str) -> bool:
        """Return whether a role needs a token: to push, as soon as anything is guarded."""
        return self.tokens.needed(role) or (role == "push" and self.tokens.needed("view")) or self._guarded()

    def _guarded(self) -> bool:
        """Return whether Panel's own authentication guards the pages."""
        provider = getattr(self.handler.application, "auth_provider", None)
        if provider is None or getattr(provider, "is_ours", False):
            return False
        return bool(provider.get_user or provider.get_user_async)

    async def _signed_in(self) -> bool:
        if self.tokens.knows(self.handler.get_cookie(COOKIE, "") or ""):
            return True
        if self.tokens.needed("view") or not self._guarded():
            return False
        provider = self.handler.application.auth_provider
        user = provider.get_user(self.handler) if provider.get_user else provider.get_user_async(self.handler)
        return bool(await user if inspect.isawaitable(user) else user)

    def _known(self, netloc: str) -> bool:
        allowed = getattr(self.handler.application, "websocket_origins", ())
        return bool(netloc) and bool(check_allowlist(netloc.lower(), allowed))

    def _named(self, host: str) -> bool:
        name = urlsplit(f"//{host}").hostname or ""
        try:
            ip_address(name)
        except ValueError:
            return name in _LOCAL or self._known(host)
        return True  # nobody can point an address elsewhere

    def _local(self) -> bool:
        stream = getattr(self.handler.request.connection, "stream", None)
        socket = getattr(stream, "socket", None)
        if socket is None:
            return False
        name = socket.getsockname()
        return isinstance(name, str) or is_loopback(name[0])  # a socket of the file system has a text


class Route(RequestHandler):
    """Answer one route of a live server.

    Attributes
    ----------
    live : Live
    role : str
        What a request must be allowed to do; nothing if empty.
    """

    role = "view"
    live: Live

    def initialize(self, source: Source) -> None:
        """Take what the route was made with."""
        self.source = source

    async def prepare(self) -> None:
        """Refuse whoever may not ask."""
        try:
            self.live = await asyncio.get_running_loop().run_in_executor(None, self.source)
        except AttackvizError as error:
            self.refuse(503, error.what, error.hint or "", {"ready": False})
            return
        if self.role and (refusal := await Access(self.live, self).refusal(self.role)):
            self.live.counts["refused"] += 1
            self.refuse(*refusal)

    def set_default_headers(self) -> None:
        """Let nobody keep, frame or guess at an answer."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.clear_header("Server")

    def refuse(self, status: int, what: str, hint: str = "", more: dict[str, Any] | None = None) -> None:
        """End the request with a reason.

        Parameters
        ----------
        status : int
            Of HTTP.
        what, hint : str
            As an `AttackvizError` has them.
        more : dict, optional
            More fields of the answer.
        """
        if self._finished:
            return
        if status == 401:
            self.set_header("WWW-Authenticate", 'Bearer realm="attackviz"')
        if status in (429, 503) and "Retry-After" not in self._headers:
            self.set_header("Retry-After", "1")
        self.answer({"error": what, **({"hint": hint} if hint else {}), **(more or {})}, status)

    def answer(self, value: Any, status: int = 200) -> None:
        """End the request with plain data, as JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(value) + b"\n")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what Tornado refuses as we do: without a traceback."""
        self.refuse(status_code, responses.get(status_code, "the request cannot be answered").lower())

    def _request_summary(self) -> str:
        # What a client writes into its request shall not write into our log.
        return f"{self.request.method!a} {self.request.uri!a} ({self.request.remote_ip})"
