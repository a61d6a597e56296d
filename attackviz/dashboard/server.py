"""The dashboard's own server: loopback unless told otherwise, one reading, many sessions."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ServeError
from .job import Job
from .reading import shared, stop_all

if TYPE_CHECKING:
    from ..live import Live, LiveSettings

__all__ = ["free_port", "run", "serve", "serve_live"]

_IDLE = 60.0  # seconds


def free_port(address: str, port: int) -> int:
    """Refuse a port that cannot be had, before anything long begins.

    Parameters
    ----------
    address : str
        Of the interface to listen on.
    port : int
        0 for any.

    Returns
    -------
    int
        The port; one that was free a moment ago where 0 was given.

    Raises
    ------
    ServeError
        If the port is in use, not allowed, or the address is not of this machine.
    """
    try:
        family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # as Tornado does: a port that lingers in TIME_WAIT is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            number: int = probe.getsockname()[1]
            return number
    except UnicodeError:  # what cannot be a host name
        raise _refused(address, port, socket.gaierror()) from None
    except OSError as error:
        raise _refused(address, port, error) from None


def _refused(address: str, port: int, error: OSError) -> ServeError:
    where = f"{address}:{port}"
    if error.errno == errno.EADDRINUSE:
        return ServeError(
            f"port {port} is in use", hint=f"say --port {port + 1 if port < 65535 else 0}, or --port 0 for a free one"
        )
    if error.errno == errno.EACCES:
        return ServeError(f"port {port} is not allowed for this user", hint="choose one from 1024 up")
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return ServeError(
            f"{address} is no address of this machine", hint="leave --address out, or say 0.0.0.0 for all"
        )
    return ServeError(f"cannot listen: {error.strerror or error}", where=where)


def serve(
    job: Job,
    *,
    port: int = 5006,
    address: str = "127.0.0.1",
    origins: Sequence[str] = (),
    opening: Mapping[str, Any] | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the dashboard until the process is told to stop (Ctrl-C, SIGTERM).

    Parameters
    ----------
    job : Job
        What to read; reading begins at once, in a process of its own.
    port : int
        0 takes a free one.
    address : str
        Of the interface to listen on; loopback by default.
    origins : sequence of str
        Further ``HOST:PORT`` a browser may come from, such as a proxy's.
    opening : mapping, optional
        Parameters every player begins with.
    ready : callable, optional
        Given the URL once connections are accepted.

    Raises
    ------
    ServeError
        If the port cannot be had.
    """
    port = free_port(address, port)
    shared(job)
    from .app import page

    try:
        run(lambda: page(shared(job), opening), port=port, address=address, origins=origins, ready=ready)
    finally:
        stop_all()


def serve_live(
    settings: LiveSettings,
    *,
    port: int = 5006,
    address: str = "127.0.0.1",
    origins: Sequence[str] = (),
    opening: Mapping[str, Any] | None = None,
    ready: Callable[[str], None] | None = None,
    started: Callable[[Live], None] | None = None,
    tls: tuple[str, str] | None = None,
) -> None:
    """Take events in and show them as they come, until the process is told to stop.

    Parameters
    ----------
    settings : LiveSettings
    port, address, origins, opening, ready
        As for `serve`.
    started : callable, optional
        Given the live server once its tape is open.
    tls : tuple of str, optional
        Files of a certificate and its key, to speak HTTPS.

    Raises
    ------
    AttackvizError
        If the tape, a source or the port cannot be had, or other machines would
        be answered though no token is asked for.
    """
    from ..live import Live, use
    from ..live.provider import TokenProvider
    from ..live.routes import routes
    from ..live.web import is_loopback
    from .live import page

    lacking = [role for role in ("push", "view") if not settings.tokens.needed(role)]
    if lacking and not settings.open and not is_loopback(address):
        raise ServeError(
            f"{address} answers other machines, and no {' and no '.join(lacking)} token is set",
            hint=f"set {' and '.join(f'ATTACKVIZ_{role.upper()}_TOKEN' for role in lacking)}, or say --open",
        )
    if tls:
        _check_certificate(*tls)
    port = free_port(address, port)
    live = Live(settings).start()
    use(live)
    try:
        if started:
            started(live)
        more: dict[str, Any] = {
            "extra_patterns": routes(lambda: live),
            # Whoever does not say what he wants in time makes room for others.
            "http_server_kwargs": {"idle_connection_timeout": _IDLE},
        }
        if settings.tokens.needed("view"):
            more["auth_provider"] = TokenProvider(lambda: live)
        if tls:
            more["ssl_certfile"], more["ssl_keyfile"] = tls
        run(
            lambda: page(live.history, opening, title=settings.title, attribution=live.attribution),
            port=port,
            address=address,
            origins=origins,
            ready=ready,
            **more,
        )
    finally:
        use(None)
        live.stop()


def _check_certificate(certificate: str, key: str) -> None:
    import ssl

    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except OSError as error:  # what ssl says is among them
        reason = error.strerror if not isinstance(error, ssl.SSLError) else error.reason or "it is no certificate"
        hint = "name two files in PEM: the certificate, and its key"
        raise ServeError(f"the certificate or its key cannot be used: {reason}", where=certificate, hint=hint) from None


def run(
    make_page: Callable[[], Any],
    *,
    port: int,
    address: str,
    origins: Sequence[str] = (),
    ready: Callable[[str], None] | None = None,
    **more: Any,
) -> None:
    """Run Panel's server with one page until the process is told to stop.

    Parameters
    ----------
    make_page : callable
        Makes what a session shows.
    port, address, origins, ready
        As for `serve`; the port is free.
    **more
        Further arguments of `panel.io.server.get_server`.

    Raises
    ------
    ServeError
        If the port cannot be had.
    """
    import panel as pn

    logging.getLogger("asyncio").addFilter(_no_closed_sockets)

    try:
        server = pn.io.server.get_server(
            {"/": make_page},
            port=port,
            address=address,
            websocket_origin=_origins(address, port, origins),
            title="attackviz",
            show=False,
            start=False,
            verbose=False,
            **more,
        )
    except OSError as error:
        raise _refused(address, port, error) from None
    loop = server.io_loop
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.add_callback_from_signal(loop.stop))
    server.start()
    if ready:
        scheme = "https" if "ssl_certfile" in more else "http"
        loop.add_callback(ready, f"{scheme}://{_host(address)}:{server.port}/")
    loop.start()
    server.stop()


def _no_closed_sockets(record: logging.LogRecord) -> bool:
    # A page that is closed while something is sent to it is no fault.
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__name__ not in ("WebSocketClosedError", "StreamClosedError")


def _origins(address: str, port: int, more: Sequence[str]) -> list[str]:
    names = ["localhost", "127.0.0.1"]
    if address in ("0.0.0.0", "::"):  # noqa: S104
        names += [socket.gethostname(), socket.getfqdn()]
    elif address not in names and ":" not in address:  # Bokeh's list knows no IPv6 literals
        names.append(address)
    return [*(f"{name}:{port}" for name in names), *more]


def _host(address: str) -> str:
    if address in ("127.0.0.1", "0.0.0.0", "::"):  # noqa: S104
        return "localhost"
    return f"[{address}]" if ":" in address else address
