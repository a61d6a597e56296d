"""The same check before Panel's pages as before our own routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.server.auth_provider import AuthProvider

from .web import Access

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tornado.web import RequestHandler

    from .service import Source

__all__ = ["TokenProvider"]


class TokenProvider(AuthProvider):
    """Let whoever may look see the pages, and send the others to ``/login``.

    Parameters
    ----------
    source : callable
        Gives the live server.
    """

    is_ours = True

    def __init__(self, source: Source) -> None:
        self._source = source
        super().__init__()

    @property
    def get_user(self) -> None:
        """Nothing: `get_user_async` answers."""

    @property
    def get_user_async(self) -> Callable[[RequestHandler], Awaitable[str | None]]:
        """Tells who asks."""
        return self._who

    async def _who(self, handler: RequestHandler) -> str | None:
        return "viewer" if await Access(self._source(), handler).refusal("view") is None else None

    @property
    def login_url(self) -> str:
        """Where to bring a token."""
        return "/login"

    @property
    def get_login_url(self) -> None:
        """Nothing: `login_url` is the same for all."""

    @property
    def login_handler(self) -> None:
        """Nothing: the route is among ours."""

    @property
    def logout_url(self) -> None:
        """Nothing: the cookie ends by itself."""

    @property
    def logout_handler(self) -> Any:
        """Nothing."""
        return None
