"""``/health``, ``/metrics``, ``/api/openapi.json`` and ``/login``."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .. import __version__
from .openapi import describe
from .tokens import COOKIE, COOKIE_SECONDS
from .web import Access, Route

if TYPE_CHECKING:
    from .service import Live

__all__ = ["Description", "Health", "Login", "Metrics"]


class Health(Route):
    """Say whether events can be taken and shown; details are for those who may look."""

    role = ""

    async def get(self) -> None:
        """Answer 200 once the tape is open; until then, or where that fails, 503."""
        if self._finished:
            return
        access = Access(self.live, self)
        trusted = await access.trusted()
        status = self.live.status(whole=trusted)
        allowed = await access.refusal("view") is None or (trusted and self.live.settings.public)
        self.answer(status if allowed else {name: status[name] for name in ("live", "ready")})


class Metrics(Route):
    """Give the figures of this process as Prometheus reads them.

    Format: https://prometheus.io/docs/instrumenting/exposition_formats/
    """

    async def get(self) -> None:
        """Answer with the figures."""
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        await self.finish(_exposed(self.live, await Access(self.live, self).trusted()))


def _exposed(live: Live, whole: bool) -> str:
    intake, counts = live.intake, live.counts
    taken = {name: getattr(intake, name, 0) for name in ("accepted", "duplicates", "rejected", "ahead", "untimed")}
    lines: list[str] = []

    def tell(name: str, kind: str, meaning: str, value: float, labels: str = "", first: bool = True) -> None:
        if first:
            lines.append(f"# HELP attackviz_{name} {meaning}")
            lines.append(f"# TYPE attackviz_{name} {kind}")
        lines.append(f"attackviz_{name}{labels} {value}")

    tell("events_in_total", "counter", "Events that came and are on the tape.", taken["accepted"])
    tell("events_duplicate_total", "counter", "Events that were on the tape already.", taken["duplicates"])
    tell("events_rejected_total", "counter", "Pieces of input that are no events.", taken["rejected"])
    tell("events_ahead_total", "counter", "Events from the future.", taken["ahead"])
    tell("events_untimed_total", "counter", "Events without a time.", taken["untimed"])
    tell("events_published_total", "counter", "Events handed to viewers of this process.", live.hub.published)
    tell("sequence", "gauge", "Sequence of the newest event.", live.hub.last)
    tell("rate", "gauge", "Events a second over the last ten seconds.", float(live.totals.to_dict()["rate"]))
    tell("pushes_total", "counter", "Bodies that came.", counts["pushes"])
    tell("pushes_refused_total", "counter", "Bodies that were refused.", counts["pushes_refused"])
    tell("requests_refused_total", "counter", "Requests without leave.", counts["refused"])
    tell("clients", "gauge", "Viewers and listeners that are connected.", live.clients.used)
    tell("clients_dropped_total", "counter", "Clients that took nothing for too long.", counts["dropped"])
    tell("gaps_total", "counter", "Times a client fell behind what can be had.", counts["gaps"])
    tell("bytes_in_total", "counter", "Bytes of bodies.", counts["bytes_in"])
    tell("bytes_out_total", "counter", "Bytes sent to viewers and listeners.", counts["bytes_out"])
    tell("body_bytes", "gauge", "Bytes of bodies that are received or worked on.", live.waiting.used)
    tell("tape_errors_total", "counter", "Times the tape could not be read.", counts["tape_errors"])
    tell("writer", "gauge", "1 where this process writes the tape.", int(not live.writer))
    for name, kind, meaning, value in _OF_SOURCES:
        for at, source in enumerate(live.sources(whole=whole)):
            tell(name, kind, meaning, value(source), f'{{source="{_label(str(source["name"]))}"}}', first=at == 0)
    return "\n".join(lines) + "\n"


_OF_SOURCES: tuple[tuple[str, str, str, Callable[[dict[str, Any]], float]], ...] = (
    ("source_up", "gauge", "1 where a source is read.", lambda source: int(source["state"] == "running")),
    ("source_lag_seconds", "gauge", "How far a source is behind.", lambda source: float(source.get("lag") or 0)),
    ("source_events_total", "counter", "Events of a source.", lambda source: int(source["events"])),
)


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Description(Route):
    """Describe the routes as OpenAPI does."""

    role = ""

    async def get(self) -> None:
        """Answer with the description."""
        self.answer(describe(__version__))


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>attackviz</title>
<meta name="viewport" content="width=device-width"><style>
body {{ background: #0A0D12; color: #E6EAF0; font: 15px/1.5 system-ui, sans-serif; display: grid; place-content: center;
  min-height: 90vh; }}
form {{ display: grid; gap: 12px; width: 320px; }}
input, button {{ font: inherit; padding: 8px 12px; border-radius: 6px; border: 1px solid #465166; }}
input {{ background: #131821; color: inherit; }}
button {{ background: #E6EAF0; color: #0A0D12; cursor: pointer; }}
p {{ margin: 0; min-height: 1.5em; }}
</style></head><body><form method="post"><h1>attackviz</h1>
<label for="token">Token</label><input id="token" name="token" type="password" autocomplete="current-password" autofocus
required><input type="hidden" name="next" value="{next}"><button>Look</button><p role="alert">{error}</p>
</form></body></html>
"""


class Login(Route):
    """Swap a viewer's token for a cookie: a browser's EventSource and WebSocket send no bearer token."""

    role = ""

    async def get(self) -> None:
        """Show the form."""
        self._show("")

    async def post(self) -> None:
        """Check the token."""
        if refusal := Access(self.live, self).elsewhere():
            self.refuse(*refusal)
            return
        if self.live.logins.wait(self.request.remote_ip or ""):
            self._show("Too many tries; wait a moment.", 429)
            return
        cookie = self.live.settings.tokens.cookie(self.get_body_argument("token", "", strip=True))
        if cookie is None:
            self.live.counts["refused"] += 1
            self._show("This is no token for viewing.", 401)
            return
        safe = self.request.protocol == "https"
        self.set_cookie(COOKIE, cookie, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=safe, path="/")
        self.redirect(self._next(), status=303)

    def _next(self) -> str:
        """Return where to go on: a path of this server, whatever is asked for."""
        wanted = self.get_argument("next", "") or ""
        parts = urlsplit(wanted)
        safe = wanted.startswith("/") and not parts.scheme and not parts.netloc and not set(wanted) & set("\\\r\n\t")
        return wanted if safe and not wanted.startswith("//") else "."

    def _show(self, error: str, status: int = 200) -> None:
        if self._finished:
            return
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
        self.set_header("Content-Security-Policy", policy)
        self.finish(_PAGE.format(next=escape(self._next(), quote=True), error=escape(error)))
